/* Two honest sides, and a relay made of fuzz bytes between them: it passes messages on, drops, repeats, swaps, alters or invents them.
 * Whatever it does, what one side takes for said is what the other side said, in that order, without gaps from the start. */
#include <stdlib.h>

#include "base/rd.h"
#include "room/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define QUEUE 16

/* One side: what it wrote and the relay still holds, what it said, and how much of it the other side has heard. */
struct side {
    struct channel *channel;
    sotto_buf waiting[QUEUE];
    size_t count;
    uint8_t said; /* texts are numbers, counted up */
    uint8_t heard;
    bool dead;
};

static sotto_crypto *crypto;

static void push(struct side *s, sotto_buf *message)
{
    if (message->len == 0 || s->count == QUEUE) {
        buf_clear(message);
        return;
    }
    s->waiting[s->count++] = *message;
    *message = (sotto_buf){0};
}

static void drop(struct side *s, size_t at)
{
    buf_clear(&s->waiting[at]);
    s->count--;
    memmove(&s->waiting[at], &s->waiting[at + 1], (s->count - at) * sizeof s->waiting[0]);
    s->waiting[s->count] = (sotto_buf){0};
}

static void deliver(struct side *from, struct side *to, view message)
{
    struct channel_event event = {0};
    sotto_buf answer = {0};
    (void)from;
    sotto_err err = channel_recv(to->channel, message, &answer, &event);
    if (err != SOTTO_OK) {
        if (channel_is_open(to->channel))
            abort();
        to->dead = true;
        buf_clear(&answer);
        return;
    }
    if (to->dead)
        abort(); /* a dead channel took something */
    if (event.event == CHANNEL_EVENT_SAID) {
        if (event.text.len != 1 || event.text.data[0] != to->heard || to->heard >= from->said)
            abort(); /* not what was said next */
        to->heard++;
    }
    push(to, &answer);
}

static void say(struct side *s)
{
    sotto_buf message = {0};
    if (s->said < 200 &&
        channel_send(s->channel, CHANNEL_TEXT, view_of(&s->said, 1), &message) == SOTTO_OK) {
        s->said++;
        push(s, &message);
    }
    buf_clear(&message);
}

static void relay(struct rd *r, struct side *from, struct side *to)
{
    uint8_t act = rd_u8(r);
    if (from->count == 0 && act % 8 < 5) {
        say(from);
        return;
    }
    size_t at = from->count > 0 ? rd_u8(r) % from->count : 0;
    switch (act % 8) {
    case 0:
    case 1:
        deliver(from, to, buf_view(&from->waiting[0]));
        drop(from, 0);
        break;
    case 2:
        deliver(from, to, buf_view(&from->waiting[at])); /* out of order, or later once more */
        break;
    case 3:
        drop(from, at);
        break;
    case 4:
        from->waiting[at].data[rd_u16(r) % from->waiting[at].len] ^= (uint8_t)(rd_u8(r) | 1);
        break;
    case 5:
        deliver(from, to, rd_bytes(r, size_min(rd_u8(r), (size_t)(r->end - r->at))));
        break;
    case 6:
        if (from->count > 0)
            deliver(to, from, buf_view(&from->waiting[at])); /* its own back */
        break;
    default:
        say(from);
    }
}

static void side_clear(struct side *s)
{
    while (s->count > 0)
        drop(s, 0);
    channel_freep(&s->channel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (crypto == NULL && crypto_new(&crypto) != SOTTO_OK)
        abort();
    struct side sides[2] = {0};
    struct room_code code = {.slot = 7, .count = 2, .words = {0, 1023}};
    uint8_t seed[CHANNEL_SEED] = {1};
    sotto_buf first = {0};
    struct rd r = rd_of(view_of(data, size));
    if (channel_new(crypto, CHANNEL_CREATOR, &code, seed, &first, &sides[0].channel) != SOTTO_OK)
        abort();
    push(&sides[0], &first);
    seed[0] = 2;
    if (channel_new(crypto, CHANNEL_JOINER, &code, seed, &first, &sides[1].channel) != SOTTO_OK)
        abort();
    for (int steps = 0; rd_more(&r) && steps < 200; steps++) {
        uint8_t from = rd_u8(&r) & 1;
        relay(&r, &sides[from], &sides[1 - from]);
    }
    side_clear(&sides[0]);
    side_clear(&sides[1]);
    return 0;
}
