/* der.h - as much DER (X.690) as the certificate templates need, on top of the reader and the writer of lib/base:
 * one-byte tags, definite lengths of at most 65,535 bytes in their shortest form. */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/rd.h"
#include "base/wr.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_OID = 0x06,
    DER_UTF8_STRING = 0x0c,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_URI = 0x86,        /* [6] of GeneralName */
    DER_KEY_ID = 0x80,     /* [0] of AuthorityKeyIdentifier */
    DER_VERSION = 0xa0,    /* [0] of TBSCertificate */
    DER_EXTENSIONS = 0xa3, /* [3] of TBSCertificate */
};

/* The content of the next element, borrowed. The reader fails with VALUE if it has another tag or a longer length than
 * needed, with TRUNCATED if it ends too early. */
view der_read(struct rd *r, enum der_tag tag);

/* The same as a reader of its own. What it leaves unread is not an error. */
struct rd der_enter(struct rd *r, enum der_tag tag);

/* The tag of the next element, 0 at the end; nothing moves. */
uint8_t der_peek(const struct rd *r);

/* One element with this content. */
void der_write(struct wr *w, enum der_tag tag, view content);

/* What is written between begin and end becomes the content of one element; `mark` is what begin gave. Elements nest. */
size_t der_begin(struct wr *w, enum der_tag tag);
void der_end(struct wr *w, size_t mark);

#endif
