/* The templates (docs/certificates.md). A certificate is
 *     SEQUENCE { tbs, Ed25519, signature }   with   tbs = SEQUENCE { version, serial, body }
 * and the body is what template_body() writes from the fields; the serial number is a hash of the body. Reading walks through
 * the DER only to find the fields: what it does not look at is checked by writing the template again and comparing. */
#include "crypto/x509.h"

#include <time.h>

#include "base/text.h"
#include "crypto/der.h"
#include "crypto/hash.h"

#define SERIAL 16 /* bytes */

enum extension_id {
    EXT_ISSUER_KEY,
    EXT_SUBJECT_KEY,
    EXT_KEY_USAGE,
    EXT_CONSTRAINTS,
    EXT_PURPOSE,
    EXT_ALT_NAME
};

/* What is fixed for each kind. */
static const struct form {
    const char *title; /* common name in front of the fingerprint; NULL: see name_write() */
    int path_len;      /* basicConstraints of a CA; -1: no CA */
    uint8_t usage[2];  /* keyUsage: unused bits, bits */
    bool purpose;      /* carries the purpose "instant messaging identity" */
    bool timeless;     /* has no validity of its own */
} templates[X509_KINDS] = {
    [X509_ROOT] = {"sotto root ", 2, {2, 0x04}, false, false},
    [X509_INTERMEDIATE] = {"sotto intermediate ", 1, {2, 0x04}, false, false},
    [X509_SERVER] = {"sotto server ", -1, {7, 0x80}, false, false},
    [X509_ACCOUNT] = {NULL, 0, {2, 0x84}, true, false},
    [X509_DEVICE] = {NULL, -1, {7, 0x80}, true, true},
};

static const uint8_t oid_ed25519[] = {0x2b, 0x65, 0x70};     /* RFC 8410 3 */
static const uint8_t oid_common_name[] = {0x55, 0x04, 0x03}; /* 2.5.4.3 */
static const uint8_t oid_im_uri[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x28}; /* RFC 9734 */

/* id-ce (2.5.29) and what stands behind it; in the order of their numbers above, and of the certificate */
static const uint8_t oid_extension[][3] = {
    [EXT_ISSUER_KEY] = {0x55, 0x1d, 0x23}, [EXT_SUBJECT_KEY] = {0x55, 0x1d, 0x0e},
    [EXT_KEY_USAGE] = {0x55, 0x1d, 0x0f},  [EXT_CONSTRAINTS] = {0x55, 0x1d, 0x13},
    [EXT_PURPOSE] = {0x55, 0x1d, 0x25},    [EXT_ALT_NAME] = {0x55, 0x1d, 0x11},
};

#define URI_ACCOUNT "sotto:"   /* sotto:ACCOUNT, sotto:ACCOUNT/DEVICE */
#define URI_HOST    "sotto://" /* sotto://HOST */
#define URI_NAME    "im:"      /* im:NAME (RFC 3860) */

/* ---- names ---- */

static bool all_of(view text, const char *allowed)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == 0 || strchr(allowed, text.data[i]) == NULL)
            return false;
    return true;
}

#define LOWER_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

bool x509_host_valid(view host)
{
    return host.len >= 1 && host.len <= X509_HOST_MAX && all_of(host, LOWER_DIGITS ".-:[]");
}

bool x509_name_valid(view name)
{
    const uint8_t *at = name.len > 0 ? memchr(name.data, '@', name.len) : NULL;
    if (at == NULL)
        return false;
    view local = {name.data, (size_t)(at - name.data)};
    view host = {at + 1, name.len - local.len - 1};
    return local.len >= 1 && local.len <= X509_NAME_MAX - X509_HOST_MAX - 1 &&
           all_of(local, LOWER_DIGITS "._-") && x509_host_valid(host);
}

/* ---- keys and pins ---- */

sotto_err x509_key_id(sotto_crypto *c, const uint8_t public_key[ED25519_PUBLIC],
                      uint8_t ret_id[X509_KEY_ID])
{
    uint8_t digest[HASH_MAX];
    TRY(hash(c, HASH_SHA256, view_of(public_key, ED25519_PUBLIC), digest));
    memcpy(ret_id, digest, X509_KEY_ID);
    return SOTTO_OK;
}

sotto_err x509_pin(sotto_crypto *c, const uint8_t root_key[ED25519_PUBLIC],
                   uint8_t ret_pin[X509_PIN])
{
    uint8_t id[X509_KEY_ID];
    TRY(x509_key_id(c, root_key, id));
    memcpy(ret_pin, id, X509_PIN);
    return SOTTO_OK;
}

void x509_pin_write(const uint8_t pin[X509_PIN], char ret_text[X509_PIN_TEXT])
{
    static const char digits[] = "0123456789ABCDEF"; /* a pin is public */
    char *out = ret_text;
    for (size_t i = 0; i < X509_PIN; i++) {
        if (i > 0 && i % 2 == 0)
            *out++ = '-';
        *out++ = digits[pin[i] >> 4];
        *out++ = digits[pin[i] & 15];
    }
    *out = '\0';
}

sotto_err x509_pin_read(view text, uint8_t ret_pin[X509_PIN])
{
    uint8_t digits[2 * X509_PIN], pin[X509_PIN];
    size_t count = 0;
    bool dashes = text.len == X509_PIN_TEXT - 1;
    if (!dashes && text.len != sizeof digits)
        return SOTTO_E_VALUE;
    for (size_t i = 0; i < text.len; i++) {
        if (!dashes || i % 5 != 4)
            digits[count++] = text.data[i];
        else if (text.data[i] != '-')
            return SOTTO_E_VALUE;
    }
    sotto_buf out = BUF_ON(pin);
    TRY(hex_read(view_of(digits, count), &out));
    memcpy(ret_pin, pin, sizeof pin);
    return SOTTO_OK;
}

/* ---- time ---- */

/* UTCTime until 2049, GeneralizedTime from 2050 on (RFC 5280 4.1.2.5). */
static void time_write(struct wr *w, int64_t when_s)
{
    struct tm tm = {0};
    char text[32];
    time_t when = (time_t)when_s;
    if (when_s < 0 || when_s > X509_FOREVER_S || gmtime_r(&when, &tm) == NULL) {
        wr_fail(w, SOTTO_E_USAGE);
        return;
    }
    bool utc = tm.tm_year < 150;
    size_t len = strftime(text, sizeof text, "%Y%m%d%H%M%SZ", &tm);
    size_t century = utc ? 2 : 0; /* UTCTime has none */
    der_write(w, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME, view_of(text + century, len - century));
}

static int time_pair(view digits, size_t at)
{
    if (at + 2 > digits.len)
        return 0;
    return (digits.data[at] - '0') * 10 + (digits.data[at + 1] - '0');
}

/* Nonsense gives some time, which is then written in another way than it was read. */
static int64_t time_read(struct rd *r)
{
    bool utc = der_peek(r) == DER_UTC_TIME;
    view digits = der_read(r, utc ? DER_UTC_TIME : DER_GENERALIZED_TIME);
    size_t at = utc ? 0 : 2;
    int year = time_pair(digits, at);
    int century = utc ? (year < 50 ? 20 : 19) : time_pair(digits, 0);
    struct tm tm = {
        .tm_year = century * 100 + year - 1900,
        .tm_mon = time_pair(digits, at + 2) - 1,
        .tm_mday = time_pair(digits, at + 4),
        .tm_hour = time_pair(digits, at + 6),
        .tm_min = time_pair(digits, at + 8),
        .tm_sec = time_pair(digits, at + 10),
    };
    return timegm(&tm);
}

/* ---- writing ---- */

static void hex(struct wr *w, view bytes)
{
    uint8_t text[2 * X509_ACCOUNT_ID];
    sotto_buf out = BUF_ON(text);
    if (hex_write(bytes, &out) != SOTTO_OK)
        wr_fail(w, SOTTO_E_USAGE);
    wr_bytes(w, buf_view(&out));
}

static void algorithm_write(struct wr *w)
{
    size_t mark = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, VIEW_OF(oid_ed25519));
    der_end(w, mark);
}

/* Name with one common name: the template's title and the fingerprint of the key, or the account id in hex (64 characters, the
 * limit of X.520), or empty for a device. */
static void name_write(struct wr *w, enum x509_kind kind, const uint8_t key_id[X509_KEY_ID],
                       const uint8_t account_id[X509_ACCOUNT_ID])
{
    size_t name = der_begin(w, DER_SEQUENCE);
    if (kind != X509_DEVICE) {
        size_t set = der_begin(w, DER_SET);
        size_t attribute = der_begin(w, DER_SEQUENCE);
        der_write(w, DER_OID, VIEW_OF(oid_common_name));
        size_t text = der_begin(w, DER_UTF8_STRING);
        if (kind == X509_ACCOUNT) {
            hex(w, view_of(account_id, X509_ACCOUNT_ID));
        } else {
            char fingerprint[X509_PIN_TEXT];
            x509_pin_write(key_id, fingerprint);
            wr_bytes(w, view_str(templates[kind].title));
            wr_bytes(w, view_str(fingerprint));
        }
        der_end(w, text);
        der_end(w, attribute);
        der_end(w, set);
    }
    der_end(w, name);
}

static void validity_write(struct wr *w, const struct x509 *cert)
{
    bool timeless = templates[cert->kind].timeless;
    size_t mark = der_begin(w, DER_SEQUENCE);
    time_write(w, timeless ? 0 : cert->not_before_s);
    time_write(w, timeless ? X509_FOREVER_S : cert->not_after_s);
    der_end(w, mark);
}

static void bits_write(struct wr *w, uint8_t unused, view bits)
{
    size_t mark = der_begin(w, DER_BIT_STRING);
    wr_u8(w, unused);
    wr_bytes(w, bits);
    der_end(w, mark);
}

static void key_write(struct wr *w, const uint8_t key[ED25519_PUBLIC])
{
    size_t mark = der_begin(w, DER_SEQUENCE);
    algorithm_write(w);
    bits_write(w, 0, view_of(key, ED25519_PUBLIC));
    der_end(w, mark);
}

struct extension_marks {
    size_t whole, value;
};

static struct extension_marks extension_begin(struct wr *w, enum extension_id id, bool critical)
{
    struct extension_marks marks = {.whole = der_begin(w, DER_SEQUENCE)};
    der_write(w, DER_OID, VIEW_OF(oid_extension[id]));
    if (critical)
        der_write(w, DER_BOOLEAN, VIEW_LIT("\xff"));
    marks.value = der_begin(w, DER_OCTET_STRING);
    return marks;
}

static void extension_end(struct wr *w, struct extension_marks marks)
{
    der_end(w, marks.value);
    der_end(w, marks.whole);
}

static void key_id_write(struct wr *w, enum extension_id id, const uint8_t key_id[X509_KEY_ID])
{
    struct extension_marks marks = extension_begin(w, id, false);
    if (id == EXT_ISSUER_KEY) {
        size_t sequence = der_begin(w, DER_SEQUENCE);
        der_write(w, DER_KEY_ID, view_of(key_id, X509_KEY_ID));
        der_end(w, sequence);
    } else {
        der_write(w, DER_OCTET_STRING, view_of(key_id, X509_KEY_ID));
    }
    extension_end(w, marks);
}

static void usage_write(struct wr *w, const struct form *f)
{
    struct extension_marks marks = extension_begin(w, EXT_KEY_USAGE, true);
    bits_write(w, f->usage[0], view_of(&f->usage[1], 1));
    extension_end(w, marks);
}

static void constraints_write(struct wr *w, const struct form *f)
{
    uint8_t path_len = (uint8_t)f->path_len;
    struct extension_marks marks = extension_begin(w, EXT_CONSTRAINTS, true);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_BOOLEAN, VIEW_LIT("\xff"));
    der_write(w, DER_INTEGER, view_of(&path_len, 1));
    der_end(w, sequence);
    extension_end(w, marks);
}

static void purpose_write(struct wr *w)
{
    struct extension_marks marks = extension_begin(w, EXT_PURPOSE, false);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    der_write(w, DER_OID, VIEW_OF(oid_im_uri));
    der_end(w, sequence);
    extension_end(w, marks);
}

static void account_uri_write(struct wr *w, const struct x509 *cert)
{
    size_t uri = der_begin(w, DER_URI);
    wr_bytes(w, VIEW_LIT(URI_ACCOUNT));
    hex(w, VIEW_OF(cert->account_id));
    if (cert->kind == X509_DEVICE) {
        wr_bytes(w, VIEW_LIT("/"));
        hex(w, VIEW_OF(cert->device_id));
    }
    der_end(w, uri);
}

static void text_uri_write(struct wr *w, view scheme, view text)
{
    size_t uri = der_begin(w, DER_URI);
    wr_bytes(w, scheme);
    wr_bytes(w, text);
    der_end(w, uri);
}

/* Critical where the subject is empty (RFC 5280 4.1.2.6). */
static void alt_name_write(struct wr *w, const struct x509 *cert)
{
    struct extension_marks marks = extension_begin(w, EXT_ALT_NAME, cert->kind == X509_DEVICE);
    size_t sequence = der_begin(w, DER_SEQUENCE);
    if (cert->kind == X509_SERVER) {
        text_uri_write(w, VIEW_LIT(URI_HOST), cert->host);
    } else {
        account_uri_write(w, cert);
        if (cert->kind == X509_ACCOUNT)
            text_uri_write(w, VIEW_LIT(URI_NAME), cert->name);
    }
    der_end(w, sequence);
    extension_end(w, marks);
}

static void extensions_write(struct wr *w, const struct x509 *cert,
                             const uint8_t key_id[X509_KEY_ID])
{
    const struct form *f = &templates[cert->kind];
    bool authority = f->path_len >= 0;
    size_t outer = der_begin(w, DER_EXTENSIONS);
    size_t list = der_begin(w, DER_SEQUENCE);
    if (cert->kind != X509_ROOT)
        key_id_write(w, EXT_ISSUER_KEY, cert->issuer_key_id);
    if (authority)
        key_id_write(w, EXT_SUBJECT_KEY, key_id);
    usage_write(w, f);
    if (authority)
        constraints_write(w, f);
    if (f->purpose)
        purpose_write(w);
    if (cert->kind != X509_ROOT && cert->kind != X509_INTERMEDIATE)
        alt_name_write(w, cert);
    der_end(w, list);
    der_end(w, outer);
}

/* The signed part behind the serial number. */
static void template_body(struct wr *w, const struct x509 *cert, const uint8_t key_id[X509_KEY_ID])
{
    algorithm_write(w);
    name_write(w, cert->issuer, cert->issuer_key_id, cert->account_id);
    validity_write(w, cert);
    name_write(w, cert->kind, key_id, cert->account_id);
    key_write(w, cert->public_key);
    extensions_write(w, cert, key_id);
}

/* The serial number is the hash of all else that is signed: unique for what it stands for, and never drawn. The two bits on top
 * keep it positive and of one length. */
static sotto_err serial_of(sotto_crypto *c, view body, uint8_t ret_serial[SERIAL])
{
    uint8_t digest[HASH_MAX];
    TRY(hash(c, HASH_SHA256, body, digest));
    digest[0] = (uint8_t)(0x40 | (digest[0] & 0x3f));
    memcpy(ret_serial, digest, SERIAL);
    return SOTTO_OK;
}

/* Appends the tbs; the fields are sound. */
static sotto_err tbs_write(sotto_crypto *c, const struct x509 *cert, sotto_buf *out)
{
    uint8_t body_bytes[X509_MAX], key_id[X509_KEY_ID], serial[SERIAL];
    sotto_buf body = BUF_ON(body_bytes);
    TRY(x509_key_id(c, cert->public_key, key_id));
    struct wr b = wr_to(&body);
    template_body(&b, cert, key_id);
    TRY(wr_end(&b));
    TRY(serial_of(c, buf_view(&body), serial));

    struct wr w = wr_to(out);
    size_t tbs = der_begin(&w, DER_SEQUENCE);
    size_t version = der_begin(&w, DER_VERSION);
    der_write(&w, DER_INTEGER, VIEW_LIT("\x02")); /* v3 */
    der_end(&w, version);
    der_write(&w, DER_INTEGER, VIEW_OF(serial));
    wr_bytes(&w, buf_view(&body));
    der_end(&w, tbs);
    return wr_end(&w);
}

static sotto_err cert_write(view tbs, view signature, sotto_buf *out)
{
    struct wr w = wr_to(out);
    size_t whole = der_begin(&w, DER_SEQUENCE);
    wr_bytes(&w, tbs);
    algorithm_write(&w);
    bits_write(&w, 0, signature);
    der_end(&w, whole);
    return wr_end(&w);
}

static bool fields_valid(const struct x509 *cert)
{
    bool timeless = templates[cert->kind].timeless;
    return (timeless || (cert->not_before_s >= 0 && cert->not_before_s <= cert->not_after_s &&
                         cert->not_after_s <= X509_FOREVER_S)) &&
           (cert->kind != X509_ACCOUNT || x509_name_valid(cert->name)) &&
           (cert->kind != X509_SERVER || x509_host_valid(cert->host));
}

/* Who issues this kind; SERVER and ACCOUNT have a choice. */
static enum x509_kind issuer_of(const struct x509 *cert)
{
    if (cert->kind == X509_DEVICE)
        return X509_ACCOUNT;
    if (cert->kind == X509_SERVER || cert->kind == X509_ACCOUNT)
        return cert->issuer == X509_INTERMEDIATE ? X509_INTERMEDIATE : X509_ROOT;
    return X509_ROOT;
}

sotto_err x509_issue(sotto_crypto *c, const struct x509 *fields, const sotto_sign_key *key,
                     sotto_buf *out)
{
    uint8_t tbs_bytes[X509_MAX];
    sotto_buf tbs = BUF_ON(tbs_bytes);
    DEFER(buf_clear) sotto_buf signature = {0};
    struct x509 cert = *fields;
    if (cert.kind >= X509_KINDS || sign_key_id(key) != SIGN_ED25519 || !fields_valid(&cert))
        return SOTTO_E_USAGE;
    if (cert.kind == X509_ROOT && !view_equal(VIEW_OF(cert.public_key), sign_key_public(key)))
        return SOTTO_E_USAGE;
    cert.issuer = issuer_of(&cert);
    TRY(x509_key_id(c, sign_key_public(key).data, cert.issuer_key_id));
    TRY(tbs_write(c, &cert, &tbs));
    TRY(sign(c, key, buf_view(&tbs), &signature));
    return cert_write(buf_view(&tbs), buf_view(&signature), out);
}

/* ---- reading ---- */

/* Takes a prefix off. */
static bool text_starts(view *text, view prefix)
{
    if (text->len < prefix.len || !view_equal(view_of(text->data, prefix.len), prefix))
        return false;
    *text = view_of(text->data + prefix.len, text->len - prefix.len);
    return true;
}

static void hex_field(struct rd *r, view *text, uint8_t *ret_bytes, size_t len)
{
    sotto_buf out = {.data = ret_bytes, .cap = len, .fixed = true};
    if (text->len < 2 * len || hex_read(view_of(text->data, 2 * len), &out) != SOTTO_OK) {
        rd_fail(r, SOTTO_E_CERTIFICATE);
        return;
    }
    *text = view_of(text->data + 2 * len, text->len - 2 * len);
}

static void account_uri_read(struct rd *r, struct x509 *cert)
{
    view text = der_read(r, DER_URI);
    if (!text_starts(&text, VIEW_LIT(URI_ACCOUNT)))
        rd_fail(r, SOTTO_E_CERTIFICATE);
    hex_field(r, &text, cert->account_id, sizeof cert->account_id);
    if (cert->kind == X509_DEVICE && text_starts(&text, VIEW_LIT("/")))
        hex_field(r, &text, cert->device_id, sizeof cert->device_id);
}

static view text_uri_read(struct rd *r, view scheme)
{
    view text = der_read(r, DER_URI);
    if (!text_starts(&text, scheme))
        rd_fail(r, SOTTO_E_CERTIFICATE);
    return text;
}

static void alt_name_read(view extension, struct x509 *cert)
{
    struct rd value = rd_of(extension);
    struct rd names = der_enter(&value, DER_SEQUENCE);
    if (cert->kind == X509_SERVER)
        cert->host = text_uri_read(&names, VIEW_LIT(URI_HOST));
    else
        account_uri_read(&names, cert);
    if (cert->kind == X509_ACCOUNT)
        cert->name = text_uri_read(&names, VIEW_LIT(URI_NAME));
}

/* The last bytes of a view into a field; a shorter one leaves it zero. */
static void tail_copy(view from, uint8_t *out, size_t len)
{
    if (from.len >= len)
        memcpy(out, from.data + from.len - len, len);
}

/* The fields that stand in extensions: the issuer's key id at the end of the first, the names in the last. */
static void extensions_read(struct rd *body, struct x509 *cert)
{
    struct rd outer = der_enter(body, DER_EXTENSIONS);
    struct rd list = der_enter(&outer, DER_SEQUENCE);
    view value = {0};
    for (bool first = true; rd_more(&list); first = false) {
        struct rd extension = der_enter(&list, DER_SEQUENCE);
        der_read(&extension, DER_OID);
        if (der_peek(&extension) == DER_BOOLEAN)
            der_read(&extension, DER_BOOLEAN);
        value = der_read(&extension, DER_OCTET_STRING);
        if (first && cert->kind != X509_ROOT)
            tail_copy(value, cert->issuer_key_id, sizeof cert->issuer_key_id);
    }
    if (cert->kind != X509_ROOT && cert->kind != X509_INTERMEDIATE)
        alt_name_read(value, cert);
}

static bool issuer_is(view issuer, enum x509_kind kind, const struct x509 *cert)
{
    uint8_t bytes[128];
    sotto_buf name = BUF_ON(bytes);
    struct wr w = wr_to(&name);
    name_write(&w, kind, cert->issuer_key_id, cert->account_id);
    struct rd r = rd_of(buf_view(&name));
    return wr_end(&w) == SOTTO_OK && view_equal(der_read(&r, DER_SEQUENCE), issuer);
}

static void fields_read(struct rd *tbs, struct x509 *cert)
{
    struct rd body = der_enter(tbs, DER_SEQUENCE);
    der_read(&body, DER_VERSION);
    der_read(&body, DER_INTEGER);
    der_read(&body, DER_SEQUENCE); /* the algorithm */
    view issuer = der_read(&body, DER_SEQUENCE);
    struct rd validity = der_enter(&body, DER_SEQUENCE);
    int64_t not_before_s = time_read(&validity), not_after_s = time_read(&validity);
    der_read(&body, DER_SEQUENCE); /* the subject */
    tail_copy(der_read(&body, DER_SEQUENCE), cert->public_key, sizeof cert->public_key);
    extensions_read(&body, cert);
    if (!templates[cert->kind].timeless) {
        cert->not_before_s = not_before_s;
        cert->not_after_s = not_after_s;
    }
    cert->issuer = issuer_is(issuer, X509_INTERMEDIATE, cert) ? X509_INTERMEDIATE : X509_ROOT;
    cert->issuer = issuer_of(cert);
}

/* Writes the template from the fields that were found and compares. */
static sotto_err rebuild(sotto_crypto *c, struct x509 *cert, view der)
{
    uint8_t tbs_bytes[X509_MAX], cert_bytes[X509_MAX];
    sotto_buf tbs = BUF_ON(tbs_bytes), whole = BUF_ON(cert_bytes);
    if (!fields_valid(cert))
        return SOTTO_E_CERTIFICATE;
    if (cert->kind == X509_ROOT)
        TRY(x509_key_id(c, cert->public_key, cert->issuer_key_id));
    TRY(tbs_write(c, cert, &tbs));
    TRY(cert_write(buf_view(&tbs), VIEW_OF(cert->signature), &whole));
    return view_equal(buf_view(&whole), der) ? SOTTO_OK : SOTTO_E_CERTIFICATE;
}

sotto_err x509_read(sotto_crypto *c, enum x509_kind kind, view der, struct x509 *ret_cert)
{
    if (kind >= X509_KINDS)
        return SOTTO_E_USAGE;
    if (der.len > X509_MAX)
        return SOTTO_E_CERTIFICATE;
    struct x509 cert = {.kind = kind};
    struct rd r = rd_of(der);
    struct rd whole = der_enter(&r, DER_SEQUENCE);
    struct rd start = whole;
    fields_read(&whole, &cert);
    cert.tbs = rd_since(&whole, &start);
    der_read(&whole, DER_SEQUENCE); /* the algorithm */
    tail_copy(der_read(&whole, DER_BIT_STRING), cert.signature, sizeof cert.signature);
    sotto_err err = rebuild(c, &cert, der);
    if (err != SOTTO_OK)
        return sotto_err_class_of(err) == SOTTO_CLASS_HOST ? err : SOTTO_E_CERTIFICATE;
    *ret_cert = cert;
    return SOTTO_OK;
}

/* ---- verifying ---- */

sotto_err x509_verify(sotto_crypto *c, const struct x509 *cert,
                      const uint8_t issuer[ED25519_PUBLIC])
{
    uint8_t key_id[X509_KEY_ID];
    TRY(x509_key_id(c, issuer, key_id));
    if (!view_equal(VIEW_OF(key_id), VIEW_OF(cert->issuer_key_id)))
        return SOTTO_E_CERTIFICATE;
    sotto_err err = verify(c, SIGN_ED25519, view_of(issuer, ED25519_PUBLIC), cert->tbs,
                           VIEW_OF(cert->signature));
    return err == SOTTO_E_SIGNATURE || err == SOTTO_E_KEY ? SOTTO_E_CERTIFICATE : err;
}

sotto_err x509_verify_device(sotto_crypto *c, view der, const uint8_t account_key[ED25519_PUBLIC],
                             struct x509 *ret_device)
{
    struct x509 device;
    TRY(x509_read(c, X509_DEVICE, der, &device));
    TRY(x509_verify(c, &device, account_key));
    TRY(sign_public_check(c, SIGN_ED25519, VIEW_OF(device.public_key)));
    *ret_device = device;
    return SOTTO_OK;
}
