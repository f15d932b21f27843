#include "rotate_key.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "admin/client.h"
#include "ask.h"
#include "harden.h"
#include "net/identity.h"

/* clang-format off */
const struct cli_option rotate_key_options[] = {
    {"root",         0, "FILE", "the root key's file, if it isn't kept in the state directory"},
    {"intermediate", 0, NULL,   "make a new intermediate too, which stands in for the root key"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

const char rotate_key_text[] =
    "Makes a new server key and has it certified. The pin stays, since it stands for the root key: "
    "clients notice nothing. Do so when the old one may have been seen.\n\n"
    "With --intermediate a new intermediate is made as well, which lives two years. From then on "
    "the root key isn't needed here: move root.key to a safe place.\n\n"
    "A running server takes them over at once.\n\n" OPTIONS_TEXT;

struct rotation {
    struct config config;
    bool intermediate;
    const char *root_path;
    char pin[X509_PIN_TEXT];
    int64_t not_after_s;
};

static sotto_err rotate_in(struct rotation *r, sotto_crypto *c, struct state *state,
                           struct failure *failure)
{
    DEFER(identity_clear) struct identity id = {0};
    DEFER(secret_clear) struct secret root = {0};
    struct identity_change change = {.new_server_key = true, .new_intermediate = r->intermediate};
    if (r->root_path != NULL) {
        TRY(identity_root_read(c, r->root_path, &root, failure));
        change.root = &root;
    }
    TRY(identity_change(c, state, r->config.server.host, (int64_t)time(NULL), &change, &id,
                        failure));
    x509_pin_write(id.pin, r->pin);
    r->not_after_s = id.not_after_s;
    return SOTTO_OK;
}

/* Puts its name where the server, which has a descriptor alone, could not. */
static void file_name(const struct rotation *r, struct failure *failure)
{
    const size_t len = sizeof ROTATE_KEY_FILE - 1;
    struct failure said = *failure;
    if (strncmp(said.what, ROTATE_KEY_FILE, len) == 0)
        (void)failure_say(failure, SOTTO_E_KEY, "%.300s%s", r->root_path, said.what + len);
}

/* The server that holds the directory does it itself. */
static sotto_err rotate_running(struct rotation *r, struct failure *failure)
{
    DEFER(json_freep) json_t *arguments = json_pack("{s:b}", "intermediate", r->intermediate);
    DEFER(json_freep) json_t *result = NULL;
    int file = r->root_path == NULL ? -1 : open(r->root_path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (r->root_path != NULL && file < 0) {
        snprintf(failure->todo, sizeof failure->todo, "name the root key's file with --root");
        return failure_say(failure, errno == ENOENT ? SOTTO_E_NOTFOUND : SOTTO_E_PERMISSION,
                           "cannot read %.300s: %s", r->root_path, strerror(errno));
    }
    sotto_err err = admin_ask(r->config.dir, "rotate-key", arguments, file, &result, failure);
    if (file >= 0)
        close(file);
    if (err == SOTTO_E_KEY)
        file_name(r, failure);
    if (err != SOTTO_OK)
        return err;
    snprintf(r->pin, sizeof r->pin, "%s", ask_text(result, "pin"));
    r->not_after_s = ask_number(result, "certifiedUntil");
    return SOTTO_OK;
}

static sotto_err rotate(struct rotation *r, struct failure *failure)
{
    sotto_crypto *c;
    struct state state;
    sotto_err err = state_open(r->config.dir, identity_files, &state, failure);
    if (err == SOTTO_E_IN_USE)
        return rotate_running(r, failure);
    if (err != SOTTO_OK)
        return err;
    err = crypto_new(&c);
    if (err == SOTTO_OK) {
        err = rotate_in(r, c, &state, failure);
        crypto_free(c);
    }
    state_close(&state);
    return err;
}

static void rotation_print(const struct rotation *r, const struct cli_call *call)
{
    char day[32];
    time_t end = (time_t)r->not_after_s;
    struct tm tm;
    if (call->json) {
        struct cli_json j = cli_json_begin(stdout);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "pin", r->pin);
        cli_json_number(&j, "certifiedUntil", (uint64_t)r->not_after_s);
        cli_json_bool(&j, "intermediate", r->intermediate);
        cli_json_end(&j);
        return;
    }
    strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&end, &tm));
    printf("new server key, certified until %s\nserver pin  %s (as before)\n", day, r->pin);
    if (r->intermediate && r->root_path == NULL && !call->quiet)
        printf("next        move %s/root.key to a safe place; it isn't needed here now\n",
               r->config.dir);
}

int rotate_key_run(struct cli_call *call)
{
    struct rotation r = {.intermediate = cli_given(call, "intermediate"),
                         .root_path = cli_value(call, "root")};
    struct failure failure = {0};
    harden();
    sotto_err err = options_read(call, NULL, &r.config, &failure);
    if (err == SOTTO_OK)
        err = rotate(&r, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    rotation_print(&r, call);
    return 0;
}
