/* proposal_list.h - the proposals of one commit: resolved, each with its sender; judged one by one (RFC 9420 12.1) and together
 * (12.2); and applied to a staged tree in the order that 12.3 demands.
 *     resolve -> check -> apply, which makes those checks that need the new tree
 * A committer goes the same way as who receives the commit, so that it can't make what others refuse. */
#ifndef MLS_PROPOSAL_LIST_H
#define MLS_PROPOSAL_LIST_H

#include "mls/epoch.h"
#include "mls/pending.h"
#include "mls/step.h"

struct proposed {
    struct proposal proposal; /* borrows from the commit, or from the pending proposal */
    struct sender sender;
    const struct pending_proposal *pending; /* by reference; NULL: by value */
    /* update, remove, self_remove: the leaf; add: where it was put, by proposal_list_apply(). UINT32_MAX: none */
    uint32_t leaf_index;
    bool verified; /* add, update: its signatures were verified before, and are not again */
    bool refused;  /* by a check of proposal_list_apply() */
};

/* One that waits, as a list has it. */
struct proposed proposed_of(const struct pending_proposal *pending);

/* In the order of the commit. {0} is empty; clear with proposal_list_clear(). */
struct proposal_list {
    struct proposed *items;
    size_t count, cap;
    /* Of the first commit of a group that takes the place of another, made by its creator: the usage, reinit or branch, that
     * the PSK of the other group may have (11.2, 11.3). 0: no such commit. */
    enum psk_usage successor;
};
void proposal_list_clear(struct proposal_list *list);
SOTTO_MUST_USE sotto_err proposal_list_add(struct proposal_list *list,
                                           const struct proposed *proposed);

/* Resolves ProposalOrRefs of a commit by `committer`. REFERENCE_KNOWN. */
SOTTO_MUST_USE sotto_err proposal_list_resolve(struct step *s, const struct mls_suite *suite,
                                               const struct pending *pending, view proposals,
                                               const struct sender *committer,
                                               struct proposal_list *ret_list);

/* What a committer takes of the pending proposals, besides those in the list, which stand there by value: adds to the list
 * what can go with them and with each other (12.2). Of several that change one leaf, a removal goes before the last
 * Update; a ReInit goes if there is nothing else. Then proposal_list_check(), and proposal_list_write(). */
SOTTO_MUST_USE sotto_err proposal_list_select(const struct epoch *epoch,
                                              const struct pending *pending,
                                              struct proposal_list *list);
/* After proposal_list_apply() failed: takes the pending proposals out that were refused, so that the committer can try once more,
 * with a new clone of the tree. False: there was none, and the error stands. */
bool proposal_list_drop_refused(struct proposal_list *list);
/* The content of the ProposalOrRef list of a commit. */
void proposal_list_write(struct wr *w, const struct mls_suite *suite,
                         const struct proposal_list *list);

/* Judges one proposal as it arrives (12.1, 12.1.8), before it becomes pending: what can be said of it alone in this epoch, and what
 * no other proposal of the same commit can change. `epoch` is the present one. An own one is one that is about to be sent.
 * Once this is passed set pending_proposal.verified, so that the commit does not verify its signatures again. */
SOTTO_MUST_USE sotto_err proposal_check(struct step *s, const struct epoch *epoch,
                                        uint64_t lifetime_max_s, const struct proposed *proposed);

/* Judges the list as it stands in a commit by `committer` (12.2; by a new member: 12.4.3.2), as far as the tree before tells.
 * `pathless`: whether the commit has no path (12.4). */
SOTTO_MUST_USE sotto_err proposal_list_check(struct step *s, const struct epoch *epoch,
                                             const struct proposal_list *list,
                                             const struct sender *committer, bool pathless);
/* Whether these proposals demand a path (12.4). */
bool proposal_list_needs_path(const struct proposal_list *list);

/* What a list leads to. {0} is empty; clear with proposals_applied_clear(). */
struct proposals_applied {
    sotto_buf extensions;           /* of the GroupContext, after it */
    struct tree_list added;         /* leaf indices, rising */
    struct pre_shared_key_id *psks; /* in order; borrowed from the list */
    size_t psk_count;
    view kem_output;             /* external_init */
    const struct reinit *reinit; /* NULL: none */
    bool removes_us;
    const struct pending_proposal
        *own_update; /* an Update of ours that was committed by another; NULL: none */
    uint32_t *order; /* places in the list, in the order of application (12.3) */
};
void proposals_applied_clear(struct proposals_applied *a);

/* Applies the list to a clone of epoch->tree, and checks what only the result shows: new leaves (7.3), that all members support
 * what the new GroupContext holds (13.4), and the application's say on each credential. Sets leaf_index of each item. After an
 * error the tree is dropped. `own_leaf`: ours; UINT32_MAX: none (we join by this commit). `sending`: we make the commit, so that
 * it must be within the lifetime of each leaf that comes in a KeyPackage (7.3). `lifetime_max_s` as in the settings. */
SOTTO_MUST_USE sotto_err proposal_list_apply(struct step *s, const struct epoch *epoch,
                                             struct proposal_list *list, struct tree *tree,
                                             uint32_t own_leaf, bool sending,
                                             uint64_t lifetime_max_s,
                                             struct proposals_applied *ret_applied);

#endif
