/* welcome.h - what brings new members in (RFC 9420 12.4.3.1). */
#ifndef MLS_WELCOME_H
#define MLS_WELCOME_H

#include "mls/psk.h"
#include "mls/update_path.h"

/* Comes out of EncryptedGroupSecrets; the views borrow secrets: wipe the bytes below when done. */
struct group_secrets {
    view joiner_secret;
    bool has_path_secret;
    view path_secret;
    view psks; /* pre_shared_key_ids */
};
void group_secrets_read(struct rd *r, struct group_secrets *out);
void group_secrets_write(struct wr *w, const struct group_secrets *secrets);

struct encrypted_group_secrets {
    view new_member; /* KeyPackageRef */
    struct hpke_ciphertext encrypted_group_secrets;
};
void encrypted_group_secrets_read(struct rd *r, struct encrypted_group_secrets *out);
void encrypted_group_secrets_write(struct wr *w, const struct encrypted_group_secrets *secrets);

struct welcome {
    uint16_t cipher_suite;
    view secrets; /* encrypted_group_secretses */
    view encrypted_group_info;
};
void welcome_read(struct rd *r, struct welcome *out);
void welcome_write(struct wr *w, const struct welcome *welcome);

#endif
