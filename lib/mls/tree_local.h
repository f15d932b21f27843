/* tree_local.h - the inside of a tree, for the files that are part of it (tree_*.c) alone. */
#ifndef MLS_TREE_LOCAL_H
#define MLS_TREE_LOCAL_H

#include "mls/tree.h"
#include "mls/tree_index.h"

struct tree {
    const struct mls_suite *suite;
    struct tree_store store;
    struct tree_index index;
    struct tree_census *census;
    uint32_t member_count;
    uint32_t width;       /* leaf index of the last member plus 1; 0: no member */
    uint32_t first_blank; /* no leaf in front of it is blank */
};

#endif
