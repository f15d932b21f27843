/* ending.c - each way in which a session can end, as one function with its words. */
#include "ending.h"

/* What the functions here look at. */
struct scene {
    const struct ending *end;
    struct screen *screen;
    const struct online *online;
    const struct cli_call *call;
};

static int fail_code(const struct scene *s)
{
    return cli_fail(
        s->call, &(struct cli_error){.err = SOTTO_E_CODE,
                                     .why = "a code is good for one try, so that nobody can guess",
                                     .try = "sotto session new",
                                     .todo = "agree on a new code; read it out slowly"});
}

static int fail_gone(const struct scene *s)
{
    const char *what = s->end->joining ? "no session waits under this code" : "the session is gone";
    return cli_fail(
        s->call, &(struct cli_error){
                     .err = SOTTO_E_NOTFOUND,
                     .what = what,
                     .why = "it was mistyped, or the session has ended, or it is on another server",
                     .try = "sotto session new"});
}

static int fail_expired(const struct scene *s)
{
    return cli_fail(s->call,
                    &(struct cli_error){.err = SOTTO_E_EXPIRED,
                                        .what = "nobody joined in time; the code is no longer good",
                                        .try = "sotto session new"});
}

static int fail_taken(const struct scene *s)
{
    return cli_fail(
        s->call,
        &(struct cli_error){
            .err = SOTTO_E_TAKEN,
            .why = "a session has exactly two members; it may have been someone who overheard "
                   "the code",
            .try = "sotto session new",
            .todo = "agree on a new code"});
}

/* The relay (or who holds the line) did something to the messages: named, since nothing else in
 * the world looks like it. */
static int fail_tampered(const struct scene *s)
{
    struct cli_error error = {
        .err = s->end->session.err,
        .why = "the other side's connection broke, or the server tampered with the messages",
        .try = "sotto session new",
        .todo = "ask the other side what arrived last"};
    return cli_failf(s->call, &error, "the session was cut: %s",
                     sotto_err_text(s->end->session.err));
}

static int fail_left(const struct scene *s)
{
    return cli_fail(s->call,
                    &(struct cli_error){.err = SOTTO_E_CLOSED,
                                        .exit = 6,
                                        .what = "the other side left before the channel was secure",
                                        .try = "sotto session new"});
}

static int fail_by_server(const struct scene *s)
{
    struct connection_end end = {
        .err = s->end->session.err, .was_ready = true, .retry_ms = s->end->session.retry_ms};
    memcpy(end.detail, s->end->detail, sizeof end.detail);
    bool stops = end.err == SOTTO_E_CLOSED || end.err == SOTTO_E_NET;
    if (stops && s->end->detail[0] == '\0')
        snprintf(end.detail, sizeof end.detail, "the server stops");
    return online_fail(s->online, &end);
}

static int session_fail(const struct scene *s)
{
    switch (s->end->session.err) {
    case SOTTO_E_CODE:
        return fail_code(s);
    case SOTTO_E_NOTFOUND:
        return fail_gone(s);
    case SOTTO_E_EXPIRED:
        return fail_expired(s);
    case SOTTO_E_TAKEN:
        return fail_taken(s);
    case SOTTO_E_MISSING:
    case SOTTO_E_REPLAYED:
    case SOTTO_E_REFLECTED:
    case SOTTO_E_DECRYPT:
    case SOTTO_E_MAC:
        return fail_tampered(s);
    case SOTTO_E_CLOSED:
        return s->end->session.peer_left ? fail_left(s) : fail_by_server(s);
    default:
        return fail_by_server(s);
    }
}

static int session_ended(const struct scene *s)
{
    struct cli_json j;
    if (s->end->session.err != SOTTO_OK)
        return session_fail(s);
    if (!s->end->secure)
        return cli_exit_status(SOTTO_E_INTERRUPTED);
    if (screen_json(s->screen, "ended", &j)) {
        cli_json_string(&j, "by",
                        s->end->session.peer_left ? "them"
                        : s->end->leaving         ? "you"
                                                  : "both");
        screen_json_end(s->screen, &j);
    }
    screen_note(s->screen, '*', "%s",
                s->end->session.peer_left ? "The other side left. Nothing is kept"
                : s->end->leaving         ? "You left; the other side was told. Nothing is kept"
                                          : "Both sides are done. Nothing is kept");
    return 0;
}

static int fail_silent(const struct scene *s)
{
    struct cli_error error = {.err = SOTTO_E_TIMEOUT, .try = "sotto session new"};
    if (s->end->exchanging)
        return cli_failf(s->call, &error, "the other side did not answer in time");
    return cli_failf(s->call, &error, "no answer from %s", s->online->address.text);
}

/* So that nobody believes it was said. */
static void unsent_say(const struct scene *s)
{
    if (s->end->held_unsent)
        screen_note(s->screen, '*', "What was held was not sent");
    if (s->end->line_unsent)
        screen_note(s->screen, '*', "The line being typed was not sent");
}

int ending_say(const struct ending *end, struct screen *screen, const struct online *online)
{
    const struct scene scene = {end, screen, online, screen->call}, *s = &scene;
    unsent_say(s);
    switch (s->end->kind) {
    case END_SESSION:
        return session_ended(s);
    case END_CONNECTION:
        return online_fail(s->online, &s->end->connection);
    case END_TTL:
        return fail_expired(s);
    case END_SILENT:
        return fail_silent(s);
    case END_OUTPUT:
        return cli_fail(s->call,
                        &(struct cli_error){.err = SOTTO_E_IO, .what = "cannot write the output"});
    case END_ROLE:
        return cli_fail(s->call, &(struct cli_error){.err = SOTTO_E_USAGE,
                                                     .what = "the input ended before C or J came",
                                                     .try = "sotto session new"});
    case END_INPUT:
        return cli_fail(
            s->call,
            &(struct cli_error){.err = SOTTO_E_USAGE,
                                .what = "the input ended before a code came",
                                .todo = "give the code as the first line, or with --code-file"});
    case END_FAILED:
        return cli_fail(s->call, &(struct cli_error){.err = s->end->failed});
    case END_STATUS:
        return s->end->status;
    default:
        return cli_exit_status(SOTTO_E_INTERRUPTED);
    }
}
