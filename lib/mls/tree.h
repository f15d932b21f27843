/* tree.h - the ratchet tree of a group as all members see it (RFC 9420 4, 7): public keys, credentials, who is where.
 * A tree is cloned to stage a commit: clones share everything that is alike, and each changes for itself. Changes are made to a
 * clone: after an error in the middle of one (NOMEM, mostly) the changed tree is good for tree_free() alone; its base never
 * notices. Nodes are numbered as in tree_math.h. One thread at a time, for a tree and all its clones: even a look-up may
 * fill a cache that they share, but where a function says otherwise. */
#ifndef MLS_TREE_H
#define MLS_TREE_H

#include "crypto/suite.h"
#include "mls/ratchet_tree.h"
#include "mls/tree_census.h"
#include "mls/tree_list.h"
#include "mls/tree_node.h"

#define TREE_SEED  32 /* bytes */
#define TREE_DEPTH 24 /* levels below the root of the largest tree */

struct tree;

/* One blank leaf. `seed` is random: it keys the indexes, so that nobody can choose keys that slow them down; no secret of the
 * protocol, and clones inherit it. Release with tree_free(). */
SOTTO_MUST_USE sotto_err tree_new(const struct mls_suite *suite, const uint8_t seed[TREE_SEED],
                                  struct tree **ret_tree);
/* The tree that came in a ratchet_tree extension, or beside a Welcome: `content` is the content of the extension. What its form
 * says is checked (ratchet_tree_read()); whether it can be trusted is for tree_check.h. Nothing is borrowed. A blank node came
 * as one byte, and takes up to 80 here once hashes are computed: whoever has a limit of members looks at the node_count that
 * ratchet_tree_read() gives before. `ret_fault`: as codec_end(). */
SOTTO_MUST_USE sotto_err tree_read(const struct mls_suite *suite, const uint8_t seed[TREE_SEED],
                                   view content, struct tree **ret_tree, struct fault *ret_fault);
/* The content of a ratchet_tree extension (RFC 9420 12.4.3.3). USAGE: a tree without members. */
void tree_write(struct wr *w, const struct tree *tree);
/* About how many bytes that writes, and rarely more: to make room for them at once. */
size_t tree_write_about(const struct tree *tree);
/* One optional<Node> of it, as it stands there; a node outside of the tree is blank. */
void tree_write_node(struct wr *w, const struct tree *tree, uint32_t node);

/* A tree that comes node by node, as when a state is read back: `leaf_count` blank leaves; VALUE: not the number of a full tree. */
SOTTO_MUST_USE sotto_err tree_new_blank(const struct mls_suite *suite,
                                        const uint8_t seed[TREE_SEED], uint32_t leaf_count,
                                        struct tree **ret_tree);
/* Puts or blanks one node, as tree_write_node() wrote it. VALUE: outside of the tree, of the wrong kind for its place, or an
 * unmerged leaf is outside. Other errors of the codec. */
SOTTO_MUST_USE sotto_err tree_read_node(struct tree *tree, uint32_t node, view encoded);
/* Extends or truncates it. VALUE: no number of leaves of a full tree, or a member would be lost. */
SOTTO_MUST_USE sotto_err tree_resize(struct tree *tree, uint32_t leaf_count);

SOTTO_MUST_USE sotto_err tree_clone(struct tree *base, struct tree **ret_tree);
void tree_free(struct tree *tree); /* accepts NULL */
void tree_freep(struct tree **tree);

const struct mls_suite *tree_suite(const struct tree *tree);
uint32_t tree_leaf_count(const struct tree *tree); /* of the full tree, blank ones too */
uint32_t tree_node_count(const struct tree *tree);
uint32_t tree_member_count(const struct tree *tree);

/* A node, borrowed until the tree changes; NULL: blank, or outside of the tree. Fills no cache. */
const struct tree_node *tree_node(const struct tree *tree, uint32_t node);
/* The leaf of a member, likewise. */
const struct tree_node *tree_leaf(const struct tree *tree, uint32_t leaf_index);
/* Its parts; NOTFOUND: blank, or outside of the tree. */
SOTTO_MUST_USE sotto_err tree_leaf_read(const struct tree *tree, uint32_t leaf_index,
                                        struct leaf_node *ret_leaf);
/* The next member from leaf index *at on: false when there is none; else *at is its index. Blank parts are passed quickly. */
bool tree_next_member(const struct tree *tree, uint32_t *at);

/* A node that holds this key, other than `except` (UINT32_MAX: no exception). */
bool tree_find_key(const struct tree *tree, enum tree_key_kind kind, view key, uint32_t except,
                   uint32_t *ret_node);
/* Whether all members list a type in their capabilities; default types always (RFC 9420 7.2). */
bool tree_all_support(const struct tree *tree, enum census_kind kind, uint16_t type);
/* How many do, or whose credential has the type. */
uint32_t tree_census(const struct tree *tree, enum census_kind kind, uint16_t type);

/* The nodes in which two trees differ, rising: what has to be written so that `before` becomes `after`. Either may be the larger
 * one; what a tree has no room for is blank in it. A node that was put again counts, whether or not it says the same. Fast if
 * one is a clone of the other: what they share is passed by. *ret_nodes, empty before, is yours: tree_list_clear(). Fills no
 * cache. */
SOTTO_MUST_USE sotto_err tree_diff(const struct tree *before, const struct tree *after,
                                   struct tree_list *ret_nodes);

/* Add (RFC 9420 12.1.1): a member at the leftmost blank leaf, unmerged in the parents above it. `leaf_node` is an encoded
 * LeafNode; it is parsed, not judged. */
SOTTO_MUST_USE sotto_err tree_add(struct tree *tree, view leaf_node, uint32_t *ret_leaf_index);
/* Update (12.1.2). NOTFOUND: no such member; unchanged. */
SOTTO_MUST_USE sotto_err tree_update(struct tree *tree, uint32_t leaf_index, view leaf_node);
/* Remove (12.1.3), with truncation. NOTFOUND: no such member; unchanged. */
SOTTO_MUST_USE sotto_err tree_remove(struct tree *tree, uint32_t leaf_index);

/* Where an external commit puts its sender: the leftmost blank leaf, which stays blank; the tree is extended if there is none
 * (RFC 9420 12.4.2). */
SOTTO_MUST_USE sotto_err tree_blank_leaf(struct tree *tree, uint32_t *ret_leaf_index);

/* The steps that an UpdatePath takes (treekem.h): replaces a leaf, or fills a blank one, and leaves its parents alone; blanks
 * the parents above a leaf; puts a parent. The leaf index and the node lie in the tree. */
SOTTO_MUST_USE sotto_err tree_set_leaf(struct tree *tree, uint32_t leaf_index, view leaf_node);
SOTTO_MUST_USE sotto_err tree_blank_path(struct tree *tree, uint32_t leaf_index);
SOTTO_MUST_USE sotto_err tree_set_parent(struct tree *tree, uint32_t node, view encryption_key,
                                         view parent_hash);

/* For tests and benches: bytes on the heap, as far as we asked for them, as if nothing were shared. */
size_t tree_memory(const struct tree *tree);

#endif
