/* Wycheproof files: which runner, and what the result of a case asks for.
 * "valid" must give the value, "invalid" must be refused. "acceptable" leaves the verdict to the library, as long as a
 * value that it gives is right; where ours is a rule of Sotto, the rule is a row here and is checked. */
#include "wycheproof.h"

#include "crypto/hash.h"
#include "crypto/suite.h"

static const struct family {
    const char *algorithm;
    const char *schema; /* up to "_schema" */
    enum verdict (*run)(struct vectors *v, int variant, const json_t *group, const json_t *test);
    int variant;
} families[] = {
    {"AES-GCM", "aead_test", aead_case, KIND_AES_GCM},
    {"CHACHA20-POLY1305", "aead_test", aead_case, KIND_CHACHA20_POLY1305},
    {"AES-CBC-PKCS5", "ind_cpa_test", cbc_case, 0},
    {"HMACSHA256", "mac_test", hmac_case, HASH_SHA256},
    {"HMACSHA384", "mac_test", hmac_case, HASH_SHA384},
    {"HMACSHA512", "mac_test", hmac_case, HASH_SHA512},
    {"HKDF-SHA-256", "hkdf_test", hkdf_case, KDF_SHA256},
    {"HKDF-SHA-384", "hkdf_test", hkdf_case, KDF_SHA384},
    {"HKDF-SHA-512", "hkdf_test", hkdf_case, KDF_SHA512},
    {"XDH", "xdh_comp", xdh_case, ENCODING_RAW},
    {"XDH", "xdh_asn_comp", xdh_case, ENCODING_ASN1},
    {"XDH", "xdh_pem_comp", xdh_case, ENCODING_PEM},
    {"XDH", "xdh_jwk_comp", xdh_case, ENCODING_JWK},
    {"ECDH", "ecdh_test", ecdh_case, ENCODING_ASN1},
    {"ECDH", "ecdh_ecpoint_test", ecdh_case, ENCODING_RAW},
    {"ECDH", "ecdh_pem_test", ecdh_case, ENCODING_PEM},
    {"ECDH", "ecdh_webcrypto_test", ecdh_case, ENCODING_JWK},
    {"ECDSA", "ecdsa_verify", ecdsa_case, 0},
    {"ECDSA", "ecdsa_p1363_verify", ecdsa_p1363_case, 0},
    {"EDDSA", "eddsa_verify", eddsa_case, 0},
    {"ML-KEM", "mlkem_test", mlkem_decap_case, 0},
    {"ML-KEM", "mlkem_encaps_test", mlkem_encap_case, 0},
    {"ML-KEM", "mlkem_keygen_seed_test", mlkem_keygen_case, 0},
    {"ML-KEM", "mlkem_semi_expanded_decaps_test", mlkem_expanded_case, 0},
    {"RSAES-OAEP", "rsaes_oaep_decrypt", oaep_case, 0},
    {"RSASSA-PSS", "rsassa_pss_verify", pss_case, 0},
    {"RSASSA-PSS", "rsassa_pss_with_parameters_verify", pss_case, 0},
};

/* What we do with an acceptable case; the first row that fits counts, and no row means that either is right.
 * A malformed case has none: it may be refused. */
static const struct rule {
    const char *algorithm;
    const char *flag; /* NULL: whatever the flags are */
    enum verdict verdict;
    const char *why;
} rules[] = {
    {"XDH", "ZeroSharedSecret", REFUSED, "an all-zero result is refused (RFC 7748 6)"},
    {"XDH", NULL, ACCEPTED, "any string of the right length is a public key (RFC 7748 5)"},
    {"ECDH", "CompressedPoint", REFUSED, "public keys are uncompressed points (RFC 9180 7.1.1)"},
};

static bool schema_is(const char *schema, const char *stem)
{
    size_t len = strlen(stem);
    return strncmp(schema, stem, len) == 0 && strncmp(schema + len, "_schema", 7) == 0;
}

static const struct family *family_find(const json_t *root, bool *ret_algorithm_is_ours)
{
    const char *algorithm = text_or_empty(root, "algorithm"),
               *schema = text_or_empty(root, "schema");
    *ret_algorithm_is_ours = false;
    for (size_t i = 0; i < COUNT_OF(families); i++) {
        if (strcmp(algorithm, families[i].algorithm) != 0)
            continue;
        *ret_algorithm_is_ours = true;
        if (schema_is(schema, families[i].schema))
            return &families[i];
    }
    return NULL;
}

static const json_t *groups_of(const json_t *root)
{
    return json_object_get(root, "testGroups");
}

static const json_t *tests_of(const json_t *group)
{
    return json_object_get(group, "tests");
}

const json_t *group_key(const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");
    return json_is_object(key) ? key : json_object_get(group, "key");
}

bool wycheproof_fits(const json_t *root)
{
    return field_has(root, "schema") && json_is_array(groups_of(root));
}

bool wycheproof_on_curve(const json_t *root)
{
    bool ours;
    const struct family *family = family_find(root, &ours);
    const json_t *group = json_array_get(groups_of(root), 0);
    if (family == NULL)
        return false;
    if (strcmp(family->algorithm, "XDH") == 0)
        return strcmp(text_or_empty(group, "curve"), "curve25519") == 0;
    return strcmp(family->algorithm, "EDDSA") == 0 &&
           strcmp(text_or_empty(group_key(group), "curve"), "edwards25519") == 0;
}

static bool has_flag(const json_t *test, const char *flag)
{
    const json_t *flags = json_object_get(test, "flags");
    for (size_t i = 0; i < json_array_size(flags); i++) {
        const char *text = json_string_value(json_array_get(flags, i));
        if (text != NULL && strcmp(text, flag) == 0)
            return true;
    }
    return false;
}

static enum verdict judge_acceptable(struct vectors *v, const char *algorithm, const json_t *test,
                                     enum verdict verdict)
{
    for (size_t i = 0; i < COUNT_OF(rules) && !v->malformed; i++) {
        const struct rule *rule = &rules[i];
        if (strcmp(algorithm, rule->algorithm) != 0 ||
            (rule->flag != NULL && !has_flag(test, rule->flag)))
            continue;
        return verdict == rule->verdict ? ACCEPTED
                                        : wrong(v, "against a rule of ours: %s", rule->why);
    }
    return ACCEPTED;
}

static enum verdict judge(struct vectors *v, const char *algorithm, const json_t *test,
                          enum verdict verdict)
{
    const char *result = field_text(v, test, "result");
    if (verdict == WRONG || verdict == LEFT_OUT)
        return verdict;
    if (strcmp(result, "acceptable") == 0)
        return judge_acceptable(v, algorithm, test, verdict);
    if (strcmp(result, "valid") == 0) {
        char why[sizeof v->why];
        memcpy(why, v->why, sizeof why);
        return verdict == ACCEPTED ? ACCEPTED : wrong(v, "valid, but refused: %.200s", why);
    }
    if (strcmp(result, "invalid") == 0)
        return verdict == REFUSED ? ACCEPTED : wrong(v, "invalid, but accepted");
    return wrong(v, "result \"%s\" is unknown", result);
}

static void group_run(struct vectors *v, const struct family *family, const json_t *group)
{
    const json_t *tests = tests_of(group);
    for (size_t i = 0; i < json_array_size(tests); i++) {
        const json_t *test = json_array_get(tests, i);
        int64_t id = field_number(v, test, "tcId");
        enum verdict verdict = family->run(v, family->variant, group, test);
        count(v, judge(v, family->algorithm, test, verdict), "tcId %lld (%.100s)", (long long)id,
              text_or_empty(test, "comment"));
    }
}

void wycheproof_run(struct vectors *v, const json_t *root)
{
    bool ours;
    const struct family *family = family_find(root, &ours);
    const json_t *groups = groups_of(root);
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i);
        if (family != NULL)
            group_run(v, family, group);
        else
            count_left_out(v, json_array_size(tests_of(group)), "%s",
                           ours ? "no such use of it" : "not an algorithm of ours");
    }
}
