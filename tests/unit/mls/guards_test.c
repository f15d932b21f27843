#include "guards.h"

#include <sotto/error.h>

static const struct guard_rows *const kinds[] = {
    &guards_app_data, &guards_commit,    &guards_form,    &guards_key_package, &guards_message,
    &guards_path,     &guards_proposals, &guards_receive, &guards_tree,        &guards_welcome};

#define NUMBERS    1000u
#define ROWS_MAX   512u
#define ROWS_LEAST 120u /* checks in use */

static sotto_crypto *crypto;

static int make_crypto(void **state)
{
    (void)state;
    return crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int free_crypto(void **state)
{
    (void)state;
    crypto_free(crypto);
    return 0;
}

static bool is_refused_by(enum mls_check check, sotto_err err, const struct fault *fault)
{
    return err == check_row(check)->err && fault->check == check;
}

static void explain(const char *when, const struct guard_row *guard, sotto_err err,
                    const struct fault *fault)
{
    const struct check_row *row = check_row(fault->check);
    print_error("%s, %s: %s by %s\n", check_row(guard->check)->name, when, sotto_err_name(err),
                row != NULL ? row->name : "no check");
}

static void refuses_and_nothing_else_does(void **state)
{
    const struct guard_row *guard = *state;
    struct fault fault = {0};
    sotto_err err = guard->attempt(crypto, guard->argument, &fault);
    if (!is_refused_by(guard->check, err, &fault)) {
        explain("switched on", guard, err, &fault);
        fail();
    }
    fault = (struct fault){0};
    guard_off = (unsigned)guard->check;
    err = guard->attempt(crypto, guard->argument, &fault);
    guard_off = GUARD_NONE;
    if (is_refused_by(guard->check, err, &fault) || sotto_err_class_of(err) == SOTTO_CLASS_HOST) {
        explain("switched off", guard, err, &fault);
        fail();
    }
}

static size_t rows_of(enum mls_check check)
{
    size_t count = 0;
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t i = 0; i < kinds[k]->count; i++)
            count += kinds[k]->rows[i].check == check;
    return count;
}

static void each_check_has_an_attempt(void **state)
{
    (void)state;
    size_t checks = 0, missing = 0;
    for (enum mls_check check = CHECK_NONE; check < NUMBERS; check++) {
        const struct check_row *row = check_row(check);
        if (row == NULL)
            continue;
        checks++;
        if (rows_of(check) == 0) {
            print_error("%s has no attempt\n", row->name);
            missing++;
        }
    }
    print_message("# %zu checks\n", checks);
    assert_int_equal(missing, 0);
    assert_true(checks >= ROWS_LEAST);
}

int main(void)
{
    static struct CMUnitTest tests[ROWS_MAX] = {
        cmocka_unit_test(each_check_has_an_attempt),
    };
    size_t count = 1;
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        for (size_t i = 0; i < kinds[k]->count; i++) {
            assert_true(count < COUNT_OF(tests));
            tests[count++] = (struct CMUnitTest){
                .name = check_row(kinds[k]->rows[i].check)->name,
                .test_func = refuses_and_nothing_else_does,
                .initial_state = (void *)(uintptr_t)&kinds[k]->rows[i],
            };
        }
    return _cmocka_run_group_tests("guards", tests, count, make_crypto, free_crypto);
}
