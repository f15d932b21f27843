/* evil.h - a group in which one member, or one who joins, breaks the rules: with a check switched off on its side alone, or with
 * another hand in what it sends. What the others receive is right in all but one thing. */
#ifndef TESTS_UNIT_MLS_EVIL_H
#define TESTS_UNIT_MLS_EVIL_H

#include "guards.h"
#include "peers.h"

#include "mls/group.h"
#include "mls/message_protection.h"
#include "mls/mls_message.h"

#define MEMBERS  3u
#define EVIL     0u /* commits */
#define RECEIVER 1u
#define STRANGER 3u /* is no member */

struct scene {
    sotto_crypto *c;
    struct peer peers[4];
    sotto_mls_rules rules[4];
    sotto_buf message; /* what the receiver gets */
    sotto_buf part;    /* what stands in it in place of something */
};

static inline void scene_init(sotto_crypto *c, struct scene *scene)
{
    static const sotto_mls_settings open = {.public_handshakes = true};
    *scene = (struct scene){.c = c};
    for (unsigned i = 0; i < COUNT_OF(scene->peers); i++)
        peer_init(&scene->peers[i], c, 1, i);
    peers_found(scene->peers, MEMBERS, &open);
}

static inline void scene_clear(struct scene *scene)
{
    for (size_t i = 0; i < COUNT_OF(scene->peers); i++)
        peer_clear(&scene->peers[i]);
    buf_clear(&scene->message);
    buf_clear(&scene->part);
}

/* Who misbehaves has the check off, whether or not it is on for the others. */
static inline unsigned misbehave(enum mls_check check)
{
    unsigned before = guard_off;
    guard_off = (unsigned)check;
    return before;
}

static inline void behave(unsigned before)
{
    guard_off = before;
}

struct misdeed {
    enum mls_check check;
    void (*prepare)(struct scene *scene, enum mls_check check);
};

static inline sotto_err receive(struct scene *scene, struct fault *ret_fault)
{
    struct peer *receiver = &scene->peers[RECEIVER];
    sotto_mls_event event = {0};
    receiver->m.rules = &scene->rules[RECEIVER];
    sotto_err err =
        sotto_group_receive(&receiver->m, receiver->group, buf_view(&scene->message), &event);
    ret_fault->check = (enum mls_check)receiver->m.check;
    sotto_mls_event_clear(&event);
    return err;
}

static inline sotto_err attempt_receive(sotto_crypto *c, const void *argument,
                                        struct fault *ret_fault)
{
    const struct misdeed *misdeed = argument;
    struct scene scene;
    scene_init(c, &scene);
    misdeed->prepare(&scene, misdeed->check);
    sotto_err err = receive(&scene, ret_fault);
    scene_clear(&scene);
    return err;
}

/* The commit of the evil member is what the receiver gets. */
static inline void commit(struct scene *scene, const sotto_mls_proposal *proposals, size_t count)
{
    sotto_staged *staged = peer_commit(&scene->peers[EVIL], proposals, count);
    assert_ok(buf_set(&scene->message, sotto_staged_commit(staged)));
    sotto_staged_free(staged);
}

/* --- another hand in a PublicMessage --- */

/* Changes a message, and signs it again if there is a key; whoever is a member can make its tag. */
static inline void rewrite(struct scene *scene, const sotto_sign_key *key,
                           void (*change)(struct scene *scene, struct public_message *message))
{
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    struct mls_message parsed;
    const struct message_protection p = epoch_protection(scene->peers[RECEIVER].group->epoch);
    assert_ok(mls_message_parse(buf_view(&scene->message), &parsed, NULL));
    assert_int_equal(parsed.wire_format, WIRE_PUBLIC_MESSAGE);
    struct public_message *message = &parsed.public_message;
    change(scene, message);
    if (key != NULL) {
        assert_ok(framed_content_sign(scene->c, &p, key, WIRE_PUBLIC_MESSAGE, &message->content,
                                      &signature));
        message->auth.signature = buf_view(&signature);
    }
    const struct authenticated_content content = {WIRE_PUBLIC_MESSAGE, message->content,
                                                  message->auth};
    assert_ok(public_message_protect(scene->c, &p, &content, &out));
    assert_ok(buf_set(&scene->message, buf_view(&out)));
}

/* clang-format off */
#define MISDEED(name, prepare) {CHECK_##name, attempt_receive, &(const struct misdeed){CHECK_##name, prepare}}
/* clang-format on */

#endif
