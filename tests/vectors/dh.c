/* Wycheproof: X25519, X448 and ECDH, with the keys in each encoding. */
#include "crypto/dh.h"

#include "keys.h"
#include "wycheproof.h"

static enum verdict dh_case(struct vectors *v, enum dh_id id, enum encoding public_encoding,
                            enum encoding private_encoding, const json_t *test)
{
    view public_key, private_key, expected = field_hex(v, test, "shared");
    if (!key_public(v, id, public_encoding, json_object_get(test, "public"), &public_key) ||
        !key_private(v, id, private_encoding, json_object_get(test, "private"), &private_key))
        return outcome(v, SOTTO_E_KEY);
    v->malformed = public_key.len != dh_public_size(id);
    DEFER(secret_clear) struct secret scalar = {0};
    DEFER(secret_clear) struct secret shared = {0};
    DEFER(dh_key_freep) struct dh_key *key = NULL;
    CHECK(outcome(v, secret_set(&scalar, private_key)));
    CHECK(outcome(v, dh_key_import(v->crypto, id, &scalar, &key)));
    CHECK(outcome(v, dh(v->crypto, key, public_key, &shared)));
    return same(v, "the shared secret", secret_view(&shared), expected);
}

enum verdict xdh_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    enum dh_id id;
    const char *curve = field_text(v, group, "curve");
    if (!curve_find(curve, &id))
        return leave_out(v, "curve %s", curve);
    return dh_case(v, id, (enum encoding)variant, (enum encoding)variant, test);
}

/* Beside an ASN.1 public key stands the bare scalar. */
enum verdict ecdh_case(struct vectors *v, int variant, const json_t *group, const json_t *test)
{
    enum dh_id id;
    const char *curve = field_text(v, group, "curve");
    if (!curve_find(curve, &id))
        return leave_out(v, "curve %s", curve);
    return dh_case(v, id, (enum encoding)variant,
                   variant == ENCODING_ASN1 ? ENCODING_RAW : (enum encoding)variant, test);
}
