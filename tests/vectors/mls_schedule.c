/* The formats of mlswg/mls-implementations about keys: Crypto Basics, Pre-Shared Keys, Key Schedule, Transcript Hashes. */
#include "mls/group_context.h"
#include "mls/key_schedule.h"
#include "mls/transcript_hash.h"

#include "mls_suite.h"

#define OUT_MAX (255 * HASH_MAX) /* bytes: what HKDF can give at all */

static enum verdict length_of(struct vectors *v, const json_t *json, size_t *ret_len)
{
    int64_t len = field_number(v, json, "length");
    if (len < 0 || len > OUT_MAX)
        return wrong(v, "length is %lld", (long long)len);
    *ret_len = (size_t)len;
    return ACCEPTED;
}

static enum verdict ref_hash_check(struct vectors *v, const struct mls_suite *suite,
                                   const json_t *json)
{
    uint8_t got[HASH_MAX];
    CHECK(outcome(v, ref_hash(v->crypto, suite, view_str(field_text(v, json, "label")),
                              field_hex(v, json, "value"), got)));
    return same(v, "RefHash", view_of(got, suite->hash_len), field_hex(v, json, "out"));
}

static enum verdict expand_check(struct vectors *v, const struct mls_suite *suite,
                                 const json_t *json)
{
    size_t len = 0;
    DEFER(secret_clear) struct secret secret = field_secret(v, json, "secret");
    CHECK(length_of(v, json, &len));
    uint8_t *got = case_memory(v, len);
    CHECK(outcome(v, expand_with_label(v->crypto, suite, &secret,
                                       view_str(field_text(v, json, "label")),
                                       field_hex(v, json, "context"), got, len)));
    return same(v, "ExpandWithLabel", view_of(got, len), field_hex(v, json, "out"));
}

static enum verdict derive_check(struct vectors *v, const struct mls_suite *suite,
                                 const json_t *json)
{
    DEFER(secret_clear) struct secret secret = field_secret(v, json, "secret");
    DEFER(secret_clear) struct secret got = {0};
    CHECK(outcome(
        v, derive_secret(v->crypto, suite, &secret, view_str(field_text(v, json, "label")), &got)));
    return same_secret(v, "DeriveSecret", &got, field_hex(v, json, "out"));
}

static enum verdict derive_tree_check(struct vectors *v, const struct mls_suite *suite,
                                      const json_t *json)
{
    size_t len = 0;
    DEFER(secret_clear) struct secret secret = field_secret(v, json, "secret");
    CHECK(length_of(v, json, &len));
    uint8_t *got = case_memory(v, len);
    CHECK(outcome(v, derive_tree_secret(v->crypto, suite, &secret,
                                        view_str(field_text(v, json, "label")),
                                        (uint32_t)field_number(v, json, "generation"), got, len)));
    return same(v, "DeriveTreeSecret", view_of(got, len), field_hex(v, json, "out"));
}

static enum verdict sign_check(struct vectors *v, const struct mls_suite *suite, const json_t *json)
{
    DEFER(sign_key_freep) sotto_sign_key *key = NULL;
    DEFER(buf_clear) sotto_buf signature = {0};
    view label = view_str(field_text(v, json, "label")), content = field_hex(v, json, "content"),
         public_key = field_hex(v, json, "pub");
    CHECK(outcome(v, verify_with_label(v->crypto, suite, public_key, label, content,
                                       field_hex(v, json, "signature"))));
    CHECK(sign_key_of(v, suite->sign, json, "priv", &key));
    CHECK(same(v, "the public key", sign_key_public(key), public_key));
    CHECK(outcome(v, sign_with_label(v->crypto, key, label, content, &signature)));
    return outcome(
        v, verify_with_label(v->crypto, suite, public_key, label, content, buf_view(&signature)));
}

static enum verdict decrypt_check(struct vectors *v, const struct hpke_info *info,
                                  const struct kem_key *key, view kem_output, view ciphertext,
                                  view plain)
{
    if (ciphertext.len != plain.len + AEAD_TAG)
        return wrong(v, "ciphertext has %zu bytes", ciphertext.len);
    uint8_t *got = case_memory(v, plain.len);
    CHECK(outcome(v, decrypt_with_label(v->crypto, info, key, kem_output, ciphertext, got)));
    return same(v, "DecryptWithLabel", view_of(got, plain.len), plain);
}

static enum verdict encrypt_check(struct vectors *v, const struct mls_suite *suite,
                                  const json_t *json)
{
    static const uint8_t seed[128] = {1, 2, 3};
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    DEFER(secret_clear) struct secret private_key = field_secret(v, json, "priv");
    view plain = field_hex(v, json, "plaintext"), public_key = field_hex(v, json, "pub");
    uint8_t kem_output[KEM_ENC_MAX], *sealed = case_memory(v, plain.len + AEAD_TAG);
    CHECK(outcome(v, kem_key_import(v->crypto, suite->hpke.kem, &private_key, &key)));
    CHECK(same(v, "the public key", kem_key_public(key), public_key));
    CHECK(outcome(v, encrypt_context(v->crypto, suite, view_str(field_text(v, json, "label")),
                                     field_hex(v, json, "context"), &info)));
    CHECK(decrypt_check(v, &info, key, field_hex(v, json, "kem_output"),
                        field_hex(v, json, "ciphertext"), plain));
    CHECK(outcome(v, encrypt_with_label(v->crypto, &info, public_key,
                                        view_of(seed, kem_seed_size(suite->hpke.kem)), plain,
                                        kem_output, sealed)));
    return decrypt_check(v, &info, key, view_of(kem_output, kem_enc_size(suite->hpke.kem)),
                         view_of(sealed, plain.len + AEAD_TAG), plain);
}

static enum verdict basics_case(struct vectors *v, const struct mls_suite *suite,
                                const json_t *json)
{
    CHECK(ref_hash_check(v, suite, json_object_get(json, "ref_hash")));
    CHECK(expand_check(v, suite, json_object_get(json, "expand_with_label")));
    CHECK(derive_check(v, suite, json_object_get(json, "derive_secret")));
    CHECK(derive_tree_check(v, suite, json_object_get(json, "derive_tree_secret")));
    CHECK(sign_check(v, suite, json_object_get(json, "sign_with_label")));
    return encrypt_check(v, suite, json_object_get(json, "encrypt_with_label"));
}

bool mls_basics_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "ref_hash") && field_has(first, "derive_tree_secret");
}

bool mls_curve(const json_t *root)
{
    (void)root;
    return true;
}

void mls_basics_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, basics_case);
}

static enum verdict psk_case(struct vectors *v, const struct mls_suite *suite, const json_t *json)
{
    const json_t *list = json_object_get(json, "psks");
    size_t count_ = json_array_size(list);
    struct pre_shared_key *psks =
        (struct pre_shared_key *)(void *)case_memory(v, count_ * sizeof *psks);
    DEFER(secret_clear) struct secret got = {0};
    for (size_t i = 0; i < count_; i++) {
        const json_t *psk = json_array_get(list, i);
        psks[i] = (struct pre_shared_key){.id = {.psktype = PSK_EXTERNAL,
                                                 .psk_id = field_hex(v, psk, "psk_id"),
                                                 .psk_nonce = field_hex(v, psk, "psk_nonce")},
                                          .psk = field_hex(v, psk, "psk")};
    }
    CHECK(outcome(v, key_schedule_psk_secret(v->crypto, suite, psks, count_, &got)));
    return same_secret(v, "psk_secret", &got, field_hex(v, json, "psk_secret"));
}

bool mls_psk_fits(const json_t *root)
{
    const json_t *first = json_array_get(root, 0);
    return field_has(first, "psks") && field_has(first, "psk_secret");
}

void mls_psk_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, psk_case);
}

static enum verdict context_check(struct vectors *v, const struct mls_suite *suite, view group_id,
                                  uint64_t epoch, const json_t *json)
{
    const struct group_context context = {
        .cipher_suite = suite->id,
        .group_id = group_id,
        .epoch = epoch,
        .tree_hash = field_hex(v, json, "tree_hash"),
        .confirmed_transcript_hash = field_hex(v, json, "confirmed_transcript_hash"),
    };
    DEFER(buf_clear) sotto_buf out = {0};
    struct wr w = wr_to(&out);
    group_context_write(&w, &context);
    CHECK(outcome(v, wr_end(&w)));
    return same(v, "group_context", buf_view(&out), field_hex(v, json, "group_context"));
}

static enum verdict epoch_secrets_check(struct vectors *v, const struct epoch_secrets *s,
                                        const json_t *json)
{
    const struct {
        const char *key;
        const struct secret *got;
    } rows[] = {
        {"sender_data_secret", &s->sender_data_secret},
        {"encryption_secret", &s->encryption_secret},
        {"exporter_secret", &s->exporter_secret},
        {"external_secret", &s->external_secret},
        {"confirmation_key", &s->confirmation_key},
        {"membership_key", &s->membership_key},
        {"resumption_psk", &s->resumption_psk},
        {"epoch_authenticator", &s->epoch_authenticator},
        {"init_secret", &s->init_secret},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CHECK(same_secret(v, rows[i].key, rows[i].got, field_hex(v, json, rows[i].key)));
    return ACCEPTED;
}

/* external_pub, and both sides of an external initialization, which no vector has: they must meet. */
static enum verdict external_check(struct vectors *v, const struct mls_suite *suite,
                                   const struct secret *external_secret, view external_pub)
{
    static const uint8_t seed[128] = {3, 2, 1};
    uint8_t kem_output[KEM_ENC_MAX];
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    DEFER(secret_clear) struct secret sent = {0}, received = {0};
    CHECK(outcome(v, key_schedule_external_key(v->crypto, suite, external_secret, &key)));
    CHECK(same(v, "external_pub", kem_key_public(key), external_pub));
    CHECK(outcome(v, key_schedule_external_init_send(v->crypto, suite, external_pub,
                                                     view_of(seed, kem_seed_size(suite->hpke.kem)),
                                                     kem_output, &sent)));
    CHECK(outcome(v, key_schedule_external_init_recv(
                         v->crypto, suite, key, view_of(kem_output, kem_enc_size(suite->hpke.kem)),
                         &received)));
    return same_secret(v, "the external init_secret", &received, secret_view(&sent));
}

static enum verdict exporter_check(struct vectors *v, const struct mls_suite *suite,
                                   const struct secret *exporter_secret, const json_t *json)
{
    size_t len = 0;
    CHECK(length_of(v, json, &len));
    uint8_t *got = case_memory(v, len);
    CHECK(outcome(v, key_schedule_export(v->crypto, suite, exporter_secret,
                                         view_str(field_text(v, json, "label")),
                                         field_hex(v, json, "context"), got, len)));
    return same(v, "MLS-Exporter", view_of(got, len), field_hex(v, json, "secret"));
}

static enum verdict epoch_check(struct vectors *v, const struct mls_suite *suite, view group_id,
                                uint64_t epoch, const json_t *json, struct secret *init_secret)
{
    DEFER(secret_clear) struct secret commit = field_secret(v, json, "commit_secret");
    DEFER(secret_clear) struct secret psk = field_secret(v, json, "psk_secret");
    DEFER(secret_clear) struct secret joiner = {0}, member = {0}, welcome = {0};
    DEFER(epoch_secrets_clear) struct epoch_secrets secrets = {0};
    view context = field_hex(v, json, "group_context");
    CHECK(context_check(v, suite, group_id, epoch, json));
    CHECK(
        outcome(v, key_schedule_joiner(v->crypto, suite, init_secret, &commit, context, &joiner)));
    CHECK(same_secret(v, "joiner_secret", &joiner, field_hex(v, json, "joiner_secret")));
    CHECK(outcome(v, key_schedule_member(v->crypto, suite, &joiner, &psk, &member)));
    CHECK(outcome(v, key_schedule_welcome(v->crypto, suite, &member, &welcome)));
    CHECK(same_secret(v, "welcome_secret", &welcome, field_hex(v, json, "welcome_secret")));
    CHECK(outcome(v, key_schedule_epoch(v->crypto, suite, &member, context, &secrets)));
    CHECK(epoch_secrets_check(v, &secrets, json));
    CHECK(external_check(v, suite, &secrets.external_secret, field_hex(v, json, "external_pub")));
    CHECK(exporter_check(v, suite, &secrets.exporter_secret, json_object_get(json, "exporter")));
    *init_secret = secrets.init_secret;
    return ACCEPTED;
}

static enum verdict key_schedule_case(struct vectors *v, const struct mls_suite *suite,
                                      const json_t *json)
{
    const json_t *epochs = json_object_get(json, "epochs");
    DEFER(secret_clear) struct secret init_secret = field_secret(v, json, "initial_init_secret");
    view group_id = field_hex(v, json, "group_id");
    for (size_t i = 0; i < json_array_size(epochs); i++)
        CHECK(epoch_check(v, suite, group_id, i, json_array_get(epochs, i), &init_secret));
    return ACCEPTED;
}

bool mls_key_schedule_fits(const json_t *root)
{
    return field_has(json_array_get(root, 0), "initial_init_secret");
}

void mls_key_schedule_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, key_schedule_case);
}

static enum verdict transcript_case(struct vectors *v, const struct mls_suite *suite,
                                    const json_t *json)
{
    struct authenticated_content content;
    uint8_t confirmed[HASH_MAX], interim[HASH_MAX], tag[HASH_MAX];
    const view confirmed_view = {confirmed, suite->hash_len};
    DEFER(secret_clear) struct secret key = field_secret(v, json, "confirmation_key");
    struct rd r = rd_of(field_hex(v, json, "authenticated_content"));
    authenticated_content_read(&r, &content);
    CHECK(outcome(v, rd_end(&r)));
    CHECK(outcome(v, transcript_hash_confirmed(v->crypto, suite,
                                               field_hex(v, json, "interim_transcript_hash_before"),
                                               &content, confirmed)));
    CHECK(same(v, "confirmed_transcript_hash", confirmed_view,
               field_hex(v, json, "confirmed_transcript_hash_after")));
    CHECK(outcome(v, confirmation_tag_check(v->crypto, suite, &key, confirmed_view,
                                            content.auth.confirmation_tag)));
    CHECK(outcome(v, confirmation_tag_make(v->crypto, suite, &key, confirmed_view, tag)));
    CHECK(
        same(v, "confirmation_tag", view_of(tag, suite->hash_len), content.auth.confirmation_tag));
    CHECK(outcome(v, transcript_hash_interim(v->crypto, suite, confirmed_view,
                                             content.auth.confirmation_tag, interim)));
    return same(v, "interim_transcript_hash", view_of(interim, suite->hash_len),
                field_hex(v, json, "interim_transcript_hash_after"));
}

bool mls_transcript_fits(const json_t *root)
{
    return field_has(json_array_get(root, 0), "interim_transcript_hash_before");
}

void mls_transcript_run(struct vectors *v, const json_t *root)
{
    suite_cases(v, root, transcript_case);
}
