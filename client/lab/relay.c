#include "lab/relay.h"

#include <stdlib.h>

#include "cli/commands.h"
#include "cli/online.h"
#include "lab/options.h"
#include "lab/parse.h"
#include "proto/proto.h"

struct relay {
    struct talk *talk;
    struct online online;
    uint32_t request; /* the last request's id */
    bool open;        /* we sit in the room */
};

static const struct connection_events relay_events;

/* --- the code --- */

static int fail_code(const struct talk *t)
{
    return cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_VALUE,
                                                 .exit = 2,
                                                 .what = "that is not a code of the lab",
                                                 .todo = "it looks like 7-x25519-hkdf-aes256gcm"});
}

static int code_take(struct talk *t, view line, bool again)
{
    uint32_t slot = 0;
    const struct lab_suite *found = NULL;
    sotto_err err = parse_code(line, &slot, &found);
    if (err != SOTTO_OK && again) {
        screen_note(&t->screen, '*',
                    "That is not a code of the lab; it looks like 7-x25519-hkdf-aes256gcm");
        return 0;
    }
    if (err != SOTTO_OK)
        return fail_code(t);
    t->slot = slot;
    t->config.suite = found;
    return options_keys(t);
}

/* The suite comes with the code, and so do the options that depend on it. */
static int join_prepare(struct talk *t)
{
    const char *path = cli_value(t->call, "code-file"), *psk = cli_value(t->call, "psk-file");
    char line[256];
    t->psk_asked = psk != NULL && strcmp(psk, "-") == 0;
    if (t->call->operand_count > 0 && strcmp(t->call->operands[0], "-") != 0)
        return cli_fail(t->call,
                        &(struct cli_error){.err = SOTTO_E_USAGE,
                                            .what = "a code is never given on the command line",
                                            .try = "sotto lab join",
                                            .todo = "type the code at the prompt"});
    if (path == NULL)
        return 0;
    FILE *file = fopen(path, "re");
    bool got = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!got)
        return cli_failf(t->call,
                         &(struct cli_error){.err = SOTTO_E_IO,
                                             .todo = "name a file whose first line is the code"},
                         "cannot read a code from %.200s", path);
    return code_take(t, view_str(line), false);
}

/* --- sending --- */

static void frame_send(struct relay *r, sotto_err err, const sotto_buf *frame)
{
    if (err != SOTTO_OK) {
        talk_fail(r->talk, cli_fail(r->talk->call, &(struct cli_error){.err = err}));
        return;
    }
    if (r->online.connection != NULL)
        connection_send(r->online.connection, buf_view(frame), &frame->len, 1);
}

static void room_open(struct relay *r)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_room_open open = {.kind = ROOM_LAB,
                                   .suite = view_str(lab_suite_name(r->talk->config.suite))};
    frame_send(r, proto_room_open_write(++r->request, &open, &frame), &frame);
}

static void room_join(struct relay *r)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_room_join join = {.kind = ROOM_LAB, .slot = r->talk->slot};
    frame_send(r, proto_room_join_write(++r->request, &join, &frame), &frame);
}

static void wire_send(struct talk *t, view message)
{
    struct relay *r = t->wire_state;
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_room_data data = {.slot = t->slot, .data = message};
    if (r->open)
        frame_send(r, proto_room_send_write(++r->request, &data, &frame), &frame);
}

static size_t wire_waiting(const struct talk *t)
{
    const struct relay *r = t->wire_state;
    return r->online.connection != NULL ? connection_waiting(r->online.connection) : 0;
}

static void wire_close(struct talk *t)
{
    struct relay *r = t->wire_state;
    DEFER(buf_clear) sotto_buf frame = {0};
    struct proto_room_end_msg end = {.slot = t->slot, .reason = ROOM_END_LEFT};
    if (r->online.connection == NULL)
        return;
    if (r->open && proto_room_close_write(++r->request, &end, &frame) == SOTTO_OK)
        connection_send(r->online.connection, buf_view(&frame), &frame.len, 1);
    connection_close(r->online.connection);
}

/* --- what the server says --- */

static void code_show(const struct relay *r, uint32_t ttl_s)
{
    struct talk *t = r->talk;
    const char *server = r->online.address.text;
    bool usual = strcmp(server, "127.0.0.1:5000") == 0;
    const char *suite = lab_suite_name(t->config.suite);
    struct editor *editor = input_editor(t->input);
    struct cli_json j;
    if (t->call->json) {
        char code[128];
        snprintf(code, sizeof code, "%u-%s", (unsigned)t->slot, suite);
        j = cli_json_begin(stdout);
        cli_json_string(&j, "code", code);
        cli_json_number(&j, "v", 1);
        cli_json_string(&j, "type", "code");
        cli_json_number(&j, "expiresIn", ttl_s);
        screen_json_end(&t->screen, &j);
        return;
    }
    if (editor != NULL)
        editor_hide(editor);
    printf("%s%u-%s\n", t->screen.terminal && !t->call->quiet ? "[+] Lab code: " : "",
           (unsigned)t->slot, suite);
    t->screen.failed = fflush(stdout) != 0;
    if (editor != NULL)
        editor_show(editor);
    screen_note(&t->screen, ' ', "expires in %u:%02u; the other side runs: sotto lab join%s%s",
                (unsigned)(ttl_s / 60), (unsigned)(ttl_s % 60), usual ? "" : " --server ",
                usual ? "" : server);
    screen_note(&t->screen, '*', "Waiting… (Ctrl-C cancels)");
}

static sotto_err on_opened(struct relay *r, view body)
{
    struct proto_room_opened opened;
    TRY(proto_room_opened_read(body, &opened));
    r->open = true;
    r->talk->slot = opened.slot;
    talk_wait(r->talk, ((uint64_t)opened.join_ttl_s + 5) * 1000);
    code_show(r, opened.join_ttl_s);
    return SOTTO_OK;
}

static int fail_other_suite(const struct talk *t)
{
    return cli_fail(t->call,
                    &(struct cli_error){.err = SOTTO_E_UNSUPPORTED,
                                        .exit = 3,
                                        .what = "the room has another suite than the code says",
                                        .why = "the code was mistyped, or the server lies",
                                        .todo = "ask the other side for the code again"});
}

static sotto_err on_joined(struct relay *r, view body)
{
    struct proto_room_joined joined;
    TRY(proto_room_joined_read(body, &joined));
    r->open = true;
    if (!view_equal(joined.suite, view_str(lab_suite_name(r->talk->config.suite))))
        talk_fail(r->talk, fail_other_suite(r->talk));
    else
        talk_up(r->talk);
    return SOTTO_OK;
}

static sotto_err on_peer(struct relay *r, view body)
{
    uint32_t slot;
    TRY(proto_room_peer_read(body, &slot));
    screen_note(&r->talk->screen, '*', "Somebody joined");
    talk_up(r->talk);
    return SOTTO_OK;
}

static sotto_err on_data(struct relay *r, view body)
{
    struct proto_room_data data;
    TRY(proto_room_data_read(body, &data));
    if (data.slot == r->talk->slot)
        talk_message(r->talk, data.data);
    return SOTTO_OK;
}

static sotto_err on_closed(struct relay *r, view body)
{
    static const struct {
        sotto_err err;
        const char *text;
    } ends[] = {
        [ROOM_END_LEFT] = {SOTTO_E_CLOSED, "it left the room"},
        [ROOM_END_LOST] = {SOTTO_E_NET, "its connection broke"},
        [ROOM_END_EXPIRED] = {SOTTO_E_EXPIRED, "the room's time is over"},
        [ROOM_END_CODE] = {SOTTO_E_CLOSED, "it refused"},
        [ROOM_END_SERVER] = {SOTTO_E_NET, "the server stops"},
        [ROOM_END_SLOW] = {SOTTO_E_SLOW, "it read too slowly"},
    };
    struct proto_room_end_msg end;
    TRY(proto_room_closed_read(body, &end));
    r->open = false;
    if (end.reason >= COUNT_OF(ends) || ends[end.reason].text == NULL)
        return SOTTO_E_VALUE;
    talk_broken(r->talk, ends[end.reason].err, ends[end.reason].text);
    return SOTTO_OK;
}

static int fail_by_server(struct relay *r, const struct proto_error *error)
{
    struct cli_call *call = r->talk->call;
    sotto_err err = (sotto_err)error->code;
    if (err == SOTTO_E_NOTFOUND)
        return cli_fail(call,
                        &(struct cli_error){.err = err,
                                            .what = "no lab room waits under this code",
                                            .why = "it was mistyped, or the room has ended, or "
                                                   "it is on another server",
                                            .try = "sotto lab new"});
    if (err == SOTTO_E_TAKEN || err == SOTTO_E_EXPIRED)
        return cli_fail(call, &(struct cli_error){.err = err, .try = "sotto lab new"});
    struct connection_end end = {.err = err, .was_ready = true, .retry_ms = error->retry_ms};
    snprintf(end.detail, sizeof end.detail, "%.*s", (int)error->detail.len,
             error->detail.len > 0 ? (const char *)error->detail.data : "");
    return online_fail(&r->online, &end);
}

static sotto_err on_error(struct relay *r, view body)
{
    struct proto_error error;
    TRY(proto_error_read(body, &error));
    if (r->talk->end == TALK_NONE)
        talk_fail(r->talk, fail_by_server(r, &error));
    return SOTTO_OK;
}

static sotto_err frame_take(struct relay *r, view bytes)
{
    struct proto_frame frame;
    TRY(proto_frame_read(bytes, &frame));
    switch (frame.kind) {
    case PROTO_ROOM_OPENED:
        return on_opened(r, frame.body);
    case PROTO_ROOM_JOINED:
        return on_joined(r, frame.body);
    case PROTO_ROOM_PEER:
        return on_peer(r, frame.body);
    case PROTO_ROOM_DATA:
        return on_data(r, frame.body);
    case PROTO_ROOM_CLOSED:
        return on_closed(r, frame.body);
    case PROTO_ERROR:
    case PROTO_BYE: /* the same fields */
        return on_error(r, frame.body);
    case PROTO_OK:
        return SOTTO_OK;
    default:
        return SOTTO_E_UNEXPECTED;
    }
}

static void on_frame(void *user, view bytes)
{
    struct relay *r = user;
    if (r->talk->end != TALK_NONE)
        return;
    sotto_err err = frame_take(r, bytes);
    if (err != SOTTO_OK && r->talk->end == TALK_NONE)
        talk_fail(r->talk,
                  cli_failf(r->talk->call, &(struct cli_error){.err = err, .exit = 3},
                            "the server does not keep to the protocol (%s)", sotto_err_text(err)));
}

/* --- the connection --- */

static sotto_err on_connected(void *user, const uint8_t pin[X509_PIN])
{
    struct relay *r = user;
    struct talk *t = r->talk;
    (void)pin;
    screen_note(&t->screen, '+', "Connected to %s (%s)", r->online.address.text,
                r->online.new_pin ? "first contact, key pinned" : "key pinned");
    talk_wait(t, r->online.timeout_ms);
    if (t->wire == &relay_new_wire)
        room_open(r);
    else
        room_join(r);
    return SOTTO_OK;
}

static void on_drained(void *user)
{
    struct relay *r = user;
    talk_drained(r->talk);
}

static void on_ended(void *user, const struct connection_end *end)
{
    struct relay *r = user;
    struct talk *t = r->talk;
    if (t->end == TALK_NONE)
        talk_fail(t, online_fail(&r->online, end));
    t->wire_state = NULL;
    talk_down(t, end->err, "");
    free(r);
}

static const struct connection_events relay_events = {on_connected, on_frame, on_drained, on_ended};

static int wire_open(struct talk *t)
{
    struct relay *r = calloc(1, sizeof *r);
    if (r == NULL)
        return cli_fail(t->call, &(struct cli_error){.err = SOTTO_E_NOMEM});
    r->talk = t;
    t->wire_state = r;
    int status = online_open(&r->online, &t->loop, t->crypto, t->call, &relay_events, r);
    if (status == 0)
        return 0;
    t->wire_state = NULL;
    free(r);
    return status;
}

const struct wire relay_new_wire = {
    .prepare = options_keys,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_waiting,
};
const struct wire relay_join_wire = {
    .prepare = join_prepare,
    .code_take = code_take,
    .open = wire_open,
    .send = wire_send,
    .close = wire_close,
    .waiting = wire_waiting,
};
