#include "config.h"

#include <ini.h>
#include <stdio.h>

#include "backup/recipient.h"
#include "base/text.h"
#include "cli/cli.h"
#include "proto/http.h"
#include "proto/proto.h"

#define LIMIT_MAX           UINT64_C(1000000000000) /* far below where sums of times or bytes could wrap */
#define GATEWAY_PAYLOAD_MAX (16 << 20)              /* bytes: a POST is whole in memory */

struct row;
typedef sotto_err setter(const struct row *row, struct config *config, const char *value);

struct row {
    struct config_key key;
    setter *set;
    size_t at, size; /* the field in struct config */
    bool live;       /* a change counts without a new start */
};
#define FIELD(field) offsetof(struct config, field), sizeof(((struct config *)NULL)->field)

/* ---- setters */

/* A text that is not empty. */
static sotto_err set_text(const struct row *row, struct config *config, const char *value)
{
    size_t len = strlen(value);
    if (len == 0 || len >= row->size)
        return SOTTO_E_CONFIG;
    memcpy((char *)config + row->at, value, len + 1);
    return SOTTO_OK;
}

/* One of the words of the value's form, "a | b | c": the field, an enum, gets its number. */
static sotto_err set_choice(const struct row *row, struct config *config, const char *value)
{
    size_t len = strlen(value);
    int number = 0;
    for (const char *word = row->key.value; *word != 0; number++) {
        size_t size = strcspn(word, " ");
        if (size == len && memcmp(word, value, len) == 0) {
            memcpy((char *)config + row->at, &number, sizeof number);
            return SOTTO_OK;
        }
        word += size;
        word += strspn(word, " |");
    }
    return SOTTO_E_CONFIG;
}

/* One colon is that of a port, which has a key of its own; an IPv6 address has more. */
static sotto_err set_host(const struct row *row, struct config *config, const char *value)
{
    const char *colon = strchr(value, ':');
    bool port = colon != NULL && strchr(colon + 1, ':') == NULL;
    return x509_host_valid(view_str(value)) && !port ? set_text(row, config, value)
                                                     : SOTTO_E_CONFIG;
}

/* One or more, with blanks between them, in lower case. */
static sotto_err set_domains(const struct row *row, struct config *config, const char *value)
{
    char text[CONFIG_DOMAINS_TEXT], list[CONFIG_DOMAINS_TEXT] = "", *rest = text;
    size_t at = 0, count = 0;
    if (strlen(value) + 2 > sizeof text)
        return SOTTO_E_CONFIG;
    snprintf(text, sizeof text, "%s", value);
    text_lower((uint8_t *)text, strlen(text));
    for (const char *word; (word = strtok_r(rest, " \t,", &rest)) != NULL; count++) {
        if (!x509_host_valid(view_str(word)) || count == CORE_DOMAINS_MAX)
            return SOTTO_E_CONFIG;
        memcpy(list + at, word, strlen(word) + 1);
        at += strlen(word) + 1;
    }
    list[at] = 0;
    memcpy((char *)config + row->at, list, sizeof list);
    return count > 0 ? SOTTO_OK : SOTTO_E_CONFIG;
}

static sotto_err set_redact(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
        return SOTTO_E_CONFIG;
    config->server.log_addresses = strcmp(value, "no") == 0;
    return SOTTO_OK;
}

static sotto_err set_recipient(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    return recipient_read(value, config->server.recipient) == SOTTO_OK ? SOTTO_OK : SOTTO_E_CONFIG;
}

static sotto_err set_listen(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    struct server_config *s = &config->server;
    if (s->listen_count == SERVER_LISTEN_MAX ||
        endpoint_read(value, &s->listen[s->listen_count]) != SOTTO_OK)
        return SOTTO_E_CONFIG;
    s->listen_count++;
    return SOTTO_OK;
}

static sotto_err set_threads(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    uint64_t count;
    TRY(cli_number_read(value, 1, SERVER_THREADS_MAX, &count));
    config->server.threads = (unsigned)count;
    return SOTTO_OK;
}

static sotto_err set_port(const struct row *row, struct config *config, const char *value)
{
    uint64_t number;
    TRY(cli_number_read(value, 1, 65535, &number));
    uint16_t port = (uint16_t)number;
    memcpy((char *)config + row->at, &port, sizeof port);
    return SOTTO_OK;
}

static sotto_err set_gateway(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    return endpoint_read(value, &config->server.gateway) == SOTTO_OK ? SOTTO_OK : SOTTO_E_CONFIG;
}

/* One or more, with blanks between them. */
static sotto_err set_proxy_from(const struct row *row, struct config *config, const char *value)
{
    (void)row;
    struct server_config *s = &config->server;
    char text[CONFIG_VALUE_MAX], *rest = text;
    struct network networks[SERVER_PROXIES_MAX];
    size_t count = s->proxy_count;
    memcpy(networks, s->proxies, sizeof networks);
    snprintf(text, sizeof text, "%s", value);
    for (const char *word; (word = strtok_r(rest, " \t", &rest)) != NULL; count++)
        if (count == SERVER_PROXIES_MAX || network_read(word, &networks[count]) != SOTTO_OK)
            return SOTTO_E_CONFIG;
    if (count == s->proxy_count)
        return SOTTO_E_CONFIG;
    memcpy(s->proxies, networks, sizeof networks);
    s->proxy_count = count;
    return SOTTO_OK;
}

static sotto_err set_mail_server(const struct row *row, struct config *config, const char *value)
{
    struct mail_server ignored;
    return mail_server_read(value, &ignored) == SOTTO_OK ? set_text(row, config, value)
                                                         : SOTTO_E_CONFIG;
}

static sotto_err set_mail_from(const struct row *row, struct config *config, const char *value)
{
    return mail_address_valid(view_str(value)) ? set_text(row, config, value) : SOTTO_E_CONFIG;
}

/* ---- the keys */

/* clang-format off */
static const struct row rows[] = {
    {{"", "dir", "DIR", "the state directory", "", "", false}, set_text, FIELD(dir), false},
    {{"", "host", "NAME", "the name by which clients reach this server; it stands in certificates and invites", "", CONFIG_HOST, false},
     set_host, FIELD(server.host), false},
    {{"", "public_port", "PORT", "the port by which clients reach this server, where a proxy stands before it; that of the first listen otherwise", "", "", false},
     set_port, FIELD(server.public_port), false},
    {{"", "listen", "ADDR:PORT", "where clients connect; an IPv6 address stands in brackets", "", "0.0.0.0:5000", true}, set_listen,
     FIELD(server.listen), false},
    {{"", "proxy_from", "ADDR[/BITS]...", "proxies: who connects from there must send a PROXY header, and counts as who it names", "", "", true},
     set_proxy_from, FIELD(server.proxies), false},
    {{"", "rooms", "open | members | off", "who may open a room for a spoken code: everybody, members, nobody", "", "open", false}, set_choice,
     FIELD(server.rooms), true},
    {{"", "threads", "N", "how many threads serve connections; otherwise one less than there are cores", "", "", false}, set_threads, FIELD(server.threads), false},
    {{"", "metrics", "PORT", "tell /metrics, /healthz and /readyz on this port of 127.0.0.1, in plain HTTP", "", "", false}, set_port,
     FIELD(server.metrics_port), false},
    {{"", "gateway", "ADDR:PORT", "a Socket.IO gateway for teaching clients, in plain HTTP, on this address of loopback", "", "", false},
     set_gateway, FIELD(server.gateway), false},
    {{"registration", "who", "closed | open", "who may register: who has an invite or a one-time password, or everybody", "", "closed", false},
     set_choice, FIELD(server.registration), true},
    {{"registration", "members_invite", "yes | no", "whether members may make invites", "", "yes", false}, set_choice,
     FIELD(server.members_invite), true},
    {{"registration", "mail_domains", "DOMAIN...", "whoever has a mail address there may have a one-time password sent to it", "", "", false},
     set_domains, FIELD(server.mail_domains), true},
    {{"tls", "record_layer", "own | openssl", "who seals and opens records after the handshake; OpenSSL keeps 20 KiB for a connection, we keep 0.3", "",
      "own", false}, set_choice, FIELD(server.record_layer), false},
    {{"tls", "certificate", "FILE", "a certificate with its chain, in PEM, instead of one of our own; read again when it changes", "", "", false},
     set_text, FIELD(server.tls.certificate), true},
    {{"tls", "key", "FILE", "its key, in PEM, without a passphrase", "", "", false}, set_text, FIELD(server.tls.key), true},
    {{"log", "format", "text | logfmt | json", "how lines of the log look", "", "text", false}, set_choice, FIELD(server.log_shape), true},
    {{"log", "redact", "yes | no", "write names that are good for a day in place of network addresses", "", "yes", false}, set_redact,
     FIELD(server.log_addresses), true},
    {{"mail", "server", "smtps://HOST[:PORT] | smtp://HOST[:PORT]", "who takes our mail: TLS at once, or with STARTTLS, never without", "", "", false},
     set_mail_server, FIELD(mail.server), true},
    {{"mail", "from", "ADDRESS", "who our mail is from", "", "", false}, set_mail_from, FIELD(mail.from), true},
    {{"mail", "user", "NAME", "our account at that server, if it asks for one", "", "", false}, set_text, FIELD(mail.user), true},
    {{"mail", "password_file", "FILE", "its password; a name without a slash is a credential of the service manager", "", "", false}, set_text,
     FIELD(mail.password_file), true},
    {{"mail", "ca_file", "FILE", "certificates to trust in place of the system's, in PEM", "", "", false}, set_text, FIELD(mail.ca_file), true},
    {{"mail", "template", "FILE", "what a mail says: a subject, an empty line, a text with @PASSWORD@ in it", "", "", false}, set_text,
     FIELD(mail.template), true},
    {{"backup", "recipient", "KEY", "seal backups to this key, which sottod backup-key made", "", "", false}, set_recipient,
     FIELD(server.recipient), true},
};
/* clang-format on */

enum {
#define LIMITS_ONE(name, value, unit, what) +1
    LIMIT_COUNT = LIMITS(LIMITS_ONE),
#undef LIMITS_ONE
    KEY_COUNT = COUNT_OF(rows) + LIMIT_COUNT,
};

bool config_key(size_t index, struct config_key *ret_key)
{
    if (index < COUNT_OF(rows)) {
        *ret_key = rows[index].key;
        return true;
    }
    unsigned count;
    const struct limit_row *limits = limits_table(&count);
    index -= COUNT_OF(rows);
    if (index >= count)
        return false;
    *ret_key = (struct config_key){
        .section = "limits",
        .name = limits[index].name,
        .value = "N",
        .what = limits[index].what,
        .unit = limits[index].unit,
    };
    snprintf(ret_key->standard, sizeof ret_key->standard, "%llu",
             (unsigned long long)limits[index].value);
    return true;
}

void config_key_name(const struct config_key *key, char ret_name[CONFIG_KEY_MAX])
{
    snprintf(ret_name, CONFIG_KEY_MAX, "%s%s%s", key->section, key->section[0] != 0 ? "." : "",
             key->name);
}

/* The place of a key in the table; KEY_COUNT: there is none of that name. */
static size_t key_find(const char *name)
{
    struct config_key key;
    char candidate[CONFIG_KEY_MAX];
    for (size_t i = 0; config_key(i, &key); i++) {
        config_key_name(&key, candidate);
        if (strcmp(candidate, name) == 0)
            return i;
    }
    return KEY_COUNT;
}

struct names {
    size_t index;
    char name[KEY_COUNT][CONFIG_KEY_MAX]; /* all of them: a suggestion borrows */
};

static const char *name_next(void *state)
{
    struct names *names = state;
    struct config_key key;
    if (!config_key(names->index, &key))
        return NULL;
    config_key_name(&key, names->name[names->index]);
    return names->name[names->index++];
}

static void guess(const char *name, struct failure *failure)
{
    struct names names = {0};
    const char *near = cli_suggest(name, name_next, &names);
    if (near != NULL)
        snprintf(failure->guess, sizeof failure->guess, "%s", near);
}

/* ---- one setting */

void config_reset(struct config *config)
{
    memset(config, 0, sizeof *config);
    config->server.limits = limits_default();
    snprintf(config->server.host, sizeof config->server.host, CONFIG_HOST);
}

struct config config_default(void)
{
    struct config config;
    config_reset(&config);
    return config;
}

/* Some limits can't be larger than what the code behind them takes. */
static uint64_t limit_most(const char *name)
{
    if (strcmp(name, "head_bytes") == 0)
        return HTTP_HEAD_MAX;
    if (strcmp(name, "gateway_payload_bytes") == 0)
        return GATEWAY_PAYLOAD_MAX;
    return strcmp(name, "frame_bytes") == 0 ? PROTO_FRAME_MAX : LIMIT_MAX;
}

static uint64_t limit_least(const char *name)
{
    return strcmp(name, "frame_bytes") == 0 || strcmp(name, "head_bytes") == 0 ? 64 : 1;
}

static sotto_err set_by_index(struct config *config, size_t index, const char *value)
{
    if (index < COUNT_OF(rows))
        return rows[index].set(&rows[index], config, value);
    unsigned count;
    const char *name = limits_table(&count)[index - COUNT_OF(rows)].name;
    return cli_number_read(value, limit_least(name), limit_most(name),
                           limits_find(&config->server.limits, name));
}

/* One that is called so in another section. */
static bool namesake_find(const char *name, struct config_key *ret_key)
{
    const char *dot = strrchr(name, '.'), *last = dot != NULL ? dot + 1 : name;
    for (size_t i = 0; config_key(i, ret_key); i++)
        if (strcmp(ret_key->name, last) == 0)
            return true;
    return false;
}

static void place_say(const struct config_key *key, struct failure *failure)
{
    if (key->section[0] != 0)
        snprintf(failure->todo, sizeof failure->todo, "put it below [%s]", key->section);
    else
        snprintf(failure->todo, sizeof failure->todo, "put it above the first [section]");
}

static sotto_err unknown_say(const char *name, bool in_file, struct failure *failure)
{
    struct config_key key;
    guess(name, failure);
    if (failure->guess[0] == 0 && namesake_find(name, &key)) {
        config_key_name(&key, failure->guess);
        if (in_file)
            place_say(&key, failure);
    }
    return failure_say(failure, SOTTO_E_CONFIG, "there is no setting \"%s\"", name);
}

/* What the setting takes. */
static void form_say(size_t index, struct failure *failure)
{
    struct config_key key;
    char name[CONFIG_KEY_MAX];
    if (!config_key(index, &key))
        return;
    config_key_name(&key, name);
    if (index >= COUNT_OF(rows))
        snprintf(failure->todo, sizeof failure->todo, "%s takes a number from %llu to %llu", name,
                 (unsigned long long)limit_least(key.name),
                 (unsigned long long)limit_most(key.name));
    else if (strchr(key.value, '|') != NULL)
        snprintf(failure->todo, sizeof failure->todo, "%s takes %s", name, key.value);
    else
        snprintf(failure->todo, sizeof failure->todo, "%s takes %s: %s", name, key.value, key.what);
}

static sotto_err value_say(const char *name, const char *value, struct failure *failure)
{
    form_say(key_find(name), failure);
    return failure_say(failure, SOTTO_E_CONFIG, "\"%.100s\" is not a value for %s", value, name);
}

static sotto_err text_copy(view from, char *ret_to, size_t size)
{
    if (from.len >= size || (from.len > 0 && memchr(from.data, 0, from.len) != NULL))
        return SOTTO_E_CONFIG;
    if (from.len > 0)
        memcpy(ret_to, from.data, from.len);
    ret_to[from.len] = 0;
    return SOTTO_OK;
}

sotto_err config_set(struct config *config, view key, view value, struct failure *ret_failure)
{
    char name[CONFIG_KEY_MAX], text[CONFIG_VALUE_MAX];
    if (text_copy(key, name, sizeof name) != SOTTO_OK ||
        text_copy(value, text, sizeof text) != SOTTO_OK)
        return failure_say(ret_failure, SOTTO_E_CONFIG, "this setting is too long");
    size_t index = key_find(name);
    if (index == KEY_COUNT)
        return unknown_say(name, false, ret_failure);
    if (set_by_index(config, index, text) != SOTTO_OK)
        return value_say(name, text, ret_failure);
    return SOTTO_OK;
}

/* ---- the file */

struct reading {
    view text; /* what is left of it */
    unsigned line;
    struct config config;
    unsigned seen[KEY_COUNT]; /* the line of each key; 0: none yet */
    sotto_err err;
    struct failure failure;
};

static view trim(view text)
{
    static const char blanks[] = " \t\r";
    while (text.len > 0 && text.data[0] != 0 && strchr(blanks, text.data[0]) != NULL) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && text.data[text.len - 1] != 0 &&
           strchr(blanks, text.data[text.len - 1]) != NULL)
        text.len--;
    return text;
}

static view line_take(struct reading *r)
{
    const uint8_t *feed = memchr(r->text.data, '\n', r->text.len);
    const view line = {r->text.data, feed != NULL ? (size_t)(feed - r->text.data) : r->text.len};
    size_t used = line.len + (feed != NULL);
    r->text = (view){r->text.data + used, r->text.len - used};
    r->line++;
    return trim(line);
}

/* Gives inih its lines as fgets() would, but trimmed: what is indented is no continuation of the line before it. */
static char *line_next(char *place, int size, void *user)
{
    struct reading *r = user;
    if (r->err != SOTTO_OK || r->text.len == 0)
        return NULL;
    const view line = line_take(r);
    if (text_copy(line, place, (size_t)size) == SOTTO_OK)
        return place;
    r->err = line.len < (size_t)size
                 ? failure_say(&r->failure, SOTTO_E_CONFIG, "it holds a byte that no text has")
                 : failure_say(&r->failure, SOTTO_E_CONFIG, "it is longer than %d bytes", size - 1);
    return NULL;
}

/* Whoever adds a line at the end of the file adds it to the last section. The settings are spoilt by now. */
static void meant_say(struct reading *r, size_t index, const char *value)
{
    struct config_key given, key;
    if (strstr(value, " #") != NULL)
        snprintf(r->failure.todo, sizeof r->failure.todo,
                 "a comment stands in a line of its own, or begins with ';'");
    (void)config_key(index, &given);
    for (size_t i = 0; config_key(i, &key); i++) {
        if (i == index || strcmp(key.name, given.name) != 0 ||
            set_by_index(&r->config, i, value) != SOTTO_OK)
            continue;
        config_key_name(&key, r->failure.guess);
        place_say(&key, &r->failure);
    }
}

static sotto_err pair_set(struct reading *r, const char *name, const char *value)
{
    size_t index = key_find(name);
    struct config_key key;
    if (index == KEY_COUNT || !config_key(index, &key))
        return unknown_say(name, true, &r->failure);
    if (r->seen[index] > 0 && !key.many)
        return failure_say(&r->failure, SOTTO_E_CONFIG, "%s stands in line %u already", name,
                           r->seen[index]);
    r->seen[index] = r->line;
    if (set_by_index(&r->config, index, value) == SOTTO_OK)
        return SOTTO_OK;
    sotto_err err = value_say(name, value, &r->failure);
    meant_say(r, index, value);
    return err;
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reading *r = user;
    char full[2 * CONFIG_KEY_MAX];
    snprintf(full, sizeof full, "%.60s%s%.60s", section, section[0] != 0 ? "." : "", name);
    r->err = pair_set(r, full, value);
    return r->err == SOTTO_OK;
}

sotto_err config_read(struct config *config, view text, struct failure *ret_failure)
{
    struct reading r = {.text = text, .config = *config};
    int bad = ini_parse_stream(line_next, &r, on_pair, &r);
    if (bad > 0 && (unsigned)bad < r.line)
        r.err = SOTTO_OK; /* inih refused a line before the one that stopped us */
    if (r.err == SOTTO_OK && bad > 0) {
        r.line = (unsigned)bad;
        r.err = failure_say(&r.failure, SOTTO_E_CONFIG,
                            "it is neither \"key = value\" nor \"[section]\" nor a comment");
        r.failure.guess[0] = r.failure.todo[0] = 0;
    }
    if (r.err == SOTTO_OK && bad < 0)
        return SOTTO_E_NOMEM;
    if (r.err != SOTTO_OK) {
        memcpy(ret_failure->guess, r.failure.guess, sizeof ret_failure->guess);
        memcpy(ret_failure->todo, r.failure.todo, sizeof ret_failure->todo);
        return failure_say(ret_failure, r.err, "line %u: %s", r.line, r.failure.what);
    }
    *config = r.config;
    return SOTTO_OK;
}

/* ---- what changed */

void config_restart(const struct config *before, const struct config *now, char *ret_names,
                    size_t size)
{
    char name[CONFIG_KEY_MAX];
    size_t len = 0;
    ret_names[0] = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        if (row->live ||
            memcmp((const char *)before + row->at, (const char *)now + row->at, row->size) == 0)
            continue;
        config_key_name(&row->key, name);
        int more = snprintf(ret_names + len, size - len, "%s%s", len > 0 ? ", " : "", name);
        len = size_min(len + (size_t)more, size - 1);
    }
}

/* ---- the file that init writes */

static sotto_err line_write(const char *mark, const char *name, const char *value, sotto_buf *out)
{
    char text[CONFIG_KEY_MAX + CONFIG_VALUE_MAX];
    int len = snprintf(text, sizeof text, "%s%s = %s\n", mark, name, value);
    return buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1)));
}

static sotto_err key_write(const struct config_key *key, const struct config_given *given,
                           sotto_buf *out)
{
    char name[CONFIG_KEY_MAX], text[512];
    config_key_name(key, name);
    int len = snprintf(text, sizeof text, "\n# %s%s%s%s%s\n", key->what,
                       key->unit[0] != 0 ? " (" : "", key->unit, key->unit[0] != 0 ? ")" : "",
                       key->many ? "; may come more than once" : "");
    TRY(buf_append(out, view_of(text, size_min((size_t)len, sizeof text - 1))));
    bool found = false;
    for (; given->key != NULL; given++) {
        if (strcmp(given->key, name) != 0)
            continue;
        found = true;
        TRY(line_write("", key->name, given->value, out));
    }
    if (found)
        return SOTTO_OK;
    return line_write("#", key->name, key->standard[0] != 0 ? key->standard : key->value, out);
}

sotto_err config_write(const struct config_given *given, sotto_buf *out)
{
    struct config_key key;
    const char *section = "";
    TRY(buf_append(
        out, VIEW_LIT("# The settings of sottod; see sottod.conf(5). What is commented out is the "
                      "default, or shows\n# what a setting takes. "
                      "Check with \"sottod check-config\".\n")));
    for (size_t i = 0; config_key(i, &key); i++) {
        if (strcmp(section, key.section) != 0) {
            TRY(buf_append(out, VIEW_LIT("\n[")));
            TRY(buf_append(out, view_str(key.section)));
            TRY(buf_append(out, VIEW_LIT("]\n")));
            section = key.section;
        }
        TRY(key_write(&key, given, out));
    }
    return SOTTO_OK;
}

/* ---- the whole */

/* It is plain HTTP, lets anybody in, and keeps no limit for each address. */
static sotto_err gateway_check(const struct server_config *s, struct failure *ret_failure)
{
    char text[ENDPOINT_TEXT];
    if (s->gateway.len == 0 || endpoint_is_loopback(&s->gateway))
        return SOTTO_OK;
    endpoint_write(&s->gateway, text);
    snprintf(ret_failure->todo, sizeof ret_failure->todo,
             "give an address such as 127.0.0.1:5001, and let a proxy with TLS stand before it: "
             "docs/gateway.md");
    return failure_say(ret_failure, SOTTO_E_CONFIG,
                       "the gateway speaks plain HTTP, and %s can be reached by others", text);
}

sotto_err config_finish(struct config *config, struct failure *ret_failure)
{
    struct server_config *s = &config->server;
    if ((s->tls.certificate[0] == 0) != (s->tls.key[0] == 0))
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "tls.certificate and tls.key go together: one of them is not set");
    if (s->listen_count == 0)
        TRY(set_listen(NULL, config, "0.0.0.0:5000"));
    TRY(gateway_check(s, ret_failure));
    TRY(mail_settings_check(&config->mail, ret_failure));
    if (s->mail_domains[0] != 0 && config->mail.server[0] == 0)
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "registration.mail_domains needs mail.server: nobody sends mail");
    return SOTTO_OK;
}
