/* admin.h - what the admin's commands ask the core, over connections that were opened with CORE_OPEN_ADMIN: frames as in proto/proto.h,
 * of kinds that no client may send, in the process alone. An answer carries the id of its request: the kind named with it, or
 * PROTO_ERROR. Who is meant is said as in a look-up (proto/account.h); a name without '@' is one at this host.
 *
 * Each `read` parses a whole body (errors: as rd_end(), VALUE, TOO_LARGE; *ret untouched on an error), each `write` appends a whole
 * frame (NOMEM, VALUE, TOO_LARGE: out unchanged). Views borrow. */
#ifndef CORE_ADMIN_H
#define CORE_ADMIN_H

#include "base/secret.h"
#include "proto/account.h"

enum admin_kind {
    ADMIN_DONE = 0x7F00,   /* it was done: a sentence for people */
    ADMIN_STATUS = 0x7F01, /* {} -> ADMIN_STATUS_IS */
    ADMIN_STATUS_IS = 0x7F02,
    ADMIN_INVITE_CREATE = 0x7F03, /* -> ADMIN_INVITE_CREATED */
    ADMIN_INVITE_CREATED = 0x7F04,
    ADMIN_INVITE_LIST = 0x7F05, /* -> ADMIN_INVITES */
    ADMIN_INVITES = 0x7F06,
    ADMIN_INVITE_REVOKE = 0x7F07, /* -> ADMIN_DONE */
    ADMIN_USER_LIST = 0x7F08,     /* -> ADMIN_USERS */
    ADMIN_USERS = 0x7F09,
    ADMIN_USER_DISABLE = 0x7F0A, /* admin_user -> ADMIN_DONE */
    ADMIN_USER_ENABLE = 0x7F0B,  /* admin_user -> ADMIN_DONE */
    ADMIN_USER_DELETE = 0x7F0C,  /* admin_user -> ADMIN_DONE */
    ADMIN_USER_QUOTA = 0x7F0D,   /* admin_user -> ADMIN_DONE */
    ADMIN_DEVICE_LIST = 0x7F0E,  /* admin_user -> ADMIN_DEVICES */
    ADMIN_DEVICES = 0x7F0F,
    ADMIN_DEVICE_REVOKE = 0x7F10, /* admin_user -> ADMIN_DONE */
    ADMIN_MAIL_TAKE = 0x7F11,     /* {} -> ADMIN_MAIL */
    ADMIN_MAIL = 0x7F12,
    ADMIN_MAIL_DONE = 0x7F13,  /* -> ADMIN_DONE */
    ADMIN_USER_RENAME = 0x7F14 /* admin_user -> ADMIN_DONE */
};

#define ADMIN_PAGE       100 /* items in one answer at most */
#define ADMIN_SECRET_MAX 16  /* bytes */

/* struct { opaque text<V>; } done; */
SOTTO_MUST_USE sotto_err admin_done_read(view body, view *ret_text);
SOTTO_MUST_USE sotto_err admin_done_write(uint32_t request, view text, sotto_buf *out);

/* The frame of a request without fields: status, mail_take. */
SOTTO_MUST_USE sotto_err admin_plain_write(uint32_t request, enum admin_kind kind, sotto_buf *out);

/* struct { uint64 …; uint8 disk_full; uint8 registration_open; uint8 can_certify; } status_is; */
struct admin_status {
    uint64_t accounts, sessions, connections, rooms_open, mails_waiting, prekeys_low;
    bool disk_full, registration_open;
    bool can_certify; /* a key that signs account certificates is here */
};
SOTTO_MUST_USE sotto_err admin_status_is_read(view body, struct admin_status *ret_status);
SOTTO_MUST_USE sotto_err admin_status_is_write(uint32_t request, const struct admin_status *status,
                                               sotto_buf *out);

/* struct { uint8 how; uint32 uses; uint64 ttl_s; uint8 admin; opaque name<V>; opaque mail<V>; } invite_create;
 * how: LINK, or PASSWORD, which needs a name, a mail address or both. mail: the password goes there instead of into the answer. */
struct admin_invite_create {
    uint8_t how;    /* enum register_how */
    uint32_t uses;  /* LINK: at least 1; PASSWORD: 1 */
    uint64_t ttl_s; /* 0: a week for a link, limits.password_ms for a password */
    bool admin;     /* the account becomes an admin's */
    view name;      /* the invite is for this name alone; may be empty */
    view mail;      /* may be empty */
};
SOTTO_MUST_USE sotto_err admin_invite_create_read(view body,
                                                  struct admin_invite_create *ret_create);
SOTTO_MUST_USE sotto_err admin_invite_create_write(uint32_t request,
                                                   const struct admin_invite_create *create,
                                                   sotto_buf *out);

/* struct { uint8 how; opaque secret<V>; uint64 expires_s; opaque key<V>; opaque name<V>; } invite_created; */
struct admin_invite_created {
    uint8_t how;
    view
        secret; /* LINK: the 16 bytes of link_invite.secret; PASSWORD: 10 characters; empty: it goes by mail */
    uint64_t expires_s; /* 0: by mail, it begins when the mail is sent */
    view
        key; /* what revokes it: LINK: SHA-256 of the redeem token; PASSWORD: mail address or name */
    view name; /* whole: alice@HOST; empty: any */
};
SOTTO_MUST_USE sotto_err admin_invite_created_read(view body,
                                                   struct admin_invite_created *ret_created);
SOTTO_MUST_USE sotto_err admin_invite_created_write(uint32_t request,
                                                    const struct admin_invite_created *created,
                                                    sotto_buf *out);

#define ADMIN_MAILED \
    3 /* beside enum register_how, for invite_list: mails that wait, each with a password to come */

/* struct { uint8 how; opaque after<V>; } invite_list;  links (LINK), passwords (PASSWORD) or mails that wait (MAILED), from the one
 * behind this key; empty: the first */
struct admin_invite_key {
    uint8_t how;
    view key;
};
SOTTO_MUST_USE sotto_err admin_invite_list_read(view body, struct admin_invite_key *ret_after);
SOTTO_MUST_USE sotto_err admin_invite_list_write(uint32_t request,
                                                 const struct admin_invite_key *after,
                                                 sotto_buf *out);
/* The same fields: invite_revoke; LINK, or PASSWORD, which takes mails with it that wait. */
SOTTO_MUST_USE sotto_err admin_invite_revoke_read(view body, struct admin_invite_key *ret_key);
SOTTO_MUST_USE sotto_err admin_invite_revoke_write(uint32_t request,
                                                   const struct admin_invite_key *key,
                                                   sotto_buf *out);

/* struct { opaque key<V>; uint32 uses_left; uint32 uses; uint64 created_s; uint64 expires_s; uint8 admin; opaque name<V>;
 *          opaque inviter<V>; opaque mail<V>; } invite;  struct { uint8 more; invite invites<V>; } invites; */
struct admin_invite {
    view key; /* MAILED: the mail's number, 8 bytes */
    uint32_t uses_left,
        uses; /* PASSWORD: tries left, and 0; MAILED: 1, and how often it was tried */
    uint64_t created_s,
        expires_s; /* PASSWORD: 0, and when it is over; MAILED: when it is given up */
    bool admin;
    view name;    /* empty: any */
    view inviter; /* a member's name; empty: the server */
    view mail;    /* MAILED: where it goes; else empty */
};
void admin_invite_read(struct rd *r, struct admin_invite *out);
void admin_invite_write(struct wr *w, const struct admin_invite *invite);
struct admin_page { /* of any list */
    bool more;
    struct proto_list items;
};
SOTTO_MUST_USE sotto_err admin_invites_read(view body, struct admin_page *ret_page);
SOTTO_MUST_USE sotto_err admin_invites_write(uint32_t request, const struct admin_page *page,
                                             sotto_buf *out);

/* struct { uint64 after; } user_list;  from the account behind this number; 0: the first */
SOTTO_MUST_USE sotto_err admin_user_list_read(view body, uint64_t *ret_after);
SOTTO_MUST_USE sotto_err admin_user_list_write(uint32_t request, uint64_t after, sotto_buf *out);

/* struct { uint64 number; opaque account_id[32]; opaque name<V>; uint8 disabled; uint8 admin; uint64 created_s; uint64 blob_bytes;
 *          uint64 quota_bytes; uint32 devices; uint32 sessions; } user;  struct { uint8 more; user users<V>; } users; */
struct admin_account {
    uint64_t number;
    uint8_t account_id[X509_ACCOUNT_ID];
    view name;
    bool disabled, admin;
    uint64_t created_s, blob_bytes;
    uint64_t quota_bytes; /* the limit that holds */
    uint32_t devices;     /* that this server serves */
    uint32_t sessions;
};
void admin_account_read(struct rd *r, struct admin_account *out);
void admin_account_write(struct wr *w, const struct admin_account *account);
SOTTO_MUST_USE sotto_err admin_users_read(view body, struct admin_page *ret_page);
SOTTO_MUST_USE sotto_err admin_users_write(uint32_t request, const struct admin_page *page,
                                           sotto_buf *out);

/* struct { uint8 by; opaque what<V>; uint64 bytes; opaque device_id[16]; opaque name<V>; } admin_user;  user_disable, user_enable,
 * user_delete, user_quota, user_rename, device_list, device_revoke: fields that a kind does not use are 0, or empty */
struct admin_user {
    struct proto_wanted who;
    uint64_t bytes;                    /* user_quota; 0: as limits.account_bytes says */
    uint8_t device_id[X509_DEVICE_ID]; /* device_revoke */
    view name;                         /* user_rename */
};
SOTTO_MUST_USE sotto_err admin_user_read(view body, struct admin_user *ret_user);
SOTTO_MUST_USE sotto_err admin_user_write(uint32_t request, enum admin_kind kind,
                                          const struct admin_user *user, sotto_buf *out);

enum admin_device_state {
    ADMIN_DEVICE_ACTIVE = 1,
    ADMIN_DEVICE_REVOKED = 2, /* by its account */
    ADMIN_DEVICE_SHUT_OUT = 3 /* listed as active, but this server serves it no more */
};

/* struct { opaque device_id[16]; uint8 state; uint64 created_s; uint32 key_packages; uint8 last_resort; uint8 signed_in; } device;
 * struct { uint8 more; device devices<V>; } devices; */
struct admin_device {
    uint8_t device_id[X509_DEVICE_ID];
    uint8_t state;
    uint64_t created_s; /* 0: not served */
    uint32_t key_packages;
    bool last_resort, signed_in;
};
void admin_device_read(struct rd *r, struct admin_device *out);
void admin_device_write(struct wr *w, const struct admin_device *device);
SOTTO_MUST_USE sotto_err admin_devices_read(view body, struct admin_page *ret_page);
SOTTO_MUST_USE sotto_err admin_devices_write(uint32_t request, const struct admin_page *page,
                                             sotto_buf *out);

/* struct { uint64 number; opaque to<V>; opaque name<V>; opaque password<V>; uint64 expires_s; uint64 due_s; } mail;
 * One that is due is given out for ADMIN_MAIL_LEASE_S; then, unless mail_done has come, or if the server was
 * started anew meanwhile, again. Each time the password is a new one, drawn
 * just then: it is on no disk. */
#define ADMIN_MAIL_LEASE_S 300
struct admin_mail {
    uint64_t number; /* 0: none is due, and all but due_s is empty */
    view to, name;   /* name: the account's, whole; empty: any */
    view password;
    uint64_t expires_s; /* of the password */
    uint64_t due_s;     /* number 0: when to ask again; 0: there is none */
};
SOTTO_MUST_USE sotto_err admin_mail_read(view body, struct admin_mail *ret_mail);
SOTTO_MUST_USE sotto_err admin_mail_write(uint32_t request, const struct admin_mail *mail,
                                          sotto_buf *out);

enum admin_mail_result { MAIL_SENT = 1, MAIL_RETRY = 2, MAIL_REFUSED = 3 };

/* struct { uint64 number; uint8 result; } mail_done;  RETRY: later, with growing waits, for a day; REFUSED: never */
struct admin_mail_done {
    uint64_t number;
    uint8_t result;
};
SOTTO_MUST_USE sotto_err admin_mail_done_read(view body, struct admin_mail_done *ret_done);
SOTTO_MUST_USE sotto_err admin_mail_done_write(uint32_t request, const struct admin_mail_done *done,
                                               sotto_buf *out);

#endif
