#include "mls/proposal_list.h"

static uint32_t leaf_of(const struct proposal *proposal, const struct sender *sender)
{
    switch (proposal->proposal_type) {
    case PROPOSAL_REMOVE:
        return proposal->removed;
    case PROPOSAL_UPDATE:
    case PROPOSAL_SELF_REMOVE:
        return sender->leaf_index;
    default:
        return UINT32_MAX;
    }
}

struct proposed proposed_of(const struct pending_proposal *pending)
{
    const struct framed_content *content = &pending->content.content;
    return (struct proposed){.proposal = content->proposal,
                             .sender = content->sender,
                             .pending = pending,
                             .leaf_index = leaf_of(&content->proposal, &content->sender),
                             .verified = pending->verified};
}
