/* Wycheproof: ECDSA with signatures in DER or as r || s (IEEE P1363), Ed25519 and Ed448. */
#include "crypto/sign.h"

#include "crypto/ecdsa.h"
#include "wycheproof.h"

static const struct ecdsa_curve {
    const char *name; /* as Wycheproof and as JWK write it */
    const char *jwk;
    enum ec_id id;
} ecdsa_curves[] = {{"secp256r1", "P-256", EC_P256},
                    {"secp384r1", "P-384", EC_P384},
                    {"secp521r1", "P-521", EC_P521}};

static const struct {
    const char *name;
    enum sign_id id;
} eddsa_curves[] = {{"edwards25519", SIGN_ED25519}, {"edwards448", SIGN_ED448}};

static const struct ecdsa_curve *ecdsa_curve_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(ecdsa_curves); i++)
        if (strcmp(name, ecdsa_curves[i].name) == 0 || strcmp(name, ecdsa_curves[i].jwk) == 0)
            return &ecdsa_curves[i];
    return NULL;
}

static bool hash_find(const char *name, enum hash_id *ret_id)
{
    static const struct {
        const char *name;
        enum hash_id id;
    } names[] = {{"SHA-256", HASH_SHA256},
                 {"SHA-384", HASH_SHA384},
                 {"SHA-512", HASH_SHA512},
                 {"SHA3-256", HASH_SHA3_256}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i].name) == 0) {
            *ret_id = names[i].id;
            return true;
        }
    }
    return false;
}

/* Every curve with every hash of ours, not only the pairs that have a number (crypto/suite.h). */
static enum verdict ecdsa(struct vectors *v, const json_t *group, const json_t *test, bool p1363)
{
    const json_t *key = group_key(group);
    const char *name = field_text(v, key, "curve"), *sha = field_text(v, group, "sha");
    const struct ecdsa_curve *curve = ecdsa_curve_find(name);
    enum hash_id hash;
    if (curve == NULL)
        return leave_out(v, "curve %s", name);
    if (!hash_find(sha, &hash))
        return leave_out(v, "hash %s", sha);
    view public_key = field_hex(v, key, "uncompressed"), message = field_hex(v, test, "msg");
    view signature = field_hex(v, test, "sig");
    DEFER(buf_clear) sotto_buf der = {0};
    DEFER(buf_clear) sotto_buf again = {0};
    if (p1363) {
        CHECK(outcome(v, ecdsa_der_from_rs(curve->id, signature, &der)));
        CHECK(outcome(v, ecdsa_rs_from_der(curve->id, buf_view(&der), &again)));
        CHECK(same(v, "r || s, there and back", buf_view(&again), signature));
        signature = buf_view(&der);
    }
    return outcome(v, ecdsa_verify(v->crypto, curve->id, hash, public_key, message, signature));
}

enum verdict ecdsa_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)variant;
    return ecdsa(v, group, test, false);
}

enum verdict ecdsa_p1363_case(struct vectors *v, int variant, const json_t *group,
                              const json_t *test)
{
    (void)variant;
    return ecdsa(v, group, test, true);
}

enum verdict eddsa_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    (void)variant;
    const json_t *key = group_key(group);
    const char *curve = field_text(v, key, "curve");
    size_t i = 0;
    while (i < COUNT_OF(eddsa_curves) && strcmp(curve, eddsa_curves[i].name) != 0)
        i++;
    if (i == COUNT_OF(eddsa_curves))
        return leave_out(v, "curve %s", curve);
    return outcome(v, verify(v->crypto, eddsa_curves[i].id, field_hex(v, key, "pk"),
                             field_hex(v, test, "msg"), field_hex(v, test, "sig")));
}
