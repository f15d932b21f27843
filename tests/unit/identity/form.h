/* form.h - what every record's test asks: its bytes read and written again are the same bytes; every truncation and one spare byte
 * are refused; a refusal leaves the output as it was. The bytes are put together by hand from docs/protocol.md. And keys from a
 * byte, so that a test can name them. */
#ifndef TEST_IDENTITY_FORM_H
#define TEST_IDENTITY_FORM_H

#include "unit.h"

#include "crypto/hash.h"
#include "identity/identity.h"

/* Bytes of hex that are easy to count: 32 times the same. */
#define X8(b)  b b b b b b b b
#define X16(b) X8(b) X8(b)
#define X32(b) X16(b) X16(b)
#define X64(b) X32(b) X32(b)

/* Reads a record and writes what was read. */
typedef sotto_err rewrite_fn(view bytes, sotto_buf *out);

static inline void form_refused(rewrite_fn *rewrite, view bytes, sotto_err wanted)
{
    DEFER(buf_clear) sotto_buf out = {0};
    sotto_err err = rewrite(bytes, &out);
    if (wanted == SOTTO_OK)
        assert_int_not_equal(err, SOTTO_OK);
    else
        assert_int_equal(err, wanted);
    assert_int_equal(out.len, 0);
}

static inline void form_refuses(rewrite_fn *rewrite, const char *hex, sotto_err wanted)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    form_refused(rewrite, buf_view(&bytes), wanted);
}

static inline void form_refuses_truncations(rewrite_fn *rewrite, view bytes)
{
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1); /* exactly as long, for the sanitizers */
        assert_non_null(cut);
        memcpy(cut, bytes.data, len);
        form_refused(rewrite, view_of(cut, len), SOTTO_E_TRUNCATED);
        free(cut);
    }
}

static inline void form_refuses_spare_byte(rewrite_fn *rewrite, view bytes)
{
    DEFER(buf_clear) sotto_buf longer = {0};
    assert_ok(buf_append(&longer, bytes));
    assert_ok(buf_append(&longer, VIEW_LIT("\0")));
    form_refused(rewrite, buf_view(&longer), SOTTO_E_TRAILING);
}

static inline void form_holds(rewrite_fn *rewrite, const char *hex)
{
    DEFER(buf_clear) sotto_buf bytes = unhex(hex);
    DEFER(buf_clear) sotto_buf again = {0};
    assert_ok(rewrite(buf_view(&bytes), &again));
    assert_bytes(buf_view(&again), hex);
    form_refuses_truncations(rewrite, buf_view(&bytes));
    form_refuses_spare_byte(rewrite, buf_view(&bytes));
}

/* The Ed25519 key whose seed is 32 times this byte. */
static inline sotto_sign_key *key_of(sotto_crypto *c, uint8_t byte)
{
    uint8_t seed[32];
    sotto_sign_key *key = NULL;
    memset(seed, byte, sizeof seed);
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    return key;
}

/* What 32 bytes are for: its public half, and that one's hash. */
static inline void public_of(sotto_crypto *c, uint8_t byte, uint8_t ret_public[ED25519_PUBLIC])
{
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, byte);
    memcpy(ret_public, sign_key_public(key).data, ED25519_PUBLIC);
}

static inline void public_hash_of(sotto_crypto *c, uint8_t byte, uint8_t ret_hash[IDENTITY_HASH])
{
    uint8_t public_key[ED25519_PUBLIC];
    public_of(c, byte, public_key);
    assert_ok(hash(c, HASH_SHA256, VIEW_OF(public_key), ret_hash));
}

/* The genesis of who has account key `key` and recovery key `recovery`. */
static inline struct genesis genesis_of(sotto_crypto *c, uint8_t key, uint8_t recovery)
{
    struct genesis genesis = {0};
    public_of(c, key, genesis.account_key);
    public_hash_of(c, recovery, genesis.recovery_hash);
    return genesis;
}

/* The next rotation of an account, to account key `key`, with recovery key `recovery` revealed and `next` promised. */
static inline struct rotation rotation_of(sotto_crypto *c, const struct account_key *before,
                                          uint8_t key, uint8_t recovery, uint8_t next)
{
    DEFER(sign_key_freep) sotto_sign_key *recovery_key = key_of(c, recovery);
    struct rotation rotation = {.n = before->n + 1};
    memcpy(rotation.account_id, before->account_id, sizeof rotation.account_id);
    public_of(c, key, rotation.account_key);
    public_hash_of(c, next, rotation.next_recovery_hash);
    assert_ok(rotation_sign(c, recovery_key, &rotation));
    return rotation;
}

static inline int form_setup(void **state)
{
    sotto_crypto *c = NULL;
    assert_ok(crypto_new(&c));
    *state = c;
    return 0;
}

static inline int form_teardown(void **state)
{
    crypto_free(*state);
    return 0;
}

#endif
