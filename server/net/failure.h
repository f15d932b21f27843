/* failure.h - what went wrong at the start, in words: the code alone doesn't say which file or port it was. */
#ifndef NET_FAILURE_H
#define NET_FAILURE_H

#include <stdarg.h>
#include <stdio.h>

#include "base/base.h"

struct failure {
    char what[512]; /* lower case, no full stop; "" if the code says it all */
    char todo[256]; /* what a person can do; "" if nothing comes to mind */
    char guess[64]; /* the word that was meant, perhaps; "" if none is near */
    bool network;   /* it was an address, not a file */
};

/* Fills in `what` and gives `err` back, for return. */
__attribute__((format(printf, 3, 4))) static inline sotto_err failure_say(struct failure *f,
                                                                          sotto_err err,
                                                                          const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->what, sizeof f->what, format, args);
    va_end(args);
    return err;
}

#endif
