/* x509_family.h - one of each certificate, as the tests of both files need them: root over intermediate over account over
 * device, and a server beside them. Keys come from fixed seeds; times are in days of 2026. */
#ifndef TESTS_UNIT_CRYPTO_X509_FAMILY_H
#define TESTS_UNIT_CRYPTO_X509_FAMILY_H

#include "unit.h"

#include "crypto/x509.h"

#define DAY INT64_C(86400)
#define NOW INT64_C(1795132800) /* 2026-11-20 */

struct family {
    sotto_crypto *c;
    sotto_sign_key *key[X509_KINDS];
    struct x509 fields[X509_KINDS]; /* what each was issued from */
    sotto_buf der[X509_KINDS];
};

static inline sotto_sign_key *family_key(sotto_crypto *c, uint8_t number)
{
    uint8_t seed[32];
    sotto_sign_key *key = NULL;
    memset(seed, number, sizeof seed);
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    return key;
}

static inline struct x509 family_fields(struct family *f, enum x509_kind kind,
                                        enum x509_kind issuer)
{
    struct x509 fields = {.kind = kind, .issuer = issuer};
    memcpy(fields.public_key, sign_key_public(f->key[kind]).data, ED25519_PUBLIC);
    if (kind != X509_DEVICE) {
        fields.not_before_s = NOW - DAY;
        fields.not_after_s = kind == X509_ROOT ? X509_FOREVER_S : NOW + 89 * DAY;
    }
    if (kind == X509_ACCOUNT || kind == X509_DEVICE)
        memset(fields.account_id, 0xac, sizeof fields.account_id);
    if (kind == X509_DEVICE)
        memset(fields.device_id, 0xde, sizeof fields.device_id);
    if (kind == X509_ACCOUNT)
        fields.name = VIEW_LIT("alice@chat.example.org");
    if (kind == X509_SERVER)
        fields.host = VIEW_LIT("chat.example.org");
    return fields;
}

/* Issues again what `fields` says, by this key. */
static inline void family_issue(struct family *f, const struct x509 *fields,
                                const sotto_sign_key *key)
{
    buf_clear(&f->der[fields->kind]);
    f->fields[fields->kind] = *fields;
    assert_ok(x509_issue(f->c, fields, key, &f->der[fields->kind]));
}

/* Server and account under `issuer`: root or intermediate. */
static inline void family_issue_under(struct family *f, enum x509_kind issuer)
{
    struct x509 server = family_fields(f, X509_SERVER, issuer);
    struct x509 account = family_fields(f, X509_ACCOUNT, issuer);
    family_issue(f, &server, f->key[issuer]);
    family_issue(f, &account, f->key[issuer]);
}

static inline int family_setup(void **state)
{
    struct family *f = calloc(1, sizeof *f);
    if (f == NULL || crypto_new(&f->c) != SOTTO_OK)
        return -1;
    for (unsigned kind = 0; kind < X509_KINDS; kind++)
        f->key[kind] = family_key(f->c, (uint8_t)(kind + 1));
    struct x509 root = family_fields(f, X509_ROOT, X509_ROOT);
    struct x509 intermediate = family_fields(f, X509_INTERMEDIATE, X509_ROOT);
    struct x509 device = family_fields(f, X509_DEVICE, X509_ACCOUNT);
    family_issue(f, &root, f->key[X509_ROOT]);
    family_issue(f, &intermediate, f->key[X509_ROOT]);
    family_issue(f, &device, f->key[X509_ACCOUNT]);
    family_issue_under(f, X509_ROOT);
    *state = f;
    return 0;
}

static inline int family_teardown(void **state)
{
    struct family *f = *state;
    for (unsigned kind = 0; kind < X509_KINDS; kind++) {
        buf_clear(&f->der[kind]);
        sign_key_free(f->key[kind]);
    }
    crypto_free(f->c);
    free(f);
    return 0;
}

static inline view family_der(const struct family *f, enum x509_kind kind)
{
    return buf_view(&f->der[kind]);
}

static inline const uint8_t *family_public(const struct family *f, enum x509_kind kind)
{
    return sign_key_public(f->key[kind]).data;
}

#endif
