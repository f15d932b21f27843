/* secret_tree.h - where an epoch's message keys come from (RFC 9420 9): a tree of secrets with the shape of the ratchet tree,
 * and below each leaf two hash ratchets of one-time keys, for handshake and for application messages.
 * A key is looked up, used, and then consumed, which advances the tree and erases what led to the key (9.2); a key that is
 * dropped instead leaves the tree as it was, so that a message that can't be opened changes nothing.
 * Only what was needed is there: one path per sender that was heard, so that memory grows by O(log N) per sender, and a
 * message of a sender that was heard before costs the same in any group. One thread at a time.
 * How a tree is kept and read back: secret_tree_state.h. */
#ifndef MLS_SECRET_TREE_H
#define MLS_SECRET_TREE_H

#include "mls/tree_math.h"
#include "mls/with_label.h"

struct secret_tree;

enum ratchet_kind { RATCHET_HANDSHAKE, RATCHET_APPLICATION, RATCHET_KINDS };

/* A copy of encryption_secret becomes the root; clear the original. USAGE: no suite's secret, or leaf_count is not the one of
 * a full tree. Release with secret_tree_free(). */
SOTTO_MUST_USE sotto_err secret_tree_new(const struct mls_suite *suite, uint32_t leaf_count,
                                         const struct secret *encryption_secret,
                                         struct secret_tree **ret_tree);
uint32_t secret_tree_leaf_count(const struct secret_tree *tree);
void secret_tree_free(struct secret_tree *tree); /* accepts NULL; wipes */
void secret_tree_freep(struct secret_tree **tree);

#define SECRET_TREE_DEPTH 24 /* levels below the root of the largest tree */

/* A message key, and what consuming it will do to the tree. Clear with message_key_clear(). */
struct message_key {
    uint32_t leaf_index;
    enum ratchet_kind kind;
    uint32_t generation;
    struct secret key;
    uint8_t nonce[AEAD_NONCE]; /* before the reuse guard */

    /* private: the tree as it was, and as it will be */
    uint64_t version;
    bool kept;      /* it was one of the keys kept for late messages */
    bool first;     /* the leaf was not reached before */
    uint32_t depth; /* levels that were derived, from the lowest secret there was */
    uint8_t copath[SECRET_TREE_DEPTH][HASH_MAX]; /* secrets beside the path, from the top */
    struct secret
        ratchets[RATCHET_KINDS]; /* of this leaf, advanced; the other kind's if `first` alone */
    struct skipped *skipped;     /* keys that were passed by, rising */
    uint32_t skipped_count;
};
void message_key_clear(struct message_key *key);

/* The key of a message to be sent, which no other message has. NOTFOUND: no such leaf. FULL: the generations are used up. */
SOTTO_MUST_USE sotto_err secret_tree_next(sotto_crypto *c, const struct secret_tree *tree,
                                          uint32_t leaf_index, enum ratchet_kind kind,
                                          struct message_key *ret_key);
/* The key of a message that came. NOTFOUND: no such leaf. REPLAYED: it was consumed before. EXPIRED: it was consumed or given
 * up: more than MLS_SKIPPED_MAX later ones were kept. MISSING: more than MLS_FORWARD_MAX generations ahead. */
SOTTO_MUST_USE sotto_err secret_tree_find(sotto_crypto *c, const struct secret_tree *tree,
                                          uint32_t leaf_index, enum ratchet_kind kind,
                                          uint32_t generation, struct message_key *ret_key);

/* Advances the tree past a key that was used, and erases it there. The tree must not have changed since the key was looked up:
 * else USAGE; clear the key, and look it up again. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err secret_tree_consume(struct secret_tree *tree, struct message_key *key);

/* For tests and benches: bytes on the heap. */
size_t secret_tree_memory(const struct secret_tree *tree);

#endif
