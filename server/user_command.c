#include "user_command.h"

#include <unistd.h>

#include "admin/wire.h"
#include "ask.h"

#define USER_LIST "sottod user list"
#define ID_SHOWN  12
#define ID_LEAST  4

/* clang-format off */
const struct cli_option user_delete_options[] = {
    {"confirm", 0, "NAME", "the same name again, instead of typing it when asked"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

#define WHO                                                                                        \
    "\n\nNAME is alice, alice@example.org, or an account's id of 64 digits as user list shows it " \
    "with --json."

const char user_list_text[] =
    "Lists the accounts: name, devices, how many of them are connected, attachments and their "
    "limit.";
const char user_disable_text[] =
    "Keeps an account from signing in, and ends its connections. Nothing is deleted, and user "
    "enable undoes it. Who is in a conversation with it isn't told." WHO;
const char user_enable_text[] = "Undoes user disable." WHO;
const char user_delete_text[] =
    "Deletes an account from this server: its name, devices, key packages, and what waits for it. "
    "There is no way back. Others keep what they have received." WHO;
const char user_quota_text[] =
    "Sets how much an account may store as attachments: a number of bytes, or one with K, M, G or "
    "T "
    "behind it; default stands for the limit of all (limits.account_bytes)." WHO;
const char user_rename_text[] =
    "Gives an account another name, alice or alice@example.org, which nobody has. Its id, its "
    "devices and its conversations stay as they are. Others see the new name once a device of the "
    "account has asked for a certificate that says it; the old one is free at once." WHO;
const char device_list_text[] =
    "Lists the devices of an account: their ids, their state, and the key packages that wait for "
    "others." WHO;
const char device_revoke_text[] =
    "Has this server serve a device no more. That doesn't take it out of conversations: the device "
    "list is signed by its owner, who should revoke it there. ID is what device list shows, or its "
    "first digits." WHO;

/* ---- accounts */

static void size_write(uint64_t bytes, char ret_text[24])
{
    static const char units[] = " KMGT";
    size_t unit = 0;
    while (bytes >= 10240 && unit < sizeof units - 2) {
        bytes /= 1024;
        unit++;
    }
    snprintf(ret_text, 24, "%llu%.*s", (unsigned long long)bytes, unit > 0, &units[unit]);
}

static void user_print(const struct cli_call *call, const json_t *user, size_t index)
{
    char bytes[24], quota[24];
    if (call->json) {
        ask_print_json(user);
        return;
    }
    if (index == 0 && !call->quiet)
        printf("%-32s %7s %9s %12s %12s\n", "NAME", "DEVICES", "CONNECTED", "ATTACHMENTS", "LIMIT");
    size_write((uint64_t)ask_number(user, "bytes"), bytes);
    size_write((uint64_t)ask_number(user, "quota"), quota);
    printf("%-32s %7lld %9lld %12s %12s%s%s\n", ask_text(user, "name"),
           (long long)ask_number(user, "devices"), (long long)ask_number(user, "sessions"), bytes,
           quota, json_is_true(json_object_get(user, "admin")) ? "  admin" : "",
           json_is_true(json_object_get(user, "disabled")) ? "  disabled" : "");
}

int user_list_run(struct cli_call *call)
{
    struct failure failure = {0};
    int64_t after = 0;
    size_t index = 0;
    do {
        DEFER(json_freep) json_t *result = NULL;
        const json_t *user;
        size_t i;
        sotto_err err = ask(call, "user list", json_pack("{s:I}", "after", (json_int_t)after), -1,
                            &result, &failure);
        if (err != SOTTO_OK)
            return options_fail(call, err, &failure, NULL);
        json_array_foreach(json_object_get(result, "users"), i, user)
            user_print(call, user, index++);
        after = ask_number(result, "next");
    } while (after != 0);
    return 0;
}

static void done_print(const struct cli_call *call, const json_t *result)
{
    if (!call->quiet)
        printf("%s\n", ask_text(result, "text"));
}

static int user_ask(struct cli_call *call, const char *command)
{
    return ask_named(call, command, json_pack("{s:s}", "user", call->operands[0]), done_print,
                     USER_LIST);
}

int user_disable_run(struct cli_call *call)
{
    return user_ask(call, "user disable");
}

int user_enable_run(struct cli_call *call)
{
    return user_ask(call, "user enable");
}

/* The name is typed twice, so that nobody deletes whom they did not mean. */
static bool is_confirmed(const struct cli_call *call)
{
    char line[512] = "";
    const char *name = call->operands[0], *given = cli_value(call, "confirm");
    if (given != NULL || call->no_input || !isatty(STDIN_FILENO))
        return given != NULL && strcmp(given, name) == 0;
    fprintf(stderr, "delete %s for ever? type the name: ", name);
    if (fgets(line, sizeof line, stdin) == NULL)
        return false;
    line[strcspn(line, "\n")] = 0;
    return strcmp(line, name) == 0;
}

int user_delete_run(struct cli_call *call)
{
    if (is_confirmed(call))
        return user_ask(call, "user delete");
    return cli_failf(
        call,
        &(struct cli_error){.err = SOTTO_E_USAGE, .todo = "give the name again with --confirm"},
        "%s was not deleted: the name was not confirmed", call->operands[0]);
}

static sotto_err size_read(const char *text, uint64_t *ret_bytes)
{
    static const char units[] = "KMGT";
    char digits[24];
    size_t len = strlen(text);
    const char *unit = len > 0 ? strchr(units, text[len - 1]) : NULL;
    unsigned shift = unit != NULL && *unit != 0 ? 10 * (unsigned)(unit - units + 1) : 0;
    if (strcmp(text, "default") == 0) {
        *ret_bytes = 0;
        return SOTTO_OK;
    }
    if (len == 0 || len >= sizeof digits)
        return SOTTO_E_CONFIG;
    memcpy(digits, text, len);
    digits[shift > 0 ? len - 1 : len] = 0;
    TRY(cli_number_read(digits, 1, (UINT64_C(1) << 60) >> shift, ret_bytes));
    *ret_bytes <<= shift;
    return SOTTO_OK;
}

int user_quota_run(struct cli_call *call)
{
    uint64_t bytes;
    if (size_read(call->operands[1], &bytes) != SOTTO_OK)
        return cli_failf(
            call, &(struct cli_error){.err = SOTTO_E_USAGE, .todo = "such as 500M, 2G, or default"},
            "\"%s\" is not a size", call->operands[1]);
    json_t *arguments =
        json_pack("{s:s, s:I}", "user", call->operands[0], "bytes", (json_int_t)bytes);
    return ask_named(call, "user quota", arguments, done_print, USER_LIST);
}

int user_rename_run(struct cli_call *call)
{
    return ask_named(call, "user rename",
                     json_pack("{s:s, s:s}", "user", call->operands[0], "name", call->operands[1]),
                     done_print, USER_LIST);
}

/* ---- devices */

static void devices_print(const struct cli_call *call, const json_t *result)
{
    const json_t *d;
    char when[ASK_TIME];
    size_t i;
    if (!call->quiet)
        printf("%-*s  %-9s %-22s %12s\n", ID_SHOWN, "ID", "STATE", "SINCE", "KEY PACKAGES");
    json_array_foreach(json_object_get(result, "devices"), i, d)
        printf("%.*s  %-9s %-22s %12lld%s\n", ID_SHOWN, ask_text(d, "id"), ask_text(d, "state"),
               ask_time(ask_number(d, "created"), when), (long long)ask_number(d, "keyPackages"),
               json_is_true(json_object_get(d, "signedIn")) ? "  connected" : "");
}

int device_list_run(struct cli_call *call)
{
    return ask_named(call, "device list", json_pack("{s:s}", "user", call->operands[0]),
                     devices_print, USER_LIST);
}

/* The whole id of the one device that begins so; "": none or several do, *ret_count says which. */
static sotto_err device_find(struct cli_call *call, char ret_id[64], size_t *ret_count,
                             struct failure *failure)
{
    DEFER(json_freep) json_t *result = NULL;
    const char *begin = call->operands[1];
    const json_t *d;
    size_t i;
    TRY(ask(call, "device list", json_pack("{s:s}", "user", call->operands[0]), -1, &result,
            failure));
    json_array_foreach(json_object_get(result, "devices"), i, d)
    {
        if (strlen(begin) < ID_LEAST || strncmp(ask_text(d, "id"), begin, strlen(begin)) != 0)
            continue;
        ++*ret_count;
        snprintf(ret_id, 64, "%s", ask_text(d, "id"));
    }
    return SOTTO_OK;
}

int device_revoke_run(struct cli_call *call)
{
    char id[64] = "";
    size_t count = 0;
    struct failure failure = {0};
    char list[256], again[OPTIONS_AGAIN];
    sotto_err err = device_find(call, id, &count, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure,
                            err == SOTTO_E_NOTFOUND ? options_again(call, USER_LIST, again) : NULL);
    snprintf(list, sizeof list, "sottod device list %.200s", call->operands[0]);
    if (count != 1)
        return cli_failf(call,
                         &(struct cli_error){.err = count == 0 ? SOTTO_E_NOTFOUND : SOTTO_E_USAGE,
                                             .try = options_again(call, list, again)},
                         count == 0 ? "no device begins with \"%s\""
                                    : "several devices begin with \"%s\"",
                         call->operands[1]);
    json_t *arguments = json_pack("{s:s, s:s}", "user", call->operands[0], "device", id);
    return ask_run(call, "device revoke", arguments, done_print);
}
