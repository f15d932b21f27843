/* A run of CPace against a peer who sends what the input says: 32 bytes share, one byte length of the associated data, the data, and
 * the rest is the tag and, for a second run, the peer's password. Accepted shares are exactly libsodium's valid elements except
 * ours, the neutral one and those with the top bit set; no made-up tag confirms; two honest runs confirm exactly if the passwords are the same. */
#include <sodium.h>
#include <stdlib.h>

#include "base/rd.h"
#include "crypto/cpace.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        abort();
}

#define PASSWORD VIEW_LIT("aardvark-zucchini")
#define AD       VIEW_LIT("ours")

static struct cpace run_of(sotto_crypto *c, enum cpace_role role, view prs, view ad, uint8_t number)
{
    uint8_t seed[CPACE_SEED] = {number};
    struct cpace run = {0};
    must(cpace_start(c, role, prs, VIEW_LIT("channel"), VIEW_LIT("session"), ad, seed, &run) ==
         SOTTO_OK);
    return run;
}

static void against_bytes(sotto_crypto *c, view share, view ad, view tag)
{
    struct cpace run = run_of(c, CPACE_RESPONDER, PASSWORD, AD, 1);
    bool neutral = share.len == CPACE_SHARE && sodium_is_zero(share.data, CPACE_SHARE);
    bool element = share.len == CPACE_SHARE && (share.data[31] & 0x80) == 0 &&
                   crypto_core_ristretto255_is_valid_point(share.data) == 1;
    bool ours = view_equal(share, VIEW_OF(run.share)) || view_equal(ad, AD);
    sotto_err err = cpace_finish(c, &run, share, ad);
    must(run.scalar.len == 0);
    must((err == SOTTO_OK) == (element && !neutral && !ours));
    if (err == SOTTO_OK)
        must(cpace_confirm(&run, tag) == SOTTO_E_CODE);
    must(run.isk.len == 0);
    cpace_clear(&run);
}

static void against_a_person(sotto_crypto *c, view password)
{
    struct cpace a = run_of(c, CPACE_INITIATOR, password, VIEW_LIT("theirs"), 2);
    struct cpace b = run_of(c, CPACE_RESPONDER, PASSWORD, AD, 1);
    sotto_err want = view_equal(password, PASSWORD) ? SOTTO_OK : SOTTO_E_CODE;
    must(cpace_finish(c, &a, VIEW_OF(b.share), AD) == SOTTO_OK);
    must(cpace_finish(c, &b, VIEW_OF(a.share), VIEW_LIT("theirs")) == SOTTO_OK);
    must(cpace_confirm(&b, VIEW_OF(a.tag)) == want);
    must(cpace_confirm(&a, VIEW_OF(b.tag)) == want);
    cpace_clear(&a);
    cpace_clear(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sotto_crypto *c;
    if (c == NULL)
        must(crypto_new(&c) == SOTTO_OK);
    struct rd r = rd_of(view_of(data, size));
    view share = rd_bytes(&r, CPACE_SHARE);
    view ad = rd_bytes(&r, rd_u8(&r));
    view rest = rd_rest(&r);
    against_bytes(c, share, ad, rest);
    against_a_person(c, rest);
    return 0;
}
