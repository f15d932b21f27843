/* mls_world.h - groups for the bench of MLS, as `performance.md` and its peers have them: N members, and one who comes later.
 *   cold  straight after all were added in one commit: every parent is blank, and a path is sealed for each member. The creator,
 *         leaf 0, acts; leaf 1 (`near`) and leaf N-1 (`last`) receive.
 *   warm  every leaf has sent a path. Leaf N-1 acts (`last`); leaf N, whom it adds (`joiner`), receives.
 * The tree of a warm group is made by its members' paths alone, one after the other: what they would have sealed for each other
 * is left out, since nobody opens it. */
#ifndef BENCH_MLS_WORLD_H
#define BENCH_MLS_WORLD_H

#include <sotto/mls.h>

#include "crypto/suite.h"
#include "mls/group.h"
#include "mls/staged.h"

struct mls_world {
    sotto_mls m; /* of all of them */
    const struct mls_suite *suite;
    uint32_t n;
    sotto_sign_key **sign_keys; /* n + 1 of each */
    sotto_buf *packages, *privates;
    sotto_mls_proposal *adds; /* of all but the creator */
    sotto_buf welcome;        /* that all but the creator came with */
    sotto_group *creator, *near, *last, *joiner;
    sotto_buf joiner_welcome;
};

/* All KeyPackages, and the cold group. n >= 2. `near` is NULL in a group of two. */
SOTTO_MUST_USE sotto_err mls_world_begin(struct mls_world *w, sotto_crypto *c,
                                         const struct mls_suite *suite, uint32_t n);
/* Makes `last`'s group a warm one. */
SOTTO_MUST_USE sotto_err mls_world_warm(struct mls_world *w);
/* `last` adds the joiner, who joins. */
SOTTO_MUST_USE sotto_err mls_world_grow(struct mls_world *w);
void mls_world_end(struct mls_world *w);

sotto_mls_client mls_world_client(const struct mls_world *w, uint32_t member, char name[24]);
/* The creator makes the group and adds all, without a path: not merged. */
SOTTO_MUST_USE sotto_err mls_world_build(struct mls_world *w, sotto_group **ret_group,
                                         sotto_staged **ret_staged);
SOTTO_MUST_USE sotto_err mls_world_join(struct mls_world *w, uint32_t member, view welcome,
                                        sotto_group **ret_group);
/* `last` adds the joiner: not merged. */
SOTTO_MUST_USE sotto_err mls_world_add(struct mls_world *w, sotto_staged **ret_staged);

#endif
