/* Groups of 2 to 8 members (tests/model): after how many there are, the input is a list of (member, action, what that chooses), over a
 * delivery service that does what it likes. All honest members agree or refuse; what is refused changes nothing; bytes from
 * the input, alone or in the place of some of a message's, are refused. */
#include "tests/model/join.h"
#include "tests/model/propose.h"
#include "tests/model/race.h"
#include "tests/model/talk.h"

#include "fuzz.h"

#define STEPS 64

static uint32_t choose(void *context, uint32_t n)
{
    view *input = context;
    uint32_t number = fuzz_u8(input);
    if (n > 256)
        number = number << 8 | fuzz_u8(input);
    return number % n;
}

static void receive_refused(struct client *c, view bytes)
{
    struct world *w = c->world;
    sotto_mls_event event = {0};
    sotto_staged *staged = NULL;
    const sotto_mls_client self = client_self(c);
    doing(w, "receive anything", c);
    if (c->group != NULL) {
        MUST(w, sotto_group_receive(&w->mls, c->group, bytes, &event) != SOTTO_OK);
        client_check_refused(c);
    }
    MUST(w, sotto_mls_join_external(&w->mls, &self, bytes, NULL, &staged) != SOTTO_OK);
    for (uint32_t i = 0; i < PACKAGES_MAX; i++)
        if (c->packages[i].private.len > 0)
            MUST(w, sotto_mls_join(&w->mls, bytes, buf_view(&c->packages[i].private), NULL,
                                   &staged) != SOTTO_OK);
}

static void receive_anything(struct client *c)
{
    view *input = c->world->choose_context;
    view bytes = fuzz_bytes(input, fuzz_u8(input));
    uint8_t *copy = fuzz_copy(bytes);
    receive_refused(c, view_of(copy, bytes.len));
    free(copy);
}

static void follow(struct client *c)
{
    (void)race_follow(c);
}

static void decide(struct client *c)
{
    struct world *w = c->world;
    (void)race_decide(w);
    race_settle(w);
}

/* Its commit is lost with it: nobody could go on from there if that removed the others. */
static void lose(struct client *c)
{
    if (client_ready_but(c->world, c) == NULL)
        return;
    candidates_drop(c->world);
    client_lose(c);
}

static void hear(struct client *c)
{
    talk_deliver(c->world);
}

static void hear_proposal(struct client *c)
{
    proposal_deliver(c, pick(c->world, PROPOSALS_MAX));
}

static void repeat(struct client *c)
{
    race_repeat(c->world);
}

static void propose_outside(struct client *c)
{
    if (chance(c->world, 2))
        propose_self(c->world);
    else
        propose_external(c->world, chance(c->world, 2));
}

static void propose_any(struct client *c)
{
    if (client_is_ready(c->world, c))
        propose(c, (enum wish_kind)pick(c->world, WISH_KINDS));
}

static void commit_any(struct client *c)
{
    enum wish_kind kinds[4];
    uint32_t count = pick(c->world, COUNT_OF(kinds) + 1);
    for (uint32_t i = 0; i < count; i++)
        kinds[i] = (enum wish_kind)pick(c->world, WISH_BY_VALUE + 1);
    for (uint32_t i = 0; i < count; i++)
        if (kinds[i] == WISH_BY_VALUE)
            kinds[i] = WISH_ODD;
        else if (kinds[i] == WISH_REINIT && count > 1)
            kinds[i] = WISH_ADD;
    race_commit_to(c, kinds, count, chance(c->world, 4) || (count == 1 && kinds[0] == WISH_REINIT));
}

static void say(struct client *c)
{
    if (client_is_ready(c->world, c))
        talk_say(c);
}

static void export_secret(struct client *c)
{
    if (client_is_ready(c->world, c))
        client_safe_export(c);
}

static void change_settings(struct client *c)
{
    if (client_is_ready(c->world, c))
        client_change_settings(c);
}

static void branch(struct client *c)
{
    if (client_is_ready(c->world, c))
        join_branch(c);
}

static void read_back(struct client *c)
{
    if (c->group != NULL)
        client_reload(c);
}

/* New ones go to the end: the corpus names an action by its number. */
static void (*const actions[])(struct client *c) = {
    say,        hear,       hear,   propose_any, propose_any,      propose_outside, hear_proposal,
    commit_any, commit_any, decide, follow,      race_catch_up,    race_forbidden,  race_join,
    lose,       branch,     repeat, read_back,   receive_anything, export_secret,   change_settings,
};

/* Some are there from the beginning, so that short inputs get somewhere. */
static void found(struct world *w, uint32_t members)
{
    enum wish_kind adds[8];
    for (uint32_t i = 0; i < COUNT_OF(adds); i++)
        adds[i] = WISH_ADD;
    if (members > 1) {
        race_commit_to(&w->clients[0], adds, members - 1, true);
        decide(&w->clients[0]);
    }
}

static void step(struct world *w)
{
    struct client *c = &w->clients[pick(w, w->client_count)];
    w->step++;
    w->mls.now_s = ++w->now_s;
    actions[pick(w, COUNT_OF(actions))](c);
    if (record_last(w)->ended) {
        race_follow_all(w, 0);
        candidates_drop(w);
        join_reinit(w);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    sotto_crypto *crypto = w.mls.crypto;
    view input = view_of(data, size);
    w = (struct world){.mls = {.crypto = crypto},
                       .suite = SOTTO_SUITE_X25519_AES128,
                       .client_count = 2 + fuzz_u8(&input) % 7,
                       .thorough = true,
                       .choose = choose,
                       .choose_context = &input};
    uint32_t members = fuzz_u8(&input) % w.client_count;
    world_begin(&w);
    found(&w, members + 1);
    for (uint32_t i = 0; i < STEPS && input.len > 0; i++)
        step(&w);
    world_check(&w);
    world_end(&w);
    return 0;
}
