#include "tests/model/race.h"

#include "tests/model/join.h"
#include "tests/model/propose.h"
#include "tests/model/talk.h"

static void candidate_clear(struct candidate *k)
{
    sotto_staged_free(k->staged);
    buf_clear(&k->bytes);
    buf_clear(&k->welcome);
    buf_clear(&k->welcome_tree);
    buf_clear(&k->group_info);
    buf_clear(&k->tree);
    *k = (struct candidate){0};
}

void candidates_drop(struct world *w)
{
    for (uint32_t i = 0; i < w->candidate_count; i++)
        candidate_clear(&w->candidates[i]);
    w->candidate_count = 0;
}

enum commit_kind { COMMIT_USUAL, COMMIT_ODD, COMMIT_FORBIDDEN };

/* What goes to the service with a commit. */
static void candidate_fill(struct world *w, struct candidate *k, sotto_staged *staged,
                           bool tree_beside)
{
    const sotto_mls_change *change = sotto_staged_change(staged);
    MUST(w, change->own && change->epoch == record_last(w)->epoch + 1);
    k->ends = change->ends_group;
    MUST_OK(w, buf_set(&k->bytes, sotto_staged_commit(staged)));
    MUST_OK(w, buf_set(&k->welcome, sotto_staged_welcome(staged)));
    if (tree_beside)
        MUST_OK(w, sotto_staged_tree(staged, &k->welcome_tree));
    bool inside = chance(w, 2);
    MUST_OK(w, sotto_staged_group_info(&w->mls, staged, inside, true, &k->group_info));
    if (!inside)
        MUST_OK(w, sotto_staged_tree(staged, &k->tree));
}

/* As an object, or as bytes. */
static void staged_keep(struct client *c, sotto_staged *staged)
{
    struct world *w = c->world;
    c->staged_at = c->at;
    if (chance(w, 2)) {
        c->staged = staged;
        return;
    }
    MUST_OK(w, sotto_staged_write(staged, &c->staged_bytes));
    sotto_staged_free(staged);
}

static void options_set(struct client *c, const struct wishes *wishes,
                        sotto_mls_proposal *proposals, sotto_mls_commit_options *options)
{
    struct world *w = c->world;
    for (uint32_t i = 0; i < wishes->count; i++)
        proposals[i] = wishes->items[i].proposal;
    options->proposals = proposals;
    options->proposal_count = wishes->count;
    options->without_path = chance(w, 3);
    options->tree_beside = chance(w, 2);
    options->with_external_pub = chance(w, 2);
    if (chance(w, 4))
        options->authenticated_data = VIEW_LIT("beside a commit");
}

/* What a committer can make is what everybody takes; an odd commit can mostly not be made. */
static void commit_make(struct client *c, const struct wishes *wishes, bool without_pending,
                        enum commit_kind kind)
{
    struct world *w = c->world;
    sotto_mls_proposal proposals[COUNT_OF(wishes->items)];
    sotto_mls_commit_options options = {.without_pending = without_pending};
    sotto_staged *staged = NULL;
    sotto_mls_client self;
    options_set(c, wishes, proposals, &options);
    if (chance(w, 6)) {
        client_new_key(c);
        self = client_self(c);
        options.update = &self;
    }
    if (kind == COMMIT_FORBIDDEN)
        options.authenticated_data = VIEW_LIT("!");
    c->lenient = kind == COMMIT_FORBIDDEN;
    sotto_err err = sotto_group_commit(&w->mls, c->group, &options, &staged);
    c->lenient = false;
    if (kind == COMMIT_ODD && err != SOTTO_OK) {
        client_check_refused(c);
        return;
    }
    MUST_OK(w, err);
    client_save(c);
    struct candidate *k = &w->candidates[w->candidate_count++];
    *k = (struct candidate){.from = c};
    candidate_fill(w, k, staged, options.tree_beside);
    staged_keep(c, staged);
}

static bool may_commit(struct world *w, const struct client *c)
{
    return w->candidate_count < CANDIDATES_MAX && client_is_ready(w, c) && !client_has_staged(c);
}

void race_commit_to(struct client *c, const enum wish_kind *kinds, uint32_t count,
                    bool without_pending)
{
    struct world *w = c->world;
    struct wishes wishes = {0};
    if (!may_commit(w, c))
        return;
    doing(w, "commit", c);
    bool odd = false;
    for (uint32_t i = 0; i < count; i++)
        if (wishes_add(c, kinds[i],
                       &wishes)) /* what goes may be gone by a GroupContextExtensions that waits */
            odd = odd || kinds[i] == WISH_ODD ||
                  wishes.items[wishes.count - 1].proposal.component_removed;
    commit_make(c, &wishes, without_pending, odd ? COMMIT_ODD : COMMIT_USUAL);
    wishes_clear(&wishes);
}

void race_commit(struct client *c)
{
    struct world *w = c->world;
    enum wish_kind kinds[8];
    uint32_t count = pick(w, 4), members = record_members(record_last(w));
    for (uint32_t i = 0; i < count; i++)
        kinds[i] = (enum wish_kind)pick(w, WISH_REINIT);
    if (members < w->goal && count < COUNT_OF(kinds))
        for (uint32_t more = pick(w, 4); more > 0 && count < COUNT_OF(kinds); more--)
            kinds[count++] = WISH_ADD;
    if (members > w->goal && count < COUNT_OF(kinds))
        kinds[count++] = WISH_REMOVE;
    if (chance(w, 12) && count < COUNT_OF(kinds))
        kinds[count++] = WISH_ODD;
    race_commit_to(c, kinds, count, chance(w, 8));
}

/* Refused by the application of each member, and not by the one that made it. */
static void forbidden_deliver(struct client *c, view commit)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    proposals_deliver(c);
    doing(w, "refuse a commit", c);
    sotto_err err = sotto_group_receive(&w->mls, c->group, commit, &event);
    MUST(w, err == SOTTO_E_PERMISSION);
    client_check_refused(c);
}

void race_forbidden(struct client *c)
{
    struct world *w = c->world;
    struct wishes none = {0};
    if (!may_commit(w, c))
        return;
    doing(w, "make a forbidden commit", c);
    commit_make(c, &none, false, COMMIT_FORBIDDEN);
    struct candidate *k = &w->candidates[--w->candidate_count];
    for (uint32_t i = 0; i < w->client_count; i++)
        if (&w->clients[i] != c && client_is_ready(w, &w->clients[i]) && chance(w, 2))
            forbidden_deliver(&w->clients[i], buf_view(&k->bytes));
    client_drop_staged(c);
    candidate_clear(k);
}

void race_join(struct client *c)
{
    struct world *w = c->world;
    if (w->candidate_count == CANDIDATES_MAX || record_last(w)->ended ||
        !record_last(w)->facts.known)
        return;
    sotto_staged *staged = join_external(c);
    struct candidate *k = &w->candidates[w->candidate_count++];
    *k = (struct candidate){.from = c, .external = true};
    candidate_fill(w, k, staged, false);
    k->staged = staged;
}

static void winner_enter(struct world *w, struct candidate *k)
{
    struct client *c = k->from;
    sotto_group *group = NULL;
    if (!k->external) {
        if (!chance(w, 4)) /* else others may be faster */
            (void)race_follow(c);
        return;
    }
    doing(w, "enter by an external commit", c);
    MUST_OK(w, sotto_staged_merge(&w->mls, &group, &k->staged));
    w->tally.rejoins += is_member(w, record_at(w, w->count - 2), c);
    w->tally.joins++;
    client_take(c, group, w->count - 1);
}

bool race_decide(struct world *w)
{
    if (w->candidate_count == 0)
        return false;
    struct candidate *k = &w->candidates[pick(w, w->candidate_count)];
    struct record *r = record_last(w);
    w->tally.races += w->candidate_count > 1;
    w->tally.epochs++;
    r->commit = k->bytes;
    k->bytes = (sotto_buf){0};
    r->committer = k->from->number;
    r->ended_s = w->now_s;
    struct record *next = record_next(w, r->epoch + 1);
    next->group_info = k->group_info;
    next->tree = k->tree;
    k->group_info = k->tree = (sotto_buf){0};
    next->ended = k->ends;
    winner_enter(w, k);
    if (k->welcome.len > 0)
        welcomes_deliver(w, buf_view(&k->welcome), buf_view(&k->welcome_tree));
    candidates_drop(w);
    return true;
}

/* What a client that has a commit of its own for an epoch that is over can't do any more. */
static void loser_drop(struct client *c)
{
    struct world *w = c->world;
    if (!client_has_staged(c) || c->staged_at == c->at)
        return;
    doing(w, "lose a race", c);
    if (c->staged == NULL) {
        MUST(w, sotto_staged_read(&w->mls, c->group, buf_view(&c->staged_bytes), &c->staged) ==
                    SOTTO_E_NOT_NOW);
        MUST(w, c->staged == NULL);
    } else {
        MUST(w, sotto_staged_merge(&w->mls, &c->group, &c->staged) == SOTTO_E_NOT_NOW);
    }
    client_check_refused(c);
    client_drop_staged(c);
}

static void entered(struct client *c, bool removed)
{
    if (removed)
        client_leave(c);
    else
        client_enter(c, c->at + 1);
    client_save(c);
    loser_drop(c);
}

/* A crash before the new epoch was stored: the client is back in the old one, and its commit is lost unless kept as bytes. */
static void own_merge(struct client *c)
{
    struct world *w = c->world;
    doing(w, "merge its own commit", c);
    if (c->staged == NULL)
        MUST_OK(w, sotto_staged_read(&w->mls, c->group, buf_view(&c->staged_bytes), &c->staged));
    MUST_OK(w, sotto_staged_merge(&w->mls, &c->group, &c->staged));
    MUST(w, c->staged == NULL);
    if (c->staged_bytes.len > 0 && chance(w, 8)) {
        w->tally.crashes++;
        client_reload(c);
        MUST_OK(w, sotto_staged_read(&w->mls, c->group, buf_view(&c->staged_bytes), &c->staged));
        MUST_OK(w, sotto_staged_merge(&w->mls, &c->group, &c->staged));
    }
    client_drop_staged(c);
    entered(c, false);
}

static void own_come_back(struct client *c, const struct record *r)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    doing(w, "receive its own commit", c);
    MUST_OK(w, sotto_group_receive(&w->mls, c->group, buf_view(&r->commit), &event));
    MUST(w, event.kind == SOTTO_MLS_EVENT_OWN && event.staged == NULL);
    sotto_mls_event_clear(&event);
    client_check_refused(c);
}

static bool own_follow(struct client *c, const struct record *r)
{
    struct world *w = c->world;
    if (client_ready_but(w, c) != NULL && chance(w, 16))
        client_drop_staged(c); /* it crashed, and had not kept it */
    if (chance(w, 3) || !client_has_staged(c))
        own_come_back(c, r);
    if (!client_has_staged(c) || c->staged_at != c->at) {
        client_lose(c); /* nobody can tell it the secrets of its own path */
        return false;
    }
    own_merge(c);
    return true;
}

static sotto_staged *commit_receive(struct client *c, const struct record *r)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    doing(w, "receive a commit", c);
    MUST_OK(w, sotto_group_receive(&w->mls, c->group, buf_view(&r->commit), &event));
    MUST(w, event.kind == SOTTO_MLS_EVENT_COMMIT && event.staged != NULL);
    const sotto_mls_change *change = sotto_staged_change(event.staged);
    MUST(w, !change->own && change->epoch == r->epoch + 1 && change->group == c->group);
    if (w->thorough || chance(w, 8))
        client_check_parts(c); /* it was only looked at */
    sotto_staged *staged = event.staged;
    event.staged = NULL;
    sotto_mls_event_clear(&event);
    return staged;
}

/* What must not be taken, before it is. */
static void commit_try(struct client *c, struct record *r)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    const struct record *after = record_at(w, c->at + 1);
    if (chance(w, 8)) {
        doing(w, "receive a spoiled commit", c);
        spoiled_deliver(c, buf_view(&r->commit));
    }
    if (chance(w, 8) && after->commit.len > 0) {
        doing(w, "receive the commit after the next", c);
        MUST(w, sotto_group_receive(&w->mls, c->group, buf_view(&after->commit), &event) ==
                    SOTTO_E_NOT_NOW);
        client_check_refused(c);
    }
    if (!chance(w, 8))
        return;
    doing(w, "receive a commit before its proposals or PSKs", c);
    c->forgets = true;
    sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&r->commit), &event);
    c->forgets = false;
    MUST(w, err == SOTTO_OK || err == SOTTO_E_MISSING || err == SOTTO_E_NOTFOUND);
    sotto_mls_event_clear(&event);
    client_check_refused(c);
}

static void commit_follow(struct client *c, struct record *r)
{
    struct world *w = c->world;
    commit_try(c, r);
    proposals_deliver(c);
    sotto_staged *staged = commit_receive(c, r);
    if (chance(w, 8)) {
        sotto_staged_free(staged); /* looked at, and put off */
        staged = commit_receive(c, r);
    }
    bool removed = sotto_staged_change(staged)->removes_us;
    MUST_OK(w, sotto_staged_merge(&w->mls, &c->group, &staged));
    if (chance(w, 16)) {
        w->tally.crashes++;
        client_reload(c);
        staged = commit_receive(c, r);
        MUST_OK(w, sotto_staged_merge(&w->mls, &c->group, &staged));
    }
    entered(c, removed);
}

bool race_follow(struct client *c)
{
    struct world *w = c->world;
    struct record *r = record_at(w, c->at);
    if (c->group == NULL || c->gone || r == NULL || r->commit.len == 0)
        return false;
    if (r->committer == c->number)
        return own_follow(c, r);
    commit_follow(c, r);
    return true;
}

void race_catch_up(struct client *c)
{
    while (race_follow(c))
        ;
}

void race_follow_all(struct world *w, uint32_t lag)
{
    uint32_t from = pick(w, w->client_count);
    for (uint32_t i = 0; i < w->client_count; i++)
        if (lag == 0 || !chance(w, lag))
            race_catch_up(&w->clients[(from + i) % w->client_count]);
}

void race_settle(struct world *w)
{
    if (client_ready(w) == NULL || !record_last(w)->facts.known)
        race_follow_all(w, 0);
    MUST(w, record_last(w)->facts.known);
    MUST(w, record_last(w)->ended || client_ready(w) != NULL);
}

void race_repeat(struct world *w)
{
    struct client *c = &w->clients[pick(w, w->client_count)];
    struct record *r = record_at(w, w->first + pick(w, (uint32_t)(w->count - w->first)));
    sotto_mls_event event = {0};
    uint64_t at = w->count;
    for (uint64_t i = w->first; i < w->count; i++)
        if (record_at(w, i) == r)
            at = i;
    if (c->group == NULL || r->commit.len == 0 || (at == c->at && !c->gone))
        return;
    doing(w, "receive a commit of another epoch", c);
    sotto_err err = sotto_group_receive(&w->mls, c->group, buf_view(&r->commit), &event);
    MUST(w, err != SOTTO_OK || event.kind == SOTTO_MLS_EVENT_OWN);
    sotto_mls_event_clear(&event);
    client_check_refused(c);
}
