#include <sotto/error.h>

#include "base/base.h"

static const struct {
    sotto_err err;
    sotto_err_class class;
    const char *name;
    const char *text;
} errors[] = {
#define ERROR_ROW(name, code, class, sentence) \
    {SOTTO_E_##name, SOTTO_CLASS_##class, "E_" #name, sentence},
    SOTTO_ERRORS(ERROR_ROW)
#undef ERROR_ROW
};

const char *sotto_err_name(sotto_err err)
{
    if (err == SOTTO_OK)
        return "OK";
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (errors[i].err == err)
            return errors[i].name;
    return "E_UNKNOWN";
}

const char *sotto_err_text(sotto_err err)
{
    if (err == SOTTO_OK)
        return "no error";
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (errors[i].err == err)
            return errors[i].text;
    return "an error that this version does not know";
}

sotto_err_class sotto_err_class_of(sotto_err err)
{
    if (err == SOTTO_OK)
        return SOTTO_CLASS_NONE;
    for (size_t i = 0; i < COUNT_OF(errors); i++)
        if (errors[i].err == err)
            return errors[i].class;
    return SOTTO_CLASS_WIRE;
}
