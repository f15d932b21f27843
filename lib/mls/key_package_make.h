/* key_package_make.h - KeyPackages of our own, and what RFC 9420 10.1 demands of anybody's. */
#ifndef MLS_KEY_PACKAGE_MAKE_H
#define MLS_KEY_PACKAGE_MAKE_H

#include "mls/describe.h"
#include "mls/key_package_private.h"
#include "mls/leaf_node_make.h"

/* All that RFC 9420 10.1 demands of one that is to be added to a group of this suite; its leaf is checked in the tree, where it is
 * put (tree_check_leaf()), but for `alone`, where no tree is: as far as can be told then, and with s->now_s. */
SOTTO_MUST_USE sotto_err key_package_check(struct step *s, const struct mls_suite *suite,
                                           const struct key_package *package, uint32_t where,
                                           bool alone);

#endif
