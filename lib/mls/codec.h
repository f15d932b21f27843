/* codec.h - what the structures of lib/mls have in common.
 * Each structure X has X_read(reader, *x) and X_write(writer, *x), with the fields in the RFC's order. Decoded structures
 * borrow from the input and own nothing. A list is kept as the view of its content: it is walked with a reader of its own
 * and was checked, item by item, when it was read, so that walking it again can't fail:
 *     struct rd at = rd_of(list); while (rd_more(&at)) X_read(&at, &x);
 * A leaf index may be any uint32 here: whether there is such a leaf is asked where it is looked up, before anything is
 * computed from it.
 * Reading fails stickily (base/rd.h); what a failed reader gave must not be used. write(read(x)) gives the bytes of x. */
#ifndef MLS_CODEC_H
#define MLS_CODEC_H

#include "base/rd.h"
#include "base/wr.h"
#include "mls/check.h"
#include "mls/limits.h"
#include "mls/registry.h"

/* A vector <V> of at most `max` bytes: `item` reads one, and is called until none is left. Gives its content. */
view codec_list(struct rd *r, size_t max, void (*item)(struct rd *));

/* A vector <V> of uint16. */
view codec_u16s(struct rd *r);
bool codec_has_u16(view list, uint16_t number);

/* An enum of one byte whose values are 1 to `last`: else the check fails. */
uint8_t codec_enum(struct rd *r, uint8_t last, enum mls_check check);

/* The check fails, and the reader with it, unless what it read is `right`. */
void codec_check(struct rd *r, enum mls_check check, bool right);
/* For limits of our own: the reader fails with `err`. */
void codec_require(struct rd *r, bool right, sotto_err err);

/* rd_end(), and which check it was that failed: `ret_fault` is left alone if it was none, and may be NULL. */
SOTTO_MUST_USE sotto_err codec_end(const struct rd *r, struct fault *ret_fault);

#endif
