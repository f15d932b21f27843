/* directory.h - who has an account here, and with which devices. Private to server/core.
 *
 *   account   a row of the store; in memory while a device of it is signed in, or while one step works with it
 *   device    the same; its session is the one connection that is signed in as it. Only active devices have rows: one that was revoked,
 *             by its list or by the admin, is as if it had never been here
 *   invite    what lets somebody register: the hash of a link's redeem token
 *   password  the same, typed by hand: for a mail address or a name
 *
 * What is in memory is a copy of what the store says within the running transaction: each change is written at once, apart from what
 * belongs to streams (stream.h). core_rollback() throws all of it away. What nobody needs any more stays until
 * the next step begins, so that what a step was given is there until it ends. */
#ifndef CORE_DIRECTORY_H
#define CORE_DIRECTORY_H

#include "base/map.h"
#include "core/list.h"
#include "core/stream.h"
#include "identity/identity.h"
#include "proto/account.h"

struct step;
struct connection;
struct core;
struct core_binding;
struct proto_register;

#define ACCOUNT_TTL_S INT64_C(15552000) /* 180 days: how long an account certificate lives */
#define PREKEYS_LOW   10                /* key packages; a device that has fewer counts as low */

struct account {
    uint64_t number; /* from 1 */
    struct account_key key;
    uint64_t list_number; /* of the newest device list */
    uint8_t list_hash[IDENTITY_HASH];
    uint64_t blob_bytes;  /* what it stores */
    uint64_t quota_bytes; /* 0: limits.account_bytes */
    bool disabled, admin;
    uint32_t devices;  /* in memory: it stays while there are some */
    uint32_t sessions; /* of them signed in */
    struct link loose; /* in directory.loose_accounts while there are none */
};

struct device {
    uint64_t number; /* from 1 */
    struct account *account;
    uint8_t id[DEVICE_ID];
    uint8_t public_key[ED25519_PUBLIC];
    uint64_t package_first, package_next; /* its key packages have these numbers */
    bool last_resort;                     /* it has that one, too */
    bool gone;                            /* removed in this step */
    struct connection *session;           /* NULL: nobody */
    struct device_streams streams;
    struct link loose; /* in directory.loose_devices: goes, unless somebody needs it by then */
};

/* A row of its own, written with each change. */
struct directory_counts {
    uint64_t next_account, next_device, next_mail; /* numbers */
    uint64_t accounts, mails;                      /* how many there are */
    uint64_t prekeys_low;                          /* accounts of which a device is low */
    uint64_t blobs, blob_bytes;
};

struct directory {
    struct map accounts, devices; /* by number: those in memory */
    struct list loose_accounts, loose_devices;
    struct directory_counts counts;
};

/* --- directory.c --- */

/* Reads the counters. Errors of the store. */
SOTTO_MUST_USE sotto_err directory_open(struct step *s);
/* Writes directory.counts. */
SOTTO_MUST_USE sotto_err directory_save(struct step *s);

/* All errors of the store; NOTFOUND: no such account or device. What they give stays valid for the step; a session's device as
 * long as it is signed in. */
SOTTO_MUST_USE sotto_err account_get(struct step *s, uint64_t number, struct account **ret_account);
SOTTO_MUST_USE sotto_err account_find(struct step *s, const uint8_t id[ACCOUNT_ID],
                                      struct account **ret_account);
SOTTO_MUST_USE sotto_err device_get(struct step *s, uint64_t number, struct device **ret_device);
/* Only devices that are listed as active, of accounts that are not disabled. */
SOTTO_MUST_USE sotto_err device_find(struct step *s, const uint8_t account_id[ACCOUNT_ID],
                                     const uint8_t device_id[DEVICE_ID],
                                     struct device **ret_device);
/* The same within an account, disabled or not. */
SOTTO_MUST_USE sotto_err device_find_of(struct step *s, struct account *account,
                                        const uint8_t device_id[DEVICE_ID],
                                        struct device **ret_device);
/* The devices of an account by id: the first, or the one behind `id`, which is set to the one that was found. NOTFOUND at the end. */
SOTTO_MUST_USE sotto_err device_next(struct step *s, const struct account *account,
                                     uint8_t id[DEVICE_ID], bool first, struct device **ret_device);
/* The same without bringing it into memory. */
SOTTO_MUST_USE sotto_err device_number_next(struct step *s, uint64_t account, uint8_t id[DEVICE_ID],
                                            bool first, uint64_t *ret_number);
/* Its session, if there is one, has ended: it leaves memory when the next step begins. */
void device_release(struct core *core, struct device *device);
/* Lets go of what nobody needs: between steps. */
void directory_trim(struct core *core);
/* Lets go of everything that is in memory. */
void directory_clear(struct core *core);

/* Ends the device's session, if there is one: bye with this reason and sentence. NOMEM. */
SOTTO_MUST_USE sotto_err device_sign_out(struct step *s, struct device *device, sotto_err reason,
                                         const char *why);
/* Ends all that a device had: session, subscriptions, inbox, key packages. For revocation and removal. */
SOTTO_MUST_USE sotto_err device_remove(struct step *s, struct device *device, const char *why);

/* --- account.c: the rows of accounts; docs/store.md --- */

#define ACCOUNT_DISABLED 1 /* flags */
#define ACCOUNT_ADMIN    2

struct account_row {
    struct account_key key;
    uint64_t list_number;
    uint8_t list_hash[IDENTITY_HASH];
    uint8_t flags;
    uint64_t created_s;
    uint64_t invited_by; /* account; 0: the server */
    uint64_t blob_bytes, quota_bytes;
    uint8_t redeemed[IDENTITY_HASH]; /* what let it in: a hash of how, secret and mail */
    view genesis, name, list, certificate;
};
SOTTO_MUST_USE sotto_err account_row_read(view bytes, struct account_row *ret_row);
SOTTO_MUST_USE sotto_err account_row_write(const struct account_row *row, sotto_buf *out);
/* The row, whose views borrow from `bytes`. */
SOTTO_MUST_USE sotto_err account_load(struct step *s, uint64_t number, sotto_buf *bytes,
                                      struct account_row *ret_row);
/* Writes the row; the copy in memory follows. */
SOTTO_MUST_USE sotto_err account_save(struct step *s, uint64_t number,
                                      const struct account_row *row);
/* The copy in memory follows a row that was written. */
void account_refresh(struct core *core, uint64_t number, const struct account_row *row);
/* Writes what changed in memory: blob_bytes, quota_bytes, disabled, admin. */
SOTTO_MUST_USE sotto_err account_update(struct step *s, const struct account *account);
/* A new account, with its names: sets its number. */
SOTTO_MUST_USE sotto_err account_add(struct step *s, const struct account_row *row,
                                     uint64_t *ret_number);
/* Everything of it goes; its sessions hear `why`. */
SOTTO_MUST_USE sotto_err account_erase(struct step *s, struct account *account, const char *why);
/* A certificate for this name, appended to `out`. NOT_NOW: no key here may sign it. */
SOTTO_MUST_USE sotto_err account_certify(struct step *s, const struct account_key *key, view name,
                                         sotto_buf *out);
/* 0: nobody has this name. */
SOTTO_MUST_USE sotto_err account_by_name(struct step *s, view name, uint64_t *ret_number);
/* It has this name from now on; that its certificate says so has to be asked for by its owner. */
SOTTO_MUST_USE sotto_err account_rename(struct step *s, uint64_t number, view name);

/* --- issuer.c: what made the certificates of accounts --- */

struct chain { /* account, intermediate if there is one, root: DER */
    view list[ACCOUNT_CHAIN_MAX];
    size_t count;
};
/* The one that makes them now is remembered, unless it has ended; gives when it does. */
SOTTO_MUST_USE sotto_err issuer_keep(struct step *s, int64_t now_s, int64_t *ret_not_after_s);
/* The certificates above this account's. They borrow from it, from `above` and from the configuration. One whose intermediate has
 * ended gets none: it has ended, too. */
SOTTO_MUST_USE sotto_err issuer_chain(struct step *s, view certificate, sotto_buf *above,
                                      struct chain *ret_chain);

/* --- device.c: the rows of devices --- */

struct device_row {
    uint64_t account;
    uint8_t id[DEVICE_ID];
    uint8_t public_key[ED25519_PUBLIC];
    uint64_t created_s;
    uint64_t package_first, package_next;
    bool last_resort;
    uint8_t put_hash[IDENTITY_HASH]; /* of the request that brought the newest; zeros: none did */
    view certificate;
};
SOTTO_MUST_USE sotto_err device_row_read(view bytes, struct device_row *ret_row);
SOTTO_MUST_USE sotto_err device_row_write(const struct device_row *row, sotto_buf *out);
SOTTO_MUST_USE sotto_err device_load(struct step *s, uint64_t number, sotto_buf *bytes,
                                     struct device_row *ret_row);
/* A new device of this account, with an inbox; draws from s->rng. */
SOTTO_MUST_USE sotto_err device_add(struct step *s, uint64_t account, const struct x509 *device,
                                    view certificate);
SOTTO_MUST_USE sotto_err device_certify(struct step *s, const struct device *device,
                                        view certificate);
/* The row's put_hash. */
SOTTO_MUST_USE sotto_err device_put_hash(struct step *s, const struct device *device,
                                         uint8_t ret_hash[IDENTITY_HASH]);
/* Writes package_first, package_next and last_resort, and put_hash unless it is NULL; keeps count of accounts that are low. */
SOTTO_MUST_USE sotto_err device_set_packages(struct step *s, struct device *device, uint64_t first,
                                             uint64_t next, bool last_resort,
                                             const uint8_t *put_hash);
/* Deletes all its key packages and its rows. */
SOTTO_MUST_USE sotto_err device_erase(struct step *s, struct device *device);

/* --- registration.c: what proves itself of a register frame --- */

struct registration {
    struct genesis genesis;
    struct account_key key;
    struct account_request request;
    struct device_list list;
    struct x509 device;
};
/* Reads it all and looks whether it fits together. VALUE. */
SOTTO_MUST_USE sotto_err registration_read(sotto_crypto *c, const struct proto_register *reg,
                                           struct registration *ret_registration);
/* The signatures, and that it was made for this connection. SIGNATURE, PIN, CERTIFICATE. */
SOTTO_MUST_USE sotto_err registration_verify(sotto_crypto *c, const struct registration *r,
                                             view certificate, const struct core_binding *binding);
/* An account request by itself. */
SOTTO_MUST_USE sotto_err account_request_check(sotto_crypto *c,
                                               const struct account_request *request,
                                               const struct core_binding *binding);

/* --- invite.c --- */

#define INVITE_ADMIN 1 /* flag: the account becomes an admin's */

struct invite_row {
    uint64_t account; /* whose; 0: the server's */
    uint8_t kind;     /* enum link_kind */
    uint8_t flags;
    uint32_t uses_left, uses;
    uint64_t created_s, expires_s;
    view name; /* for this name alone; empty: any */
};
SOTTO_MUST_USE sotto_err invite_row_read(view bytes, struct invite_row *ret_row);
SOTTO_MUST_USE sotto_err invite_row_write(const struct invite_row *row, sotto_buf *out);
/* NOTFOUND. Views borrow from `bytes`. */
SOTTO_MUST_USE sotto_err invite_load(struct step *s, const uint8_t token_hash[IDENTITY_HASH],
                                     sotto_buf *bytes, struct invite_row *ret_row);
SOTTO_MUST_USE sotto_err invite_save(struct step *s, const uint8_t token_hash[IDENTITY_HASH],
                                     const struct invite_row *row);
SOTTO_MUST_USE sotto_err invite_delete(struct step *s, uint64_t account,
                                       const uint8_t token_hash[IDENTITY_HASH]);
/* The invites of an account by hash, beginning behind the one in token_hash (zeros: with the first). NOTFOUND at the end. */
SOTTO_MUST_USE sotto_err invite_next(struct step *s, uint64_t account,
                                     uint8_t token_hash[IDENTITY_HASH], sotto_buf *bytes,
                                     struct invite_row *ret_row);
/* Deletes those that are expired; says how many are left that are not used up. */
SOTTO_MUST_USE sotto_err invites_sweep(struct step *s, uint64_t account, uint64_t *ret_open);

/* --- password.c: one-time passwords --- */

struct password_row {
    uint8_t salt[16];
    uint8_t hash[IDENTITY_HASH];
    uint8_t tries_left;
    uint8_t flags; /* as an invite's */
    uint64_t expires_s;
    view name; /* for this name alone; empty: any */
};
SOTTO_MUST_USE sotto_err password_row_read(view bytes, struct password_row *ret_row);
SOTTO_MUST_USE sotto_err password_row_write(const struct password_row *row, sotto_buf *out);

/* What to give out a password for. */
struct password_for {
    view key;  /* mail address or name, in lower case */
    view name; /* for this name alone; empty: any */
    uint8_t flags;
    uint64_t ttl_s; /* 0: limits.password_ms */
};
/* Draws one, stores its hash in place of the one before, and gives it: a secret of PASSWORD_TEXT characters. */
SOTTO_MUST_USE sotto_err password_make(struct step *s, const struct password_for *what,
                                       struct secret *ret_password, uint64_t *ret_expires_s);
/* INVITE: not this one, or its time or tries are over; a wrong try is written. Views borrow from `bytes`. */
SOTTO_MUST_USE sotto_err password_check(struct step *s, view key, view password, sotto_buf *bytes,
                                        struct password_row *ret_row);
SOTTO_MUST_USE sotto_err password_delete(struct step *s, view key);

/* --- mail.c: mails with a one-time password that wait to be sent --- */

#define MAIL_LIFE_S 86400 /* after a day nobody waits for it any more */

struct mail_row {
    uint64_t created_s, due_s;
    uint64_t taken_by; /* the run of the server that gave it out to be sent; 0: none */
    uint32_t tries;
    uint8_t flags;  /* of the password, as an invite's */
    uint64_t ttl_s; /* of the password; 0: limits.password_ms */
    view to;        /* in lower case */
    view name;      /* as in a password's row */
};
SOTTO_MUST_USE sotto_err mail_row_read(view bytes, struct mail_row *ret_row);
SOTTO_MUST_USE sotto_err mail_row_write(const struct mail_row *row, sotto_buf *out);
/* A mail to be sent from now on; sets its times. FULL. */
SOTTO_MUST_USE sotto_err mail_put(struct step *s, const struct mail_row *row);
/* One that is due, leased; its views borrow from `bytes`. NOTFOUND: none is; *ret_due_s: when the next one is, or 0. */
SOTTO_MUST_USE sotto_err mail_take(struct step *s, sotto_buf *bytes, uint64_t *ret_number,
                                   struct mail_row *ret_row, uint64_t *ret_due_s);
/* It was sent or never will be, or it has to be tried again. NOTFOUND. */
SOTTO_MUST_USE sotto_err mail_finish(struct step *s, uint64_t number, bool again);
/* Deletes those to this address: how many, and whether one of them is being sent at this moment. */
SOTTO_MUST_USE sotto_err mail_revoke(struct step *s, view to, size_t *ret_count, bool *ret_out);

#endif
