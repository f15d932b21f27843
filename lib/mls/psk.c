#include "mls/psk.h"

/* struct {
 *     PSKType psktype;
 *     select (PreSharedKeyID.psktype) {
 *         case external:    opaque psk_id<V>;
 *         case resumption:  ResumptionPSKUsage usage;
 *                           opaque psk_group_id<V>;
 *                           uint64 psk_epoch;
 *         case application: ComponentID component_id;
 *                           opaque psk_id<V>;
 *     };
 *     opaque psk_nonce<V>;
 * } PreSharedKeyID;                                                                          RFC 9420 8.4 */
void pre_shared_key_id_read(struct rd *r, struct pre_shared_key_id *out)
{
    *out = (struct pre_shared_key_id){
        .psktype = (enum psk_type)codec_enum(r, PSK_APPLICATION, CHECK_FORM_PSK_TYPE)};
    if (out->psktype == PSK_RESUMPTION) {
        out->usage = (enum psk_usage)codec_enum(r, PSK_USAGE_BRANCH, CHECK_FORM_PSK_USAGE);
        out->psk_group_id = rd_opaque(r, MLS_GROUP_ID_MAX);
        out->psk_epoch = rd_u64(r);
    } else {
        if (out->psktype == PSK_APPLICATION)
            out->component_id = rd_u16(r);
        out->psk_id = rd_opaque(r, MLS_PSK_ID_MAX);
    }
    out->psk_nonce = rd_opaque(r, MLS_HASH_MAX);
}

void pre_shared_key_id_write(struct wr *w, const struct pre_shared_key_id *id)
{
    wr_u8(w, (uint8_t)id->psktype);
    if (id->psktype == PSK_RESUMPTION) {
        wr_u8(w, (uint8_t)id->usage);
        wr_opaque(w, id->psk_group_id);
        wr_u64(w, id->psk_epoch);
    } else {
        if (id->psktype == PSK_APPLICATION)
            wr_u16(w, id->component_id);
        wr_opaque(w, id->psk_id);
    }
    wr_opaque(w, id->psk_nonce);
}

static void pre_shared_key_item(struct rd *r)
{
    struct pre_shared_key_id id;
    pre_shared_key_id_read(r, &id);
}

view pre_shared_key_list_read(struct rd *r)
{
    return codec_list(r, MLS_MESSAGE_MAX, pre_shared_key_item);
}
