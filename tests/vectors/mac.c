/* Wycheproof: HMAC, also with a tag cut short, and HKDF. */
#include "base/ct.h"
#include "crypto/hkdf.h"

#include "wycheproof.h"

enum verdict hmac_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    enum hash_id id = (enum hash_id)variant;
    view key = field_hex(v, test, "key"), message = field_hex(v, test, "msg"),
         tag = field_hex(v, test, "tag");
    size_t want = (size_t)field_number(v, group, "tagSize") / 8;
    uint8_t full[HASH_MAX];
    CHECK(outcome(v, hmac(v->crypto, id, key, &message, 1, full)));
    if (want > hash_size(id) || tag.len != want || !ct_equal(view_of(full, want), tag))
        return outcome(v, SOTTO_E_MAC);
    return ACCEPTED;
}

static enum verdict expand_check(struct vectors *v, enum kdf_id id, const struct secret *prk,
                                 view info, view expected)
{
    DEFER(secret_clear) struct secret okm = {0};
    CHECK(outcome(v, hkdf_expand(v->crypto, id, prk, info, expected.len, &okm)));
    return same(v, "okm as a secret", secret_view(&okm), expected);
}

enum verdict hkdf_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)group;
    enum kdf_id id = (enum kdf_id)variant;
    view ikm = field_hex(v, test, "ikm"), salt = field_hex(v, test, "salt"),
         info = field_hex(v, test, "info");
    view expected = field_hex(v, test, "okm");
    size_t size = (size_t)field_number(v, test, "size");
    if (size > (size_t)1 << 20)
        return leave_out(v, "output over 1 MiB");
    DEFER(secret_clear) struct secret prk = {0};
    uint8_t *okm = case_memory(v, size);
    /* In two parts, which must be the same as in one. */
    view parts[] = {{info.data, info.len / 2}, {info.data + info.len / 2, info.len - info.len / 2}};
    CHECK(outcome(v, hkdf_extract(v->crypto, id, salt, ikm, &prk)));
    CHECK(outcome(v, hkdf_expand_parts(v->crypto, id, &prk, parts, COUNT_OF(parts), okm, size)));
    CHECK(same(v, "okm", view_of(okm, size), expected));
    return size <= SECRET_MAX ? expand_check(v, id, &prk, info, expected) : ACCEPTED;
}
