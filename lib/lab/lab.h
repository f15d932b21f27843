/* lab.h - one side of a conversation under one of the classical suites: explicit, never negotiated, for teaching.
 * A pure state machine that all suites share: bytes in, bytes out, the seed at the start is all its randomness (but for RSA:
 * see rsa.h). One thread at a time. The messages are described in docs/lab.md.
 *
 *   dialer                     listener        what is awaited is the state:
 *   hello        ----------->                  LAB_HELLO
 *                <-----------  hello           LAB_HELLO
 *   established  ----------->                  LAB_ESTABLISHED
 *                <-----------  established     LAB_ESTABLISHED
 *   message      <---------->  message         LAB_MESSAGE, until both have said "end": LAB_ENDED */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include "base/buf.h"
#include "base/secret.h"
#include "crypto/crypto.h"

#define LAB_SEED 32 /* bytes */
#define LAB_PSK  32 /* bytes of a pre-shared key */
#define LAB_FINGERPRINT \
    32 /* bytes: SHA-256 of a signing key or certificate as it stands in the hello */
#define LAB_TEXT_MAX    49152 /* bytes of one message's text */
#define LAB_MESSAGE_MAX 53248 /* bytes of the longest message on the wire */

struct lab_suite; /* suite.h has the row */

/* NULL for an unknown name. Static memory. */
const struct lab_suite *lab_suite_find(view name);
const struct lab_suite *const *lab_suite_all(size_t *ret_count);
const char *lab_suite_name(const struct lab_suite *suite);
const char *lab_suite_summary(const struct lab_suite *suite); /* lower case, no full stop */
/* Whether its sides sign, and so have a long-lived key that can be known beforehand. */
bool lab_suite_signs(const struct lab_suite *suite);
/* Whether it can be run over SHA-1 too. */
bool lab_suite_has_sha1(const struct lab_suite *suite);

/* The eight steps; lab_step_name() gives the headings. */
enum lab_step {
    LAB_STEP_KEY_GENERATION,
    LAB_STEP_KEY_EXCHANGE,
    LAB_STEP_SHARED_SECRET,
    LAB_STEP_KEY_DERIVATION,
    LAB_STEP_ENCRYPTION,
    LAB_STEP_TRANSMISSION,
    LAB_STEP_DECRYPTION,
    LAB_STEP_RESULT,
    LAB_STEPS
};
const char *lab_step_name(enum lab_step step);

#define LAB_VALUES_MAX 8
struct lab_value {
    const char *name; /* NULL behind the last */
    view bytes;
};

/* What happened in one step, with its real values: these keys are thrown away. Borrowed for the call. */
struct lab_record {
    enum lab_step step;
    const char *what, *why, *relay; /* relay: what somebody on the way sees of it */
    struct lab_value values[LAB_VALUES_MAX];
};
typedef void lab_explain_fn(void *data, const struct lab_record *record);

enum lab_role { LAB_DIALER, LAB_LISTENER }; /* the numbers stand in messages too */

/* All borrowed for the call alone, except `suite`. {0} but suite and role: a plain run with throwaway keys. */
struct lab_config {
    const struct lab_suite *suite;
    enum lab_role role;
    const struct secret *psk; /* LAB_PSK bytes, instead of the exchange; or NULL */
    view identity;            /* what lab_identity_make() gave; empty: a throwaway one */
    view peer;                /* the fingerprint that the other side must have; empty: anyone's */
    bool sha1;                /* sign over SHA-1, to show why not */
    lab_explain_fn *explain;  /* or NULL */
    void *explain_data;
};

struct lab; /* opaque */

/* Borrows `c` for its life. USAGE: the suite has no such thing (an identity, a fingerprint, SHA-1), or a wrong length.
 * KEY: the identity is not one of this suite. */
SOTTO_MUST_USE sotto_err lab_new(sotto_crypto *c, const struct lab_config *config,
                                 const uint8_t seed[LAB_SEED], struct lab **ret_lab);
void lab_free(struct lab *l); /* accepts NULL; wipes */
void lab_freep(struct lab **l);

enum lab_event_kind {
    LAB_EVENT_NONE,  /* send what was written to `out`, wait for more */
    LAB_EVENT_READY, /* the other side has the same keys: messages can flow */
    LAB_EVENT_TEXT,  /* the other side said `text` */
    LAB_EVENT_LEFT /* the other side leaves: it says nothing more, and waits for our lab_leave() */
};
struct lab_event {
    enum lab_event_kind kind;
    view text; /* any bytes; borrowed until the next call */
};

/* The dialer's hello is appended to `out`; a listener has nothing to begin with. */
SOTTO_MUST_USE sotto_err lab_begin(struct lab *l, sotto_buf *out);

/* Takes one message. An answer, if there is one, is appended to `out` and goes to the other side as one message.
 * Any error before READY ends the run: the state is LAB_ENDED. After READY an error leaves all as it was; lab_check() names
 * the check that refused. CLOSED: the run has ended. */
SOTTO_MUST_USE sotto_err lab_receive(struct lab *l, view message, sotto_buf *out,
                                     struct lab_event *ret_event);

/* Append one message each. NOT_NOW: before READY, or after leaving. TOO_LARGE: over LAB_TEXT_MAX. */
SOTTO_MUST_USE sotto_err lab_say(struct lab *l, view text, sotto_buf *out);
SOTTO_MUST_USE sotto_err lab_leave(struct lab *l, sotto_buf *out);

bool lab_is_ready(const struct lab *l);
/* In words, what refused the last message: "HMAC-SHA256 over IV and ciphertext"; "" if nothing did. Static memory. */
const char *lab_check(const struct lab *l);
/* SHA-256 of both hellos: equal on both sides unless somebody sits between them. From the second hello on. */
view lab_transcript(const struct lab *l);
/* The fingerprint of a side's signing key; empty for suites that don't sign, and before it is known. */
view lab_fingerprint(const struct lab *l, enum lab_role role);

/* Appends a new private signing key, as key files hold it. UNSUPPORTED: the suite does not sign. */
SOTTO_MUST_USE sotto_err lab_identity_make(const struct lab_suite *suite,
                                           const uint8_t seed[LAB_SEED], sotto_buf *out);
/* The fingerprint that the other side is told. Errors as lab_new(). */
SOTTO_MUST_USE sotto_err lab_identity_fingerprint(sotto_crypto *c, const struct lab_suite *suite,
                                                  view identity,
                                                  uint8_t ret_fingerprint[LAB_FINGERPRINT]);

#endif
