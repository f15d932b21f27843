/* describe.h - our structures as the public interface shows them, and back. */
#ifndef MLS_DESCRIBE_H
#define MLS_DESCRIBE_H

#include "mls/proposal_list.h"

sotto_mls_credential describe_credential(const struct credential *credential);
/* x509: the content must be a list of at least one certificate, VALUE otherwise. KIND: another type. */
SOTTO_MUST_USE sotto_err credential_of(const sotto_mls_credential *from,
                                       struct credential *ret_credential);
sotto_mls_leaf describe_leaf(const struct leaf_node *leaf, uint32_t index);
/* index UINT32_MAX and nothing else if there is no such member. */
sotto_mls_leaf describe_member(const struct tree *tree, uint32_t index);
/* `before`, `after`: the trees; `after` may be NULL for a proposal that waits. */
sotto_mls_proposed describe_proposed(const struct proposed *proposed, const struct mls_suite *suite,
                                     const struct tree *before, const struct tree *after);
sotto_mls_psk_id describe_psk(const struct pre_shared_key_id *id);
struct pre_shared_key_id psk_of(const sotto_mls_psk_id *from);

/* Whether the first certificate of an x509 credential is for this key (RFC 9420 5.3); true for all others. */
SOTTO_MUST_USE sotto_err credential_key_check(const struct mls_suite *suite,
                                              const sotto_mls_credential *credential,
                                              view signature_key, bool *ret_right);
/* Asks the application about a credential: its rule, or the default (sotto/mls.h). `check`: CHECK_CREDENTIAL_ACCEPTED,
 * CHECK_CREDENTIAL_SUCCESSOR or CHECK_EXTERNAL_SAME_CLIENT. x509: that the first certificate holds the leaf's key (5.3) is
 * checked here. */
SOTTO_MUST_USE sotto_err credential_judge(struct step *s, const struct mls_suite *suite,
                                          const sotto_mls_leaf *leaf, const sotto_mls_leaf *before,
                                          enum mls_check check);

/* Asks likewise for each of external_senders, if they change from one list of GroupContext extensions to the other (5.3.1): as for a
 * leaf in no group, which has no more than signature_key and credential. */
SOTTO_MUST_USE sotto_err external_senders_judge(struct step *s, const struct mls_suite *suite,
                                                view extensions_before, view extensions_after);

#endif
