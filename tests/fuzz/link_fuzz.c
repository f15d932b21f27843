/* A server that says anything. The first byte chooses how far it behaves well: not at all,
 * through the upgrade, through hello; then come the input's bytes, once as they are and once in
 * pieces: the events must be the same. Without a good hello the link is never ready, and no
 * frame comes before that. */
#include "../unit/engine/link_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    sotto_err err;
    unsigned events, frames;
    uint32_t sum; /* over what the frames held */
    bool ready, closed;
};

static void event_count(struct outcome *o, const struct link_event *event)
{
    if (event->kind == LINK_FRAME && !o->ready)
        abort();
    if (event->kind == LINK_READY && o->ready)
        abort();
    o->events++;
    o->ready = o->ready || event->kind == LINK_READY;
    o->closed = o->closed || event->kind == LINK_CLOSED;
    o->frames += event->kind == LINK_FRAME;
    for (size_t i = 0; event->kind == LINK_FRAME && i < event->frame.len; i++)
        o->sum = o->sum * 31 + event->frame.data[i];
}

static void feed(struct link_peer *p, view bytes, struct outcome *o)
{
    struct link_event event = {.kind = LINK_FRAME};
    if (o->err != SOTTO_OK)
        return;
    PEER_CHECK(link_feed(p->link, bytes) == SOTTO_OK);
    while (o->err == SOTTO_OK && event.kind != LINK_NONE) {
        o->err = link_next(p->link, PEER_NOW, &p->said, &event);
        if (o->err == SOTTO_OK && event.kind != LINK_NONE)
            event_count(o, &event);
    }
}

static struct outcome run(struct link_peer *p, view prelude, view bytes, size_t piece)
{
    struct outcome o = {0};
    peer_connect(p, NULL);
    feed(p, prelude, &o);
    PEER_CHECK(o.err == SOTTO_OK);
    for (size_t at = 0; at < bytes.len; at += piece)
        feed(p, view_of(bytes.data + at, size_min(piece, bytes.len - at)), &o);
    return o;
}

/* What a good server says, which is always the same, since the link's seed is. */
static void preludes_make(struct link_peer *p, sotto_buf *upgrade, sotto_buf *hello)
{
    struct proto_hello_ok ok;
    struct outcome o = {0};
    peer_open(p);
    peer_connect(p, NULL);
    peer_upgrade(p, upgrade);
    feed(p, buf_view(upgrade), &o);
    peer_hello_ok(p, p->exporter, &ok);
    PEER_CHECK(buf_append(hello, buf_view(upgrade)) == SOTTO_OK);
    peer_hello_write(&ok, hello);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct link_peer peer;
    static sotto_buf preludes[3]; /* nothing, upgrade, upgrade and hello */
    if (peer.crypto == NULL)
        preludes_make(&peer, &preludes[1], &preludes[2]);
    if (size == 0)
        return 0;
    unsigned begin = data[0] % 3;
    view prelude = buf_view(&preludes[begin]), bytes = view_of(data + 1, size - 1);
    struct outcome whole = run(&peer, prelude, bytes, size),
                   split = run(&peer, prelude, bytes, 1 + data[0] / 3 % 7);
    if (whole.err != split.err || whole.events != split.events || whole.frames != split.frames ||
        whole.sum != split.sum)
        abort();
    /* Nobody forges the signature of hello. */
    if (whole.ready != (begin == 2))
        abort();
    return 0;
}
