/* auth_proof.h - what a device signs to open a session: that it means this server, this account and device, and this very TLS
 * connection. Nothing but the signature travels, since both sides know the rest. Byte format: docs/protocol.md, "Signing in". */
#ifndef PROTO_AUTH_PROOF_H
#define PROTO_AUTH_PROOF_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define AUTH_PROOF_SIZE 139 /* bytes that are signed */

/* struct { opaque label<V> = "sotto auth"; uint8 version = 1; opaque server_pin[15]; opaque account_id[32]; opaque device_id[16];
 *          opaque nonce[32]; opaque exporter[32]; } auth_proof; */
struct auth_proof {
    uint8_t server_pin[X509_PIN];
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t nonce[HELLO_NONCE];       /* hello_ok.nonce of this connection */
    uint8_t exporter[HELLO_EXPORTER]; /* of this connection, as for hello_ok */
};
/* Appends what is signed. NOMEM, TOO_LARGE: `out` unchanged. */
SOTTO_MUST_USE sotto_err auth_proof_write(const struct auth_proof *proof, sotto_buf *out);
/* USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err auth_proof_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                                         const struct auth_proof *proof,
                                         uint8_t ret_signature[ED25519_SIGNATURE]);
/* SIGNATURE. */
SOTTO_MUST_USE sotto_err auth_proof_verify(sotto_crypto *c, const struct auth_proof *proof,
                                           const uint8_t device_key[ED25519_PUBLIC],
                                           const uint8_t signature[ED25519_SIGNATURE]);

#endif
