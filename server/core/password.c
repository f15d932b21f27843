/* struct { uint8 version = 1; opaque salt[16]; opaque hash[32]; uint8 tries_left; uint8 flags; uint64 expires_s; opaque name<V>; } password;
 *
 * A one-time password is 50 random bits that live for minutes and survive five wrong tries: guessing succeeds once in 2^47. So SHA-256
 * with a salt is enough; a slow hash would only help whoever floods the server with tries. */
#include "base/ct.h"
#include "base/text.h"
#include "core/state.h"
#include "crypto/hash.h"
#include "proto/account.h"

#define ROW_VERSION 1
#define ALPHABET    "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" /* RFC 4648 6 */

sotto_err password_row_read(view bytes, struct password_row *ret_row)
{
    struct rd r = rd_of(bytes);
    struct password_row row = {0};
    if (rd_u8(&r) != ROW_VERSION)
        rd_fail(&r, SOTTO_E_DAMAGED);
    rd_copy(&r, row.salt, sizeof row.salt);
    rd_copy(&r, row.hash, sizeof row.hash);
    row.tries_left = rd_u8(&r);
    row.flags = rd_u8(&r);
    row.expires_s = rd_u64(&r);
    row.name = rd_opaque(&r, X509_NAME_MAX);
    if (rd_end(&r) != SOTTO_OK)
        return SOTTO_E_DAMAGED;
    *ret_row = row;
    return SOTTO_OK;
}

sotto_err password_row_write(const struct password_row *row, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, ROW_VERSION);
    wr_bytes(&w, VIEW_OF(row->salt));
    wr_bytes(&w, VIEW_OF(row->hash));
    wr_u8(&w, row->tries_left);
    wr_u8(&w, row->flags);
    wr_u64(&w, row->expires_s);
    wr_opaque(&w, row->name);
    return wr_end(&w);
}

static sotto_err password_save(struct step *s, view key, const struct password_row *row)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(password_row_write(row, &bytes));
    return row_put(s, STORE_PASSWORD, key, buf_view(&bytes));
}

static sotto_err password_hash(struct step *s, const uint8_t salt[16], view password,
                               uint8_t ret_hash[IDENTITY_HASH])
{
    const view parts[] = {view_of(salt, 16), password};
    return hash_parts(s->core->crypto, HASH_SHA256, parts, COUNT_OF(parts), ret_hash);
}

/* Passwords that nobody used go two at a time, as new ones come. */
static sotto_err passwords_sweep(struct step *s)
{
    struct row_key *at = &s->core->password_sweep;
    uint64_t now_s = step_wall_ms(s) / 1000;
    for (int i = 0; i < 2; i++) {
        view key, value;
        struct password_row row;
        sotto_err err = row_next(s, STORE_PASSWORD, (view){0}, row_key_view(at), &key, &value);
        if (err == SOTTO_E_NOTFOUND) {
            at->len = 0;
            return SOTTO_OK;
        }
        TRY(err);
        memcpy(at->bytes, key.data, key.len);
        at->len = key.len;
        TRY(row_verdict(s, password_row_read(value, &row)));
        if (row.expires_s <= now_s)
            TRY(row_delete(s, STORE_PASSWORD, row_key_view(at)));
    }
    return SOTTO_OK;
}

static void password_draw(struct rng *rng, struct secret *password)
{
    secret_resize(password, PASSWORD_TEXT);
    rng_bytes(rng, password->data, PASSWORD_TEXT);
    for (size_t i = 0; i < PASSWORD_TEXT; i++)
        password->data[i] = (uint8_t)ALPHABET[password->data[i] & 31];
}

sotto_err password_make(struct step *s, const struct password_for *what,
                        struct secret *ret_password, uint64_t *ret_expires_s)
{
    const struct limits *limits = &s->core->config.limits;
    uint64_t ttl_s = what->ttl_s > 0 ? what->ttl_s : limits->password_ms / 1000;
    uint64_t tries = limits->password_tries;
    DEFER(secret_clear) struct secret password = {0};
    struct password_row row = {
        .tries_left = tries > 0 && tries < UINT8_MAX ? (uint8_t)tries : UINT8_MAX,
        .flags = what->flags,
        .name = what->name,
    };
    if (__builtin_add_overflow(step_wall_ms(s) / 1000, ttl_s, &row.expires_s))
        row.expires_s = UINT64_MAX;
    TRY(passwords_sweep(s));
    password_draw(s->rng, &password);
    rng_bytes(s->rng, row.salt, sizeof row.salt);
    TRY(password_hash(s, row.salt, secret_view(&password), row.hash));
    TRY(password_save(s, what->key, &row));
    *ret_password = password;
    *ret_expires_s = row.expires_s;
    return SOTTO_OK;
}

/* Capital letters; the text may come as people type it. */
static void password_read(view text, struct secret *password)
{
    secret_resize(password, size_min(text.len, PASSWORD_TEXT));
    for (size_t i = 0; i < password->len; i++) {
        uint8_t c = text.data[i];
        password->data[i] = c >= 'a' && c <= 'z' ? (uint8_t)(c - 'a' + 'A') : c;
    }
}

/* Takes as long where there is no such row: the same hash, and a row is written that the next commit has to make durable. */
static sotto_err check_nothing(struct step *s, view password)
{
    const uint8_t salt[16] = {0};
    uint8_t digest[IDENTITY_HASH];
    TRY(password_hash(s, salt, password, digest));
    TRY(directory_save(s));
    return SOTTO_E_INVITE;
}

sotto_err password_check(struct step *s, view key, view password, sotto_buf *bytes,
                         struct password_row *ret_row)
{
    DEFER(secret_clear) struct secret typed = {0};
    struct password_row row;
    uint8_t digest[IDENTITY_HASH];
    view value;
    password_read(password, &typed);
    sotto_err err = row_get(s, STORE_PASSWORD, key, &value);
    if (err == SOTTO_E_NOTFOUND)
        return check_nothing(s, secret_view(&typed));
    TRY(err);
    TRY(buf_set(bytes, value));
    TRY(row_verdict(s, password_row_read(buf_view(bytes), &row)));
    TRY(password_hash(s, row.salt, secret_view(&typed), digest));
    bool in_time = row.tries_left > 0 && step_wall_ms(s) / 1000 < row.expires_s;
    if (in_time && ct_equal(VIEW_OF(digest), VIEW_OF(row.hash))) {
        *ret_row = row;
        return SOTTO_OK;
    }
    if (row.tries_left > 0)
        row.tries_left--;
    TRY(password_save(s, key, &row));
    return SOTTO_E_INVITE;
}

sotto_err password_delete(struct step *s, view key)
{
    return row_delete(s, STORE_PASSWORD, key);
}
