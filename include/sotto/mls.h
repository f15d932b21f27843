/* mls.h - Messaging Layer Security: groups of clients whose members agree on keys (RFC 9420; draft-ietf-mls-extensions).
 *
 * A *client* signs with a key and shows a credential. It publishes *KeyPackages*; whoever has one can add it to a *group*. A
 * group moves from epoch to epoch: members propose changes, one of them commits to some, and everybody who processes that commit
 * is in the next epoch. In each epoch members send messages that only members can read.
 *
 * Every call is a pure step: bytes in, bytes out, the caller's clock and seed. What a call needs stands in a `sotto_mls`.
 * What changes the epoch comes in two steps: a *staged* object, verified but not in force, which is looked at, and then merged
 * or dropped. Until then, and after every error, the group is as it was. A delivery service must let one commit win in each
 * epoch (RFC 9420 14): merge your own commit only when it was accepted.
 *
 * A group's state is kept by you, as parts: small named byte strings. After each step write those that changed, together with
 * whatever else the step gave, in one transaction, before anything leaves the process; if that fails, free the group and read
 * it back from what was stored. Parts hold secrets: the store seals them.
 *
 * One thread at a time for a group with everything that came from it. Views that a call gives live until the next call on the
 * same object, unless it says otherwise; views that it takes are borrowed for the call. Structs that are {0} are empty or
 * stand for defaults. A buffer that a call writes to is replaced, not appended to, and stays as it was on an error.
 *
 * Errors: each function names its own. Any may give NOMEM and CRYPTO (nothing has changed; the same call may work later), and
 * those that draw randomness USAGE for a seed of zeros. A refusal of something received sets `check` in the sotto_mls: the
 * number of the check that failed, which sotto_mls_check_at() explains. */
#ifndef SOTTO_MLS_H
#define SOTTO_MLS_H

#include <sotto/crypto.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SOTTO_MLS_SEED 32 /* bytes */

typedef struct sotto_mls_rules sotto_mls_rules;

/* What a call needs. Each call that draws randomness replaces the seed by another that does not lead back to it, so one
 * may be given once or anew for each call; wipe it when done. Never let two processes, or two restored copies of one,
 * start from the same. */
typedef struct sotto_mls {
    sotto_crypto *crypto;
    const sotto_mls_rules *rules; /* NULL: the defaults */
    uint64_t now_s;               /* seconds since 1970; 0: no times are looked at */
    uint8_t seed[SOTTO_MLS_SEED]; /* random bytes */
    /* Set by calls that fail: which check it was (0: none), and where: a leaf, a node, a place in a list, as it suggests. */
    uint16_t check;
    uint32_t check_where;
} sotto_mls;

/* Who can notice that a check fails: those for whom it is PATH may refuse a commit that others took. */
typedef enum sotto_mls_who {
    SOTTO_MLS_WHO_MEMBER,
    SOTTO_MLS_WHO_PATH,
    SOTTO_MLS_WHO_JOINER
} sotto_mls_who;

typedef struct sotto_mls_check {
    uint16_t number;
    const char *name, *section, *sentence;
    sotto_mls_who who;
    sotto_err err;
} sotto_mls_check;
/* A row of the table (docs/mls-checks.md). NOTFOUND: no such number. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_check_at(uint16_t number, sotto_mls_check *ret_check);

/* The one check that calls for waiting: a commit refers to a proposal that has not come. */
#define SOTTO_MLS_CHECK_REFERENCE_KNOWN 114

/* ---- Numbers (RFC 9420 17; draft-ietf-mls-extensions from 8 on) ---- */

enum { SOTTO_MLS_BASIC = 1, SOTTO_MLS_X509 = 2 };

enum {
    SOTTO_MLS_ADD = 1,
    SOTTO_MLS_UPDATE = 2,
    SOTTO_MLS_REMOVE = 3,
    SOTTO_MLS_PSK = 4,
    SOTTO_MLS_REINIT = 5,
    SOTTO_MLS_EXTERNAL_INIT = 6,
    SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS = 7,
    SOTTO_MLS_APP_DATA_UPDATE = 8,
    SOTTO_MLS_APP_EPHEMERAL = 9,
    SOTTO_MLS_SELF_REMOVE = 10
};

enum {
    SOTTO_MLS_APPLICATION_ID = 1,
    SOTTO_MLS_RATCHET_TREE = 2,
    SOTTO_MLS_REQUIRED_CAPABILITIES = 3,
    SOTTO_MLS_EXTERNAL_PUB = 4,
    SOTTO_MLS_EXTERNAL_SENDERS = 5,
    SOTTO_MLS_APP_DATA_DICTIONARY = 6
};

typedef enum sotto_mls_sender_type {
    SOTTO_MLS_MEMBER = 1,
    SOTTO_MLS_EXTERNAL = 2,
    SOTTO_MLS_NEW_MEMBER_PROPOSAL = 3,
    SOTTO_MLS_NEW_MEMBER_COMMIT = 4
} sotto_mls_sender_type;

enum { SOTTO_MLS_PSK_EXTERNAL = 1, SOTTO_MLS_PSK_RESUMPTION = 2, SOTTO_MLS_PSK_APPLICATION = 3 };
enum { SOTTO_MLS_USAGE_APPLICATION = 1, SOTTO_MLS_USAGE_REINIT = 2, SOTTO_MLS_USAGE_BRANCH = 3 };

/* ---- Lists ---- */

/* Extensions are kept as the content of their list in RFC 9420 13's form: {0} is none. Walking: `rest` begins as the list; false
 * at its end. Adding appends one; VALUE: the type is there already. */
SOTTO_API bool sotto_mls_extension_next(sotto_view *rest, uint16_t *ret_type, sotto_view *ret_data);
SOTTO_API bool sotto_mls_extension_find(sotto_view list, uint16_t type, sotto_view *ret_data);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_extension_add(sotto_buf *list, uint16_t type,
                                                           sotto_view data);
/* Adds required_capabilities (RFC 9420 11.1), external_senders with one more sender (12.1.8.1; to the one that is there), a
 * component of the app_data_dictionary (likewise; EXISTS: its id is there). */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_require(
    sotto_buf *list, const uint16_t *extensions, size_t extension_count, const uint16_t *proposals,
    size_t proposal_count, const uint16_t *credentials, size_t credential_count);

/* A credential (RFC 9420 5.3). `content` is a basic one's identity, or the list of an x509 one's certificates, the client's own
 * first, each DER behind its length; write and walk that list with these. */
typedef struct sotto_mls_credential {
    uint16_t type;
    sotto_view content;
} sotto_mls_credential;
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_certificate_add(sotto_buf *list, sotto_view der);
SOTTO_API bool sotto_mls_certificate_next(sotto_view *rest, sotto_view *ret_der);

SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_external_sender_add(sotto_buf *list,
                                                                 sotto_view signature_key,
                                                                 sotto_mls_credential credential);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_component_add(sotto_buf *list, uint16_t component,
                                                           sotto_view data);
SOTTO_API bool sotto_mls_component_find(sotto_view list, uint16_t component, sotto_view *ret_data);

/* ---- Clients and KeyPackages ---- */

/* What a client says it can do (RFC 9420 7.2), beyond what every client can. {0}: all that this library can. */
typedef struct sotto_mls_capabilities {
    const uint16_t *suites;
    size_t suite_count;
    const uint16_t *extensions;
    size_t extension_count;
    const uint16_t *proposals;
    size_t proposal_count;
    const uint16_t *credentials;
    size_t credential_count;
} sotto_mls_capabilities;

typedef struct sotto_mls_client {
    uint16_t suite;
    const sotto_sign_key *sign_key; /* copied where it is kept */
    sotto_mls_credential credential;
    sotto_mls_capabilities capabilities;
    sotto_view extensions; /* of its leaf */
} sotto_mls_client;

typedef struct sotto_mls_leaf {
    uint32_t index; /* in the group; UINT32_MAX: in none */
    sotto_view encryption_key, signature_key;
    sotto_mls_credential credential;
    sotto_view extensions;
    uint64_t not_before_s,
        not_after_s;    /* lifetime; 0 once the member has sent a path or an Update */
    sotto_view encoded; /* LeafNode */
} sotto_mls_leaf;

typedef struct sotto_mls_key_package_options {
    /* 0, 0: from an hour before now, for 84 days; any time if now_s is 0 */
    uint64_t not_before_s, not_after_s;
    bool last_resort; /* may be used more than once (draft-ietf-mls-extensions) */
    sotto_view extensions;
} sotto_mls_key_package_options;

/* Makes a KeyPackage (RFC 9420 10). `ret_message` is to be published: MLSMessage(KeyPackage). `ret_private`, a secret, is what
 * its owner needs to join with it: keep it under `ret_ref`, which a Welcome names (NULL: not wanted), and delete it once
 * a join by it was merged and stored, unless it is a last resort. UNSUPPORTED: no such suite, or a type that the
 * client itself does not list. USAGE: a field is missing. CERTIFICATE: the first certificate is for another key. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_key_package_new(
    sotto_mls *m, const sotto_mls_client *client, const sotto_mls_key_package_options *options,
    sotto_buf *ret_message, sotto_buf *ret_private, sotto_buf *ret_ref);

typedef struct sotto_mls_key_package {
    uint16_t suite;
    sotto_mls_leaf leaf;
    sotto_view extensions;
    bool last_resort;
} sotto_mls_key_package;
/* What a KeyPackage says, once all that RFC 9420 10.1 demands holds. The views borrow from `message`. Errors: those of the
 * codec (class WIRE) and of the checks. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_key_package_check(sotto_mls *m, sotto_view message,
                                                               sotto_mls_key_package *ret_package);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_key_package_ref(sotto_mls *m, sotto_view message,
                                                             sotto_buf *ret_ref);

/* ---- What the application decides ---- */

typedef struct sotto_mls_psk_id {
    uint8_t type;
    sotto_view id;           /* external, application */
    uint16_t component;      /* application */
    uint8_t usage;           /* resumption */
    sotto_view psk_group_id; /* resumption */
    uint64_t psk_epoch;      /* resumption */
    sotto_view nonce;        /* empty in a proposal that is to be made: drawn */
} sotto_mls_psk_id;

/* A proposal (RFC 9420 12.1): the fields that its type has. */
typedef struct sotto_mls_proposal {
    uint16_t type;
    sotto_view key_package;    /* add: MLSMessage(KeyPackage), or the KeyPackage alone */
    uint32_t removed;          /* remove: a leaf index */
    sotto_mls_psk_id psk;      /* psk */
    sotto_view extensions;     /* group_context_extensions, reinit: the whole new list */
    sotto_view group_id;       /* reinit */
    uint16_t suite;            /* reinit */
    uint16_t component;        /* app_data_update, app_ephemeral */
    bool component_removed;    /* app_data_update */
    sotto_view component_data; /* app_data_update, app_ephemeral */
    const sotto_mls_client
        *update; /* update: who we are from now on; NULL: as before. Not set in what is received. */
} sotto_mls_proposal;

/* A proposal that somebody made. */
typedef struct sotto_mls_proposed {
    sotto_mls_proposal proposal;
    sotto_mls_sender_type sender_type;
    uint32_t sender;   /* a leaf index, or that of an external sender */
    bool by_reference; /* else it stands in the commit */
    sotto_view ref;    /* ProposalRef; empty for one that stands in a commit */
    sotto_mls_leaf
        before; /* update, remove, self_remove: the leaf that changes; index UINT32_MAX: none */
    sotto_mls_leaf after; /* add, update: what it becomes, at its place in the new tree */
} sotto_mls_proposed;

typedef struct sotto_group sotto_group;

/* What a staged object will do. */
typedef struct sotto_mls_change {
    const sotto_group *group; /* as it is before; NULL: a group that we join */
    sotto_view group_id;
    uint64_t epoch; /* the new one */
    uint16_t suite;
    bool own;                          /* made by this client */
    sotto_mls_sender_type sender_type; /* MEMBER or NEW_MEMBER_COMMIT; of a Welcome: MEMBER */
    uint32_t sender; /* the committer's leaf index; of a Welcome: the GroupInfo's signer */
    const sotto_mls_proposed
        *proposals; /* in the order in which they take effect; none for a Welcome */
    size_t proposal_count;
    bool has_path;
    sotto_mls_leaf committer_before; /* with a path; index UINT32_MAX: joins by it */
    sotto_mls_leaf committer_after;
    sotto_view extensions_before; /* GroupContext extensions */
    sotto_view extensions_after;
    bool removes_us;
    bool ends_group; /* by a ReInit */
    sotto_view authenticated_data;
} sotto_mls_change;

/* What the library asks the application. Any may be NULL. They are called inside of other calls and must not call back into the
 * same group, but for looking at it. */
struct sotto_mls_rules {
    void *context;
    /* Whether a new leaf's credential is whom it names (RFC 9420 5.3.1) and, if it takes the place of `before`, the same client.
     * An x509 leaf's certificate is known to hold its signature_key. An answer other than OK refuses what brings it. NULL: basic
     * credentials are taken, if they don't change; others are refused. Asked for every leaf when joining; and for new
     * external_senders, whose leaf has index UINT32_MAX and nothing but signature_key and credential. */
    sotto_err (*credential)(void *context, const sotto_mls_leaf *leaf,
                            const sotto_mls_leaf *before);
    /* Whether a commit may take effect: the one place that every commit passes, ours too, before it is given out as staged. The
     * answer must follow from `change` alone (and the group in it), or members will disagree. NULL: all may. */
    sotto_err (*commit)(void *context, const sotto_mls_change *change);
    /* A pre-shared key that the group itself does not have: external, or of another group. NOTFOUND: unknown. */
    sotto_err (*psk)(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk);
    /* The new value of a component, from the one before ({0}: none) and the updates of one commit. An answer other than OK refuses
     * the commit. NULL: the last update is the value. */
    sotto_err (*app_data)(void *context, uint16_t component, sotto_view before,
                          const sotto_view *updates, size_t count, sotto_buf *ret_after);
    /* Makes `count` jobs, in any order and on any threads, each with a handle of its thread, and returns when all are done.
     * For the signatures of a tree that is joined. NULL: this thread. */
    void (*spread)(void *context, void (*job)(void *work, sotto_crypto *c, uint32_t number),
                   void *work, uint32_t count);
};

/* ---- Groups ---- */

typedef struct sotto_mls_settings {
    uint32_t past_epochs;    /* kept for late messages; 0: 5. UINT32_MAX: none */
    uint64_t past_age_s;     /* and for how long; 0: 7 days */
    uint64_t lifetime_max_s; /* of KeyPackages that are added; 0: any */
    bool public_handshakes;  /* proposals and commits go as PublicMessage (RFC 9420 6) */
    uint32_t handshake_pad;  /* private handshakes are padded to a multiple of it; bytes */
} sotto_mls_settings;

/* A new group with this client alone, in epoch 0 (RFC 9420 11). `group_id` {0}: 32 random bytes. `extensions` are those of
 * the GroupContext. VALUE, UNSUPPORTED: the client does not support them. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_new(sotto_mls *m, const sotto_mls_client *client,
                                                   sotto_view group_id, sotto_view extensions,
                                                   const sotto_mls_settings *settings,
                                                   sotto_group **ret_group);
SOTTO_API void sotto_group_free(sotto_group *g); /* accepts NULL; wipes */

SOTTO_API sotto_view sotto_group_id(const sotto_group *g);
SOTTO_API uint64_t sotto_group_epoch(const sotto_group *g);
SOTTO_API uint16_t sotto_group_suite(const sotto_group *g);
SOTTO_API uint32_t sotto_group_own_leaf(const sotto_group *g);
SOTTO_API uint32_t sotto_group_member_count(const sotto_group *g);
SOTTO_API sotto_view sotto_group_extensions(const sotto_group *g);
/* The whole encoded GroupContext (RFC 9420 8.1). */
SOTTO_API sotto_view sotto_group_context(const sotto_group *g);
/* Whether we are a member and the group goes on: false after our removal and after a ReInit, when only messages of the past can
 * be read, and a successor be made. */
SOTTO_API bool sotto_group_is_active(const sotto_group *g);
/* The ReInit that ended the group; NOTFOUND: none did. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_ended_by(const sotto_group *g,
                                                        sotto_mls_proposal *ret_reinit);

/* Members, by rising leaf index: *at begins as 0, and is one behind the last that was given; false at the end. NOTFOUND: no
 * such member. */
SOTTO_API bool sotto_group_next_member(const sotto_group *g, uint32_t *at,
                                       sotto_mls_leaf *ret_leaf);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_member(const sotto_group *g, uint32_t index,
                                                      sotto_mls_leaf *ret_leaf);
SOTTO_API bool sotto_group_find_member(const sotto_group *g, sotto_view signature_key,
                                       sotto_mls_leaf *ret_leaf);

SOTTO_API sotto_mls_settings sotto_group_settings(const sotto_group *g);
SOTTO_API void sotto_group_set_settings(sotto_group *g, const sotto_mls_settings *settings);

/* ---- Messages ---- */

/* Seals application data for the members of this epoch (RFC 9420 6.3): MLSMessage(PrivateMessage). `authenticated_data` is
 * seen by all and covered; `padding` zero bytes hide the length. Uses up a key: write the changed parts before it leaves.
 * NOT_NOW: proposals are pending that must be committed first (12.4), or the group has ended. TOO_LARGE: 64 MiB of data and
 * padding, or 64 KiB of authenticated_data. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_protect(sotto_mls *m, sotto_group *g,
                                                       sotto_view data,
                                                       sotto_view authenticated_data,
                                                       size_t padding, sotto_buf *ret_message);

typedef struct sotto_staged sotto_staged;

typedef enum sotto_mls_event_kind {
    SOTTO_MLS_EVENT_NONE,
    SOTTO_MLS_EVENT_APPLICATION, /* data, sender */
    SOTTO_MLS_EVENT_PROPOSAL,    /* proposed: it is pending now */
    SOTTO_MLS_EVENT_COMMIT,      /* staged */
    /* Came back to us, as its sender data say: what it holds is not looked at. A commit: merge the staged one whose bytes it has. */
    SOTTO_MLS_EVENT_OWN
} sotto_mls_event_kind;

typedef struct sotto_mls_event {
    sotto_mls_event_kind kind;
    uint64_t epoch; /* in which it was sent */
    sotto_mls_sender_type sender_type;
    uint32_t sender;       /* a leaf index of that epoch, or that of an external sender */
    sotto_view sender_key; /* signature_key of who sent it: of a commit, borrowed from `staged` */
    sotto_view authenticated_data; /* borrowed from the message */
    sotto_buf data;                /* APPLICATION: yours */
    sotto_mls_proposed proposed;   /* PROPOSAL: borrowed from the group */
    sotto_staged *staged;          /* COMMIT: yours */
} sotto_mls_event;
SOTTO_API void sotto_mls_event_clear(sotto_mls_event *event); /* accepts {0} */

/* Takes an MLSMessage: a PublicMessage or a PrivateMessage. An error of class WIRE or AUTH: drop the message. NOT_NOW: it is of
 * an epoch to come; keep it and try again after the next commit. EXPIRED: of one that is not kept any more. MISSING with
 * the check SOTTO_MLS_CHECK_REFERENCE_KNOWN: a commit whose proposals have not come yet: keep it likewise. EXISTS: a proposal
 * that is pending already. CLOSED: the group has ended, and this is not of its past. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_receive(sotto_mls *m, sotto_group *g,
                                                       sotto_view message,
                                                       sotto_mls_event *ret_event);

/* What can be said of a message without keys, to see whom it is for. UNEXPECTED: neither Public- nor PrivateMessage. */
typedef struct sotto_mls_envelope {
    sotto_view group_id;
    uint64_t epoch;
    uint8_t content_type; /* 1 application, 2 proposal, 3 commit */
    bool is_private;
} sotto_mls_envelope;
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_envelope_read(sotto_view message,
                                                           sotto_mls_envelope *ret_envelope);

/* ---- Proposals and commits ---- */

/* Makes a proposal, which is pending at once with us too. Write the changed parts (an Update's new key is among them) before it
 * leaves. VALUE and the errors of the checks: it could not be committed by anybody. EXISTS: it is pending. NOT_NOW: the group has
 * ended. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_propose(sotto_mls *m, sotto_group *g,
                                                       const sotto_mls_proposal *proposal,
                                                       sotto_view authenticated_data,
                                                       sotto_buf *ret_message);
/* Those that are pending, in the order in which they came: the i-th; false: none. Dropping all, as when their sender turned out
 * to be blocked: others may still commit to them. */
SOTTO_API bool sotto_group_pending(const sotto_group *g, size_t i,
                                   sotto_mls_proposed *ret_proposed);
SOTTO_API void sotto_group_drop_pending(sotto_group *g);

typedef struct sotto_mls_commit_options {
    const sotto_mls_proposal *proposals; /* by value, besides those that are pending */
    size_t proposal_count;
    bool without_pending;           /* only those above */
    bool without_path;              /* if none is needed; the default is a path always (12.4) */
    const sotto_mls_client *update; /* who we are from now on; NULL: as before */
    bool tree_beside;               /* Welcome and GroupInfo come without the ratchet tree */
    bool with_external_pub;         /* others may join by an external commit with the GroupInfo */
    sotto_view authenticated_data;
} sotto_mls_commit_options;

/* Commits (RFC 9420 12.4.1). Pending proposals that can't go into this commit (a second change of one leaf, say) are left
 * out; those by value that can't are an error. NOT_NOW: the group has ended. USAGE: `update` lacks a key of the group's suite.
 * PERMISSION with CHECK_COMMIT_POLICY: the application's own rule refuses it, perhaps for what is pending: see without_pending. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_commit(sotto_mls *m, sotto_group *g,
                                                      const sotto_mls_commit_options *options,
                                                      sotto_staged **ret_staged);

SOTTO_API const sotto_mls_change *sotto_staged_change(const sotto_staged *s);
/* What to send once a commit of ours is accepted, borrowed from it: the commit goes to the members; the Welcome to those who
 * are added, empty if nobody is; the GroupInfo, signed, to whoever may join by an external commit; the tree, if it is not
 * inside, beside them. */
SOTTO_API sotto_view sotto_staged_commit(const sotto_staged *s);
SOTTO_API sotto_view sotto_staged_welcome(const sotto_staged *s);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_staged_group_info(sotto_mls *m, sotto_staged *s,
                                                           bool with_tree, bool with_external_pub,
                                                           sotto_buf *ret_group_info);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_staged_tree(const sotto_staged *s, sotto_buf *ret_tree);
/* Members as they will be. */
SOTTO_API bool sotto_staged_next_member(const sotto_staged *s, uint32_t *at,
                                        sotto_mls_leaf *ret_leaf);

/* Takes effect: the group is in the new epoch. What was secret to the one before is wiped, but for what late messages need.
 * *group is NULL for a group that is joined, and becomes it. *staged is freed and NULL. NOT_NOW: it was made in another
 * epoch of the group; drop it. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_staged_merge(sotto_mls *m, sotto_group **group,
                                                      sotto_staged **staged);
SOTTO_API void sotto_staged_free(sotto_staged *s); /* drops it; accepts NULL; wipes */

/* A staged commit of our own as bytes, a secret, to be kept while it travels: write the group's changed parts with it. USAGE: not
 * made by sotto_group_commit(). */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_staged_write(const sotto_staged *s, sotto_buf *ret_bytes);
/* And back; no rule is asked again. NOT_NOW: made in another epoch, or for another group. VERSION: written by a later version. VALUE,
 * TRUNCATED, TRAILING, KEY: not what was written. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_staged_read(sotto_mls *m, const sotto_group *g,
                                                     sotto_view bytes, sotto_staged **ret_staged);

/* ---- Joining ---- */

typedef struct sotto_mls_join_options {
    sotto_view tree; /* what came beside the Welcome or GroupInfo; {0}: it is inside */
    sotto_mls_settings settings;
    /* A group that the new one takes the place of (11.2) or branches from (11.3): its PSK is used, and what must hold between the
     * two is checked. NULL: the application's psk rule is asked for all PSKs. */
    const sotto_group *predecessor;
    /* External commits alone: */
    const sotto_mls_psk_id *psks;
    size_t psk_count;
    bool rejoin;           /* remove our old leaf */
    uint32_t rejoin_index; /* which is this one */
    sotto_view authenticated_data;
} sotto_mls_join_options;

/* Joins by a Welcome (RFC 9420 12.4.3.1) with the private part of the KeyPackage that it was made for. Everything is verified:
 * the whole tree, each leaf, the GroupInfo's signature, the confirmation_tag. That we are in no group of this id is yours to
 * check: sotto_staged_change()->group_id. Then sotto_staged_merge(), with a group that is NULL. UNEXPECTED: no Welcome. NOTFOUND:
 * CHECK_WELCOME_FOR_US, it is for another KeyPackage; CHECK_WELCOME_PSK_KNOWN, a PSK is not at hand. MISSING: the tree did not
 * come along; get it, and call again. TOO_LARGE: a tree of over 2^20 leaves. Else what the codec and the checks give: drop it. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_join(sotto_mls *m, sotto_view welcome,
                                                  sotto_view private_part,
                                                  const sotto_mls_join_options *options,
                                                  sotto_staged **ret_staged);
/* Which KeyPackages (by ref) a Welcome is for: the i-th; false: no more. The view borrows from `welcome`. */
SOTTO_API bool sotto_mls_welcome_for(sotto_view welcome, size_t i, sotto_view *ret_ref);

/* Joins by a commit of one's own (12.4.3.2), with a GroupInfo that has an external_pub: MLSMessage(GroupInfo).
 * sotto_staged_commit() is what to send; merge it when it was accepted, with a group that is NULL; when another commit won, take a
 * new GroupInfo. UNEXPECTED: no GroupInfo. UNSUPPORTED: no such suite, or an extension of the group that the client does not
 * support. USAGE: the key does not sign in the client's suite. Else as sotto_mls_join(). */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_join_external(sotto_mls *m,
                                                           const sotto_mls_client *client,
                                                           sotto_view group_info,
                                                           const sotto_mls_join_options *options,
                                                           sotto_staged **ret_staged);

/* The GroupInfo of this epoch (12.4.3): MLSMessage(GroupInfo). NOT_NOW: we are no member any more, or the group has ended. And its
 * tree, as the content of a ratchet_tree extension (12.4.3.3). */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_info(sotto_mls *m, sotto_group *g, bool with_tree,
                                                    bool with_external_pub,
                                                    sotto_buf *ret_group_info);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_tree(const sotto_group *g, sotto_buf *ret_tree);

/* Proposals from outside (12.1.8): PublicMessages. The first asks to be added, with a KeyPackage and its private part. The second
 * is an external sender's, who stands at `sender` in the group's external_senders. USAGE: the private part is of another
 * KeyPackage, or the key does not sign in this suite. UNEXPECTED: an external sender may not propose this. Errors of the codec:
 * the KeyPackage or the proposal is not well-formed. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_propose_self(sotto_mls *m, sotto_view group_id,
                                                          uint64_t epoch, sotto_view key_package,
                                                          sotto_view private_part,
                                                          sotto_buf *ret_message);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_mls_propose_external(
    sotto_mls *m, uint16_t suite, const sotto_sign_key *key, uint32_t sender, sotto_view group_id,
    uint64_t epoch, const sotto_mls_proposal *proposal, sotto_buf *ret_message);

/* ---- Successors ---- */

/* A new group of the same members after a ReInit was merged (11.2), or of some members beside this one (11.3; `members` are
 * KeyPackages of theirs, in either case for all but us). Creates the group and adds all in one commit: *ret_group is in epoch
 * 0, and *ret_staged holds commit (which nobody needs) and Welcome; merge it at once. USAGE: reinit without a ReInit. VALUE: a
 * KeyPackage of nobody in the old group, or, for reinit, one is missing. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_reinit(sotto_mls *m, sotto_group *old,
                                                      const sotto_mls_client *client,
                                                      const sotto_view *members, size_t count,
                                                      bool tree_beside, sotto_group **ret_group,
                                                      sotto_staged **ret_staged);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_branch(sotto_mls *m, sotto_group *old,
                                                      const sotto_mls_client *client,
                                                      sotto_view group_id, sotto_view extensions,
                                                      const sotto_view *members, size_t count,
                                                      bool tree_beside, sotto_group **ret_group,
                                                      sotto_staged **ret_staged);

/* ---- Secrets for the application ---- */

/* MLS-Exporter (8.5): `len` bytes, at most 255 times the hash's length: else TOO_LARGE. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_export(sotto_mls *m, const sotto_group *g,
                                                      sotto_view label, sotto_view context,
                                                      uint8_t *ret_out, size_t len);
/* SafeExportSecret (draft-ietf-mls-extensions): once for each component and epoch; later EXPIRED. Changes the group. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_safe_export(sotto_mls *m, sotto_group *g,
                                                           uint16_t component,
                                                           sotto_buf *ret_secret);
/* The same at all members of an epoch, and no secret (8.7). Borrowed. */
SOTTO_API sotto_view sotto_group_epoch_authenticator(const sotto_group *g);
/* The resumption PSK of an epoch that is kept (8.6). NOTFOUND. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_resumption_psk(const sotto_group *g, uint64_t epoch,
                                                              sotto_buf *ret_psk);

/* ---- State ---- */

/* Takes one part: keep `value` under `name`; an empty value: delete it. Both are borrowed for the call. An error stops the
 * writing. Names have at most SOTTO_GROUP_PART_NAME bytes. */
#define SOTTO_GROUP_PART_NAME 24
typedef sotto_err sotto_group_part(void *context, sotto_view name, sotto_view value);

/* Gives the parts that changed since the last sotto_group_written(), and the names of those that are gone: they held keys, so that
 * no bytes of them may stay. `all`: those that did not change, too; a group's first write, after it was made or joined, gives
 * all in any case, and belongs into a store that has no parts of a group before it. Nothing is told twice in one write. */
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_write(sotto_group *g, bool all,
                                                     sotto_group_part *part, void *context);
/* Tells that they are stored; the group has not changed since they were given. */
SOTTO_API void sotto_group_written(sotto_group *g);

/* Reads a group back: begin, each part in any order, end. VERSION: written by a later version. UNSUPPORTED: of a
 * suite that is not in this build. VALUE, TRUNCATED, TRAILING, KEY and other errors of class WIRE and AUTH: not what was written, or
 * not all of it, or of different writes. Signatures are not verified again; m->seed is drawn from. A reader is used up by its
 * end, and freed there or by sotto_group_reader_free(). */
typedef struct sotto_group_reader sotto_group_reader;
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_read_begin(sotto_group_reader **ret_reader);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_read_part(sotto_group_reader *r, sotto_view name,
                                                         sotto_view value);
SOTTO_API SOTTO_MUST_USE sotto_err sotto_group_read_end(sotto_mls *m, sotto_group_reader **reader,
                                                        sotto_group **ret_group);
SOTTO_API void sotto_group_reader_free(sotto_group_reader *r); /* accepts NULL */

#ifdef __cplusplus
}
#endif
#endif
