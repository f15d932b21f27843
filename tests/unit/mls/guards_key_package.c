/* KeyPackages and the credentials in them: one that is right in all but one thing, and signed for that. */
#include "guards.h"

#include "made_package.h"
#include "mls/describe.h"
#include "mls/key_package_make.h"

struct change {
    void (*before)(struct package *p); /* it is signed */
    void (*after)(struct package *p);
};

static sotto_err attempt_package(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    const struct change *change = argument;
    DEFER(package_clear) struct package p;
    sotto_mls m = {.crypto = c};
    struct step s = step_plain(&m);
    struct key_package received;
    package_init(c, 0, &p);
    if (change->before != NULL)
        change->before(&p);
    package_sign(c, &p);
    if (change->after != NULL)
        change->after(&p);
    struct rd r = rd_of(buf_view(&p.encoded));
    key_package_read(&r, &received);
    assert_ok(rd_end(&r));
    const struct tree_check_context any_time = {0};
    sotto_err err = key_package_check(&s, mls_suite_find(1), &received, 0, &any_time);
    *ret_fault = s.fault;
    return err;
}

static void other_version(struct package *p)
{
    p->parts.version = 2;
}

static void other_suite(struct package *p)
{
    p->parts.cipher_suite = 3;
}

static void init_key_of_leaf(struct package *p)
{
    p->parts.init_key = p->parts.leaf_node.encryption_key;
}

static void short_init_key(struct package *p)
{
    p->parts.init_key.len--;
}

static void unlisted_extension(struct package *p)
{
    p->parts.extensions = VIEW_LIT("\0\x06\x01\0");
}

static void change_signature(struct package *p)
{
    p->encoded.data[p->encoded.len - 1] ^= 1;
}

/* --- credentials --- */

static sotto_err refuse(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_E_PERMISSION;
}

static sotto_err take(void *context, const sotto_mls_leaf *leaf, const sotto_mls_leaf *before)
{
    (void)context;
    (void)leaf;
    (void)before;
    return SOTTO_OK;
}

static sotto_err attempt_unwanted(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    static const sotto_mls_rules rules = {.credential = refuse};
    DEFER(package_clear) struct package p;
    DEFER(buf_clear) sotto_buf message = {0};
    sotto_mls m = {.crypto = c, .rules = &rules};
    sotto_mls_key_package shown;
    package_init(c, 0, &p);
    package_sign(c, &p);
    struct wr w = wr_to(&message);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_KEY_PACKAGE);
    wr_bytes(&w, buf_view(&p.encoded));
    assert_ok(wr_end(&w));
    sotto_err err = sotto_mls_key_package_check(&m, buf_view(&message), &shown);
    ret_fault->check = (enum mls_check)m.check;
    return err;
}

/* What is in the list of certificates has no key. */
static sotto_err attempt_certificate(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    static const sotto_mls_rules rules = {.credential = take};
    sotto_mls m = {.crypto = c, .rules = &rules};
    struct step s = step_plain(&m);
    const sotto_mls_leaf leaf = {.signature_key = VIEW_LIT("a key"),
                                 .credential = {CREDENTIAL_X509, VIEW_LIT("\2\x30\0")}};
    sotto_err err = credential_judge(&s, mls_suite_find(1), &leaf, NULL, CHECK_CREDENTIAL_ACCEPTED);
    *ret_fault = s.fault;
    return err;
}

/* By the default, nobody changes its credential. */
static sotto_err attempt_successor(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)argument;
    sotto_mls m = {.crypto = c};
    struct step s = step_plain(&m);
    const sotto_mls_leaf before = {.credential = {CREDENTIAL_BASIC, VIEW_LIT("alice")}};
    const sotto_mls_leaf leaf = {.credential = {CREDENTIAL_BASIC, VIEW_LIT("mallory")}};
    sotto_err err =
        credential_judge(&s, mls_suite_find(1), &leaf, &before, CHECK_CREDENTIAL_SUCCESSOR);
    *ret_fault = s.fault;
    return err;
}

/* clang-format off */
#define PACKAGE(name, before, after) {CHECK_##name, attempt_package, &(const struct change){before, after}}
/* clang-format on */

static const struct guard_row rows[] = {
    PACKAGE(KEY_PACKAGE_VERSION, other_version, NULL),
    PACKAGE(KEY_PACKAGE_CIPHER_SUITE, other_suite, NULL),
    PACKAGE(KEY_PACKAGE_SIGNATURE, NULL, change_signature),
    PACKAGE(KEY_PACKAGE_INIT_KEY, short_init_key, NULL),
    PACKAGE(KEY_PACKAGE_KEYS_DIFFER, init_key_of_leaf, NULL),
    PACKAGE(KEY_PACKAGE_EXTENSIONS_LISTED, unlisted_extension, NULL),
    {CHECK_CREDENTIAL_ACCEPTED, attempt_unwanted, NULL},
    {CHECK_CREDENTIAL_X509_KEY, attempt_certificate, NULL},
    {CHECK_CREDENTIAL_SUCCESSOR, attempt_successor, NULL},
};

const struct guard_rows guards_key_package = {rows, COUNT_OF(rows)};
