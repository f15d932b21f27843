#include "lab/attacks.h"

#include "crypto/rng.h"
#include "lab/attack.h"
#include "lab/options.h"
#include "lab/resist.h"

/* One attack: its story against each suite, then the table. All attacks: the table alone. */

#define SESSION "a Sotto session"

struct attacks {
    const struct cli_call *call;
    struct crypto *crypto;
    bool story;
};

static void tell_line(void *data, const char *line)
{
    (void)data;
    printf("    %s\n", line);
}

static sotto_err run_one(const struct attacks *a, enum attack_id attack,
                         const struct lab_suite *suite, bool guarded, attack_tell_fn *tell,
                         struct attack_verdict *ret_verdict)
{
    uint8_t seed[LAB_SEED];
    random_bytes(seed, sizeof seed);
    if (suite == NULL)
        return resist_run(a->crypto, attack, seed, tell, NULL, ret_verdict);
    return attack_run(a->crypto, attack, suite, guarded, seed, tell, NULL, ret_verdict);
}

static const char *verdict_word(const struct attack_verdict *v)
{
    return !v->applies ? "-" : v->fell ? "falls" : "stopped";
}

static const char *guard_name(enum attack_id attack, const struct lab_suite *suite)
{
    if (attack == ATTACK_SHA1)
        return "with SHA-256 in its place";
    return lab_suite_signs(suite) ? "with the other side's fingerprint" : "with a pre-shared key";
}

/* --- one attack --- */

static void verdict_json(enum attack_id attack, const char *suite, const char *guard,
                         const struct attack_verdict *v)
{
    struct cli_json j = cli_json_begin(stdout);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "attack", attack_name(attack));
    cli_json_string(&j, "suite", suite);
    cli_json_string(&j, "guard", guard);
    cli_json_string(&j, "verdict", !v->applies ? "does not apply" : verdict_word(v));
    cli_json_string(&j, "check", v->check);
    cli_json_string(&j, "error", v->applies && !v->fell ? sotto_err_name(v->err) : NULL);
    cli_json_end(&j);
}

static void verdict_text(const char *guard, const struct attack_verdict *v)
{
    printf("  %s%s%s%s\n", guard != NULL ? guard : "", guard != NULL ? ": " : "",
           !v->applies ? "nothing to attack: "
           : v->fell   ? "falls: "
                       : "stopped by: ",
           v->check);
}

static sotto_err show_one(const struct attacks *a, enum attack_id attack,
                          const struct lab_suite *suite, bool guarded)
{
    struct attack_verdict verdict = {0};
    const char *guard = guarded ? guard_name(attack, suite) : NULL;
    if (guarded && !a->call->json)
        printf("  %s\n", guard);
    TRY(run_one(a, attack, suite, guarded, a->call->json ? NULL : tell_line, &verdict));
    if (a->call->json)
        verdict_json(attack, suite != NULL ? lab_suite_name(suite) : SESSION, guard, &verdict);
    else
        verdict_text(NULL, &verdict);
    return SOTTO_OK;
}

static bool has_guard(enum attack_id attack, const struct lab_suite *suite)
{
    return attack == ATTACK_MITM || (attack == ATTACK_SHA1 && lab_suite_has_sha1(suite));
}

static sotto_err show_suite(const struct attacks *a, enum attack_id attack,
                            const struct lab_suite *suite)
{
    if (!a->call->json)
        printf("\n%s\n", suite != NULL ? lab_suite_name(suite) : SESSION);
    TRY(show_one(a, attack, suite, false));
    if (suite != NULL && has_guard(attack, suite))
        TRY(show_one(a, attack, suite, true));
    return SOTTO_OK;
}

/* --- the table --- */

static sotto_err table_cell(const struct attacks *a, enum attack_id attack,
                            const struct lab_suite *suite)
{
    struct attack_verdict verdict = {0};
    TRY(run_one(a, attack, suite, false, NULL, &verdict));
    if (a->call->json)
        verdict_json(attack, suite != NULL ? lab_suite_name(suite) : SESSION, NULL, &verdict);
    else
        printf(" %-9s", verdict_word(&verdict));
    fflush(stdout);
    return SOTTO_OK;
}

static sotto_err table_row(const struct attacks *a, const struct lab_suite *suite, size_t from,
                           size_t to)
{
    if (!a->call->json)
        printf("%-28s", suite != NULL ? lab_suite_name(suite) : SESSION);
    for (size_t attack = from; attack < to; attack++)
        TRY(table_cell(a, (enum attack_id)attack, suite));
    if (!a->call->json)
        printf("\n");
    return SOTTO_OK;
}

static sotto_err table(const struct attacks *a, const struct lab_suite *only, size_t from,
                       size_t to)
{
    size_t count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    if (!a->call->json)
        printf("%-28s", "suite");
    for (size_t attack = from; attack < to && !a->call->json; attack++)
        printf(" %-9s", attack_name((enum attack_id)attack));
    if (!a->call->json)
        printf("\n");
    for (size_t i = 0; i < count; i++)
        if (only == NULL || only == suites[i])
            TRY(table_row(a, suites[i], from, to));
    return table_row(a, NULL, from, to);
}

static sotto_err show_attack(const struct attacks *a, enum attack_id attack,
                             const struct lab_suite *only)
{
    size_t count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    if (!a->call->json)
        printf("%s: %s\n", attack_name(attack), attack_summary(attack));
    for (size_t i = 0; i < count; i++)
        if (only == NULL || only == suites[i])
            TRY(show_suite(a, attack, suites[i]));
    TRY(show_suite(a, attack, NULL));
    if (a->call->json || only != NULL)
        return SOTTO_OK;
    printf("\n");
    return table(a, NULL, attack, (size_t)attack + 1);
}

static sotto_err show_all(const struct attacks *a, const struct lab_suite *only)
{
    TRY(table(a, only, 0, ATTACKS));
    if (!a->call->json)
        printf("\nas the suites come; `sotto lab attack mitm` and the others tell what happens, "
               "which check\n"
               "stops it, and what a key that is known beforehand changes\n");
    return SOTTO_OK;
}

static const char *attack_name_next(void *state)
{
    size_t *at = state;
    return *at < ATTACKS ? attack_name((enum attack_id)(*at)++) : NULL;
}

static int fail_unknown(const struct cli_call *call, const char *name)
{
    size_t at = 0;
    struct cli_error error = {.err = SOTTO_E_USAGE,
                              .guess = cli_suggest(name, attack_name_next, &at),
                              .try = "sotto help lab attack"};
    return cli_failf(call, &error, "no attack is called \"%.60s\"", name);
}

int attacks_run(struct cli_call *call)
{
    struct attacks a = {.call = call};
    const struct lab_suite *only = NULL;
    enum attack_id attack = ATTACKS;
    int status = cli_given(call, "suite") ? options_suite(call, &only) : 0;
    if (status != 0)
        return status;
    if (call->operand_count > 0 && attack_find(view_str(call->operands[0]), &attack) != SOTTO_OK)
        return fail_unknown(call, call->operands[0]);
    sotto_err err = crypto_new(&a.crypto);
    if (err == SOTTO_OK)
        err = call->operand_count > 0 ? show_attack(&a, attack, only) : show_all(&a, only);
    crypto_free(a.crypto);
    return err == SOTTO_OK ? 0 : cli_fail(call, &(struct cli_error){.err = err});
}
