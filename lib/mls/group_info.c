#include "mls/group_info.h"

/* struct {
 *     GroupContext group_context;
 *     Extension extensions<V>;
 *     MAC confirmation_tag;
 *     uint32 signer;
 *     opaque signature<V>;
 * } GroupInfo;                                                                               RFC 9420 12.4.3 */
void group_info_read(struct rd *r, struct group_info *out)
{
    const struct rd start = *r;
    *out = (struct group_info){0};
    group_context_read(r, &out->group_context);
    out->encoded_context = rd_since(r, &start);
    out->extensions = extension_list_read(r, EXTENSION_IN_GROUP_INFO);
    out->confirmation_tag = rd_opaque(r, MLS_HASH_MAX);
    out->signer = rd_u32(r);
    out->encoded_unsigned = rd_since(r, &start);
    out->signature = rd_opaque(r, MLS_SIGNATURE_MAX);
}

void group_info_write_tbs(struct wr *w, const struct group_info *info)
{
    group_context_write(w, &info->group_context);
    wr_opaque(w, info->extensions);
    group_info_write_tbs_end(w, info);
}

void group_info_write_tbs_end(struct wr *w, const struct group_info *info)
{
    wr_opaque(w, info->confirmation_tag);
    wr_u32(w, info->signer);
}

void group_info_write(struct wr *w, const struct group_info *info)
{
    group_info_write_tbs(w, info);
    wr_opaque(w, info->signature);
}
