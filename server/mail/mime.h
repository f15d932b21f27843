/* mime.h - UTF-8 text in the seven bits that each mail server passes on as they are. */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include "base/buf.h"

/* Lines that end with LF or CR LF, as quoted-printable (RFC 2045 6.7): lines of at most 76 characters that end with CR LF. NOMEM. */
SOTTO_MUST_USE sotto_err mime_quoted(view text, sotto_buf *out);

/* A header's text: as it is if it is printable ASCII, else in encoded words (RFC 2047) that never cut a character, each on a line of
 * its own. VALUE: no UTF-8, or a control character. NOMEM. */
SOTTO_MUST_USE sotto_err mime_header(view text, sotto_buf *out);

#endif
