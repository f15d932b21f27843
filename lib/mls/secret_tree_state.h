/* secret_tree_state.h - a secret tree in pieces, for who keeps it: each piece has a name and a few bytes, for a store of names and
 * values. A message in order changes the pieces of one path, once a sender, and one piece after that, in any group.
 *     after each step:  secret_tree_changes(tree, false, fn, context), write what it gives, secret_tree_changes_done(tree)
 *     later:            secret_tree_read_begin(), secret_tree_read_piece() for each in any order, secret_tree_read_end()
 * What was consumed is in no piece (RFC 9420 9.2): a piece that is gone, or has a new value, must leave no old bytes in the
 * store. Write the pieces together with what they were changed for, or an old key can be used twice. Pieces have no version:
 * who keeps them says which form they have. */
#ifndef MLS_SECRET_TREE_STATE_H
#define MLS_SECRET_TREE_STATE_H

#include "base/rd.h"
#include "base/wr.h"
#include "mls/secret_tree.h"

/* Kinds of pieces, and their values.
 *     NODE     opaque secret[hash_len]: all keys below this node come from it
 *     SENDER   of the handshake, then of the application ratchet: uint32 generation, of the next key; uint32 given_up, below
 *              which keys may have been given up; opaque secret[hash_len]
 *     SKIPPED  opaque key[key_len]; opaque nonce[AEAD_NONCE]: a key that was passed by, since its message may still come */
enum secret_tree_piece_type { SECRET_TREE_NODE = 1, SECRET_TREE_SENDER, SECRET_TREE_SKIPPED };

#define SECRET_TREE_VALUE_MAX (2 * (4 + 4 + HASH_MAX)) /* bytes of the longest value */

/* The name of a piece. */
struct secret_tree_piece {
    enum secret_tree_piece_type type;
    uint32_t index;         /* NODE: of the node; else of the leaf */
    enum ratchet_kind kind; /* SKIPPED alone, else 0 */
    uint32_t generation;    /* SKIPPED alone, else 0 */
};

/* A name as bytes that sort by type and index: uint8 type; uint32 index; and of SKIPPED uint8 kind; uint32 generation. The
 * reader fails with VALUE for another type or kind. */
void secret_tree_piece_read(struct rd *r, struct secret_tree_piece *out);
void secret_tree_piece_write(struct wr *w, const struct secret_tree_piece *piece);

/* `value` is borrowed for the call and holds secrets; empty: delete the piece. An error ends the walk. */
typedef sotto_err secret_tree_piece_fn(void *context, const struct secret_tree_piece *piece,
                                       view value);

/* Calls fn once for each piece that is new, has a new value, or is gone since secret_tree_changes_done(); a tree that was not
 * written yet is new as a whole. `all`: for those that are unchanged, too. Gives what fn gives if that is no error. Allocates
 * nothing and marks nothing: if the pieces could not be written, they are told again. fn must not touch the tree. */
SOTTO_MUST_USE sotto_err secret_tree_changes(const struct secret_tree *tree, bool all,
                                             secret_tree_piece_fn *fn, void *context);
/* What secret_tree_changes() told has been written; the tree has not changed since. */
void secret_tree_changes_done(struct secret_tree *tree);
/* No store has anything of it, as when it was read from elsewhere: each piece is new. */
void secret_tree_changes_undone(struct secret_tree *tree);

/* A tree to be read. It has no keys before secret_tree_read_end(). USAGE as secret_tree_new(). */
SOTTO_MUST_USE sotto_err secret_tree_read_begin(const struct mls_suite *suite, uint32_t leaf_count,
                                                struct secret_tree **ret_tree);
/* A piece, copied. VALUE: no piece of such a tree. TRUNCATED, TRAILING: not the length of its value. NOMEM. The tree is
 * unchanged then. USAGE: the tree is not being read. */
SOTTO_MUST_USE sotto_err secret_tree_read_piece(struct secret_tree *tree,
                                                const struct secret_tree_piece *piece, view value);
/* All pieces were given. VALUE: together they are no tree: each leaf's keys must come from exactly one node or sender, and what
 * was skipped must lie between given_up and generation, at most MLS_SKIPPED_MAX of it a ratchet. That a skipped key is missing
 * can't be seen: its message will be REPLAYED. After VALUE and NOMEM the tree is good for secret_tree_free() alone. */
SOTTO_MUST_USE sotto_err secret_tree_read_end(struct secret_tree *tree);

#endif
