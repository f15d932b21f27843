/* One sealed message for each KEM, made at the start. The input: a byte that picks the KEM, then edits of four bytes: which part
 * (encapsulation, sealed message, associated data), where (two bytes), and what is xored. If the bits of the top of the first
 * byte are set, the rest replaces the sealed message instead. What is not as it was sealed never opens; what is, does. */
#include <stdlib.h>

#include "base/rd.h"
#include "crypto/hpke.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

#define PLAIN  "the message"
#define SEALED (sizeof PLAIN + AEAD_TAG)
#define AAD    16

struct sealed {
    uint8_t enc[KEM_ENC_MAX], message[SEALED], aad[AAD];
};

static sotto_crypto *c;
static struct target {
    struct hpke_suite suite;
    struct hpke_info info;
    struct kem_key *key;
    struct sealed genuine;
} targets[] = {
    {.suite = {KEM_X25519, KDF_SHA256, AEAD_AES_128_GCM}},
    {.suite = {KEM_XWING, KDF_SHA256, AEAD_AES_128_GCM}},
    {.suite = {KEM_P256, KDF_SHA512, AEAD_CHACHA20_POLY1305}},
    {.suite = {KEM_X448, KDF_SHA384, AEAD_AES_256_GCM}},
};

static void set_up(void)
{
    static const uint8_t seed[SECRET_MAX] = {7};
    must(crypto_new(&c) == SOTTO_OK);
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        struct target *t = &targets[i];
        struct sealed *s = &t->genuine;
        must(hpke_info_base(c, t->suite, VIEW_LIT("fuzz"), &t->info) == SOTTO_OK);
        must(kem_key_derive(c, t->suite.kem, VIEW_OF(seed), &t->key) == SOTTO_OK);
        must(hpke_seal(c, &t->info, kem_key_public(t->key),
                       view_of(seed, kem_seed_size(t->suite.kem)), VIEW_OF(s->aad), VIEW_OF(PLAIN),
                       s->enc, s->message) == SOTTO_OK);
    }
}

static void edit(struct rd *r, const struct target *t, struct sealed *s)
{
    uint8_t part = rd_u8(r) % 3;
    size_t at = rd_u16(r);
    uint8_t bits = rd_u8(r);
    if (part == 0)
        s->enc[at % kem_enc_size(t->suite.kem)] ^= bits;
    else if (part == 1)
        s->message[at % SEALED] ^= bits;
    else
        s->aad[at % AAD] ^= bits;
}

static sotto_err open_sealed(const struct target *t, const struct sealed *s, view message,
                             uint8_t *ret_plain)
{
    view enc = {s->enc, kem_enc_size(t->suite.kem)};
    return hpke_open(c, &t->info, t->key, enc, VIEW_OF(s->aad), message, ret_plain);
}

static void fuzz_edits(const struct target *t, struct rd *r)
{
    struct sealed s = t->genuine;
    uint8_t plain[sizeof PLAIN];
    while (rd_more(r))
        edit(r, t, &s);
    bool same = memcmp(&s, &t->genuine, sizeof s) == 0;
    sotto_err err = open_sealed(t, &s, VIEW_OF(s.message), plain);
    must((err == SOTTO_OK) == same);
    if (same)
        must(memcmp(plain, PLAIN, sizeof plain) == 0);
    else
        must(err == SOTTO_E_DECRYPT || err == SOTTO_E_KEY || err == SOTTO_E_VALUE);
}

static void fuzz_message(const struct target *t, view message)
{
    uint8_t *plain = malloc(message.len + 1);
    must(plain != NULL);
    bool same = view_equal(message, VIEW_OF(t->genuine.message));
    must((open_sealed(t, &t->genuine, message, plain) == SOTTO_OK) == same);
    free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (c == NULL)
        set_up();
    struct rd r = rd_of(view_of(data, size));
    uint8_t first = rd_u8(&r);
    const struct target *t = &targets[first % COUNT_OF(targets)];
    if (first >= 0xc0)
        fuzz_message(t, rd_rest(&r));
    else
        fuzz_edits(t, &r);
    return 0;
}
