/* leaf_node_make.h - leaves of our own (RFC 9420 7.2). What a client says of itself is made here, and nowhere else, so that its
 * KeyPackages, the leaf of a new group, its Updates and its paths say the same. */
#ifndef MLS_LEAF_NODE_MAKE_H
#define MLS_LEAF_NODE_MAKE_H

#include <sotto/mls.h>

#include "crypto/sign.h"
#include "mls/leaf_node.h"

/* The fields of a leaf that a client has: credential, capabilities, extensions, signature_key. `storage` is replaced, and keeps
 * what the leaf borrows besides the client. A client that lists app_data_dictionary, and says nothing of its components, gets
 * an app_components with those of the library. VALUE, KIND and other errors of the codec: not well-formed; UNSUPPORTED: a
 * type, or the suite, that the client itself does not list; CERTIFICATE: the first one is for another key. */
SOTTO_MUST_USE sotto_err leaf_node_of_client(const sotto_mls_client *client, sotto_buf *storage,
                                             struct leaf_node *ret_leaf);
/* The lifetime of a KeyPackage or of a creator's leaf: from an hour before now, for 84 days; any time if now_s is 0. */
struct lifetime lifetime_usual(uint64_t now_s);
/* Signs a leaf and writes it; the leaf borrows from it then. `group_id` and `leaf_index` count for update and commit. */
SOTTO_MUST_USE sotto_err leaf_node_sign(sotto_crypto *c, const sotto_sign_key *key,
                                        struct leaf_node *leaf, view group_id, uint32_t leaf_index,
                                        sotto_buf *ret_encoded);

/* Whether capabilities list the types of these extensions, but for default ones (RFC 9420 7.2, 10). */
bool extensions_are_listed(view extensions, const struct capabilities *capabilities);

#endif
