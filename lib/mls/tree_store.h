/* tree_store.h - the nodes of a tree with their cached tree hashes, in an order that makes sharing cheap.
 * The tree is cut into chunks of six levels (63 nodes); a chunk leads to the 64 chunks below it. Sharing a store is one
 * reference; a change copies the chunks on one way from the top, three of them in a tree of 10,000 leaves, and everything
 * else stays shared. A chunk that is not there is blank. A hash depends on nothing but what is below its node, so that all
 * who share a chunk share its hashes, too.
 * One thread at a time, for all stores that share. Node indices are those of tree_math.h and must lie in the tree. */
#ifndef MLS_TREE_STORE_H
#define MLS_TREE_STORE_H

#include "mls/tree_list.h"
#include "mls/tree_node.h"

struct tree_chunk;

#define TREE_CHUNK_LEVELS 6
#define TREE_CHUNK_LEAVES (1 << (TREE_CHUNK_LEVELS - 1)) /* of a lowest chunk */
#define TREE_STRATA       5

struct tree_store {
    uint32_t leaf_count;    /* of the full tree; read only */
    uint8_t hash_len;       /* read only */
    uint8_t strata;         /* private: how many chunks stand above each other */
    struct tree_chunk *top; /* private; NULL: all blank */
};

/* All blank. leaf_count is a power of two, at most MLS_LEAF_LIMIT. */
struct tree_store tree_store_of(uint32_t leaf_count, size_t hash_len);
/* A second store with the same content; each changes for itself from now on. */
struct tree_store tree_store_share(const struct tree_store *store);
void tree_store_clear(struct tree_store *store);

/* The node, borrowed until the store changes; NULL: blank. */
struct tree_node *tree_store_get(const struct tree_store *store, uint32_t node);

/* Puts a node, or blanks it with NULL; takes the reference over, on failure too. What it replaces is dropped, and the hashes
 * that covered it are forgotten. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_store_set(struct tree_store *store, uint32_t node,
                                        struct tree_node *taken);

/* A non-blank node to be changed in place, as nobody else has it; its hashes are forgotten. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_store_edit(struct tree_store *store, uint32_t node,
                                         struct tree_node **ret_node);

/* True: nothing is there from the node downwards. False: unknown, look at the node and at its children; but a chunk without any
 * node says so at each of its places, so that a long run of blank nodes is passed chunk by chunk. */
bool tree_store_blank_below(const struct tree_store *store, uint32_t node);

/* Nodes next to each other in a chunk: `first` plus the number of each bit. */
struct tree_run {
    uint32_t first;
    uint64_t nodes;
};

/* Walks over the topmost non-blank nodes from a node downwards, from left to right: each run is one parent, or leaves with nothing
 * but blank nodes between. The store must not change meanwhile. */
struct tree_walk {
    const struct tree_store *store; /* private, all of it */
    struct {
        const struct tree_chunk *chunk;
        uint32_t number;
    } last[TREE_STRATA];       /* chunk of each stratum that was looked at */
    uint32_t depth, stack[25]; /* nodes still to come; one for each level */
};
struct tree_walk tree_walk_from(const struct tree_store *store, uint32_t node);
/* False at the end. */
bool tree_walk_next(struct tree_walk *walk, struct tree_run *ret_run);

/* Appends the nodes that stand in one store and not, or not the same one, in the other; rising. What a store has no room for is
 * blank there. Chunks that both share are passed by. NOMEM: a part was appended. */
SOTTO_MUST_USE sotto_err tree_store_diff(const struct tree_store *before,
                                         const struct tree_store *after, struct tree_list *nodes);

/* Doubles the tree: the old one becomes the left half. TOO_LARGE: over MLS_LEAF_LIMIT. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_store_extend(struct tree_store *store);
/* Halves it: root and right half go, whatever they hold. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_store_truncate(struct tree_store *store);

/* A node's place, from which one goes down without looking for each node from the top again. Good until the store changes. */
struct tree_place {
    struct tree_chunk *chunk; /* private */
    uint32_t node;            /* read only */
};
/* NOMEM: a place in a blank part, where there was no room for its hash yet. */
SOTTO_MUST_USE sotto_err tree_place_of(struct tree_store *store, uint32_t node,
                                       struct tree_place *ret_place);
/* The left and the right child. */
SOTTO_MUST_USE sotto_err tree_place_below(const struct tree_store *store,
                                          const struct tree_place *place,
                                          struct tree_place ret_children[2]);
/* NULL: blank. */
const struct tree_node *tree_place_node(const struct tree_place *place);
/* The kept tree hash, of hash_len bytes, for all who share the node; whether it is known yet, and that it is from now on. */
uint8_t *tree_place_hash(const struct tree_store *store, const struct tree_place *place);
bool tree_place_known(const struct tree_place *place);
void tree_place_keep(const struct tree_place *place);

/* For tests and benches: bytes on the heap, as far as we asked for them, as if nothing were shared. */
size_t tree_store_memory(const struct tree_store *store);

#endif
