#include "invite_command.h"

#include <langinfo.h>
#include <unistd.h>

#include "admin/wire.h"
#include "ask.h"
#include "qr.h"

#define ID_SHOWN 12 /* digits of a link's id in a list */
#define ID_LEAST 4  /* and that can name it */
#define USES_MAX 100000
#define DAYS_MAX 3650

/* clang-format off */
const struct cli_option invite_create_options[] = {
    {"name",     0, "NAME",           "for this name alone"},
    {"mail",     0, "ADDR",           "send a one-time password there instead of showing a link"},
    {"password", 0, NULL,             "show a one-time password for --name instead of a link"},
    {"uses",     0, "N",              "how many accounts the link may make; default 1"},
    {"expires",  0, "TIME",           "how long it is good, such as 7d; default 7d, a password 15m"},
    {"admin",    0, NULL,             "the account becomes an admin's"},
    {"qr",       0, "[=ascii|utf8]",  "draw the link as a QR code, as is done on a terminal anyway"},
    OPTIONS_DIR,
    OPTIONS_CONFIG,
    {0},
};
/* clang-format on */

const char invite_create_text[] =
    "Makes an invite and prints it: a link that makes an account on this server, or a one-time "
    "password for who gets it over another secure channel. A link is a secret: give it to nobody "
    "but the one who is meant. It verifies nobody; an invite made by a member does.\n\n"
    "  sottod invite create --name alice\n  sottod invite create --mail alice@example.org\n"
    "  sottod invite create --uses 20 --expires 30d";
const char invite_list_text[] =
    "Lists invites that are not used up: links by the first digits of their id, passwords by the "
    "name or mail address that they are for, and mails that wait to be sent, each with a password "
    "to come, by their address.";
const char invite_revoke_text[] =
    "Takes an invite back. ID is what invite list shows, or its first digits; or the name or mail "
    "address of a password; a mail to it that waits is not sent then. Accounts that were made with "
    "it stay.";

static int wrong(struct cli_call *call, const char *what, const char *todo)
{
    return cli_fail(call, &(struct cli_error){.err = SOTTO_E_USAGE, .what = what, .todo = todo});
}

/* ---- create */

static bool terminal_knows_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

static void code_print(const struct cli_call *call, const char *link)
{
    const char *how = cli_value(call, "qr");
    if (!cli_given(call, "qr") && (call->quiet || !isatty(STDOUT_FILENO)))
        return;
    bool ascii = how != NULL ? strcmp(how, "ascii") == 0 : !terminal_knows_utf8();
    putchar('\n');
    qr_print(link, ascii, cli_color(call, stdout), stdout);
}

static void created_print(const struct cli_call *call, const json_t *result)
{
    char when[ASK_TIME], revoke[64], again[OPTIONS_AGAIN];
    const char *link = ask_text(result, "link"), *password = ask_text(result, "password"),
               *name = ask_text(result, "name");
    int64_t expires = ask_number(result, "expires");
    const char *whom = name[0] != 0 ? name : "any name";
    if (link[0] != 0) {
        printf("%s\n", link);
        snprintf(revoke, sizeof revoke, "sottod invite revoke %.*s", ID_SHOWN,
                 ask_text(result, "id"));
        if (!call->quiet)
            fprintf(stderr, "for %s%s, until %s; take it back with: %s\n", whom,
                    cli_given(call, "admin") ? ", as an admin" : "", ask_time(expires, when),
                    options_again(call, revoke, again));
        code_print(call, link);
    } else if (password[0] != 0) {
        printf("%s\n", password);
        if (!call->quiet)
            fprintf(stderr, "one-time password for %s, until %s\n", whom, ask_time(expires, when));
    } else if (!call->quiet) {
        fprintf(stderr, "a one-time password for %s goes out by mail\n", whom);
    }
}

static sotto_err uses_take(const struct cli_call *call, json_t *arguments)
{
    uint64_t uses;
    const char *text = cli_value(call, "uses");
    if (text == NULL)
        return SOTTO_OK;
    TRY(cli_number_read(text, 1, USES_MAX, &uses));
    json_object_set_new(arguments, "uses", json_integer((json_int_t)uses));
    return SOTTO_OK;
}

static sotto_err expires_take(const struct cli_call *call, json_t *arguments)
{
    uint64_t seconds;
    const char *text = cli_value(call, "expires");
    if (text == NULL)
        return SOTTO_OK;
    TRY(cli_duration_read(text, 60, (uint64_t)DAYS_MAX * 86400, &seconds));
    json_object_set_new(arguments, "seconds", json_integer((json_int_t)seconds));
    return SOTTO_OK;
}

/* False: it is no UTF-8, and without it the invite would be another one. */
static bool text_take(const struct cli_call *call, const char *name, json_t *arguments)
{
    const char *text = cli_value(call, name);
    return text == NULL || json_object_set_new(arguments, name, json_string(text)) == 0;
}

int invite_create_run(struct cli_call *call)
{
    bool password = cli_given(call, "password"), mail = cli_given(call, "mail"),
         name = cli_given(call, "name");
    if (name && cli_value(call, "name")[0] == 0)
        return wrong(call, "--name takes a name, and this one is empty",
                     "leave it out for an invite for any name");
    if (password && !name && !mail)
        return wrong(call, "a password is for a name", "give one with --name");
    if ((password || mail) && cli_given(call, "uses"))
        return wrong(call, "a password is good once", "leave out --uses, or make a link");
    DEFER(json_freep) json_t *arguments = json_object();
    if (uses_take(call, arguments) != SOTTO_OK)
        return wrong(call, "--uses takes a number from 1 to 100000", "such as --uses 20");
    if (expires_take(call, arguments) != SOTTO_OK)
        return wrong(call, "--expires takes a time from a minute to ten years",
                     "such as --expires 12h, or 30d");
    if (!text_take(call, "name", arguments) || !text_take(call, "mail", arguments))
        return wrong(call, "--name and --mail take text in UTF-8", "type it anew");
    json_object_set_new(arguments, "password", json_boolean(password));
    json_object_set_new(arguments, "admin", json_boolean(cli_given(call, "admin")));
    return ask_run(call, "invite create", json_incref(arguments), created_print);
}

/* ---- all of them, page by page */

typedef bool each_invite(void *user, const json_t *invite);

/* flag: which ones; NULL: links */
static sotto_err pages_walk(struct cli_call *call, const char *flag, each_invite *each, void *user,
                            struct failure *failure)
{
    DEFER(json_freep) json_t *after = NULL;
    for (;;) {
        DEFER(json_freep) json_t *result = NULL;
        json_t *arguments = json_pack("{s:O*}", "after", after);
        if (flag != NULL)
            json_object_set_new(arguments, flag, json_true());
        TRY(ask(call, "invite list", arguments, -1, &result, failure));
        const json_t *list = json_object_get(result, "invites"), *invite;
        size_t i;
        json_array_foreach(list, i, invite) if (!each(user, invite)) return SOTTO_OK;
        json_decref(after);
        after = json_incref(json_object_get(result, "next"));
        if (after == NULL)
            return SOTTO_OK;
    }
}

static sotto_err invites_walk(struct cli_call *call, each_invite *each, void *user,
                              struct failure *failure)
{
    TRY(pages_walk(call, NULL, each, user, failure));
    TRY(pages_walk(call, "password", each, user, failure));
    return pages_walk(call, "mails", each, user, failure);
}

/* ---- list */

struct listing {
    const struct cli_call *call;
    size_t count;
};

static bool invite_print(void *user, const json_t *invite)
{
    struct listing *l = user;
    char when[ASK_TIME];
    const char *id = ask_text(invite, "id"), *name = ask_text(invite, "name"),
               *inviter = ask_text(invite, "inviter");
    const char *kind = ask_text(invite, "kind");
    char left[24] = "in a mail";
    if (ask_number(invite, "usesLeft") == 0) /* kept for who asks once more */
        return true;
    if (l->call->json) {
        ask_print_json(invite);
        return true;
    }
    if (l->count++ == 0 && !l->call->quiet)
        printf("%-28s %-9s %-22s %-22s %s\n", "ID", "USES LEFT", "UNTIL", "FOR", "BY");
    if (strcmp(kind, "mail") != 0)
        snprintf(left, sizeof left, "%lld", (long long)ask_number(invite, "usesLeft"));
    printf("%-28.*s %-9s %-22s %-22s %s%s\n", strcmp(kind, "link") == 0 ? ID_SHOWN : 200, id, left,
           ask_time(ask_number(invite, "expires"), when), name[0] != 0 ? name : "any name",
           inviter[0] != 0 ? inviter : "the server",
           json_is_true(json_object_get(invite, "admin")) ? ", admin" : "");
    return true;
}

int invite_list_run(struct cli_call *call)
{
    struct listing listing = {.call = call};
    struct failure failure = {0};
    sotto_err err = invites_walk(call, invite_print, &listing, &failure);
    return err == SOTTO_OK ? 0 : options_fail(call, err, &failure, NULL);
}

/* ---- revoke */

struct search {
    const char *id;
    size_t found;
    bool password;
    char key[400];
};

static bool invite_match(void *user, const json_t *invite)
{
    struct search *s = user;
    const char *id = ask_text(invite, "id");
    bool link = strcmp(ask_text(invite, "kind"), "link") == 0;
    size_t len = strlen(s->id);
    bool begins = strncmp(id, s->id, len) == 0 && (link ? len >= ID_LEAST : id[len] == '@');
    if (!begins && strcmp(id, s->id) != 0)
        return true;
    if (s->found == 1 && !link && s->password && strcmp(id, s->key) == 0)
        return true; /* a password and mails to its address go together */
    s->found++;
    s->password = !link;
    snprintf(s->key, sizeof s->key, "%s", id);
    return true;
}

static void done_print(const struct cli_call *call, const json_t *result)
{
    if (!call->quiet)
        printf("%s\n", ask_text(result, "text"));
}

int invite_revoke_run(struct cli_call *call)
{
    struct search s = {.id = call->operands[0]};
    struct failure failure = {0};
    char again[OPTIONS_AGAIN];
    sotto_err err = invites_walk(call, invite_match, &s, &failure);
    if (err != SOTTO_OK)
        return options_fail(call, err, &failure, NULL);
    if (s.found != 1)
        return cli_failf(
            call,
            &(struct cli_error){.err = s.found == 0 ? SOTTO_E_NOTFOUND : SOTTO_E_USAGE,
                                .try = options_again(call, "sottod invite list", again)},
            s.found == 0 ? "no invite is called \"%s\"" : "several invites begin with \"%s\"",
            s.id);
    json_t *arguments = json_pack("{s:b, s:s}", "password", s.password, "key", s.key);
    return ask_run(call, "invite revoke", arguments, done_print);
}
