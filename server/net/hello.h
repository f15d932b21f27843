/* hello.h - the server's answer to hello: its chain, and a signature over this very connection. Pure but for the nonce given. */
#ifndef NET_HELLO_H
#define NET_HELLO_H

#include "base/base.h"
#include "base/buf.h"
#include "crypto/crypto.h"
#include "crypto/sign.h"
#include "net/identity.h"
#include "proto/proto.h"

/* Appends hello_ok to `out`, as the answer to the frame `hello`, in which the client named its versions and its challenge.
 * UNEXPECTED: the frame is no hello. VERSION: none that we know. WIRE errors as proto_hello_read(). */
SOTTO_MUST_USE sotto_err hello_answer(sotto_crypto *c, const sotto_sign_key *key,
                                      const struct identity *identity, uint32_t frame_max,
                                      view hello, const uint8_t exporter[HELLO_EXPORTER],
                                      const uint8_t nonce[HELLO_NONCE], sotto_buf *out);

#endif
