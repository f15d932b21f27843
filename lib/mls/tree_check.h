/* tree_check.h - what must hold before a tree that came from somebody else is used, each check a row with its number (RFC 9420
 * 7.3, 7.9.2, 12.4.3.1). Each can be made alone; tree_check_all() makes them all in one walk, linear in the tree, the
 * signatures last. What only the application knows (whether a credential is whom it names, RFC 9420 5.3.1) is not here. */
#ifndef MLS_TREE_CHECK_H
#define MLS_TREE_CHECK_H

#include "crypto/crypto.h"
#include "mls/capabilities.h"
#include "mls/check.h"
#include "mls/tree.h"

/* Makes `count` jobs, in any order and on any threads, each with a crypto handle of its thread, and returns when all are
 * done. The tree does not change meanwhile. */
typedef void tree_job(void *work, sotto_crypto *c, uint32_t number);
struct tree_spread {
    void (*run)(void *context, tree_job *job, void *work, uint32_t count);
    void *context;
};

struct tree_check_context {
    view group_id;
    view tree_hash;                               /* the one in the GroupContext */
    view extensions;                              /* those in the GroupContext */
    const struct required_capabilities *required; /* the one among them; NULL: none */
    uint64_t now_s;          /* seconds since 1970; 0: lifetimes are not compared with it */
    uint64_t lifetime_max_s; /* 0: any */
    bool sending;            /* the leaf is one that we bring in: see CHECK_LEAF_CIPHER_SUITE */
    const struct tree_spread *spread; /* for the signatures; NULL: this thread */
};

/* One check on all that it is about. CHECK_LEAF_SOURCE and CHECK_PATH_* are no checks of a tree: USAGE. CHECK_PARENT_HASH is
 * linear in trees that pass CHECK_PARENT_UNMERGED_MEMBER. `ret_fault` is set when a check failed, and may be NULL. */
SOTTO_MUST_USE sotto_err tree_check(sotto_crypto *c, struct tree *tree,
                                    const struct tree_check_context *context, enum mls_check check,
                                    struct fault *ret_fault);
/* All of them but those. */
SOTTO_MUST_USE sotto_err tree_check_all(sotto_crypto *c, struct tree *tree,
                                        const struct tree_check_context *context,
                                        struct fault *ret_fault);
/* All checks of a leaf on one that has just been put into a tree: a new member, an Update, the leaf of an UpdatePath.
 * `source` is what its place demands. NOTFOUND: no such member. */
SOTTO_MUST_USE sotto_err tree_check_leaf(sotto_crypto *c, struct tree *tree,
                                         const struct tree_check_context *context,
                                         uint32_t leaf_index, enum leaf_node_source source,
                                         struct fault *ret_fault);
/* The same but for its signature, which was verified before. */
SOTTO_MUST_USE sotto_err tree_check_leaf_place(sotto_crypto *c, struct tree *tree,
                                               const struct tree_check_context *context,
                                               uint32_t leaf_index, enum leaf_node_source source,
                                               struct fault *ret_fault);

/* Those of them that hold for a leaf wherever it is put, its signature with them: no tree is needed, and of the context no more
 * than group_id and the times. `leaf_index` is where it will stand, which the signature of an update or a commit covers.
 * `where` is for the fault. */
SOTTO_MUST_USE sotto_err leaf_node_check(sotto_crypto *c, const struct mls_suite *suite,
                                         const struct tree_check_context *context,
                                         const struct leaf_node *leaf, uint32_t leaf_index,
                                         enum leaf_node_source source, uint32_t where,
                                         struct fault *ret_fault);

#endif
