#include "bench/options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct bench_option *find(const struct bench_option *options, size_t count,
                                       const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(options[i].name, name) == 0)
            return &options[i];
    return NULL;
}

static bool number_set(const struct bench *b, const struct bench_option *option, const char *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (isdigit((unsigned char)value[0]) && *end == 0 && errno == 0 && number >= option->least &&
        number <= option->most) {
        *option->number = number;
        return true;
    }
    fprintf(stderr, "sotto-bench %s: %s is a number from %lu to %lu\n", b->name, option->name,
            option->least, option->most);
    return false;
}

bool bench_options(const struct bench *b, int argc, char **argv, const struct bench_option *options,
                   size_t count)
{
    for (int i = 0; i < argc; i++) {
        const struct bench_option *option = find(options, count, argv[i]);
        if (option == NULL) {
            fprintf(stderr, "sotto-bench %s: there is no option %s; see sotto-bench --help\n",
                    b->name, argv[i]);
            return false;
        }
        if (option->flag != NULL) {
            *option->flag = true;
            continue;
        }
        if (++i == argc) {
            fprintf(stderr, "sotto-bench %s: %s takes a value\n", b->name, option->name);
            return false;
        }
        if (option->text != NULL)
            *option->text = argv[i];
        else if (!number_set(b, option, argv[i]))
            return false;
    }
    return true;
}
