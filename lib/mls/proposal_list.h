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
    uint32_t
        leaf_index; /* add: where it was put; update, remove, self_remove: the leaf. UINT32_MAX: none */
};

/* In the order of the commit. {0} is empty; clear with proposal_list_clear(). */
struct proposal_list {
    struct proposed *items;
    size_t count, cap;
};
void proposal_list_clear(struct proposal_list *list);
SOTTO_MUST_USE sotto_err proposal_list_add(struct proposal_list *list,
                                           const struct proposed *proposed);

/* Resolves ProposalOrRefs of a commit by `committer`. REFERENCE_KNOWN. */
SOTTO_MUST_USE sotto_err proposal_list_resolve(struct step *s, const struct mls_suite *suite,
                                               const struct pending *pending, view proposals,
                                               const struct sender *committer,
                                               struct proposal_list *ret_list);

/* Judges one proposal as it arrives (12.1, 12.1.8), before it becomes pending: what can be said of it alone in this epoch.
 * `epoch` is the present one. */
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

/* Applies the list to a clone of epoch->tree, and checks what only the result shows: new leaves (7.3), clients twice, that all
 * members support what is used (12.2), and the application's say on each credential. Sets leaf_index of each item. After an
 * error the tree is dropped. `own_leaf`: ours; UINT32_MAX: none (we join by this commit).
 * `lifetime_max_s` as in the settings. */
SOTTO_MUST_USE sotto_err proposal_list_apply(struct step *s, const struct epoch *epoch,
                                             struct proposal_list *list, struct tree *tree,
                                             uint32_t own_leaf, uint64_t lifetime_max_s,
                                             struct proposals_applied *ret_applied);

#endif
