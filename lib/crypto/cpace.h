/* cpace.h - CPace over ristretto255 with SHA-512 (draft-irtf-cfrg-cpace-21): two people turn a short code into a strong key;
 * a wrong code costs the other side one guess and tells it nothing else. Initiator-responder setting. */
#ifndef CRYPTO_CPACE_H
#define CRYPTO_CPACE_H

#include "crypto/crypto.h"

#define CPACE_SHARE 32 /* bytes of Ya, Yb */
#define CPACE_ISK   64 /* bytes of the intermediate session key */
#define CPACE_TAG   64 /* bytes of a confirmation tag, HMAC-SHA-512 */
#define CPACE_SEED  64 /* fresh random bytes, reduced to a scalar */

enum cpace_role { CPACE_INITIATOR, CPACE_RESPONDER };

/* One run. By value; cpace_clear() wipes. */
struct cpace {
    enum cpace_role role;
    struct secret scalar;
    uint8_t share[CPACE_SHARE]; /* ours, to be sent */
    sotto_buf sid, ad;          /* ours */
    struct secret isk;          /* after cpace_finish() */
    struct secret mac_key;
    uint8_t tag[CPACE_TAG];      /* ours, to be sent after cpace_finish() */
    uint8_t peer_tag[CPACE_TAG]; /* what the peer must send */
    uint8_t sid_output[64];
};

/* `prs` is the password, `ci` names the channel, `sid` this session, `ad` is our associated data. */
SOTTO_MUST_USE sotto_err cpace_start(sotto_crypto *c, enum cpace_role role, view prs, view ci,
                                     view sid, view ad, const uint8_t seed[CPACE_SEED],
                                     struct cpace *ret_run);

/* With the peer's share and associated data: fills isk, tags and sid_output, and wipes the scalar.
 * KEY: the share is no group element, or gives the neutral element. REFLECTED: share or ad equals ours.
 * After an error the run is over: clear it and destroy the code. */
SOTTO_MUST_USE sotto_err cpace_finish(sotto_crypto *c, struct cpace *run, view peer_share,
                                      view peer_ad);

/* The peer's key confirmation, compared in constant time. CODE: the passwords differ; the run is over. */
SOTTO_MUST_USE sotto_err cpace_confirm(struct cpace *run, view peer_tag);

void cpace_clear(struct cpace *run);

#endif
