/* device.h - a simulated device with an account of its own: keys drawn from a seed, and the requests by which it registers and signs in,
 * real in every byte. What it sends afterwards is its owner's affair. */
#ifndef BENCH_DEVICE_H
#define BENCH_DEVICE_H

#include "bench/session.h"
#include "crypto/rng.h"
#include "identity/identity.h"

#define DEVICE_SEED RNG_SEED

struct device_keys {
    sotto_sign_key *account, *recovery, *device;
    uint8_t account_id[ACCOUNT_ID];
    uint8_t device_id[DEVICE_ID];
};

/* The same seed gives the same device. CRYPTO, NOMEM. */
SOTTO_MUST_USE sotto_err device_keys_make(sotto_crypto *c, const uint8_t seed[DEVICE_SEED],
                                          struct device_keys *ret_keys);
void device_keys_clear(struct device_keys *keys);

/* What registering asks for. */
struct device_registration {
    uint8_t how;       /* enum register_how */
    view secret, mail; /* as in struct proto_register */
    view name;         /* alice@host */
    int64_t now_s;
};
/* Appends the frame `register` with the account's genesis record, request, first device list and device certificate, for the
 * connection whose hello had this nonce, at the server with this pin. */
SOTTO_MUST_USE sotto_err device_register_write(sotto_crypto *c, const struct device_keys *keys,
                                               const struct device_registration *r,
                                               const uint8_t pin[X509_PIN],
                                               const uint8_t nonce[HELLO_NONCE], uint32_t request,
                                               sotto_buf *out);
/* Appends the frame `renew`: a certificate for this name. */
SOTTO_MUST_USE sotto_err device_renew_write(sotto_crypto *c, const struct device_keys *keys,
                                            view name, const uint8_t pin[X509_PIN],
                                            const uint8_t nonce[HELLO_NONCE], uint32_t request,
                                            sotto_buf *out);
/* Appends the frame `auth` for this connection. */
SOTTO_MUST_USE sotto_err device_auth_write(sotto_crypto *c, const struct device_keys *keys,
                                           const uint8_t pin[X509_PIN],
                                           const uint8_t nonce[HELLO_NONCE],
                                           const uint8_t exporter[HELLO_EXPORTER], uint32_t request,
                                           sotto_buf *out);

#endif
