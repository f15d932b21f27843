/* Everybody who listens and is not behind is sent the same bytes, as long as the credit lasts that the device gave and its connection
 * takes them: over output_bytes that are not written yet it is behind, and what it reads then waits in the store. So one entry more
 * than that is all that a device can have us keep for it. */
#include "core/streams.h"

#define BEHIND_BYTES (PROTO_HEADER + STREAM_ID + 8)
#define ENTRY_BYTES  (PROTO_HEADER + STREAM_ID + 8 + 8 + 1 + 4) /* of a frame, besides the body */

sotto_err push_reserve(struct step *s, const struct stream *stream, size_t bytes)
{
    return fx_reserve(s->fx, STEP_EFFECTS + stream->here_count,
                      STEP_BYTES + BEHIND_BYTES + ENTRY_BYTES + bytes);
}

/* Writes the frame that says so, once for all: gives its place. */
static size_t behind_write(struct step *s, const struct stream *stream)
{
    struct proto_behind behind = {.head = stream->head};
    size_t at = s->fx->bytes.len;
    memcpy(behind.stream, stream->id, STREAM_ID);
    fx_must(proto_behind_write(&behind, &s->fx->bytes));
    return at;
}

static bool is_pushed_to(const struct subscription *sub, uint64_t seq)
{
    return sub->device->streams.listening && !sub->behind &&
           (!subscription_ended(sub) || seq <= sub->until);
}

static bool takes_more(const struct step *s, const struct device *device, size_t len)
{
    uint64_t limit = s->core->config.limits.output_bytes;
    return device->streams.credit >= len && (limit == 0 || device->session->unwritten < limit);
}

void push(struct step *s, struct stream *stream, uint64_t seq, size_t at,
          const struct subscription *poster)
{
    size_t len = s->fx->bytes.len - at, behind_at = 0;
    for (struct link *link = stream->here.first; link != NULL; link = link->next) {
        struct subscription *sub = LIST_ROW(link, struct subscription, of_stream);
        struct device *device = sub->device;
        if (sub == poster || !is_pushed_to(sub, seq))
            continue;
        if (takes_more(s, device, len)) {
            device->streams.credit -= len;
            device->session->unwritten += len;
            fx_push(s->fx, device->session->id, at, len);
            s->core->counts.delivered_total++;
            continue;
        }
        subscription_set_behind(sub, true);
        if (behind_at == 0)
            behind_at = behind_write(s, stream);
        fx_send_again(s->fx, device->session->id, behind_at, BEHIND_BYTES);
    }
}
