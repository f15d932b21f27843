/* Wycheproof: AES-GCM and ChaCha20-Poly1305, and the lab's AES-CBC. */
#include "crypto/aead.h"

#include "lab/cipher.h"

#include "wycheproof.h"

static bool aead_of(int kind, size_t key_bits, enum aead_id *ret_id)
{
    static const struct {
        int kind;
        enum aead_id id;
    } rows[] = {
        {KIND_AES_GCM, AEAD_AES_128_GCM},
        {KIND_AES_GCM, AEAD_AES_256_GCM},
        {KIND_CHACHA20_POLY1305, AEAD_CHACHA20_POLY1305},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].kind == kind && 8 * aead_key_size(rows[i].id) == key_bits) {
            *ret_id = rows[i].id;
            return true;
        }
    }
    return false;
}

static view joined(struct vectors *v, view a, view b)
{
    uint8_t *out = case_memory(v, a.len + b.len);
    memcpy(out, a.data, a.len);
    memcpy(out + a.len, b.data, b.len);
    return view_of(out, a.len + b.len);
}

/* Seals in place, since that is how it is called on a busy path; opening takes another buffer. */
static enum verdict seal_check(struct vectors *v, enum aead_id id, const struct secret *key,
                               const uint8_t *nonce, view aad, view plain, view expected)
{
    uint8_t *sealed = case_memory(v, plain.len + AEAD_TAG);
    memcpy(sealed, plain.data, plain.len);
    CHECK(
        outcome(v, aead_seal(v->crypto, id, key, nonce, aad, view_of(sealed, plain.len), sealed)));
    return same(v, "what was sealed", view_of(sealed, plain.len + AEAD_TAG), expected);
}

enum verdict aead_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    view key_bytes = field_hex(v, test, "key"), nonce = field_hex(v, test, "iv"),
         aad = field_hex(v, test, "aad");
    view plain = field_hex(v, test, "msg"), cipher = field_hex(v, test, "ct"),
         tag = field_hex(v, test, "tag");
    enum aead_id id;
    if (!aead_of(variant, 8 * key_bytes.len, &id))
        return leave_out(v, "key size %zu", 8 * key_bytes.len);
    if (nonce.len != AEAD_NONCE)
        return leave_out(v, "nonce is not 96 bits");
    if (field_number(v, group, "tagSize") != 8 * AEAD_TAG)
        return leave_out(v, "tag size %zu", 8 * tag.len);
    DEFER(secret_clear) struct secret key = {0};
    CHECK(outcome(v, secret_set(&key, key_bytes)));
    view sealed = joined(v, cipher, tag);
    uint8_t *opened = case_memory(v, sealed.len);
    CHECK(outcome(v, aead_open(v->crypto, id, &key, nonce.data, aad, sealed, opened)));
    CHECK(same(v, "what was opened", view_of(opened, sealed.len - AEAD_TAG), plain));
    return seal_check(v, id, &key, nonce.data, aad, plain, sealed);
}

enum verdict cbc_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)variant, (void)group;
    view key_bytes = field_hex(v, test, "key"), iv = field_hex(v, test, "iv");
    view plain = field_hex(v, test, "msg"), sealed = field_hex(v, test, "ct");
    if (iv.len != CIPHER_BLOCK)
        return leave_out(v, "IV is not 128 bits");
    DEFER(secret_clear) struct secret key = {0};
    DEFER(buf_clear) sotto_buf opened = {0};
    DEFER(buf_clear) sotto_buf again = {0};
    CHECK(outcome(v, secret_set(&key, key_bytes)));
    CHECK(outcome(v, cipher_cbc_decrypt(&key, iv.data, sealed, &opened)));
    CHECK(same(v, "what was opened", buf_view(&opened), plain));
    CHECK(outcome(v, cipher_cbc_encrypt(&key, iv.data, plain, &again)));
    return same(v, "what was sealed", buf_view(&again), sealed);
}
