#include "mls/key_package_make.h"

#include "mls/mls_message.h"
#include "mls/proposal_make.h"
#include "mls/with_label.h"

/* What is being made. */
struct making {
    const struct mls_suite *suite;
    struct kem_key *init_key, *leaf_key;
    sotto_buf client;     /* what the leaf borrows */
    sotto_buf leaf;       /* encoded */
    sotto_buf extensions; /* of the KeyPackage */
    struct key_package package;
};

static void making_clear(struct making *m)
{
    kem_key_free(m->init_key);
    kem_key_free(m->leaf_key);
    buf_clear(&m->client);
    buf_clear(&m->leaf);
    buf_clear(&m->extensions);
}

static sotto_err kem_key_fresh(struct step *s, const struct mls_suite *suite,
                               struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret ikm = {0};
    secret_resize(&ikm, kem_private_size(suite->hpke.kem));
    rng_bytes(&s->rng, ikm.data, ikm.len);
    return kem_key_derive(s->c, suite->hpke.kem, secret_view(&ikm), ret_key);
}

static sotto_err making_leaf(struct step *s, const sotto_mls_client *client,
                             struct lifetime lifetime, struct making *m)
{
    struct leaf_node *leaf = &m->package.leaf_node;
    TRY(leaf_node_of_client(client, &m->client, leaf));
    leaf->encryption_key = kem_key_public(m->leaf_key);
    leaf->leaf_node_source = LEAF_NODE_KEY_PACKAGE;
    leaf->lifetime = lifetime;
    return leaf_node_sign(s->c, client->sign_key, leaf, (view){0}, 0, &m->leaf);
}

/* The same rule as for a leaf's: what stands there must be listed (RFC 9420 10). */
static sotto_err making_extensions(const sotto_mls_key_package_options *options, struct making *m)
{
    TRY(buf_set(&m->extensions, options->extensions));
    if (options->last_resort) {
        sotto_err err =
            sotto_mls_component_add(&m->extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE, (view){0});
        if (err != SOTTO_OK && err != SOTTO_E_EXISTS)
            return err;
    }
    m->package.extensions = buf_view(&m->extensions);
    return extensions_are_listed(m->package.extensions, &m->package.leaf_node.capabilities)
               ? SOTTO_OK
               : SOTTO_E_UNSUPPORTED;
}

/* Appends the KeyPackage, signed; the views of `package` are those of its parts. */
static sotto_err package_sign(struct step *s, const sotto_sign_key *key,
                              struct key_package *package, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    struct wr w = wr_to(&tbs);
    key_package_write_tbs(&w, package);
    TRY(wr_end(&w));
    TRY(sign_with_label(s->c, key, VIEW_LIT("KeyPackageTBS"), buf_view(&tbs), &signature));
    w = wr_to(out);
    wr_bytes(&w, buf_view(&tbs));
    wr_opaque(&w, buf_view(&signature));
    return wr_end(&w);
}

static sotto_err package_make(struct step *s, const sotto_mls_client *client,
                              const sotto_mls_key_package_options *options, struct making *m,
                              sotto_buf *ret_package)
{
    struct lifetime lifetime = {options->not_before_s, options->not_after_s};
    if (lifetime.not_before == 0 && lifetime.not_after == 0)
        lifetime = lifetime_usual(s->now_s);
    if (lifetime.not_after < lifetime.not_before)
        return SOTTO_E_USAGE;
    TRY(kem_key_fresh(s, m->suite, &m->init_key));
    TRY(kem_key_fresh(s, m->suite, &m->leaf_key));
    m->package.version = PROTOCOL_MLS10;
    m->package.cipher_suite = m->suite->id;
    m->package.init_key = kem_key_public(m->init_key);
    TRY(making_leaf(s, client, lifetime, m));
    TRY(making_extensions(options, m));
    TRY(package_sign(s, client->sign_key, &m->package, ret_package));
    struct key_package again; /* what others will read */
    struct rd r = rd_of(buf_view(ret_package));
    key_package_read(&r, &again);
    return rd_end(&r);
}

static sotto_err message_write(view package, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_KEY_PACKAGE);
    wr_bytes(&w, package);
    return wr_end(&w);
}

static void buf_publish(sotto_buf *ret, sotto_buf *made)
{
    buf_clear(ret);
    *ret = *made;
    *made = (sotto_buf){0};
}

static sotto_err key_package_new(struct step *s, const sotto_mls_client *client,
                                 const sotto_mls_key_package_options *options,
                                 sotto_buf *ret_message, sotto_buf *ret_private, sotto_buf *ret_ref)
{
    DEFER(making_clear) struct making m = {.suite = mls_suite_find(client->suite)};
    DEFER(buf_clear) sotto_buf package = {0};
    DEFER(buf_clear) sotto_buf message = {0};
    DEFER(buf_clear) sotto_buf kept = {0};
    uint8_t ref[HASH_MAX];
    if (m.suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (client->sign_key == NULL || sign_key_id(client->sign_key) != m.suite->sign)
        return SOTTO_E_USAGE;
    TRY(package_make(s, client, options, &m, &package));
    TRY(message_write(buf_view(&package), &message));
    struct wr w = wr_to(&kept);
    key_package_private_write(&w, m.init_key, m.leaf_key, client->sign_key, buf_view(&package));
    TRY(wr_end(&w));
    TRY(key_package_ref(s->c, m.suite, buf_view(&package), ref));
    if (ret_ref != NULL)
        TRY(buf_set(ret_ref, view_of(ref, m.suite->hash_len)));
    buf_publish(ret_message, &message);
    buf_publish(ret_private, &kept);
    return SOTTO_OK;
}

sotto_err sotto_mls_key_package_new(sotto_mls *m, const sotto_mls_client *client,
                                    const sotto_mls_key_package_options *options,
                                    sotto_buf *ret_message, sotto_buf *ret_private,
                                    sotto_buf *ret_ref)
{
    static const sotto_mls_key_package_options usual;
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s,
                    key_package_new(&s, client, options != NULL ? options : &usual, ret_message,
                                    ret_private, ret_ref));
}

static sotto_err package_signature_verify(sotto_crypto *c, const struct mls_suite *suite,
                                          const struct key_package *package)
{
    return verify_with_label(c, suite, package->leaf_node.signature_key, VIEW_LIT("KeyPackageTBS"),
                             package->encoded_unsigned, package->signature);
}

/* Others are ignored, GREASE among them, which stands in no capabilities (RFC 9420 13.4, 13.5). */
static bool known_extensions_are_listed(const struct key_package *package)
{
    const struct capabilities *capabilities = &package->leaf_node.capabilities;
    view data;
    for (unsigned type = EXTENSION_APP_DATA_DICTIONARY; type <= EXTENSION_REQUIRED_WIRE_FORMATS;
         type++)
        if (extension_find(package->extensions, (uint16_t)type, &data) &&
            !codec_has_u16(capabilities->extensions, (uint16_t)type))
            return false;
    return true;
}

sotto_err key_package_check(struct step *s, const struct mls_suite *suite,
                            const struct key_package *package, uint32_t where,
                            const struct tree_check_context *alone)
{
    const struct leaf_node *leaf = &package->leaf_node;
    TRY(check_that(CHECK_KEY_PACKAGE_VERSION, package->version == PROTOCOL_MLS10, where,
                   &s->fault));
    TRY(check_that(CHECK_KEY_PACKAGE_CIPHER_SUITE, package->cipher_suite == suite->id, where,
                   &s->fault));
    TRY(check_that(CHECK_KEY_PACKAGE_KEYS_DIFFER,
                   !view_equal(package->init_key, leaf->encryption_key), where, &s->fault));
    TRY(check_that(CHECK_KEY_PACKAGE_EXTENSIONS_LISTED, known_extensions_are_listed(package), where,
                   &s->fault));
    TRY(check_result(CHECK_KEY_PACKAGE_INIT_KEY,
                     kem_public_check(s->c, suite->hpke.kem, package->init_key), where, &s->fault));
    if (alone != NULL)
        TRY(leaf_node_check(s->c, suite, alone, leaf, 0, LEAF_NODE_KEY_PACKAGE, where, &s->fault));
    return check_result(CHECK_KEY_PACKAGE_SIGNATURE, package_signature_verify(s->c, suite, package),
                        where, &s->fault);
}

static sotto_err message_parse(view message, struct key_package *ret_package,
                               const struct mls_suite **ret_suite, struct fault *ret_fault)
{
    struct key_package package;
    TRY(key_package_parse(message, &package, ret_fault));
    const struct mls_suite *suite = mls_suite_find(package.cipher_suite);
    if (suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    *ret_package = package;
    *ret_suite = suite;
    return SOTTO_OK;
}

static sotto_err package_show(struct step *s, view message, sotto_mls_key_package *ret_package)
{
    struct key_package package;
    const struct mls_suite *suite;
    TRY(message_parse(message, &package, &suite, &s->fault));
    const struct tree_check_context now = {.now_s = s->now_s, .sending = true};
    TRY(key_package_check(s, suite, &package, 0, &now));
    sotto_mls_leaf leaf = describe_leaf(&package.leaf_node, UINT32_MAX);
    TRY(credential_judge(s, suite, &leaf, NULL, CHECK_CREDENTIAL_ACCEPTED));
    *ret_package = (sotto_mls_key_package){.suite = suite->id,
                                           .leaf = leaf,
                                           .extensions = package.extensions,
                                           .last_resort = key_package_is_last_resort(&package)};
    return SOTTO_OK;
}

sotto_err sotto_mls_key_package_check(sotto_mls *m, sotto_view message,
                                      sotto_mls_key_package *ret_package)
{
    struct step s = step_plain(m);
    return step_end(m, &s, package_show(&s, message, ret_package));
}

static sotto_err package_ref(struct step *s, view message, sotto_buf *ret_ref)
{
    uint8_t ref[HASH_MAX];
    struct key_package package;
    const struct mls_suite *suite;
    TRY(message_parse(message, &package, &suite, &s->fault));
    TRY(key_package_ref(s->c, suite, package.encoded, ref));
    return buf_set(ret_ref, view_of(ref, suite->hash_len));
}

sotto_err sotto_mls_key_package_ref(sotto_mls *m, sotto_view message, sotto_buf *ret_ref)
{
    struct step s = step_plain(m);
    return step_end(m, &s, package_ref(&s, message, ret_ref));
}
