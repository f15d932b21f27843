/* key_package_make.h - KeyPackages and leaves of our own (RFC 9420 7.2, 10). */
#ifndef MLS_KEY_PACKAGE_MAKE_H
#define MLS_KEY_PACKAGE_MAKE_H

#include "mls/describe.h"

/* The fields of a leaf that a client has: credential, capabilities, extensions, signature_key. `storage` keeps what it borrows
 * besides the client. VALUE, KIND: not well-formed; UNSUPPORTED: a type that the client itself does not list. */
SOTTO_MUST_USE sotto_err leaf_node_of_client(const sotto_mls_client *client, sotto_buf *storage,
                                             struct leaf_node *ret_leaf);
/* The lifetime of a KeyPackage or of a creator's leaf: from an hour before now, for 84 days; any time if now_s is 0. */
struct lifetime lifetime_usual(uint64_t now_s);
/* Signs a leaf and writes it; the leaf borrows from it then. `group_id` and `leaf_index` count for update and commit. */
SOTTO_MUST_USE sotto_err leaf_node_sign(sotto_crypto *c, const sotto_sign_key *key,
                                        struct leaf_node *leaf, view group_id, uint32_t leaf_index,
                                        sotto_buf *ret_encoded);

/* The private part of a KeyPackage. Clear with key_package_private_clear(). */
struct key_package_private {
    const struct mls_suite *suite;
    struct kem_key *init_key, *leaf_key;
    sotto_sign_key *sign_key;
    sotto_buf encoded;          /* the KeyPackage itself */
    struct key_package package; /* borrows from it */
};
void key_package_private_clear(struct key_package_private *p);
/* As sotto_mls_key_package_new() gave it. VERSION, VALUE, KEY, ...: not that. */
SOTTO_MUST_USE sotto_err key_package_private_read(sotto_crypto *c, view bytes,
                                                  struct key_package_private *ret_private);

/* All that RFC 9420 10.1 demands of one that is to be added to a group of this suite; its leaf is checked in the tree, where it is
 * put (tree_check_leaf()), but for `alone`, where no tree is. */
SOTTO_MUST_USE sotto_err key_package_check(struct step *s, const struct mls_suite *suite,
                                           const struct key_package *package, uint32_t where,
                                           bool alone);

#endif
