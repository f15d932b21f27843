#include "backup_command.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "admin/client.h"
#include "ask.h"
#include "backup/backup.h"
#include "crypto/rng.h"
#include "growth.h"
#include "harden.h"
#include "interrupt.h"
#include "net/identity.h"
#include "net/key_file.h"
#include "serve.h"
#include "store/store.h"

/* clang-format off */
const struct cli_option backup_options[] = {
    {"with-keys", 0, NULL, "put the keys into it, even if it is not sealed"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
const struct cli_option verify_options[] = {
    {"key", 'k', "FILE", "the key that the backup is sealed to"},
    {0},
};
const struct cli_option restore_options[] = {
    {"key", 'k', "FILE", "the key that the backup is sealed to"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

const char backup_text[] =
    "Writes a backup into a file that doesn't exist yet, or to the standard output (-): the "
    "database as it is at one moment, attachments, and the file of the settings. A running server "
    "goes on meanwhile; without one the command does it itself. It says what it has written on the "
    "standard output, or on the standard error if the backup goes there.\n\n"
    "With backup.recipient in the settings the backup is sealed to that key, and holds the "
    "server's keys, too. Without it anybody who has the file can read it, and keys are in it only "
    "with --with-keys.\n\n" OPTIONS_TEXT;
const char verify_text[] =
    "Reads a backup to its end and checks all of it: that nothing is missing or changed, and that "
    "the database in it is whole. Needs room for that database below $TMPDIR.";
const char restore_text[] =
    "Puts a backup into a state directory that is empty or doesn't exist yet, and checks it. If "
    "anything is wrong, or on Ctrl-C, the directory is left as it was. Run by root, it makes the "
    "files for who owns that directory. The settings come back as sottod.conf in it. What was "
    "acknowledged after the backup was made is not in it. Keys that are not in it are put back by "
    "hand: root.key is enough, others are made again.\n\n" OPTIONS_TEXT;
const char backup_key_text[] =
    "Makes the key that backups are sealed to, in a file that doesn't exist yet, and prints the "
    "line for the settings. Of a file that is there it prints the line again. Keep the file "
    "elsewhere than the server: nobody can open a backup without it, not even you.";

/* ---- what was done, in words */

static void sum_print(const struct cli_call *call, const struct backup_sum *sum, const char *did,
                      FILE *out)
{
    char when[ASK_TIME];
    if (call->json) {
        struct cli_json j = cli_json_begin(out);
        cli_json_number(&j, "v", 1);
        cli_json_number(&j, "files", sum->files);
        cli_json_number(&j, "bytes", sum->bytes);
        cli_json_number(&j, "attachments", sum->blobs);
        cli_json_number(&j, "made", (uint64_t)sum->made_s);
        cli_json_bool(&j, "sealed", sum->sealed);
        cli_json_bool(&j, "keys", sum->keys);
        cli_json_end(&j);
        return;
    }
    if (call->quiet)
        return;
    fprintf(out, "%s: made %s, %llu files, %llu KiB, %llu attachments, %s, %s keys\n", did,
            ask_time(sum->made_s, when), (unsigned long long)sum->files,
            (unsigned long long)((sum->bytes + 1023) / 1024), (unsigned long long)sum->blobs,
            sum->sealed ? "sealed" : "not sealed", sum->keys ? "with" : "without");
}

/* ---- backup */

struct making {
    struct cli_call *call;
    struct config config;
    const char *path; /* "-": the standard output */
    int fd;
    bool keys;
    struct backup_sum sum;
};

static sotto_err path_say(struct failure *failure, const char *what, const char *path)
{
    int number = errno;
    const char *todo = number == EEXIST   ? "name another file, or move that one away"
                       : number == ENOENT ? "look at the path: a directory or a file is missing"
                       : number == EACCES ? "name a file where you may, or ask as root"
                       : number == ENOSPC ? "make room there, or name a file on another disk"
                                          : "";
    snprintf(failure->todo, sizeof failure->todo, "%s", todo);
    return failure_say(failure,
                       number == EEXIST   ? SOTTO_E_EXISTS
                       : number == ENOENT ? SOTTO_E_NOTFOUND
                       : number == EACCES ? SOTTO_E_PERMISSION
                       : number == ENOSPC ? SOTTO_E_DISK_FULL
                                          : SOTTO_E_IO,
                       "cannot %s %.300s: %s", what, path, strerror(number));
}

static sotto_err target_open(struct making *m, struct failure *failure)
{
    m->fd = STDOUT_FILENO;
    if (strcmp(m->path, "-") == 0 && isatty(STDOUT_FILENO)) {
        snprintf(failure->todo, sizeof failure->todo, "name a file, or write to a pipe");
        return failure_say(failure, SOTTO_E_USAGE, "a backup is not for a terminal");
    }
    if (strcmp(m->path, "-") == 0)
        return SOTTO_OK;
    m->fd = open(m->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return m->fd >= 0 ? SOTTO_OK : path_say(failure, "make", m->path);
}

static const char *target_name(const struct making *m)
{
    return m->fd == STDOUT_FILENO ? "the standard output" : m->path;
}

/* The running server does it. CLOSED: there is none. */
static sotto_err backup_asked(struct making *m, struct failure *failure)
{
    DEFER(json_freep) json_t *arguments = json_pack("{s:b}", "keys", m->keys);
    json_t *target = json_string(target_name(m)); /* NULL: it is no UTF-8 */
    if (target != NULL)
        (void)json_object_set_new(arguments, "target", target);
    DEFER(json_freep) json_t *result = NULL;
    TRY(admin_ask(m->config.dir, "backup", arguments, m->fd, &result, failure));
    m->sum = (struct backup_sum){
        .files = (uint64_t)ask_number(result, "files"),
        .bytes = (uint64_t)ask_number(result, "bytes"),
        .blobs = (uint64_t)ask_number(result, "attachments"),
        .made_s = ask_number(result, "made"),
        .sealed = json_is_true(json_object_get(result, "sealed")),
        .keys = json_is_true(json_object_get(result, "keys")),
    };
    return SOTTO_OK;
}

static sotto_err backup_stored(struct making *m, struct store *store, struct failure *failure)
{
    static const uint8_t nobody[RECIPIENT_KEY];
    const struct server_config *config = &m->config.server;
    bool sealed = memcmp(config->recipient, nobody, sizeof nobody) != 0;
    struct backup_wish wish = {
        .target = target_name(m),
        .dir = m->config.dir,
        .store = store,
        .recipient = view_of(config->recipient, sealed ? RECIPIENT_KEY : 0),
        .keys = m->keys || sealed,
        .host = config->host,
        .settings = config->file,
        .now_s = (int64_t)time(NULL),
    };
    sotto_crypto *c;
    random_bytes(wish.seed, sizeof wish.seed);
    TRY(sotto_crypto_new(&c));
    sotto_err err = backup_write(c, &wish, m->fd, &m->sum, failure);
    sotto_crypto_free(c);
    return err;
}

/* Nobody runs: the lock keeps it so. */
static sotto_err backup_here(struct making *m, struct failure *failure)
{
    char path[CONFIG_PATH + sizeof BACKUP_DATABASE], text[32];
    struct store *store = NULL;
    struct state state;
    snprintf(path, sizeof path, "%s/" BACKUP_DATABASE, m->config.dir);
    if (access(path, F_OK) != 0)
        return failure_say(failure, SOTTO_E_NOTFOUND, "there is no server's database in %.300s",
                           m->config.dir);
    TRY(state_open(m->config.dir, identity_files, &state, failure));
    sotto_err err = serve_store(m->config.dir, &store, failure);
    if (err == SOTTO_OK)
        err = backup_stored(m, store, failure);
    store_free(store);
    snprintf(text, sizeof text, "%lld\n", (long long)m->sum.made_s);
    if (err == SOTTO_OK && state_write(&state, BACKUP_LAST, view_str(text)) != SOTTO_OK)
        fprintf(stderr, "sottod: note: the time of the backup could not be kept in %s\n",
                m->config.dir); /* it is whole all the same */
    state_close(&state);
    return err;
}

static sotto_err backup_make(struct making *m, struct failure *failure)
{
    struct failure nobody = {0};
    sotto_err err = backup_asked(m, &nobody);
    if (err == SOTTO_E_CLOSED)
        return backup_here(m, failure);
    *failure = nobody;
    return err;
}

int backup_run(struct cli_call *call)
{
    struct making m = {
        .call = call, .path = call->operands[0], .keys = cli_given(call, "with-keys")};
    struct failure failure = {0};
    harden();
    sotto_err err = options_read(call, NULL, &m.config, &failure);
    if (err == SOTTO_OK)
        err = target_open(&m, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    bool file = m.fd != STDOUT_FILENO;
    if (file)
        growth_begin(m.path, m.fd, !call->quiet && !call->json);
    err = backup_make(&m, &failure);
    if (file && err == SOTTO_OK && syncfs(m.fd) != 0) /* its name, too */
        err = path_say(&failure, "write", m.path);
    if (file)
        growth_end();
    if (file && close(m.fd) != 0 && err == SOTTO_OK)
        err = path_say(&failure, "write", m.path);
    if (err != SOTTO_OK && file)
        (void)unlink(m.path);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    sum_print(call, &m.sum, "backup", file ? stdout : stderr);
    return 0;
}

/* ---- verify, restore */

struct opening {
    sotto_crypto *c;
    struct kem_key *key; /* or NULL */
    int fd;
};

static void opening_clear(struct opening *o)
{
    kem_key_free(o->key);
    sotto_crypto_free(o->c);
    if (o->fd > STDIN_FILENO)
        close(o->fd);
}

static sotto_err backup_open(const struct cli_call *call, struct opening *o,
                             struct failure *failure)
{
    const char *path = call->operands[0], *key = cli_value(call, "key");
    DEFER(secret_clear) struct secret seed = {0};
    TRY(sotto_crypto_new(&o->c));
    if (key != NULL) {
        TRY(key_file_load(o->c, key, RECIPIENT_LABEL, &seed, failure));
        TRY(recipient_key(o->c, &seed, &o->key));
    }
    if (strcmp(path, "-") == 0)
        return SOTTO_OK;
    o->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    return o->fd >= 0 ? SOTTO_OK : path_say(failure, "read", path);
}

int verify_run(struct cli_call *call)
{
    DEFER(opening_clear) struct opening o = {.fd = STDIN_FILENO};
    struct backup_sum sum = {0};
    struct failure failure = {0};
    harden();
    sotto_err err = backup_open(call, &o, &failure);
    if (err == SOTTO_OK) {
        interrupt_begin(interrupt_note);
        err = backup_verify(o.c, o.fd, o.key, &interrupt_noted, &sum, &failure);
        interrupt_end();
    }
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    sum_print(call, &sum, "whole", stdout);
    return 0;
}

static void restored_print(const struct cli_call *call, const struct backup_sum *sum,
                           const char *dir)
{
    struct stat st;
    sum_print(call, sum, "restored", stdout);
    if (call->json || call->quiet)
        return;
    if (sum->settings)
        printf("settings: in %s/" BACKUP_CONFIG "; the service looks for them in " CONFIG_FILE
               " first\n",
               dir);
    if (!sum->keys)
        printf("next: put root.key back into %s, then start the server\n", dir);
    else if (geteuid() == 0 && stat(dir, &st) == 0 && st.st_uid != 0)
        printf("next: start the server as its user, such as: systemctl start sottod\n");
    else
        printf("next: start the server, such as: sottod serve --dir %s\n", dir);
}

int restore_run(struct cli_call *call)
{
    DEFER(opening_clear) struct opening o = {.fd = STDIN_FILENO};
    struct config config;
    struct backup_sum sum = {0};
    struct failure failure = {0};
    harden();
    sotto_err err = options_read(call, NULL, &config, &failure);
    if (err == SOTTO_OK)
        err = backup_open(call, &o, &failure);
    if (err == SOTTO_OK) {
        interrupt_begin(interrupt_note);
        err = backup_restore(o.c, o.fd, o.key, &interrupt_noted, config.dir, &sum, &failure);
        interrupt_end();
    }
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    restored_print(call, &sum, config.dir);
    return 0;
}

/* ---- the key */

static sotto_err key_have(sotto_crypto *c, const char *path, struct secret *ret_seed,
                          struct failure *failure)
{
    sotto_err err = key_file_load(c, path, RECIPIENT_LABEL, ret_seed, failure);
    if (err != SOTTO_E_NOTFOUND)
        return err;
    secret_resize(ret_seed, KEY_FILE_SEED);
    random_bytes(ret_seed->data, KEY_FILE_SEED);
    return key_file_make(c, path, RECIPIENT_LABEL, ret_seed, failure);
}

int backup_key_run(struct cli_call *call)
{
    DEFER(opening_clear) struct opening o = {.fd = STDIN_FILENO};
    DEFER(secret_clear) struct secret seed = {0};
    struct failure failure = {0};
    char text[RECIPIENT_TEXT];
    harden();
    sotto_err err = sotto_crypto_new(&o.c);
    if (err == SOTTO_OK)
        err = key_have(o.c, call->operands[0], &seed, &failure);
    if (err == SOTTO_OK)
        err = recipient_key(o.c, &seed, &o.key);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    recipient_write(kem_key_public(o.key).data, text);
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "recipient", text);
        cli_json_end(&j);
    } else {
        printf("[backup]\nrecipient = %s\n", text);
    }
    return 0;
}
