/* Wycheproof: ECDSA with signatures in DER or as r || s (IEEE P1363), Ed25519 and Ed448. */
#include "crypto/sign.h"

#include "crypto/hash.h"
#include "wycheproof.h"

struct scheme {
    const char *curve; /* as Wycheproof and as JWK name it */
    const char *jwk;
    enum sign_id id;
    size_t size; /* of a coordinate or scalar, bytes; the EdDSA schemes have none */
};

static const struct scheme schemes[] = {
    {"secp256r1", "P-256", SIGN_ECDSA_P256, 32}, {"secp384r1", "P-384", SIGN_ECDSA_P384, 48},
    {"secp521r1", "P-521", SIGN_ECDSA_P521, 66}, {"edwards25519", "Ed25519", SIGN_ED25519, 0},
    {"edwards448", "Ed448", SIGN_ED448, 0},
};

/* The public key of the group; older files call it "key". */
static const json_t *key_of(const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");
    return json_is_object(key) ? key : json_object_get(group, "key");
}

static const struct scheme *scheme_find(const char *curve)
{
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strcmp(curve, schemes[i].curve) == 0 || strcmp(curve, schemes[i].jwk) == 0)
            return &schemes[i];
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

/* INTEGER (X.690 8.3) of a big-endian number: no zero bytes in front but the one that keeps it positive. */
static size_t integer_write(uint8_t *out, view number)
{
    while (number.len > 1 && number.data[0] == 0)
        number = view_of(number.data + 1, number.len - 1);
    size_t sign = number.data[0] >> 7;
    out[0] = 0x02;
    out[1] = (uint8_t)(number.len + sign);
    out[2] = 0;
    memcpy(out + 2 + sign, number.data, number.len);
    return 2 + sign + number.len;
}

/* r || s as the DER that verify() takes. VALUE: not two numbers of the curve's size. */
static sotto_err p1363_to_der(struct vectors *v, view sig, size_t size, view *ret_der)
{
    if (sig.len != 2 * size)
        return SOTTO_E_VALUE;
    uint8_t *body = case_memory(v, 2 * (size + 3));
    size_t len = integer_write(body, view_of(sig.data, size));
    len += integer_write(body + len, view_of(sig.data + size, size));
    uint8_t *der = case_memory(v, len + 3);
    size_t head = 0;
    der[head++] = 0x30;
    if (len > 127)
        der[head++] = 0x81; /* len is at most 2 * 69 */
    der[head++] = (uint8_t)len;
    memcpy(der + head, body, len);
    *ret_der = view_of(der, head + len);
    return SOTTO_OK;
}

static enum verdict ecdsa(struct vectors *v, const json_t *group, const json_t *test, bool p1363)
{
    const json_t *key = key_of(group);
    const char *curve = field_text(v, key, "curve"), *sha = field_text(v, group, "sha");
    const struct scheme *scheme = scheme_find(curve);
    enum hash_id hash;
    if (scheme == NULL || scheme->size == 0)
        return leave_out(v, "curve %s", curve);
    if (!hash_find(sha, &hash))
        return leave_out(v, "hash %s", sha);
    view public_key = field_hex(v, key, "uncompressed"), message = field_hex(v, test, "msg");
    view signature = field_hex(v, test, "sig");
    if (p1363)
        CHECK(outcome(v, p1363_to_der(v, signature, scheme->size, &signature)));
    return outcome(v, ecdsa_verify(v->crypto, scheme->id, hash, public_key, message, signature));
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
    const json_t *key = key_of(group);
    const char *curve = field_text(v, key, "curve");
    const struct scheme *scheme = scheme_find(curve);
    if (scheme == NULL || scheme->size != 0)
        return leave_out(v, "curve %s", curve);
    return outcome(v, verify(v->crypto, scheme->id, field_hex(v, key, "pk"),
                             field_hex(v, test, "msg"), field_hex(v, test, "sig")));
}
