/* What a Welcome seals for each new member differs in the path secret alone: the secrets of the epoch, and those PSKs that it
 * was made with, are the same for all. One hash of the sealed GroupInfo serves all of the seals. */
#include "mls/welcome_make.h"

#include "mls/mls_message.h"

/* What all seals of a Welcome share. */
struct sealing {
    const struct mls_suite *suite;
    const struct welcome_parts *parts;
    struct hpke_info info;
    sotto_buf psks; /* PreSharedKeyIDs */
};

static void sealing_clear(struct sealing *sealing)
{
    hpke_info_clear(&sealing->info);
    buf_clear(&sealing->psks);
}

/* `sealing` has suite and parts; the caller clears it, whatever comes of this. */
static sotto_err sealing_begin(struct step *s, view encrypted_group_info, struct sealing *sealing)
{
    struct wr w = wr_to(&sealing->psks);
    for (size_t i = 0; i < sealing->parts->psk_count; i++)
        pre_shared_key_id_write(&w, &sealing->parts->psks[i]);
    TRY(wr_end(&w));
    return encrypt_context(s->c, sealing->suite, VIEW_LIT("Welcome"), encrypted_group_info,
                           &sealing->info);
}

static sotto_err group_secrets_make(const struct sealing *sealing, uint32_t leaf_index,
                                    sotto_buf *out)
{
    const struct secret *path_secret = NULL;
    if (sealing->parts->path != NULL)
        path_secret = treekem_path_secret(sealing->parts->path, leaf_index);
    const struct group_secrets secrets = {
        .joiner_secret = secret_view(sealing->parts->joiner_secret),
        .has_path_secret = path_secret != NULL,
        .path_secret = path_secret != NULL ? secret_view(path_secret) : (view){0},
        .psks = buf_view(&sealing->psks)};
    buf_reset(out);
    struct wr w = wr_to(out);
    group_secrets_write(&w, &secrets);
    return wr_end(&w);
}

/* The init_key of an encoded KeyPackage that was read before (RFC 9420 10): nothing else of it is needed. */
static view init_key_of(view key_package)
{
    struct rd r = rd_of(key_package);
    (void)rd_u16(&r);
    (void)rd_u16(&r);
    return rd_opaque(&r, MLS_KEY_MAX);
}

/* One EncryptedGroupSecrets. `plain` and `sealed` are room that is used again for the next. */
static sotto_err member_seal(struct step *s, const struct sealing *sealing,
                             const struct new_member *member, sotto_buf *plain, sotto_buf *sealed,
                             struct wr *w)
{
    DEFER(secret_clear) struct secret seed = {0};
    uint8_t ref[HASH_MAX], kem_output[KEM_ENC_MAX], *ciphertext;
    enum kem_id kem = sealing->suite->hpke.kem;
    TRY(key_package_ref(s->c, sealing->suite, member->key_package, ref));
    TRY(group_secrets_make(sealing, member->leaf_index, plain));
    sealed->len = 0;
    TRY(buf_extend(sealed, plain->len + AEAD_TAG, &ciphertext));
    secret_resize(&seed, kem_seed_size(kem));
    rng_bytes(&s->rng, seed.data, seed.len);
    TRY(encrypt_with_label(s->c, &sealing->info, init_key_of(member->key_package),
                           secret_view(&seed), buf_view(plain), kem_output, ciphertext));
    const struct encrypted_group_secrets item = {
        .new_member = view_of(ref, sealing->suite->hash_len),
        .encrypted_group_secrets = {view_of(kem_output, kem_enc_size(kem)), buf_view(sealed)}};
    encrypted_group_secrets_write(w, &item);
    return SOTTO_OK;
}

/* Bytes of an EncryptedGroupSecrets: a reference, joiner and path secret, PSKs, and what lies around them. */
static size_t member_size(const struct sealing *sealing)
{
    return kem_enc_size(sealing->suite->hpke.kem) + 3 * (size_t)sealing->suite->hash_len +
           sealing->psks.len + AEAD_TAG + 16;
}

static sotto_err members_seal(struct step *s, const struct welcome_parts *parts,
                              view encrypted_group_info, const struct new_member *members,
                              size_t count, sotto_buf *out)
{
    DEFER(sealing_clear) struct sealing sealing = {.suite = parts->epoch->suite, .parts = parts};
    DEFER(buf_clear) sotto_buf plain = {0};
    DEFER(buf_clear) sotto_buf sealed = {0};
    TRY(sealing_begin(s, encrypted_group_info, &sealing));
    TRY(buf_reserve(out, count * member_size(&sealing)));
    struct wr w = wr_to(out);
    for (size_t i = 0; i < count; i++)
        TRY(member_seal(s, &sealing, &members[i], &plain, &sealed, &w));
    return wr_end(&w);
}

static sotto_err group_info_seal(struct step *s, const struct welcome_parts *parts)
{
    sotto_buf *info = parts->group_info;
    const struct mls_suite *suite = parts->epoch->suite;
    DEFER(secret_clear) struct secret welcome_secret = {0};
    DEFER(secret_clear) struct secret key = {0};
    uint8_t nonce[AEAD_NONCE], *tag;
    TRY(key_schedule_welcome(s->c, suite, parts->member, &welcome_secret));
    TRY(key_schedule_welcome_key(s->c, suite, &welcome_secret, &key, nonce));
    TRY(buf_extend(info, AEAD_TAG, &tag));
    const view plain = {info->data, info->len - AEAD_TAG};
    return aead_seal(s->c, suite->hpke.aead, &key, nonce, (view){0}, plain, info->data);
}

sotto_err welcome_make(struct step *s, const struct welcome_parts *parts,
                       const struct new_member *members, size_t count, sotto_buf *ret_welcome)
{
    DEFER(buf_clear) sotto_buf secrets = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    TRY(group_info_seal(s, parts));
    const view sealed_info = buf_view(parts->group_info);
    TRY(members_seal(s, parts, sealed_info, members, count, &secrets));
    const struct mls_message message = {.wire_format = WIRE_WELCOME,
                                        .welcome = {.cipher_suite = parts->epoch->suite->id,
                                                    .secrets = buf_view(&secrets),
                                                    .encrypted_group_info = sealed_info}};
    TRY(buf_reserve(&out, secrets.len + sealed_info.len + 16));
    struct wr w = wr_to(&out);
    mls_message_write(&w, &message);
    TRY(wr_end(&w));
    buf_clear(ret_welcome);
    *ret_welcome = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}
