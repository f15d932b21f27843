#include "mls/key_schedule.h"

#include "base/wr.h"

sotto_err key_schedule_joiner(sotto_crypto *c, const struct mls_suite *suite,
                              const struct secret *init_secret, const struct secret *commit_secret,
                              view group_context, struct secret *ret_joiner)
{
    DEFER(secret_clear) struct secret prk = {0};
    TRY(hkdf_extract(c, suite->hpke.kdf, secret_view(init_secret), secret_view(commit_secret),
                     &prk));
    return expand_secret(c, suite, &prk, VIEW_LIT("joiner"), group_context, suite->hash_len,
                         ret_joiner);
}

sotto_err key_schedule_member(sotto_crypto *c, const struct mls_suite *suite,
                              const struct secret *joiner_secret, const struct secret *psk_secret,
                              struct secret *ret_member)
{
    return hkdf_extract(c, suite->hpke.kdf, secret_view(joiner_secret), secret_view(psk_secret),
                        ret_member);
}

sotto_err key_schedule_welcome(sotto_crypto *c, const struct mls_suite *suite,
                               const struct secret *member, struct secret *ret_welcome_secret)
{
    return derive_secret(c, suite, member, VIEW_LIT("welcome"), ret_welcome_secret);
}

sotto_err key_schedule_welcome_key(sotto_crypto *c, const struct mls_suite *suite,
                                   const struct secret *welcome_secret, struct secret *ret_key,
                                   uint8_t ret_nonce[AEAD_NONCE])
{
    DEFER(secret_clear) struct secret key = {0};
    TRY(expand_secret(c, suite, welcome_secret, VIEW_LIT("key"), (view){0}, suite->key_len, &key));
    TRY(expand_with_label(c, suite, welcome_secret, VIEW_LIT("nonce"), (view){0}, ret_nonce,
                          AEAD_NONCE));
    *ret_key = key;
    return SOTTO_OK;
}

void epoch_secrets_clear(struct epoch_secrets *secrets)
{
    secret_clear(&secrets->sender_data_secret);
    secret_clear(&secrets->encryption_secret);
    secret_clear(&secrets->exporter_secret);
    secret_clear(&secrets->external_secret);
    secret_clear(&secrets->confirmation_key);
    secret_clear(&secrets->membership_key);
    secret_clear(&secrets->resumption_psk);
    secret_clear(&secrets->epoch_authenticator);
    secret_clear(&secrets->init_secret);
    secret_clear(&secrets->application_export_secret);
}

sotto_err key_schedule_epoch_of(sotto_crypto *c, const struct mls_suite *suite,
                                const struct secret *epoch_secret,
                                struct epoch_secrets *ret_secrets)
{
    DEFER(epoch_secrets_clear) struct epoch_secrets s = {0};
    const struct {
        view label;
        struct secret *secret;
    } rows[] = {
        {VIEW_LIT("sender data"), &s.sender_data_secret},
        {VIEW_LIT("encryption"), &s.encryption_secret},
        {VIEW_LIT("exporter"), &s.exporter_secret},
        {VIEW_LIT("external"), &s.external_secret},
        {VIEW_LIT("confirm"), &s.confirmation_key},
        {VIEW_LIT("membership"), &s.membership_key},
        {VIEW_LIT("resumption"), &s.resumption_psk},
        {VIEW_LIT("authentication"), &s.epoch_authenticator},
        {VIEW_LIT("init"), &s.init_secret},
        {VIEW_LIT("application_export"), &s.application_export_secret},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        TRY(derive_secret(c, suite, epoch_secret, rows[i].label, rows[i].secret));
    *ret_secrets = s;
    return SOTTO_OK;
}

sotto_err key_schedule_epoch(sotto_crypto *c, const struct mls_suite *suite,
                             const struct secret *member, view group_context,
                             struct epoch_secrets *ret_secrets)
{
    DEFER(secret_clear) struct secret epoch_secret = {0};
    TRY(expand_secret(c, suite, member, VIEW_LIT("epoch"), group_context, suite->hash_len,
                      &epoch_secret));
    return key_schedule_epoch_of(c, suite, &epoch_secret, ret_secrets);
}

sotto_err key_schedule_external_key(sotto_crypto *c, const struct mls_suite *suite,
                                    const struct secret *external_secret, struct kem_key **ret_key)
{
    return kem_key_derive(c, suite->hpke.kem, secret_view(external_secret), ret_key);
}

static sotto_err external_init_export(sotto_crypto *c, const struct mls_suite *suite,
                                      const struct hpke_context *context,
                                      struct secret *ret_init_secret)
{
    DEFER(secret_clear) struct secret init = {.len = suite->hash_len};
    TRY(hpke_context_export(c, context, VIEW_LIT("MLS 1.0 external init secret"), init.len,
                            init.data));
    *ret_init_secret = init;
    return SOTTO_OK;
}

sotto_err key_schedule_external_init_send(sotto_crypto *c, const struct mls_suite *suite,
                                          view external_pub, view seed, uint8_t *ret_kem_output,
                                          struct secret *ret_init_secret)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    DEFER(hpke_context_clear) struct hpke_context context = {0};
    TRY(hpke_info_base(c, suite->hpke, (view){0}, &info));
    TRY(hpke_setup_sender(c, &info, external_pub, seed, ret_kem_output, &context));
    return external_init_export(c, suite, &context, ret_init_secret);
}

sotto_err key_schedule_external_init_recv(sotto_crypto *c, const struct mls_suite *suite,
                                          const struct kem_key *external_key, view kem_output,
                                          struct secret *ret_init_secret)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    DEFER(hpke_context_clear) struct hpke_context context = {0};
    TRY(hpke_info_base(c, suite->hpke, (view){0}, &info));
    TRY(hpke_setup_receiver(c, &info, external_key, kem_output, &context));
    return external_init_export(c, suite, &context, ret_init_secret);
}

sotto_err key_schedule_export(sotto_crypto *c, const struct mls_suite *suite,
                              const struct secret *exporter_secret, view label, view context,
                              uint8_t *ret_out, size_t len)
{
    uint8_t digest[HASH_MAX];
    DEFER(secret_clear) struct secret derived = {0};
    TRY(derive_secret(c, suite, exporter_secret, label, &derived));
    TRY(hash(c, suite_hash(suite), context, digest));
    return expand_with_label(c, suite, &derived, VIEW_LIT("exported"),
                             view_of(digest, suite->hash_len), ret_out, len);
}

/* psk_input of one PSK: struct { PreSharedKeyID id; uint16 index; uint16 count; } PSKLabel;  RFC 9420 8.4 */
static sotto_err psk_input(sotto_crypto *c, const struct mls_suite *suite,
                           const struct pre_shared_key *psk, size_t index, size_t count,
                           struct secret *ret_input)
{
    DEFER(buf_clear) sotto_buf label = {0};
    struct wr w = wr_to(&label);
    pre_shared_key_id_write(&w, &psk->id);
    wr_u16(&w, (uint16_t)index);
    wr_u16(&w, (uint16_t)count);
    TRY(wr_end(&w));
    DEFER(secret_clear) struct secret extracted = {0};
    TRY(hkdf_extract(c, suite->hpke.kdf, (view){0}, psk->psk, &extracted));
    return expand_secret(c, suite, &extracted, VIEW_LIT("derived psk"), buf_view(&label),
                         suite->hash_len, ret_input);
}

sotto_err key_schedule_psk_secret(sotto_crypto *c, const struct mls_suite *suite,
                                  const struct pre_shared_key *psks, size_t count,
                                  struct secret *ret_psk_secret)
{
    if (count > UINT16_MAX)
        return SOTTO_E_TOO_LARGE;
    DEFER(secret_clear) struct secret psk_secret = {.len = suite->hash_len};
    DEFER(secret_clear) struct secret input = {0};
    for (size_t i = 0; i < count; i++) {
        TRY(psk_input(c, suite, &psks[i], i, count, &input));
        TRY(hkdf_extract(c, suite->hpke.kdf, secret_view(&input), secret_view(&psk_secret),
                         &psk_secret));
    }
    *ret_psk_secret = psk_secret;
    return SOTTO_OK;
}
