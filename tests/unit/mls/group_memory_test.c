/* Groups when memory runs out at any allocation: the call fails, or does without; the group is as it was, the same call works when
 * there is memory again, and nothing leaks. */
#include "../allocations.h"
#include "part_store.h"

static sotto_crypto *crypto;

#define PEERS 4 /* three in the group, one to come */

struct scene {
    struct peer peers[PEERS];
    sotto_buf message; /* what comes */
    sotto_buf out;     /* what was made */
    sotto_staged *staged;
    sotto_mls_event event;
    sotto_group *branch;
    struct part_store store; /* of the actor's group */
};

static struct peer *actor(struct scene *s)
{
    return &s->peers[1];
}

static void scene_begin(struct scene *s)
{
    *s = (struct scene){0};
    for (size_t i = 0; i < PEERS; i++)
        peer_init(&s->peers[i], crypto, 1, (unsigned)i);
    peers_found(s->peers, PEERS - 1, NULL);
    (void)peer_publish(&s->peers[PEERS - 1]);
}

static void scene_end(struct scene *s)
{
    sotto_mls_event_clear(&s->event);
    sotto_staged_free(s->staged);
    sotto_group_free(s->branch);
    store_clear(&s->store);
    sotto_buf_clear(&s->message);
    sotto_buf_clear(&s->out);
    for (size_t i = 0; i < PEERS; i++)
        peer_clear(&s->peers[i]);
}

static sotto_err commit_by(struct scene *s, struct peer *p, sotto_staged **ret_staged)
{
    const sotto_mls_proposal proposals[] = {
        {.type = SOTTO_MLS_ADD, .key_package = buf_view(&s->peers[PEERS - 1].package)},
        {.type = SOTTO_MLS_REMOVE, .removed = 2}};
    const sotto_mls_commit_options options = {.proposals = proposals, .proposal_count = 2};
    return sotto_group_commit(&p->m, p->group, &options, ret_staged);
}

static void no_preparation(struct scene *s)
{
    (void)s;
}

static void a_commit_comes(struct scene *s)
{
    sotto_staged *staged = NULL;
    assert_ok(commit_by(s, &s->peers[0], &staged));
    assert_ok(sotto_buf_set(&s->message, sotto_staged_commit(staged)));
    sotto_staged_free(staged);
}

static void a_commit_of_proposals_comes(struct scene *s)
{
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    for (size_t i = 1; i < 3; i++) {
        sotto_buf proposal = peer_propose(&s->peers[i], &update);
        for (size_t j = 0; j < 3; j++)
            if (j != i)
                peer_hears_proposal(&s->peers[j], buf_view(&proposal), SOTTO_MLS_UPDATE);
        sotto_buf_clear(&proposal);
    }
    a_commit_comes(s); /* but for the Update of who is removed */
}

static void a_commit_was_received(struct scene *s)
{
    a_commit_comes(s);
    s->event = peer_receive(actor(s), buf_view(&s->message));
}

static void a_message_comes(struct scene *s)
{
    s->message = peer_say(&s->peers[0], "hello");
}

static void a_late_message_comes(struct scene *s)
{
    s->message = peer_say(&s->peers[0], "hello");
    peers_commit(s->peers, 3, 2, NULL, 0);
}

static void a_proposal_comes(struct scene *s)
{
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    s->message = peer_propose(&s->peers[0], &update);
}

static void a_welcome_comes(struct scene *s)
{
    sotto_staged *staged = NULL;
    assert_ok(commit_by(s, &s->peers[0], &staged));
    assert_ok(sotto_buf_set(&s->message, sotto_staged_welcome(staged)));
    sotto_staged_free(staged);
}

static void a_group_info_comes(struct scene *s)
{
    struct peer *p = &s->peers[0];
    assert_ok(sotto_group_info(&p->m, p->group, true, true, &s->message));
}

static void another_is_asked_along(struct scene *s)
{
    sotto_buf_clear(&s->peers[0].package);
    sotto_buf_clear(&s->peers[0].private_part);
    (void)peer_publish(&s->peers[0]);
}

static sotto_err commits(struct scene *s)
{
    return commit_by(s, actor(s), &s->staged);
}

static sotto_err receives(struct scene *s)
{
    return sotto_group_receive(&actor(s)->m, actor(s)->group, buf_view(&s->message), &s->event);
}

static sotto_err merges(struct scene *s)
{
    return sotto_staged_merge(&actor(s)->m, &actor(s)->group, &s->event.staged);
}

static sotto_err protects(struct scene *s)
{
    return sotto_group_protect(&actor(s)->m, actor(s)->group, VIEW_LIT("said"), (view){0}, 0,
                               &s->out);
}

static sotto_err proposes(struct scene *s)
{
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    return sotto_group_propose(&actor(s)->m, actor(s)->group, &update, (view){0}, &s->out);
}

static sotto_err exports(struct scene *s)
{
    return sotto_group_safe_export(&actor(s)->m, actor(s)->group, 7, &s->out);
}

static sotto_err creates(struct scene *s)
{
    struct peer *p = &s->peers[PEERS - 1];
    return sotto_group_new(&p->m, &p->client, (view){0}, (view){0}, NULL, &p->group);
}

static sotto_err joins(struct scene *s)
{
    struct peer *p = &s->peers[PEERS - 1];
    return sotto_mls_join(&p->m, buf_view(&s->message), buf_view(&p->private_part), NULL,
                          &s->staged);
}

static sotto_err joins_by_a_commit(struct scene *s)
{
    struct peer *p = &s->peers[PEERS - 1];
    return sotto_mls_join_external(&p->m, &p->client, buf_view(&s->message), NULL, &s->staged);
}

static sotto_err asks_in(struct scene *s)
{
    struct peer *p = &s->peers[PEERS - 1];
    return sotto_mls_propose_self(&p->m, VIEW_LIT("group"), 1, buf_view(&p->package),
                                  buf_view(&p->private_part), &s->out);
}

static sotto_err proposes_from_outside(struct scene *s)
{
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 1};
    struct peer *p = &s->peers[PEERS - 1];
    return sotto_mls_propose_external(&p->m, 1, p->key, 0, VIEW_LIT("group"), 1, &remove, &s->out);
}

static sotto_err hands_out(struct scene *s)
{
    return sotto_group_info(&actor(s)->m, actor(s)->group, true, true, &s->out);
}

static sotto_err branches(struct scene *s)
{
    const sotto_view members[] = {buf_view(&s->peers[0].package)};
    return sotto_group_branch(&actor(s)->m, actor(s)->group, &actor(s)->client,
                              VIEW_LIT("a side room"), (view){0}, members, 1, false, &s->branch,
                              &s->staged);
}

/* A past epoch, proposals that wait, a key for a message that was passed by. */
static void much_is_kept(struct scene *s)
{
    sotto_buf passed_by = peer_say(&s->peers[0], "passed by"),
              said = peer_say(&s->peers[0], "said");
    peer_hears(actor(s), buf_view(&said), "said", 0);
    peers_commit(s->peers, PEERS - 1, 0, NULL, 0);
    a_commit_of_proposals_comes(s);
    store_write(&s->store, actor(s)->group);
    sotto_buf_clear(&s->message);
    sotto_buf_clear(&passed_by);
    sotto_buf_clear(&said);
}

static void an_epoch_is_to_be_written(struct scene *s)
{
    much_is_kept(s);
    peers_commit(s->peers, PEERS - 1, 0, NULL, 0);
}

static void a_commit_is_kept(struct scene *s)
{
    sotto_staged *staged = NULL;
    much_is_kept(s);
    assert_ok(commit_by(s, actor(s), &staged));
    assert_ok(sotto_staged_write(staged, &s->message));
    sotto_staged_free(staged);
}

static sotto_err part_drop(void *context, sotto_view name, sotto_view value)
{
    (void)context, (void)name, (void)value;
    return SOTTO_OK;
}

static sotto_err writes(struct scene *s)
{
    return sotto_group_write(actor(s)->group, false, part_drop, NULL);
}

static sotto_err reads_back(struct scene *s)
{
    sotto_group_reader *reader = NULL;
    sotto_err err = sotto_group_read_begin(&reader);
    for (size_t i = 0; i < s->store.count && err == SOTTO_OK; i++)
        err = sotto_group_read_part(reader, part_name(&s->store.parts[i]),
                                    buf_view(&s->store.parts[i].value));
    if (err == SOTTO_OK)
        err = sotto_group_read_end(&actor(s)->m, &reader, &s->branch);
    sotto_group_reader_free(reader);
    return err;
}

static sotto_err commits_and_keeps(struct scene *s)
{
    TRY(commit_by(s, actor(s), &s->staged));
    sotto_err err = sotto_staged_write(s->staged, &s->out);
    sotto_staged_free(s->staged);
    s->staged = NULL;
    return err;
}

static sotto_err reads_a_commit_back(struct scene *s)
{
    return sotto_staged_read(&actor(s)->m, actor(s)->group, buf_view(&s->message), &s->staged);
}

struct step_of_a_scene {
    void (*prepare)(struct scene *s);
    sotto_err (*act)(struct scene *s);
};

/* Fails at one allocation. False: there are fewer. */
static bool try_at(const struct step_of_a_scene *step, size_t at)
{
    struct scene s;
    sotto_buf context = {0};
    sotto_mls_proposed proposed;
    scene_begin(&s);
    step->prepare(&s);
    assert_ok(sotto_buf_set(&context, sotto_group_context(actor(&s)->group)));
    bool pending = sotto_group_pending(actor(&s)->group, 0, &proposed);
    allocation_failed = false;
    allocations_left = at;
    sotto_err err = step->act(&s);
    bool failed = allocation_failed;
    allocations_left = SIZE_MAX;
    if (err != SOTTO_OK) {
        assert_true(failed);
        assert_err(err, NOMEM);
        assert_true(view_equal(buf_view(&context), sotto_group_context(actor(&s)->group)));
        assert_int_equal(pending, sotto_group_pending(actor(&s)->group, 0, &proposed));
        assert_int_equal(s.out.len, 0);
        assert_ok(step->act(&s));
    }
    buf_clear(&context);
    scene_end(&s);
    return failed;
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    static const struct step_of_a_scene steps[] = {
        {no_preparation, commits},
        {no_preparation, protects},
        {no_preparation, proposes},
        {no_preparation, exports},
        {no_preparation, creates},
        {a_commit_comes, receives},
        {a_commit_of_proposals_comes, receives},
        {a_commit_of_proposals_comes, commits},
        {a_commit_was_received, merges},
        {a_message_comes, receives},
        {a_late_message_comes, receives},
        {a_proposal_comes, receives},
        {a_welcome_comes, joins},
        {a_group_info_comes, joins_by_a_commit},
        {no_preparation, asks_in},
        {no_preparation, proposes_from_outside},
        {no_preparation, hands_out},
        {another_is_asked_along, branches},
        {an_epoch_is_to_be_written, writes},
        {much_is_kept, reads_back},
        {much_is_kept, commits_and_keeps},
        {a_commit_is_kept, reads_a_commit_back},
    };
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        size_t at = 0;
        while (try_at(&steps[i], at))
            at++;
        assert_true(at > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    if (sotto_crypto_new(&crypto) != SOTTO_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    sotto_crypto_free(crypto);
    return failed;
}
