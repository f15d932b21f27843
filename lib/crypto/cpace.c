/* CPace, draft-irtf-cfrg-cpace-21. lv(x) is the length of x in LEB128 and x; lv_cat joins several.
 *     g   = map(H(lv_cat("CPaceRistretto255", PRS, zeros, CI, sid)))    zeros fill the hash's first block
 *     Y   = y * g     K = y * Y'     transcript = lv_cat(Ya, ADa) || lv_cat(Yb, ADb), initiator first
 *     ISK = H(lv_cat("CPaceRistretto255_ISK", sid, K) || transcript)
 *     tag = HMAC(H("CPaceMac" || sid || ISK), lv_cat(Y, AD)), over what its sender sent
 * A run goes through three points: started (scalar set), finished (isk set), over (both empty). */
#include "crypto/cpace.h"

#include <sodium.h>

#include "base/ct.h"
#include "base/wr.h"
#include "crypto/hash.h"

#define HASH_BLOCK 128 /* bytes of an SHA-512 block */
#define DSI        "CPaceRistretto255"

_Static_assert(CPACE_SHARE == crypto_core_ristretto255_BYTES, "share");
_Static_assert(CPACE_SEED == crypto_core_ristretto255_NONREDUCEDSCALARBYTES, "seed");

static size_t leb128_size(size_t number)
{
    size_t size = 1;
    while (number >>= 7)
        size++;
    return size;
}

static void wr_lv(struct wr *w, view bytes)
{
    size_t rest = bytes.len;
    for (; rest >= 0x80; rest >>= 7)
        wr_u8(w, (uint8_t)(0x80 | (rest & 0x7f)));
    wr_u8(w, (uint8_t)rest);
    wr_bytes(w, bytes);
}

/* How many zeros bring domain and password to the end of the first block, less the byte of their own length. */
static size_t padding(size_t prs_len)
{
    size_t used = 1 + leb128_size(prs_len) + prs_len + leb128_size(sizeof DSI - 1) + sizeof DSI - 1;
    return used < HASH_BLOCK ? HASH_BLOCK - used : 0;
}

static sotto_err generator(sotto_crypto *c, view prs, view ci, view sid,
                           uint8_t ret_point[CPACE_SHARE])
{
    static const uint8_t zeros[HASH_BLOCK];
    uint8_t digest[HASH_MAX];
    DEFER(buf_clear) sotto_buf in = {0};
    struct wr w = wr_to(&in);
    wr_lv(&w, VIEW_LIT(DSI));
    wr_lv(&w, prs);
    wr_lv(&w, view_of(zeros, padding(prs.len)));
    wr_lv(&w, ci);
    wr_lv(&w, sid);
    TRY(wr_end(&w));
    TRY(hash(c, HASH_SHA512, buf_view(&in), digest));
    crypto_core_ristretto255_from_hash(ret_point, digest); /* defined for all 64-byte strings */
    ct_wipe(digest, sizeof digest);
    return SOTTO_OK;
}

static void secrets_clear(struct cpace *run)
{
    secret_clear(&run->scalar);
    secret_clear(&run->isk);
    secret_clear(&run->mac_key);
    ct_wipe(run->tag, sizeof run->tag);
    ct_wipe(run->peer_tag, sizeof run->peer_tag);
}

void cpace_clear(struct cpace *run)
{
    if (run == NULL)
        return;
    buf_clear(&run->sid);
    buf_clear(&run->ad);
    ct_wipe(run, sizeof *run);
}

static sotto_err start(sotto_crypto *c, view prs, view ci, const uint8_t seed[CPACE_SEED],
                       struct cpace *run)
{
    uint8_t g[CPACE_SHARE];
    TRY(generator(c, prs, ci, buf_view(&run->sid), g));
    secret_resize(&run->scalar, crypto_core_ristretto255_SCALARBYTES);
    crypto_core_ristretto255_scalar_reduce(run->scalar.data, seed);
    int failed = crypto_scalarmult_ristretto255(run->share, run->scalar.data, g);
    CT_PUBLIC(&failed, sizeof failed);
    ct_wipe(g, sizeof g);
    return failed ? SOTTO_E_USAGE : SOTTO_OK; /* a seed of zero */
}

sotto_err cpace_start(sotto_crypto *c, enum cpace_role role, view prs, view ci, view sid, view ad,
                      const uint8_t seed[CPACE_SEED], struct cpace *ret_run)
{
    DEFER(cpace_clear) struct cpace run = {.role = role};
    TRY(buf_set(&run.sid, sid));
    TRY(buf_set(&run.ad, ad));
    TRY(start(c, prs, ci, seed, &run));
    *ret_run = run;
    ct_wipe(&run, sizeof run); /* its buffers live on in *ret_run */
    return SOTTO_OK;
}

/* lv_cat(Y, AD) of one side. */
static void wr_side(struct wr *w, view share, view ad)
{
    wr_lv(w, share);
    wr_lv(w, ad);
}

static void wr_transcript(struct wr *w, const struct cpace *run, view peer_share, view peer_ad)
{
    if (run->role == CPACE_INITIATOR)
        wr_side(w, VIEW_OF(run->share), buf_view(&run->ad));
    wr_side(w, peer_share, peer_ad);
    if (run->role == CPACE_RESPONDER)
        wr_side(w, VIEW_OF(run->share), buf_view(&run->ad));
}

static sotto_err isk_derive(sotto_crypto *c, struct cpace *run, view k, view transcript)
{
    DEFER(buf_clear) sotto_buf in = {0};
    struct wr w = wr_to(&in);
    wr_lv(&w, VIEW_LIT(DSI "_ISK"));
    wr_lv(&w, buf_view(&run->sid));
    wr_lv(&w, k);
    wr_bytes(&w, transcript);
    TRY(wr_end(&w));
    secret_resize(&run->isk, CPACE_ISK);
    return hash(c, HASH_SHA512, buf_view(&in), run->isk.data);
}

static sotto_err tag_of(sotto_crypto *c, const struct cpace *run, view share, view ad,
                        uint8_t ret_tag[CPACE_TAG])
{
    DEFER(buf_clear) sotto_buf in = {0};
    struct wr w = wr_to(&in);
    wr_side(&w, share, ad);
    TRY(wr_end(&w));
    view message = buf_view(&in);
    return hmac(c, HASH_SHA512, secret_view(&run->mac_key), &message, 1, ret_tag);
}

static sotto_err confirmation(sotto_crypto *c, struct cpace *run, view peer_share, view peer_ad)
{
    const view key[] = {VIEW_LIT("CPaceMac"), buf_view(&run->sid), secret_view(&run->isk)};
    secret_resize(&run->mac_key, HASH_MAX);
    TRY(hash_parts(c, HASH_SHA512, key, COUNT_OF(key), run->mac_key.data));
    TRY(tag_of(c, run, VIEW_OF(run->share), buf_view(&run->ad), run->tag));
    return tag_of(c, run, peer_share, peer_ad, run->peer_tag);
}

static sotto_err derive(sotto_crypto *c, struct cpace *run, view k, view peer_share, view peer_ad)
{
    DEFER(buf_clear) sotto_buf transcript = {0};
    struct wr w = wr_to(&transcript);
    wr_transcript(&w, run, peer_share, peer_ad);
    TRY(wr_end(&w));
    const view id[] = {VIEW_LIT("CPaceSidOutput"), buf_view(&transcript)};
    TRY(isk_derive(c, run, k, buf_view(&transcript)));
    TRY(hash_parts(c, HASH_SHA512, id, COUNT_OF(id), run->sid_output));
    return confirmation(c, run, peer_share, peer_ad);
}

static sotto_err finish(sotto_crypto *c, struct cpace *run, view peer_share, view peer_ad)
{
    DEFER(secret_clear) struct secret k = {0};
    if (peer_share.len != CPACE_SHARE)
        return SOTTO_E_KEY;
    /* An encoding is below p (RFC 9496 4.3.1); libsodium 1.0.18 does not look at the top bit, with which our own share would
     * come back to us under another name. */
    if ((peer_share.data[CPACE_SHARE - 1] & 0x80) != 0)
        return SOTTO_E_KEY;
    if (view_equal(peer_share, VIEW_OF(run->share)) || view_equal(peer_ad, buf_view(&run->ad)))
        return SOTTO_E_REFLECTED;
    secret_resize(&k, CPACE_SHARE);
    /* Fails for what is no encoding of an element, and for the neutral element as a result. */
    int failed = crypto_scalarmult_ristretto255(k.data, run->scalar.data, peer_share.data);
    CT_PUBLIC(&failed, sizeof failed);
    if (failed)
        return SOTTO_E_KEY;
    return derive(c, run, secret_view(&k), peer_share, peer_ad);
}

sotto_err cpace_finish(sotto_crypto *c, struct cpace *run, view peer_share, view peer_ad)
{
    if (run->scalar.len == 0)
        return SOTTO_E_NOT_NOW;
    sotto_err err = finish(c, run, peer_share, peer_ad);
    if (err != SOTTO_OK)
        secrets_clear(run);
    secret_clear(&run->scalar);
    return err;
}

sotto_err cpace_confirm(struct cpace *run, view peer_tag)
{
    if (run->isk.len == 0)
        return SOTTO_E_NOT_NOW;
    if (ct_equal(peer_tag, VIEW_OF(run->peer_tag)))
        return SOTTO_OK;
    secrets_clear(run);
    return SOTTO_E_CODE;
}
