/* backend.h - what a back-end does for store.h, for server/store alone. store.c stands in front of it and keeps the rules: order of
 * the calls, sizes, what may follow an error. So a back-end is asked only what it can do. */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <stdatomic.h>

#include "store/store.h"

/* As the calls of store.h with these names. Numbers of streams and entries are below 2^63. */
struct store_backend {
    void (*free)(struct store *store);
    sotto_err (*begin)(struct store *store);
    sotto_err (*commit)(struct store *store); /* on an error rollback() follows */
    void (*rollback)(struct store *store);
    sotto_err (*get)(struct store *store, enum store_table table, view key, view *ret_value);
    sotto_err (*put)(struct store *store, enum store_table table, view key, view value);
    sotto_err (*remove)(struct store *store, enum store_table table, view key);
    sotto_err (*next)(struct store *store, enum store_table table, view prefix, view after,
                      view *ret_key, view *ret_value);
    sotto_err (*append)(struct store *store, uint64_t stream, uint64_t seq, view body);
    sotto_err (*read)(struct store *store, uint64_t stream, uint64_t from, uint64_t to,
                      log_each *each, void *user);
    sotto_err (*drop)(struct store *store, uint64_t stream, uint64_t to);
    sotto_err (*replace)(struct store *store, uint64_t stream, uint64_t seq, view body);
    sotto_err (*oldest)(struct store *store, size_t max, log_oldest_each *each, void *user);
    sotto_err (*sizes)(struct store *store, struct store_sizes *ret_sizes);
    sotto_err (*checkpoint)(struct store *store);
    sotto_err (*backup)(struct store *store, const char *path, store_progress *progress,
                        void *user);
};

/* The first member of each back-end's own struct. */
struct store {
    const struct store_backend *backend;
    bool open;         /* a transaction */
    bool busy;         /* a function of the caller's runs */
    sotto_err broken;  /* the transaction's: what forbids all but its rollback */
    atomic_bool ended; /* the disk failed, nothing goes on */
};

#endif
