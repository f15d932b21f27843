/* main.c - mls-harness: libsotto's MLS behind standard input and output, for other implementations to meet it
 * (docs/mls-harness.md). It knows the public headers alone. */
#include "methods.h"
#include "restore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sotto_err on_name(struct harness *h, struct call *c)
{
    char name[64];
    (void)h;
    snprintf(name, sizeof name, "libsotto %s", SOTTO_VERSION);
    give_text(c, "name", name);
    return SOTTO_OK;
}

sotto_err on_supported_ciphersuites(struct harness *h, struct call *c)
{
    (void)h;
    json_t *list = json_array();
    for (size_t i = 0; sotto_suite_at(i) != 0; i++)
        json_array_append_new(list, json_integer(sotto_suite_at(i)));
    return json_object_set_new(c->result, "ciphersuites", list) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

static const struct method {
    const char *name;
    sotto_err (*does)(struct harness *h, struct call *c);
} TABLE[] = {
#define METHOD_ROW(name) {#name, on_##name},
    METHODS(METHOD_ROW)
#undef METHOD_ROW
};

static sotto_err serve(struct harness *h, struct call *c)
{
    const char *name = call_text(c->request, "method");
    for (size_t i = 0; i < COUNT_OF(TABLE); i++)
        if (strcmp(TABLE[i].name, name) == 0)
            return TABLE[i].does(h, c);
    return call_fail(c, "no such method: %s", name);
}

/* One line in, one line out; false: that cannot be. */
static bool answer(struct harness *h, const char *line, size_t len)
{
    struct call c = {.request = json_loadb(line, len, 0, NULL), .result = json_object()};
    json_t *request = c.request;
    if (request == NULL || c.result == NULL)
        return false;
    sotto_err err = serve(h, &c);
    sotto_err restored = h->restores ? restore_touched(h, &c) : SOTTO_OK;
    if (err == SOTTO_OK)
        err = restored;
    if (err == SOTTO_OK && c.nomem)
        err = SOTTO_E_NOMEM;
    json_t *answer = json_object();
    json_object_set(answer, "id", json_object_get(request, "id"));
    if (err == SOTTO_OK)
        json_object_set(answer, "result", c.result);
    else
        json_object_set_new(answer, "error",
                            json_string(c.why[0] != '\0' ? c.why : sotto_err_text(err)));
    bool good = json_dumpf(answer, stdout, JSON_COMPACT) == 0 && putchar('\n') != EOF &&
                fflush(stdout) == 0;
    json_decref(answer);
    json_decref(request);
    call_clear(&c);
    return good;
}

int main(int argc, char **argv)
{
    struct harness h = {.restores = argc == 2 && strcmp(argv[1], "--restore") == 0};
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    if (argc > 1 && !h.restores) {
        fprintf(stderr, "usage: mls-harness [--restore]\n");
        return 2;
    }
    bool good = sotto_crypto_new(&h.crypto) == SOTTO_OK;
    while (good && (len = getline(&line, &size, stdin)) > 0)
        good = answer(&h, line, (size_t)len);
    if (!good)
        fprintf(stderr, "mls-harness: not a request, or standard output is gone\n");
    free(line);
    harness_clear(&h);
    return good ? 0 : 1;
}
