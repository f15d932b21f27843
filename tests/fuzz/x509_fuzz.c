/* Certificates, by the first byte:
 * 0 to 4: the rest is the DER of that kind. What we accept, OpenSSL's own parser reads as the same fields, and it writes the same
 *   bytes again.
 * 5 to 9: the rest are fields. What is issued reads back the same, OpenSSL agrees, and one changed byte is refused.
 * 10: the rest is a chain, each certificate behind two bytes of length. A made-up pin never fits. What is accepted as a server's
 *   is so again with the pin that was found; what is accepted as a name's has a device that its account key signed.
 * 11: the text of a pin. What is accepted is written again with the same digits. */
#include <ctype.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>

#include "base/rd.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sotto_crypto *c;
static sotto_sign_key *key;

static void must(bool holds)
{
    if (!holds)
        abort();
}

static void set_up(void)
{
    static const uint8_t seed[32] = {1};
    must(crypto_new(&c) == SOTTO_OK);
    must(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key) == SOTTO_OK);
}

static int64_t seconds(const ASN1_TIME *time)
{
    struct tm tm;
    must(ASN1_TIME_to_tm(time, &tm) == 1);
    return timegm(&tm);
}

static bool ends_with(const ASN1_STRING *text, view tail)
{
    size_t len = (size_t)ASN1_STRING_length(text);
    return len >= tail.len && (tail.len == 0 || memcmp(ASN1_STRING_get0_data(text) + len - tail.len,
                                                       tail.data, tail.len) == 0);
}

/* The last name holds what is the certificate's own: host, name, or device id (here: its number of names and their kind). */
static void check_names(X509 *parsed, const struct x509 *cert)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(parsed, NID_subject_alt_name, NULL, NULL);
    static const int counts[X509_KINDS] = {0, 0, 1, 2, 1};
    int count = names != NULL ? sk_GENERAL_NAME_num(names) : 0;
    must(count == counts[cert->kind]);
    for (int i = 0; i < count; i++)
        must(sk_GENERAL_NAME_value(names, i)->type == GEN_URI);
    if (cert->kind == X509_SERVER)
        must(ends_with(sk_GENERAL_NAME_value(names, 0)->d.uniformResourceIdentifier, cert->host));
    if (cert->kind == X509_ACCOUNT)
        must(ends_with(sk_GENERAL_NAME_value(names, 1)->d.uniformResourceIdentifier, cert->name));
    GENERAL_NAMES_free(names);
}

static void check_openssl_agrees(view der, const struct x509 *cert)
{
    const uint8_t *at = der.data;
    uint8_t raw[32], *again = NULL;
    size_t raw_len = sizeof raw;
    X509 *parsed = d2i_X509(NULL, &at, (long)der.len);
    must(parsed != NULL && at == der.data + der.len);
    must(i2d_X509(parsed, &again) == (int)der.len && memcmp(again, der.data, der.len) == 0);
    EVP_PKEY *public_key = X509_get0_pubkey(parsed);
    must(EVP_PKEY_get_raw_public_key(public_key, raw, &raw_len) == 1);
    must(memcmp(raw, cert->public_key, sizeof raw) == 0);
    if (cert->kind != X509_DEVICE) {
        must(seconds(X509_get0_notBefore(parsed)) == cert->not_before_s);
        must(seconds(X509_get0_notAfter(parsed)) == cert->not_after_s);
    }
    must(X509_check_ca(parsed) == (cert->kind != X509_SERVER && cert->kind != X509_DEVICE));
    check_names(parsed, cert);
    OPENSSL_free(again);
    X509_free(parsed);
}

static void fuzz_der(enum x509_kind kind, view der)
{
    struct x509 cert;
    if (x509_read(c, kind, der, &cert) != SOTTO_OK)
        return;
    check_openssl_agrees(der, &cert);
    for (enum x509_kind other = 0; other < X509_KINDS; other++)
        must(other == kind || x509_read(c, other, der, &cert) == SOTTO_E_CERTIFICATE);
}

static struct x509 fields_from(struct rd *r, enum x509_kind kind)
{
    struct x509 fields = {.kind = kind,
                          .issuer = rd_u8(r) % 2 == 0 ? X509_ROOT : X509_INTERMEDIATE};
    fields.not_before_s = (int64_t)rd_u64(r);
    fields.not_after_s = (int64_t)rd_u64(r);
    rd_copy(r, fields.public_key, sizeof fields.public_key);
    if (kind == X509_ROOT)
        memcpy(fields.public_key, sign_key_public(key).data, sizeof fields.public_key);
    if (kind == X509_ACCOUNT || kind == X509_DEVICE)
        rd_copy(r, fields.account_id, sizeof fields.account_id);
    if (kind == X509_DEVICE)
        rd_copy(r, fields.device_id, sizeof fields.device_id);
    return fields;
}

static void check_flip(enum x509_kind kind, view der, size_t at, uint8_t flip)
{
    uint8_t copy[X509_MAX];
    struct x509 cert;
    memcpy(copy, der.data, der.len);
    copy[at % der.len] ^= flip | 1;
    if (x509_read(c, kind, view_of(copy, der.len), &cert) ==
        SOTTO_OK) { /* the signature alone was changed */
        must(at % der.len >= der.len - ED25519_SIGNATURE);
        must(x509_verify(c, &cert, sign_key_public(key).data) == SOTTO_E_CERTIFICATE);
    }
}

static void fuzz_fields(enum x509_kind kind, view input)
{
    DEFER(buf_clear) sotto_buf der = {0};
    struct rd r = rd_of(input);
    struct x509 fields = fields_from(&r, kind), cert;
    size_t at = rd_u16(&r);
    uint8_t flip = rd_u8(&r);
    view text = rd_rest(&r);
    if (kind == X509_SERVER)
        fields.host = text;
    if (kind == X509_ACCOUNT)
        fields.name = text;
    if (x509_issue(c, &fields, key, &der) != SOTTO_OK)
        return;
    must(x509_read(c, kind, buf_view(&der), &cert) == SOTTO_OK);
    must(x509_verify(c, &cert, sign_key_public(key).data) == SOTTO_OK);
    must(memcmp(cert.public_key, fields.public_key, sizeof cert.public_key) == 0);
    must(memcmp(cert.account_id, fields.account_id, sizeof cert.account_id) == 0);
    must(memcmp(cert.device_id, fields.device_id, sizeof cert.device_id) == 0);
    must(view_equal(cert.name, fields.name) && view_equal(cert.host, fields.host));
    check_openssl_agrees(buf_view(&der), &cert);
    check_flip(kind, buf_view(&der), at, flip);
}

#define NOW INT64_C(1795132800) /* within the validity of the seeds */

static void check_server_chain(const view *chain, size_t count)
{
    static const uint8_t pin[X509_PIN];
    uint8_t server_key[ED25519_PUBLIC], found[X509_PIN];
    must(x509_verify_server_chain(c, chain, count, pin, NOW, server_key, found) != SOTTO_OK);
    if (x509_verify_server_chain(c, chain, count, NULL, NOW, server_key, found) == SOTTO_OK)
        must(x509_verify_server_chain(c, chain, count, found, NOW, server_key, found) == SOTTO_OK);
}

static void check_name_path(const view *chain, size_t count)
{
    uint8_t pin[X509_PIN];
    struct x509 root, account, device;
    if (count == 0 || x509_read(c, X509_ROOT, chain[count - 1], &root) != SOTTO_OK)
        return;
    must(x509_pin(c, root.public_key, pin) == SOTTO_OK);
    if (x509_verify_name_path(c, chain, count, pin, NOW, &account, &device) != SOTTO_OK)
        return;
    must(x509_name_valid(account.name));
    must(memcmp(account.account_id, device.account_id, sizeof account.account_id) == 0);
    must(x509_verify_device(c, chain[0], account.public_key, &device) == SOTTO_OK);
    pin[0] ^= 1;
    must(x509_verify_name_path(c, chain, count, pin, NOW, &account, &device) == SOTTO_E_PIN);
}

static void fuzz_chain(view input)
{
    view chain[X509_CHAIN_MAX];
    size_t count = 0;
    struct rd r = rd_of(input);
    while (count < X509_CHAIN_MAX && rd_more(&r))
        chain[count++] = rd_bytes(&r, rd_u16(&r));
    check_server_chain(chain, count);
    check_name_path(chain, count);
}

static void fuzz_pin(view text)
{
    uint8_t pin[X509_PIN];
    char again[X509_PIN_TEXT];
    size_t at = 0;
    if (x509_pin_read(text, pin) != SOTTO_OK)
        return;
    x509_pin_write(pin, again);
    for (size_t i = 0; again[i] != '\0'; i++)
        if (again[i] != '-' || text.len == X509_PIN_TEXT - 1)
            must(toupper(text.data[at++]) == again[i]);
    must(at == text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (c == NULL)
        set_up();
    if (size == 0)
        return 0;
    view rest = {data + 1, size - 1};
    if (data[0] < X509_KINDS)
        fuzz_der(data[0], rest);
    else if (data[0] < 2 * X509_KINDS)
        fuzz_fields(data[0] - X509_KINDS, rest);
    else if (data[0] == 2 * X509_KINDS)
        fuzz_chain(rest);
    else
        fuzz_pin(rest);
    return 0;
}
