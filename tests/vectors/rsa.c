/* Wycheproof: the lab's RSA, OAEP and PSS, of every size and digest that OpenSSL has. */
#include "lab/rsa.h"

#include "wycheproof.h"

static enum verdict hash_of(struct vectors *v, const json_t *group, struct rsa_hash *ret_hash)
{
    const char *mask = field_text(v, group, "mgf");
    if (strcmp(mask, "MGF1") != 0)
        return leave_out(v, "mask %s", mask);
    ret_hash->digest = field_text(v, group, "sha");
    ret_hash->mgf = field_text(v, group, "mgfSha");
    return ACCEPTED;
}

static enum verdict known(struct vectors *v, const json_t *group, sotto_err err)
{
    if (err == SOTTO_E_UNSUPPORTED)
        return leave_out(v, "digest %s", text_or_empty(group, "sha"));
    return outcome(v, err);
}

enum verdict oaep_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)variant;
    struct rsa_hash hash;
    CHECK(hash_of(v, group, &hash));
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    DEFER(buf_clear) sotto_buf plain = {0};
    CHECK(outcome(v, rsa_key_read_private(field_hex(v, group, "privateKeyPkcs8"), &key)));
    CHECK(known(
        v, group,
        rsa_oaep_open(key, hash, field_hex(v, test, "label"), field_hex(v, test, "ct"), &plain)));
    return same(v, "what was opened", buf_view(&plain), field_hex(v, test, "msg"));
}

enum verdict pss_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)variant;
    struct rsa_hash hash;
    CHECK(hash_of(v, group, &hash));
    DEFER(rsa_key_freep) struct rsa_key *key = NULL;
    size_t salt = (size_t)field_number(v, group, "sLen");
    const char *name =
        field_has(group, "publicKeyDer") ? "publicKeyDer" : "keyDer"; /* before 2023 */
    CHECK(outcome(v, rsa_key_read_public(field_hex(v, group, name), &key)));
    return known(
        v, group,
        rsa_pss_verify(key, hash, salt, field_hex(v, test, "msg"), field_hex(v, test, "sig")));
}
