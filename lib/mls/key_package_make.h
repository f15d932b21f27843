/* key_package_make.h - KeyPackages of our own, and what RFC 9420 10.1 demands of anybody's. */
#ifndef MLS_KEY_PACKAGE_MAKE_H
#define MLS_KEY_PACKAGE_MAKE_H

#include "mls/describe.h"
#include "mls/key_package_private.h"
#include "mls/leaf_node_make.h"
#include "mls/tree_check.h"

/* All that RFC 9420 10.1 demands of one that is to be added to a group of this suite; its leaf is checked in the tree, where it is
 * put (tree_check_leaf()); where there is none yet, `alone` has the times with which it is checked (leaf_node_check()). */
SOTTO_MUST_USE sotto_err key_package_check(struct step *s, const struct mls_suite *suite,
                                           const struct key_package *package, uint32_t where,
                                           const struct tree_check_context *alone);

#endif
