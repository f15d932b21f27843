#include "lab/attacks.h"

#include "crypto/rng.h"
#include "lab/attack.h"
#include "lab/options.h"
#include "lab/resist.h"

/* One attack: its story against each suite, then a table with what stops it. All attacks: the table alone. Where a suite is
 * NULL, the session is meant. */

struct attacks {
    const struct cli_call *call;
    sotto_crypto *crypto;
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

static const char *suite_title(const struct lab_suite *suite)
{
    return suite != NULL ? lab_suite_name(suite) : "a Sotto session";
}

static const char *guard_name(enum attack_id attack, const struct lab_suite *suite)
{
    if (attack == ATTACK_SHA1)
        return "with SHA-256 in its place";
    return lab_suite_signs(suite) ? "with the other side's fingerprint" : "with a pre-shared key";
}

static void verdict_json(enum attack_id attack, const struct lab_suite *suite, bool guarded,
                         const struct attack_verdict *v)
{
    struct cli_json j = cli_json_begin(stdout);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "attack", attack_name(attack));
    cli_json_string(&j, "suite", suite_title(suite));
    cli_json_string(&j, "guard", guarded ? guard_name(attack, suite) : NULL);
    cli_json_string(&j, "verdict", !v->applies ? "does not apply" : verdict_word(v));
    cli_json_string(&j, "check", v->check);
    cli_json_string(&j, "error", v->applies && !v->fell ? sotto_err_name(v->err) : NULL);
    cli_json_end(&j);
}

/* --- one attack --- */

/* The rows of one attack: each suite as it comes, those that have a guard with it too, the session (no suite) at the end. */
#define ROWS_MAX 16
struct row {
    const struct lab_suite *suite;
    bool guarded;
    struct attack_verdict verdict;
};

static bool has_guard(enum attack_id attack, const struct lab_suite *suite)
{
    return attack == ATTACK_MITM || (attack == ATTACK_SHA1 && lab_suite_has_sha1(suite));
}

static size_t rows_of(enum attack_id attack, const struct lab_suite *only, struct row *ret_rows)
{
    size_t count, rows = 0;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    for (size_t i = 0; i < count && rows + 3 <= ROWS_MAX; i++) {
        if (only != NULL && only != suites[i])
            continue;
        ret_rows[rows++] = (struct row){.suite = suites[i]};
        if (has_guard(attack, suites[i]))
            ret_rows[rows++] = (struct row){.suite = suites[i], .guarded = true};
    }
    ret_rows[rows++] = (struct row){0};
    return rows;
}

static void row_title(enum attack_id attack, const struct row *row)
{
    if (row->guarded)
        printf("  %s\n", guard_name(attack, row->suite));
    else
        printf("\n%s\n", suite_title(row->suite));
}

static sotto_err row_run(const struct attacks *a, enum attack_id attack, struct row *row)
{
    bool json = a->call->json;
    if (!json)
        row_title(attack, row);
    TRY(run_one(a, attack, row->suite, row->guarded, json ? NULL : tell_line, &row->verdict));
    if (json)
        verdict_json(attack, row->suite, row->guarded, &row->verdict);
    return SOTTO_OK;
}

static void rows_print(enum attack_id attack, const struct row *rows, size_t count)
{
    printf("\n%-28s %-8s %s\n", "suite", "verdict", "why it falls, or what stops it");
    for (size_t i = 0; i < count; i++) {
        const struct row *r = &rows[i];
        printf("%-28s %-8s %s%s%s\n", r->guarded ? "" : suite_title(r->suite),
               verdict_word(&r->verdict), r->guarded ? guard_name(attack, r->suite) : "",
               r->guarded ? ": " : "", r->verdict.check);
    }
}

static sotto_err show_attack(const struct attacks *a, enum attack_id attack,
                             const struct lab_suite *only)
{
    struct row rows[ROWS_MAX];
    size_t count = rows_of(attack, only, rows);
    if (!a->call->json)
        printf("%s: %s\n", attack_name(attack), attack_summary(attack));
    for (size_t i = 0; i < count; i++)
        TRY(row_run(a, attack, &rows[i]));
    if (!a->call->json)
        rows_print(attack, rows, count);
    return SOTTO_OK;
}

/* --- all attacks --- */

static const struct column {
    enum attack_id attack;
    bool guarded;
    const char *title;
} columns[] = {
    {ATTACK_MITM, false, "mitm"},         {ATTACK_MITM, true, "mitm*"},
    {ATTACK_FLIP_BIT, false, "flip-bit"}, {ATTACK_REPLAY, false, "replay"},
    {ATTACK_REORDER, false, "reorder"},   {ATTACK_SHA1, false, "sha1"},
    {ATTACK_SHA1, true, "sha1*"},
};

static sotto_err cell_run(const struct attacks *a, const struct column *column,
                          const struct lab_suite *suite)
{
    struct attack_verdict verdict = {0};
    bool json = a->call->json;
    if (suite == NULL && column->guarded) { /* it knows no other way */
        if (!json)
            printf(" %-8s", "");
        return SOTTO_OK;
    }
    TRY(run_one(a, column->attack, suite, column->guarded, NULL, &verdict));
    if (json)
        verdict_json(column->attack, suite, column->guarded, &verdict);
    else
        printf(" %-8s", verdict_word(&verdict));
    fflush(stdout);
    return SOTTO_OK;
}

static sotto_err line_run(const struct attacks *a, const struct lab_suite *suite)
{
    if (!a->call->json)
        printf("%-28s", suite_title(suite));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        TRY(cell_run(a, &columns[i], suite));
    if (!a->call->json)
        printf("\n");
    return SOTTO_OK;
}

static sotto_err show_all(const struct attacks *a, const struct lab_suite *only)
{
    size_t count;
    const struct lab_suite *const *suites = lab_suite_all(&count);
    bool json = a->call->json;
    if (!json)
        printf("%-28s", "suite");
    for (size_t i = 0; i < COUNT_OF(columns) && !json; i++)
        printf(" %-8s", columns[i].title);
    if (!json)
        printf("\n");
    for (size_t i = 0; i < count; i++)
        if (only == NULL || only == suites[i])
            TRY(line_run(a, suites[i]));
    TRY(line_run(a, NULL));
    if (!json)
        printf(
            "\nmitm*  with a pre-shared key, or the fingerprint of the other side's signing key\n"
            "sha1   signatures over SHA-1 (--sha1); sha1* over SHA-256, as the suite comes\n"
            "`sotto lab attack mitm` and the others tell what happens, and which check stops it\n");
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
    int status = cli_given(call, "suite") ? options_suite(call, NULL, &only) : 0;
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
