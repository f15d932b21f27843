#include "tests/model/walk.h"

#include "tests/model/join.h"
#include "tests/model/propose.h"
#include "tests/model/race.h"
#include "tests/model/talk.h"

static void talk(struct world *w)
{
    for (uint32_t n = pick(w, 4); n > 0; n--) {
        struct client *c = client_ready(w);
        if (c != NULL)
            talk_say(c);
    }
    if (chance(w, 2))
        talk_deliver_all(w);
    struct client *c = client_ready(w);
    if (c != NULL && chance(w, 3))
        client_safe_export(c);
    for (uint32_t n = pick(w, 6); n > 0; n--)
        talk_deliver(w);
}

static enum wish_kind wish_pick(struct world *w)
{
    static const enum wish_kind kinds[] = {WISH_ADD,           WISH_REMOVE,     WISH_PSK,
                                           WISH_RESUMPTION,    WISH_EXTENSIONS, WISH_APP_DATA,
                                           WISH_APP_EPHEMERAL, WISH_UPDATE,     WISH_UPDATE,
                                           WISH_UPDATE,        WISH_SELF_REMOVE};
    if (chance(w, 8))
        return WISH_ODD;
    return chance(w, 200) ? WISH_REINIT : kinds[pick(w, COUNT_OF(kinds))];
}

static void propose_some(struct world *w)
{
    for (uint32_t n = pick(w, 4); n > 0; n--) {
        struct client *c = client_ready(w);
        if (c != NULL)
            propose(c, wish_pick(w));
    }
    if (chance(w, 8))
        propose_external(w, chance(w, 2));
    if (chance(w, 8))
        propose_self(w);
    for (uint32_t i = 0; i < w->client_count; i++)
        if (client_is_ready(w, &w->clients[i]) && !chance(w, 4))
            proposals_deliver(&w->clients[i]);
}

/* Who is in the group, and has not got what is needed to go on. */
static struct client *client_lost(struct world *w)
{
    uint32_t from = pick(w, w->client_count);
    for (uint32_t i = 0; i < w->client_count; i++) {
        struct client *c = &w->clients[(from + i) % w->client_count];
        if (is_member(w, record_last(w), c) &&
            (c->group == NULL || c->gone || record_at(w, c->at) == NULL))
            return c;
    }
    return NULL;
}

static void race(struct world *w)
{
    for (uint32_t n = 1 + pick(w, 3); n > 0; n--) {
        struct client *c = client_ready(w);
        if (c != NULL)
            race_commit(c);
    }
    struct client *lost = client_lost(w);
    if (lost != NULL && chance(w, 3))
        race_join(lost);
    if (chance(w, 16))
        race_join(&w->clients[pick(w, w->client_count)]);
    (void)race_decide(w);
}

/* Now and then. */
static void rare(struct world *w)
{
    static const enum wish_kind reinit[] = {WISH_REINIT};
    struct client *c = client_ready(w);
    if (c == NULL)
        return;
    if (chance(w, 16))
        race_forbidden(c);
    if (chance(w, 100))
        talk_burst(c, 900 + pick(w, 1300));
    if (chance(w, 50))
        client_change_settings(c);
    if (chance(w, 50))
        join_branch(c);
    if (chance(w, 150))
        race_commit_to(c, reinit, 1, true);
    struct client *lost = &w->clients[pick(w, w->client_count)];
    if (chance(w, 40) && client_ready_but(w, lost) != NULL)
        client_lose(lost);
}

static void time_goes_on(struct world *w)
{
    w->now_s += 1 + pick(w, 600);
    w->mls.now_s = w->now_s;
    if (w->step % 40 == 0)
        w->goal = 2 + pick(w, w->client_count - 1);
}

void walk_epoch(struct world *w)
{
    w->step++;
    time_goes_on(w);
    talk(w);
    propose_some(w);
    if (chance(w, 2))
        talk(w);
    rare(w);
    race_settle(w);
    race(w);
    race_follow_all(w, 4);
    if (chance(w, 2))
        race_repeat(w);
    race_settle(w);
    talk_forget_old(w);
    if (!record_last(w)->ended)
        return;
    race_follow_all(w, 0);
    join_reinit(w);
}
