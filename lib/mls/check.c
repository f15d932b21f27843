#include "mls/check.h"

#include <sotto/mls.h>

static const struct check_row rows[] = {
#define MLS_CHECK_ROW(name, number, section, who, error, sentence) \
    [number] = {#name, section, sentence, WHO_##who, SOTTO_E_##error},
    MLS_CHECKS(MLS_CHECK_ROW)
#undef MLS_CHECK_ROW
};

/* What base/rd.c refuses by itself. */
_Static_assert((unsigned)CHECK_FORM_VECTOR_SHORTEST == GUARD_VECTOR_SHORTEST, "one number");
_Static_assert((unsigned)CHECK_FORM_VECTOR_PREFIX == GUARD_VECTOR_PREFIX, "one number");
_Static_assert((unsigned)CHECK_FORM_VECTOR_SIZE == GUARD_VECTOR_SIZE, "one number");
_Static_assert((unsigned)CHECK_FORM_PRESENCE == GUARD_PRESENCE, "one number");
_Static_assert((unsigned)CHECK_FORM_LEFTOVERS == GUARD_LEFTOVERS, "one number");

/* What callers ask for by its number. */
_Static_assert((unsigned)CHECK_REFERENCE_KNOWN == SOTTO_MLS_CHECK_REFERENCE_KNOWN, "one number");

const struct check_row *check_row(enum mls_check check)
{
    if ((size_t)check >= COUNT_OF(rows) || rows[check].name == NULL)
        return NULL;
    return &rows[check];
}

sotto_err check_fail(enum mls_check check, uint32_t where, struct fault *ret_fault)
{
    if (!check_on(check))
        return SOTTO_E_UNSUPPORTED;
    if (ret_fault != NULL)
        *ret_fault = (struct fault){check, where};
    return rows[check].err;
}

sotto_err check_result(enum mls_check check, sotto_err err, uint32_t where, struct fault *ret_fault)
{
    if (err == SOTTO_OK ||
        (sotto_err_class_of(err) == SOTTO_CLASS_HOST && err != SOTTO_E_PERMISSION))
        return err;
    return check_that(check, false, where, ret_fault);
}

static sotto_mls_who who_shown(enum check_who who)
{
    switch (who) {
    case WHO_PATH:
        return SOTTO_MLS_WHO_PATH;
    case WHO_JOINER:
        return SOTTO_MLS_WHO_JOINER;
    case WHO_MEMBER:
    default:
        return SOTTO_MLS_WHO_MEMBER;
    }
}

sotto_err sotto_mls_check_at(uint16_t number, sotto_mls_check *ret_check)
{
    const struct check_row *row = check_row((enum mls_check)number);
    if (row == NULL)
        return SOTTO_E_NOTFOUND;
    *ret_check = (sotto_mls_check){.number = number,
                                   .name = row->name,
                                   .section = row->section,
                                   .sentence = row->sentence,
                                   .who = who_shown(row->who),
                                   .err = row->err};
    return SOTTO_OK;
}
