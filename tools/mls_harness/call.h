/* call.h - one request of docs/mls-harness.md and its answer: fields in, fields out, bytes as hexadecimal. */
#ifndef CALL_H
#define CALL_H

#include <jansson.h>
#include <sotto/sotto.h>

struct call_block;

struct call {
    json_t *request;           /* borrowed */
    json_t *result;            /* ours */
    struct call_block *blocks; /* what lives as long as the call */
    char why[320];             /* of a failure, if it has more to say than its error */
    bool nomem;                /* a field of the result is missing */
};

void call_clear(struct call *c);

/* Says why, and gives USAGE. */
sotto_err call_fail(struct call *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Zeroed memory that lives as long as the call; NULL: none left. */
void *call_memory(struct call *c, size_t size);

/* The fields of an object: of the request, or of one in it. One that is not there is empty, 0, false. USAGE: of another type,
 * not hexadecimal, negative. Views live as long as the call. */
sotto_err call_bytes(struct call *c, const json_t *object, const char *name, sotto_view *ret_bytes);
sotto_err call_number(struct call *c, const json_t *object, const char *name, uint64_t most,
                      uint64_t *ret_number);
bool call_flag(const json_t *object, const char *name);
const char *call_text(const json_t *object, const char *name); /* never NULL */

/* A list of byte strings. */
struct call_list {
    const sotto_view *items;
    size_t count;
};
sotto_err call_list(struct call *c, const char *name, struct call_list *ret_list);

/* Fields of the result. */
void give_bytes(struct call *c, const char *name, sotto_view bytes);
void give_buf(struct call *c, const char *name, const sotto_buf *bytes);
void give_number(struct call *c, const char *name, uint64_t number);
void give_flag(struct call *c, const char *name);
void give_text(struct call *c, const char *name, const char *text);

#endif
