/* key_schedule.h - from one epoch's secrets to the next (RFC 9420 8). Pure functions, in the order in which they are called;
 * clear each input when nothing more is derived from it (9.2): consumed are init_secret and commit_secret after the joiner
 * secret, the joiner secret after the member secret and the Welcome, the member secret after the epoch.
 * `group_context` is always the encoded GroupContext of the new epoch. Every secret has suite->hash_len bytes. */
#ifndef MLS_KEY_SCHEDULE_H
#define MLS_KEY_SCHEDULE_H

#include "mls/psk.h"
#include "mls/with_label.h"

/* init_secret and commit_secret to joiner_secret. */
SOTTO_MUST_USE sotto_err key_schedule_joiner(sotto_crypto *c, const struct mls_suite *suite,
                                             const struct secret *init_secret,
                                             const struct secret *commit_secret, view group_context,
                                             struct secret *ret_joiner);

/* joiner_secret and psk_secret to what welcome_secret and epoch_secret come from (the RFC gives it no name). */
SOTTO_MUST_USE sotto_err key_schedule_member(sotto_crypto *c, const struct mls_suite *suite,
                                             const struct secret *joiner_secret,
                                             const struct secret *psk_secret,
                                             struct secret *ret_member);

SOTTO_MUST_USE sotto_err key_schedule_welcome(sotto_crypto *c, const struct mls_suite *suite,
                                              const struct secret *member,
                                              struct secret *ret_welcome_secret);
/* What the GroupInfo in a Welcome is sealed with (RFC 9420 12.4.3.1). */
SOTTO_MUST_USE sotto_err key_schedule_welcome_key(sotto_crypto *c, const struct mls_suite *suite,
                                                  const struct secret *welcome_secret,
                                                  struct secret *ret_key,
                                                  uint8_t ret_nonce[AEAD_NONCE]);

struct epoch_secrets {
    struct secret sender_data_secret;
    struct secret encryption_secret;
    struct secret exporter_secret;
    struct secret external_secret;
    struct secret confirmation_key;
    struct secret membership_key;
    struct secret resumption_psk;
    struct secret epoch_authenticator;
    struct secret init_secret;               /* of the next epoch */
    struct secret application_export_secret; /* draft-ietf-mls-extensions: see exporter_tree.h */
};
void epoch_secrets_clear(struct epoch_secrets *secrets);

SOTTO_MUST_USE sotto_err key_schedule_epoch(sotto_crypto *c, const struct mls_suite *suite,
                                            const struct secret *member, view group_context,
                                            struct epoch_secrets *ret_secrets);
/* The same from an epoch_secret: a new group begins with a random one (RFC 9420 11). */
SOTTO_MUST_USE sotto_err key_schedule_epoch_of(sotto_crypto *c, const struct mls_suite *suite,
                                               const struct secret *epoch_secret,
                                               struct epoch_secrets *ret_secrets);

/* external_priv with external_pub (RFC 9420 8). Release with kem_key_free(). */
SOTTO_MUST_USE sotto_err key_schedule_external_key(sotto_crypto *c, const struct mls_suite *suite,
                                                   const struct secret *external_secret,
                                                   struct kem_key **ret_key);
/* The init_secret of who joins by an external commit (RFC 9420 8.3): its own side, with kem_seed_size() fresh bytes and
 * kem_enc_size() bytes of `ret_kem_output`; and the members'. */
SOTTO_MUST_USE sotto_err key_schedule_external_init_send(sotto_crypto *c,
                                                         const struct mls_suite *suite,
                                                         view external_pub, view seed,
                                                         uint8_t *ret_kem_output,
                                                         struct secret *ret_init_secret);
SOTTO_MUST_USE sotto_err key_schedule_external_init_recv(sotto_crypto *c,
                                                         const struct mls_suite *suite,
                                                         const struct kem_key *external_key,
                                                         view kem_output,
                                                         struct secret *ret_init_secret);

/* MLS-Exporter (RFC 9420 8.5) into `len` bytes, at most 255 * hash_len. */
SOTTO_MUST_USE sotto_err key_schedule_export(sotto_crypto *c, const struct mls_suite *suite,
                                             const struct secret *exporter_secret, view label,
                                             view context, uint8_t *ret_out, size_t len);

struct pre_shared_key {
    struct pre_shared_key_id id;
    view psk;
};
/* psk_secret (RFC 9420 8.4); all zero for none. TOO_LARGE: more than 65,535. */
SOTTO_MUST_USE sotto_err key_schedule_psk_secret(sotto_crypto *c, const struct mls_suite *suite,
                                                 const struct pre_shared_key *psks, size_t count,
                                                 struct secret *ret_psk_secret);

#endif
