#include "mls/commit.h"

/* struct {
 *     ProposalOrRefType type;
 *     select (ProposalOrRef.type) {
 *         case proposal:  Proposal proposal;
 *         case reference: ProposalRef reference;
 *     };
 * } ProposalOrRef;                                                                           RFC 9420 12.4 */
void proposal_or_ref_read(struct rd *r, struct proposal_or_ref *out)
{
    *out = (struct proposal_or_ref){.type = (enum proposal_or_ref_type)codec_enum(
                                        r, PROPOSAL_OR_REF_REFERENCE, CHECK_FORM_PROPOSAL_OR_REF)};
    if (out->type == PROPOSAL_OR_REF_REFERENCE)
        out->reference = rd_opaque(r, MLS_HASH_MAX);
    else
        proposal_read(r, &out->proposal);
}

void proposal_or_ref_write(struct wr *w, const struct proposal_or_ref *item)
{
    wr_u8(w, (uint8_t)item->type);
    if (item->type == PROPOSAL_OR_REF_REFERENCE)
        wr_opaque(w, item->reference);
    else
        proposal_write(w, &item->proposal);
}

static void proposal_or_ref_item(struct rd *r)
{
    struct proposal_or_ref item;
    proposal_or_ref_read(r, &item);
}

/* struct { ProposalOrRef proposals<V>; optional<UpdatePath> path; } Commit;                  RFC 9420 12.4 */
void commit_read(struct rd *r, struct commit *out)
{
    *out = (struct commit){0};
    out->proposals = codec_list(r, MLS_MESSAGE_MAX, proposal_or_ref_item);
    out->has_path = rd_optional(r);
    if (out->has_path)
        update_path_read(r, &out->path);
}

void commit_write(struct wr *w, const struct commit *commit)
{
    wr_opaque(w, commit->proposals);
    wr_optional(w, commit->has_path);
    if (commit->has_path)
        update_path_write(w, &commit->path);
}
