#include "mls_suite.h"

const struct mls_suite *suite_of(struct vectors *v, const json_t *json)
{
    int64_t number = field_number(v, json, "cipher_suite");
    return number >= 0 && number <= UINT16_MAX ? mls_suite_find((uint16_t)number) : NULL;
}

struct secret field_secret(struct vectors *v, const json_t *json, const char *key)
{
    struct secret secret = {0};
    if (secret_set(&secret, field_hex(v, json, key)) != SOTTO_OK)
        field_fault(v, key, "is too long for a secret");
    return secret;
}

enum verdict same_secret(struct vectors *v, const char *what, const struct secret *got,
                         view expected)
{
    return same(v, what, secret_view(got), expected);
}

enum verdict sign_key_of(struct vectors *v, enum sign_id id, const json_t *json, const char *key,
                         sotto_sign_key **ret_key)
{
    DEFER(secret_clear) struct secret secret = field_secret(v, json, key);
    return outcome(v, sign_key_import(v->crypto, id, &secret, ret_key));
}

void suite_cases(struct vectors *v, const json_t *root,
                 enum verdict (*run)(struct vectors *v, const struct mls_suite *suite,
                                     const json_t *json))
{
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *json = json_array_get(root, i);
        const struct mls_suite *suite = suite_of(v, json);
        enum verdict verdict =
            suite != NULL ? run(v, suite, json) : leave_out(v, "cipher suite is not ours");
        count(v, verdict, "case %zu (suite %lld)", i,
              (long long)json_integer_value(json_object_get(json, "cipher_suite")));
    }
}
