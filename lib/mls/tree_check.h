/* tree_check.h - what must hold before a tree that came from somebody else is used, each check a row with its number (RFC 9420
 * 7.3, 7.9.2, 12.4.3.1). Each can be made alone; tree_check_all() makes them all in one walk, linear in the tree, the
 * signatures last. What only the application knows (whether a credential is whom it names, RFC 9420 5.3.1) is not here. */
#ifndef MLS_TREE_CHECK_H
#define MLS_TREE_CHECK_H

#include "crypto/crypto.h"
#include "mls/capabilities.h"
#include "mls/tree.h"

/* X(name, section, error, sentence); what a row is about is in its name. Numbers never change. */
/* clang-format off */
#define TREE_CHECKS(X) \
    X(TREE_HASH, 1, "12.4.3.1", VALUE, "the tree hash is the one in the GroupContext") \
    X(TREE_RIGHT_HALF, 2, "12.4.3.3", VALUE, "the last node is a member: the tree is no larger than it needs to be") \
    X(LEAF_VERSION, 3, "7.2", VALUE, "a leaf's capabilities list mls10") \
    X(LEAF_CIPHER_SUITE, 4, "7.2", VALUE, "a leaf's capabilities list the group's cipher suite") \
    X(LEAF_CREDENTIAL_LISTED, 5, "7.2", VALUE, "a leaf's capabilities list the type of its own credential") \
    X(LEAF_EXTENSIONS_LISTED, 6, "7.3", VALUE, "a leaf's capabilities list the types of its own extensions") \
    X(LEAF_DEFAULTS_UNLISTED, 7, "7.2", VALUE, "a leaf's capabilities list no default extension or proposal type") \
    X(LEAF_REQUIRED_EXTENSIONS, 8, "7.3", VALUE, "a leaf supports the extensions that the group requires") \
    X(LEAF_REQUIRED_PROPOSALS, 9, "7.3", VALUE, "a leaf supports the proposals that the group requires") \
    X(LEAF_REQUIRED_CREDENTIALS, 10, "7.3", VALUE, "a leaf supports the credentials that the group requires") \
    X(LEAF_CREDENTIAL_SUPPORTED, 11, "7.3", VALUE, "all members support the type of a leaf's credential") \
    X(LEAF_SUPPORTS_CREDENTIALS, 12, "7.3", VALUE, "a leaf supports the credential types of all members") \
    X(LEAF_LIFETIME_RANGE, 13, "7.2", VALUE, "a leaf's lifetime ends after it begins, and is not longer than allowed") \
    X(LEAF_LIFETIME_NOW, 14, "7.3", EXPIRED, "it is within a leaf's lifetime") \
    X(LEAF_SOURCE, 15, "7.3", VALUE, "a leaf's leaf_node_source is the one of its place") \
    X(LEAF_ENCRYPTION_KEY, 16, "5.1.1", KEY, "a leaf's encryption_key is a key") \
    X(LEAF_SIGNATURE_KEY, 17, "5.1.1", KEY, "a leaf's signature_key is a key") \
    X(LEAF_ENCRYPTION_KEY_UNIQUE, 18, "7.3", VALUE, "no other node has a leaf's encryption_key") \
    X(LEAF_SIGNATURE_KEY_UNIQUE, 19, "7.3", VALUE, "no other leaf has a leaf's signature_key") \
    X(LEAF_SIGNATURE, 20, "7.3", SIGNATURE, "a leaf's signature is its own, made for this group and this place") \
    X(PARENT_ENCRYPTION_KEY, 21, "5.1.1", KEY, "a parent's encryption_key is a key") \
    X(PARENT_KEY_UNIQUE, 22, "12.4.3.1", VALUE, "no other node has a parent's encryption_key") \
    X(PARENT_UNMERGED_MEMBER, 23, "12.4.3.1", VALUE, "an unmerged leaf is a member below the parent") \
    X(PARENT_UNMERGED_BETWEEN, 24, "12.4.3.1", VALUE, "every parent between has an unmerged leaf, too") \
    X(PARENT_HASH, 25, "7.9.2", VALUE, "exactly one node below is bound to a parent by its parent hash") \
    X(PATH_LEAF_KEY_NEW, 26, "12.4.2", VALUE, "the committer's new encryption_key differs from the old one") \
    X(PATH_KEYS_UNIQUE, 27, "12.4.2", VALUE, "no key of the UpdatePath is in the new tree, or twice in the path") \
    X(PATH_LENGTH, 28, "7.6", VALUE, "the UpdatePath has a node for each of the filtered direct path") \
    X(PATH_CIPHERTEXTS, 29, "7.6", VALUE, "each node of the UpdatePath has a ciphertext for each receiver") \
    X(PATH_KEY, 30, "5.1.1", KEY, "each key of the UpdatePath is a key") \
    X(PATH_PARENT_HASH, 31, "7.9.2", VALUE, "the new leaf's parent_hash is that of the path") \
    X(PATH_KEYS_DERIVED, 32, "7.5", VALUE, "the keys that are derived from a path secret are those in the path") \
    X(PATH_SECRET_LENGTH, 33, "7.4", VALUE, "a path secret has the length of the KDF's output")
/* clang-format on */

enum tree_check {
    TREE_CHECK_NONE = 0,
#define TREE_CHECK_ENUM(name, number, section, error, sentence) CHECK_##name = (number),
    TREE_CHECKS(TREE_CHECK_ENUM)
#undef TREE_CHECK_ENUM
        TREE_CHECK_END
};

struct tree_check_row {
    const char *name, *section, *sentence;
    sotto_err err;
};
/* NULL for a number that is none. Static memory. */
const struct tree_check_row *tree_check_row(enum tree_check check);

/* Which check failed, and where. {0}: none. */
struct tree_fault {
    enum tree_check check;
    uint32_t node;
};

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
    const struct required_capabilities *required; /* the one in the GroupContext; NULL: none */
    uint64_t now_s;          /* seconds since 1970; 0: lifetimes are not compared with it */
    uint64_t lifetime_max_s; /* 0: any */
    const struct tree_spread *spread; /* for the signatures; NULL: this thread */
};

/* One check on all that it is about. CHECK_LEAF_SOURCE and CHECK_PATH_* are no checks of a tree: USAGE. CHECK_PARENT_HASH is
 * linear in trees that pass CHECK_PARENT_UNMERGED_MEMBER. `ret_fault` is set when a check failed, and may be NULL. */
SOTTO_MUST_USE sotto_err tree_check(sotto_crypto *c, struct tree *tree,
                                    const struct tree_check_context *context, enum tree_check check,
                                    struct tree_fault *ret_fault);
/* All of them but those. */
SOTTO_MUST_USE sotto_err tree_check_all(sotto_crypto *c, struct tree *tree,
                                        const struct tree_check_context *context,
                                        struct tree_fault *ret_fault);
/* All checks of a leaf on one that has just been put into a tree: a new member, an Update, the leaf of an UpdatePath.
 * `source` is what its place demands. NOTFOUND: no such member. */
SOTTO_MUST_USE sotto_err tree_check_leaf(sotto_crypto *c, struct tree *tree,
                                         const struct tree_check_context *context,
                                         uint32_t leaf_index, enum leaf_node_source source,
                                         struct tree_fault *ret_fault);

/* The error of a failed check; notes it in `ret_fault`, which may be NULL. */
sotto_err tree_check_fail(enum tree_check check, uint32_t node, struct tree_fault *ret_fault);

#endif
