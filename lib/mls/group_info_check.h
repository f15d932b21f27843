/* group_info_check.h - a GroupInfo and its tree, verified, become the epoch that they describe (RFC 9420 12.4.3): how both ways
 * of joining begin. */
#ifndef MLS_GROUP_INFO_CHECK_H
#define MLS_GROUP_INFO_CHECK_H

#include "mls/epoch.h"
#include "mls/group_info.h"
#include "mls/step.h"

/* The tree is in the GroupInfo, or comes beside it: then `tree` is not empty. Everything is checked that can be without secrets:
 * the signature, the tree, each leaf, and the application is asked about each credential; but lifetimes are not compared with
 * the time, since members whose leaf is out of date must not keep others from joining.
 * *ret_epoch has context, tree, confirmation_tag and interim_transcript_hash; no own leaf, and no secrets. Borrows nothing. */
SOTTO_MUST_USE sotto_err group_info_check(struct step *s, const struct mls_suite *suite,
                                          const struct group_info *info, view tree,
                                          struct epoch **ret_epoch);

/* Whether a client with these capabilities supports all extensions of a GroupContext (RFC 9420 13.4). */
SOTTO_MUST_USE sotto_err group_info_check_supported(struct step *s, view extensions,
                                                    const struct capabilities *capabilities);

#endif
