/* Each hash has one EVP_MD_CTX in the handle, set up once: starting it anew without naming the hash costs a third of a
 * fresh one. HMAC and HKDF are written on top of it, since EVP's own cost more in parameters than in hashing. */
#include "crypto/hash.h"

#include <assert.h>
#include <stdlib.h>

#include "base/ct.h"
#include "crypto/crypto_local.h"

static const struct {
    uint8_t size, block;
} shapes[HASH_COUNT] = {
    [HASH_SHA256] = {32, 64},
    [HASH_SHA384] = {48, 128},
    [HASH_SHA512] = {64, 128},
    [HASH_SHA3_256] = {32, 136},
};

size_t hash_size(enum hash_id id)
{
    return shapes[id].size;
}

size_t hash_block(enum hash_id id)
{
    return shapes[id].block;
}

static sotto_err ctx_add(EVP_MD_CTX *ctx, view piece)
{
    if (piece.len > 0 && EVP_DigestUpdate(ctx, piece.data, piece.len) != 1)
        return SOTTO_E_CRYPTO;
    return SOTTO_OK;
}

sotto_err md_begin(sotto_crypto *c, enum hash_id id)
{
    return EVP_DigestInit_ex2(c->md_ctx[id], NULL, NULL) == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

sotto_err md_add(sotto_crypto *c, enum hash_id id, view piece)
{
    return ctx_add(c->md_ctx[id], piece);
}

sotto_err md_end(sotto_crypto *c, enum hash_id id, uint8_t *ret_digest)
{
    return EVP_DigestFinal_ex(c->md_ctx[id], ret_digest, NULL) == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

static sotto_err md_add_parts(sotto_crypto *c, enum hash_id id, const view *parts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(md_add(c, id, parts[i]));
    return SOTTO_OK;
}

sotto_err hash(sotto_crypto *c, enum hash_id id, view in, uint8_t *ret_digest)
{
    return hash_parts(c, id, &in, 1, ret_digest);
}

sotto_err hash_parts(sotto_crypto *c, enum hash_id id, const view *parts, size_t count,
                     uint8_t *ret_digest)
{
    TRY(md_begin(c, id));
    TRY(md_add_parts(c, id, parts, count));
    return md_end(c, id, ret_digest);
}

sotto_err shake256(sotto_crypto *c, const view *parts, size_t count, uint8_t *ret_out, size_t len)
{
    if (EVP_DigestInit_ex2(c->shake_ctx, NULL, NULL) != 1)
        return SOTTO_E_CRYPTO;
    for (size_t i = 0; i < count; i++)
        TRY(ctx_add(c->shake_ctx, parts[i]));
    return EVP_DigestFinalXOF(c->shake_ctx, ret_out, len) == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}

/* HMAC. */

sotto_err hmac_pads_of(sotto_crypto *c, enum hash_id id, view key, struct hmac_pads *ret_pads)
{
    assert(id != HASH_SHA3_256);
    size_t block = hash_block(id);
    uint8_t shortened[HASH_MAX];
    if (key.len > block) {
        TRY(hash(c, id, key, shortened));
        key = view_of(shortened, hash_size(id));
    }
    ret_pads->block = block;
    memset(ret_pads->inner, 0, block);
    if (key.len > 0)
        memcpy(ret_pads->inner, key.data, key.len);
    for (size_t i = 0; i < block;
         i += sizeof(uint64_t)) { /* by words; compilers keep to bytes here */
        uint64_t word;
        memcpy(&word, ret_pads->inner + i, sizeof word);
        uint64_t outer = word ^ 0x5c5c5c5c5c5c5c5c;
        word ^= 0x3636363636363636;
        memcpy(ret_pads->inner + i, &word, sizeof word);
        memcpy(ret_pads->outer + i, &outer, sizeof outer);
    }
    if (key.data == shortened)
        ct_wipe(shortened, sizeof shortened);
    return SOTTO_OK;
}

sotto_err hmac_begin(sotto_crypto *c, enum hash_id id, const struct hmac_pads *pads)
{
    TRY(md_begin(c, id));
    return md_add(c, id, view_of(pads->inner, pads->block));
}

sotto_err hmac_end(sotto_crypto *c, enum hash_id id, struct hmac_pads *pads, uint8_t *ret_tag)
{
    TRY(md_end(c, id, pads->outer + pads->block));
    TRY(md_begin(c, id));
    TRY(md_add(c, id, view_of(pads->outer, pads->block + hash_size(id))));
    return md_end(c, id, ret_tag);
}

void hmac_pads_clear(struct hmac_pads *pads)
{
    ct_wipe(pads->inner, pads->block);
    ct_wipe(pads->outer, pads->block + HASH_MAX);
}

sotto_err hmac(sotto_crypto *c, enum hash_id id, view key, const view *parts, size_t count,
               uint8_t *ret_tag)
{
    DEFER(hmac_pads_clear) struct hmac_pads pads = {0};
    TRY(hmac_pads_of(c, id, key, &pads));
    TRY(hmac_begin(c, id, &pads));
    TRY(md_add_parts(c, id, parts, count));
    return hmac_end(c, id, &pads, ret_tag);
}

/* Streams. */

struct hasher {
    EVP_MD_CTX *ctx;
};

sotto_err hasher_new(sotto_crypto *c, enum hash_id id, struct hasher **ret_hasher)
{
    DEFER(hasher_freep) struct hasher *h = calloc(1, sizeof *h);
    if (h == NULL || (h->ctx = EVP_MD_CTX_new()) == NULL)
        return SOTTO_E_NOMEM;
    if (EVP_DigestInit_ex2(h->ctx, c->md[id], NULL) != 1)
        return SOTTO_E_CRYPTO;
    *ret_hasher = MOVE(h);
    return SOTTO_OK;
}

sotto_err hasher_add(struct hasher *h, view piece)
{
    return ctx_add(h->ctx, piece);
}

sotto_err hasher_finish(struct hasher *h, uint8_t *ret_digest)
{
    uint8_t digest[HASH_MAX];
    unsigned len = 0;
    if (EVP_DigestFinal_ex(h->ctx, digest, &len) != 1 ||
        EVP_DigestInit_ex2(h->ctx, NULL, NULL) != 1)
        return SOTTO_E_CRYPTO;
    memcpy(ret_digest, digest, len);
    return SOTTO_OK;
}

void hasher_free(struct hasher *h)
{
    if (h == NULL)
        return;
    EVP_MD_CTX_free(h->ctx);
    free(h);
}

void hasher_freep(struct hasher **h)
{
    hasher_free(*h);
}
