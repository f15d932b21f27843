/* ML-KEM: Wycheproof's four kinds of files, and NIST's ACVP files for FIPS 203. */
#include "crypto/mlkem.h"

#include "wycheproof.h"

static bool mlkem_find(const char *name, enum mlkem_id *ret_id)
{
    static const char *const names[MLKEM_COUNT] = {
        [MLKEM_512] = "ML-KEM-512", [MLKEM_768] = "ML-KEM-768", [MLKEM_1024] = "ML-KEM-1024"};
    for (int i = 0; i < MLKEM_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_id = (enum mlkem_id)i;
            return true;
        }
    }
    return false;
}

static enum verdict set_of(struct vectors *v, const json_t *group, enum mlkem_id *ret_id)
{
    const char *name = field_text(v, group, "parameterSet");
    return mlkem_find(name, ret_id) ? ACCEPTED : leave_out(v, "parameter set %s", name);
}

static enum verdict key_derive(struct vectors *v, enum mlkem_id id, view seed,
                               struct mlkem_key **ret_key)
{
    DEFER(secret_clear) struct secret secret = {0};
    CHECK(outcome(v, secret_set(&secret, seed)));
    return outcome(v, mlkem_key_derive(v->crypto, id, &secret, ret_key));
}

static enum verdict decap(struct vectors *v, const struct mlkem_key *key, view ciphertext,
                          view expected)
{
    DEFER(secret_clear) struct secret shared = {0};
    CHECK(outcome(v, mlkem_decap(v->crypto, key, ciphertext, &shared)));
    return same(v, "the shared secret", secret_view(&shared), expected);
}

static enum verdict encap(struct vectors *v, enum mlkem_id id, view public_key, view entropy,
                          view ciphertext, view shared)
{
    DEFER(secret_clear) struct secret got = {0};
    uint8_t place[MLKEM_CIPHERTEXT_MAX];
    if (entropy.len != MLKEM_ENTROPY)
        return outcome(v, SOTTO_E_VALUE); /* the type of mlkem_encap() says so */
    CHECK(outcome(v, mlkem_encap(v->crypto, id, public_key, entropy.data, place, &got)));
    CHECK(same(v, "the ciphertext", view_of(place, mlkem_ciphertext_size(id)), ciphertext));
    return same(v, "the shared secret", secret_view(&got), shared);
}

/* The expanded key must come out of the seed, and go in again. */
static enum verdict keygen(struct vectors *v, enum mlkem_id id, view seed, view public_key,
                           view expanded)
{
    DEFER(mlkem_key_freep) struct mlkem_key *key = NULL;
    DEFER(mlkem_key_freep) struct mlkem_key *imported = NULL;
    DEFER(buf_clear) sotto_buf got = {0};
    CHECK(key_derive(v, id, seed, &key));
    CHECK(same(v, "the public key", mlkem_key_public(key), public_key));
    CHECK(outcome(v, mlkem_key_expanded(key, &got)));
    CHECK(same(v, "the expanded key", buf_view(&got), expanded));
    CHECK(outcome(v, mlkem_key_import(v->crypto, id, expanded, &imported)));
    return same(v, "the public key of the expanded key", mlkem_key_public(imported), public_key);
}

enum verdict mlkem_decap_case(struct vectors *v, int variant, const json_t *group,
                              const json_t *test)
{
    (void)variant;
    enum mlkem_id id;
    CHECK(set_of(v, group, &id));
    DEFER(mlkem_key_freep) struct mlkem_key *key = NULL;
    CHECK(key_derive(v, id, field_hex(v, test, "seed"), &key));
    if (field_has(test, "ek"))
        CHECK(same(v, "the public key", mlkem_key_public(key), field_hex(v, test, "ek")));
    return decap(v, key, field_hex(v, test, "c"), field_hex(v, test, "K"));
}

enum verdict mlkem_encap_case(struct vectors *v, int variant, const json_t *group,
                              const json_t *test)
{
    (void)variant;
    enum mlkem_id id;
    CHECK(set_of(v, group, &id));
    return encap(v, id, field_hex(v, test, "ek"), field_hex(v, test, "m"), field_hex(v, test, "c"),
                 field_hex(v, test, "K"));
}

enum verdict mlkem_keygen_case(struct vectors *v, int variant, const json_t *group,
                               const json_t *test)
{
    (void)variant;
    enum mlkem_id id;
    CHECK(set_of(v, group, &id));
    return keygen(v, id, field_hex(v, test, "seed"), field_hex(v, test, "ek"),
                  field_hex(v, test, "dk"));
}

enum verdict mlkem_expanded_case(struct vectors *v, int variant, const json_t *group,
                                 const json_t *test)
{
    (void)variant;
    enum mlkem_id id;
    CHECK(set_of(v, group, &id));
    DEFER(mlkem_key_freep) struct mlkem_key *key = NULL;
    CHECK(outcome(v, mlkem_key_import(v->crypto, id, field_hex(v, test, "dk"), &key)));
    if (field_has(test, "ek"))
        CHECK(same(v, "the public key", mlkem_key_public(key), field_hex(v, test, "ek")));
    view shared = field_has(test, "K") ? field_hex(v, test, "K") : VIEW_LIT("");
    return decap(v, key, field_hex(v, test, "c"), shared);
}

bool acvp_fits(const json_t *root)
{
    const char *algorithm = text_or_empty(root, "algorithm");
    return field_has(root, "vsId") && field_has(root, "mode") && strcmp(algorithm, "ML-KEM") == 0 &&
           json_is_array(json_object_get(root, "testGroups"));
}

/* A field of the test, or of its group: both have been seen. */
static view test_or_group(struct vectors *v, const json_t *group, const json_t *test,
                          const char *key)
{
    return field_hex(v, field_has(test, key) ? test : group, key);
}

static enum verdict acvp_keygen(struct vectors *v, enum mlkem_id id, const json_t *test)
{
    view d = field_hex(v, test, "d"), z = field_hex(v, test, "z");
    uint8_t *seed = case_memory(v, d.len + z.len);
    memcpy(seed, d.data, d.len);
    memcpy(seed + d.len, z.data, z.len);
    return keygen(v, id, view_of(seed, d.len + z.len), field_hex(v, test, "ek"),
                  field_hex(v, test, "dk"));
}

static enum verdict acvp_decap(struct vectors *v, enum mlkem_id id, const json_t *group,
                               const json_t *test)
{
    DEFER(mlkem_key_freep) struct mlkem_key *key = NULL;
    CHECK(outcome(v, mlkem_key_import(v->crypto, id, test_or_group(v, group, test, "dk"), &key)));
    return decap(v, key, field_hex(v, test, "c"), field_hex(v, test, "k"));
}

/* NIST publishes questions and answers as files of their own; a case needs both. */
static bool has_all(const json_t *group, const json_t *test, const char *const *keys)
{
    for (; *keys != NULL; keys++)
        if (!field_has(test, *keys) && !field_has(group, *keys))
            return false;
    return true;
}

/* "testPassed" says whether the key is a good one. */
static enum verdict acvp_key_check(struct vectors *v, const json_t *test, sotto_err err)
{
    enum verdict verdict = outcome(v, err);
    if (verdict == WRONG || !json_is_boolean(json_object_get(test, "testPassed")))
        return wrong(v, "no verdict on the key");
    bool good = json_is_true(json_object_get(test, "testPassed"));
    return good == (verdict == ACCEPTED)
               ? ACCEPTED
               : wrong(v, good ? "a good key was refused" : "a bad key was accepted");
}

static enum verdict acvp_keygen_case(struct vectors *v, const json_t *group, const json_t *test)
{
    static const char *const keys[] = {"parameterSet", "d", "z", "ek", "dk", NULL};
    enum mlkem_id id;
    if (!has_all(group, test, keys))
        return leave_out(v, "question without answer, or answer without question");
    CHECK(set_of(v, group, &id));
    return acvp_keygen(v, id, test);
}

static enum verdict acvp_encap_decap_case(struct vectors *v, const json_t *group,
                                          const json_t *test)
{
    static const struct {
        const char *function;
        const char *keys[6];
    } rows[] = {{"encapsulation", {"parameterSet", "ek", "m", "c", "k", NULL}},
                {"decapsulation", {"parameterSet", "dk", "c", "k", NULL}},
                {"encapsulationKeyCheck", {"parameterSet", "ek", "testPassed", NULL}},
                {"decapsulationKeyCheck", {"parameterSet", "dk", "testPassed", NULL}}};
    const char *function = text_or_empty(group, "function");
    size_t row = 0;
    while (row < COUNT_OF(rows) && strcmp(function, rows[row].function) != 0)
        row++;
    if (row == COUNT_OF(rows) || !has_all(group, test, rows[row].keys))
        return leave_out(v, "question without answer, or answer without question");
    enum mlkem_id id;
    CHECK(set_of(v, group, &id));
    DEFER(mlkem_key_freep) struct mlkem_key *key = NULL;
    switch (row) {
    case 0:
        return encap(v, id, field_hex(v, test, "ek"), field_hex(v, test, "m"),
                     field_hex(v, test, "c"), field_hex(v, test, "k"));
    case 1:
        return acvp_decap(v, id, group, test);
    case 2:
        return acvp_key_check(v, test, mlkem_public_check(v->crypto, id, field_hex(v, test, "ek")));
    default:
        return acvp_key_check(v, test,
                              mlkem_key_import(v->crypto, id, field_hex(v, test, "dk"), &key));
    }
}

void acvp_run(struct vectors *v, const json_t *root)
{
    bool keygen_mode = strcmp(text_or_empty(root, "mode"), "keyGen") == 0;
    const json_t *groups = json_object_get(root, "testGroups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *group = json_array_get(groups, i), *tests = json_object_get(group, "tests");
        for (size_t k = 0; k < json_array_size(tests); k++) {
            const json_t *test = json_array_get(tests, k);
            int64_t id = field_number(v, test, "tcId");
            enum verdict verdict = keygen_mode ? acvp_keygen_case(v, group, test)
                                               : acvp_encap_decap_case(v, group, test);
            count(v, verdict, "tcId %lld", (long long)id);
        }
    }
}
