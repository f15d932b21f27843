#include "backup/recipient.h"

#include <stdio.h>

#include "base/text.h"

#define PREFIX "sotto-backup-1-"

void recipient_write(const uint8_t public_key[RECIPIENT_KEY], char ret_text[RECIPIENT_TEXT])
{
    uint8_t place[RECIPIENT_TEXT];
    sotto_buf text = BUF_ON(place);
    ret_text[0] = 0;
    if (base64url_write(view_of(public_key, RECIPIENT_KEY), &text) == SOTTO_OK)
        snprintf(ret_text, RECIPIENT_TEXT, PREFIX "%.*s", (int)text.len, (const char *)text.data);
}

sotto_err recipient_read(const char *text, uint8_t ret_public_key[RECIPIENT_KEY])
{
    uint8_t place[RECIPIENT_KEY];
    sotto_buf key = BUF_ON(place);
    const size_t prefix = sizeof PREFIX - 1;
    if (strncmp(text, PREFIX, prefix) != 0 ||
        base64url_read(view_str(text + prefix), &key) != SOTTO_OK || key.len != RECIPIENT_KEY)
        return SOTTO_E_VALUE;
    memcpy(ret_public_key, place, RECIPIENT_KEY);
    return SOTTO_OK;
}

sotto_err recipient_key(sotto_crypto *c, const struct secret *seed, struct kem_key **ret_key)
{
    return kem_key_derive(c, ARCHIVE_KEM, secret_view(seed), ret_key);
}
