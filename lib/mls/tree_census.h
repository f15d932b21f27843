/* tree_census.h - how many members of a tree can do what: so that whether all of them support an extension type is one look-up,
 * in a group of any size (RFC 9420 7.3, 11.1). Clones share a census until one of them changes. One thread at a time. */
#ifndef MLS_TREE_CENSUS_H
#define MLS_TREE_CENSUS_H

#include "mls/leaf_node.h"

#define TREE_CENSUS_KEY 16 /* bytes, random */

enum census_kind {
    CENSUS_EXTENSION, /* listed in capabilities */
    CENSUS_PROPOSAL,
    CENSUS_CREDENTIAL,
    CENSUS_CREDENTIAL_IN_USE /* the type of the member's own credential */
};

struct tree_census;

SOTTO_MUST_USE sotto_err tree_census_new(const uint8_t key[TREE_CENSUS_KEY],
                                         struct tree_census **ret_census);
struct tree_census *tree_census_share(struct tree_census *census);
void tree_census_unref(struct tree_census *census); /* accepts NULL */

/* A member's leaf changes from `before` to `after`; NULL: was not, or will not be, there. Copies the census if it is shared.
 * NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err tree_census_change(struct tree_census **census,
                                            const struct leaf_node *before,
                                            const struct leaf_node *after);

uint32_t tree_census_count(const struct tree_census *census, enum census_kind kind, uint16_t type);

size_t tree_census_memory(const struct tree_census *census);

#endif
