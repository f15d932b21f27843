/* Proposals from outside of the group (RFC 9420 12.1.8): always a PublicMessage, whose signature covers no GroupContext. */
#include "mls/key_package_make.h"
#include "mls/message_protection.h"
#include "mls/proposal_make.h"

/* Where an outsider speaks: what it knows of a group. */
struct outside {
    const struct mls_suite *suite;
    view group_id;
    uint64_t epoch;
};

static sotto_err propose(struct step *s, const struct outside *at, const sotto_sign_key *key,
                         const struct sender *sender, const struct proposal *proposal,
                         sotto_buf *ret_message)
{
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    const struct message_protection p = {
        .suite = at->suite, .group_id = at->group_id, .epoch = at->epoch};
    struct authenticated_content content = {.wire_format = WIRE_PUBLIC_MESSAGE,
                                            .content = {.group_id = at->group_id,
                                                        .epoch = at->epoch,
                                                        .sender = *sender,
                                                        .content_type = CONTENT_PROPOSAL,
                                                        .proposal = *proposal}};
    TRY(framed_content_sign(s->c, &p, key, WIRE_PUBLIC_MESSAGE, &content.content, &signature));
    content.auth.signature = buf_view(&signature);
    TRY(public_message_protect(s->c, &p, &content, &out));
    buf_clear(ret_message);
    *ret_message = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}

static sotto_err propose_self(struct step *s, view group_id, uint64_t epoch, view key_package,
                              view private_part, sotto_buf *ret_message)
{
    DEFER(key_package_private_clear) struct key_package_private own = {0};
    struct proposal proposal = {.proposal_type = PROPOSAL_ADD};
    TRY(key_package_private_read(s->c, private_part, &own));
    TRY(key_package_parse(key_package, &proposal.add, &s->fault));
    if (!view_equal(proposal.add.encoded, buf_view(&own.encoded)))
        return SOTTO_E_USAGE;
    const struct outside at = {own.suite, group_id, epoch};
    const struct sender sender = {.sender_type = SENDER_NEW_MEMBER_PROPOSAL};
    return propose(s, &at, own.sign_key, &sender, &proposal, ret_message);
}

sotto_err sotto_mls_propose_self(sotto_mls *m, sotto_view group_id, uint64_t epoch,
                                 sotto_view key_package, sotto_view private_part,
                                 sotto_buf *ret_message)
{
    struct step s = step_plain(m);
    return step_end(m, &s,
                    propose_self(&s, group_id, epoch, key_package, private_part, ret_message));
}

static sotto_err propose_external(struct step *s, const struct outside *at,
                                  const sotto_sign_key *key, uint32_t sender,
                                  const sotto_mls_proposal *from, sotto_buf *ret_message)
{
    DEFER(buf_clear) sotto_buf encoded = {0};
    struct proposal proposal;
    if (at->suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    if (sign_key_id(key) != at->suite->sign)
        return SOTTO_E_USAGE;
    TRY(check_that(CHECK_SENDER_EXTERNAL_TYPES, external_may_propose(from->type), 0, &s->fault));
    TRY(proposal_make(s, at->suite, from, &encoded));
    struct rd r = rd_of(buf_view(&encoded));
    proposal_read(&r, &proposal);
    TRY(codec_end(&r, &s->fault));
    const struct sender who = {.sender_type = SENDER_EXTERNAL, .sender_index = sender};
    return propose(s, at, key, &who, &proposal, ret_message);
}

sotto_err sotto_mls_propose_external(sotto_mls *m, uint16_t suite, const sotto_sign_key *key,
                                     uint32_t sender, sotto_view group_id, uint64_t epoch,
                                     const sotto_mls_proposal *proposal, sotto_buf *ret_message)
{
    DEFER(step_clear) struct step s = {0};
    const struct outside at = {mls_suite_find(suite), group_id, epoch};
    TRY(step_begin(m, &s));
    return step_end(m, &s, propose_external(&s, &at, key, sender, proposal, ret_message));
}
