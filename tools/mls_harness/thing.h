/* thing.h - what the harness keeps between calls, under numbers that are never given again: groups, KeyPackages that wait for a
 * Welcome, the KeyPackages for what comes after groups that a ReInit ended, external signers. Each has the identity and the
 * key of the member that it stands for, and the PSKs that were stored with it. */
#ifndef THING_H
#define THING_H

#include "call.h"

#define DEFER(fn) __attribute__((cleanup(fn)))
#define TRY(expression)                    \
    do {                                   \
        sotto_err try_err_ = (expression); \
        if (try_err_ != SOTTO_OK)          \
            return try_err_;               \
    } while (0)
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct stored { /* a PSK, a proposal that was read in this epoch, a part of a state */
    struct stored *next;
    sotto_buf name, value;
};
void stored_free(struct stored **list);
const struct stored *stored_find(const struct stored *list, sotto_view name);
sotto_err stored_add(struct stored **list, sotto_view name, sotto_view value);
void stored_remove(struct stored **list, sotto_view name);

enum kind { GROUP, PACKAGE, REINIT, SIGNER };

struct thing {
    enum kind kind;
    uint16_t suite;
    sotto_sign_key *key; /* of PACKAGE, REINIT, SIGNER; a group keeps its own */
    sotto_buf identity;
    struct stored *psks;
    sotto_group *group;    /* GROUP */
    sotto_staged *pending; /* GROUP: our commit */
    struct stored *read;   /* GROUP: the proposals that it has already */
    struct stored *parts;  /* GROUP: its state as it is stored, if it is */
    bool touched;          /* GROUP: by the present call */
    sotto_buf key_package; /* PACKAGE, REINIT: MLSMessage(KeyPackage) */
    sotto_buf private_part;
    uint64_t old; /* REINIT: the group that ended */
};
void thing_freep(struct thing **t);

struct harness {
    sotto_crypto *crypto;
    struct thing **things; /* by number - 1; NULL: freed */
    size_t thing_count;
    bool restores; /* states go through storage */
};
void harness_clear(struct harness *h);

/* Takes over a thing and gives it a number. */
sotto_err thing_keep(struct harness *h, struct thing **t, uint64_t *ret_number);
struct thing *thing_at(const struct harness *h, uint64_t number); /* NULL: none */
/* The thing of a kind whose number is in the request. */
sotto_err thing_get(const struct harness *h, struct call *c, enum kind kind, const char *name,
                    struct thing **ret_thing);
void thing_drop(struct harness *h, const struct thing *t);

/* A new thing with a key of its own; and with a KeyPackage, too. */
sotto_err thing_new(const struct harness *h, enum kind kind, uint64_t suite, sotto_view identity,
                    struct thing **ret_thing);
sotto_err package_new(const struct harness *h, struct call *c, enum kind kind, uint64_t suite,
                      sotto_view identity, struct thing **ret_thing);

/* What calls of the library take, for a thing (NULL: none), with fresh randomness. `rules` is filled in, and has to live as
 * long as what is returned. */
sotto_mls with(const struct harness *h, struct thing *t, sotto_mls_rules *rules);
sotto_mls_client client_of(const struct thing *t);
sotto_mls_settings settings_of(const struct call *c);
/* An error that one of those calls gave, said with the check that it names. */
sotto_err told(struct call *c, const sotto_mls *m, const char *what, sotto_err err);

/* Parts of results. */
void give_private_keys(struct call *c, const struct thing *t);
void give_epoch(struct call *c, const struct thing *t);
void give_tree(struct call *c, const sotto_staged *s); /* if it is wanted beside */

bool same(sotto_view a, sotto_view b);

#endif
