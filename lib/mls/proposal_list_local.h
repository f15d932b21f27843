/* proposal_list_local.h - what the parts of the proposal list share: finding what is there twice, and the checks of one proposal. */
#ifndef MLS_PROPOSAL_LIST_LOCAL_H
#define MLS_PROPOSAL_LIST_LOCAL_H

#include "mls/proposal_list.h"

/* In which way two proposals of a list may be the same. */
struct likeness {
    bool (*concerns)(const struct proposed *item);
    /* For qsort() over pointers into a list: those that are the same stand together, first the one that a committer prefers. */
    int (*order)(const void *left, const void *right);
    bool (*same)(const struct proposed *a, const struct proposed *b);
};
extern const struct likeness likeness_leaf; /* update, remove, self_remove: of one leaf */
extern const struct likeness likeness_add;  /* of one signature_key (RFC 9420 12.2) */
extern const struct likeness likeness_psk;  /* of one PreSharedKeyID, its nonce with it */

/* Those that it concerns, in its order. free() *ret_items. */
SOTTO_MUST_USE sotto_err proposal_list_sorted(const struct proposal_list *list,
                                              const struct likeness *likeness,
                                              struct proposed ***ret_items, size_t *ret_count);

/* The leaves that a list removes, rising. */
SOTTO_MUST_USE sotto_err proposal_list_removed(const struct proposal_list *list,
                                               struct tree_list *ret_removed);

bool proposal_is_default(uint16_t proposal_type);
/* Whether all members that stay support a type of proposal (12.2, 13.2). `removed` rises. */
bool proposal_type_supported(const struct tree *tree, const struct tree_list *removed,
                             uint16_t proposal_type);
/* Whether an Add is of a client who is a member, and stays (12.2). */
bool proposal_add_is_new(const struct tree *tree, const struct tree_list *removed,
                         const struct proposed *item);

/* What is demanded of one proposal wherever it is committed in this epoch (12.1), but for what its signatures say and the
 * application. `where`: its place. `successor` as in struct proposal_list. */
SOTTO_MUST_USE sotto_err proposed_check(const struct epoch *epoch, const struct proposed *item,
                                        enum psk_usage successor, uint32_t where,
                                        struct fault *ret_fault);

/* What a committer itself says. */
struct proposed proposed_by(const struct sender *committer, const struct proposal *proposal);

#endif
