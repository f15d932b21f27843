/* staged.h - an epoch that was verified, or made, and has not been entered yet. */
#ifndef MLS_STAGED_H
#define MLS_STAGED_H

#include "mls/group.h"

struct sotto_staged {
    const struct mls_suite *suite;
    sotto_mls_change change;   /* what is shown; borrows from what follows */
    sotto_mls_proposed *shown; /* change.proposals */
    sotto_buf received;        /* a copy of the commit as it came: the proposals borrow from it */
    sotto_buf plain;           /* the same of a PrivateMessage, opened */
    struct tree
        *before; /* the tree that change.before and .committer_before borrow from; may be NULL */
    sotto_buf extensions_before;
    struct epoch *next; /* NULL: we are removed */
    /* The epoch that it was made in; not for one that is joined. */
    bool has_base;
    uint64_t base_epoch;
    uint8_t base_tag[HASH_MAX]; /* its confirmation_tag */
    /* A key of that epoch that was looked up and is to be used up by the merge. */
    bool consumes;
    uint32_t key_leaf, key_generation;
    sotto_buf commit, welcome;   /* MLSMessages, of our own */
    sotto_buf reinit;            /* encoded ReInit, if it ends the group */
    sotto_mls_settings settings; /* of a group that is joined */
    struct pending_proposal *
        *kept; /* pending proposals that `shown` borrows from are copied here */
    size_t kept_count;
};

SOTTO_MUST_USE sotto_err staged_alloc(const struct mls_suite *suite, sotto_staged **ret_staged);
void staged_freep(sotto_staged **s);

/* Sets `shown` and what else change says of proposals, from a list that was applied; all views lead into memory that the staged
 * object owns by then. */
SOTTO_MUST_USE sotto_err staged_describe(sotto_staged *s, const struct proposal_list *list,
                                         const struct proposals_applied *applied,
                                         const struct tree *before);

/* Asks the application's commit rule: the one choke point. */
SOTTO_MUST_USE sotto_err staged_judge(struct step *step, const sotto_staged *s);

#endif
