#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ct.h"
#include "first_invite.h"
#include "harden.h"
#include "net/identity.h"
#include "options.h"
#include "qr.h"
#include "serve.h"

/* clang-format off */
const struct cli_option init_options[] = {
    {"host",         0, "NAME", "the name by which clients reach this server"},
    {"listen",       'l', "ADDR:PORT", "where clients connect; it stands in the settings then"},
    OPTIONS_DIR,
    {"config",       'c', "FILE", "write the settings there; see above for the default"},
    {"offline-root", 0, "FILE", "keep the root key in FILE, which may be taken away; the server works with an intermediate"},
    {0},
};
/* clang-format on */

const char init_text[] =
    "Makes the state directory, the keys and the file of the settings, and prints the pin by which "
    "clients know the server, and an invite for the first admin's account. "
    "Keys that are there stay; a file of settings that is there is not touched, and nothing is "
    "done.\n\n"
    "Root gets " CONFIG_FILE " and " CONFIG_DIR ", where the service looks for them; everybody "
    "else, and who names a directory with --dir, gets " CONFIG_NAME
    " in the state directory, where serve --dir finds it.\n\n"
    "The pin stands for the root key. With --offline-root that key goes to a file elsewhere, such "
    "as a stick that is put into a safe; an intermediate, which lives two years, signs in its "
    "place. With the file, sottod rotate-key makes the next one.";

/* What one call makes. */
struct setup {
    struct config config; /* its file and dir are where things go */
    bool service;         /* in the places of the service */
    char pin[X509_PIN_TEXT], invite[LINK_TEXT_MAX];
    const char *root_path; /* of --offline-root; or NULL */
};

/* ---- where */

/* The file of settings is read from anywhere: a path in it begins at the root. */
static sotto_err dir_set(struct config *c, const char *dir, struct failure *failure)
{
    char cwd[CONFIG_PATH];
    int len = dir[0] == '/' || getcwd(cwd, sizeof cwd) == NULL
                  ? snprintf(c->dir, sizeof c->dir, "%s", dir)
                  : snprintf(c->dir, sizeof c->dir, "%s/%s", cwd, dir);
    if (dir[0] != 0 && len < (int)sizeof c->dir)
        return SOTTO_OK;
    snprintf(failure->todo, sizeof failure->todo, "name a directory, such as --dir ./sotto");
    return failure_say(failure, SOTTO_E_CONFIG, "\"%.100s\" can't be a state directory", dir);
}

static sotto_err place_choose(const struct cli_call *call, struct setup *s, struct failure *failure)
{
    const char *dir = cli_value(call, "dir"), *file = cli_value(call, "config");
    struct config *c = &s->config;
    if (dir != NULL)
        TRY(dir_set(c, dir, failure));
    s->service = dir == NULL && file == NULL && geteuid() == 0;
    if (s->service)
        snprintf(c->dir, sizeof c->dir, CONFIG_DIR);
    else if (dir == NULL)
        TRY(options_dir_default(c->dir, failure));
    int len = s->service ? snprintf(c->server.file, sizeof c->server.file, CONFIG_FILE)
              : file != NULL
                  ? snprintf(c->server.file, sizeof c->server.file, "%s", file)
                  : snprintf(c->server.file, sizeof c->server.file, "%s/" CONFIG_NAME, c->dir);
    return len < (int)sizeof c->server.file
               ? SOTTO_OK
               : failure_say(failure, SOTTO_E_CONFIG, "the path of the settings is too long");
}

static sotto_err setup_read(const struct cli_call *call, struct setup *s, struct failure *failure)
{
    const char *host = cli_value(call, "host");
    config_reset(&s->config);
    s->root_path = cli_value(call, "offline-root");
    if (host != NULL &&
        config_set(&s->config, VIEW_LIT("host"), view_str(host), failure) != SOTTO_OK) {
        snprintf(failure->todo, sizeof failure->todo,
                 "give a name such as chat.example.org, in lower case");
        return SOTTO_E_CONFIG;
    }
    TRY(place_choose(call, s, failure));
    size_t at = 0;
    for (const char *address; (address = cli_value_next(call, "listen", &at)) != NULL;)
        TRY(config_set(&s->config, VIEW_LIT("listen"), view_str(address), failure));
    return config_finish(&s->config, failure);
}

static sotto_err file_absent(const struct setup *s, struct failure *failure)
{
    if (access(s->config.server.file, F_OK) != 0)
        return SOTTO_OK;
    snprintf(failure->todo, sizeof failure->todo,
             "edit the file; or move it away to begin with fresh settings");
    return failure_say(failure, SOTTO_E_EXISTS, "%s is there already", s->config.server.file);
}

/* ---- the keys */

static sotto_err root_get(const struct setup *s, sotto_crypto *c, struct secret *ret_seed,
                          struct failure *failure)
{
    sotto_err err = identity_root_make(c, s->root_path, ret_seed, failure);
    return err == SOTTO_E_EXISTS ? identity_root_read(c, s->root_path, ret_seed, failure) : err;
}

static sotto_err keys_make(struct setup *s, sotto_crypto *c, struct state *state,
                           struct failure *failure)
{
    DEFER(identity_clear) struct identity id = {0};
    DEFER(secret_clear) struct secret root = {0};
    struct identity_change change = {0};
    if (s->root_path != NULL) {
        TRY(root_get(s, c, &root, failure));
        change = (struct identity_change){.root = &root, .new_intermediate = true};
    }
    TRY(identity_change(c, state, s->config.server.host, (int64_t)time(NULL), &change, &id,
                        failure));
    x509_pin_write(id.pin, s->pin);
    return SOTTO_OK;
}

static sotto_err keys_have(struct setup *s, struct failure *failure)
{
    sotto_crypto *c;
    struct state state;
    TRY(serve_probe(&s->config, failure));
    TRY(crypto_new(&c));
    sotto_err err = state_open(s->config.dir, identity_files, &state, failure);
    if (err == SOTTO_OK) {
        err = keys_make(s, c, &state, failure);
        if (err == SOTTO_OK && server_public_port(&s->config.server) != 0)
            err = first_invite(&s->config, &state, s->invite, failure);
        state_close(&state);
    }
    crypto_free(c);
    return err;
}

/* ---- the settings */

static sotto_err fd_write(int fd, view text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.data, text.len);
        if (n < 0)
            return SOTTO_E_IO;
        text.data += n;
        text.len -= (size_t)n;
    }
    return fsync(fd) == 0 ? SOTTO_OK : SOTTO_E_IO;
}

static sotto_err write_say(const struct setup *s, struct failure *failure)
{
    return failure_say(failure, errno == EACCES || errno == EPERM ? SOTTO_E_PERMISSION : SOTTO_E_IO,
                       "cannot write %s: %s", s->config.server.file, strerror(errno));
}

/* The service runs as a user of its own, who has to read the file; nothing in it is secret. */
static sotto_err file_write(const struct setup *s, view text, struct failure *failure)
{
    int fd =
        open(s->config.server.file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return write_say(s, failure);
    if (s->service)
        (void)fchmod(fd, 0644);
    sotto_err err = fd_write(fd, text);
    if (err != SOTTO_OK) {
        (void)write_say(s, failure);
        (void)unlink(s->config.server.file);
    }
    close(fd);
    return err;
}

static sotto_err settings_write(const struct setup *s, const struct cli_call *call,
                                struct failure *failure)
{
    DEFER(buf_clear) sotto_buf text = {0};
    struct config_given given[SERVER_LISTEN_MAX + 4] = {{"dir", s->config.dir},
                                                        {"rooms", "members"}};
    size_t count = 2, at = 0;
    if (strcmp(s->config.server.host, CONFIG_HOST) != 0)
        given[count++] = (struct config_given){"host", s->config.server.host};
    for (const char *address; (address = cli_value_next(call, "listen", &at)) != NULL;)
        given[count++] = (struct config_given){"listen", address};
    TRY(config_write(given, &text));
    if (s->service && mkdir("/etc/sottod", 0755) == 0)
        (void)chmod("/etc/sottod", 0755); /* whatever the umask is */
    return file_write(s, buf_view(&text), failure);
}

/* ---- what it says */

static void next_write(const struct setup *s, const struct cli_call *call, char *ret_text,
                       size_t size)
{
    if (s->service)
        snprintf(ret_text, size, "systemctl enable --now sottod");
    else if (cli_given(call, "config"))
        snprintf(ret_text, size, "sottod serve --config %s", s->config.server.file);
    else if (cli_given(call, "dir"))
        snprintf(ret_text, size, "sottod serve --dir %s", s->config.dir);
    else
        snprintf(ret_text, size, "sottod serve");
}

static void invite_print(const struct setup *s, const struct cli_call *call)
{
    if (s->invite[0] == 0) {
        printf("then        sottod invite create --admin, for the first account\n");
        return;
    }
    printf("then        the first account, an admin's, is made with this link, within 24 hours:\n"
           "            %s\n",
           s->invite);
    if (!isatty(STDOUT_FILENO) || call->quiet)
        return;
    putchar('\n');
    qr_print(s->invite, strcmp(nl_langinfo(CODESET), "UTF-8") != 0, cli_color(call, stdout),
             stdout);
}

static void setup_print(const struct setup *s, const struct cli_call *call)
{
    char next[CONFIG_PATH + 64];
    next_write(s, call, next, sizeof next);
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "file", s->config.server.file);
        cli_json_string(&j, "dir", s->config.dir);
        cli_json_string(&j, "pin", s->pin);
        cli_json_string(&j, "root", s->root_path);
        cli_json_string(&j, "invite", s->invite[0] != 0 ? s->invite : NULL);
        cli_json_string(&j, "next", next);
        cli_json_end(&j);
        return;
    }
    printf("wrote       %s\nkeys        in %s\nserver pin  %s\n", s->config.server.file,
           s->config.dir, s->pin);
    if (s->root_path != NULL)
        printf("root key    in %s: take it away, and keep a copy in a safe place\n", s->root_path);
    else if (!call->quiet)
        printf("            keep a copy of %s/root.key in a safe place\n", s->config.dir);
    printf("next        %s\n", next);
    invite_print(s, call);
}

int init_run(struct cli_call *call)
{
    static struct setup s; /* large, and the command runs once */
    struct failure failure = {0};
    harden();
    sotto_err err = setup_read(call, &s, &failure);
    if (err == SOTTO_OK)
        err = file_absent(&s, &failure);
    if (err == SOTTO_OK)
        err = keys_have(&s, &failure);
    if (err == SOTTO_OK)
        err = settings_write(&s, call, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    setup_print(&s, call);
    ct_wipe(s.invite, sizeof s.invite);
    return 0;
}
