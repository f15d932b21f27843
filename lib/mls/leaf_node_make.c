#include "mls/leaf_node_make.h"

#include "mls/app_data.h"
#include "mls/describe.h"
#include "mls/with_label.h"

#define LIFETIME_BEFORE_S ((uint64_t)3600)
#define LIFETIME_S        ((uint64_t)84 * 24 * 3600)

static const uint16_t our_extensions[] = {EXTENSION_APP_DATA_DICTIONARY};
static const uint16_t our_proposals[] = {PROPOSAL_APP_DATA_UPDATE, PROPOSAL_APP_EPHEMERAL,
                                         PROPOSAL_SELF_REMOVE};
static const uint16_t our_credentials[] = {CREDENTIAL_BASIC, CREDENTIAL_X509};
/* What any of our clients understands by itself. */
static const uint16_t our_components[] = {COMPONENT_APP_COMPONENTS, COMPONENT_SAFE_AAD,
                                          COMPONENT_LAST_RESORT_KEY_PACKAGE};

/* The types of a list but for those up to `last_default`, which are not to be listed (RFC 9420 7.2); without a list, ours. */
static void types_write(struct wr *w, const uint16_t *types, size_t count, const uint16_t *ours,
                        size_t our_count, uint16_t last_default)
{
    if (types == NULL) {
        types = ours;
        count = our_count;
    }
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < count && i < MLS_TYPES_MAX; i++)
        if (types[i] == 0 || types[i] > last_default)
            wr_u16(w, types[i]);
    wr_vector_end(w, mark);
}

static void suites_write(struct wr *w, const sotto_mls_capabilities *from)
{
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; from->suites != NULL && i < from->suite_count && i < MLS_TYPES_MAX; i++)
        wr_u16(w, from->suites[i]);
    for (size_t i = 0; from->suites == NULL && sotto_suite_at(i) != 0; i++)
        wr_u16(w, sotto_suite_at(i));
    wr_vector_end(w, mark);
}

/* Capabilities in their encoded form; the one place that says what we can do. */
static void capabilities_of_write(struct wr *w, const sotto_mls_capabilities *from)
{
    size_t mark = wr_vector_begin(w); /* versions */
    wr_u16(w, PROTOCOL_MLS10);
    wr_vector_end(w, mark);
    suites_write(w, from);
    types_write(w, from->extensions, from->extension_count, our_extensions,
                COUNT_OF(our_extensions), EXTENSION_EXTERNAL_SENDERS);
    types_write(w, from->proposals, from->proposal_count, our_proposals, COUNT_OF(our_proposals),
                PROPOSAL_GROUP_CONTEXT_EXTENSIONS);
    types_write(w, from->credentials, from->credential_count, our_credentials,
                COUNT_OF(our_credentials), 0);
}

/* The client's extensions; who knows the app_data_dictionary must say which components it has (draft-ietf-mls-extensions, "Attaching
 * Application Data to MLS Messages"), unless the client does so itself. */
static sotto_err extensions_of(const sotto_mls_client *client, const struct capabilities *listed,
                               sotto_buf *ret_list)
{
    view components;
    DEFER(buf_clear) sotto_buf data = {0};
    TRY(buf_set(ret_list, client->extensions));
    if (!codec_has_u16(listed->extensions, EXTENSION_APP_DATA_DICTIONARY) ||
        app_data_of(client->extensions, COMPONENT_APP_COMPONENTS, &components))
        return SOTTO_OK;
    struct wr w = wr_to(&data);
    components_list_write(&w, our_components, COUNT_OF(our_components));
    TRY(wr_end(&w));
    return sotto_mls_component_add(ret_list, COMPONENT_APP_COMPONENTS, buf_view(&data));
}

bool extensions_are_listed(view extensions, const struct capabilities *capabilities)
{
    for (struct rd at = rd_of(extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        bool is_default = extension.extension_type >= EXTENSION_APPLICATION_ID &&
                          extension.extension_type <= EXTENSION_EXTERNAL_SENDERS;
        if (!is_default && !codec_has_u16(capabilities->extensions, extension.extension_type))
            return false;
    }
    return true;
}

/* Writes capabilities and extensions behind each other, and reads both from there. */
static sotto_err client_write(const sotto_mls_client *client, sotto_buf *storage,
                              struct leaf_node *leaf)
{
    DEFER(buf_clear) sotto_buf extensions = {0};
    struct wr w = wr_to(storage);
    capabilities_of_write(&w, &client->capabilities);
    TRY(wr_end(&w));
    struct rd r = rd_of(buf_view(storage));
    capabilities_read(&r, &leaf->capabilities);
    TRY(rd_end(&r));
    TRY(extensions_of(client, &leaf->capabilities, &extensions));
    w = wr_to(storage);
    wr_opaque(&w, buf_view(&extensions));
    TRY(wr_end(&w));
    r = rd_of(buf_view(storage)); /* it may have moved */
    capabilities_read(&r, &leaf->capabilities);
    leaf->extensions = extension_list_read(&r, EXTENSION_IN_LEAF_NODE);
    return rd_end(&r);
}

sotto_err leaf_node_of_client(const sotto_mls_client *client, sotto_buf *storage,
                              struct leaf_node *ret_leaf)
{
    struct leaf_node leaf = {.signature_key = sign_key_public(client->sign_key)};
    const struct mls_suite *suite = mls_suite_find(client->suite);
    bool right = false;
    buf_reset(storage);
    if (suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    TRY(credential_of(&client->credential, &leaf.credential));
    TRY(credential_key_check(suite, &client->credential, leaf.signature_key, &right));
    if (!right)
        return SOTTO_E_CERTIFICATE;
    TRY(client_write(client, storage, &leaf));
    if (!codec_has_u16(leaf.capabilities.credentials, leaf.credential.credential_type) ||
        !codec_has_u16(leaf.capabilities.cipher_suites, client->suite) ||
        !extensions_are_listed(leaf.extensions, &leaf.capabilities))
        return SOTTO_E_UNSUPPORTED;
    *ret_leaf = leaf;
    return SOTTO_OK;
}

struct lifetime lifetime_usual(uint64_t now_s)
{
    if (now_s == 0)
        return (struct lifetime){0, UINT64_MAX};
    uint64_t from = now_s > LIFETIME_BEFORE_S ? now_s - LIFETIME_BEFORE_S : 0;
    return (struct lifetime){from, from + LIFETIME_S};
}

sotto_err leaf_node_sign(sotto_crypto *c, const sotto_sign_key *key, struct leaf_node *leaf,
                         view group_id, uint32_t leaf_index, sotto_buf *ret_encoded)
{
    DEFER(buf_clear) sotto_buf tbs = {0};
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf encoded = {0};
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, leaf, group_id, leaf_index);
    TRY(wr_end(&w));
    TRY(sign_with_label(c, key, VIEW_LIT("LeafNodeTBS"), buf_view(&tbs), &signature));
    struct leaf_node whole = *leaf;
    whole.signature = buf_view(&signature);
    w = wr_to(&encoded);
    leaf_node_write(&w, &whole);
    TRY(wr_end(&w));
    struct rd r = rd_of(buf_view(&encoded));
    leaf_node_read(&r, &whole);
    TRY(rd_end(&r));
    buf_clear(ret_encoded);
    *ret_encoded = encoded;
    encoded = (sotto_buf){0};
    *leaf = whole;
    return SOTTO_OK;
}
