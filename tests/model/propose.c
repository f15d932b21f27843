#include "tests/model/propose.h"

#include "tests/model/talk.h"

static bool has_place(struct world *w)
{
    return record_last(w)->proposal_count < PROPOSALS_MAX;
}

/* Takes the bytes over. */
static void post(struct world *w, sotto_buf *bytes, const struct client *author,
                 enum verdict verdict)
{
    struct record *r = record_last(w);
    r->proposals[r->proposal_count++] =
        (struct posted){.bytes = *bytes,
                        .got = author != NULL ? (uint64_t)1 << author->number : 0,
                        .verdict = verdict};
    *bytes = (sotto_buf){0};
    w->tally.proposals++;
}

/* Odd ones may be refused, and what was said before, to the byte. */
static bool may_refuse(enum wish_kind kind, sotto_err err)
{
    return kind == WISH_ODD || err == SOTTO_E_EXISTS;
}

static void proposed(struct client *c, enum wish_kind kind, sotto_err err, sotto_buf *bytes)
{
    struct world *w = c->world;
    if (err != SOTTO_OK && may_refuse(kind, err)) {
        client_check_refused(c);
        return;
    }
    MUST_OK(w, err);
    if (chance(w, 16)) {
        w->tally.crashes++;
        client_reload(c); /* before it left */
        return;
    }
    client_save(c);
    post(w, bytes, c, VERDICT_TAKEN);
}

void propose(struct client *c, enum wish_kind kind)
{
    struct world *w = c->world;
    struct wishes wishes = {0};
    sotto_buf bytes = {0};
    doing(w, "propose", c);
    if (!has_place(w) || !wishes_add(c, kind, &wishes))
        return;
    view aad = chance(w, 4) ? VIEW_LIT("beside a proposal") : (view){0};
    proposed(c, kind,
             sotto_group_propose(&w->mls, c->group, &wishes.items[0].proposal, aad, &bytes),
             &bytes);
    buf_clear(&bytes);
    wishes_clear(&wishes);
}

void propose_external(struct world *w, bool odd)
{
    struct client *c = client_ready(w);
    struct wishes wishes = {0};
    sotto_buf bytes = {0};
    view senders;
    if (c == NULL || !has_place(w) ||
        !sotto_mls_extension_find(sotto_group_extensions(c->group), SOTTO_MLS_EXTERNAL_SENDERS,
                                  &senders))
        return;
    doing(w, "propose from outside", c);
    enum wish_kind kind = odd            ? WISH_ODD
                          : chance(w, 2) ? WISH_ADD
                          : chance(w, 2) ? WISH_REMOVE
                                         : WISH_PSK;
    if (!wishes_add(c, kind, &wishes))
        return;
    sotto_err err =
        sotto_mls_propose_external(&w->mls, w->suite, w->outside_key, 0, sotto_group_id(c->group),
                                   sotto_group_epoch(c->group), &wishes.items[0].proposal, &bytes);
    if (!odd)
        MUST_OK(w, err);
    if (err == SOTTO_OK)
        post(w, &bytes, NULL, odd ? VERDICT_OPEN : VERDICT_TAKEN);
    wishes_clear(&wishes);
}

void propose_self(struct world *w)
{
    struct client *c = client_ready(w);
    struct client *other = &w->clients[pick(w, w->client_count)];
    sotto_buf bytes = {0};
    if (c == NULL || !has_place(w) || is_member(w, record_last(w), other))
        return;
    doing(w, "propose itself", other);
    view message = client_package(other);
    const struct package *p = NULL;
    for (uint32_t i = 0; i < PACKAGES_MAX && p == NULL; i++)
        if (view_equal(buf_view(&other->packages[i].message), message))
            p = &other->packages[i];
    MUST(w, p != NULL);
    MUST_OK(w,
            sotto_mls_propose_self(&w->mls, sotto_group_id(c->group), sotto_group_epoch(c->group),
                                   message, buf_view(&p->private), &bytes));
    post(w, &bytes, NULL, VERDICT_TAKEN);
}

/* For the first time. */
static void proposal_take(struct client *c, struct posted *p)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&p->bytes), &event);
    if (p->verdict == VERDICT_OPEN)
        p->verdict = err == SOTTO_OK ? VERDICT_TAKEN : VERDICT_REFUSED;
    if (p->verdict == VERDICT_REFUSED) {
        MUST(w, err != SOTTO_OK && sotto_err_class_of(err) != SOTTO_CLASS_HOST);
        client_check_refused(c);
        return;
    }
    MUST_OK(w, err);
    MUST(w, event.kind == SOTTO_MLS_EVENT_PROPOSAL);
    MUST(w, event.proposed.by_reference && event.proposed.ref.len > 0);
    sotto_mls_event_clear(&event);
}

static void proposal_again(struct client *c, const struct posted *p)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&p->bytes), &event);
    MUST(w, err != SOTTO_OK || event.kind == SOTTO_MLS_EVENT_OWN);
    MUST(w, sotto_err_class_of(err) != SOTTO_CLASS_HOST);
    sotto_mls_event_clear(&event);
    client_check_refused(c);
}

void proposal_deliver(struct client *c, uint32_t i)
{
    struct world *w = c->world;
    struct record *r = record_at(w, c->at);
    if (c->group == NULL || r == NULL || i >= r->proposal_count)
        return;
    struct posted *p = &r->proposals[i];
    uint64_t bit = (uint64_t)1 << c->number;
    if (chance(w, 8)) {
        doing(w, "receive a spoiled proposal", c);
        spoiled_deliver(c, buf_view(&p->bytes));
    }
    doing(w, "receive a proposal", c);
    if (c->gone || r->ended || (p->got & bit) != 0) {
        proposal_again(c, p);
        return;
    }
    proposal_take(c, p);
    if (chance(w, 16)) {
        w->tally.crashes++;
        client_reload(c);
        return;
    }
    client_save(c);
    p->got |= bit;
}

void proposals_deliver(struct client *c)
{
    struct world *w = c->world;
    struct record *r = record_at(w, c->at);
    uint64_t bit = (uint64_t)1 << c->number;
    if (r->proposal_count == 0)
        return;
    uint32_t from = pick(w, r->proposal_count);
    for (uint32_t i = 0; i < r->proposal_count; i++) {
        uint32_t at = (from + i) % r->proposal_count;
        while ((r->proposals[at].got & bit) == 0)
            proposal_deliver(c, at);
        if (chance(w, 16))
            proposal_deliver(c, at);
    }
}
