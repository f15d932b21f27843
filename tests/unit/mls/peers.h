/* peers.h - members of a group for tests over the public interface: each with its key, its seed and its copy of the group. */
#ifndef TESTS_UNIT_MLS_PEERS_H
#define TESTS_UNIT_MLS_PEERS_H

#include <sotto/mls.h>

#include "unit.h"

#define PEERS_NOW 1700000000u /* seconds since 1970 */

struct peer {
    sotto_mls m;
    char name[16];
    sotto_sign_key *key;
    sotto_mls_client client;
    sotto_buf package, private_part;
    sotto_group *group;
};

static inline void peer_init(struct peer *p, sotto_crypto *crypto, uint16_t suite, unsigned number)
{
    uint8_t seed[128] = {(uint8_t)number, (uint8_t)(number >> 8), 1};
    *p = (struct peer){.m = {.crypto = crypto, .now_s = PEERS_NOW}};
    memcpy(p->m.seed, seed, sizeof p->m.seed);
    snprintf(p->name, sizeof p->name, "peer %u", number);
    assert_ok(
        sotto_sign_key_new(crypto, suite, view_of(seed, sotto_sign_seed_size(suite)), &p->key));
    p->client = (sotto_mls_client){
        .suite = suite,
        .sign_key = p->key,
        .credential = {SOTTO_MLS_BASIC, view_str(p->name)},
    };
}

static inline void peer_clear(struct peer *p)
{
    sotto_group_free(p->group);
    sotto_sign_key_free(p->key);
    sotto_buf_clear(&p->package);
    sotto_buf_clear(&p->private_part);
    *p = (struct peer){0};
}

static inline view peer_publish(struct peer *p)
{
    const sotto_mls_key_package_options options = {0};
    assert_ok(sotto_mls_key_package_new(&p->m, &p->client, &options, &p->package, &p->private_part,
                                        NULL));
    return buf_view(&p->package);
}

static inline void peer_create(struct peer *p, const sotto_mls_settings *settings)
{
    assert_ok(
        sotto_group_new(&p->m, &p->client, VIEW_LIT("group"), (view){0}, settings, &p->group));
}

static inline void peer_join(struct peer *p, view welcome, const sotto_mls_settings *settings)
{
    sotto_mls_join_options options = {0};
    sotto_staged *staged = NULL;
    if (settings != NULL)
        options.settings = *settings;
    assert_ok(sotto_mls_join(&p->m, welcome, buf_view(&p->private_part), &options, &staged));
    assert_ok(sotto_staged_merge(&p->m, &p->group, &staged));
    assert_null(staged);
}

/* A commit of what is given by value and what waits; not merged. */
static inline sotto_staged *peer_commit(struct peer *p, const sotto_mls_proposal *proposals,
                                        size_t count)
{
    const sotto_mls_commit_options options = {.proposals = proposals, .proposal_count = count};
    sotto_staged *staged = NULL;
    sotto_err err = sotto_group_commit(&p->m, p->group, &options, &staged);
    if (err != SOTTO_OK)
        print_message("%s's commit: %s, check %u\n", p->name, sotto_err_name(err), p->m.check);
    assert_ok(err);
    return staged;
}

static inline void peer_merge(struct peer *p, sotto_staged **staged)
{
    assert_ok(sotto_staged_merge(&p->m, &p->group, staged));
    assert_null(*staged);
}

static inline sotto_mls_event peer_receive(struct peer *p, view message)
{
    sotto_mls_event event = {0};
    sotto_err err = sotto_group_receive(&p->m, p->group, message, &event);
    if (err != SOTTO_OK)
        print_message("%s: %s, check %u\n", p->name, sotto_err_name(err), p->m.check);
    assert_ok(err);
    return event;
}

static inline void peer_process(struct peer *p, view commit)
{
    sotto_mls_event event = peer_receive(p, commit);
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_COMMIT);
    peer_merge(p, &event.staged);
    sotto_mls_event_clear(&event);
}

static inline sotto_buf peer_say(struct peer *p, const char *text)
{
    sotto_buf message = {0};
    assert_ok(sotto_group_protect(&p->m, p->group, view_str(text), VIEW_LIT("aad"), 0, &message));
    return message;
}

static inline void peer_hears(struct peer *p, view message, const char *text, uint32_t sender)
{
    sotto_mls_event event = peer_receive(p, message);
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_APPLICATION);
    assert_int_equal(event.sender, sender);
    assert_true(view_equal(buf_view(&event.data), view_str(text)));
    assert_true(view_equal(event.authenticated_data, VIEW_LIT("aad")));
    sotto_mls_event_clear(&event);
}

static inline sotto_buf peer_propose(struct peer *p, const sotto_mls_proposal *proposal)
{
    sotto_buf message = {0};
    sotto_err err = sotto_group_propose(&p->m, p->group, proposal, (view){0}, &message);
    if (err != SOTTO_OK)
        print_message("%s proposes: %s, check %u\n", p->name, sotto_err_name(err), p->m.check);
    assert_ok(err);
    return message;
}

static inline void peer_hears_proposal(struct peer *p, view message, uint16_t type)
{
    sotto_mls_event event = peer_receive(p, message);
    assert_int_equal(event.kind, SOTTO_MLS_EVENT_PROPOSAL);
    assert_int_equal(event.proposed.proposal.type, type);
    sotto_mls_event_clear(&event);
}

static inline void peers_agree(const struct peer *a, const struct peer *b)
{
    assert_true(view_equal(sotto_group_context(a->group), sotto_group_context(b->group)));
    assert_true(view_equal(sotto_group_epoch_authenticator(a->group),
                           sotto_group_epoch_authenticator(b->group)));
}

/* The first creates the group and adds the others in one commit. */
static inline void peers_found(struct peer *peers, size_t count, const sotto_mls_settings *settings)
{
    sotto_mls_proposal *adds = calloc(count, sizeof *adds);
    peer_create(&peers[0], settings);
    for (size_t i = 1; i < count; i++)
        adds[i - 1] =
            (sotto_mls_proposal){.type = SOTTO_MLS_ADD, .key_package = peer_publish(&peers[i])};
    sotto_staged *staged = peer_commit(&peers[0], adds, count - 1);
    for (size_t i = 1; i < count; i++)
        peer_join(&peers[i], sotto_staged_welcome(staged), settings);
    peer_merge(&peers[0], &staged);
    for (size_t i = 1; i < count; i++)
        peers_agree(&peers[0], &peers[i]);
    free(adds);
}

/* One of them commits, and all that stay go along. */
static inline void peers_commit(struct peer *peers, size_t count, size_t by,
                                const sotto_mls_proposal *proposals, size_t proposal_count)
{
    sotto_staged *staged = peer_commit(&peers[by], proposals, proposal_count);
    for (size_t i = 0; i < count; i++)
        if (i != by && peers[i].group != NULL && sotto_group_is_active(peers[i].group))
            peer_process(&peers[i], sotto_staged_commit(staged));
    peer_merge(&peers[by], &staged);
    for (size_t i = 0; i < count; i++)
        if (peers[i].group != NULL && sotto_group_is_active(peers[i].group))
            peers_agree(&peers[by], &peers[i]);
}

#endif
