/* account.h - the frames about accounts, devices, key packages and invites (docs/protocol.md). What lib/identity reads and writes
 * travels here as bytes. Errors of all readers and writers, and lists: as in proto.h. */
#ifndef PROTO_ACCOUNT_H
#define PROTO_ACCOUNT_H

#include "crypto/sign.h"
#include "crypto/x509.h"
#include "proto/proto.h"

#define ACCOUNT_SECRET_MAX    64   /* bytes of a redeem token or one-time password */
#define ACCOUNT_MAIL_MAX      318  /* bytes of a mail address or a name */
#define ACCOUNT_RECORD_MAX    4608 /* bytes of a genesis, rotation, account request or device list */
#define ACCOUNT_ROTATIONS_MAX 64
#define ACCOUNT_DEVICES_MAX   64
#define ACCOUNT_CHAIN_MAX     3 /* account, intermediate, root */
#define ACCOUNT_HASH          32
#define KEY_PACKAGE_MAX       8000 /* bytes: eight of them fit one frame */
#define KEY_PACKAGES_MAX      100  /* in one frame */
#define LOOKUP_MAX            1000 /* names or ids in one request */
#define INVITE_LIST_MAX       1000
#define PASSWORD_TEXT         10 /* characters of a one-time password: base32 */

/* struct { opaque account_id[32]; opaque device_id[16]; opaque public_key[32]; opaque signature[64]; } auth;
 * signature: auth_proof.h, under public_key. Refused with DENIED: one answer for whatever does not fit. */
struct proto_auth {
    uint8_t account_id[X509_ACCOUNT_ID];
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t public_key[ED25519_PUBLIC];
    uint8_t signature[ED25519_SIGNATURE];
};
SOTTO_MUST_USE sotto_err proto_auth_read(view body, struct proto_auth *ret_auth);
SOTTO_MUST_USE sotto_err proto_auth_write(uint32_t request, const struct proto_auth *auth,
                                          sotto_buf *out);

/* struct { uint64 highest_op; opaque inbox[16]; uint64 list_number; opaque list_hash[32]; uint32 key_packages; uint8 last_resort;
 *          uint64 time_s; uint32 sending_frames; } auth_ok; */
struct proto_auth_ok {
    uint64_t highest_op; /* of this device, so far */
    uint8_t inbox[16];   /* the stream's id */
    uint64_t list_number;
    uint8_t list_hash[ACCOUNT_HASH]; /* of the device list that the server has */
    uint32_t key_packages;
    bool last_resort;
    uint64_t time_s;         /* the server's time of day */
    uint32_t sending_frames; /* operations that may be unanswered */
};
SOTTO_MUST_USE sotto_err proto_auth_ok_read(view body, struct proto_auth_ok *ret_ok);
SOTTO_MUST_USE sotto_err proto_auth_ok_write(uint32_t request, const struct proto_auth_ok *ok,
                                             sotto_buf *out);

/* struct { opaque mail<V>; } password_request; */
SOTTO_MUST_USE sotto_err proto_password_request_read(view body, view *ret_mail);
SOTTO_MUST_USE sotto_err proto_password_request_write(uint32_t request, view mail, sotto_buf *out);

enum register_how { REGISTER_OPEN = 0, REGISTER_LINK = 1, REGISTER_PASSWORD = 2 };

/* struct { uint8 how; opaque secret<V>; opaque mail<V>; opaque genesis<V>; opaque request<V>; opaque device_list<V>;
 *          opaque certificate<V>; } register;
 * secret: LINK: the 32-byte redeem token; PASSWORD: 10 characters of base32; OPEN: empty. mail: PASSWORD: the mail address or name that
 * it was given out for; else empty. certificate: of the one device in the list. */
struct proto_register {
    uint8_t how;
    view secret, mail;
    view genesis, request, device_list, certificate;
};
SOTTO_MUST_USE sotto_err proto_register_read(view body, struct proto_register *ret_register);
SOTTO_MUST_USE sotto_err proto_register_write(uint32_t request, const struct proto_register *reg,
                                              sotto_buf *out);

/* struct { opaque chain<V><V>; } registered;  DER: account, intermediate if there is one, root */
struct proto_registered {
    view chain[ACCOUNT_CHAIN_MAX];
    size_t chain_count; /* 2 or 3 */
};
SOTTO_MUST_USE sotto_err proto_registered_read(view body, struct proto_registered *ret_registered);
SOTTO_MUST_USE sotto_err proto_registered_write(uint32_t request,
                                                const struct proto_registered *registered,
                                                sotto_buf *out);

/* struct { opaque request<V>; } renew; */
SOTTO_MUST_USE sotto_err proto_renew_read(view body, view *ret_request);
SOTTO_MUST_USE sotto_err proto_renew_write(uint32_t request, view account_request, sotto_buf *out);

/* struct { opaque rotation<V>; opaque device_list<V>; opaque certificates<V><V>; } rotate;
 * The list and the certificates of all its active devices are made under the new key. */
struct proto_rotate {
    view rotation, device_list;
    struct proto_list certificates; /* opaque<V> of at most X509_MAX */
};
SOTTO_MUST_USE sotto_err proto_rotate_read(view body, struct proto_rotate *ret_rotate);
SOTTO_MUST_USE sotto_err proto_rotate_write(uint32_t request, const struct proto_rotate *rotate,
                                            sotto_buf *out);

/* struct { opaque device_list<V>; opaque certificates<V><V>; } devices_put;  certificates: of devices new in it */
struct proto_devices_put {
    view device_list;
    struct proto_list certificates; /* opaque<V> of at most X509_MAX */
};
SOTTO_MUST_USE sotto_err proto_devices_put_read(view body, struct proto_devices_put *ret_put);
SOTTO_MUST_USE sotto_err proto_devices_put_write(uint32_t request,
                                                 const struct proto_devices_put *put,
                                                 sotto_buf *out);

enum lookup_by { LOOKUP_NAME = 1, LOOKUP_ID = 2 };

struct proto_wanted {
    uint8_t by;
    view what; /* a name, or the 32 bytes of an id */
};
void proto_wanted_read(struct rd *r, struct proto_wanted *out);
void proto_wanted_write(struct wr *w, const struct proto_wanted *wanted);

/* struct { uint8 by; opaque what<V>; } wanted;  struct { wanted wanted<V>; } lookup; */
SOTTO_MUST_USE sotto_err proto_lookup_read(view body, struct proto_list *ret_wanted);
SOTTO_MUST_USE sotto_err proto_lookup_write(uint32_t request, const struct proto_list *wanted,
                                            sotto_buf *out);

enum found_status { FOUND_NOBODY = 0, FOUND_ACCOUNT = 1 };

struct proto_found_account {
    uint16_t index; /* in the request */
    uint8_t status; /* NOBODY: the rest is empty */
    view name, genesis;
    struct proto_list rotations; /* opaque<V> of at most ACCOUNT_RECORD_MAX, n rising */
    view device_list;
    struct proto_list certificates; /* of devices: opaque<V> of at most X509_MAX */
    struct proto_list chain;        /* the same: account, intermediate if there is one, root */
};
void proto_found_account_read(struct rd *r, struct proto_found_account *out);
void proto_found_account_write(struct wr *w, const struct proto_found_account *account);

/* struct { uint16 index; uint8 status; opaque name<V>; opaque genesis<V>; opaque rotations<V><V>; opaque device_list<V>;
 *          opaque certificates<V><V>; opaque chain<V><V>; } found_account;
 * struct { uint8 more; found_account accounts<V>; } found;  more: another frame follows */
struct proto_found {
    bool more;
    struct proto_list accounts;
};
SOTTO_MUST_USE sotto_err proto_found_read(view body, struct proto_found *ret_found);
SOTTO_MUST_USE sotto_err proto_found_write(uint32_t request, const struct proto_found *found,
                                           sotto_buf *out);

/* struct { uint8 last_resort; opaque packages<V><V>; } key_packages_put;  last_resort: exactly one, in place of the one before */
struct proto_key_packages_put {
    bool last_resort;
    struct proto_list packages; /* opaque<V> of at most KEY_PACKAGE_MAX */
};
SOTTO_MUST_USE sotto_err proto_key_packages_put_read(view body,
                                                     struct proto_key_packages_put *ret_put);
SOTTO_MUST_USE sotto_err proto_key_packages_put_write(uint32_t request,
                                                      const struct proto_key_packages_put *put,
                                                      sotto_buf *out);

/* struct {} key_packages_count; */
SOTTO_MUST_USE sotto_err proto_key_packages_count_read(view body);
SOTTO_MUST_USE sotto_err proto_key_packages_count_write(uint32_t request, sotto_buf *out);

/* struct { uint32 count; uint8 last_resort; } key_packages; */
struct proto_key_packages {
    uint32_t count;
    bool last_resort;
};
SOTTO_MUST_USE sotto_err proto_key_packages_read(view body,
                                                 struct proto_key_packages *ret_packages);
SOTTO_MUST_USE sotto_err proto_key_packages_write(uint32_t request,
                                                  const struct proto_key_packages *packages,
                                                  sotto_buf *out);

/* struct { opaque account_id[32]; opaque devices<V>; } key_packages_claim;  devices: ids of 16 bytes each; empty: all active ones */
struct proto_key_packages_claim {
    uint8_t account_id[X509_ACCOUNT_ID];
    view devices;
};
SOTTO_MUST_USE sotto_err proto_key_packages_claim_read(view body,
                                                       struct proto_key_packages_claim *ret_claim);
SOTTO_MUST_USE sotto_err proto_key_packages_claim_write(
    uint32_t request, const struct proto_key_packages_claim *claim, sotto_buf *out);

enum claimed_status { CLAIMED_NONE = 0, CLAIMED_PACKAGE = 1, CLAIMED_LAST_RESORT = 2 };

struct proto_claimed_package {
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t status;
    view package; /* NONE: empty */
};
void proto_claimed_package_read(struct rd *r, struct proto_claimed_package *out);
void proto_claimed_package_write(struct wr *w, const struct proto_claimed_package *package);

/* struct { opaque device_id[16]; uint8 status; opaque package<V>; } claimed_package;  struct { claimed_package packages<V>; } claimed; */
SOTTO_MUST_USE sotto_err proto_claimed_read(view body, struct proto_list *ret_packages);
SOTTO_MUST_USE sotto_err proto_claimed_write(uint32_t request, const struct proto_list *packages,
                                             sotto_buf *out);

/* struct { opaque signature[64]; } account_remove; */
struct proto_account_remove {
    uint8_t signature[ED25519_SIGNATURE];
};
SOTTO_MUST_USE sotto_err proto_account_remove_read(view body,
                                                   struct proto_account_remove *ret_remove);
SOTTO_MUST_USE sotto_err proto_account_remove_write(uint32_t request,
                                                    const struct proto_account_remove *remove,
                                                    sotto_buf *out);
/* What the account key signs: struct { opaque label<V> = "sotto account remove"; uint8 version = 1; opaque server_pin[15];
 * opaque account_id[32]; opaque nonce[32]; }, nonce: hello_ok.nonce of this connection. Appends. */
SOTTO_MUST_USE sotto_err proto_account_remove_signed(const uint8_t server_pin[X509_PIN],
                                                     const uint8_t account_id[X509_ACCOUNT_ID],
                                                     const uint8_t nonce[HELLO_NONCE],
                                                     sotto_buf *out);

/* struct { opaque token_hash[32]; uint32 uses; uint32 ttl_s; uint8 kind; } invite_create;  kind: of the link (1 server, 2 contact, 3 group) */
struct proto_invite_create {
    uint8_t token_hash[ACCOUNT_HASH]; /* SHA-256 of the redeem token */
    uint32_t uses, ttl_s;             /* at least 1 */
    uint8_t kind;
};
SOTTO_MUST_USE sotto_err proto_invite_create_read(view body,
                                                  struct proto_invite_create *ret_create);
SOTTO_MUST_USE sotto_err proto_invite_create_write(uint32_t request,
                                                   const struct proto_invite_create *create,
                                                   sotto_buf *out);

/* struct { opaque token_hash[32]; } invite_revoke; */
struct proto_invite_revoke {
    uint8_t token_hash[ACCOUNT_HASH];
};
SOTTO_MUST_USE sotto_err proto_invite_revoke_read(view body,
                                                  struct proto_invite_revoke *ret_revoke);
SOTTO_MUST_USE sotto_err proto_invite_revoke_write(uint32_t request,
                                                   const struct proto_invite_revoke *revoke,
                                                   sotto_buf *out);

/* struct {} invites; */
SOTTO_MUST_USE sotto_err proto_invites_read(view body);
SOTTO_MUST_USE sotto_err proto_invites_write(uint32_t request, sotto_buf *out);

struct proto_invite {
    uint8_t token_hash[ACCOUNT_HASH];
    uint32_t uses_left, uses;
    uint64_t created_s, expires_s;
};
void proto_invite_read(struct rd *r, struct proto_invite *out);
void proto_invite_write(struct wr *w, const struct proto_invite *invite);

/* struct { opaque token_hash[32]; uint32 uses_left; uint32 uses; uint64 created_s; uint64 expires_s; } invite;
 * struct { invite invites<V>; } invite_list; */
SOTTO_MUST_USE sotto_err proto_invite_list_read(view body, struct proto_list *ret_invites);
SOTTO_MUST_USE sotto_err proto_invite_list_write(uint32_t request, const struct proto_list *invites,
                                                 sotto_buf *out);

#endif
