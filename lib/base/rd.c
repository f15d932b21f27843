#include "base/rd.h"

#ifdef SOTTO_GUARDS
unsigned guard_off;
#endif

struct rd rd_of(view input)
{
    static const uint8_t nothing;
    const uint8_t *data = input.len > 0 ? input.data : &nothing;
    return (struct rd){.at = data, .end = data + input.len};
}

void rd_fail(struct rd *r, sotto_err err)
{
    rd_refuse(r, err, GUARD_NONE);
}

void rd_refuse(struct rd *r, sotto_err err, unsigned guard)
{
    if (r->err != SOTTO_OK)
        return;
    r->err = err;
    r->guard = guard;
}

/* A rule of the reader's own. */
static void rd_rule(struct rd *r, enum guard_number guard, bool right, sotto_err err)
{
    if (!right && guard_on(guard))
        rd_refuse(r, err, guard);
}

/* The place of the next `len` bytes, or NULL with the reader failed. */
static inline const uint8_t *rd_take(struct rd *r, size_t len)
{
    if (r->err != SOTTO_OK)
        return NULL;
    if (len > (size_t)(r->end - r->at)) {
        rd_fail(r, SOTTO_E_TRUNCATED);
        return NULL;
    }
    const uint8_t *place = r->at;
    r->at += len;
    return place;
}

/* Inline, so that the loop is gone where the size is known. */
static inline uint64_t number_of(const uint8_t *place, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; place != NULL && i < size; i++)
        number = number << 8 | place[i];
    return number;
}

uint8_t rd_u8(struct rd *r)
{
    return (uint8_t)number_of(rd_take(r, 1), 1);
}

uint16_t rd_u16(struct rd *r)
{
    return (uint16_t)number_of(rd_take(r, 2), 2);
}

uint32_t rd_u32(struct rd *r)
{
    return (uint32_t)number_of(rd_take(r, 4), 4);
}

uint64_t rd_u64(struct rd *r)
{
    return number_of(rd_take(r, 8), 8);
}

/* A header whose first byte says that there are more. */
static uint32_t varint_long(struct rd *r, uint8_t first)
{
    unsigned prefix = first >> 6;
    rd_rule(r, GUARD_VECTOR_PREFIX, prefix != 3, SOTTO_E_VARINT);
    size_t more = prefix == 1 ? 1 : 3;
    uint32_t number =
        (uint32_t)(first & 0x3f) << (8 * more) | (uint32_t)number_of(rd_take(r, more), more);
    bool shortest = !((prefix == 1 && number < 0x40) || (prefix == 2 && number < 0x4000));
    rd_rule(r, GUARD_VECTOR_SHORTEST, !rd_ok(r) || shortest, SOTTO_E_VARINT);
    return rd_ok(r) ? number : 0;
}

/* Nearly all headers are of one byte. */
static inline uint32_t varint(struct rd *r)
{
    uint8_t first = (uint8_t)number_of(rd_take(r, 1), 1);
    return first < 0x40 ? first : varint_long(r, first);
}

uint32_t rd_varint(struct rd *r)
{
    return varint(r);
}

void rd_copy(struct rd *r, uint8_t *out, size_t len)
{
    const uint8_t *place = rd_take(r, len);
    if (place != NULL)
        memcpy(out, place, len);
    else
        memset(out, 0, len);
}

static inline view bytes(struct rd *r, size_t len)
{
    const uint8_t *place = rd_take(r, len);
    return place != NULL ? (view){place, len} : (view){0};
}

view rd_bytes(struct rd *r, size_t len)
{
    return bytes(r, len);
}

static inline view opaque(struct rd *r, size_t max)
{
    uint32_t len = varint(r);
    rd_rule(r, GUARD_VECTOR_SIZE, len <= max, SOTTO_E_TOO_LARGE);
    return bytes(r, len);
}

view rd_opaque(struct rd *r, size_t max)
{
    return opaque(r, max);
}

struct rd rd_vector(struct rd *r, size_t max)
{
    struct rd child = rd_of(opaque(r, max));
    child.err = r->err;
    child.guard = r->guard;
    return child;
}

void rd_join(struct rd *r, const struct rd *child)
{
    sotto_err err = rd_end(child);
    if (err != SOTTO_OK)
        rd_refuse(r, err, rd_guard(child));
}

bool rd_optional(struct rd *r)
{
    uint8_t present = rd_u8(r);
    rd_rule(r, GUARD_PRESENCE, present <= 1, SOTTO_E_VALUE);
    return rd_ok(r) && present >= 1;
}

view rd_since(const struct rd *r, const struct rd *start)
{
    return rd_ok(r) ? (view){start->at, (size_t)(r->at - start->at)} : (view){0};
}

view rd_rest(struct rd *r)
{
    return rd_bytes(r, (size_t)(r->end - r->at));
}

sotto_err rd_end(const struct rd *r)
{
    if (r->err != SOTTO_OK)
        return r->err;
    return r->at == r->end || !guard_on(GUARD_LEFTOVERS) ? SOTTO_OK : SOTTO_E_TRAILING;
}

unsigned rd_guard(const struct rd *r)
{
    if (r->err != SOTTO_OK)
        return r->guard;
    return rd_end(r) == SOTTO_OK ? GUARD_NONE : GUARD_LEFTOVERS;
}
