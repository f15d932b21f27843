/* wr.h - the writer: appends TLS presentation language (RFC 8446 3, RFC 9420 2.1) to a buffer.
 * It fails stickily, like the reader: write the list, then ask wr_end() once. After a failure the buffer is cut back
 * to where the writer began. */
#ifndef BASE_WR_H
#define BASE_WR_H

#include "base/buf.h"

struct wr {
    sotto_buf *out; /* private */
    size_t start;
    sotto_err err;
};

/* Appends to `out`, which is borrowed until wr_end(). */
struct wr wr_to(sotto_buf *out);

void wr_u8(struct wr *w, uint8_t number);
void wr_u16(struct wr *w, uint16_t number);
void wr_u32(struct wr *w, uint32_t number);
void wr_u64(struct wr *w, uint64_t number);

/* The shortest form; TOO_LARGE over 2^30 - 1. */
void wr_varint(struct wr *w, size_t number);

/* The bytes alone, without a length. */
void wr_bytes(struct wr *w, view bytes);

/* opaque<V>: length and bytes. */
void wr_opaque(struct wr *w, view bytes);

/* The presence byte of optional<T>. */
void wr_optional(struct wr *w, bool present);

/* A vector <V> whose length is known only at its end: what is written between begin and end becomes its content.
 * `mark` is what begin gave. Vectors nest. */
size_t wr_vector_begin(struct wr *w);
void wr_vector_end(struct wr *w, size_t mark);
/* The same for a vector that is long, as a rule: from 16 KiB on its content is not moved. */
size_t wr_long_vector_begin(struct wr *w);
void wr_long_vector_end(struct wr *w, size_t mark);

/* Makes the writer fail, for a check of the caller's own; the first error stays. */
void wr_fail(struct wr *w, sotto_err err);

/* The verdict. On an error the buffer is as long as it was before wr_to(). */
SOTTO_MUST_USE sotto_err wr_end(struct wr *w);

#endif
