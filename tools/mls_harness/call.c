#include "call.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct call_block {
    struct call_block *next;
    max_align_t data[];
};

void call_clear(struct call *c)
{
    while (c->blocks != NULL) {
        struct call_block *block = c->blocks;
        c->blocks = block->next;
        free(block);
    }
    json_decref(c->result);
    *c = (struct call){0};
}

sotto_err call_fail(struct call *c, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->why, sizeof c->why, format, args);
    va_end(args);
    return SOTTO_E_USAGE;
}

void *call_memory(struct call *c, size_t size)
{
    struct call_block *block = calloc(1, sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->next = c->blocks;
    c->blocks = block;
    return block->data;
}

static int digit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

static sotto_err bytes_of(struct call *c, const json_t *value, const char *name,
                          sotto_view *ret_bytes)
{
    if (value == NULL) {
        *ret_bytes = (sotto_view){0};
        return SOTTO_OK;
    }
    if (!json_is_string(value) || json_string_length(value) % 2 != 0)
        return call_fail(c, "%s: not hexadecimal", name);
    const char *text = json_string_value(value);
    size_t len = json_string_length(value) / 2;
    uint8_t *bytes = call_memory(c, len);
    if (bytes == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < len; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return call_fail(c, "%s: not hexadecimal", name);
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    *ret_bytes = (sotto_view){bytes, len};
    return SOTTO_OK;
}

sotto_err call_bytes(struct call *c, const json_t *object, const char *name, sotto_view *ret_bytes)
{
    return bytes_of(c, json_object_get(object, name), name, ret_bytes);
}

sotto_err call_number(struct call *c, const json_t *object, const char *name, uint64_t most,
                      uint64_t *ret_number)
{
    const json_t *value = json_object_get(object, name);
    if (value != NULL && (!json_is_integer(value) || json_integer_value(value) < 0 ||
                          (uint64_t)json_integer_value(value) > most))
        return call_fail(c, "%s: not a number that it can have", name);
    *ret_number = value != NULL ? (uint64_t)json_integer_value(value) : 0;
    return SOTTO_OK;
}

bool call_flag(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

const char *call_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

sotto_err call_list(struct call *c, const char *name, struct call_list *ret_list)
{
    const json_t *list = json_object_get(c->request, name);
    size_t count = json_array_size(list);
    if (list != NULL && !json_is_array(list))
        return call_fail(c, "%s: not a list", name);
    sotto_view *items = call_memory(c, count * sizeof *items);
    if (items == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        sotto_err err = bytes_of(c, json_array_get(list, i), name, &items[i]);
        if (err != SOTTO_OK)
            return err;
    }
    *ret_list = (struct call_list){items, count};
    return SOTTO_OK;
}

static void give(struct call *c, const char *name, json_t *value)
{
    if (json_object_set_new(c->result, name, value) != 0)
        c->nomem = true;
}

void give_bytes(struct call *c, const char *name, sotto_view bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = call_memory(c, 2 * bytes.len + 1);
    if (text == NULL) {
        c->nomem = true;
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    give_text(c, name, text);
}

void give_buf(struct call *c, const char *name, const sotto_buf *bytes)
{
    give_bytes(c, name, sotto_buf_view(bytes));
}

void give_number(struct call *c, const char *name, uint64_t number)
{
    give(c, name, json_integer((json_int_t)number));
}

void give_flag(struct call *c, const char *name)
{
    give(c, name, json_true());
}

void give_text(struct call *c, const char *name, const char *text)
{
    give(c, name, json_string(text));
}
