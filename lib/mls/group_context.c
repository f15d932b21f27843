#include "mls/group_context.h"

/* struct {
 *     ProtocolVersion version = mls10;
 *     CipherSuite cipher_suite;
 *     opaque group_id<V>;
 *     uint64 epoch;
 *     opaque tree_hash<V>;
 *     opaque confirmed_transcript_hash<V>;
 *     Extension extensions<V>;
 * } GroupContext;                                                                            RFC 9420 8.1 */
void group_context_read(struct rd *r, struct group_context *out)
{
    codec_check(r, CHECK_GROUP_INFO_VERSION, rd_u16(r) == PROTOCOL_MLS10);
    out->cipher_suite = rd_u16(r);
    out->group_id = rd_opaque(r, MLS_GROUP_ID_MAX);
    out->epoch = rd_u64(r);
    out->tree_hash = rd_opaque(r, MLS_HASH_MAX);
    out->confirmed_transcript_hash = rd_opaque(r, MLS_HASH_MAX);
    out->extensions = extension_list_read(r, EXTENSION_IN_GROUP_CONTEXT);
}

void group_context_write(struct wr *w, const struct group_context *context)
{
    wr_u16(w, PROTOCOL_MLS10);
    wr_u16(w, context->cipher_suite);
    wr_opaque(w, context->group_id);
    wr_u64(w, context->epoch);
    wr_opaque(w, context->tree_hash);
    wr_opaque(w, context->confirmed_transcript_hash);
    wr_opaque(w, context->extensions);
}
