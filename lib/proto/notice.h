/* notice.h - what the server says in an inbox, signed by its own key: that a device reads a stream no more. By value. */
#ifndef PROTO_NOTICE_H
#define PROTO_NOTICE_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define NOTICE_SIZE 150 /* bytes as written */

/* struct { opaque label<V> = "sotto notice"; uint8 version = 1; opaque stream[16]; uint64 seq; opaque device_id[16];
 *          opaque account_id[32]; opaque signature[64]; } notice; */
struct notice {
    uint8_t stream[PROTO_STREAM_ID];
    uint64_t seq;                        /* of the last entry that the device may read: 1 and up */
    uint8_t device_id[X509_DEVICE_ID];   /* which one, and */
    uint8_t account_id[X509_ACCOUNT_ID]; /* whose */
    uint8_t signature[ED25519_SIGNATURE];
};
/* Parses exactly one notice. Errors as rd_end(), VALUE, VERSION; *ret_notice untouched. */
SOTTO_MUST_USE sotto_err notice_read(view bytes, struct notice *ret_notice);
/* Appends. VALUE, NOMEM, TOO_LARGE: `out` unchanged. */
SOTTO_MUST_USE sotto_err notice_write(const struct notice *notice, sotto_buf *out);
/* Sets signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err notice_sign(sotto_crypto *c, const sotto_sign_key *server_key,
                                     struct notice *notice);
/* SIGNATURE. */
SOTTO_MUST_USE sotto_err notice_verify(sotto_crypto *c, const struct notice *notice,
                                       const uint8_t server_key[ED25519_PUBLIC]);

#endif
