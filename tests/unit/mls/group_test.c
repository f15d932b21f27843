#include "peers.h"

#include <sotto/mls.h>

#define SUITE 1

static sotto_crypto *crypto;

static int crypto_begin(void **state)
{
    (void)state;
    return sotto_crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int crypto_end(void **state)
{
    (void)state;
    sotto_crypto_free(crypto);
    return 0;
}

/* Up to 16 of them; `count` found a group. */
struct world {
    struct peer peers[16];
    size_t count;
};

static void world_begin(struct world *w, uint16_t suite, size_t founders, size_t count,
                        const sotto_mls_settings *settings)
{
    w->count = count;
    for (size_t i = 0; i < count; i++)
        peer_init(&w->peers[i], crypto, suite, (unsigned)i);
    if (founders > 0)
        peers_found(w->peers, founders, settings);
}

static void world_end(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        peer_clear(&w->peers[i]);
}

/* Everybody hears everybody. */
static void world_talks(struct world *w)
{
    for (size_t i = 0; i < w->count; i++) {
        struct peer *p = &w->peers[i];
        if (p->group == NULL || !sotto_group_is_active(p->group))
            continue;
        sotto_buf message = peer_say(p, p->name);
        for (size_t j = 0; j < w->count; j++)
            if (j != i && w->peers[j].group != NULL && sotto_group_is_active(w->peers[j].group))
                peer_hears(&w->peers[j], buf_view(&message), p->name,
                           sotto_group_own_leaf(p->group));
        sotto_buf_clear(&message);
    }
}

static sotto_mls_proposal removal(const struct peer *p)
{
    return (sotto_mls_proposal){.type = SOTTO_MLS_REMOVE,
                                .removed = sotto_group_own_leaf(p->group)};
}

static void members_talk_in_every_suite(void **state)
{
    (void)state;
    uint16_t suite;
    for (size_t i = 0; (suite = sotto_suite_at(i)) != 0; i++) {
        struct world w;
        world_begin(&w, suite, 3, 3, NULL);
        assert_int_equal(sotto_group_epoch(w.peers[2].group), 1);
        assert_int_equal(sotto_group_member_count(w.peers[2].group), 3);
        world_talks(&w);
        peers_commit(w.peers, 3, 2, NULL, 0);
        peers_commit(w.peers, 3, 1, NULL, 0);
        world_talks(&w);
        world_end(&w);
    }
}

static void a_group_begins_with_its_creator_alone(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_leaf leaf;
    uint32_t at = 0;
    world_begin(&w, SUITE, 0, 1, NULL);
    peer_create(&w.peers[0], NULL);
    sotto_group *g = w.peers[0].group;
    assert_int_equal(sotto_group_epoch(g), 0);
    assert_int_equal(sotto_group_member_count(g), 1);
    assert_true(view_equal(sotto_group_id(g), VIEW_LIT("group")));
    assert_true(sotto_group_is_active(g));
    assert_true(sotto_group_next_member(g, &at, &leaf));
    assert_int_equal(leaf.index, 0);
    assert_true(view_equal(leaf.credential.content, VIEW_LIT("peer 0")));
    assert_true(leaf.not_before_s < PEERS_NOW && PEERS_NOW < leaf.not_after_s);
    assert_false(sotto_group_next_member(g, &at, &leaf));
    assert_err(sotto_group_member(g, 1, &leaf), NOTFOUND);
    assert_true(sotto_group_find_member(g, sotto_sign_key_public(w.peers[0].key), &leaf));
    assert_false(sotto_group_find_member(g, VIEW_LIT("nobody"), &leaf));
    peers_commit(w.peers, 1, 0, NULL, 0);
    assert_int_equal(sotto_group_epoch(g), 1);
    world_end(&w);
}

static void a_group_without_id_gets_a_random_one(void **state)
{
    (void)state;
    struct world w;
    sotto_group *a = NULL, *b = NULL;
    world_begin(&w, SUITE, 0, 1, NULL);
    struct peer *p = &w.peers[0];
    assert_ok(sotto_group_new(&p->m, &p->client, (view){0}, (view){0}, NULL, &a));
    assert_ok(sotto_group_new(&p->m, &p->client, (view){0}, (view){0}, NULL, &b));
    assert_int_equal(sotto_group_id(a).len, 32);
    assert_false(view_equal(sotto_group_id(a), sotto_group_id(b)));
    sotto_group_free(a);
    sotto_group_free(b);
    world_end(&w);
}

static void what_makes_no_group_is_refused(void **state)
{
    (void)state;
    struct world w;
    sotto_group *g = NULL;
    world_begin(&w, SUITE, 0, 1, NULL);
    struct peer *p = &w.peers[0];
    sotto_mls_client client = p->client;
    client.suite = 0x7777;
    assert_err(sotto_group_new(&p->m, &client, (view){0}, (view){0}, NULL, &g), UNSUPPORTED);
    client.suite = 2; /* the key is none of this suite */
    assert_err(sotto_group_new(&p->m, &client, (view){0}, (view){0}, NULL, &g), USAGE);
    assert_err(sotto_group_new(&p->m, &p->client, (view){0}, VIEW_LIT("no list"), NULL, &g),
               TRUNCATED);
    sotto_buf list = {0};
    assert_ok(sotto_mls_extension_add(&list, 0xf0f0, VIEW_LIT("unknown to the client")));
    assert_err(sotto_group_new(&p->m, &p->client, (view){0}, buf_view(&list), NULL, &g), VALUE);
    memset(p->m.seed, 0, sizeof p->m.seed);
    assert_err(sotto_group_new(&p->m, &p->client, (view){0}, (view){0}, NULL, &g), USAGE);
    assert_null(g);
    sotto_buf_clear(&list);
    world_end(&w);
}

static void who_is_removed_reads_what_was_said_before_and_nothing_after(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 3, 3, NULL);
    struct peer *gone = &w.peers[2];
    sotto_buf before = peer_say(&w.peers[0], "before");
    const sotto_mls_proposal remove = removal(gone);
    sotto_staged *staged = peer_commit(&w.peers[1], &remove, 1);
    const sotto_mls_change *change = sotto_staged_change(staged);
    assert_true(change->own && change->has_path && !change->removes_us);
    assert_int_equal(change->proposal_count, 1);
    assert_int_equal(change->proposals[0].before.index, 2);
    assert_true(view_equal(change->proposals[0].before.credential.content, VIEW_LIT("peer 2")));
    peer_process(&w.peers[0], sotto_staged_commit(staged));
    sotto_mls_event event = peer_receive(gone, sotto_staged_commit(staged));
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_COMMIT);
    assert_true(sotto_staged_change(event.staged)->removes_us);
    assert_int_equal(sotto_staged_change(event.staged)->committer_after.index, 1);
    peer_merge(gone, &event.staged);
    peer_merge(&w.peers[1], &staged);
    assert_false(sotto_group_is_active(gone->group));
    assert_int_equal(sotto_group_epoch(gone->group), 1);
    assert_int_equal(sotto_group_member_count(w.peers[0].group), 2);
    peer_hears(gone, buf_view(&before), "before", 0);
    sotto_buf after = peer_say(&w.peers[0], "after");
    assert_err(sotto_group_receive(&gone->m, gone->group, buf_view(&after), &event), CLOSED);
    assert_err(sotto_group_protect(&gone->m, gone->group, VIEW_LIT("x"), (view){0}, 0, &before),
               NOT_NOW);
    assert_err(sotto_group_commit(&gone->m, gone->group, NULL, &staged), NOT_NOW);
    world_talks(&w);
    sotto_buf_clear(&before);
    sotto_buf_clear(&after);
    world_end(&w);
}

static void proposals_wait_until_somebody_commits_to_them(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        const sotto_mls_settings settings = {.public_handshakes = open};
        struct world w;
        sotto_mls_proposed proposed;
        world_begin(&w, SUITE, 4, 5, &settings);
        const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                        .key_package = peer_publish(&w.peers[4])};
        const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
        const sotto_mls_proposal remove = removal(&w.peers[3]);
        sotto_buf messages[] = {peer_propose(&w.peers[1], &add), peer_propose(&w.peers[2], &update),
                                peer_propose(&w.peers[0], &remove)};
        const size_t from[] = {1, 2, 0};
        const uint16_t types[] = {SOTTO_MLS_ADD, SOTTO_MLS_UPDATE, SOTTO_MLS_REMOVE};
        for (size_t i = 0; i < COUNT_OF(messages); i++)
            for (size_t j = 0; j < 4; j++)
                if (j != from[i])
                    peer_hears_proposal(&w.peers[j], buf_view(&messages[i]), types[i]);
        assert_true(sotto_group_pending(w.peers[0].group, 2, &proposed));
        assert_false(sotto_group_pending(w.peers[0].group, 3, &proposed));
        sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
        assert_int_equal(sotto_staged_change(staged)->proposal_count, 3);
        for (size_t i = 1; i < 4; i++)
            peer_process(&w.peers[i], sotto_staged_commit(staged));
        peer_join(&w.peers[4], sotto_staged_welcome(staged), &settings);
        peer_merge(&w.peers[0], &staged);
        assert_false(sotto_group_is_active(w.peers[3].group));
        assert_false(sotto_group_pending(w.peers[1].group, 0, &proposed));
        for (size_t i = 0; i < COUNT_OF(messages); i++)
            sotto_buf_clear(&messages[i]);
        world_talks(&w);
        peers_commit(w.peers, 5, 2, NULL, 0); /* with the leaf that was updated */
        peers_commit(w.peers, 5, 4, NULL, 0);
        world_talks(&w);
        world_end(&w);
    }
}

static void an_update_can_change_who_we_are(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_leaf leaf;
    world_begin(&w, SUITE, 3, 4, NULL);
    sotto_mls_client client = w.peers[1].client;
    client.sign_key = w.peers[3].key;
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE, .update = &client};
    sotto_buf message = peer_propose(&w.peers[1], &update);
    peer_hears_proposal(&w.peers[0], buf_view(&message), SOTTO_MLS_UPDATE);
    peer_hears_proposal(&w.peers[2], buf_view(&message), SOTTO_MLS_UPDATE);
    peers_commit(w.peers, 3, 0, NULL, 0);
    assert_ok(sotto_group_member(w.peers[2].group, 1, &leaf));
    assert_true(view_equal(leaf.signature_key, sotto_sign_key_public(w.peers[3].key)));
    world_talks(&w);
    const sotto_mls_commit_options options = {.update = &w.peers[1].client};
    sotto_staged *staged = NULL;
    assert_ok(sotto_group_commit(&w.peers[1].m, w.peers[1].group, &options, &staged));
    peer_process(&w.peers[0], sotto_staged_commit(staged));
    peer_process(&w.peers[2], sotto_staged_commit(staged));
    peer_merge(&w.peers[1], &staged);
    assert_ok(sotto_group_member(w.peers[2].group, 1, &leaf));
    assert_true(view_equal(leaf.signature_key, sotto_sign_key_public(w.peers[1].key)));
    world_talks(&w);
    sotto_buf_clear(&message);
    world_end(&w);
}

static void nothing_is_said_while_proposals_wait(void **state)
{
    (void)state;
    struct world w;
    sotto_buf message = {0};
    world_begin(&w, SUITE, 2, 2, NULL);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    sotto_buf proposal = peer_propose(&w.peers[0], &update);
    peer_hears_proposal(&w.peers[1], buf_view(&proposal), SOTTO_MLS_UPDATE);
    for (size_t i = 0; i < 2; i++)
        assert_err(sotto_group_protect(&w.peers[i].m, w.peers[i].group, VIEW_LIT("x"), (view){0}, 0,
                                       &message),
                   NOT_NOW);
    peers_commit(w.peers, 2, 0, NULL, 0); /* without the own Update, which nobody can commit to */
    world_talks(&w);
    sotto_buf_clear(&proposal);
    world_end(&w);
}

static void what_comes_back_to_its_sender_changes_nothing(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        const sotto_mls_settings settings = {.public_handshakes = open};
        struct world w;
        world_begin(&w, SUITE, 2, 2, &settings);
        const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
        sotto_buf said = peer_say(&w.peers[0], "hello");
        sotto_buf proposal = peer_propose(&w.peers[0], &update);
        sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
        const view messages[] = {buf_view(&said), buf_view(&proposal), sotto_staged_commit(staged)};
        for (size_t i = 0; i < COUNT_OF(messages); i++) {
            sotto_mls_event event = peer_receive(&w.peers[0], messages[i]);
            assert_int_equal(event.kind, SOTTO_MLS_EVENT_OWN);
            assert_int_equal(event.sender, 0);
            sotto_mls_event_clear(&event);
        }
        peer_hears(&w.peers[1], buf_view(&said), "hello", 0);
        peer_hears_proposal(&w.peers[1], buf_view(&proposal), SOTTO_MLS_UPDATE);
        peer_process(&w.peers[1], sotto_staged_commit(staged));
        peer_merge(&w.peers[0], &staged);
        peers_agree(&w.peers[0], &w.peers[1]);
        sotto_mls_event event = peer_receive(&w.peers[0], buf_view(&said));
        assert_int_equal(event.kind, SOTTO_MLS_EVENT_OWN);
        sotto_mls_event_clear(&event);
        sotto_buf_clear(&said);
        sotto_buf_clear(&proposal);
        world_end(&w);
    }
}

static void of_two_commits_one_wins(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 3, 3, NULL);
    sotto_staged *lost = peer_commit(&w.peers[0], NULL, 0);
    sotto_staged *won = peer_commit(&w.peers[1], NULL, 0);
    sotto_mls_event other = peer_receive(&w.peers[2], sotto_staged_commit(lost));
    assert_int_equal(other.kind, SOTTO_MLS_EVENT_COMMIT);
    peer_process(&w.peers[2], sotto_staged_commit(won));
    peer_process(&w.peers[0], sotto_staged_commit(won));
    assert_err(sotto_staged_merge(&w.peers[0].m, &w.peers[0].group, &lost), NOT_NOW);
    assert_err(sotto_staged_merge(&w.peers[2].m, &w.peers[2].group, &other.staged), NOT_NOW);
    assert_int_equal(sotto_staged_change(other.staged)->committer_before.index, 0);
    peer_merge(&w.peers[1], &won);
    peers_agree(&w.peers[0], &w.peers[1]);
    peers_agree(&w.peers[0], &w.peers[2]);
    world_talks(&w);
    sotto_staged_free(lost);
    sotto_mls_event_clear(&other);
    world_end(&w);
}

static void a_commit_that_is_dropped_can_be_received_again(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 2, 2, NULL);
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    for (int i = 0; i < 3; i++) {
        sotto_mls_event event = peer_receive(&w.peers[1], sotto_staged_commit(staged));
        assert_int_equal(event.kind, SOTTO_MLS_EVENT_COMMIT);
        sotto_mls_event_clear(&event);
    }
    assert_int_equal(sotto_group_epoch(w.peers[1].group), 1);
    peer_process(&w.peers[1], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    world_talks(&w);
    world_end(&w);
}

static void a_commit_waits_for_its_proposals(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_event event = {0};
    world_begin(&w, SUITE, 3, 3, NULL);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    sotto_buf proposal = peer_propose(&w.peers[0], &update);
    peer_hears_proposal(&w.peers[1], buf_view(&proposal), SOTTO_MLS_UPDATE);
    sotto_staged *staged = peer_commit(&w.peers[1], NULL, 0);
    struct peer *late = &w.peers[2];
    assert_err(sotto_group_receive(&late->m, late->group, sotto_staged_commit(staged), &event),
               MISSING);
    sotto_mls_check check;
    assert_ok(sotto_mls_check_at(late->m.check, &check));
    assert_string_equal(check.name, "REFERENCE_KNOWN");
    peer_hears_proposal(late, buf_view(&proposal), SOTTO_MLS_UPDATE);
    peer_process(late, sotto_staged_commit(staged));
    peer_process(&w.peers[0], sotto_staged_commit(staged));
    peer_merge(&w.peers[1], &staged);
    peers_agree(&w.peers[0], late);
    world_talks(&w);
    sotto_buf_clear(&proposal);
    world_end(&w);
}

static void a_repeated_proposal_is_refused(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        const sotto_mls_settings settings = {.public_handshakes = open};
        struct world w;
        sotto_mls_event event = {0};
        sotto_buf again = {0};
        world_begin(&w, SUITE, 3, 3, &settings);
        const sotto_mls_proposal remove = removal(&w.peers[2]);
        sotto_buf proposal = peer_propose(&w.peers[0], &remove);
        assert_err(sotto_group_propose(&w.peers[0].m, w.peers[0].group, &remove, (view){0}, &again),
                   EXISTS);
        peer_hears_proposal(&w.peers[1], buf_view(&proposal), SOTTO_MLS_REMOVE);
        sotto_err err =
            sotto_group_receive(&w.peers[1].m, w.peers[1].group, buf_view(&proposal), &event);
        assert_int_equal(err, open ? SOTTO_E_EXISTS : SOTTO_E_REPLAYED);
        sotto_buf_clear(&proposal);
        world_end(&w);
    }
}

static void late_messages_are_read_with_the_members_of_their_time(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_event event = {0};
    world_begin(&w, SUITE, 4, 5, NULL);
    sotto_buf late[3] = {peer_say(&w.peers[3], "from one who is gone by now"),
                         peer_say(&w.peers[1], "first"), peer_say(&w.peers[1], "second")};
    const sotto_mls_proposal remove = removal(&w.peers[3]);
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = peer_publish(&w.peers[4])};
    peers_commit(w.peers, 4, 0, &remove, 1);
    sotto_staged *staged = peer_commit(&w.peers[0], &add, 1); /* at the same leaf */
    peer_process(&w.peers[1], sotto_staged_commit(staged));
    peer_process(&w.peers[2], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    sotto_mls_leaf leaf;
    assert_ok(sotto_group_member(w.peers[2].group, 3, &leaf));
    assert_true(view_equal(leaf.signature_key, sotto_sign_key_public(w.peers[4].key)));
    event = peer_receive(&w.peers[2], buf_view(&late[0]));
    assert_int_equal(event.sender, 3);
    assert_int_equal(event.epoch, 1);
    assert_true(view_equal(event.sender_key, sotto_sign_key_public(w.peers[3].key)));
    sotto_mls_event_clear(&event);
    peer_hears(&w.peers[2], buf_view(&late[2]), "second", 1);
    peer_hears(&w.peers[2], buf_view(&late[1]), "first", 1);
    assert_err(sotto_group_receive(&w.peers[2].m, w.peers[2].group, buf_view(&late[1]), &event),
               REPLAYED);
    for (size_t i = 0; i < COUNT_OF(late); i++)
        sotto_buf_clear(&late[i]);
    world_end(&w);
}

static void past_epochs_are_kept_by_count_and_age(void **state)
{
    (void)state;
    const sotto_mls_settings settings = {.past_epochs = 2, .past_age_s = 100};
    struct world w;
    sotto_mls_event event = {0};
    sotto_buf psk = {0};
    world_begin(&w, SUITE, 2, 2, &settings);
    struct peer *reader = &w.peers[1];
    sotto_buf said[3];
    for (size_t i = 0; i < COUNT_OF(said); i++) {
        said[i] = peer_say(&w.peers[0], "late");
        peers_commit(w.peers, 2, 0, NULL, 0);
    }
    assert_err(sotto_group_receive(&reader->m, reader->group, buf_view(&said[0]), &event), EXPIRED);
    peer_hears(reader, buf_view(&said[1]), "late", 0);
    assert_ok(sotto_group_resumption_psk(reader->group, 2, &psk));
    assert_err(sotto_group_resumption_psk(reader->group, 1, &psk), NOTFOUND);
    reader->m.now_s += 101;
    assert_err(sotto_group_receive(&reader->m, reader->group, buf_view(&said[2]), &event), EXPIRED);
    sotto_buf own = peer_say(reader, "still here");
    peer_hears(&w.peers[0], buf_view(&own), "still here", 1);
    assert_err(sotto_group_resumption_psk(reader->group, 2, &psk), NOTFOUND);
    sotto_buf_clear(&own);
    sotto_buf_clear(&psk);
    for (size_t i = 0; i < COUNT_OF(said); i++)
        sotto_buf_clear(&said[i]);
    world_end(&w);
}

static void messages_of_other_groups_and_epochs_are_told_apart(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_event event = {0};
    sotto_mls_envelope envelope = {0};
    world_begin(&w, SUITE, 2, 3, NULL);
    struct peer *other = &w.peers[2];
    assert_ok(sotto_group_new(&other->m, &other->client, VIEW_LIT("other"), (view){0}, NULL,
                              &other->group));
    sotto_buf elsewhere = peer_say(other, "elsewhere");
    assert_err(sotto_group_receive(&w.peers[0].m, w.peers[0].group, buf_view(&elsewhere), &event),
               UNEXPECTED);
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    sotto_buf old = {0};
    assert_ok(sotto_mls_envelope_read(sotto_staged_commit(staged), &envelope));
    assert_true(view_equal(envelope.group_id, VIEW_LIT("group")));
    assert_int_equal(envelope.epoch, 1);
    assert_int_equal(envelope.content_type, 3);
    assert_true(envelope.is_private);
    assert_ok(buf_set(&old, sotto_staged_commit(staged)));
    peer_merge(&w.peers[0], &staged);
    sotto_buf ahead = peer_say(&w.peers[0], "ahead");
    assert_err(sotto_group_receive(&w.peers[1].m, w.peers[1].group, buf_view(&ahead), &event),
               NOT_NOW);
    peer_process(&w.peers[1], buf_view(&old));
    peer_hears(&w.peers[1], buf_view(&ahead), "ahead", 0);
    assert_err(sotto_group_receive(&w.peers[1].m, w.peers[1].group, buf_view(&old), &event),
               EXPIRED);
    event = peer_receive(&w.peers[0], buf_view(&old));
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_OWN);
    assert_err(sotto_mls_envelope_read(buf_view(&w.peers[1].package), &envelope), UNEXPECTED);
    sotto_buf_clear(&elsewhere);
    sotto_buf_clear(&ahead);
    sotto_buf_clear(&old);
    world_end(&w);
}

/* Each byte of each kind of message, changed: an error, and the group goes on as if nothing had come. */
static void a_message_changed_in_any_byte_changes_nothing(void **state)
{
    (void)state;
    for (int open = 0; open < 2; open++) {
        const sotto_mls_settings settings = {.public_handshakes = open};
        struct world w;
        world_begin(&w, SUITE, 2, 2, &settings);
        const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
        sotto_buf messages[3] = {peer_say(&w.peers[0], "hello"),
                                 peer_propose(&w.peers[0], &update)};
        sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
        assert_ok(buf_set(&messages[2], sotto_staged_commit(staged)));
        for (size_t i = 0; i < COUNT_OF(messages); i++) {
            for (size_t at = 0; at < messages[i].len; at++) {
                sotto_mls_event event = {0};
                messages[i].data[at] ^= 1;
                sotto_err err = sotto_group_receive(&w.peers[1].m, w.peers[1].group,
                                                    buf_view(&messages[i]), &event);
                assert_int_not_equal(err, SOTTO_OK);
                assert_int_equal(event.kind, SOTTO_MLS_EVENT_NONE);
                messages[i].data[at] ^= 1;
            }
        }
        peer_hears(&w.peers[1], buf_view(&messages[0]), "hello", 0);
        peer_hears_proposal(&w.peers[1], buf_view(&messages[1]), SOTTO_MLS_UPDATE);
        peer_process(&w.peers[1], buf_view(&messages[2]));
        peer_merge(&w.peers[0], &staged);
        peers_agree(&w.peers[0], &w.peers[1]);
        for (size_t i = 0; i < COUNT_OF(messages); i++)
            sotto_buf_clear(&messages[i]);
        world_end(&w);
    }
}

static sotto_err no_removals(void *context, const sotto_mls_change *change)
{
    size_t *asked = context;
    ++*asked;
    for (size_t i = 0; i < change->proposal_count; i++)
        if (change->proposals[i].proposal.type == SOTTO_MLS_REMOVE)
            return SOTTO_E_PERMISSION;
    return SOTTO_OK;
}

static void the_application_says_which_commits_take_effect(void **state)
{
    (void)state;
    struct world w;
    size_t asked = 0;
    sotto_mls_event event = {0};
    sotto_staged *staged = NULL;
    sotto_mls_check check;
    const sotto_mls_rules rules = {.context = &asked, .commit = no_removals};
    world_begin(&w, SUITE, 3, 3, NULL);
    const sotto_mls_proposal remove = removal(&w.peers[2]);
    const sotto_mls_commit_options options = {.proposals = &remove, .proposal_count = 1};
    w.peers[1].m.rules = &rules;
    assert_err(sotto_group_commit(&w.peers[1].m, w.peers[1].group, &options, &staged), PERMISSION);
    assert_ok(sotto_mls_check_at(w.peers[1].m.check, &check));
    assert_string_equal(check.name, "COMMIT_POLICY");
    assert_null(staged);
    staged = peer_commit(&w.peers[0], &remove, 1);
    assert_err(
        sotto_group_receive(&w.peers[1].m, w.peers[1].group, sotto_staged_commit(staged), &event),
        PERMISSION);
    sotto_staged_free(staged);
    peers_commit(w.peers, 3, 1, NULL, 0);
    peers_commit(w.peers, 3, 0, NULL, 0);
    assert_int_equal(asked, 4);
    world_talks(&w);
    world_end(&w);
}

static sotto_err psk_of_peers(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    if (id->type != SOTTO_MLS_PSK_EXTERNAL || !view_equal(id->id, VIEW_LIT("name")))
        return SOTTO_E_NOTFOUND;
    return sotto_buf_set(ret_psk, view_str(context));
}

static void a_pre_shared_key_is_known_to_all_or_the_commit_is_refused(void **state)
{
    (void)state;
    struct world w;
    static char right[] = "the psk", wrong[] = "another";
    const sotto_mls_rules rules = {.context = right, .psk = psk_of_peers};
    const sotto_mls_rules wrong_rules = {.context = wrong, .psk = psk_of_peers};
    sotto_mls_event event = {0};
    world_begin(&w, SUITE, 3, 3, NULL);
    const sotto_mls_proposal psks[] = {
        {.type = SOTTO_MLS_PSK, .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("name")}},
        {.type = SOTTO_MLS_PSK,
         .psk = {.type = SOTTO_MLS_PSK_RESUMPTION,
                 .usage = SOTTO_MLS_USAGE_APPLICATION,
                 .psk_group_id = VIEW_LIT("group"),
                 .psk_epoch = 1}}};
    w.peers[0].m.rules = w.peers[1].m.rules = &rules;
    sotto_staged *staged = peer_commit(&w.peers[0], psks, 2);
    struct peer *p = &w.peers[2];
    assert_err(sotto_group_receive(&p->m, p->group, sotto_staged_commit(staged), &event), NOTFOUND);
    p->m.rules = &wrong_rules;
    assert_err(sotto_group_receive(&p->m, p->group, sotto_staged_commit(staged), &event), MAC);
    p->m.rules = &rules;
    for (size_t i = 1; i < 3; i++)
        peer_process(&w.peers[i], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    peers_agree(&w.peers[0], p);
    peers_commit(w.peers, 3, 1, &psks[1], 1); /* of an epoch that is over */
    const sotto_mls_commit_options options = {
        .proposals = psks, .proposal_count = 2, .without_path = true};
    assert_ok(sotto_group_commit(&w.peers[0].m, w.peers[0].group, &options, &staged));
    assert_false(sotto_staged_change(staged)->has_path);
    for (size_t i = 1; i < 3; i++)
        peer_process(&w.peers[i], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    peers_agree(&w.peers[0], p);
    world_talks(&w);
    world_end(&w);
}

static void a_reinit_ends_the_group(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_proposal ended_by = {0};
    sotto_buf message = {0};
    sotto_mls_event event = {0};
    world_begin(&w, SUITE, 2, 2, NULL);
    sotto_buf before = peer_say(&w.peers[0], "before");
    const sotto_mls_proposal reinit = {
        .type = SOTTO_MLS_REINIT, .group_id = VIEW_LIT("next"), .suite = 2};
    sotto_staged *staged = peer_commit(&w.peers[0], &reinit, 1);
    assert_true(sotto_staged_change(staged)->ends_group);
    peer_process(&w.peers[1], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    peers_agree(&w.peers[0], &w.peers[1]);
    for (size_t i = 0; i < 2; i++) {
        struct peer *p = &w.peers[i];
        assert_false(sotto_group_is_active(p->group));
        assert_ok(sotto_group_ended_by(p->group, &ended_by));
        assert_int_equal(ended_by.suite, 2);
        assert_true(view_equal(ended_by.group_id, VIEW_LIT("next")));
        assert_err(sotto_group_protect(&p->m, p->group, VIEW_LIT("x"), (view){0}, 0, &message),
                   NOT_NOW);
        assert_err(sotto_group_propose(&p->m, p->group, &reinit, (view){0}, &message), NOT_NOW);
        assert_err(sotto_group_commit(&p->m, p->group, NULL, &staged), NOT_NOW);
    }
    peer_hears(&w.peers[1], buf_view(&before), "before", 0);
    (void)event;
    sotto_buf_clear(&before);
    world_end(&w);
}

static void extensions_of_the_group_change_by_a_commit(void **state)
{
    (void)state;
    struct world w;
    sotto_buf list = {0};
    view data = {0};
    const uint16_t credentials[] = {SOTTO_MLS_BASIC};
    world_begin(&w, SUITE, 3, 3, NULL);
    assert_ok(sotto_mls_require(&list, NULL, 0, NULL, 0, credentials, 1));
    const sotto_mls_proposal change = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                       .extensions = buf_view(&list)};
    sotto_staged *staged = peer_commit(&w.peers[0], &change, 1);
    assert_int_equal(sotto_staged_change(staged)->extensions_before.len, 0);
    assert_true(view_equal(sotto_staged_change(staged)->extensions_after, buf_view(&list)));
    sotto_staged_free(staged);
    peers_commit(w.peers, 3, 1, &change, 1);
    assert_true(sotto_mls_extension_find(sotto_group_extensions(w.peers[2].group),
                                         SOTTO_MLS_REQUIRED_CAPABILITIES, &data));
    world_talks(&w);
    sotto_buf_clear(&list);
    world_end(&w);
}

static void pending_proposals_that_do_not_fit_are_left_out(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 4, 4, NULL);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    const sotto_mls_proposal remove = removal(&w.peers[3]);
    const sotto_mls_proposal *proposals[] = {&update, &remove, &remove};
    const size_t from[] = {3, 1, 2}; /* whom two others remove */
    for (size_t i = 0; i < COUNT_OF(from); i++) {
        sotto_buf message = peer_propose(&w.peers[from[i]], proposals[i]);
        for (size_t j = 0; j < 4; j++)
            if (j != from[i])
                peer_hears_proposal(&w.peers[j], buf_view(&message), proposals[i]->type);
        sotto_buf_clear(&message);
    }
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 1);
    assert_int_equal(sotto_staged_change(staged)->proposals[0].proposal.type, SOTTO_MLS_REMOVE);
    sotto_staged_free(staged);
    peers_commit(w.peers, 4, 0, NULL, 0);
    assert_int_equal(sotto_group_member_count(w.peers[0].group), 3);
    world_talks(&w);
    world_end(&w);
}

static void a_pending_psk_that_the_committer_lacks_is_left_out(void **state)
{
    (void)state;
    struct world w;
    static char psk[] = "the psk";
    const sotto_mls_rules rules = {.context = psk, .psk = psk_of_peers};
    const sotto_mls_proposal proposal = {
        .type = SOTTO_MLS_PSK, .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("name")}};
    world_begin(&w, SUITE, 3, 3, NULL);
    sotto_buf message = peer_propose(&w.peers[1], &proposal);
    peer_hears_proposal(&w.peers[0], buf_view(&message), SOTTO_MLS_PSK);
    peer_hears_proposal(&w.peers[2], buf_view(&message), SOTTO_MLS_PSK);
    sotto_buf_clear(&message);
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 0);
    assert_int_equal(w.peers[0].m.check, 0);
    sotto_staged_free(staged);
    for (size_t i = 0; i < 3; i++)
        w.peers[i].m.rules = &rules;
    staged = peer_commit(&w.peers[0], NULL, 0);
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 1);
    sotto_staged_free(staged);
    peers_commit(w.peers, 3, 0, NULL, 0);
    world_end(&w);
}

static void what_waits_never_stops_what_is_asked_for(void **state)
{
    (void)state;
    struct world w;
    sotto_buf extensions = {0};
    world_begin(&w, SUITE, 3, 4, NULL);
    assert_ok(sotto_mls_extension_add(&extensions, 0xF0F0, VIEW_LIT("which nobody supports")));
    const sotto_mls_proposal unsupported = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                            .extensions = buf_view(&extensions)};
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = peer_publish(&w.peers[3])};
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    const sotto_mls_proposal *proposals[] = {&unsupported, &update};
    for (size_t i = 0; i < 2; i++) {
        sotto_buf message = peer_propose(&w.peers[1 + i], proposals[i]);
        for (size_t j = 0; j < 3; j++)
            if (j != 1 + i)
                peer_hears_proposal(&w.peers[j], buf_view(&message), proposals[i]->type);
        sotto_buf_clear(&message);
    }
    sotto_staged *staged = peer_commit(&w.peers[0], &add, 1);
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 2);
    assert_int_equal(sotto_staged_change(staged)->proposals[0].proposal.type, SOTTO_MLS_UPDATE);
    assert_int_equal(sotto_staged_change(staged)->proposals[1].proposal.type, SOTTO_MLS_ADD);
    for (size_t i = 1; i < 3; i++)
        peer_process(&w.peers[i], sotto_staged_commit(staged));
    peer_merge(&w.peers[0], &staged);
    peers_agree(&w.peers[0], &w.peers[2]);
    sotto_buf_clear(&extensions);
    world_end(&w);
}

static void extensions_that_nobody_supports_spoil_nothing_that_waits_beside_them(void **state)
{
    (void)state;
    struct world w;
    sotto_buf extensions = {0};
    world_begin(&w, SUITE, 3, 4, NULL);
    assert_ok(sotto_mls_extension_add(&extensions, 0xF0F0, VIEW_LIT("which nobody supports")));
    const sotto_mls_proposal proposals[] = {
        {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS, .extensions = buf_view(&extensions)},
        {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&w.peers[3])}};
    for (size_t i = 0; i < 2; i++) {
        sotto_buf message = peer_propose(&w.peers[1 + i], &proposals[i]);
        for (size_t j = 0; j < 3; j++)
            if (j != 1 + i)
                peer_hears_proposal(&w.peers[j], buf_view(&message), proposals[i].type);
        sotto_buf_clear(&message);
    }
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    assert_int_equal(sotto_staged_change(staged)->proposal_count, 1);
    assert_int_equal(sotto_staged_change(staged)->proposals[0].proposal.type, SOTTO_MLS_ADD);
    sotto_staged_free(staged);
    sotto_buf_clear(&extensions);
    world_end(&w);
}

static void proposals_by_value_that_do_not_fit_are_an_error(void **state)
{
    (void)state;
    struct world w;
    sotto_staged *staged = NULL;
    world_begin(&w, SUITE, 3, 3, NULL);
    const sotto_mls_proposal both[] = {removal(&w.peers[2]), removal(&w.peers[2])};
    const sotto_mls_proposal self = removal(&w.peers[0]);
    sotto_mls_commit_options options = {.proposals = both, .proposal_count = 2};
    struct peer *p = &w.peers[0];
    assert_err(sotto_group_commit(&p->m, p->group, &options, &staged), VALUE);
    options = (sotto_mls_commit_options){.proposals = &self, .proposal_count = 1};
    assert_err(sotto_group_commit(&p->m, p->group, &options, &staged), VALUE);
    assert_null(staged);
    peers_commit(w.peers, 3, 0, NULL, 0);
    world_end(&w);
}

static void pending_proposals_can_be_dropped(void **state)
{
    (void)state;
    struct world w;
    sotto_mls_proposed proposed;
    world_begin(&w, SUITE, 2, 2, NULL);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    sotto_buf message = peer_propose(&w.peers[0], &update);
    sotto_group_drop_pending(w.peers[0].group);
    assert_false(sotto_group_pending(w.peers[0].group, 0, &proposed));
    sotto_buf said = peer_say(&w.peers[0], "free again");
    peer_hears(&w.peers[1], buf_view(&said), "free again", 0);
    sotto_buf_clear(&said);
    sotto_buf_clear(&message);
    world_end(&w);
}

static void handshakes_are_padded_as_the_settings_say(void **state)
{
    (void)state;
    const sotto_mls_settings settings = {.handshake_pad = 4096};
    struct world w;
    world_begin(&w, SUITE, 2, 3, &settings);
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = peer_publish(&w.peers[2])};
    sotto_staged *shorter = peer_commit(&w.peers[0], NULL, 0);
    sotto_staged *longer = peer_commit(&w.peers[0], &add, 1);
    assert_int_equal(sotto_staged_commit(shorter).len, sotto_staged_commit(longer).len);
    assert_true(sotto_staged_commit(longer).len > 4096);
    peer_process(&w.peers[1], sotto_staged_commit(longer));
    peer_merge(&w.peers[0], &longer);
    peers_agree(&w.peers[0], &w.peers[1]);
    sotto_staged_free(shorter);
    world_end(&w);
}

static void secrets_are_exported_alike(void **state)
{
    (void)state;
    struct world w;
    uint8_t out[2][40];
    sotto_buf safe[2] = {{0}, {0}};
    world_begin(&w, SUITE, 2, 2, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct peer *p = &w.peers[i];
        assert_ok(sotto_group_export(&p->m, p->group, VIEW_LIT("label"), VIEW_LIT("context"),
                                     out[i], sizeof out[i]));
        assert_err(sotto_group_export(&p->m, p->group, VIEW_LIT("label"), VIEW_LIT("context"),
                                      out[i], 255 * 32 + 1),
                   TOO_LARGE);
        assert_ok(sotto_group_safe_export(&p->m, p->group, 0x8001, &safe[i]));
        assert_err(sotto_group_safe_export(&p->m, p->group, 0x8001, &safe[i]), EXPIRED);
    }
    assert_memory_equal(out[0], out[1], sizeof out[0]);
    assert_true(view_equal(buf_view(&safe[0]), buf_view(&safe[1])));
    assert_int_equal(safe[0].len, 32);
    sotto_buf_clear(&safe[0]);
    sotto_buf_clear(&safe[1]);
    world_end(&w);
}

/* The GroupInfo of a member's epoch, for who joins by it. */
static sotto_buf invitation(struct peer *p)
{
    sotto_buf info = {0};
    assert_ok(sotto_group_info(&p->m, p->group, true, true, &info));
    return info;
}

static sotto_staged *external_commit(struct peer *p, view info,
                                     const sotto_mls_join_options *options)
{
    sotto_staged *staged = NULL;
    sotto_err err = sotto_mls_join_external(&p->m, &p->client, info, options, &staged);
    if (err != SOTTO_OK)
        print_message("%s joins: %s, check %u\n", p->name, sotto_err_name(err), p->m.check);
    assert_ok(err);
    return staged;
}

static void who_has_a_group_info_joins_by_a_commit(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 3, 4, NULL);
    sotto_buf info = invitation(&w.peers[1]);
    sotto_staged *staged = external_commit(&w.peers[3], buf_view(&info), NULL);
    assert_null(sotto_staged_change(staged)->group);
    for (size_t i = 0; i < 3; i++) {
        sotto_mls_event event = peer_receive(&w.peers[i], sotto_staged_commit(staged));
        const sotto_mls_change *change = sotto_staged_change(event.staged);
        assert_int_equal(event.sender_type, SOTTO_MLS_NEW_MEMBER_COMMIT);
        assert_int_equal(change->sender, 3);
        assert_int_equal(change->committer_before.index, UINT32_MAX);
        assert_true(view_equal(event.sender_key, sotto_sign_key_public(w.peers[3].key)));
        peer_merge(&w.peers[i], &event.staged);
        sotto_mls_event_clear(&event);
    }
    peer_merge(&w.peers[3], &staged);
    assert_int_equal(sotto_group_own_leaf(w.peers[3].group), 3);
    peers_agree(&w.peers[0], &w.peers[3]);
    world_talks(&w);
    peers_commit(w.peers, 4, 3, NULL, 0);
    world_talks(&w);
    sotto_buf_clear(&info);
    world_end(&w);
}

static void who_lost_its_state_comes_back_in_place_of_itself(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 3, 3, NULL);
    sotto_buf info = invitation(&w.peers[0]);
    const sotto_mls_join_options options = {.rejoin = true, .rejoin_index = 1};
    struct peer *back = &w.peers[1];
    sotto_staged *staged = external_commit(back, buf_view(&info), &options);
    peer_process(&w.peers[0], sotto_staged_commit(staged));
    peer_process(&w.peers[2], sotto_staged_commit(staged));
    sotto_mls_event event = peer_receive(back, sotto_staged_commit(staged)); /* its old self */
    assert_true(sotto_staged_change(event.staged)->removes_us);
    sotto_mls_event_clear(&event);
    sotto_group_free(back->group);
    back->group = NULL;
    peer_merge(back, &staged);
    assert_int_equal(sotto_group_member_count(w.peers[0].group), 3);
    peers_agree(&w.peers[0], back);
    world_talks(&w);
    sotto_buf_clear(&info);
    world_end(&w);
}

static void nobody_takes_the_place_of_another(void **state)
{
    (void)state;
    struct world w;
    sotto_staged *staged = NULL;
    world_begin(&w, SUITE, 3, 4, NULL);
    sotto_buf info = invitation(&w.peers[0]);
    const sotto_mls_join_options options = {.rejoin = true, .rejoin_index = 1};
    struct peer *other = &w.peers[3];
    assert_err(
        sotto_mls_join_external(&other->m, &other->client, buf_view(&info), &options, &staged),
        CERTIFICATE);
    assert_null(staged);
    sotto_buf_clear(&info);
    world_end(&w);
}

static void who_leaves_is_removed_by_another(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 3, 3, NULL);
    const sotto_mls_proposal leave = {.type = SOTTO_MLS_SELF_REMOVE};
    sotto_buf message = peer_propose(&w.peers[2], &leave);
    peer_hears_proposal(&w.peers[0], buf_view(&message), SOTTO_MLS_SELF_REMOVE);
    peer_hears_proposal(&w.peers[1], buf_view(&message), SOTTO_MLS_SELF_REMOVE);
    peers_commit(w.peers, 3, 1, NULL, 0);
    assert_false(sotto_group_is_active(w.peers[2].group));
    assert_int_equal(sotto_group_member_count(w.peers[0].group), 2);
    world_talks(&w);
    sotto_buf_clear(&message);
    world_end(&w);
}

static void outsiders_propose_what_members_commit_to(void **state)
{
    (void)state;
    struct world w;
    sotto_buf list = {0}, messages[2] = {{0}, {0}};
    const sotto_mls_credential server = {SOTTO_MLS_BASIC, VIEW_LIT("server")};
    world_begin(&w, SUITE, 3, 5, NULL);
    sotto_sign_key *key = w.peers[4].key;
    assert_ok(sotto_mls_external_sender_add(&list, sotto_sign_key_public(key), server));
    const sotto_mls_proposal change = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS,
                                       .extensions = buf_view(&list)};
    peers_commit(w.peers, 3, 0, &change, 1);
    struct peer *asks = &w.peers[3];
    (void)peer_publish(asks);
    assert_ok(sotto_mls_propose_self(&asks->m, VIEW_LIT("group"), 2, buf_view(&asks->package),
                                     buf_view(&asks->private_part), &messages[0]));
    const sotto_mls_proposal remove = removal(&w.peers[2]);
    assert_ok(sotto_mls_propose_external(&w.peers[4].m, SUITE, key, 0, VIEW_LIT("group"), 2,
                                         &remove, &messages[1]));
    for (size_t i = 0; i < 3; i++) {
        peer_hears_proposal(&w.peers[i], buf_view(&messages[0]), SOTTO_MLS_ADD);
        sotto_mls_event event = peer_receive(&w.peers[i], buf_view(&messages[1]));
        assert_int_equal(event.sender_type, SOTTO_MLS_EXTERNAL);
        assert_int_equal(event.sender, 0);
        assert_true(view_equal(event.sender_key, sotto_sign_key_public(key)));
        sotto_mls_event_clear(&event);
    }
    sotto_staged *staged = peer_commit(&w.peers[0], NULL, 0);
    peer_process(&w.peers[1], sotto_staged_commit(staged));
    peer_process(&w.peers[2], sotto_staged_commit(staged));
    peer_join(asks, sotto_staged_welcome(staged), NULL);
    peer_merge(&w.peers[0], &staged);
    peers_agree(&w.peers[0], asks);
    assert_int_equal(sotto_group_member_count(asks->group), 3);
    for (size_t i = 0; i < 2; i++)
        sotto_buf_clear(&messages[i]);
    sotto_buf_clear(&list);
    world_end(&w);
}

static void what_nobody_could_take_is_not_sent(void **state)
{
    (void)state;
    struct world w;
    sotto_staged *staged = NULL;
    sotto_buf message = {0};
    world_begin(&w, SUITE, 2, 2, NULL);
    struct peer *p = &w.peers[0];
    uint8_t *large = calloc(1, (64 << 10) + 1);
    view aad = {large, (64 << 10) + 1};
    assert_err(sotto_group_protect(&p->m, p->group, (view){0}, aad, 0, &message), TOO_LARGE);
    assert_err(sotto_group_protect(&p->m, p->group, (view){0}, (view){0}, 64 << 20, &message),
               TOO_LARGE);
    sotto_mls_commit_options options = {.authenticated_data = aad};
    assert_err(sotto_group_commit(&p->m, p->group, &options, &staged), TOO_LARGE);
    sotto_mls_client client = p->client;
    client.sign_key = NULL;
    options = (sotto_mls_commit_options){.update = &client};
    assert_err(sotto_group_commit(&p->m, p->group, &options, &staged), USAGE);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE, .update = &client};
    assert_err(sotto_group_propose(&p->m, p->group, &update, (view){0}, &message), USAGE);
    options = (sotto_mls_commit_options){.proposals = &update, .proposal_count = 1};
    assert_err(sotto_group_commit(&p->m, p->group, &options, &staged), USAGE);
    assert_null(staged);
    assert_int_equal(message.len, 0);
    world_talks(&w);
    free(large);
    world_end(&w);
}

static void members_by_the_dozen_come_and_go(void **state)
{
    (void)state;
    struct world w;
    world_begin(&w, SUITE, 9, 16, NULL);
    for (size_t i = 9; i < 16; i++) {
        const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                        .key_package = peer_publish(&w.peers[i])};
        size_t by = (i * 7) % 9;
        sotto_staged *staged = peer_commit(&w.peers[by], &add, 1);
        for (size_t j = 0; j < i; j++)
            if (j != by)
                peer_process(&w.peers[j], sotto_staged_commit(staged));
        peer_join(&w.peers[i], sotto_staged_welcome(staged), NULL);
        peer_merge(&w.peers[by], &staged);
        peers_commit(w.peers, i + 1, i, NULL, 0);
    }
    for (size_t i = 0; i < 15; i += 2) {
        const sotto_mls_proposal remove = removal(&w.peers[i]);
        peers_commit(w.peers, 16, i + 1, &remove, 1);
    }
    assert_int_equal(sotto_group_member_count(w.peers[15].group), 8);
    world_talks(&w);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_talk_in_every_suite),
        cmocka_unit_test(a_group_begins_with_its_creator_alone),
        cmocka_unit_test(a_group_without_id_gets_a_random_one),
        cmocka_unit_test(what_makes_no_group_is_refused),
        cmocka_unit_test(who_is_removed_reads_what_was_said_before_and_nothing_after),
        cmocka_unit_test(proposals_wait_until_somebody_commits_to_them),
        cmocka_unit_test(an_update_can_change_who_we_are),
        cmocka_unit_test(nothing_is_said_while_proposals_wait),
        cmocka_unit_test(what_comes_back_to_its_sender_changes_nothing),
        cmocka_unit_test(of_two_commits_one_wins),
        cmocka_unit_test(a_commit_that_is_dropped_can_be_received_again),
        cmocka_unit_test(a_commit_waits_for_its_proposals),
        cmocka_unit_test(a_repeated_proposal_is_refused),
        cmocka_unit_test(late_messages_are_read_with_the_members_of_their_time),
        cmocka_unit_test(past_epochs_are_kept_by_count_and_age),
        cmocka_unit_test(messages_of_other_groups_and_epochs_are_told_apart),
        cmocka_unit_test(a_message_changed_in_any_byte_changes_nothing),
        cmocka_unit_test(the_application_says_which_commits_take_effect),
        cmocka_unit_test(a_pre_shared_key_is_known_to_all_or_the_commit_is_refused),
        cmocka_unit_test(a_reinit_ends_the_group),
        cmocka_unit_test(extensions_of_the_group_change_by_a_commit),
        cmocka_unit_test(pending_proposals_that_do_not_fit_are_left_out),
        cmocka_unit_test(a_pending_psk_that_the_committer_lacks_is_left_out),
        cmocka_unit_test(what_waits_never_stops_what_is_asked_for),
        cmocka_unit_test(extensions_that_nobody_supports_spoil_nothing_that_waits_beside_them),
        cmocka_unit_test(proposals_by_value_that_do_not_fit_are_an_error),
        cmocka_unit_test(pending_proposals_can_be_dropped),
        cmocka_unit_test(handshakes_are_padded_as_the_settings_say),
        cmocka_unit_test(secrets_are_exported_alike),
        cmocka_unit_test(who_has_a_group_info_joins_by_a_commit),
        cmocka_unit_test(who_lost_its_state_comes_back_in_place_of_itself),
        cmocka_unit_test(nobody_takes_the_place_of_another),
        cmocka_unit_test(who_leaves_is_removed_by_another),
        cmocka_unit_test(outsiders_propose_what_members_commit_to),
        cmocka_unit_test(what_nobody_could_take_is_not_sent),
        cmocka_unit_test(members_by_the_dozen_come_and_go),
    };
    return cmocka_run_group_tests(tests, crypto_begin, crypto_end);
}
