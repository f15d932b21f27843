#include "mls/proposal_make.h"

#include "mls/describe.h"
#include "mls/mls_message.h"

static sotto_err key_package_alone(view bytes, struct key_package *ret_package,
                                   struct fault *ret_fault)
{
    struct rd r = rd_of(bytes);
    struct key_package package;
    key_package_read(&r, &package);
    TRY(codec_end(&r, ret_fault));
    *ret_package = package;
    return SOTTO_OK;
}

/* Both begin with a version, and what stands there alone can have the form of another message by chance: a key is a group_id,
 * and behind that come random bytes. As MLSMessage(KeyPackage) it can't be read, since the length of a key is no version. */
sotto_err key_package_parse(view bytes, struct key_package *ret_package, struct fault *ret_fault)
{
    struct mls_message message;
    bool is_message = mls_message_parse(bytes, &message, NULL) == SOTTO_OK;
    if (!is_message || message.wire_format != WIRE_KEY_PACKAGE) {
        sotto_err err = key_package_alone(bytes, ret_package, ret_fault);
        return err != SOTTO_OK && is_message ? SOTTO_E_UNEXPECTED : err;
    }
    *ret_package = message.key_package;
    return SOTTO_OK;
}

/* `nonce` is storage for a psk_nonce that is drawn. */
static sotto_err proposal_fill(struct step *s, const struct mls_suite *suite,
                               const sotto_mls_proposal *from, uint8_t nonce[HASH_MAX],
                               struct proposal *out)
{
    switch (from->type) {
    case PROPOSAL_ADD:
        return key_package_parse(from->key_package, &out->add, &s->fault);
    case PROPOSAL_UPDATE:
        return SOTTO_E_USAGE;
    case PROPOSAL_REMOVE:
        out->removed = from->removed;
        return SOTTO_OK;
    case PROPOSAL_PSK:
        out->psk = psk_of(&from->psk);
        if (out->psk.psk_nonce.len == 0) {
            rng_bytes(&s->rng, nonce, suite->hash_len);
            out->psk.psk_nonce = view_of(nonce, suite->hash_len);
        }
        return SOTTO_OK;
    case PROPOSAL_REINIT:
        out->reinit =
            (struct reinit){from->group_id, PROTOCOL_MLS10, from->suite, from->extensions};
        return SOTTO_OK;
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        out->extensions = from->extensions;
        return SOTTO_OK;
    case PROPOSAL_APP_DATA_UPDATE:
        out->app_data_update = (struct app_data_update){
            from->component, from->component_removed ? APP_DATA_REMOVE : APP_DATA_UPDATE,
            from->component_data};
        return SOTTO_OK;
    case PROPOSAL_APP_EPHEMERAL:
        out->app_ephemeral = (struct component_data){from->component, from->component_data};
        return SOTTO_OK;
    case PROPOSAL_SELF_REMOVE:
        return SOTTO_OK;
    default:
        return SOTTO_E_UNSUPPORTED;
    }
}

sotto_err proposal_make(struct step *s, const struct mls_suite *suite,
                        const sotto_mls_proposal *from, sotto_buf *out)
{
    uint8_t nonce[HASH_MAX];
    struct proposal proposal = {.proposal_type = from->type}, again;
    size_t start = out->len;
    TRY(proposal_fill(s, suite, from, nonce, &proposal));
    struct wr w = wr_to(out);
    proposal_write(&w, &proposal);
    TRY(wr_end(&w));
    if (from->type == PROPOSAL_ADD) /* was read just now */
        return SOTTO_OK;
    struct rd r = rd_of(view_of(out->data + start, out->len - start));
    proposal_read(&r, &again);
    sotto_err err = codec_end(&r, &s->fault);
    if (err != SOTTO_OK)
        out->len = start;
    return err;
}
