/* group_part.h - the parts that a group is kept in, by their names. A name is a byte for the kind and big-endian numbers, so that
 * a store that sorts by name has each kind together, what all others are read with in front, and the message keys of
 * one epoch behind each other.
 *     HEAD      version, and what must be there besides (group_write.c)
 *     EPOCH     GroupContext, confirmation_tag, secrets (epoch_state.h)
 *     KEYS      the own private keys (epoch_state.h); not once we are removed
 *     EXPORTER  the exporter tree (exporter_tree.h); likewise
 *     NODE      of the ratchet tree that is not blank: optional<Node>, RFC 9420 12.4.3.3; by its index
 *     PENDING   a proposal; by its place among them
 *     PAST      an epoch that is over (past_epoch.h); by its number
 *     MESSAGES  a piece of the secret tree (secret_tree_state.h) of an epoch, present or past; by the number of the epoch. They
 *               stay where they are when the epoch is over. */
#ifndef MLS_GROUP_PART_H
#define MLS_GROUP_PART_H

#include "mls/group.h"
#include "mls/secret_tree_state.h"

#define GROUP_STATE_VERSION 1

enum group_part_kind {
    PART_HEAD = 1,
    PART_EPOCH,
    PART_KEYS,
    PART_EXPORTER,
    PART_NODE,
    PART_PENDING,
    PART_PAST,
    PART_MESSAGES
};

struct group_part_name {
    enum group_part_kind kind;
    uint32_t place;                 /* NODE, PENDING */
    uint64_t epoch;                 /* PAST, MESSAGES */
    struct secret_tree_piece piece; /* MESSAGES */
};
/* VALUE: no such kind. */
void group_part_name_read(struct rd *r, struct group_part_name *out);
void group_part_name_write(struct wr *w, const struct group_part_name *name);

/* What HEAD says. The views borrow. */
struct group_head {
    uint16_t cipher_suite;
    sotto_mls_settings settings;
    uint64_t epoch;
    uint32_t own_leaf, leaf_count;
    bool removed;
    uint32_t pending_count;
    uint64_t past[PAST_EPOCHS_MAX]; /* falling */
    size_t past_count;
    view reinit;
};
/* VERSION: written by a later version. */
void group_head_read(struct rd *r, struct group_head *out);
void group_head_write(struct wr *w, const struct group_head *head);

/* A proposal that waits, with what is ours alone of it. *ret_proposal is set on success. VALUE: a key that is none of it, or no
 * proposal of this epoch. */
void group_pending_write(struct wr *w, const struct pending_proposal *p);
SOTTO_MUST_USE sotto_err group_pending_read(sotto_crypto *c, const struct epoch *e, view value,
                                            struct pending_proposal **ret_proposal);

#endif
