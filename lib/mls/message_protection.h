/* message_protection.h - AuthenticatedContent to and from the messages that travel (RFC 9420 6.1 to 6.3).
 * Nothing is taken for said before its signature, its tag and its place in the group have been checked; on every error the
 * secret tree is as it was, and what was written is wiped. */
#ifndef MLS_MESSAGE_PROTECTION_H
#define MLS_MESSAGE_PROTECTION_H

#include "mls/check.h"
#include "mls/framing.h"
#include "mls/mls_message.h"
#include "mls/secret_tree.h"
#include "mls/with_label.h"

/* One epoch of a group as messages need it. Everything is borrowed. */
struct message_protection {
    const struct mls_suite *suite;
    view group_id;
    uint64_t epoch;
    view group_context; /* encoded */
    const struct secret *membership_key;
    const struct secret *sender_data_secret;
    struct secret_tree *secret_tree;
    /* The signature key of the leaf at an index of this epoch's tree. NOTFOUND: blank, or out of range. */
    sotto_err (*signature_key)(const void *members, uint32_t leaf_index, view *ret_key);
    const void *members;
    /* Our own leaf, whose PrivateMessages are REFLECTED: their keys were used up when they were made. NULL: none is ours. */
    const uint32_t *own_leaf;
};

/* The signature of content that will travel in this wire format (RFC 9420 6.1). It replaces what `ret_signature` held. */
SOTTO_MUST_USE sotto_err framed_content_sign(sotto_crypto *c, const struct message_protection *p,
                                             const sotto_sign_key *key, uint16_t wire_format,
                                             const struct framed_content *content,
                                             sotto_buf *ret_signature);

/* Whether an external sender may propose this type (RFC 9420 12.1.8; draft-ietf-mls-extensions 4.7, 4.8). */
bool external_may_propose(uint16_t proposal_type);

/* The key that a content's signature must be good for (RFC 9420 6.1). SENDER_MEMBER, SENDER_EXTERNAL_LISTED. */
SOTTO_MUST_USE sotto_err sender_signature_key(const struct message_protection *p,
                                              const struct framed_content *content, view *ret_key,
                                              struct fault *ret_fault);

/* Appends MLSMessage(PublicMessage). `content` is signed and, for a commit, has its confirmation_tag; its wire_format is
 * WIRE_PUBLIC_MESSAGE, group and epoch are those of `p`, and the sender may say it: else USAGE. TOO_LARGE: authenticated_data. */
SOTTO_MUST_USE sotto_err public_message_protect(sotto_crypto *c, const struct message_protection *p,
                                                const struct authenticated_content *content,
                                                sotto_buf *out);

/* *ret_content borrows from what `message` borrows from. Each error is that of a check, which *ret_fault names: MESSAGE_GROUP
 * to MESSAGE_SIGNATURE, EXTERNAL_PATH. The confirmation_tag of a commit is the caller's to check. */
SOTTO_MUST_USE sotto_err public_message_unprotect(sotto_crypto *c,
                                                  const struct message_protection *p,
                                                  const struct public_message *message,
                                                  struct authenticated_content *ret_content,
                                                  struct fault *ret_fault);

/* sender_data_key and sender_data_nonce for a ciphertext (RFC 9420 6.3.2). */
SOTTO_MUST_USE sotto_err sender_data_key(sotto_crypto *c, const struct message_protection *p,
                                         view ciphertext, struct secret *ret_key,
                                         uint8_t ret_nonce[AEAD_NONCE]);

/* Appends MLSMessage(PrivateMessage), with `padding` zero bytes inside and four fresh random bytes as reuse_guard. The sender
 * is a member, this one; wire_format is WIRE_PRIVATE_MESSAGE, group and epoch are those of `p`: else USAGE. TOO_LARGE: over
 * MLS_MESSAGE_MAX or MLS_AAD_MAX, which nobody would read. Takes one generation of the sender's ratchet: keep the tree before the message leaves, since no key may ever be used twice. */
SOTTO_MUST_USE sotto_err private_message_protect(sotto_crypto *c,
                                                 const struct message_protection *p,
                                                 const struct authenticated_content *content,
                                                 size_t padding,
                                                 const uint8_t reuse_guard[REUSE_GUARD],
                                                 sotto_buf *out);

/* Whether a PrivateMessage is one of ours, as its sender data says; false for one that does not open. */
SOTTO_MUST_USE bool private_message_is_own(sotto_crypto *c, const struct message_protection *p,
                                           const struct private_message *message);

/* The plaintext replaces what `ret_plain` held; *ret_content borrows from it, and from what `message` borrows from. All has
 * been checked but the confirmation_tag of a commit. The tree is as it was: take what was said into use, then consume the key
 * with secret_tree_consume(), before anything else changes the tree; or drop it with message_key_clear(), and the message can
 * be opened again. What *ret_key held is not cleared. Errors: REFLECTED: one of ours; those of the checks MESSAGE_GROUP to
 * GENERATION_KEPT, and of the codec. ret_plain and ret_key are empty then. */
SOTTO_MUST_USE sotto_err private_message_open(sotto_crypto *c, const struct message_protection *p,
                                              const struct private_message *message,
                                              sotto_buf *ret_plain,
                                              struct authenticated_content *ret_content,
                                              struct message_key *ret_key, struct fault *ret_fault);

/* private_message_open() for what is taken into use at once, such as application messages: consumes the key. NOMEM: the tree
 * is as it was, and ret_plain is empty. */
SOTTO_MUST_USE sotto_err private_message_unprotect(
    sotto_crypto *c, const struct message_protection *p, const struct private_message *message,
    sotto_buf *ret_plain, struct authenticated_content *ret_content, struct fault *ret_fault);

#endif
