#include "mls/proposal.h"

/* struct { LeafNode leaf_node; } Update;                                                     RFC 9420 12.1.2 */
static void update_read(struct rd *r, struct leaf_node *out)
{
    leaf_node_read(r, out);
    codec_check(r, CHECK_FORM_UPDATE_SOURCE, out->leaf_node_source == LEAF_NODE_UPDATE);
}

/* struct {
 *     opaque group_id<V>;
 *     ProtocolVersion version;
 *     CipherSuite cipher_suite;
 *     Extension extensions<V>;
 * } ReInit;                                                                                  RFC 9420 12.1.5 */
static void reinit_read(struct rd *r, struct reinit *out)
{
    out->group_id = rd_opaque(r, MLS_GROUP_ID_MAX);
    out->version = rd_u16(r);
    out->cipher_suite = rd_u16(r);
    out->extensions = extension_list_read(r, EXTENSION_IN_GROUP_CONTEXT);
}

static void reinit_write(struct wr *w, const struct reinit *reinit)
{
    wr_opaque(w, reinit->group_id);
    wr_u16(w, reinit->version);
    wr_u16(w, reinit->cipher_suite);
    wr_opaque(w, reinit->extensions);
}

/* struct {
 *     ComponentID component_id;
 *     AppDataUpdateOperation op;
 *     select (AppDataUpdate.op) {
 *         case update: opaque update<V>;
 *         case remove: struct{};
 *     };
 * } AppDataUpdate;                                                                           draft-ietf-mls-extensions */
static void app_data_update_read(struct rd *r, struct app_data_update *out)
{
    out->component_id = rd_u16(r);
    out->op = (enum app_data_operation)codec_enum(r, APP_DATA_REMOVE, CHECK_APP_DATA_OPERATION);
    if (out->op == APP_DATA_UPDATE)
        out->update = rd_opaque(r, MLS_COMPONENTS_MAX);
}

static void app_data_update_write(struct wr *w, const struct app_data_update *update)
{
    wr_u16(w, update->component_id);
    wr_u8(w, (uint8_t)update->op);
    if (update->op == APP_DATA_UPDATE)
        wr_opaque(w, update->update);
}

void proposal_body_read(struct rd *r, struct proposal *out)
{
    switch (out->proposal_type) {
    case PROPOSAL_ADD: /* struct { KeyPackage key_package; } Add; */
        key_package_read(r, &out->add);
        break;
    case PROPOSAL_UPDATE:
        update_read(r, &out->update);
        break;
    case PROPOSAL_REMOVE: /* struct { uint32 removed; } Remove; */
        out->removed = rd_u32(r);
        break;
    case PROPOSAL_PSK: /* struct { PreSharedKeyID psk; } PreSharedKey; */
        pre_shared_key_id_read(r, &out->psk);
        break;
    case PROPOSAL_REINIT:
        reinit_read(r, &out->reinit);
        break;
    case PROPOSAL_EXTERNAL_INIT: /* struct { opaque kem_output<V>; } ExternalInit; */
        out->kem_output = rd_opaque(r, MLS_KEY_MAX);
        break;
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS: /* struct { Extension extensions<V>; } GroupContextExtensions; */
        out->extensions = extension_list_read(r, EXTENSION_IN_GROUP_CONTEXT);
        break;
    case PROPOSAL_APP_DATA_UPDATE:
        app_data_update_read(r, &out->app_data_update);
        break;
    case PROPOSAL_APP_EPHEMERAL: /* struct { ComponentID component_id; opaque data<V>; } AppEphemeral; */
        component_data_read(r, &out->app_ephemeral);
        break;
    case PROPOSAL_SELF_REMOVE: /* struct {} SelfRemove; */
        break;
    default:
        codec_check(r, CHECK_FORM_PROPOSAL_TYPE, false);
    }
}

void proposal_body_write(struct wr *w, const struct proposal *proposal)
{
    switch (proposal->proposal_type) {
    case PROPOSAL_ADD:
        key_package_write(w, &proposal->add);
        break;
    case PROPOSAL_UPDATE:
        leaf_node_write(w, &proposal->update);
        break;
    case PROPOSAL_REMOVE:
        wr_u32(w, proposal->removed);
        break;
    case PROPOSAL_PSK:
        pre_shared_key_id_write(w, &proposal->psk);
        break;
    case PROPOSAL_REINIT:
        reinit_write(w, &proposal->reinit);
        break;
    case PROPOSAL_EXTERNAL_INIT:
        wr_opaque(w, proposal->kem_output);
        break;
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        wr_opaque(w, proposal->extensions);
        break;
    case PROPOSAL_APP_DATA_UPDATE:
        app_data_update_write(w, &proposal->app_data_update);
        break;
    case PROPOSAL_APP_EPHEMERAL:
        component_data_write(w, &proposal->app_ephemeral);
        break;
    case PROPOSAL_SELF_REMOVE:
        break;
    default:
        wr_fail(w, SOTTO_E_KIND);
    }
}

/* struct {
 *     ProposalType proposal_type;
 *     select (Proposal.proposal_type) { ... };
 * } Proposal;                                                                                RFC 9420 12.1 */
void proposal_read(struct rd *r, struct proposal *out)
{
    *out = (struct proposal){.proposal_type = rd_u16(r)};
    proposal_body_read(r, out);
}

void proposal_write(struct wr *w, const struct proposal *proposal)
{
    wr_u16(w, proposal->proposal_type);
    proposal_body_write(w, proposal);
}
