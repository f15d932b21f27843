/* commit_make.h - how a commit becomes an epoch, for who makes it: as a member, or as one who joins by it (RFC 9420 12.4.1,
 * 12.4.3.2). */
#ifndef MLS_COMMIT_MAKE_H
#define MLS_COMMIT_MAKE_H

#include "mls/staged.h"

/* The epoch that a commit is built on, and who builds it. */
struct commit_base {
    const sotto_group *group;  /* NULL: who joins by it */
    const struct epoch *epoch; /* of a joiner: context, tree and interim hash of the GroupInfo */
    const struct secret *init_secret; /* epoch->secrets.init_secret, or that of an ExternalInit */
    struct sender sender;             /* member, or new_member_commit */
    const sotto_mls_client *client;   /* who we are from now on; NULL: as the leaf was */
    const sotto_sign_key *
        sign_key; /* that signs the message: of the leaf as it is in the message's epoch, or the joiner's new one */
    const sotto_group *predecessor; /* of a group that takes the place of another */
    const sotto_mls_settings *settings;
};

/* Builds everything: applies the list, makes the path, the commit message, the next epoch, and the Welcome for those who are
 * added. `proposals` is the encoded ProposalOrRef list that `list` came from. Our handshake ratchet is used up here when the
 * commit is a PrivateMessage. */
SOTTO_MUST_USE sotto_err commit_make(struct step *s, const struct commit_base *base,
                                     struct proposal_list *list, view proposals,
                                     const sotto_mls_commit_options *options,
                                     sotto_staged **ret_staged);

/* A member's commit: what sotto_group_commit() gives. `predecessor`: the group that this new one takes the place of or branches
 * from (11.2, 11.3), whose PSK the proposals then name; else NULL. */
SOTTO_MUST_USE sotto_err group_commit(struct step *s, sotto_group *g,
                                      const sotto_group *predecessor,
                                      const sotto_mls_commit_options *options,
                                      sotto_staged **ret_staged);

#endif
