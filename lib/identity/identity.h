/* identity.h - who somebody is: a key, with a name as a hint. An account is named by the hash of its genesis record; rotations replace
 * its key without changing that id; a device list, signed by the account key, says which devices speak for it. Genesis, rotations and
 * list together are the identity statement that each leaf of a conversation carries. Byte formats: docs/protocol.md, "Identity".
 *
 * Everything is signed with Ed25519 under the strict rule of sign.h, and each signed or hashed structure begins with a label and a
 * version. No clock: the caller passes seconds since 1970. Each `read` parses exactly one structure (errors: as rd_end(), VALUE,
 * VERSION, TOO_LARGE; *ret untouched on an error); each `write` appends to `out` (NOMEM, VALUE, TOO_LARGE: out unchanged). Views borrow. */
#ifndef IDENTITY_IDENTITY_H
#define IDENTITY_IDENTITY_H

#include "base/buf.h"
#include "base/rd.h"
#include "base/secret.h"
#include "base/wr.h"
#include "crypto/crypto.h"
#include "crypto/sign.h"
#include "crypto/x509.h"

#define ACCOUNT_ID        X509_ACCOUNT_ID /* 32 bytes */
#define DEVICE_ID         X509_DEVICE_ID  /* 16 bytes */
#define IDENTITY_HASH     32              /* bytes: SHA-256 */
#define ROTATIONS_MAX     64              /* of one account, ever: a statement carries all */
#define DEVICES_MAX       64              /* in one list, revoked ones included */
#define DEVICE_LIST_MAX   (256 + DEVICES_MAX * 64) /* bytes of a signed list */
#define STATEMENT_MAX     18432                    /* bytes: all that the three above allow */
#define DEVICE_LIST_TTL_S INT64_C(2592000)         /* 30 days: then a list is stale */

/* --- genesis.c --- */

#define IDENTITY_ED25519 1 /* the only algorithm so far */

/* struct { opaque label<V> = "sotto genesis"; uint8 version = 1; uint8 algorithm = 1; opaque account_key[32];
 *          opaque recovery_hash[32]; } genesis; */
struct genesis {
    uint8_t account_key[ED25519_PUBLIC];
    uint8_t recovery_hash[IDENTITY_HASH]; /* SHA-256 of the recovery key's public half */
};
SOTTO_MUST_USE sotto_err genesis_read(view bytes, struct genesis *ret_genesis);
SOTTO_MUST_USE sotto_err genesis_write(const struct genesis *genesis, sotto_buf *out);
/* SHA-256 of the record: the account's id, for ever. */
SOTTO_MUST_USE sotto_err genesis_id(sotto_crypto *c, const struct genesis *genesis,
                                    uint8_t ret_account_id[ACCOUNT_ID]);

/* --- rotation.c --- */

/* struct { opaque label<V> = "sotto rotation"; uint8 version = 1; opaque account_id[32]; uint32 n; opaque account_key[32];
 *          opaque recovery_key[32]; opaque next_recovery_hash[32]; opaque signature[64]; } rotation;
 * signature: by recovery_key over all before it. n counts from 1 to ROTATIONS_MAX. */
struct rotation {
    uint8_t account_id[ACCOUNT_ID];
    uint32_t n;
    uint8_t account_key[ED25519_PUBLIC]; /* the new one */
    uint8_t
        recovery_key[ED25519_PUBLIC]; /* revealed; the one whose hash the record before carries */
    uint8_t next_recovery_hash[IDENTITY_HASH];
    uint8_t signature[ED25519_SIGNATURE];
};
SOTTO_MUST_USE sotto_err rotation_read(view bytes, struct rotation *ret_rotation);
SOTTO_MUST_USE sotto_err rotation_write(const struct rotation *rotation, sotto_buf *out);
/* Signs it with the recovery key; sets recovery_key and signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err rotation_sign(sotto_crypto *c, const sotto_sign_key *recovery_key,
                                       struct rotation *rotation);
/* Whether it follows: right account, n is `n_before` + 1, recovery_key hashes to `recovery_hash`, signature. SIGNATURE, CONFLICT (n),
 * KEY: the new account key is none. */
SOTTO_MUST_USE sotto_err rotation_verify(sotto_crypto *c, const struct rotation *rotation,
                                         const uint8_t account_id[ACCOUNT_ID], uint32_t n_before,
                                         const uint8_t recovery_hash[IDENTITY_HASH]);

/* --- account_key.c: genesis and all rotations, applied in order --- */

struct account_key {
    uint8_t account_id[ACCOUNT_ID];
    uint8_t key[ED25519_PUBLIC]; /* the one in force */
    uint8_t recovery_hash[IDENTITY_HASH];
    uint32_t n; /* rotations so far */
};
/* KEY: the account key is none. */
SOTTO_MUST_USE sotto_err account_key_begin(sotto_crypto *c, const struct genesis *genesis,
                                           struct account_key *ret_key);
/* Applies one rotation. As rotation_verify(); unchanged on an error. */
SOTTO_MUST_USE sotto_err account_key_rotate(sotto_crypto *c, const struct rotation *rotation,
                                            struct account_key *key);

/* --- device_list.c --- */

enum device_state { DEVICE_ACTIVE = 1, DEVICE_REVOKED = 2 };

struct listed_device {
    uint8_t id[DEVICE_ID];
    uint8_t key_hash[IDENTITY_HASH]; /* SHA-256 of the device's 32-byte signature key */
    uint8_t state;                   /* enum device_state */
};

/* struct { opaque id[16]; opaque key_hash[32]; uint8 state; } listed_device;
 * struct { opaque label<V> = "sotto devices"; uint8 version = 1; opaque account_id[32]; uint32 rotation; uint64 number;
 *          opaque previous_hash[32]; uint64 issued_s; uint64 expires_s; listed_device devices<V>; opaque signature[64]; } device_list;
 * number: the list's version, from 1. previous_hash: SHA-256 of the whole list before, zeros for the first. expires_s: issued_s + 30 days.
 * rotation: how many rotations the signing account key had. Devices in rising order of id, each once. A revoked one stays listed.
 * All of this is VALUE where it does not hold, for reading, writing and signing. */
struct device_list {
    uint8_t account_id[ACCOUNT_ID];
    uint32_t rotation;
    uint64_t number;
    uint8_t previous_hash[IDENTITY_HASH];
    int64_t issued_s, expires_s;
    struct listed_device devices[DEVICES_MAX];
    size_t device_count; /* at least 1 */
    uint8_t signature[ED25519_SIGNATURE];
};
SOTTO_MUST_USE sotto_err device_list_read(view bytes, struct device_list *ret_list);
SOTTO_MUST_USE sotto_err device_list_write(const struct device_list *list, sotto_buf *out);
/* Signs with the account key; sets signature. */
SOTTO_MUST_USE sotto_err device_list_sign(sotto_crypto *c, const sotto_sign_key *account_key,
                                          struct device_list *list);
/* Account, rotation and signature against the key in force. SIGNATURE; CONFLICT: made under another rotation. Asks no clock. */
SOTTO_MUST_USE sotto_err device_list_verify(sotto_crypto *c, const struct device_list *list,
                                            const struct account_key *key);
/* Whether `next` may follow `before`: same account, no lower rotation, number + 1, the hash of `before`'s bytes, issued no earlier
 * (else CONFLICT); no listed device gone, none with another key, none active again that was revoked (else DENIED). */
SOTTO_MUST_USE sotto_err device_list_follows(sotto_crypto *c, const struct device_list *next,
                                             const struct device_list *before);
/* NULL: not listed. */
const struct listed_device *device_list_find(const struct device_list *list,
                                             const uint8_t device_id[DEVICE_ID]);
/* SHA-256 of the list as written. */
SOTTO_MUST_USE sotto_err device_list_hash(sotto_crypto *c, const struct device_list *list,
                                          uint8_t ret_hash[IDENTITY_HASH]);

/* --- statement.c: the identity statement of a leaf --- */

/* struct { opaque label<V> = "sotto identity"; uint8 version = 1; opaque genesis<V>; opaque rotations<V><V>; opaque device_list<V>; } */
struct statement {
    struct genesis genesis;
    struct rotation rotations[ROTATIONS_MAX];
    size_t rotation_count;
    struct device_list list;
};
/* A struct statement is large (about 16 KiB): keep it off the stack. Reading needs as much once more: NOMEM. */
SOTTO_MUST_USE sotto_err statement_read(view bytes, struct statement *ret_statement);
SOTTO_MUST_USE sotto_err statement_write(const struct statement *statement, sotto_buf *out);
/* All of it: rotations in order, the list under the key in force. Gives that key. SIGNATURE, CONFLICT, KEY. */
SOTTO_MUST_USE sotto_err statement_verify(sotto_crypto *c, const struct statement *statement,
                                          struct account_key *ret_key);
enum statement_order {
    STATEMENT_LOWER = -1,
    STATEMENT_SAME = 0,
    STATEMENT_HIGHER = 1,
    STATEMENT_FORKED = 2
};
/* a against b, both verified and of one account: by rotations, then by list number. FORKED: the same place, but not the same bytes. */
enum statement_order statement_compare(const struct statement *a, const struct statement *b);
/* Whether the leaf of a device belongs: its certificate (x509_verify_device) under `key`, listed as active in `list` with this key.
 * `key` is what statement_verify() gave. The rest of the leaf, its signature key first, is the caller's to compare with *ret_device,
 * whose views borrow from the certificate. CERTIFICATE: not a certificate of this account, or listed with another key; NOTFOUND: not
 * listed; DENIED: revoked; KEY: no signature key. */
SOTTO_MUST_USE sotto_err statement_check_device(sotto_crypto *c, const struct statement *statement,
                                                const struct account_key *key,
                                                view device_certificate, struct x509 *ret_device);

/* --- account_request.c: what an account key signs to get its name vouched for --- */

#define REQUEST_NONCE 32 /* bytes */

/* struct { opaque label<V> = "sotto account request"; uint8 version = 1; opaque account_id[32]; opaque account_key[32];
 *          opaque name<V>; opaque server_pin[15]; opaque nonce[32]; opaque signature[64]; } account_request;
 * nonce: hello_ok.nonce of the connection that it is sent on. signature: by account_key. */
struct account_request {
    uint8_t account_id[ACCOUNT_ID];
    uint8_t account_key[ED25519_PUBLIC];
    view name; /* local@host, as x509_name_valid() */
    uint8_t server_pin[X509_PIN];
    uint8_t nonce[REQUEST_NONCE];
    uint8_t signature[ED25519_SIGNATURE];
};
SOTTO_MUST_USE sotto_err account_request_read(view bytes, struct account_request *ret_request);
SOTTO_MUST_USE sotto_err account_request_write(const struct account_request *request,
                                               sotto_buf *out);
/* Sets account_key and signature. USAGE: not an Ed25519 key. */
SOTTO_MUST_USE sotto_err account_request_sign(sotto_crypto *c, const sotto_sign_key *account_key,
                                              struct account_request *request);
/* The signature alone: whether name, pin, nonce and account are the right ones is the caller's to ask. SIGNATURE. */
SOTTO_MUST_USE sotto_err account_request_verify(sotto_crypto *c,
                                                const struct account_request *request);

/* --- link.c: an invite (https://HOST[:PORT]/i#…) --- */

#define LINK_SECRET 16 /* bytes */
#define LINK_FINGERPRINT \
    16 /* bytes: the first of the inviter's account id; zeros: the server itself invites */
#define LINK_TOKEN    32  /* bytes: HKDF of the secret; the server keeps its SHA-256 */
#define LINK_PROOF    32  /* bytes of an HMAC-SHA256 */
#define LINK_TEXT_MAX 512 /* bytes of a link as text */

enum link_kind {
    LINK_SERVER = 1,
    LINK_CONTACT = 2,
    LINK_GROUP = 3
}; /* 4 bits; the version, 1, is the other 4 of the first byte */

struct link_invite {
    enum link_kind kind;
    struct secret secret; /* 16 bytes */
    uint8_t inviter[LINK_FINGERPRINT];
    uint8_t pin[X509_PIN];
    char host[X509_HOST_MAX + 1];
    uint16_t port; /* 5000 when the text has none */
};
void link_invite_clear(struct link_invite *link);
/* Text with surrounding white space. VALUE: not an invite; VERSION: one from the future. */
SOTTO_MUST_USE sotto_err link_read(view text, struct link_invite *ret_link);
/* A NUL-ended text, which is a secret: the caller wipes it. */
SOTTO_MUST_USE sotto_err link_write(const struct link_invite *link, char ret_text[LINK_TEXT_MAX]);
/* What the server is shown, and what only the two clients know (HKDF-SHA256, labels "sotto redeem 1", "sotto proof 1"). */
SOTTO_MUST_USE sotto_err link_redeem_token(sotto_crypto *c, const struct secret *secret,
                                           struct secret *ret_token);
SOTTO_MUST_USE sotto_err link_proof_key(sotto_crypto *c, const struct secret *secret,
                                        struct secret *ret_key);
/* HMAC-SHA256(proof key, label "sotto link proof 1" | joiner id | inviter id). */
SOTTO_MUST_USE sotto_err link_prove(sotto_crypto *c, const struct secret *proof_key,
                                    const uint8_t joiner[ACCOUNT_ID],
                                    const uint8_t inviter[ACCOUNT_ID],
                                    uint8_t ret_proof[LINK_PROOF]);
SOTTO_MUST_USE sotto_err link_check_proof(sotto_crypto *c, const struct secret *proof_key,
                                          const uint8_t joiner[ACCOUNT_ID],
                                          const uint8_t inviter[ACCOUNT_ID], view proof); /* MAC */

/* --- safety_number.c --- */

#define SAFETY_NUMBER_TEXT (60 + 11 + 1) /* twelve groups of five digits, spaces between, NUL */

/* The same for both sides: each half is 5,200 rounds of SHA-512 over one account id, the halves in rising order. */
SOTTO_MUST_USE sotto_err safety_number(sotto_crypto *c, const uint8_t ours[ACCOUNT_ID],
                                       const uint8_t theirs[ACCOUNT_ID],
                                       char ret_text[SAFETY_NUMBER_TEXT]);

#endif
