/* Where our own code touches secrets, its time must not tell of them: no branch and no address may depend on one. A secret is
 * marked as undefined memory, and valgrind's memcheck reports what depends on it (lib/base/ct.h). A case is run by its name,
 * in a process of its own; tests/ct/run runs them all and knows that those called planted_ must be caught.
 * What is inside libcrypto is watched by its own makers and left out (suppressions): here it is our side of it that counts. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/ct.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/cpace.h"
#include "crypto/dh.h"
#include "crypto/hkdf.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "identity/identity.h"
#include "net/tls_record.h"

/* Not SOTTO_OK: the case is wrong, which is no matter of time. */
#define MUST(truth)                                                                    \
    do {                                                                               \
        if (!(truth)) {                                                                \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #truth); \
            return false;                                                              \
        }                                                                              \
    } while (0)

static struct secret marked_secret(size_t len)
{
    struct secret secret = {.len = (uint8_t)len};
    for (size_t i = 0; i < len; i++)
        secret.data[i] = (uint8_t)(i * 37 + 11);
    CT_SECRET(secret.data, len);
    return secret;
}

/* Compares as one must not: it stops at the first difference. */
__attribute__((noinline)) static bool early_exit_equal(const uint8_t *a, const uint8_t *b,
                                                       size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

static bool planted_early_exit(sotto_crypto *c)
{
    (void)c;
    struct secret a = marked_secret(32);
    static const uint8_t guess[32];
    return !early_exit_equal(a.data, guess, sizeof guess);
}

static bool planted_table_lookup(sotto_crypto *c)
{
    (void)c;
    static const char digits[] = "0123456789abcdef";
    struct secret a = marked_secret(1);
    volatile char character = digits[a.data[0] & 15];
    (void)character;
    return true;
}

static bool comparing(sotto_crypto *c)
{
    (void)c;
    struct secret a = marked_secret(32);
    struct secret b = marked_secret(32);
    MUST(ct_equal(secret_view(&a), secret_view(&b)));
    MUST(secret_equal(&a, &b));
    MUST(!ct_is_zero(a.data, a.len));
    b.data[31] ^= 1;
    MUST(!secret_equal(&a, &b));
    return true;
}

static bool holding(sotto_crypto *c)
{
    (void)c;
    struct secret a = marked_secret(66);
    struct secret b = {0};
    sotto_buf buf = {0};
    MUST(secret_set(&b, secret_view(&a)) == SOTTO_OK);
    for (int i = 0; i < 10; i++)
        MUST(buf_append(&buf, secret_view(&b)) == SOTTO_OK);
    buf_consume(&buf, 100);
    MUST(buf_set(&buf, secret_view(&a)) == SOTTO_OK);
    secret_resize(&b, 12);
    secret_clear(&a);
    buf_clear(&buf);
    return true;
}

typedef sotto_err codec(view in, sotto_buf *out);

static bool text_both_ways(codec *write, codec *read)
{
    for (size_t len = 0; len <= SECRET_MAX; len++) {
        struct secret a = marked_secret(len);
        sotto_buf text = {0};
        sotto_buf back = {0};
        MUST(write(secret_view(&a), &text) == SOTTO_OK);
        MUST(read(buf_view(&text), &back) == SOTTO_OK);
        MUST(ct_equal(buf_view(&back), secret_view(&a)));
        buf_clear(&text);
        buf_clear(&back);
    }
    return true;
}

static bool hex(sotto_crypto *c)
{
    (void)c;
    return text_both_ways(hex_write, hex_read);
}

static bool base64url(sotto_crypto *c)
{
    (void)c;
    return text_both_ways(base64url_write, base64url_read);
}

static bool base32(sotto_crypto *c)
{
    (void)c;
    return text_both_ways(base32_write, base32_read);
}

static bool hashing(sotto_crypto *c)
{
    struct secret a = marked_secret(32);
    uint8_t out[200];
    const view parts[] = {secret_view(&a), VIEW_LIT("and more")};
    for (enum hash_id id = 0; id < HASH_COUNT; id++) {
        MUST(hash(c, id, secret_view(&a), out) == SOTTO_OK);
        MUST(hash_parts(c, id, parts, 2, out) == SOTTO_OK);
    }
    MUST(shake256(c, parts, 2, out, sizeof out) == SOTTO_OK);
    return true;
}

/* Keys below, at and above the block. */
static bool hmac_of_secrets(sotto_crypto *c)
{
    uint8_t key[200];
    uint8_t tag[HASH_MAX];
    struct secret a = marked_secret(48);
    view message = secret_view(&a);
    memset(key, 5, sizeof key);
    CT_SECRET(key, sizeof key);
    for (enum hash_id id = HASH_SHA256; id <= HASH_SHA512; id++)
        for (size_t len = 0; len <= sizeof key; len += 8)
            MUST(hmac(c, id, view_of(key, len), &message, 1, tag) == SOTTO_OK);
    return true;
}

static bool hkdf(sotto_crypto *c)
{
    for (enum kdf_id id = KDF_SHA256; id <= KDF_SHA512; id++) {
        struct secret ikm = marked_secret(32);
        struct secret prk = {0};
        struct secret okm = {0};
        uint8_t out[300];
        MUST(hkdf_extract(c, id, secret_view(&ikm), secret_view(&ikm), &prk) == SOTTO_OK);
        for (size_t len = 0; len <= SECRET_MAX; len++)
            MUST(hkdf_expand(c, id, &prk, VIEW_LIT("info"), len, &okm) == SOTTO_OK);
        view info = secret_view(&ikm);
        MUST(hkdf_expand_parts(c, id, &prk, &info, 1, out, sizeof out) == SOTTO_OK);
    }
    return true;
}

static bool random_stream(sotto_crypto *c)
{
    (void)c;
    struct secret seed = marked_secret(RNG_SEED);
    struct rng rng = rng_from(seed.data);
    uint8_t out[100];
    for (size_t len = 0; len <= sizeof out; len++)
        rng_bytes(&rng, out, len);
    (void)rng_below(&rng, 1000); /* the number itself is declared public */
    rng_clear(&rng);
    return true;
}

static bool sealing(sotto_crypto *c)
{
    static const enum aead_id ids[] = {AEAD_AES_128_GCM, AEAD_AES_256_GCM, AEAD_CHACHA20_POLY1305};
    static const uint8_t nonce[AEAD_NONCE];
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct secret key = marked_secret(aead_key_size(ids[i]));
        struct secret plain = marked_secret(60);
        uint8_t sealed[60 + AEAD_TAG];
        uint8_t opened[60];
        MUST(aead_seal(c, ids[i], &key, nonce, VIEW_LIT("aad"), secret_view(&plain), sealed) ==
             SOTTO_OK);
        CT_PUBLIC(sealed, sizeof sealed);
        MUST(aead_open(c, ids[i], &key, nonce, VIEW_LIT("aad"), VIEW_OF(sealed), opened) ==
             SOTTO_OK);
        MUST(ct_equal(VIEW_OF(opened), secret_view(&plain)));
    }
    return true;
}

static bool signing(sotto_crypto *c, enum sign_id id)
{
    uint8_t seed[100];
    memset(seed, 0x77, sizeof seed);
    CT_SECRET(seed, sizeof seed);
    sotto_sign_key *key = NULL;
    sotto_buf signature = {0};
    MUST(sign_key_derive(c, id, view_of(seed, sign_seed_size(id)), &key) == SOTTO_OK);
    MUST(sign(c, key, VIEW_LIT("message"), &signature) == SOTTO_OK);
    uint8_t public_key[SIGN_PUBLIC_MAX];
    size_t len = sign_key_public(key).len;
    memcpy(public_key, sign_key_public(key).data, len);
    CT_PUBLIC(public_key, len);
    CT_PUBLIC(signature.data, signature.len);
    MUST(verify(c, id, view_of(public_key, len), VIEW_LIT("message"), buf_view(&signature)) ==
         SOTTO_OK);
    buf_clear(&signature);
    sign_key_free(key);
    return true;
}

static bool agreeing(sotto_crypto *c, enum dh_id id)
{
    struct secret private_key = marked_secret(dh_private_size(id));
    struct dh_key *key = NULL;
    struct secret shared = {0};
    if (id == DH_P521)
        private_key.data[0] = 0; /* below the order */
    MUST(dh_key_import(c, id, &private_key, &key) == SOTTO_OK);
    uint8_t peer[DH_PUBLIC_MAX];
    memcpy(peer, dh_key_public(key).data, dh_public_size(id));
    CT_PUBLIC(peer, sizeof peer);
    MUST(dh(c, key, view_of(peer, dh_public_size(id)), &shared) == SOTTO_OK);
    dh_key_free(key);
    return true;
}

static bool curve25519_on(sotto_crypto *c, enum curve_backend backend)
{
    if (crypto_use_curve(c, backend) != SOTTO_OK)
        return true;
    return signing(c, SIGN_ED25519) && agreeing(c, DH_X25519);
}

static bool curve25519_by_lib25519(sotto_crypto *c)
{
    return curve25519_on(c, CURVE_LIB25519);
}

static bool curve25519_by_libsodium(sotto_crypto *c)
{
    return curve25519_on(c, CURVE_SODIUM);
}

static bool curve25519_by_openssl(sotto_crypto *c)
{
    return curve25519_on(c, CURVE_OPENSSL);
}

static bool other_signatures(sotto_crypto *c)
{
    return signing(c, SIGN_ED448) && signing(c, SIGN_ECDSA_P256) && signing(c, SIGN_ECDSA_P384) &&
           signing(c, SIGN_ECDSA_P521);
}

static bool other_agreements(sotto_crypto *c)
{
    return agreeing(c, DH_X448) && agreeing(c, DH_P256) && agreeing(c, DH_P384) &&
           agreeing(c, DH_P521);
}

/* What came tells by time how long it was, and what it was if it was no data; nothing more. */
static bool tls_records_open(sotto_crypto *c, struct tls_record *from, struct tls_record *to,
                             size_t padding)
{
    uint8_t data[100], sealed[TLS_RECORD_KEY_UPDATE + sizeof data + TLS_RECORD_OVERHEAD];
    struct tls_record_opened opened;
    size_t len;
    memset(data, 3, sizeof data);
    memset(data + sizeof data - padding, 0, padding);
    CT_SECRET(data, sizeof data);
    MUST(tls_record_seal(from, c, VIEW_OF(data), sealed, &len) == SOTTO_OK);
    CT_PUBLIC(sealed, len);
    MUST(tls_record_open(to, c, sealed, len, &opened) == TLS_RECORD_DATA);
    MUST(ct_equal(opened.data, VIEW_OF(data)));
    return true;
}

static bool tls_records(sotto_crypto *c)
{
    struct tls_secret in, out;
    struct tls_record client, server;
    struct tls_record_opened opened;
    uint8_t sealed[TLS_RECORD_KEY_UPDATE], exported[40];
    memset(&in, 1, sizeof in);
    memset(&out, 2, sizeof out);
    CT_SECRET(&in, sizeof in);
    CT_SECRET(&out, sizeof out);
    MUST(tls_secret_export(c, &in, "label", exported, sizeof exported) == SOTTO_OK);
    MUST(tls_record_init(&server, c, &in, &out) == SOTTO_OK);
    MUST(tls_record_init(&client, c, &out, &in) == SOTTO_OK);
    for (size_t padding = 0; padding <= 20; padding += 5)
        MUST(tls_records_open(c, &client, &server, padding));
    MUST(tls_record_seal_update(&client, c, true, sealed) == SOTTO_OK);
    CT_PUBLIC(sealed, sizeof sealed);
    MUST(tls_record_open(&server, c, sealed, sizeof sealed, &opened) == TLS_RECORD_TAKEN);
    MUST(tls_records_open(c, &client, &server, 0));
    MUST(tls_record_seal_alert(&server, c, TLS_ALERT_CLOSE_NOTIFY, sealed) == SOTTO_OK);
    CT_PUBLIC(sealed, sizeof sealed);
    MUST(tls_record_open(&client, c, sealed, TLS_RECORD_ALERT, &opened) == TLS_RECORD_ENDED);
    return true;
}

/* Two runs with the same code, up to both confirmations. Shares and tags go over the wire, so they are public. */
static bool cpace(sotto_crypto *c)
{
    struct secret code = marked_secret(20);
    struct secret seed_a = marked_secret(CPACE_SEED);
    struct secret seed_b = marked_secret(CPACE_SEED);
    struct cpace a = {0};
    struct cpace b = {0};
    view ci = VIEW_LIT("channel");
    view sid = VIEW_LIT("session");
    seed_b.data[0] ^= 1;
    MUST(cpace_start(c, CPACE_INITIATOR, secret_view(&code), ci, sid, VIEW_LIT("A"), seed_a.data,
                     &a) == SOTTO_OK);
    MUST(cpace_start(c, CPACE_RESPONDER, secret_view(&code), ci, sid, VIEW_LIT("B"), seed_b.data,
                     &b) == SOTTO_OK);
    CT_PUBLIC(a.share, sizeof a.share);
    CT_PUBLIC(b.share, sizeof b.share);
    MUST(cpace_finish(c, &a, VIEW_OF(b.share), VIEW_LIT("B")) == SOTTO_OK);
    MUST(cpace_finish(c, &b, VIEW_OF(a.share), VIEW_LIT("A")) == SOTTO_OK);
    MUST(cpace_confirm(&a, VIEW_OF(b.tag)) == SOTTO_OK);
    MUST(cpace_confirm(&b, VIEW_OF(a.tag)) == SOTTO_OK);
    cpace_clear(&a);
    cpace_clear(&b);
    return true;
}

/* An invite as text and back, what is derived from it, and the proof. Its kind, inviter, pin and host are no secrets, and the text is one
 * where it holds the secret alone: 20 of its characters. */
static bool invite(sotto_crypto *c)
{
    struct link_invite link = {.kind = LINK_CONTACT, .inviter = {1}, .host = "a", .port = 5000};
    struct link_invite back = {0};
    struct secret token = {0}, key = {0};
    uint8_t joiner[ACCOUNT_ID] = {1}, inviter[ACCOUNT_ID] = {2}, proof[LINK_PROOF];
    char text[LINK_TEXT_MAX];
    link.secret = marked_secret(LINK_SECRET);
    MUST(link_write(&link, text) == SOTTO_OK);
    char *payload = text + sizeof "https://a/i#" - 1;
    CT_PUBLIC(payload, 2);
    CT_PUBLIC(payload + 22, 42);
    MUST(link_read(view_of(text, (size_t)(payload + 64 - text)), &back) == SOTTO_OK);
    MUST(link_redeem_token(c, &back.secret, &token) == SOTTO_OK);
    MUST(link_proof_key(c, &back.secret, &key) == SOTTO_OK);
    MUST(link_prove(c, &key, joiner, inviter, proof) == SOTTO_OK);
    CT_PUBLIC(proof, sizeof proof);
    MUST(link_check_proof(c, &key, joiner, inviter, VIEW_OF(proof)) == SOTTO_OK);
    return true;
}

static const struct ct_case {
    const char *name;
    bool (*run)(sotto_crypto *c);
} cases[] = {
#define CASE(name)  \
    {               \
#name, name \
    }
    CASE(planted_early_exit),
    CASE(planted_table_lookup),
    CASE(comparing),
    CASE(holding),
    CASE(hex),
    CASE(base64url),
    CASE(base32),
    CASE(hashing),
    CASE(hmac_of_secrets),
    CASE(hkdf),
    CASE(random_stream),
    CASE(sealing),
    CASE(curve25519_by_lib25519),
    CASE(curve25519_by_libsodium),
    CASE(curve25519_by_openssl),
    CASE(other_signatures),
    CASE(other_agreements),
    CASE(cpace),
    CASE(tls_records),
    CASE(invite),
#undef CASE
};

static int run(const struct ct_case *t)
{
    sotto_crypto *c = NULL;
    bool ok = crypto_new(&c) == SOTTO_OK && t->run(c);
    crypto_free(c);
    return ok ? 0 : 1;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (argc < 2)
            puts(cases[i].name);
        else if (strcmp(argv[1], cases[i].name) == 0)
            return run(&cases[i]);
    }
    return argc < 2 ? 0 : 2;
}
