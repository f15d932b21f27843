/* https://HOST[:PORT]/i# and, in base64url:
 * struct { uint8 version_and_kind; opaque secret[16]; opaque inviter[16]; opaque pin[15]; } invite;    48 bytes, 64 characters */
#include <assert.h>
#include <stdio.h>

#include "base/ct.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/hkdf.h"
#include "identity/identity_local.h"

#define SCHEME       "https://"
#define PATH         "/i#"
#define PORT_DEFAULT 5000
#define LINK_VERSION 1
#define INVITE_SIZE  (1 + LINK_SECRET + LINK_FINGERPRINT + X509_PIN)
#define INVITE_TEXT  (INVITE_SIZE / 3 * 4)

static_assert(sizeof SCHEME PATH "[]:65535" + X509_HOST_MAX + INVITE_TEXT <= LINK_TEXT_MAX,
              "a link fits its text");

void link_invite_clear(struct link_invite *link)
{
    ct_wipe(link, sizeof *link);
}

/* ---- the host ---- */

static bool host_valid(view host)
{
    bool numeric = host.len > 0 && memchr(host.data, ':', host.len) != NULL;
    if (!x509_host_valid(host) || host.data[0] == '-')
        return false;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t c = host.data[i];
        bool digit = c >= '0' && c <= '9';
        if (c == '[' || c == ']' ||
            (numeric && !(digit || (c >= 'a' && c <= 'f') || c == ':' || c == '.')))
            return false;
    }
    return true;
}

/* Which links there can be. Who is invited to a person or a group has somebody who invites. */
static bool link_sound(const struct link_invite *link)
{
    bool inviter = !ct_is_zero(link->inviter, sizeof link->inviter);
    bool kind = link->kind == LINK_SERVER ||
                ((link->kind == LINK_CONTACT || link->kind == LINK_GROUP) && inviter);
    return kind && link->secret.len == LINK_SECRET && link->port != 0 &&
           memchr(link->host, '\0', sizeof link->host) != NULL && host_valid(view_str(link->host));
}

/* ---- reading ---- */

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c - 'A' + 'a') : c;
}

static bool is_white(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static view trimmed(view text)
{
    while (text.len > 0 && is_white(text.data[0]))
        text = view_of(text.data + 1, text.len - 1);
    while (text.len > 0 && is_white(text.data[text.len - 1]))
        text.len--;
    return text;
}

/* The next `len` bytes; what is left moves up. */
static view take(view *text, size_t len)
{
    view taken = view_of(text->data, len);
    *text = view_of(text->data + len, text->len - len);
    return taken;
}

/* In either case. */
static bool take_word(view *text, view word)
{
    if (text->len < word.len)
        return false;
    for (size_t i = 0; i < word.len; i++)
        if (lower(text->data[i]) != word.data[i])
            return false;
    take(text, word.len);
    return true;
}

/* Bytes up to one of the two, or to the end. */
static size_t length_to(view text, char one, char other)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != (uint8_t)one && text.data[len] != (uint8_t)other)
        len++;
    return len;
}

/* A name, or an address of IPv6 in brackets. */
static bool take_host(view *text, char *out)
{
    bool bracket = take_word(text, VIEW_LIT("["));
    size_t len = bracket ? length_to(*text, ']', ']') : length_to(*text, ':', '/');
    if (len == 0 || len > X509_HOST_MAX)
        return false;
    view host = take(text, len);
    for (size_t i = 0; i < len; i++)
        out[i] = (char)lower(host.data[i]);
    out[len] = '\0';
    bool numeric = memchr(out, ':', len) != NULL;
    return numeric == bracket && (!bracket || take_word(text, VIEW_LIT("]"))) &&
           host_valid(view_of(out, len));
}

static bool take_port(view *text, uint16_t *ret_port)
{
    uint32_t port = 0;
    *ret_port = PORT_DEFAULT;
    if (!take_word(text, VIEW_LIT(":")))
        return true;
    size_t len = length_to(*text, '/', '/');
    view digits = take(text, len);
    if (len == 0 || len > 5 || digits.data[0] == '0')
        return false;
    for (size_t i = 0; i < len; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        port = port * 10 + (uint32_t)(digits.data[i] - '0');
    }
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

static sotto_err invite_parse(view bytes, struct link_invite *link)
{
    struct rd r = rd_of(bytes);
    uint8_t first = rd_u8(&r);
    if (first >> 4 > LINK_VERSION || (first >> 4 == LINK_VERSION && (first & 15) > LINK_GROUP))
        return SOTTO_E_VERSION;
    if (first >> 4 != LINK_VERSION)
        return SOTTO_E_VALUE;
    link->kind = (enum link_kind)(first & 15);
    secret_resize(&link->secret, LINK_SECRET);
    rd_copy(&r, link->secret.data, LINK_SECRET);
    rd_copy(&r, link->inviter, sizeof link->inviter);
    rd_copy(&r, link->pin, sizeof link->pin);
    return rd_end(&r) == SOTTO_OK && link_sound(link) ? SOTTO_OK : SOTTO_E_VALUE;
}

sotto_err link_read(view text, struct link_invite *ret_link)
{
    uint8_t bytes[LINK_TEXT_MAX];
    DEFER(buf_clear) sotto_buf invite = BUF_ON(bytes);
    DEFER(link_invite_clear) struct link_invite link = {0};
    view rest = trimmed(text);
    if (rest.len >= LINK_TEXT_MAX || !take_word(&rest, VIEW_LIT(SCHEME)) ||
        !take_host(&rest, link.host) || !take_port(&rest, &link.port) ||
        !take_word(&rest, VIEW_LIT(PATH)))
        return SOTTO_E_VALUE;
    TRY(base64url_read(rest, &invite));
    TRY(invite_parse(buf_view(&invite), &link));
    *ret_link = link;
    return SOTTO_OK;
}

/* ---- writing ---- */

static sotto_err invite_put(const struct link_invite *link, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u8(&w, (uint8_t)(LINK_VERSION << 4 | link->kind));
    wr_bytes(&w, secret_view(&link->secret));
    wr_bytes(&w, VIEW_OF(link->inviter));
    wr_bytes(&w, VIEW_OF(link->pin));
    return wr_end(&w);
}

sotto_err link_write(const struct link_invite *link, char ret_text[LINK_TEXT_MAX])
{
    uint8_t invite_bytes[INVITE_SIZE], text_bytes[INVITE_TEXT];
    DEFER(buf_clear) sotto_buf invite = BUF_ON(invite_bytes);
    DEFER(buf_clear) sotto_buf text = BUF_ON(text_bytes);
    char port[8] = "";
    if (!link_sound(link))
        return SOTTO_E_VALUE;
    TRY(invite_put(link, &invite));
    TRY(base64url_write(buf_view(&invite), &text));
    bool numeric = strchr(link->host, ':') != NULL;
    if (link->port != PORT_DEFAULT)
        snprintf(port, sizeof port, ":%u", (unsigned)link->port);
    int len = snprintf(ret_text, LINK_TEXT_MAX, SCHEME "%s%s%s%s" PATH, numeric ? "[" : "",
                       link->host, numeric ? "]" : "", port);
    memcpy(ret_text + len, text.data, INVITE_TEXT); /* not by printf, which looks for a NUL */
    ret_text[len + INVITE_TEXT] = '\0';
    return SOTTO_OK;
}

/* ---- what is derived from the secret ---- */

static sotto_err derive(sotto_crypto *c, const struct secret *secret, view label, size_t len,
                        struct secret *ret_derived)
{
    DEFER(secret_clear) struct secret prk = {0};
    if (secret->len != LINK_SECRET)
        return SOTTO_E_USAGE;
    TRY(hkdf_extract(c, KDF_SHA256, VIEW_LIT("sotto link 1"), secret_view(secret), &prk));
    return hkdf_expand(c, KDF_SHA256, &prk, label, len, ret_derived);
}

sotto_err link_redeem_token(sotto_crypto *c, const struct secret *secret, struct secret *ret_token)
{
    return derive(c, secret, VIEW_LIT("sotto redeem 1"), LINK_TOKEN, ret_token);
}

sotto_err link_proof_key(sotto_crypto *c, const struct secret *secret, struct secret *ret_key)
{
    return derive(c, secret, VIEW_LIT("sotto proof 1"), LINK_PROOF, ret_key);
}

/* struct { opaque label<V> = "sotto link proof 1"; opaque joiner[32]; opaque inviter[32]; } */
sotto_err link_prove(sotto_crypto *c, const struct secret *proof_key,
                     const uint8_t joiner[ACCOUNT_ID], const uint8_t inviter[ACCOUNT_ID],
                     uint8_t ret_proof[LINK_PROOF])
{
    const view parts[] = {VIEW_LIT("\x12sotto link proof 1"), view_of(joiner, ACCOUNT_ID),
                          view_of(inviter, ACCOUNT_ID)};
    uint8_t tag[LINK_PROOF];
    if (proof_key->len != LINK_PROOF)
        return SOTTO_E_USAGE;
    TRY(hmac(c, HASH_SHA256, secret_view(proof_key), parts, COUNT_OF(parts), tag));
    memcpy(ret_proof, tag, sizeof tag);
    return SOTTO_OK;
}

sotto_err link_check_proof(sotto_crypto *c, const struct secret *proof_key,
                           const uint8_t joiner[ACCOUNT_ID], const uint8_t inviter[ACCOUNT_ID],
                           view proof)
{
    uint8_t right[LINK_PROOF];
    TRY(link_prove(c, proof_key, joiner, inviter, right));
    bool same = ct_equal(VIEW_OF(right), proof);
    ct_wipe(right, sizeof right);
    return same ? SOTTO_OK : SOTTO_E_MAC;
}
