/* epoch.h - one epoch of a group as one member has it: what all members agree on (GroupContext, tree, transcript) and what it
 * alone has (its keys). An epoch is built aside, a field after the other, and never changes once a group is in it, but
 * for what is used up: message keys and exported secrets. */
#ifndef MLS_EPOCH_H
#define MLS_EPOCH_H

#include "mls/exporter_tree.h"
#include "mls/key_schedule.h"
#include "mls/message_protection.h"
#include "mls/secret_tree.h"
#include "mls/transcript_hash.h"
#include "mls/treekem.h"

struct epoch {
    const struct mls_suite *suite;
    sotto_buf encoded_context;
    struct group_context context; /* borrows from encoded_context */
    struct tree *tree;
    uint32_t own_leaf;
    struct treekem_private keys;
    sotto_sign_key *sign_key; /* of the own leaf */
    struct epoch_secrets secrets;
    struct secret_tree *secret_tree;
    struct exporter_tree *exporter_tree;
    uint8_t interim_transcript_hash[HASH_MAX]; /* hash_len bytes */
    bool has_interim;                          /* it was computed: by epoch_confirm() */
    uint8_t confirmation_tag[HASH_MAX];        /* hash_len bytes */
};

/* An empty one; release with epoch_free(). */
SOTTO_MUST_USE sotto_err epoch_new(const struct mls_suite *suite, struct epoch **ret_epoch);
void epoch_free(struct epoch *e); /* accepts NULL; wipes */
void epoch_freep(struct epoch **e);
/* Wipes what is ours alone, as when we are a member no longer. */
void epoch_clear_secrets(struct epoch *e);

/* Writes the GroupContext; the tree hash is that of e->tree. `confirmed` is the confirmed_transcript_hash: provisional contexts
 * carry the old one (RFC 9420 12.4.1). May be called again. */
SOTTO_MUST_USE sotto_err epoch_set_context(sotto_crypto *c, struct epoch *e, view group_id,
                                           uint64_t number, view confirmed, view extensions);

/* From the member secret (key_schedule_member()), or from an epoch_secret, to all of the epoch's secrets, message keys
 * and exports. The context is final by now. What secret tree and exporter tree begin with is left in them alone. */
SOTTO_MUST_USE sotto_err epoch_derive(sotto_crypto *c, struct epoch *e,
                                      const struct secret *member);
SOTTO_MUST_USE sotto_err epoch_derive_first(sotto_crypto *c, struct epoch *e,
                                            const struct secret *epoch_secret);

/* Sets confirmation_tag and interim_transcript_hash from the context and the confirmation key, which has no other use and is
 * wiped. */
SOTTO_MUST_USE sotto_err epoch_confirm(sotto_crypto *c, struct epoch *e);
view epoch_confirmation_tag(const struct epoch *e);

/* The interim transcript hash, empty if there is none. */
view epoch_interim(const struct epoch *e);

/* What message protection needs, borrowed from the epoch. */
struct message_protection epoch_protection(const struct epoch *e);

/* What the checks of a tree and its leaves need: `required` is storage for what the context points to. Lifetimes are compared with
 * now_s, and with lifetime_max_s, unless 0. */
struct tree_check_context epoch_check_context(const struct epoch *e,
                                              struct required_capabilities *required,
                                              uint64_t now_s, uint64_t lifetime_max_s);

#endif
