/* commit_apply.h - what making a commit and processing one have in common (RFC 9420 12.4.1, 12.4.2): the epoch before, the list of
 * proposals, the tree that they lead to, and the key schedule of the epoch after. */
#ifndef MLS_COMMIT_APPLY_H
#define MLS_COMMIT_APPLY_H

#include "mls/staged.h"

struct commit_apply {
    const sotto_group *group; /* NULL: we join by this commit */
    const sotto_group *predecessor;
    const struct epoch *base;
    struct sender sender;
    bool sending;
    uint64_t lifetime_max_s;
    struct proposal_list *list;
    /* Set by commit_apply(); clear with commit_apply_clear(). */
    sotto_staged *staged; /* its `next` has the tree, but no keys yet */
    struct proposals_applied applied;
    uint32_t leaf_index; /* of the committer, in the new tree */
};
void commit_apply_clear(struct commit_apply *a);

/* Applies a list that was judged to a clone of the tree, and gives a new member its place. */
SOTTO_MUST_USE sotto_err commit_apply(struct step *s, struct commit_apply *a);

/* The GroupContext of the new epoch, with this confirmed_transcript_hash: the old one until the commit is signed. */
SOTTO_MUST_USE sotto_err commit_set_context(struct step *s, struct commit_apply *a, view confirmed);

/* Judges the committer's new leaf in the tree: as a leaf (7.3), and as whom it names (5.3.1). */
SOTTO_MUST_USE sotto_err commit_check_leaf(struct step *s, struct commit_apply *a);

/* The new epoch's secrets and its confirmation_tag; the context is final. The other secrets are for a Welcome. */
SOTTO_MUST_USE sotto_err commit_derive(struct step *s, struct commit_apply *a,
                                       const struct secret *init_secret,
                                       const struct secret *commit_secret,
                                       struct secret *ret_joiner, struct secret *ret_member);

/* Sets all of staged->change, and asks the application's rule. */
SOTTO_MUST_USE sotto_err commit_show(struct step *s, struct commit_apply *a, bool own,
                                     bool has_path, view group_id, view authenticated_data);

#endif
