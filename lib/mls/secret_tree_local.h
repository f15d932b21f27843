/* secret_tree_local.h - the inside of a secret tree, for the files that are part of it (secret_tree*.c) alone. */
#ifndef MLS_SECRET_TREE_LOCAL_H
#define MLS_SECRET_TREE_LOCAL_H

#include "mls/secret_tree_state.h"

struct node_slot {
    uint32_t node; /* in the array of appendix C */
    uint32_t child
        [2]; /* places in the pool; of a leaf: its sender's place + 1, and 0. {0, 0}: not open */
};

/* A key that was passed by: its message may still come. */
struct skipped {
    uint32_t generation;
    uint8_t key[32]; /* the longest AEAD key there is */
    uint8_t nonce[AEAD_NONCE];
};

struct ratchet {
    uint32_t generation;     /* of the next key */
    uint32_t given_up;       /* keys below this generation may have been given up for age */
    struct skipped *skipped; /* rising, and none below given_up */
    uint32_t skipped_count;
    uint32_t skipped_written; /* so many of them, from the first on */
    struct secret secret;     /* of `generation` */
};

struct sender_ratchets {
    uint32_t leaf_index;
    bool changed; /* since it was written; it is in the list then */
    struct sender_ratchets *next_changed;
    struct ratchet ratchets[RATCHET_KINDS];
};

struct secret_tree {
    const struct mls_suite *suite;
    uint32_t leaf_count; /* 0 while it is being read: there are no keys yet */
    uint64_t version;    /* counts what was consumed */
    struct node_slot *nodes;
    uint8_t *secrets;
    uint32_t node_count, node_cap;
    struct sender_ratchets **senders;
    uint32_t sender_count, sender_cap;
    /* What the store does not have yet. Of nodes and of keys that were passed by, the new ones always stand behind the old
     * ones, and never change: a count tells them apart. */
    uint32_t nodes_written;
    struct sender_ratchets *changed;
    struct secret_tree_piece *gone; /* the store has them still */
    uint32_t gone_count, gone_cap;
    struct loose_pieces *loose; /* NULL, but while it is being read */
};

/* Wipes `len` bytes and frees them. Accepts NULL with 0. */
void secret_tree_wiped_free(void *memory, size_t len);

static inline uint8_t *node_secret(const struct secret_tree *t, uint32_t slot)
{
    return t->secrets + (size_t)slot * t->suite->hash_len;
}

static inline bool node_is_open(const struct secret_tree *t, uint32_t slot)
{
    return t->nodes[slot].child[0] != 0;
}

/* 1 if the leaf is below the right child. */
static inline unsigned side_of(uint32_t parent, uint32_t leaf_index)
{
    return tree_math_leaf_node(leaf_index) > parent ? 1 : 0;
}

/* Room for `more` nodes. NOMEM: unchanged. Old secrets are wiped where they were. */
SOTTO_MUST_USE sotto_err secret_tree_nodes_reserve(struct secret_tree *t, uint32_t more);
/* Gives a parent its children, without secrets; room for them is there. The place of the left one; the right one follows. */
uint32_t secret_tree_node_open(struct secret_tree *t, uint32_t slot);
/* Where the way from the root to a leaf ends in the pool: the lowest node above it, or the leaf itself, that is there. */
uint32_t secret_tree_locate(const struct secret_tree *t, uint32_t leaf_index);

/* Empty ratchets at the end of the list of senders. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err secret_tree_sender_add(struct secret_tree *t, uint32_t leaf_index,
                                                struct sender_ratchets **ret_sender);
/* Whose ratchets a leaf's place in the pool leads to; NULL as long as nothing of it was consumed. */
struct sender_ratchets *secret_tree_sender_at(const struct secret_tree *t, uint32_t slot);

/* The sender has changed since it was written. */
void secret_tree_sender_changed(struct secret_tree *t, struct sender_ratchets *sender);
/* Room for pieces that will be gone. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err secret_tree_gone_reserve(struct secret_tree *t, uint32_t more);
/* A piece that was written is there no more; room for it is there. */
void secret_tree_gone_add(struct secret_tree *t, struct secret_tree_piece piece);

void loose_pieces_free(struct loose_pieces *loose); /* accepts NULL; wipes */

#endif
