/* rd.h - the reader: a cursor over borrowed bytes in TLS presentation language (RFC 8446 3, RFC 9420 2.1).
 * It fails stickily: after the first error every read gives zero and moves nothing, so that parsing is a list.
 * Ask rd_ok() before branching, looping or allocating on a value that was read, and finish with rd_end().
 * Views that it gives borrow from the input. */
#ifndef BASE_RD_H
#define BASE_RD_H

#include "base/base.h"
#include "base/guard.h"

struct rd {
    const uint8_t *at, *end; /* private */
    sotto_err err;           /* the first error; read with rd_end() */
    unsigned guard;          /* private: the number of the rule that it broke; 0: of none */
};

struct rd rd_of(view input);

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);

/* A variable-size vector header (RFC 9420 2.1.2): 1, 2 or 4 bytes, shortest form only, at most 2^30 - 1. */
uint32_t rd_varint(struct rd *r);

/* Exactly `len` bytes, copied; *out is zeroed on failure. */
void rd_copy(struct rd *r, uint8_t *out, size_t len);

/* Exactly `len` bytes, borrowed. */
view rd_bytes(struct rd *r, size_t len);

/* opaque<V> of at most `max` bytes, borrowed. TOO_LARGE over it, before anything is read. */
view rd_opaque(struct rd *r, size_t max);

/* A vector <V> of at most `max` bytes as a reader of its own. Loop: while (rd_more(&items)) ...;
 * then rd_join() brings its error, or its leftovers, back into the parent. */
struct rd rd_vector(struct rd *r, size_t max);
void rd_join(struct rd *r, const struct rd *child);

/* The presence byte of optional<T>: only 0 and 1 are allowed (RFC 9420 2.1.1). */
bool rd_optional(struct rd *r);

/* The bytes from where `start` (an earlier copy of this reader) stood to where this one stands now; empty after a failure. */
view rd_since(const struct rd *r, const struct rd *start);

/* What is left, unread; empty after a failure. */
view rd_rest(struct rd *r);

/* Makes the reader fail, for a check of the caller's own; the first error stays. */
void rd_fail(struct rd *r, sotto_err err);
/* The same for a rule that has a number (guard.h). */
void rd_refuse(struct rd *r, sotto_err err, unsigned guard);

static inline bool rd_ok(const struct rd *r)
{
    return r->err == SOTTO_OK;
}

/* No error so far, and at least one byte is left. */
static inline bool rd_more(const struct rd *r)
{
    return rd_ok(r) && r->at < r->end;
}

/* The verdict: the first error, TRAILING if bytes are left over, else SOTTO_OK. */
SOTTO_MUST_USE sotto_err rd_end(const struct rd *r);
/* The number of the rule that was broken; 0: none, or none that has a number. */
unsigned rd_guard(const struct rd *r);

#endif
