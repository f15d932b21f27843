#include "mls/welcome.h"

/* struct { opaque path_secret<V>; } PathSecret;
 * struct {
 *     opaque joiner_secret<V>;
 *     optional<PathSecret> path_secret;
 *     PreSharedKeyID psks<V>;
 * } GroupSecrets;                                                                            RFC 9420 12.4.3.1 */
void group_secrets_read(struct rd *r, struct group_secrets *out)
{
    *out = (struct group_secrets){0};
    out->joiner_secret = rd_opaque(r, MLS_HASH_MAX);
    out->has_path_secret = rd_optional(r);
    if (out->has_path_secret)
        out->path_secret = rd_opaque(r, MLS_HASH_MAX);
    out->psks = pre_shared_key_list_read(r);
}

void group_secrets_write(struct wr *w, const struct group_secrets *secrets)
{
    wr_opaque(w, secrets->joiner_secret);
    wr_optional(w, secrets->has_path_secret);
    if (secrets->has_path_secret)
        wr_opaque(w, secrets->path_secret);
    wr_opaque(w, secrets->psks);
}

/* struct { KeyPackageRef new_member; HPKECiphertext encrypted_group_secrets; } EncryptedGroupSecrets; */
void encrypted_group_secrets_read(struct rd *r, struct encrypted_group_secrets *out)
{
    out->new_member = rd_opaque(r, MLS_HASH_MAX);
    hpke_ciphertext_read(r, &out->encrypted_group_secrets);
}

void encrypted_group_secrets_write(struct wr *w, const struct encrypted_group_secrets *secrets)
{
    wr_opaque(w, secrets->new_member);
    hpke_ciphertext_write(w, &secrets->encrypted_group_secrets);
}

static void encrypted_group_secrets_item(struct rd *r)
{
    struct encrypted_group_secrets secrets;
    encrypted_group_secrets_read(r, &secrets);
}

/* struct {
 *     CipherSuite cipher_suite;
 *     EncryptedGroupSecrets secrets<V>;
 *     opaque encrypted_group_info<V>;
 * } Welcome;                                                                                 RFC 9420 12.4.3.1 */
void welcome_read(struct rd *r, struct welcome *out)
{
    out->cipher_suite = rd_u16(r);
    out->secrets = codec_list(r, MLS_MESSAGE_MAX, encrypted_group_secrets_item);
    out->encrypted_group_info = rd_opaque(r, MLS_MESSAGE_MAX);
}

void welcome_write(struct wr *w, const struct welcome *welcome)
{
    wr_u16(w, welcome->cipher_suite);
    wr_opaque(w, welcome->secrets);
    wr_opaque(w, welcome->encrypted_group_info);
}
