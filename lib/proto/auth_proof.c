/* struct { opaque label<V> = "sotto auth"; uint8 version = 1; opaque server_pin[15]; opaque account_id[32]; opaque device_id[16];
 *          opaque nonce[32]; opaque exporter[32]; } auth_proof; */
#include "proto/auth_proof.h"

#include "crypto/record.h"

sotto_err auth_proof_write(const struct auth_proof *proof, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, VIEW_LIT("sotto auth"));
    wr_bytes(&w, VIEW_OF(proof->server_pin));
    wr_bytes(&w, VIEW_OF(proof->account_id));
    wr_bytes(&w, VIEW_OF(proof->device_id));
    wr_bytes(&w, VIEW_OF(proof->nonce));
    wr_bytes(&w, VIEW_OF(proof->exporter));
    return wr_end(&w);
}

sotto_err auth_proof_sign(sotto_crypto *c, const sotto_sign_key *device_key,
                          const struct auth_proof *proof, uint8_t ret_signature[ED25519_SIGNATURE])
{
    uint8_t bytes[AUTH_PROOF_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(auth_proof_write(proof, &record));
    return record_sign(c, device_key, buf_view(&record), ret_signature);
}

sotto_err auth_proof_verify(sotto_crypto *c, const struct auth_proof *proof,
                            const uint8_t device_key[ED25519_PUBLIC],
                            const uint8_t signature[ED25519_SIGNATURE])
{
    uint8_t bytes[AUTH_PROOF_SIZE];
    sotto_buf record = BUF_ON(bytes);
    TRY(auth_proof_write(proof, &record));
    return record_verify(c, device_key, buf_view(&record), signature);
}
