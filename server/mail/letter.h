/* letter.h - the mail that brings a one-time password: a template, and what is put into it. Pure.
 *
 * A template is UTF-8: a first line "Subject: …", an empty line, the text. @HOST@ @PORT@ @PIN@ @PASSWORD@ @NAME@ @UNTIL@ stand for what
 * they say; a line with one of which this mail has nothing (a password without a name) is left out. */
#ifndef MAIL_LETTER_H
#define MAIL_LETTER_H

#include "base/buf.h"
#include "crypto/x509.h"
#include "net/failure.h"

#define LETTER_TEMPLATE_MAX 16384 /* bytes */
#define LETTER_SUBJECT_MAX  200   /* bytes, before anything is put in */
#define LETTER_MAX          65536 /* bytes of a mail as it is sent */

/* X(word) */
#define LETTER_WORDS(X) X(HOST) X(PORT) X(PIN) X(PASSWORD) X(NAME) X(UNTIL)

struct letter_template {
    sotto_buf subject, text;
};
void letter_template_clear(struct letter_template *t);

/* CONFIG: ret_failure has the words, with the line. NOMEM. */
SOTTO_MUST_USE sotto_err letter_template_read(view text, struct letter_template *ret_template,
                                              struct failure *ret_failure);
/* What counts where there is no file. */
extern const char letter_template_standard[];

struct letter {
    uint64_t number; /* of the mail in the queue: the same one has the same Message-ID each time */
    view from, to;   /* addresses */
    view host;       /* this server's */
    uint16_t port;
    const uint8_t *pin; /* X509_PIN bytes */
    view password, name;
    int64_t now_s;
    uint64_t until_s; /* the end of the password's time */
};
/* Appends the whole mail: header, empty line, text, with CR LF. VALUE: an address or a value that can't stand in a mail. NOMEM. */
SOTTO_MUST_USE sotto_err letter_write(const struct letter_template *t, const struct letter *letter,
                                      sotto_buf *out);

#endif
