/* staged.h - an epoch that was verified, or made, and has not been entered yet. */
#ifndef MLS_STAGED_H
#define MLS_STAGED_H

#include "mls/group.h"

struct sotto_staged {
    const struct mls_suite *suite;
    sotto_mls_change change;   /* what is shown; borrows from what follows */
    sotto_mls_proposed *shown; /* change.proposals */
    sotto_buf received; /* the commit as it came, or the authenticated_data of one of our own */
    sotto_buf plain;    /* a PrivateMessage, opened, or the proposals of a commit of our own */
    struct tree
        *before; /* the tree that change.before and .committer_before borrow from; or NULL */
    sotto_buf extensions_before;
    struct epoch *next; /* NULL: we are removed; then tree and GroupContext of the others: */
    struct tree *after;
    sotto_buf context_after;
    /* The epoch that it was made in; not for one that is joined. */
    bool has_base;
    uint64_t base_epoch;
    uint8_t base_tag[HASH_MAX]; /* its confirmation_tag */
    /* A key of that epoch that was looked up and is to be used up by the merge. */
    bool consumes;
    uint32_t key_leaf, key_generation;
    sotto_buf commit, welcome;      /* MLSMessages, of our own */
    sotto_buf reinit;               /* encoded ReInit, if it ends the group */
    sotto_mls_settings settings;    /* of a group that is joined */
    struct pending_proposal **kept; /* copies of the pending proposals that `shown` borrows from */
    size_t kept_count;
};

SOTTO_MUST_USE sotto_err staged_alloc(const struct mls_suite *suite, sotto_staged **ret_staged);
void staged_freep(sotto_staged **s);

/* Notes the epoch that it is made in, as change shows it. `joins`: by an external commit of ours. */
SOTTO_MUST_USE sotto_err staged_set_base(sotto_staged *s, const struct epoch *base, bool joins);
/* The tree of the new epoch, with us or without. */
const struct tree *staged_tree(const sotto_staged *s);
/* We are no member of the new epoch: its tree and context are kept for show. */
void staged_leave(sotto_staged *s);

/* Sets `shown` and what else change says of proposals, from a list that was applied. Views of proposals that stand in the commit
 * lead into `received` or `plain` by then; those that were pending are copied. */
SOTTO_MUST_USE sotto_err staged_describe(sotto_staged *s, const struct proposal_list *list,
                                         const struct proposals_applied *applied);

/* Asks the application's commit rule: the one choke point. */
SOTTO_MUST_USE sotto_err staged_judge(struct step *step, const sotto_staged *s);

#endif
