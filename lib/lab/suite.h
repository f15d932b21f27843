/* suite.h - a suite as a row, and what a run looks like from within: for the files of the suites, lab.c and attack.c alone.
 * A suite's file is written as the construction is taught: offer, agree, derive, prove and check, seal and open. */
#ifndef LAB_SUITE_H
#define LAB_SUITE_H

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/dh.h"
#include "crypto/rng.h"
#include "lab/elgamal.h"
#include "lab/lab.h"
#include "lab/modp.h"
#include "lab/rsa.h"

enum lab_kind { LAB_KIND_HELLO = 1, LAB_KIND_ESTABLISHED = 2, LAB_KIND_MESSAGE = 3 };
enum lab_what { LAB_WHAT_TEXT = 0, LAB_WHAT_END = 1 };

#define LAB_NONCE        32   /* bytes of a side's random in the hello */
#define LAB_HASH         32   /* SHA-256 */
#define LAB_IDENTITY_MAX 4096 /* bytes of a public signing key */
#define LAB_OFFER_MAX    512  /* bytes of a public value of the exchange */

enum lab_state { LAB_HELLO, LAB_ESTABLISHED, LAB_MESSAGE, LAB_ENDED };

struct lab_suite {
    const char *name, *summary;
    const char *mac; /* the check that a message was not changed, in words */
    bool signs, has_sha1, has_number;

    /* Suites that sign; the others have NULL. */
    sotto_err (*identity_make)(struct rng *rng, sotto_buf *out); /* appends a private key */
    sotto_err (*identity_load)(struct lab *l, view identity, sotto_buf *ret_public);
    sotto_err (*identity_peer)(struct lab *l, view peer_public); /* reads the other side's */

    /* The exchange, left out with a pre-shared key: our public value; the other's, which gives l->shared. */
    sotto_err (*offer)(struct lab *l, sotto_buf *ret_offer);
    sotto_err (*agree)(struct lab *l, view peer_offer);
    /* l->shared and the transcript to keys. NULL: the suite needs more first and does it in prove and check. */
    sotto_err (*derive)(struct lab *l);
    /* The body of `established`. */
    sotto_err (*prove)(struct lab *l, struct wr *w);
    sotto_err (*check)(struct lab *l, struct rd *r);
    /* The body of `message`. `open` changes nothing of the run unless it gives OK. */
    sotto_err (*seal)(struct lab *l, enum lab_what what, view text, struct wr *w);
    sotto_err (*open)(struct lab *l, struct rd *r, uint8_t *ret_what, sotto_buf *ret_text);
};

extern const struct lab_suite suite_x25519_cbc, suite_elgamal_cfb, suite_rsa_cbc, suite_modp_gcm,
    suite_hkdf_gcm;

/* Arrays of two are indexed by the role that sends or owns. */
struct lab {
    sotto_crypto *crypto; /* borrowed */
    const struct lab_suite *suite;
    enum lab_role role;
    enum lab_state state;
    bool sha1, has_psk, pinned;
    bool left[2]; /* who has said that it leaves */
    struct rng rng;
    struct secret psk;
    uint8_t peer_fingerprint[LAB_FINGERPRINT]; /* if pinned */
    lab_explain_fn *explain;
    void *explain_data;
    const char *check; /* what refused last; static */

    sotto_buf hello[2]; /* whole messages */
    uint8_t nonce[2][LAB_NONCE];
    sotto_buf identity[2]; /* public */
    uint8_t fingerprint[2][LAB_FINGERPRINT];
    uint8_t transcript[LAB_HASH]; /* of both hellos */
    bool has_transcript;

    struct dh_key *dh;
    struct modp_key *modp;
    struct elgamal_key *elgamal;
    struct rsa_key *rsa, *peer_rsa;
    sotto_buf shared;

    struct secret enc[2], mac[2];
    uint8_t iv[2][12];
    struct secret master;      /* suite rsa-ecdh alone */
    uint8_t session[LAB_HASH]; /* what the suite's keys are bound to */
    uint64_t number[2];        /* of the next message, in suites that count */
    sotto_buf text;            /* of the last message that was opened */
};

static inline enum lab_role lab_other(const struct lab *l)
{
    return l->role == LAB_DIALER ? LAB_LISTENER : LAB_DIALER;
}

/* Remembers what refused, and gives the error. */
static inline sotto_err lab_refuse(struct lab *l, sotto_err err, const char *check)
{
    l->check = check;
    return err;
}

void lab_tell(const struct lab *l, const struct lab_record *record);

/* LAB_TELL(l, KEY_GENERATION, "what", "why", "what the relay sees", {"name", view}, ...) */
#define LAB_TELL(l, which, what_, why_, relay_, ...)           \
    lab_tell(l, &(struct lab_record){.step = LAB_STEP_##which, \
                                     .what = (what_),          \
                                     .why = (why_),            \
                                     .relay = (relay_),        \
                                     .values = {__VA_ARGS__}})

/* "dialer" or "listener". */
view lab_role_name(enum lab_role role);

/* The plaintext of suites that have one string: what || text. Appends; reads what was opened in place. */
SOTTO_MUST_USE sotto_err lab_plain_write(enum lab_what what, view text, sotto_buf *out);
SOTTO_MUST_USE sotto_err lab_plain_read(view plain, uint8_t *ret_what, sotto_buf *ret_text);

#endif
