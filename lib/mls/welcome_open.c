#include "mls/welcome_open.h"

#include <stdlib.h>

struct opening {
    const struct key_package_private *own;
    const struct welcome *welcome;
    const sotto_group *predecessor;
    struct welcome_opened opened;
};

static void opening_clear(struct opening *o)
{
    welcome_opened_clear(&o->opened);
}

void welcome_opened_clear(struct welcome_opened *opened)
{
    buf_clear(&opened->secrets_bytes);
    free(opened->psks);
    secret_clear(&opened->member);
    buf_clear(&opened->info_bytes);
    *opened = (struct welcome_opened){0};
}

/* The entry that names our KeyPackage. */
static sotto_err entry_find(struct step *s, const struct opening *o,
                            struct encrypted_group_secrets *ret_entry)
{
    uint8_t ref[HASH_MAX];
    const struct mls_suite *suite = o->own->suite;
    TRY(check_that(CHECK_WELCOME_CIPHER_SUITE, o->welcome->cipher_suite == suite->id, 0,
                   &s->fault));
    TRY(key_package_ref(s->c, suite, buf_view(&o->own->encoded), ref));
    bool found = false;
    for (struct rd at = rd_of(o->welcome->secrets); rd_more(&at) && !found;) {
        struct encrypted_group_secrets entry;
        encrypted_group_secrets_read(&at, &entry);
        found = view_equal(entry.new_member, view_of(ref, suite->hash_len));
        if (found)
            *ret_entry = entry;
    }
    return check_that(CHECK_WELCOME_FOR_US, found, 0, &s->fault);
}

static sotto_err secrets_decrypt(struct step *s, struct opening *o)
{
    DEFER(hpke_info_clear) struct hpke_info info = {0};
    struct encrypted_group_secrets entry = {0};
    uint8_t *plain;
    TRY(entry_find(s, o, &entry));
    const struct hpke_ciphertext *sealed = &entry.encrypted_group_secrets;
    if (sealed->ciphertext.len < AEAD_TAG)
        return check_fail(CHECK_WELCOME_SECRETS_OPEN, 0, &s->fault);
    TRY(encrypt_context(s->c, o->own->suite, VIEW_LIT("Welcome"), o->welcome->encrypted_group_info,
                        &info));
    TRY(buf_extend(&o->opened.secrets_bytes, sealed->ciphertext.len - AEAD_TAG, &plain));
    sotto_err err = decrypt_with_label(s->c, &info, o->own->init_key, sealed->kem_output,
                                       sealed->ciphertext, plain);
    return check_result(CHECK_WELCOME_SECRETS_OPEN, err, 0, &s->fault);
}

static sotto_err secrets_open(struct step *s, struct opening *o)
{
    size_t len = o->own->suite->hash_len;
    TRY(secrets_decrypt(s, o));
    struct rd r = rd_of(buf_view(&o->opened.secrets_bytes));
    group_secrets_read(&r, &o->opened.secrets);
    TRY(codec_end(&r, &s->fault));
    bool right = o->opened.secrets.joiner_secret.len == len &&
                 (!o->opened.secrets.has_path_secret || o->opened.secrets.path_secret.len == len);
    return check_that(CHECK_WELCOME_SECRETS_LENGTH, right, 0, &s->fault);
}

/* One of the PSKs against those before it. Their number is bounded by the size of one sealed GroupSecrets. */
static sotto_err psk_check(struct step *s, const struct opening *o, const view *encoded, size_t i)
{
    const struct pre_shared_key_id *id = &o->opened.psks[i];
    bool once = true, alone = true;
    for (size_t k = 0; k < i; k++) {
        once &= !view_equal(encoded[k], encoded[i]);
        alone &= o->opened.psks[k].psktype != PSK_RESUMPTION ||
                 o->opened.psks[k].usage == PSK_USAGE_APPLICATION ||
                 id->psktype != PSK_RESUMPTION || id->usage == PSK_USAGE_APPLICATION;
    }
    TRY(check_that(CHECK_WELCOME_PSK_NONCE, id->psk_nonce.len == o->own->suite->hash_len,
                   (uint32_t)i, &s->fault));
    TRY(check_that(CHECK_WELCOME_PSK_ONCE, once, (uint32_t)i, &s->fault));
    return check_that(CHECK_WELCOME_PSK_SUCCESSOR, alone, (uint32_t)i, &s->fault);
}

static size_t psks_count(view psks)
{
    size_t count = 0;
    for (struct rd at = rd_of(psks); rd_more(&at); count++) {
        struct pre_shared_key_id id;
        pre_shared_key_id_read(&at, &id);
    }
    return count;
}

static void freep(view **memory)
{
    free(*memory);
}

static sotto_err psks_read(struct step *s, struct opening *o)
{
    size_t count = psks_count(o->opened.secrets.psks);
    DEFER(freep) view *encoded = calloc(count + 1, sizeof *encoded);
    o->opened.psks = calloc(count + 1, sizeof *o->opened.psks);
    if (encoded == NULL || o->opened.psks == NULL)
        return SOTTO_E_NOMEM;
    struct rd at = rd_of(o->opened.secrets.psks);
    for (size_t i = 0; i < count; i++) {
        const struct rd start = at;
        pre_shared_key_id_read(&at, &o->opened.psks[i]);
        encoded[i] = rd_since(&at, &start);
        TRY(psk_check(s, o, encoded, i));
    }
    o->opened.psk_count = count;
    return SOTTO_OK;
}

static sotto_err member_derive(struct step *s, struct opening *o)
{
    DEFER(secret_clear) struct secret joiner = {0};
    DEFER(secret_clear) struct secret psk_secret = {0};
    TRY(psks_read(s, o));
    TRY(group_psk_secret(s, o->own->suite, NULL, o->predecessor, o->opened.psks,
                         o->opened.psk_count, CHECK_WELCOME_PSK_KNOWN, &psk_secret));
    TRY(secret_set(&joiner, o->opened.secrets.joiner_secret));
    return key_schedule_member(s->c, o->own->suite, &joiner, &psk_secret, &o->opened.member);
}

static sotto_err info_open(struct step *s, struct opening *o)
{
    DEFER(secret_clear) struct secret welcome_secret = {0};
    DEFER(secret_clear) struct secret key = {0};
    const struct mls_suite *suite = o->own->suite;
    view sealed = o->welcome->encrypted_group_info;
    uint8_t nonce[AEAD_NONCE], *plain;
    if (sealed.len < AEAD_TAG)
        return check_fail(CHECK_WELCOME_GROUP_INFO_OPENS, 0, &s->fault);
    TRY(key_schedule_welcome(s->c, suite, &o->opened.member, &welcome_secret));
    TRY(key_schedule_welcome_key(s->c, suite, &welcome_secret, &key, nonce));
    TRY(buf_extend(&o->opened.info_bytes, sealed.len - AEAD_TAG, &plain));
    sotto_err err = aead_open(s->c, suite->hpke.aead, &key, nonce, (view){0}, sealed, plain);
    TRY(check_result(CHECK_WELCOME_GROUP_INFO_OPENS, err, 0, &s->fault));
    struct rd r = rd_of(buf_view(&o->opened.info_bytes));
    group_info_read(&r, &o->opened.info);
    return codec_end(&r, &s->fault);
}

sotto_err welcome_open(struct step *s, const struct key_package_private *own,
                       const struct welcome *welcome, const sotto_group *predecessor,
                       struct welcome_opened *ret_opened)
{
    DEFER(opening_clear)
    struct opening o = {.own = own, .welcome = welcome, .predecessor = predecessor};
    TRY(secrets_open(s, &o));
    TRY(member_derive(s, &o));
    TRY(info_open(s, &o));
    *ret_opened = o.opened;
    o.opened = (struct welcome_opened){0};
    return SOTTO_OK;
}
