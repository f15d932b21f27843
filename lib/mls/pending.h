/* pending.h - the proposals that were received or made in this epoch and wait for a commit (RFC 9420 12.4), by ProposalRef, in the
 * order in which they came; and the keys of our own Updates among them. */
#ifndef MLS_PENDING_H
#define MLS_PENDING_H

#include "mls/framing.h"
#include "mls/with_label.h"

#define PENDING_MAX       4096               /* proposals; more are FULL */
#define PENDING_BYTES_MAX ((size_t)16 << 20) /* of all of them */

struct pending_proposal {
    uint8_t ref[HASH_MAX];                /* hash_len bytes */
    sotto_buf encoded;                    /* AuthenticatedContent */
    struct authenticated_content content; /* borrows from `encoded` */
    /* Of an Update of ours: the new leaf's keys; sign_key NULL: as before. */
    struct kem_key *leaf_key;
    sotto_sign_key *sign_key;
    bool verified; /* proposal_check() was passed */
};
void pending_proposal_free(struct pending_proposal *p); /* accepts NULL; wipes */
void pending_proposal_freep(struct pending_proposal **p);

/* From the content as it was received or signed (re-encoded): computes the ref. */
SOTTO_MUST_USE sotto_err pending_proposal_new(sotto_crypto *c, const struct mls_suite *suite,
                                              const struct authenticated_content *content,
                                              struct pending_proposal **ret_proposal);
/* From its encoding, as when state is read back. */
SOTTO_MUST_USE sotto_err pending_proposal_read(sotto_crypto *c, const struct mls_suite *suite,
                                               view encoded,
                                               struct pending_proposal **ret_proposal);

struct pending {
    struct pending_proposal **items;  /* read only */
    struct pending_proposal **by_ref; /* private: the same, by rising ref */
    size_t count, cap;
    size_t bytes;
    /* How many of the items the store has, from the first on, and how many places it had before those were cleared. */
    size_t stored, stored_before;
};
/* Taken over on success. EXISTS: it is there already. FULL. */
SOTTO_MUST_USE sotto_err pending_add(struct pending *p, const struct mls_suite *suite,
                                     struct pending_proposal **proposal);
/* NULL: none. Exact length, any bytes. */
const struct pending_proposal *pending_find(const struct pending *p, const struct mls_suite *suite,
                                            view ref);
/* Undoes the last pending_add(). */
void pending_drop_last(struct pending *p);
void pending_clear(struct pending *p);
/* The store has all of them, and no others. */
void pending_stored(struct pending *p);

#endif
