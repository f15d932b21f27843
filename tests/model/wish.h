/* wish.h - what a member may want of the group: a proposal of each kind that would be valid by itself, and odd ones, most of which
 * nobody may take. */
#ifndef TESTS_MODEL_WISH_H
#define TESTS_MODEL_WISH_H

#include "tests/model/client.h"

enum wish_kind {
    WISH_ADD,
    WISH_REMOVE,
    WISH_PSK,
    WISH_RESUMPTION,
    WISH_EXTENSIONS,
    WISH_APP_DATA,
    WISH_APP_EPHEMERAL,
    WISH_REINIT,
    WISH_BY_VALUE, /* what follows comes by reference alone */
    WISH_UPDATE = WISH_BY_VALUE,
    WISH_SELF_REMOVE,
    WISH_ODD,
    WISH_KINDS
};

struct wish {
    sotto_mls_proposal proposal; /* borrows from what follows */
    sotto_mls_client self;
    sotto_buf storage;
    uint8_t id[8];
};

/* Wishes of one commit that go together. {0} is empty. */
struct wishes {
    struct wish items[16];
    uint32_t count;
    uint64_t clients; /* that one of them is about, a bit each */
    uint32_t components;
    bool extensions;
};

/* Adds one more; false: there is nothing to wish for of this kind. */
bool wishes_add(struct client *c, enum wish_kind kind, struct wishes *wishes);
void wishes_clear(struct wishes *wishes);

#endif
