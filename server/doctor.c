/* A check is a row; it looks at one thing and says how it is. Some need what the running server says, which is asked once. */
#include "doctor.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>

#include "admin/client.h"
#include "ask.h"
#include "doctor_check.h"
#include "serve.h"
#include "store/store.h"

#define DAY_S           86400
#define TLS_DAYS        14
#define CERT_DAYS       20 /* it is renewed with 30 days left */
#define BACKUP_DAYS     7
#define SPACE_WARN      (1ULL << 30)
#define CONNECTIONS_FEW 1000

#define MAIL_CHECK "mail"
#define AS_ROOT    "ask as root, or as the server's user: sudo sottod doctor"

/* clang-format off */
const struct cli_option doctor_options[] = {
    {"mail", 0, "ADDR", "send a mail there, as invites are sent; the password in it opens nothing"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

const char doctor_text[] =
    "Looks at settings, state directory, keys, certificates, addresses, ports, clock, disk, "
    "database and mail server, and says what is wrong and how to mend it. With a name it makes "
    "that check alone: config, dir, server, keys, tls, dns, port, reach, files, clock, disk, "
    "database, mail or backup. The exit status is 1 if something fails, 0 if there are warnings at "
    "most.\n\n" OPTIONS_TEXT
    "\n\nThe check reach connects to the name that stands in links, as a client does, and compares "
    "the pin: what it finds is how that looks from this machine. Whether the port is open from "
    "elsewhere only somebody elsewhere can tell: try a client there. The check mail has the "
    "running server connect to the mail server, with TLS and login, and sends nothing without "
    "--mail.";

static const char *const level_names[] = {"ok", "warn", "fail", "-"};

void finding_say(struct finding *f, enum level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->text, sizeof f->text, format, args);
    va_end(args);
    f->level = level;
}

void finding_fix(struct finding *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->fix, sizeof f->fix, format, args);
    va_end(args);
}

/* ---- checks */

static void check_config(struct doctor *d, struct finding *f)
{
    if (d->config_err != SOTTO_OK) {
        finding_say(f, LEVEL_FAIL, "%s", d->config_failure.what);
        const struct failure *why = &d->config_failure;
        if (d->config_err == SOTTO_E_PERMISSION)
            finding_fix(f, AS_ROOT);
        else if (why->guess[0] != 0)
            finding_fix(f, "did you mean %s?%s%s", why->guess, why->todo[0] != 0 ? " " : "",
                        why->todo);
        else if (why->todo[0] != 0)
            finding_fix(f, "%s", why->todo);
        else
            finding_fix(f, "mend it; sottod check-config says when it is right");
    } else if (d->config.server.file[0] == 0) {
        finding_say(f, LEVEL_OK, "no file; the defaults count");
    } else {
        finding_say(f, LEVEL_OK, "%s has no mistakes", d->config.server.file);
    }
}

static void check_dir(struct doctor *d, struct finding *f)
{
    struct stat st;
    const char *dir = d->config.dir;
    char again[OPTIONS_AGAIN];
    if (stat(dir, &st) != 0 && (errno == EACCES || errno == EPERM)) {
        finding_say(f, LEVEL_NONE, "%s: %s", dir, strerror(errno));
        finding_fix(f, AS_ROOT);
    } else if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        finding_say(f, LEVEL_FAIL, "%s: %s", dir, strerror(errno));
        finding_fix(f, "%s", options_again(d->call, "sottod init", again));
    } else if ((st.st_mode & 077) != 0) {
        finding_say(f, LEVEL_FAIL, "%s can be read by others: the keys are in it", dir);
        finding_fix(f, "chmod 700 %.200s", dir);
    } else {
        finding_say(f, LEVEL_OK, "%s is closed to others", dir);
    }
}

static void check_server(struct doctor *d, struct finding *f)
{
    char again[OPTIONS_AGAIN];
    if (d->status == NULL) {
        const struct failure *why = &d->status_failure;
        finding_say(f, LEVEL_FAIL, "%s",
                    why->what[0] != 0 ? why->what : sotto_err_text(d->status_err));
        if (d->status_err == SOTTO_E_PERMISSION)
            finding_fix(f, AS_ROOT);
        else if (d->status_err == SOTTO_E_CLOSED)
            finding_fix(f, "systemctl start sottod, or %s",
                        options_again(d->call, "sottod serve", again));
        else
            finding_fix(f, "%s", why->todo[0] != 0 ? why->todo : "look at its log, then ask again");
    } else {
        finding_say(f, LEVEL_OK, "sottod %s runs, pid %lld, %lld connections",
                    ask_text(d->status, "version"), (long long)ask_number(d->status, "pid"),
                    (long long)ask_number(d->status, "connections"));
    }
}

static long long days_until(const struct doctor *d, const char *name)
{
    return ((long long)ask_number(d->status, name) - (long long)time(NULL)) / DAY_S;
}

/* Who is here goes on as long as the server key is certified; newcomers, and accounts when they are renewed, need the other one. */
static void check_keys(struct doctor *d, struct finding *f)
{
    char again[OPTIONS_AGAIN], accounts[96] = "";
    if (d->status == NULL)
        return;
    long long days = days_until(d, "certifiedUntil"),
              account_days = days_until(d, "certifiesUntil"),
              least = account_days < days ? account_days : days;
    if (!json_is_true(json_object_get(d->status, "canCertify")))
        snprintf(accounts, sizeof accounts, ", but no account can be: the root key is away");
    else if (account_days < days)
        snprintf(accounts, sizeof accounts, ", but accounts can be for %lld", account_days);
    else if (account_days > days)
        snprintf(accounts, sizeof accounts, ", then again by itself");
    finding_say(f,
                days < 1            ? LEVEL_FAIL
                : least < CERT_DAYS ? LEVEL_WARN
                                    : LEVEL_OK,
                "pin %s; the server key is certified for %lld days%s", ask_text(d->status, "pin"),
                days, accounts);
    if (least < CERT_DAYS)
        finding_fix(f, "%s, where FILE is the root key",
                    options_again(d->call, "sottod rotate-key --intermediate --root FILE", again));
}

static void check_tls(struct doctor *d, struct finding *f)
{
    struct failure why = {0};
    const struct keeper_files *tls = &d->config.server.tls;
    bool files = tls->certificate[0] != 0;
    sotto_err err = keeper_files_check(tls, &why);
    if (err != SOTTO_OK && err != SOTTO_E_PERMISSION) { /* the server may be able to read them */
        finding_say(f, LEVEL_FAIL, "%s", why.what);
        finding_fix(f, "mend it; sottod check-config says when it is right");
        return;
    }
    if (d->status == NULL)
        return;
    long long days = days_until(d, "tlsUntil");
    finding_say(f,
                days < 0          ? LEVEL_FAIL
                : days < TLS_DAYS ? LEVEL_WARN
                                  : LEVEL_OK,
                "%s ends in %lld days", files ? tls->certificate : "our own certificate", days);
    if (days < TLS_DAYS && files)
        finding_fix(f, "renew it (certbot, lego, uacme); the server reads it by itself");
}

static void check_clock(struct doctor *d, struct finding *f)
{
    (void)d;
    struct timex now = {0};
    int state = adjtimex(&now);
    if (state < 0) {
        finding_say(f, LEVEL_NONE, "cannot be read here");
    } else if (state == TIME_ERROR || (now.status & STA_UNSYNC) != 0) {
        finding_say(f, LEVEL_WARN, "is not kept by a time server");
        finding_fix(f, "timedatectl set-ntp true");
    } else {
        finding_say(f, LEVEL_OK, "kept by a time server, %.2f s off at most",
                    (double)now.maxerror / 1000000);
    }
}

static void check_disk(struct doctor *d, struct finding *f)
{
    struct statvfs fs;
    uint64_t reserve = d->config_err == SOTTO_OK ? d->config.server.limits.disk_reserve_bytes : 0;
    if (statvfs(d->config.dir, &fs) != 0) {
        finding_say(f, LEVEL_NONE, "%s", strerror(errno));
        return;
    }
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    /* a running server knows what is free inside its database, too */
    bool full = d->status != NULL ? json_is_true(json_object_get(d->status, "diskFull"))
                                  : free_bytes < reserve;
    finding_say(f,
                full                      ? LEVEL_FAIL
                : free_bytes < SPACE_WARN ? LEVEL_WARN
                                          : LEVEL_OK,
                "%llu MiB free%s", (unsigned long long)(free_bytes >> 20),
                full                   ? ": nothing new is accepted"
                : free_bytes < reserve ? ", and more inside the database"
                                       : "");
    if (free_bytes < SPACE_WARN)
        finding_fix(f, "make room on the disk of %.200s", d->config.dir);
}

/* A connection is a descriptor: the server lowers a limit that the process can't keep. */
static void check_files(struct doctor *d, struct finding *f)
{
    if (d->status == NULL)
        return;
    const uint64_t most = (uint64_t)ask_number(d->status, "connectionsLimit"),
                   wanted = d->config.server.limits.connections,
                   standard = limits_default().connections;
    bool enough = most >= wanted || (wanted == standard && most >= CONNECTIONS_FEW);
    finding_say(f, enough ? LEVEL_OK : LEVEL_WARN, "enough for %llu connections",
                (unsigned long long)most);
    if (!enough)
        finding_fix(f, "raise LimitNOFILE in the unit, or ulimit -n; limits.connections is %llu",
                    (unsigned long long)wanted);
}

static long long database_mib(const struct doctor *d, const char *end)
{
    char path[CONFIG_PATH + sizeof SERVE_DATABASE "-wal"];
    struct stat st;
    snprintf(path, sizeof path, "%s/" SERVE_DATABASE "%s", d->config.dir, end);
    return stat(path, &st) == 0 ? (long long)st.st_size >> 20 : 0;
}

/* A running server has its database open; it would have stopped if that were damaged. One that doesn't answer may have it, too. */
static void check_database(struct doctor *d, struct finding *f)
{
    char path[CONFIG_PATH + sizeof SERVE_DATABASE], again[OPTIONS_AGAIN], why[256] = "";
    struct stat st;
    snprintf(path, sizeof path, "%s/" SERVE_DATABASE, d->config.dir);
    if (stat(path, &st) != 0) {
        finding_say(f, LEVEL_NONE, "%s", errno == ENOENT ? "there is none yet" : strerror(errno));
        return;
    }
    if (d->status != NULL) {
        finding_say(f, LEVEL_OK, "%lld MiB, write-ahead log %lld MiB, schema %lld, in use",
                    database_mib(d, ""), database_mib(d, "-wal"),
                    (long long)ask_number(d->status, "schema"));
        return;
    }
    if (d->status_err != SOTTO_E_CLOSED)
        return;
    sotto_err err = store_verify(path, NULL, why);
    if (err == SOTTO_OK) {
        finding_say(f, LEVEL_OK, "%lld MiB, whole", database_mib(d, ""));
        return;
    }
    if (err == SOTTO_E_IN_USE) {
        finding_say(f, LEVEL_NONE, "another process uses it, such as a server that begins");
        finding_fix(f, "ask again; if none runs then, fuser %.180s names that process", path);
        return;
    }
    finding_say(f, LEVEL_FAIL, "%s", why[0] != 0 ? why : sotto_err_text(err));
    if (err != SOTTO_E_DAMAGED)
        return;
    finding_fix(f, "move what is in %.200s elsewhere, then %s, from the newest backup",
                d->config.dir, options_again(d->call, "sottod restore FILE", again));
}

static void check_backup(struct doctor *d, struct finding *f)
{
    char again[OPTIONS_AGAIN];
    long long last = ask_number(d->status, "lastBackup"),
              days = ((long long)time(NULL) - last) / DAY_S;
    if (d->status == NULL)
        return;
    finding_fix(f, "%s, once a day", options_again(d->call, "sottod backup FILE", again));
    if (last == 0) {
        finding_say(f, LEVEL_WARN, "there was never one");
    } else if (days > BACKUP_DAYS) {
        finding_say(f, LEVEL_WARN, "last one %lld days ago", days);
    } else {
        finding_say(f, LEVEL_OK, "last one %lld days ago", days);
        f->fix[0] = 0;
    }
}

static const struct check {
    const char *name;
    void (*run)(struct doctor *d, struct finding *f);
    enum { NOTHING, PLACE, SETTINGS } needs;
} checks[] = {
    {"config", check_config, NOTHING},   {"dir", check_dir, PLACE},
    {"server", check_server, PLACE},     {"keys", check_keys, PLACE},
    {"tls", check_tls, SETTINGS},        {"dns", doctor_dns, SETTINGS},
    {"port", doctor_port, PLACE},        {"reach", doctor_reach, SETTINGS},
    {"files", check_files, SETTINGS},    {"clock", check_clock, NOTHING},
    {"disk", check_disk, PLACE},         {"database", check_database, PLACE},
    {MAIL_CHECK, doctor_mail, SETTINGS}, {"backup", check_backup, PLACE},
};

static void check_run(struct doctor *d, const struct check *check, struct finding *f)
{
    bool mended = d->config_err == SOTTO_OK || check->needs != SETTINGS;
    finding_say(f, LEVEL_NONE, "%s",
                d->lost   ? "not to be seen before the settings are mended, unless --dir says where"
                : !mended ? "not to be seen before the settings are mended"
                : d->status_err == SOTTO_E_PERMISSION
                    ? "not to be seen by who may not ask the server"
                : d->status_err == SOTTO_E_CLOSED ? "not to be seen without a running server"
                                                  : "not to be seen without the server's answer");
    if (mended && (!d->lost || check->needs == NOTHING))
        check->run(d, f);
}

/* ---- the whole */

static const char *name_next(void *state)
{
    size_t *at = state;
    return *at < COUNT_OF(checks) ? checks[(*at)++].name : NULL;
}

static bool is_check(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(checks); i++)
        if (strcmp(checks[i].name, name) == 0)
            return true;
    return false;
}

static int unknown(struct cli_call *call, const char *name)
{
    size_t at = 0;
    const struct cli_error error = {.err = SOTTO_E_NOTFOUND,
                                    .guess = cli_suggest(name, name_next, &at),
                                    .try = "sottod doctor"};
    return cli_failf(call, &error, "there is no check \"%s\"", name);
}

/* Without valid settings the rest is looked at with those that go without a file, if it is known where. */
static void doctor_ask(struct doctor *d, struct cli_call *call)
{
    char dir[CONFIG_PATH];
    d->config_err = options_read(call, NULL, &d->config, &d->config_failure);
    if (d->config_err != SOTTO_OK) {
        memcpy(dir, d->config.dir, sizeof dir);
        d->lost = !ask_dir(call, dir);
        config_reset(&d->config);
        memcpy(d->config.dir, dir, sizeof dir);
    }
    if (!d->lost)
        d->status_err =
            admin_ask(d->config.dir, "status", NULL, -1, &d->status, &d->status_failure);
}

static void finding_print(const struct cli_call *call, const struct check *c,
                          const struct finding *f, json_t *list)
{
    if (call->json) {
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:s, s:s}", "name", c->name, "level",
                                        level_names[f->level], "text", f->text, "fix", f->fix));
        return;
    }
    printf("%-5s %-9s %s\n", level_names[f->level], c->name, f->text);
    if (f->fix[0] != 0)
        printf("%-15s fix: %s\n", "", f->fix);
}

static void total_print(const struct cli_call *call, const unsigned counts[LEVEL_NONE + 1],
                        json_t *list)
{
    if (call->json) {
        DEFER(json_freep)
        json_t *whole = json_pack("{s:O, s:i, s:i}", "checks", list, "failures",
                                  (int)counts[LEVEL_FAIL], "warnings", (int)counts[LEVEL_WARN]);
        ask_print_json(whole);
    } else if (counts[LEVEL_FAIL] + counts[LEVEL_WARN] > 0) {
        printf("%u failure%s, %u warning%s\n", counts[LEVEL_FAIL],
               counts[LEVEL_FAIL] == 1 ? "" : "s", counts[LEVEL_WARN],
               counts[LEVEL_WARN] == 1 ? "" : "s");
    }
}

int doctor_run(struct cli_call *call)
{
    struct doctor d = {.call = call, .mail_to = cli_value(call, "mail")};
    unsigned counts[LEVEL_NONE + 1] = {0};
    const char *only = call->operand_count > 0 ? call->operands[0] : NULL;
    DEFER(json_freep) json_t *list = json_array();
    if (only != NULL && !is_check(only))
        return unknown(call, only);
    if (only != NULL && d.mail_to != NULL && strcmp(only, MAIL_CHECK) != 0)
        return cli_failf(call,
                         &(struct cli_error){.err = SOTTO_E_USAGE, .try = "sottod doctor mail"},
                         "--mail belongs to the check mail");
    doctor_ask(&d, call);
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        struct finding f = {0};
        if (only != NULL && strcmp(checks[i].name, only) != 0)
            continue;
        check_run(&d, &checks[i], &f);
        counts[f.level]++;
        finding_print(call, &checks[i], &f, list);
    }
    total_print(call, counts, list);
    json_decref(d.status);
    return counts[LEVEL_FAIL] > 0 ? 1 : 0;
}
