/* session.c - `sotto session`: two people talk by a spoken code. The engine decides, online.h
 * has the connection, input.h what is typed; here they meet in one loop.
 *
 *   ASK_ROLE -> ASK_CODE -> TALK -> over
 *
 * Whatever ends it first (the session, the connection, a signal, an error) is kept in `talk`;
 * everything is closed then, and the last words are printed when the loop has run out and the
 * terminal is the user's again. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ct.h"
#include "commands.h"
#include "crypto/rng.h"
#include "ending.h"
#include "engine/complete.h"
#include "engine/emoji.h"
#include "engine/session.h"
#include "host/input.h"
#include "host/signals.h"
#include "online.h"
#include "room/channel.h"
#include "screen.h"

#define PATIENCE_MS 3000 /* for the goodbye and for a name look-up that nobody can stop */
#define REST_MS     100
#define EXCHANGE_MS 30000 /* for the other side to finish the exchange of keys */
#define TTL_MAX_S   86400
#define SHOWN_MAX   32 /* words that Tab lists */

enum talk_stage { ASK_ROLE, ASK_CODE, TALK };

struct talk {
    struct cli_call *call;
    uv_loop_t loop;
    sotto_crypto *crypto;
    struct input *input;
    struct screen screen;
    struct online online;
    struct session *session;
    struct session_effects effects;
    enum session_role role;
    enum talk_stage stage;
    unsigned words;
    uint64_t ttl_s; /* 0: the server's */
    bool held_told;
    struct ending end;
    uv_timer_t timer; /* what is waited for: an answer, a joiner, the exchange */
    struct signals signals;
};

static const struct connection_events connection_events;
static const struct editor_events input_events;

/* Whether a person types, on a dumb terminal too: lines can be commands then, and Ctrl-D leaves. */
static bool person_types(const struct talk *t)
{
    return !t->call->json && isatty(STDIN_FILENO) == 1;
}

/* ---- the end ---- */

static void timer_patience(uv_timer_t *timer)
{
    struct talk *t = timer->data;
    uv_stop(&t->loop);
}

static void over(struct talk *t, enum ending_kind kind)
{
    if (t->end.kind != END_NONE)
        return;
    t->end.kind = kind;
    t->end.joining = t->role == SESSION_JOIN;
    t->end.line_unsent =
        t->stage == TALK && input_editor(t->input) != NULL && editor_keep(input_editor(t->input));
    t->end.held_unsent = t->held_told && !t->end.secure;
    input_close(t->input);
    uv_timer_start(&t->timer, timer_patience, PATIENCE_MS, 0);
    uv_unref((uv_handle_t *)&t->timer); /* a limit to our own patience */
    signals_end(&t->signals);
    if (t->online.connection != NULL)
        connection_close(t->online.connection);
}

static void over_failed(struct talk *t, sotto_err err)
{
    t->end.failed = err;
    over(t, END_FAILED);
}

static void over_with(struct talk *t, int status)
{
    t->end.status = status;
    over(t, END_STATUS);
}

/* ---- what the session wants ---- */

static void timer_fired(uv_timer_t *timer);

static void timer_set(struct talk *t, uint64_t ms)
{
    uv_timer_start(&t->timer, timer_fired, ms, 0);
}

static void on_code(struct talk *t, const struct session_event *event)
{
    bool usual = strcmp(t->online.address.text, "127.0.0.1:5000") == 0;
    uint64_t ttl_s = event->ttl_s;
    if (t->ttl_s > 0 && t->ttl_s < ttl_s)
        ttl_s = t->ttl_s;
    /* A little later than the server, whose word about it is the better one. */
    timer_set(t, ttl_s * 1000 + (ttl_s == event->ttl_s ? 5000 : 0));
    screen_code(&t->screen, session_code(t->session), ttl_s, usual ? "" : t->online.address.text);
}

static void on_exchanging(struct talk *t)
{
    struct cli_json j;
    t->end.exchanging = true;
    timer_set(t, EXCHANGE_MS);
    if (screen_json(&t->screen, "exchanging", &j))
        screen_json_end(&t->screen, &j);
    screen_note(&t->screen, '*', "Exchanging keys from the code…");
}

static void on_secure(struct talk *t, const struct session_event *event)
{
    const struct emoji *a = emoji_at(event->check[0]), *b = emoji_at(event->check[1]);
    struct cli_json j;
    t->end.secure = true;
    uv_timer_stop(&t->timer);
    if (screen_json(&t->screen, "secure", &j)) {
        cli_json_string(&j, "check1", a->name);
        cli_json_string(&j, "check2", b->name);
        screen_json_end(&t->screen, &j);
    }
    screen_note(&t->screen, '+', "Secure. The server cannot read this chat");
    screen_note(&t->screen, ' ', "optional check: %s %s  %s %s", a->picture, a->name, b->picture,
                b->name);
    if (person_types(t))
        screen_note(&t->screen, ' ', "/help shows what can be typed, /end leaves");
    input_resume(t->input);
}

static void on_peer_done(struct talk *t)
{
    struct cli_json j;
    if (screen_json(&t->screen, "done", &j)) {
        cli_json_string(&j, "from", "them");
        screen_json_end(&t->screen, &j);
    }
    screen_note(&t->screen, '*', "The other side has nothing more to say; it still reads");
}

static void on_session_end(struct talk *t, const struct session_event *event)
{
    t->end.session = *event;
    snprintf(t->end.detail, sizeof t->end.detail, "%.*s",
             (int)size_min(event->len, sizeof t->end.detail - 1),
             event->len > 0 ? (const char *)t->effects.bytes.data + event->at : "");
    over(t, END_SESSION);
}

static void event_show(struct talk *t, const struct session_event *event)
{
    switch (event->kind) {
    case SESSION_CODE:
        on_code(t, event);
        break;
    case SESSION_EXCHANGING:
        on_exchanging(t);
        break;
    case SESSION_SECURE:
        on_secure(t, event);
        break;
    case SESSION_TEXT:
        screen_message(&t->screen, view_of(t->effects.bytes.data + event->at, event->len));
        break;
    case SESSION_PEER_DONE:
        on_peer_done(t);
        break;
    case SESSION_ENDED:
        on_session_end(t, event);
        break;
    }
}

/* Does what a step of the session wants done; `err` is the step's own. */
static void apply(struct talk *t, sotto_err err)
{
    struct session_effects *fx = &t->effects;
    if (t->online.connection != NULL)
        connection_send(t->online.connection, buf_view(&fx->frames), fx->sizes, fx->frame_count);
    for (size_t i = 0; i < fx->event_count; i++)
        event_show(t, &fx->events[i]);
    session_effects_reset(fx);
    if (err != SOTTO_OK)
        over_failed(t, err);
    else if (t->screen.failed)
        over(t, END_OUTPUT);
}

static void leave(struct talk *t)
{
    t->end.leaving = true;
    apply(t, session_leave(t->session, &t->effects));
}

static void timer_fired(uv_timer_t *timer)
{
    struct talk *t = timer->data;
    enum ending_kind kind = session_code(t->session)[0] != '\0' ? END_TTL : END_SILENT;
    sotto_err err = session_leave(t->session, &t->effects);
    /* The session's own end is that we left; the reason for people is that time is over. */
    if (err == SOTTO_OK && t->online.connection != NULL)
        connection_send(t->online.connection, buf_view(&t->effects.frames), t->effects.sizes,
                        t->effects.frame_count);
    session_effects_reset(&t->effects);
    over(t, kind);
}

/* ---- the connection ---- */

static sotto_err on_ready(void *user, const uint8_t pin[X509_PIN])
{
    struct talk *t = user;
    char text[X509_PIN_TEXT];
    struct cli_json j;
    x509_pin_write(pin, text);
    if (screen_json(&t->screen, "connected", &j)) {
        cli_json_string(&j, "server", t->online.address.text);
        cli_json_string(&j, "pin", text);
        cli_json_bool(&j, "new", t->online.new_pin);
        screen_json_end(&t->screen, &j);
    }
    screen_note(&t->screen, '+', "Connected to %s (key pinned)", t->online.address.text);
    if (t->online.new_pin || t->call->verbose)
        screen_note(&t->screen, ' ', "%s, its pin: %s",
                    t->online.new_pin ? "first contact" : "known", text);
    timer_set(t, t->online.timeout_ms);
    return SOTTO_OK;
}

/* The session starts with the first moment in which frames can be sent: right after `ready`. */
static void session_begin(struct talk *t)
{
    apply(t, session_start(t->session, &t->effects));
}

static void on_frame(void *user, view frame)
{
    struct talk *t = user;
    if (t->end.kind == END_NONE)
        apply(t, session_frame(t->session, frame, &t->effects));
}

static void on_drained(void *user)
{
    struct talk *t = user;
    if (t->end.kind == END_NONE && t->end.secure)
        input_resume(t->input);
}

static void on_connection_end(void *user, const struct connection_end *end)
{
    struct talk *t = user;
    t->end.connection = *end;
    over(t, END_CONNECTION);
    /* The goodbye is done; what is left takes no time, or far too long. */
    uv_timer_start(&t->timer, timer_patience, REST_MS, 0);
}

static sotto_err on_ready_begin(void *user, const uint8_t pin[X509_PIN])
{
    TRY(on_ready(user, pin));
    session_begin(user);
    return SOTTO_OK;
}

static const struct connection_events connection_events = {on_ready_begin, on_frame, on_drained,
                                                           on_connection_end};

/* ---- what is typed ---- */

static const char prompt_role[] = "(C)reate or (J)oin? [C/J]: ";
static const char prompt_code[] = "Code: ";
static const char prompt_talk[] = "[You]: ";

static void prompt_show(struct talk *t, const char *prompt)
{
    if (input_editor(t->input) != NULL)
        editor_prompt(input_editor(t->input), prompt);
    else
        screen_ask(&t->screen, prompt);
}

/* Everything is known: on to the server. A pipe waits for the channel; a terminal is read, and
 * what is typed is held. */
static void talk_begin(struct talk *t, const struct room_code *code)
{
    uint8_t seed[RNG_SEED];
    random_bytes(seed, sizeof seed);
    sotto_err err = session_new(t->crypto, t->role, t->words, code, seed, &t->session);
    ct_wipe(seed, sizeof seed);
    if (err != SOTTO_OK) {
        over_failed(t, err);
        return;
    }
    t->stage = TALK;
    if (input_editor(t->input) != NULL)
        editor_hide(input_editor(t->input)); /* an error may be printed now */
    int status = online_open(&t->online, &t->loop, t->crypto, t->call, &connection_events, t);
    if (status != 0) {
        over_with(t, status);
        return;
    }
    if (input_editor(t->input) != NULL) {
        prompt_show(t, prompt_talk);
        input_resume(t->input);
    } else {
        input_pause(t->input);
    }
}

static int code_fail(const struct cli_call *call, const struct code_problem *problem)
{
    struct cli_error error = {.err = SOTTO_E_VALUE,
                              .exit = 2,
                              .guess = problem->nearest,
                              .why = "nothing was sent, the code is still good",
                              .todo = "read the code again; it looks like 7-aardvark-zucchini"};
    if (problem->word[0] == '\0')
        return cli_failf(call, &error, "that is not a session code");
    return cli_failf(call, &error, "\"%s\" is not a word of a session code", problem->word);
}

/* Says what is wrong with a code at a prompt, where it can be typed again. */
static void code_complain(struct talk *t, const struct code_problem *problem)
{
    if (problem->word[0] == '\0')
        screen_note(&t->screen, '*',
                    "That is not a session code; it looks like 7-aardvark-zucchini");
    else if (problem->nearest != NULL)
        screen_note(&t->screen, '*', "\"%s\" is not a word of a code: did you mean %s?",
                    problem->word, problem->nearest);
    else
        screen_note(&t->screen, '*', "\"%s\" is not a word of a code; Tab completes words",
                    problem->word);
}

/* The words that leave, at every prompt. */
static bool line_leaves(view line)
{
    return view_equal(line, VIEW_LIT("exit")) || view_equal(line, VIEW_LIT("/end"));
}

static void code_take(struct talk *t, view line)
{
    struct room_code code = {0};
    struct code_problem problem = {0};
    if (line_leaves(line)) {
        over(t, END_SIGNAL);
        return;
    }
    sotto_err err = room_code_read(line, &code, &problem);
    if (err == SOTTO_OK)
        talk_begin(t, &code);
    else if (input_editor(t->input) != NULL && (line.len == 0 || !t->call->quiet))
        code_complain(t, &problem);
    else
        over_with(t, code_fail(t->call, &problem));
    room_code_clear(&code);
}

static void code_ask(struct talk *t)
{
    t->role = SESSION_JOIN;
    t->stage = ASK_CODE;
    if (t->call->operand_count == 0)
        prompt_show(t, prompt_code);
    input_resume(t->input);
}

static void role_take(struct talk *t, view line)
{
    char c = line.len == 1 ? (char)(line.data[0] | 0x20) : 0;
    if (line_leaves(line)) {
        over(t, END_SIGNAL);
    } else if (c == 'c') {
        t->role = SESSION_CREATE;
        talk_begin(t, NULL);
    } else if (c == 'j') {
        code_ask(t);
    } else if (input_editor(t->input) != NULL) {
        screen_note(&t->screen, '*', "Type C to create a session, or J to join one");
    } else {
        struct cli_error error = {.err = SOTTO_E_USAGE, .try = "sotto session new"};
        over_with(
            t, cli_fail(t->call,
                        (error.what = "answer C to create a session, or J to join one", &error)));
    }
}

static void help_show(struct talk *t)
{
    screen_note(&t->screen, ' ', "/end or exit, Ctrl-D, Ctrl-C   leave; the other side is told");
    screen_note(&t->screen, ' ', "/help                          this list");
    screen_note(&t->screen, ' ', "//text                         say a line that begins with /");
}

/* Says one line, in pieces if it is longer than a message may be. What is not UTF-8 becomes
 * U+FFFD. */
static void line_say(struct talk *t, view line)
{
    DEFER(buf_clear) sotto_buf text = {0};
    sotto_err err = cli_mend(line, &text);
    view rest = buf_view(&text);
    do {
        size_t len = text_cut(rest, CHANNEL_TEXT_MAX);
        err = err != SOTTO_OK ? err : session_say(t->session, view_of(rest.data, len), &t->effects);
        rest = view_of(rest.data + len, rest.len - len);
    } while (err == SOTTO_OK && rest.len > 0);
    if (err == SOTTO_E_FULL)
        screen_note(&t->screen, '*', "Too much waits already: this line was not kept");
    apply(t, err == SOTTO_E_NOMEM ? err : SOTTO_OK);
    if (t->end.kind == END_NONE && !t->end.secure && !t->held_told && err == SOTTO_OK) {
        t->held_told = true;
        screen_note(&t->screen, '*', "Held until the channel is secure");
    }
}

/* Lines that are commands. A pipe carries text, so that only the words that leave count there. */
static void talk_take(struct talk *t, view line)
{
    bool typed = person_types(t);
    if (line_leaves(line))
        leave(t);
    else if (typed && view_equal(line, VIEW_LIT("/help")))
        help_show(t);
    else if (typed && line.len > 1 && line.data[0] == '/' && line.data[1] == '/')
        line_say(t, view_of(line.data + 1, line.len - 1));
    else if (typed && line.len > 0 && line.data[0] == '/')
        screen_note(&t->screen, '*',
                    "No such command; /help lists them, //text says a line that begins with /");
    else if (!typed || line.len > 0)
        line_say(t, line);
}

static void on_line(void *user, view line)
{
    struct talk *t = user;
    if (t->end.kind != END_NONE)
        return;
    if (t->stage == ASK_ROLE)
        role_take(t, line);
    else if (t->stage == ASK_CODE)
        code_take(t, line);
    else
        talk_take(t, line);
    if (t->end.kind == END_NONE && t->end.secure && input_editor(t->input) == NULL &&
        t->online.connection != NULL && connection_waiting(t->online.connection) >= CONNECTION_HIGH)
        input_pause(t->input);
}

static void on_input_end(void *user)
{
    struct talk *t = user;
    if (t->end.kind != END_NONE)
        return;
    if (t->stage != TALK)
        over(t, isatty(STDIN_FILENO) == 1 ? END_SIGNAL
                : t->stage == ASK_ROLE    ? END_ROLE
                                          : END_INPUT);
    else if (isatty(STDIN_FILENO) == 1)
        leave(t);
    else
        apply(t, session_done(t->session, &t->effects));
}

static void words_list(unsigned first, unsigned last, sotto_buf *out)
{
    for (unsigned i = first; i <= last && i - first < SHOWN_MAX; i++)
        if (buf_append(out, view_str(code_word(i))) != SOTTO_OK ||
            buf_append(out, VIEW_LIT("  ")) != SOTTO_OK)
            return;
    if (buf_append(out, last - first >= SHOWN_MAX ? VIEW_LIT("…\n") : VIEW_LIT("\n")) != SOTTO_OK)
        buf_reset(out);
}

static void on_complete(void *user, view typed, sotto_buf *ret_insert, sotto_buf *ret_shown)
{
    struct talk *t = user;
    unsigned first, last;
    /* A pasted line may have a tab: it is text there. */
    if (t->stage == TALK && buf_append(ret_insert, VIEW_LIT("\t")) != SOTTO_OK)
        return;
    if (t->stage != ASK_CODE || code_complete(typed, ret_insert, &first, &last) != SOTTO_OK)
        return;
    if (first <= last)
        words_list(first, last, ret_shown);
}

static const struct editor_events input_events = {on_line, on_input_end, on_complete};

/* ---- signals ---- */

static void interrupt(struct talk *t)
{
    if (t->end.kind != END_NONE) {
        uv_stop(&t->loop);
    } else if (t->session != NULL && t->online.connection != NULL && t->stage == TALK) {
        leave(t);
        t->end.leaving = t->end.secure;
    } else {
        over(t, END_SIGNAL);
    }
}

static void on_signal(void *user, int number)
{
    struct talk *t = user;
    if (number == SIGTSTP)
        input_suspend(t->input);
    else if (number != SIGWINCH)
        interrupt(t);
    else if (t->end.kind == END_NONE && input_editor(t->input) != NULL)
        editor_resize(input_editor(t->input));
}

/* ---- the command ---- */

static int options_read(struct talk *t)
{
    const char *words = cli_value(t->call, "words"), *ttl = cli_value(t->call, "ttl");
    t->words = words != NULL ? (unsigned)(words[0] - '0') : CODE_WORDS_MIN;
    if (ttl == NULL || cli_duration_read(ttl, 1, TTL_MAX_S, &t->ttl_s) == SOTTO_OK)
        return 0;
    return cli_failf(t->call,
                     &(struct cli_error){.err = SOTTO_E_USAGE,
                                         .todo = "write a time such as 90s or 10m, up to 24h"},
                     "--ttl takes a time, not \"%.60s\"", ttl);
}

static int loop_open(struct talk *t)
{
    sotto_err err = crypto_new(&t->crypto);
    if (err == SOTTO_OK && uv_loop_init(&t->loop) != 0)
        err = SOTTO_E_NOMEM;
    if (err == SOTTO_OK)
        err = input_open(&t->loop, screen_is_edited(t->call), &input_events, t, &t->input);
    if (err != SOTTO_OK)
        return cli_fail(t->call, &(struct cli_error){.err = err});
    t->screen = screen_of(t->call, input_editor(t->input));
    uv_timer_init(&t->loop, &t->timer);
    t->timer.data = t;
    signals_start(&t->signals, &t->loop, on_signal, t);
    return 0;
}

static void talk_close(struct talk *t)
{
    uv_close((uv_handle_t *)&t->timer, NULL);
    signals_close(&t->signals);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    uv_loop_close(&t->loop);
    session_free(t->session);
    session_effects_clear(&t->effects);
    crypto_free(t->crypto);
    free(t);
}

/* Runs a talk whose first step is `begin`. */
static int talk_run(struct cli_call *call, void (*begin)(struct talk *t))
{
    struct talk *t = calloc(1, sizeof *t);
    if (t == NULL)
        return cli_fail(call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    t->call = call;
    int status = options_read(t);
    status = status != 0 ? status : loop_open(t);
    if (status != 0) {
        free(t);
        return status;
    }
    begin(t);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    signals_leave(&t->signals);
    t->screen.editor = NULL; /* the terminal is the user's again */
    status = ending_say(&t->end, &t->screen, &t->online);
    /* What still runs can't be stopped, and leaving main() would wait for its thread. */
    if (uv_loop_alive(&t->loop)) {
        fflush(NULL);
        quick_exit(status);
    }
    talk_close(t);
    return status;
}

static void begin_asking(struct talk *t)
{
    if (t->call->no_input) {
        over_with(
            t, cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_USAGE,
                                                     .what = "nothing may be asked, so say which",
                                                     .try = "sotto session new"}));
        return;
    }
    prompt_show(t, prompt_role);
    input_resume(t->input);
}

static void begin_new(struct talk *t)
{
    t->role = SESSION_CREATE;
    talk_begin(t, NULL);
}

/* The first line of a file, which holds a code and little else. */
static int code_file_read(const struct cli_call *call, const char *path, char *ret_line,
                          size_t size)
{
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(ret_line, (int)size, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (got)
        return 0;
    struct cli_error error = {.err = file == NULL ? SOTTO_E_IO : SOTTO_E_USAGE,
                              .todo = "name a file whose first line is the code"};
    return cli_failf(call, &error, file == NULL ? "cannot read %s" : "%s holds no code", path);
}

static void begin_from_file(struct talk *t, const char *path)
{
    char line[256];
    int status = code_file_read(t->call, path, line, sizeof line);
    t->role = SESSION_JOIN;
    if (status != 0)
        over_with(t, status);
    else
        code_take(t, view_of(line, strcspn(line, "\r\n")));
    ct_wipe(line, sizeof line);
}

static void begin_join(struct talk *t)
{
    const char *file = cli_value(t->call, "code-file");
    bool from_stdin = t->call->operand_count > 0;
    if (file != NULL)
        begin_from_file(t, file);
    else if (from_stdin || !t->call->no_input || isatty(STDIN_FILENO) != 1)
        code_ask(t);
    else
        over_with(t, cli_fail(t->call, &(struct cli_error){
                                           .err = SOTTO_E_USAGE,
                                           .what = "no code was given, and nothing may be asked",
                                           .todo = "pipe the code in, or use --code-file"}));
}

static int run_session(struct cli_call *call)
{
    return talk_run(call, begin_asking);
}

static int run_new(struct cli_call *call)
{
    return talk_run(call, begin_new);
}

static int run_join(struct cli_call *call)
{
    if (call->operand_count > 0 && strcmp(call->operands[0], "-") != 0)
        return cli_fail(
            call, &(struct cli_error){.err = SOTTO_E_USAGE,
                                      .what = "a code is never given on the command line",
                                      .why = "other users of this machine could read it there",
                                      .try = "sotto session join",
                                      .todo = "type the code at the prompt"});
    return talk_run(call, begin_join);
}

static const struct cli_option new_options[] = {
    {"words", 0, "2|3",
     "how many words the code gets; each one makes it a thousand times harder to guess"},
    {"ttl", 0, "TIME",
     "how long the code can be used, such as 90s or 10m; the server allows 10 minutes"},
    {0},
};

static const struct cli_option join_options[] = {
    {"code-file", 0, "FILE", "read the code from the first line of a file"},
    {0},
};

const struct cli_command session_commands[] = {
    {"session", NULL, 0, 0, "talk with one other person, by a spoken code",
     "Asks whether to create a session or to join one. The creator reads the code out to the other "
     "person, on the phone or across the "
     "table; the server cannot read what is said, and keeps nothing.\n\n"
     "While talking: /end, exit, Ctrl-D and Ctrl-C leave and tell the other side; /help lists what "
     "else can be typed. What is typed "
     "before the channel is secure is held until then.",
     new_options, run_session},
    {"session new", NULL, 0, 0, "create a session and show its code",
     "The code works once. A wrong code destroys it, for both sides; make a new one then.\n\n"
     "Where standard output is no terminal, the code is its first line, alone.\n\n"
     "  sotto session new\n"
     "  sotto session new --words 3 < file > answers",
     new_options, run_new},
    {"session join", "[-]", 0, 1, "join a session by its code",
     "Asks for the code; Tab completes its words, and a mistyped word is noticed before the code "
     "is used up. With - the code is the "
     "first line of standard input. A code is never an argument, since others could see it in the "
     "list of processes.\n\n"
     "Standard input that is no terminal waits until the channel is secure; its end means that "
     "nothing more will be said, and what the "
     "other side says still comes.\n\n"
     "  sotto session join\n"
     "  sotto session join --code-file code < in > out",
     join_options, run_join},
    {0},
};
