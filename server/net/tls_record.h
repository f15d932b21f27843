/* tls_record.h - the record layer of TLS 1.3 once the handshake is done (RFC 8446 5), for TLS_AES_128_GCM_SHA256 alone: bytes in, bytes
 * out, for either end. A connection costs sizeof(struct tls_record) = 140 bytes; cipher contexts are the handle's, shared by all.
 *
 * What comes after the handshake is data, alerts and KeyUpdate; everything else is refused with the alert that RFC 8446 names.
 * A KeyUpdate of ours goes out in front of the next data: when the other side asked for one (4.6.3), or when a key comes near
 * its limit (5.5).
 *
 * Time does not depend on what is inside a record but for its type and its length without padding, which the caller learns. */
#ifndef NET_TLS_RECORD_H
#define NET_TLS_RECORD_H

#include "base/base.h"
#include "crypto/aead.h"
#include "net/tls_secret.h"

#define TLS_RECORD_HEADER     5
#define TLS_RECORD_DATA_MAX   16384                              /* bytes of data in a record */
#define TLS_RECORD_OVERHEAD   (TLS_RECORD_HEADER + 1 + AEAD_TAG) /* bytes around them */
#define TLS_RECORD_MAX        (TLS_RECORD_HEADER + TLS_RECORD_DATA_MAX + 256) /* bytes of a whole record */
#define TLS_RECORD_KEY_UPDATE (TLS_RECORD_OVERHEAD + 5) /* bytes of one with a KeyUpdate */
#define TLS_RECORD_ALERT      (TLS_RECORD_OVERHEAD + 2) /* bytes of one with an alert */

/* Records under one key. AES-GCM is good for 2^24.5 (5.5); the key is changed long before. */
#define TLS_RECORD_UPDATE_AT (UINT32_C(1) << 23)
#define TLS_RECORD_LIMIT     UINT32_C(23726566)

/* Those that we send (RFC 8446 6). */
enum tls_alert {
    TLS_ALERT_CLOSE_NOTIFY = 0,
    TLS_ALERT_UNEXPECTED_MESSAGE = 10,
    TLS_ALERT_BAD_RECORD_MAC = 20,
    TLS_ALERT_RECORD_OVERFLOW = 22,
    TLS_ALERT_ILLEGAL_PARAMETER = 47,
    TLS_ALERT_DECODE_ERROR = 50,
    TLS_ALERT_INTERNAL_ERROR = 80
};

/* One direction: the traffic secret, the key and IV that were made from it, and how many records they have served. */
struct tls_record_side {
    struct tls_secret secret;
    uint8_t key[16];
    uint8_t iv[AEAD_NONCE];
    uint32_t sequence;
};

struct tls_record { /* private; {0} is unusable but can be cleared */
    struct tls_record_side in, out;
    uint8_t part[5]; /* of a KeyUpdate that came in pieces */
    uint8_t part_len;
    uint8_t idle; /* records in a row that brought no data */
    bool owes;    /* the other side asked for a KeyUpdate */
    bool asked;   /* we have asked, and its key is still the old one */
    bool ended;   /* our last alert is out */
};

/* From the two application traffic secrets, which may lie in it; nothing was sent under them yet. CRYPTO. */
SOTTO_MUST_USE sotto_err tls_record_init(struct tls_record *r, sotto_crypto *c,
                                         const struct tls_secret *in, const struct tls_secret *out);
/* Wipes. */
void tls_record_clear(struct tls_record *r);

enum tls_record_event {
    TLS_RECORD_PART,    /* it isn't whole yet */
    TLS_RECORD_DATA,    /* data, at least one byte */
    TLS_RECORD_TAKEN,   /* nothing for the caller */
    TLS_RECORD_ENDED,   /* close_notify: the other side sends nothing more */
    TLS_RECORD_ALERTED, /* the other side has given up; say nothing more */
    TLS_RECORD_REFUSED  /* against the rules: send the alert, then give up */
};

struct tls_record_opened {
    size_t len;    /* of the record: taken, or (PART) needed, as far as one can tell */
    view data;     /* DATA: where the record was */
    uint8_t alert; /* ALERTED, REFUSED */
};

/* Opens the record at the front of `bytes`, in place. PART leaves them alone. After ENDED, ALERTED and REFUSED don't call again. */
enum tls_record_event tls_record_open(struct tls_record *r, sotto_crypto *c, uint8_t *bytes,
                                      size_t len, struct tls_record_opened *ret_opened);

/* Seals data, at most TLS_RECORD_DATA_MAX bytes that don't lie in ret_out, with a KeyUpdate in front if one is due: writes at most
 * TLS_RECORD_KEY_UPDATE + data.len + TLS_RECORD_OVERHEAD bytes. FULL: the key has served too long. CLOSED: an alert was sealed.
 * CRYPTO. On an error the connection can't go on. */
SOTTO_MUST_USE sotto_err tls_record_seal(struct tls_record *r, sotto_crypto *c, view data,
                                         uint8_t *ret_out, size_t *ret_len);
/* A KeyUpdate, which may ask for one of the other side: TLS_RECORD_KEY_UPDATE bytes. Errors as above. */
SOTTO_MUST_USE sotto_err tls_record_seal_update(struct tls_record *r, sotto_crypto *c, bool ask,
                                                uint8_t ret_out[TLS_RECORD_KEY_UPDATE]);
/* The last of what we send: TLS_RECORD_ALERT bytes. Errors as above. */
SOTTO_MUST_USE sotto_err tls_record_seal_alert(struct tls_record *r, sotto_crypto *c,
                                               enum tls_alert alert,
                                               uint8_t ret_out[TLS_RECORD_ALERT]);

#endif
