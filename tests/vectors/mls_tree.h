/* mls_tree.h - what the runners of the formats about trees share. */
#ifndef VECTORS_MLS_TREE_H
#define VECTORS_MLS_TREE_H

#include "mls/tree_check.h"
#include "mls_suite.h"

/* `content` is that of a ratchet_tree extension. */
enum verdict tree_of(struct vectors *v, const struct mls_suite *suite, view content,
                     struct tree **ret_tree);
enum verdict root_hash_check(struct vectors *v, struct tree *tree, view expected);
/* The outcome of a step that may have failed a check, which is then named. */
enum verdict checked(struct vectors *v, sotto_err err, const struct fault *fault);

#endif
