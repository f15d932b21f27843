/* A gateway that says anything: behind a good upgrade, the input's bytes, once at a stroke and once in pieces (the first byte is their
 * size): the events are the same. A message is one that we could have sent; what we say is always whole frames of masked text. */
#include "fuzz.h"

#include "lab/meet.h"

struct outcome {
    sotto_err err;
    unsigned events[MEET_REFUSED + 1];
    sotto_buf said, messages;
    enum meet_state state;
};

static void message_holds(const sotto_buf *bytes)
{
    HOLDS(bytes->len > 0 && bytes->len <= LAB_MESSAGE_MAX);
    HOLDS(bytes->data[0] >= 1 && bytes->data[0] <= 3);
}

static void events_take(struct meet *m, struct outcome *o)
{
    struct meet_event event = {.kind = MEET_SEATED};
    sotto_buf bytes = {0};
    while (o->err == SOTTO_OK && event.kind != MEET_NONE) {
        o->err = meet_next(m, &o->said, &event, &bytes);
        if (o->err != SOTTO_OK)
            break;
        o->events[event.kind] += event.kind != MEET_NONE;
        HOLDS(memchr(event.text, 0, sizeof event.text) != NULL);
        if (event.kind != MEET_MESSAGE)
            continue;
        message_holds(&bytes);
        HOLDS(buf_append(&o->messages, buf_view(&bytes)) == SOTTO_OK);
    }
    buf_clear(&bytes);
}

static void said_holds(sotto_buf *said)
{
    struct ws_reader reader = {.role = WS_SERVER, .text = true, .message_max = UINT32_MAX};
    struct ws_frame frame;
    size_t len, need;
    for (size_t at = 0; at < said->len; at += len) {
        HOLDS(ws_frame_read(&reader, said->data + at, said->len - at, &frame, &len, &need) ==
              SOTTO_OK);
        HOLDS(len > 0);
    }
}

static struct outcome run(view input, size_t step)
{
    static const uint8_t seed[RNG_SEED] = {3};
    struct outcome o = {0};
    struct meet m;
    sotto_buf request = {0};
    char answer[256];
    HOLDS(meet_begin(&m, "127.0.0.1:5001", "lab", seed, &request) == SOTTO_OK);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       m.accept);
    HOLDS(meet_feed(&m, view_of(answer, (size_t)len)) == SOTTO_OK);
    while (input.len > 0 && o.err == SOTTO_OK) {
        HOLDS(meet_feed(&m, fuzz_bytes(&input, step)) == SOTTO_OK);
        events_take(&m, &o);
    }
    o.state = m.state;
    said_holds(&o.said);
    buf_clear(&request);
    meet_clear(&m);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = view_of(data, size);
    size_t step = 1 + (size_t)fuzz_u8(&input);
    struct outcome whole = run(input, size + 1), pieces = run(input, step);
    HOLDS(whole.err == pieces.err && whole.state == pieces.state);
    HOLDS(memcmp(whole.events, pieces.events, sizeof whole.events) == 0);
    HOLDS(view_equal(buf_view(&whole.said), buf_view(&pieces.said)));
    HOLDS(view_equal(buf_view(&whole.messages), buf_view(&pieces.messages)));
    buf_clear(&whole.said);
    buf_clear(&whole.messages);
    buf_clear(&pieces.said);
    buf_clear(&pieces.messages);
    return 0;
}
