/* The tally of one file. The case at hand owns a chain of blocks; counting the case drops them, so that a runner may
 * decode fields wherever it needs them and free nothing. */
#include "vectors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

#define NAMED_MAX 10 /* failing cases that are named, per file */

struct block {
    struct block *next;
    _Alignas(16) uint8_t data[];
};

static void out_of_memory(void)
{
    fputs("sotto-vectors: out of memory\n", stderr);
    exit(2);
}

uint8_t *case_memory(struct vectors *v, size_t len)
{
    struct block *block = len < SIZE_MAX / 2 ? calloc(1, sizeof *block + len + 1)
                                             : NULL; /* + 1: never over nothing */
    if (block == NULL)
        out_of_memory();
    block->next = v->memory;
    v->memory = block;
    return block->data;
}

void case_end(struct vectors *v)
{
    while (v->memory != NULL) {
        struct block *next = v->memory->next;
        free(v->memory);
        v->memory = next;
    }
    v->why[0] = v->fault[0] = '\0';
    v->malformed = false;
}

enum verdict wrong(struct vectors *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->why, sizeof v->why, format, args);
    va_end(args);
    return WRONG;
}

enum verdict leave_out(struct vectors *v, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(v->why, sizeof v->why, format, args);
    va_end(args);
    return LEFT_OUT;
}

enum verdict outcome(struct vectors *v, sotto_err err)
{
    if (err == SOTTO_OK)
        return ACCEPTED;
    snprintf(v->why, sizeof v->why, "%s (%s)", sotto_err_name(err), sotto_err_text(err));
    sotto_err_class class = sotto_err_class_of(err);
    return class == SOTTO_CLASS_WIRE || class == SOTTO_CLASS_AUTH ? REFUSED : WRONG;
}

enum verdict same(struct vectors *v, const char *what, view got, view expected)
{
    if (view_equal(got, expected))
        return ACCEPTED;
    if (got.len != expected.len)
        return wrong(v, "%s has %zu bytes, not %zu", what, got.len, expected.len);
    size_t at = 0;
    while (got.data[at] == expected.data[at])
        at++;
    return wrong(v, "%s differs from byte %zu on", what, at);
}

static void reason_add(struct vectors *v, const char *text, size_t cases)
{
    v->left_out += cases;
    size_t i = 0;
    while (i < v->reason_count && strcmp(v->reasons[i].text, text) != 0)
        i++;
    if (i == REASONS_MAX) {
        i = REASONS_MAX - 1;
        text = "other";
    }
    if (i == v->reason_count)
        v->reason_count++;
    snprintf(v->reasons[i].text, sizeof v->reasons[i].text, "%s", text);
    v->reasons[i].count += cases;
}

void count_left_out(struct vectors *v, size_t cases, const char *format, ...)
{
    char text[sizeof v->reasons[0].text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (cases > 0)
        reason_add(v, text, cases);
}

static void name_failure(struct vectors *v, const char *label)
{
    v->failed++;
    if (v->failed <= NAMED_MAX)
        fprintf(stderr, "%s: %s: %s\n", v->name, label, v->fault[0] != '\0' ? v->fault : v->why);
    else if (v->failed == NAMED_MAX + 1)
        fprintf(stderr, "%s: more cases failed; they are not named\n", v->name);
}

void count(struct vectors *v, enum verdict verdict, const char *label, ...)
{
    char text[160];
    va_list args;
    va_start(args, label);
    vsnprintf(text, sizeof text, label, args);
    va_end(args);
    if (verdict == LEFT_OUT && v->fault[0] == '\0') {
        reason_add(v, v->why, 1);
    } else {
        v->run++;
        if (verdict != ACCEPTED || v->fault[0] != '\0')
            name_failure(v, text);
    }
    case_end(v);
}

void field_fault(struct vectors *v, const char *key, const char *what)
{
    if (v->fault[0] == '\0')
        snprintf(v->fault, sizeof v->fault, "field \"%s\" %s", key, what);
}

bool field_has(const json_t *object, const char *key)
{
    return json_object_get(object, key) != NULL;
}

const char *text_or_empty(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

const char *field_text(struct vectors *v, const json_t *object, const char *key)
{
    if (!json_is_string(json_object_get(object, key)))
        field_fault(v, key, "is no string");
    return text_or_empty(object, key);
}

int64_t field_number(struct vectors *v, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_integer(value))
        field_fault(v, key, "is no number");
    return json_integer_value(value);
}

bool hex_bytes(struct vectors *v, const json_t *value, view *ret_bytes)
{
    if (!json_is_string(value))
        return false;
    view text = {(const uint8_t *)json_string_value(value), json_string_length(value)};
    sotto_buf bytes = {.data = case_memory(v, text.len / 2), .cap = text.len / 2, .fixed = true};
    if (hex_read(text, &bytes) != SOTTO_OK)
        return false;
    *ret_bytes = buf_view(&bytes);
    return true;
}

view field_hex(struct vectors *v, const json_t *object, const char *key)
{
    view bytes = VIEW_LIT("");
    if (!hex_bytes(v, json_object_get(object, key), &bytes))
        field_fault(v, key, "is not hexadecimal");
    return bytes;
}
