#include "mls/describe.h"
#include "mls/group.h"
#include "mls/handshake.h"
#include "mls/key_package_make.h"
#include "mls/proposal_make.h"
#include "mls/safe_aad.h"

/* What we say in a group: application data, and proposals. */

static struct sender own_sender(const sotto_group *g)
{
    return (struct sender){.sender_type = SENDER_MEMBER, .leaf_index = g->epoch->own_leaf};
}

/* RFC 9420 12.4: who has seen a valid proposal commits before it sends application data. */
static sotto_err protect(struct step *s, sotto_group *g, view data, view authenticated_data,
                         size_t padding, sotto_buf *ret_message)
{
    uint8_t stack[SIGNATURE_MAX], guard[REUSE_GUARD];
    sotto_buf signature = BUF_ON(stack);
    if (!group_is_active(g) || g->pending.count > 0)
        return SOTTO_E_NOT_NOW;
    const struct message_protection protection = epoch_protection(g->epoch);
    struct authenticated_content content = {.wire_format = WIRE_PRIVATE_MESSAGE,
                                            .content = {.group_id = protection.group_id,
                                                        .epoch = protection.epoch,
                                                        .sender = own_sender(g),
                                                        .authenticated_data = authenticated_data,
                                                        .content_type = CONTENT_APPLICATION,
                                                        .application_data = data}};
    DEFER(buf_clear) sotto_buf out = {0};
    TRY(safe_aad_check(g->epoch->context.extensions, authenticated_data, &s->fault));
    TRY(framed_content_sign(s->c, &protection, g->epoch->sign_key, WIRE_PRIVATE_MESSAGE,
                            &content.content, &signature));
    content.auth.signature = buf_view(&signature);
    rng_bytes(&s->rng, guard, sizeof guard);
    TRY(private_message_protect(s->c, &protection, &content, padding, guard, &out));
    buf_clear(ret_message);
    *ret_message = out;
    out = (sotto_buf){0};
    group_expire(g, s->now_s);
    return SOTTO_OK;
}

sotto_err sotto_group_protect(sotto_mls *m, sotto_group *g, view data, view authenticated_data,
                              size_t padding, sotto_buf *ret_message)
{
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s, protect(&s, g, data, authenticated_data, padding, ret_message));
}

/* A proposal on its way: what is said, and the keys of an Update, which become pending with it. */
struct proposing {
    sotto_buf encoded; /* Proposal */
    struct kem_key *leaf_key;
    sotto_sign_key *sign_key;
    sotto_buf signature, message;
    struct authenticated_content content;
    struct pending_proposal *pending;
};

static void proposing_clear(struct proposing *p)
{
    buf_clear(&p->encoded);
    kem_key_free(p->leaf_key);
    sign_key_free(p->sign_key);
    buf_clear(&p->signature);
    buf_clear(&p->message);
    pending_proposal_free(p->pending);
}

static sotto_err leaf_key_make(struct step *s, const struct mls_suite *suite,
                               struct kem_key **ret_key)
{
    DEFER(secret_clear) struct secret seed = {0};
    secret_resize(&seed, SECRET_MAX);
    rng_bytes(&s->rng, seed.data, seed.len);
    return kem_key_derive(s->c, suite->hpke.kem, secret_view(&seed), ret_key);
}

/* Our leaf with a fresh key, and, if `client` is not NULL, with what that says (RFC 9420 12.1.2). */
static sotto_err update_make(struct step *s, const sotto_group *g, const sotto_mls_client *client,
                             struct proposing *p)
{
    const struct epoch *e = g->epoch;
    DEFER(buf_clear) sotto_buf storage = {0};
    DEFER(buf_clear) sotto_buf encoded = {0};
    struct proposal proposal = {.proposal_type = PROPOSAL_UPDATE};
    struct leaf_node *leaf = &proposal.update;
    if (client != NULL) {
        if (client->sign_key == NULL || sign_key_id(client->sign_key) != g->suite->sign)
            return SOTTO_E_USAGE;
        TRY(leaf_node_of_client(client, &storage, leaf));
        TRY(sign_key_copy(client->sign_key, &p->sign_key));
    } else {
        TRY(tree_leaf_read(e->tree, e->own_leaf, leaf));
    }
    TRY(leaf_key_make(s, g->suite, &p->leaf_key));
    leaf->leaf_node_source = LEAF_NODE_UPDATE;
    leaf->encryption_key = kem_key_public(p->leaf_key);
    TRY(leaf_node_sign(s->c, p->sign_key != NULL ? p->sign_key : e->sign_key, leaf,
                       e->context.group_id, e->own_leaf, &encoded));
    struct wr w = wr_to(&p->encoded);
    proposal_write(&w, &proposal);
    return wr_end(&w);
}

static bool travels_openly(const sotto_group *g, const struct proposal *proposal)
{
    return g->settings.public_handshakes || proposal->proposal_type == PROPOSAL_SELF_REMOVE;
}

static sotto_err proposal_sign(struct step *s, const sotto_group *g, view authenticated_data,
                               struct proposing *p)
{
    const struct message_protection protection = epoch_protection(g->epoch);
    struct framed_content *content = &p->content.content;
    *content = (struct framed_content){.group_id = protection.group_id,
                                       .epoch = protection.epoch,
                                       .sender = own_sender(g),
                                       .authenticated_data = authenticated_data,
                                       .content_type = CONTENT_PROPOSAL};
    struct rd r = rd_of(buf_view(&p->encoded));
    proposal_read(&r, &content->proposal);
    TRY(codec_end(&r, &s->fault));
    p->content.wire_format =
        travels_openly(g, &content->proposal) ? WIRE_PUBLIC_MESSAGE : WIRE_PRIVATE_MESSAGE;
    TRY(framed_content_sign(s->c, &protection, g->epoch->sign_key, p->content.wire_format, content,
                            &p->signature));
    p->content.auth.signature = buf_view(&p->signature);
    TRY(pending_proposal_new(s->c, g->suite, &p->content, &p->pending));
    p->pending->leaf_key = MOVE(p->leaf_key);
    p->pending->sign_key = MOVE(p->sign_key);
    return SOTTO_OK;
}

static sotto_err proposal_judge(struct step *s, const sotto_group *g, struct proposing *p)
{
    const struct proposed proposed = proposed_of(p->pending);
    if (pending_find(&g->pending, g->suite, view_of(p->pending->ref, g->suite->hash_len)) != NULL)
        return SOTTO_E_EXISTS;
    TRY(proposal_check(s, g->epoch, g->settings.lifetime_max_s, &proposed));
    p->pending->verified = true;
    return SOTTO_OK;
}

static sotto_err propose(struct step *s, sotto_group *g, const sotto_mls_proposal *proposal,
                         view authenticated_data, sotto_buf *ret_message)
{
    DEFER(proposing_clear) struct proposing p = {0};
    if (!group_is_active(g))
        return SOTTO_E_NOT_NOW;
    TRY(safe_aad_check(g->epoch->context.extensions, authenticated_data, &s->fault));
    if (proposal->type == SOTTO_MLS_UPDATE)
        TRY(update_make(s, g, proposal->update, &p));
    else
        TRY(proposal_make(s, g->suite, proposal, &p.encoded));
    TRY(proposal_sign(s, g, authenticated_data, &p));
    TRY(proposal_judge(s, g, &p));
    const struct message_protection protection = epoch_protection(g->epoch);
    TRY(handshake_protect(s, &protection, &g->settings, &p.content, &p.message));
    TRY(pending_add(&g->pending, g->suite, &p.pending));
    buf_clear(ret_message);
    *ret_message = p.message;
    p.message = (sotto_buf){0};
    return SOTTO_OK;
}

sotto_err sotto_group_propose(sotto_mls *m, sotto_group *g, const sotto_mls_proposal *proposal,
                              view authenticated_data, sotto_buf *ret_message)
{
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s, propose(&s, g, proposal, authenticated_data, ret_message));
}

bool sotto_group_pending(const sotto_group *g, size_t i, sotto_mls_proposed *ret_proposed)
{
    if (i >= g->pending.count)
        return false;
    const struct proposed proposed = proposed_of(g->pending.items[i]);
    *ret_proposed = describe_proposed(&proposed, g->suite, g->epoch->tree, NULL);
    return true;
}

void sotto_group_drop_pending(sotto_group *g)
{
    pending_clear(&g->pending);
}
