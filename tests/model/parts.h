/* parts.h - where a client keeps its group: the parts that the library names, as a disk would have them. {0} is empty. */
#ifndef TESTS_MODEL_PARTS_H
#define TESTS_MODEL_PARTS_H

#include <sotto/mls.h>

#include "base/base.h"

struct part {
    uint8_t name[SOTTO_GROUP_PART_NAME];
    size_t name_len;
    uint8_t *value;
    size_t len;
};

/* By rising name. */
struct parts {
    struct part *items;
    size_t count, cap;
};

/* Keeps one, or deletes it if the value is empty: a sotto_group_part. `context` is the struct parts. */
sotto_err parts_put(void *context, view name, view value);
void parts_clear(struct parts *p);

/* Whether all parts of a group are those that are kept, and no others are. Leaves the group as it is. */
bool parts_hold(const struct parts *p, sotto_group *g);

/* The group that they are; fails as the library does. In another order for each `turn`. */
SOTTO_MUST_USE sotto_err parts_read(sotto_mls *m, const struct parts *p, size_t turn,
                                    sotto_group **ret_group);

#endif
