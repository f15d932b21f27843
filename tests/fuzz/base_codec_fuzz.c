/* The reader and the writer against a second, slow decoder that knows the rules in another way: it counts bits, and tells the
 * shortest form of a length by writing it again. The input is a list of reads (a count, then a byte each) and the bytes to
 * read from. All must agree: values, errors, how far each read went; and what was read writes back to the same bytes. */
#include <stdlib.h>

#include "base/rd.h"
#include "base/wr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(truth)   \
    do {              \
        if (!(truth)) \
            abort();  \
    } while (0)

enum op {
    OP_U8,
    OP_U16,
    OP_U32,
    OP_U64,
    OP_VARINT,
    OP_BYTES,
    OP_OPAQUE,
    OP_OPTIONAL,
    OP_VECTOR,
    OP_COUNT
};

/* The slow decoder. */

struct slow {
    view in;
    size_t at;
    sotto_err err;
};

static void slow_fail(struct slow *s, sotto_err err)
{
    s->err = s->err == SOTTO_OK ? err : s->err;
}

/* One bit at a time. */
static uint64_t slow_number(struct slow *s, size_t bits)
{
    if (s->err == SOTTO_OK && s->in.len - s->at < bits / 8)
        slow_fail(s, SOTTO_E_TRUNCATED);
    if (s->err != SOTTO_OK)
        return 0;
    uint64_t number = 0;
    for (size_t i = 0; i < bits; i++) {
        size_t bit = 8 * s->at + i;
        number = 2 * number + (s->in.data[bit / 8] >> (7 - bit % 8) & 1);
    }
    s->at += bits / 8;
    return number;
}

/* The form that RFC 9420 2.1.2 asks for, as text of its table. */
static size_t slow_varint_bits(uint64_t number)
{
    return number <= 63 ? 8 : number <= 16383 ? 16 : 32;
}

static uint64_t slow_varint(struct slow *s)
{
    struct slow ahead = *s;
    uint64_t first = slow_number(&ahead, 8);
    if (ahead.err != SOTTO_OK) {
        *s = ahead;
        return 0;
    }
    size_t bits = first < 64 ? 8 : first < 128 ? 16 : first < 192 ? 32 : 0;
    if (bits == 0) {
        *s = ahead; /* the byte counts as read */
        slow_fail(s, SOTTO_E_VARINT);
        return 0;
    }
    uint64_t number = slow_number(s, bits);
    if (s->err != SOTTO_OK) {
        s->at = ahead.at;
        return 0;
    }
    number %= (uint64_t)1 << (bits - 2);
    if (slow_varint_bits(number) != bits) {
        slow_fail(s, SOTTO_E_VARINT);
        return 0;
    }
    return number;
}

static view slow_bytes(struct slow *s, uint64_t len)
{
    if (s->err == SOTTO_OK && len > s->in.len - s->at)
        slow_fail(s, SOTTO_E_TRUNCATED);
    if (s->err != SOTTO_OK)
        return (view){0};
    s->at += len;
    return view_of(s->in.data + s->at - len, len);
}

static view slow_opaque(struct slow *s, size_t max)
{
    uint64_t len = slow_varint(s);
    if (s->err == SOTTO_OK && len > max)
        slow_fail(s, SOTTO_E_TOO_LARGE);
    return slow_bytes(s, len);
}

/* Both, side by side. */

static void check_same(const struct rd *r, const struct slow *s)
{
    MUST(r->err == s->err);
    MUST(!rd_ok(r) || (size_t)(r->end - r->at) == s->in.len - s->at);
}

static void number_both(struct rd *r, struct slow *s, struct wr *w, enum op op)
{
    uint64_t got = op == OP_U8    ? rd_u8(r)
                   : op == OP_U16 ? rd_u16(r)
                   : op == OP_U32 ? rd_u32(r)
                                  : rd_u64(r);
    size_t bits = (size_t)8 << op;
    MUST(got == slow_number(s, bits));
    if (!rd_ok(r))
        return;
    op == OP_U8    ? wr_u8(w, (uint8_t)got)
    : op == OP_U16 ? wr_u16(w, (uint16_t)got)
    : op == OP_U32 ? wr_u32(w, (uint32_t)got)
                   : wr_u64(w, got);
}

static void optional_both(struct rd *r, struct slow *s, struct wr *w)
{
    bool got = rd_optional(r);
    uint64_t want = slow_number(s, 8);
    if (want > 1)
        slow_fail(s, SOTTO_E_VALUE);
    MUST(got == (s->err == SOTTO_OK && want == 1));
    if (rd_ok(r))
        wr_optional(w, got);
}

/* A vector of u16, by the child reader here and as a whole there; written with its length behind it. */
static void vector_both(struct rd *r, struct slow *s, struct wr *w, size_t max)
{
    struct slow inner = {.in = slow_opaque(s, max), .err = s->err};
    struct rd items = rd_vector(r, max);
    size_t mark = wr_vector_begin(w);
    while (rd_more(&items)) {
        uint16_t item = rd_u16(&items);
        MUST(item == slow_number(&inner, 16));
        if (rd_ok(&items))
            wr_u16(w, item);
    }
    rd_join(r, &items);
    slow_fail(s, inner.err);
    if (rd_ok(r))
        wr_vector_end(w, mark);
}

static void step(struct rd *r, struct slow *s, struct wr *w, uint8_t code)
{
    size_t size = (size_t)code / OP_COUNT * 5; /* a length or a limit: 0 to 140 */
    enum op op = code % OP_COUNT;
    view got = {0};
    switch (op) {
    case OP_VARINT:;
        uint32_t number = rd_varint(r);
        MUST(number == slow_varint(s));
        if (rd_ok(r))
            wr_varint(w, number);
        return;
    case OP_BYTES:
        got = rd_bytes(r, size);
        MUST(view_equal(got, slow_bytes(s, size)));
        if (rd_ok(r))
            wr_bytes(w, got);
        return;
    case OP_OPAQUE:
        got = rd_opaque(r, size);
        MUST(view_equal(got, slow_opaque(s, size)));
        if (rd_ok(r))
            wr_opaque(w, got);
        return;
    case OP_OPTIONAL:
        optional_both(r, s, w);
        return;
    case OP_VECTOR:
        vector_both(r, s, w, size);
        return;
    default:
        number_both(r, s, w, op);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size - 1 < data[0])
        return 0;
    view ops = view_of(data + 1, data[0]);
    view in = view_of(ops.data + ops.len, size - 1 - ops.len);
    struct rd r = rd_of(in);
    struct slow s = {.in = in};
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    for (size_t i = 0; i < ops.len; i++) {
        struct rd before = r;
        step(&r, &s, &w, ops.data[i]);
        check_same(&r, &s);
        MUST(rd_ok(&r) || rd_since(&r, &before).len == 0);
    }
    MUST(rd_end(&r) == (s.err != SOTTO_OK ? s.err : s.at == in.len ? SOTTO_OK : SOTTO_E_TRAILING));
    if (rd_ok(&r)) {
        MUST(wr_end(&w) == SOTTO_OK);
        MUST(view_equal(buf_view(&out), view_of(in.data, s.at)));
    } else {
        wr_fail(&w, r.err);
        MUST(wr_end(&w) == r.err && out.len == 0);
    }
    buf_clear(&out);
    return 0;
}
