#include "lab/talk.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ct.h"
#include "base/text.h"
#include "cli/commands.h"
#include "crypto/rng.h"
#include "engine/complete.h"
#include "lab/options.h"
#include "lab/parse.h"

/* Whatever ends it first is kept in `end`; everything is closed then, and the last words are said when the loop has run out
 * and the terminal is the user's again.
 *
 * Leaving is said by both sides, so that neither takes a cut line for an end: who leaves waits for the other's answer. A pipe
 * that is told to leave gives what it still has at hand first, for at most PIPE_MAX_MS. */

#define HANDSHAKE_MS 30000 /* for the other side's next message of the handshake */
#define LEAVE_MS     10000 /* for the other side to leave too */
#define PIPE_IDLE_MS 300   /* a pipe that gives nothing for so long has nothing at hand */
#define PIPE_MAX_MS  5000
#define HELD_MAX     65536 /* bytes typed before the other side is there */

/* --- the end --- */

static void over(struct talk *t, enum talk_end end)
{
    if (t->end != TALK_NONE)
        return;
    t->end = end;
    if (t->stage == TALK_LINES && input_editor(t->input) != NULL &&
        editor_keep(input_editor(t->input)))
        t->line_unsent = true;
    input_close(t->input);
    uv_close((uv_handle_t *)&t->timer, NULL);
    signals_end(&t->signals);
    if (t->wire_state != NULL && !t->wire_down)
        t->wire->close(t);
}

void talk_fail(struct talk *t, int status)
{
    t->status = status;
    over(t, TALK_STATUS);
}

static void on_timer(uv_timer_t *timer);

void talk_wait(struct talk *t, uint64_t ms)
{
    if (t->end != TALK_NONE)
        return;
    if (ms == 0)
        uv_timer_stop(&t->timer);
    else
        uv_timer_start(&t->timer, on_timer, ms, 0);
}

/* --- leaving --- */

static void finish_if_both_left(struct talk *t)
{
    if (t->left && t->peer_left)
        over(t, TALK_SUCCESS);
}

static void leave(struct talk *t)
{
    DEFER(buf_clear) sotto_buf out = {0};
    if (t->left || t->end != TALK_NONE)
        return;
    if (!t->ready) {
        over(t, TALK_SIGNAL);
        return;
    }
    sotto_err err = lab_leave(t->lab, &out);
    if (err != SOTTO_OK) {
        talk_fail(t, cli_fail(t->call, &(struct cli_error){.err = err}));
        return;
    }
    t->left = true;
    t->wire->send(t, buf_view(&out));
    input_pause(t->input);
    talk_wait(t, LEAVE_MS);
    finish_if_both_left(t);
}

/* The other side leaves. A terminal leaves too; a pipe gives what is at hand. */
static void on_peer_left(struct talk *t)
{
    t->peer_left = true;
    if (t->left) {
        finish_if_both_left(t);
        return;
    }
    screen_note(&t->screen, '*', "The other side leaves");
    if (input_editor(t->input) != NULL) {
        leave(t);
        return;
    }
    t->pipe_until = uv_now(&t->loop) + PIPE_MAX_MS;
    talk_wait(t, PIPE_IDLE_MS);
}

static void on_timer(uv_timer_t *timer)
{
    struct talk *t = timer->data;
    if (t->peer_left && !t->left)
        leave(t);
    else
        over(t, TALK_SILENT);
}

/* --- what the other side sends --- */

static void ready_show(struct talk *t)
{
    DEFER(buf_clear) sotto_buf hex = {0};
    view fingerprint =
        lab_fingerprint(t->lab, t->config.role == LAB_DIALER ? LAB_LISTENER : LAB_DIALER);
    view own = lab_fingerprint(t->lab, t->config.role);
    struct cli_json j;
    if (screen_json(&t->screen, "established", &j)) {
        cli_json_string(&j, "suite", lab_suite_name(t->config.suite));
        screen_json_end(&t->screen, &j);
    }
    screen_note(&t->screen, '+', "Established: %s%s", lab_suite_name(t->config.suite),
                t->config.psk != NULL ? ", with a shared key instead of the exchange" : "");
    if (hex_write(lab_transcript(t->lab), &hex) == SOTTO_OK)
        screen_note(&t->screen, ' ', "transcript   %.*s", 32, (const char *)hex.data);
    buf_reset(&hex);
    if (own.len > 0 && hex_write(own, &hex) == SOTTO_OK)
        screen_note(&t->screen, ' ', "your key     %.*s", (int)hex.len, (const char *)hex.data);
    buf_reset(&hex);
    if (fingerprint.len > 0 && hex_write(fingerprint, &hex) == SOTTO_OK)
        screen_note(&t->screen, ' ', "their key    %.*s%s", (int)hex.len, (const char *)hex.data,
                    t->config.peer.len > 0 ? " (as expected)" : "");
    if (input_editor(t->input) != NULL)
        screen_note(&t->screen, ' ', "exit, /end or Ctrl-D leaves");
}

static void line_take(struct talk *t, view line);

static void held_say(struct talk *t)
{
    view rest = buf_view(&t->held);
    while (rest.len > 0 && t->end == TALK_NONE && !t->left) {
        const uint8_t *feed = memchr(rest.data, '\n', rest.len);
        size_t len = (size_t)(feed - rest.data);
        line_take(t, view_of(rest.data, len));
        rest = view_of(rest.data + len + 1, rest.len - len - 1);
    }
    buf_reset(&t->held);
}

static void on_ready(struct talk *t)
{
    t->ready = true;
    talk_wait(t, 0);
    ready_show(t);
    held_say(t);
    if (t->end == TALK_NONE && !t->left)
        input_resume(t->input);
}

void talk_message(struct talk *t, view message)
{
    DEFER(buf_clear) sotto_buf answer = {0};
    struct lab_event event;
    if (t->end != TALK_NONE || t->lab == NULL)
        return;
    sotto_err err = lab_receive(t->lab, message, &answer, &event);
    if (err != SOTTO_OK) {
        t->err = err;
        over(t, TALK_REFUSED);
        return;
    }
    if (answer.len > 0)
        t->wire->send(t, buf_view(&answer));
    if (!t->ready)
        talk_wait(t, HANDSHAKE_MS);
    if (event.kind == LAB_EVENT_READY)
        on_ready(t);
    else if (event.kind == LAB_EVENT_TEXT)
        screen_message(&t->screen, event.text);
    else if (event.kind == LAB_EVENT_LEFT)
        on_peer_left(t);
    if (t->screen.failed)
        over(t, TALK_OUTPUT);
}

void talk_up(struct talk *t)
{
    uint8_t seed[LAB_SEED];
    DEFER(buf_clear) sotto_buf out = {0};
    random_bytes(seed, sizeof seed);
    sotto_err err = lab_new(t->crypto, &t->config, seed, &t->lab);
    ct_wipe(seed, sizeof seed);
    if (err == SOTTO_OK)
        err = lab_begin(t->lab, &out);
    if (err != SOTTO_OK) {
        talk_fail(t, cli_fail(t->call, &(struct cli_error){.err = err}));
        return;
    }
    if (out.len > 0)
        t->wire->send(t, buf_view(&out));
    talk_wait(t, HANDSHAKE_MS);
}

void talk_drained(struct talk *t)
{
    if (t->end == TALK_NONE && t->ready && !t->left)
        input_resume(t->input);
}

void talk_broken(struct talk *t, sotto_err err, const char *detail)
{
    if (t->end != TALK_NONE)
        return;
    t->err = err;
    snprintf(t->detail, sizeof t->detail, "%s", detail);
    over(t, TALK_BROKEN);
}

void talk_down(struct talk *t, sotto_err err, const char *detail)
{
    t->wire_down = true;
    talk_broken(t, err, detail);
}

/* --- what the user says --- */

static void prompt_show(struct talk *t, const char *prompt)
{
    if (input_editor(t->input) != NULL)
        editor_prompt(input_editor(t->input), prompt);
    else
        screen_ask(&t->screen, prompt);
}

static void line_send(struct talk *t, view line)
{
    DEFER(buf_clear) sotto_buf out = {0};
    sotto_err err = lab_say(t->lab, line, &out);
    if (err != SOTTO_OK) {
        talk_fail(t, cli_fail(t->call, &(struct cli_error){.err = err}));
        return;
    }
    t->wire->send(t, buf_view(&out));
}

/* A line that was mended can be longer than it was: what doesn't fit goes into the next message. */
static void line_say(struct talk *t, view line)
{
    DEFER(buf_clear) sotto_buf text = {0};
    if (cli_mend(line, &text) != SOTTO_OK) {
        talk_fail(t, cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_NOMEM}));
        return;
    }
    view rest = buf_view(&text);
    do {
        size_t len = text_cut(rest, LAB_TEXT_MAX);
        line_send(t, view_of(rest.data, len));
        rest = view_of(rest.data + len, rest.len - len);
    } while (t->end == TALK_NONE && rest.len > 0);
}

/* A terminal is read before the other side is there; what is typed then waits. */
static void line_hold(struct talk *t, view line)
{
    bool fits = t->held.len + line.len < HELD_MAX && memchr(line.data, '\n', line.len) == NULL;
    if (!fits || buf_append(&t->held, line) != SOTTO_OK ||
        buf_append(&t->held, VIEW_LIT("\n")) != SOTTO_OK)
        screen_note(&t->screen, '*', "Too much waits already: this line was not kept");
    else
        screen_note(&t->screen, '*', "Held until the other side is there");
}

/* The words that leave, at every prompt. */
static bool line_leaves(view line)
{
    return view_equal(line, VIEW_LIT("exit")) || view_equal(line, VIEW_LIT("/end"));
}

static void line_take(struct talk *t, view line)
{
    bool typed = input_editor(t->input) != NULL;
    if (line_leaves(line))
        leave(t);
    else if (!t->ready && line.len > 0)
        line_hold(t, line);
    else if (!typed || line.len > 0)
        line_say(t, line);
    if (t->end != TALK_NONE || t->left)
        return;
    if (t->peer_left && uv_now(&t->loop) < t->pipe_until)
        talk_wait(t, PIPE_IDLE_MS);
    if (!typed && !t->wire_down && t->wire->waiting(t) >= WIRE_HIGH)
        input_pause(t->input);
}

/* All is known: on to the wire. A pipe waits until the other side is there. */
static void wire_open(struct talk *t)
{
    t->stage = TALK_LINES;
    input_pause(t->input);
    if (input_editor(t->input) != NULL) {
        prompt_show(t, "[You]: ");
        input_resume(t->input);
    }
    int status = t->wire->open(t);
    if (status != 0)
        talk_fail(t, status);
}

static void code_stage(struct talk *t);

static void psk_take(struct talk *t, view line)
{
    if (parse_psk(line, &t->psk) == SOTTO_OK) {
        code_stage(t);
        return;
    }
    if (input_editor(t->input) != NULL)
        screen_note(&t->screen, '*', "That is not a shared key: 64 hexadecimal digits");
    else
        talk_fail(t, cli_fail(t->call, &(struct cli_error){
                                           .err = SOTTO_E_VALUE,
                                           .exit = 2,
                                           .what = "that is not a shared key",
                                           .todo = "give 64 hexadecimal digits, as `sotto lab "
                                                   "keygen` shows them"}));
}

/* The code of a relay's room is asked for if the wire wants one and it isn't there yet. */
static void code_stage(struct talk *t)
{
    if (t->wire->code_take == NULL || t->slot != 0) {
        wire_open(t);
        return;
    }
    t->stage = TALK_CODE;
    if (t->call->operand_count == 0)
        prompt_show(t, "Code: ");
    input_resume(t->input);
}

static void code_take(struct talk *t, view line)
{
    int status = t->wire->code_take(t, line, input_editor(t->input) != NULL);
    if (status != 0)
        talk_fail(t, status);
    else if (t->slot != 0)
        wire_open(t);
}

static void on_line(void *user, view line)
{
    struct talk *t = user;
    if (t->end != TALK_NONE)
        return;
    if (t->stage != TALK_LINES && line_leaves(line))
        over(t, TALK_SIGNAL);
    else if (t->stage == TALK_PSK)
        psk_take(t, line);
    else if (t->stage == TALK_CODE)
        code_take(t, line);
    else
        line_take(t, line);
}

static void on_input_end(void *user)
{
    struct talk *t = user;
    if (t->end != TALK_NONE)
        return;
    const char *what = t->stage == TALK_CODE ? "the input ended before a code came"
                                             : "the input ended before a shared key came";
    struct cli_error error = {
        .err = SOTTO_E_USAGE, .what = what, .todo = "give it as the first line, or in a file"};
    if (t->stage == TALK_LINES)
        leave(t);
    else if (isatty(STDIN_FILENO) == 1)
        over(t, TALK_SIGNAL);
    else
        talk_fail(t, cli_fail(t->call, &error));
}

/* A pasted line may have a tab: it is text. */
static void on_complete(void *user, view typed, sotto_buf *ret_insert, sotto_buf *ret_shown)
{
    const struct talk *t = user;
    (void)typed;
    (void)ret_shown;
    if (t->stage == TALK_LINES && buf_append(ret_insert, VIEW_LIT("\t")) != SOTTO_OK)
        buf_reset(ret_insert);
}

static const struct editor_events input_events = {on_line, on_input_end, on_complete};

/* --- signals --- */

static void interrupt(struct talk *t)
{
    if (t->end != TALK_NONE)
        uv_stop(&t->loop);
    else if (t->left)
        over(t, TALK_SIGNAL); /* twice: doesn't want to wait for the other side */
    else
        leave(t);
}

static void on_signal(void *user, int number)
{
    struct talk *t = user;
    if (number == SIGTSTP)
        input_suspend(t->input);
    else if (number != SIGWINCH)
        interrupt(t);
    else if (t->end == TALK_NONE && input_editor(t->input) != NULL)
        editor_resize(input_editor(t->input));
}

/* --- the last words --- */

static int success(struct talk *t)
{
    struct cli_json j;
    if (screen_json(&t->screen, "ended", &j)) {
        cli_json_string(&j, "result", "SUCCESS");
        screen_json_end(&t->screen, &j);
        return 0;
    }
    printf("SUCCESS\n");
    return fflush(stdout) == 0 ? 0 : cli_exit_status(SOTTO_E_IO);
}

static int fail_refused(const struct talk *t)
{
    struct cli_error error = {
        .err = t->err,
        .exit = sotto_err_class_of(t->err) == SOTTO_CLASS_AUTH ? 4 : 3,
        .why = t->ready ? "something on the way changed, repeated or moved it"
                        : "the other side has other settings or keys, or someone is in the middle",
        .todo = t->ready ? "begin anew" : "compare suite and keys of both sides, then begin anew"};
    return cli_failf(t->call, &error, "%s was refused: %s (%s)",
                     t->ready ? "a message" : "the handshake", sotto_err_text(t->err),
                     lab_check(t->lab));
}

static int fail_broken(const struct talk *t)
{
    struct cli_error error = {
        .err = t->err == SOTTO_OK ? SOTTO_E_CLOSED : t->err,
        .exit = 3,
        .why = t->ready ? "it did not leave as the suite has it: the end may have been cut off"
                        : "it refused our keys or settings, or it was stopped",
        .todo = "look at the other side, then begin anew"};
    return cli_failf(t->call, &error, "the other side is gone%s%s%s",
                     t->detail[0] != '\0' ? " (" : "", t->detail, t->detail[0] != '\0' ? ")" : "");
}

static int last_words(struct talk *t)
{
    t->screen.editor = NULL; /* the terminal is the user's again */
    t->call->error_begins = NULL;
    if (t->line_unsent)
        screen_note(&t->screen, '*', "The line being typed was not sent");
    switch (t->end) {
    case TALK_SUCCESS:
        return success(t);
    case TALK_OUTPUT:
        return cli_fail(t->call,
                        &(struct cli_error){.err = SOTTO_E_IO, .what = "cannot write the output"});
    case TALK_REFUSED:
        return fail_refused(t);
    case TALK_BROKEN:
        return fail_broken(t);
    case TALK_SILENT:
        return cli_fail(t->call,
                        &(struct cli_error){.err = SOTTO_E_TIMEOUT,
                                            .what = "the other side did not answer in time",
                                            .todo = "look at the other side, then begin anew"});
    case TALK_STATUS:
        return t->status;
    default:
        return cli_exit_status(SOTTO_E_INTERRUPTED);
    }
}

/* --- the run --- */

/* Errors end the conversation: what was being typed is kept for over() to tell. */
static void on_error_begins(void *user)
{
    struct talk *t = user;
    struct editor *editor = t->end == TALK_NONE ? input_editor(t->input) : NULL;
    if (editor == NULL)
        return;
    t->line_unsent = editor_keep(editor) && t->stage == TALK_LINES;
    editor_hide(editor);
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
    t->call->error_begins = on_error_begins;
    t->call->error_user = t;
    uv_timer_init(&t->loop, &t->timer);
    t->timer.data = t;
    signals_start(&t->signals, &t->loop, on_signal, t);
    return 0;
}

static void talk_begin(struct talk *t)
{
    if (!t->psk_asked) {
        code_stage(t);
        return;
    }
    t->stage = TALK_PSK;
    prompt_show(t, "Shared key: ");
    input_resume(t->input);
}

static void talk_clear(struct talk *t)
{
    lab_free(t->lab);
    crypto_free(t->crypto);
    secret_clear(&t->psk);
    buf_clear(&t->identity);
    buf_clear(&t->held);
}

static int options_read(struct talk *t, enum lab_role role)
{
    t->config.role = role;
    int status = server_timeout_get(t->call, &t->timeout_ms);
    status = status != 0 ? status : options_explain(t);
    status = status != 0 ? status : options_suite(t->call, t->wire->suite, &t->config.suite);
    return status != 0 ? status : t->wire->prepare(t);
}

static int talk_loop(struct talk *t)
{
    int status = loop_open(t);
    if (status != 0)
        return status;
    talk_begin(t);
    uv_run(&t->loop, UV_RUN_DEFAULT);
    signals_leave(&t->signals);
    status = last_words(t);
    if (uv_loop_alive(&t->loop) == 0) {
        signals_close(&t->signals);
        uv_run(&t->loop, UV_RUN_DEFAULT);
        uv_loop_close(&t->loop);
    }
    return status;
}

int talk_run(struct cli_call *call, enum lab_role role, const struct wire *wire)
{
    struct talk *t = calloc(1, sizeof *t);
    if (t == NULL)
        return cli_fail(call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    t->call = call;
    t->wire = wire;
    int status = options_read(t, role);
    status = status != 0 ? status : talk_loop(t);
    talk_clear(t);
    free(t);
    return status;
}
