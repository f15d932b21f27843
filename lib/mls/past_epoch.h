/* past_epoch.h - what is kept of epochs that are over: as much as opens messages that come late, and their resumption PSKs. Who was
 * at which leaf then is kept as what changed at the end of each: a look-up asks that epoch, then those after it, then the
 * present tree. */
#ifndef MLS_PAST_EPOCH_H
#define MLS_PAST_EPOCH_H

#include "mls/epoch.h"

/* A leaf as it was before a commit changed it. After a bulk add there is one for each new member. */
struct past_leaf {
    uint32_t leaf_index;
    uint32_t key_at;  /* where its signature key lies in past_epoch.signature_keys */
    uint16_t key_len; /* 0: it was blank */
};

struct past_epoch {
    const struct mls_suite *suite;
    uint64_t number;
    uint64_t ended_s;
    uint32_t own_leaf;
    sotto_buf encoded_context;
    struct secret sender_data_secret;
    struct secret resumption_psk;
    struct secret_tree *secret_tree;
    struct past_leaf
        *leaves; /* rising: those whose signature key the commit that ended it changed */
    size_t leaf_count;
    sotto_buf signature_keys;
    struct past_epoch *next_dropped; /* in past_epochs.dropped */
};
void past_epoch_free(struct past_epoch *p); /* accepts NULL; wipes */
void past_epoch_freep(struct past_epoch **p);

/* Takes from `epoch` what is kept, so that the rest can be freed. `after`: the tree of the next epoch, or that of this one if we
 * have no part in the next. Unchanged on failure. */
SOTTO_MUST_USE sotto_err past_epoch_new(struct epoch *epoch, const struct tree *after,
                                        uint64_t now_s, struct past_epoch **ret_past);

#define PAST_EPOCHS_MAX 64

/* Newest first. {0} is empty. */
struct past_epochs {
    struct past_epoch *items[PAST_EPOCHS_MAX];
    size_t count;
    /* If a store has them, those that are not kept any more wait here, to be deleted there: a tree still names its pieces. */
    bool in_store;
    struct past_epoch *dropped;
};
/* The store has all that are kept, and no others. */
void past_epochs_stored(struct past_epochs *past);
/* The oldest beyond `keep` are freed; taken over. keep <= PAST_EPOCHS_MAX. */
void past_epochs_push(struct past_epochs *past, struct past_epoch *newest, size_t keep);
/* Frees the oldest beyond `keep`. */
void past_epochs_keep(struct past_epochs *past, size_t keep);
/* Frees those that ended before `before_s`. */
void past_epochs_expire(struct past_epochs *past, uint64_t before_s);
/* Its place; PAST_EPOCHS_MAX: not kept. */
size_t past_epochs_find(const struct past_epochs *past, uint64_t number);
void past_epochs_clear(struct past_epochs *past);

/* A past epoch but for its number and its secret tree, which are kept beside it: secret bytes. */
void past_epoch_write(struct wr *w, const struct past_epoch *past);
/* *ret_past is set if the reader is still well; its secret tree is to be given its pieces (secret_tree_state.h). VALUE: not of this
 * epoch of this group. The reader fails with NOMEM, too. */
void past_epoch_read(struct rd *r, const struct mls_suite *suite, uint64_t number,
                     struct past_epoch **ret_past);

/* What message protection needs to open a message of that epoch. `members` is storage that must live as long. VALUE: a state that
 * was read has a broken context. */
struct past_members {
    const struct past_epochs *past;
    size_t place;
    const struct tree *present;
};
SOTTO_MUST_USE sotto_err past_epoch_protection(const struct past_members *members,
                                               struct group_context *ret_context,
                                               struct message_protection *ret_protection);

#endif
