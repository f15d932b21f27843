#include "net/redact.h"

#include <stdio.h>

#include "base/ct.h"
#include "crypto/hash.h"
#include "crypto/rng.h"

#define DAY_S 86400

sotto_err redact_init(struct redact *r)
{
    *r = (struct redact){.day = -1};
    return pthread_mutex_init(&r->lock, NULL) == 0 ? SOTTO_OK : SOTTO_E_NOMEM;
}

void redact_clear(struct redact *r)
{
    ct_wipe(r->key, sizeof r->key);
    pthread_mutex_destroy(&r->lock);
}

static void key_take(struct redact *r, int64_t now_s, uint8_t ret_key[REDACT_KEY])
{
    pthread_mutex_lock(&r->lock);
    if (now_s / DAY_S != r->day) {
        random_bytes(r->key, sizeof r->key);
        r->day = now_s / DAY_S;
    }
    memcpy(ret_key, r->key, REDACT_KEY);
    pthread_mutex_unlock(&r->lock);
}

void redact_address(struct redact *r, sotto_crypto *c, const struct core_address *address,
                    int64_t now_s, char ret_text[REDACT_TEXT])
{
    uint8_t key[REDACT_KEY], tag[HASH_MAX] = {0};
    const view part = VIEW_OF(address->bytes);
    key_take(r, now_s, key);
    sotto_err err = hmac(c, HASH_SHA256, VIEW_OF(key), &part, 1, tag);
    ct_wipe(key, sizeof key);
    snprintf(ret_text, REDACT_TEXT, err == SOTTO_OK ? "#%02x%02x%02x%02x" : "#", tag[0], tag[1],
             tag[2], tag[3]);
}
