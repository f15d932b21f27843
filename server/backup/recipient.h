/* recipient.h - whom backups are sealed to: a key whose private half lies elsewhere, so that who takes the server's disk and its backups
 * can read neither yesterday's keys nor the accounts. The text of the public half stands in the settings. */
#ifndef BACKUP_RECIPIENT_H
#define BACKUP_RECIPIENT_H

#include "backup/archive.h"
#include "base/secret.h"

#define RECIPIENT_KEY   32                   /* bytes of either half */
#define RECIPIENT_LABEL "sotto backup key 1" /* in the key's file (net/key_file.h) */
#define RECIPIENT_TEXT  64                   /* bytes of the text with its NUL */

/* "sotto-backup-1-" and base64url of the public half. */
void recipient_write(const uint8_t public_key[RECIPIENT_KEY], char ret_text[RECIPIENT_TEXT]);
/* VALUE: no such text. */
SOTTO_MUST_USE sotto_err recipient_read(const char *text, uint8_t ret_public_key[RECIPIENT_KEY]);

/* The private half that this seed stands for. */
SOTTO_MUST_USE sotto_err recipient_key(sotto_crypto *c, const struct secret *seed,
                                       struct kem_key **ret_key);

#endif
