/* treekem.h - how a committer gives the members new keys along its direct path, and how they take them (RFC 9420 7.4 to 7.6).
 * Each side works on a staged tree (a clone, with the commit's proposals applied) in two steps, since the GroupContext that
 * the path secrets are sealed with carries the tree hash that the path itself makes:
 *     committer:  treekem_create()  ->  tree hash, GroupContext  ->  treekem_seal()
 *     receiver:   treekem_merge()   ->  tree hash, GroupContext  ->  treekem_open()
 * After an error the staged tree is dropped; the tree that it was cloned from, and the private keys, are as they were. */
#ifndef MLS_TREEKEM_H
#define MLS_TREEKEM_H

#include "crypto/rng.h"
#include "mls/tree_check.h"
#include "mls/tree_path.h"
#include "mls/update_path.h"
#include "mls/with_label.h"

struct treekem_key; /* a kem_key that several epochs share; private */

/* The private keys of one member: of its leaf and of parents above it, by level, parsed once. {0} is empty. */
struct treekem_private {
    uint32_t leaf_index;
    struct treekem_key *keys[TREE_DEPTH + 1]; /* private */
};
/* `leaf_key` is taken over, on failure too. */
SOTTO_MUST_USE sotto_err treekem_private_new(uint32_t leaf_index, struct kem_key *leaf_key,
                                             struct treekem_private *ret_keys);
/* Shares the keys. */
void treekem_private_copy(const struct treekem_private *from, struct treekem_private *ret_keys);
void treekem_private_clear(struct treekem_private *keys); /* wipes what nobody else shares */
/* Puts the key of the own leaf, as after an own Update, or of a parent above it, as when a state is read back. Taken over, on
 * failure too. USAGE: a node elsewhere. */
SOTTO_MUST_USE sotto_err treekem_private_set(struct treekem_private *keys, uint32_t node,
                                             struct kem_key *key);
/* Drops every key whose node is blank by now, or has another one (RFC 9420 7.5: outdated keys MUST be deleted). */
void treekem_private_drop(struct treekem_private *keys, const struct tree *tree);
/* The key of a node; NULL: not known. Borrowed. */
const struct kem_key *treekem_private_find(const struct treekem_private *keys, uint32_t node);

/* Derives the keys of a parent above the own leaf, and of the non-blank ones above it, from a path secret: what a Welcome
 * brings (RFC 9420 12.4.3.1). Each must match its public key: else CHECK_PATH_KEYS_DERIVED. Unchanged on failure. */
SOTTO_MUST_USE sotto_err treekem_private_set_path(sotto_crypto *c, const struct tree *tree,
                                                  struct treekem_private *keys, uint32_t node,
                                                  const struct secret *path_secret,
                                                  struct fault *ret_fault);

/* What a committer makes. {0} is empty; clear with treekem_path_clear(). */
struct treekem_path {
    struct tree_path path;
    struct secret secrets[TREE_DEPTH]; /* path_secret[n] */
    struct secret commit_secret;
    struct treekem_private keys; /* the committer's after this commit */
    sotto_buf leaf_node;         /* encoded */
};
void treekem_path_clear(struct treekem_path *path);

struct treekem_sender {
    uint32_t leaf_index; /* blank before, in an external commit */
    /* What the new leaf says: the fields up to capabilities and the extensions count, its encryption_key, source and
     * parent_hash are set here. */
    const struct leaf_node *leaf;
    const sotto_sign_key *sign_key; /* of leaf->signature_key */
    view group_id;
};
/* Puts fresh keys along the sender's direct path and its new leaf, signed, into the tree. `rng` gives the secrets.
 * `keys` are the sender's so far; {0} for one who joins. */
SOTTO_MUST_USE sotto_err treekem_create(sotto_crypto *c, struct tree *tree,
                                        const struct treekem_sender *sender, struct rng *rng,
                                        const struct treekem_private *keys,
                                        struct treekem_path *ret_path);
/* Writes the UpdatePath: each path secret sealed for the resolution of its copath node. `added` are the leaf indices of those who
 * were added by the same commit, rising: they are excepted (NULL: none). `group_context` is the provisional one, encoded. */
SOTTO_MUST_USE sotto_err treekem_seal(sotto_crypto *c, const struct tree *tree,
                                      const struct treekem_path *path,
                                      const struct tree_list *added, view group_context,
                                      struct rng *rng, sotto_buf *out);
/* The path secret that a Welcome brings to a new member: that of the lowest common ancestor; NULL: that is not on the path. */
const struct secret *treekem_path_secret(const struct treekem_path *path, uint32_t leaf_index);

/* Merges a received UpdatePath: its form and its keys are checked (CHECK_PATH_*), its keys and its leaf put into the tree. The
 * leaf itself is for tree_check_leaf(), afterwards. `external`: the sender joins with this commit. */
SOTTO_MUST_USE sotto_err treekem_merge(sotto_crypto *c, struct tree *tree, uint32_t sender,
                                       bool external, const struct update_path *update,
                                       const struct tree_list *added, struct fault *ret_fault);
/* Opens the one path secret that is ours and derives from it: *ret_keys, a variable other than *keys, are ours after this
 * commit. `tree` is the merged one, `keys` are those of a member of it who is not the sender. NOTFOUND: no key of ours fits, as for a member who was just added.
 * CHECK_PATH_SECRET_OPENS: was sealed for somebody else, or with another context. */
SOTTO_MUST_USE sotto_err treekem_open(sotto_crypto *c, const struct tree *tree, uint32_t sender,
                                      const struct update_path *update,
                                      const struct tree_list *added, view group_context,
                                      const struct treekem_private *keys,
                                      struct treekem_private *ret_keys,
                                      struct secret *ret_commit_secret, struct fault *ret_fault);

#endif
