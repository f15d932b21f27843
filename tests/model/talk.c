#include "tests/model/talk.h"

#include <stdlib.h>

#include "tests/model/window.h"

#define SAID_MAX 48 /* bytes */

/* What message number n says, and what stands beside it. */
static view said(uint32_t number, uint8_t out[SAID_MAX])
{
    size_t len = number % SAID_MAX;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(number * 31 + i);
    return view_of(out, len);
}

static view beside(uint32_t number, uint8_t out[4])
{
    memset(out, (int)(number & 0x7f), 4);
    return view_of(out, number % 3 == 0 ? 4 : 0);
}

static struct message *message_new(struct world *w)
{
    if (w->message_count == w->message_cap) {
        w->message_cap = w->message_cap > 0 ? w->message_cap * 2 : 64;
        w->messages = realloc(w->messages, w->message_cap * sizeof *w->messages);
        MUST(w, w->messages != NULL);
    }
    struct message *m = &w->messages[w->message_count++];
    *m = (struct message){0};
    return m;
}

static void message_drop(struct world *w, size_t place)
{
    buf_clear(&w->messages[place].bytes);
    w->messages[place] = w->messages[--w->message_count];
}

/* Nothing may be said while proposals wait (RFC 9420 12.4). */
static bool may_say(struct client *c)
{
    sotto_mls_proposed proposed;
    return client_is_ready(c->world, c) && !sotto_group_pending(c->group, 0, &proposed);
}

/* A crash before the message leaves takes it away, and its key was not used. */
static bool message_protect(struct client *c, uint32_t number, sotto_buf *ret_bytes)
{
    struct world *w = c->world;
    uint8_t text[SAID_MAX], aad[4];
    sotto_err err = sotto_group_protect(&w->mls, c->group, said(number, text), beside(number, aad),
                                        pick(w, 3) * 16, ret_bytes);
    if (!may_say(c) && err == SOTTO_E_NOT_NOW) {
        client_check_refused(c);
        return false;
    }
    MUST_OK(w, err);
    if (chance(w, 16)) {
        w->tally.crashes++;
        client_reload(c);
        return false;
    }
    client_save(c);
    return true;
}

void talk_say(struct client *c)
{
    struct world *w = c->world;
    sotto_buf bytes = {0};
    uint32_t number = w->message_number++;
    doing(w, "say", c);
    if (!message_protect(c, number, &bytes)) {
        buf_clear(&bytes);
        return;
    }
    *message_new(w) = (struct message){.bytes = bytes,
                                       .at = c->at,
                                       .sender = c->number,
                                       .generation = c->sent++,
                                       .number = number};
    w->tally.messages++;
}

void talk_burst(struct client *c, uint32_t count)
{
    struct world *w = c->world;
    uint8_t text[SAID_MAX], aad[4];
    sotto_buf bytes = {0};
    talk_say(c);
    doing(w, "say much", c);
    for (uint32_t i = 0; i < count && may_say(c); i++, c->sent++)
        MUST_OK(w,
                sotto_group_protect(&w->mls, c->group, said(i, text), beside(i, aad), 0, &bytes));
    buf_clear(&bytes);
    client_save(c);
    talk_say(c);
}

static void check_opened(struct client *c, const struct message *m, const sotto_mls_event *event)
{
    struct world *w = c->world;
    uint8_t text[SAID_MAX], aad[4];
    const struct record *r = record_at(w, m->at);
    MUST(w, event->kind == SOTTO_MLS_EVENT_APPLICATION);
    MUST(w, view_equal(buf_view(&event->data), said(m->number, text)));
    MUST(w, view_equal(event->authenticated_data, beside(m->number, aad)));
    MUST(w, event->sender_type == SOTTO_MLS_MEMBER);
    MUST(w, r == NULL || (event->epoch == r->epoch && event->sender == r->leaf_of[m->sender]));
}

static void message_open(struct client *c, const struct message *m, struct window *window)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    MUST_OK(w, sotto_group_receive(&w->mls, c->group, buf_view(&m->bytes), &event));
    check_opened(c, m, &event);
    sotto_mls_event_clear(&event);
    w->tally.opened++;
    if (chance(w, 16)) {
        w->tally.crashes++;
        client_reload(c);
        return; /* it was not taken, and may come again */
    }
    window_use(w, window, m->generation);
    client_save(c);
}

static void message_refused(struct client *c, const struct message *m)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&m->bytes), &event);
    MUST(w, m->sender == c->number ? err != SOTTO_OK || event.kind == SOTTO_MLS_EVENT_OWN
                                   : err != SOTTO_OK);
    MUST(w, sotto_err_class_of(err) != SOTTO_CLASS_HOST);
    sotto_mls_event_clear(&event);
    client_check_refused(c);
}

static void message_deliver(struct client *c, const struct message *m)
{
    struct world *w = c->world;
    if (c->group == NULL)
        return;
    if (chance(w, 8)) {
        doing(w, "receive a spoiled message", c);
        spoiled_deliver(c, buf_view(&m->bytes));
    }
    doing(w, "receive a message", c);
    struct kept_epoch *kept = m->sender != c->number ? client_kept(c, m->at) : NULL;
    if (kept != NULL && window_has(&kept->windows[m->sender], m->generation))
        message_open(c, m, &kept->windows[m->sender]);
    else
        message_refused(c, m);
}

void talk_deliver(struct world *w)
{
    if (w->message_count > 0)
        message_deliver(&w->clients[pick(w, w->client_count)],
                        &w->messages[pick(w, (uint32_t)w->message_count)]);
}

void talk_deliver_all(struct world *w)
{
    if (w->message_count == 0)
        return;
    uint32_t from = pick(w, (uint32_t)w->message_count);
    for (size_t i = 0; i < w->message_count; i++) {
        const struct message *m = &w->messages[(from + i * 7) % w->message_count];
        if (m->at != w->count - 1)
            continue;
        for (uint32_t k = 0; k < w->client_count; k++)
            if (w->clients[k].group != NULL && !chance(w, 4))
                message_deliver(&w->clients[k], m);
    }
}

void talk_forget_old(struct world *w)
{
    for (size_t i = w->message_count; i-- > 0;)
        if (w->messages[i].at + RECORDS_MAX < w->count || (w->message_count > 64 && chance(w, 4)))
            message_drop(w, i);
}

void talk_forget(struct world *w)
{
    while (w->message_count > 0)
        message_drop(w, w->message_count - 1);
    free(w->messages);
    w->messages = NULL;
    w->message_cap = 0;
}

bool spoil(struct world *w, view bytes, sotto_buf *ret_spoiled)
{
    uint8_t more = 0;
    MUST(w, bytes.len > 0);
    uint32_t kind = pick(w, 4), at = pick(w, (uint32_t)bytes.len);
    MUST_OK(w, buf_set(ret_spoiled, bytes));
    if (kind == 0) {
        ret_spoiled->len = at;
    } else if (kind == 1) {
        MUST_OK(w, buf_append(ret_spoiled, view_of(&more, 1)));
    } else if (kind == 2) {
        ret_spoiled->data[at] ^= (uint8_t)(1u << pick(w, 8));
    } else {
        uint32_t len = 1 + pick(w, 8);
        for (uint32_t i = at; i < bytes.len && i < at + len; i++)
            ret_spoiled->data[i] = (uint8_t)pick(w, 256);
    }
    w->tally.spoiled++;
    return !view_equal(buf_view(ret_spoiled), bytes);
}

void spoiled_deliver(struct client *c, view bytes)
{
    struct world *w = c->world;
    sotto_buf spoiled = {0};
    sotto_mls_event event = {0};
    if (spoil(w, bytes, &spoiled)) {
        sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&spoiled), &event);
        /* Who sent a PrivateMessage is told from its first bytes, and ours are not read any further. */
        MUST(w, err != SOTTO_OK || event.kind == SOTTO_MLS_EVENT_OWN);
        MUST(w, sotto_err_class_of(err) != SOTTO_CLASS_HOST);
        client_check_refused(c);
    }
    sotto_mls_event_clear(&event);
    buf_clear(&spoiled);
}
