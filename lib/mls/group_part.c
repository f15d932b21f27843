#include "mls/group_part.h"

#include "mls/private_key.h"

void group_part_name_read(struct rd *r, struct group_part_name *out)
{
    uint8_t kind = rd_u8(r);
    *out = (struct group_part_name){.kind = PART_HEAD};
    switch (kind) {
    case PART_HEAD:
    case PART_EPOCH:
    case PART_KEYS:
    case PART_EXPORTER:
        break;
    case PART_NODE:
    case PART_PENDING:
        out->place = rd_u32(r);
        break;
    case PART_PAST:
        out->epoch = rd_u64(r);
        break;
    case PART_MESSAGES:
        out->epoch = rd_u64(r);
        secret_tree_piece_read(r, &out->piece);
        break;
    default:
        rd_fail(r, SOTTO_E_VALUE);
        return;
    }
    out->kind = (enum group_part_kind)kind;
}

void group_part_name_write(struct wr *w, const struct group_part_name *name)
{
    wr_u8(w, (uint8_t)name->kind);
    if (name->kind == PART_NODE || name->kind == PART_PENDING)
        wr_u32(w, name->place);
    if (name->kind == PART_PAST || name->kind == PART_MESSAGES)
        wr_u64(w, name->epoch);
    if (name->kind == PART_MESSAGES)
        secret_tree_piece_write(w, &name->piece);
}

static void settings_read(struct rd *r, sotto_mls_settings *out)
{
    out->past_epochs = rd_u32(r);
    out->past_age_s = rd_u64(r);
    out->lifetime_max_s = rd_u64(r);
    out->public_handshakes = rd_optional(r);
    out->handshake_pad = rd_u32(r);
}

static void settings_write(struct wr *w, const sotto_mls_settings *settings)
{
    wr_u32(w, settings->past_epochs);
    wr_u64(w, settings->past_age_s);
    wr_u64(w, settings->lifetime_max_s);
    wr_optional(w, settings->public_handshakes);
    wr_u32(w, settings->handshake_pad);
}

static void past_read(struct rd *r, struct group_head *out)
{
    struct rd items = rd_vector(r, PAST_EPOCHS_MAX * sizeof(uint64_t));
    while (rd_more(&items)) {
        uint64_t number = rd_u64(&items);
        uint64_t above = out->past_count > 0 ? out->past[out->past_count - 1]
                         : out->removed      ? out->epoch + 1
                                             : out->epoch;
        if (number >= above)
            rd_fail(&items, SOTTO_E_VALUE);
        if (rd_ok(&items))
            out->past[out->past_count++] = number;
    }
    rd_join(r, &items);
}

static void past_write(struct wr *w, const struct group_head *head)
{
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < head->past_count; i++)
        wr_u64(w, head->past[i]);
    wr_vector_end(w, mark);
}

/* struct {
 *     uint8 version = 1;
 *     CipherSuite cipher_suite;
 *     Settings settings;
 *     uint64 epoch;
 *     uint32 own_leaf;
 *     uint32 leaf_count;                of the ratchet tree
 *     optional<> removed;               we are no member any more
 *     uint32 pending_count;
 *     uint64 past<V>;                   newest first
 *     opaque reinit<V>;                 the ReInit that ended the group
 * } Head; */
void group_head_read(struct rd *r, struct group_head *out)
{
    *out = (struct group_head){.cipher_suite = 0};
    uint8_t version = rd_u8(r);
    if (rd_ok(r) && version != GROUP_STATE_VERSION)
        rd_fail(r, version > GROUP_STATE_VERSION ? SOTTO_E_VERSION : SOTTO_E_VALUE);
    out->cipher_suite = rd_u16(r);
    settings_read(r, &out->settings);
    out->epoch = rd_u64(r);
    out->own_leaf = rd_u32(r);
    out->leaf_count = rd_u32(r);
    out->removed = rd_optional(r);
    out->pending_count = rd_u32(r);
    past_read(r, out);
    out->reinit = rd_opaque(r, MLS_MESSAGE_MAX);
}

void group_head_write(struct wr *w, const struct group_head *head)
{
    wr_u8(w, GROUP_STATE_VERSION);
    wr_u16(w, head->cipher_suite);
    settings_write(w, &head->settings);
    wr_u64(w, head->epoch);
    wr_u32(w, head->own_leaf);
    wr_u32(w, head->leaf_count);
    wr_optional(w, head->removed);
    wr_u32(w, head->pending_count);
    past_write(w, head);
    wr_opaque(w, head->reinit);
}

/* struct {
 *     optional<> verified;              proposal_check() was passed
 *     optional<opaque<V>> leaf_key;     of an Update of ours, with
 *     optional<opaque<V>> sign_key;
 *     AuthenticatedContent content;
 * } Pending; */
void group_pending_write(struct wr *w, const struct pending_proposal *p)
{
    wr_optional(w, p->verified);
    wr_optional(w, p->leaf_key != NULL);
    if (p->leaf_key != NULL)
        kem_key_write(w, p->leaf_key);
    wr_optional(w, p->sign_key != NULL);
    if (p->sign_key != NULL)
        sign_key_write(w, p->sign_key);
    wr_bytes(w, buf_view(&p->encoded));
}

static bool is_own_update(const struct pending_proposal *p, const struct epoch *e)
{
    const struct framed_content *content = &p->content.content;
    return content->proposal.proposal_type == PROPOSAL_UPDATE &&
           content->sender.sender_type == SENDER_MEMBER &&
           content->sender.leaf_index == e->own_leaf;
}

static bool keys_belong(const struct pending_proposal *p, const struct epoch *e)
{
    const struct leaf_node *leaf = &p->content.content.proposal.update;
    if (p->leaf_key == NULL)
        return p->sign_key == NULL;
    return is_own_update(p, e) && view_equal(kem_key_public(p->leaf_key), leaf->encryption_key) &&
           (p->sign_key == NULL || view_equal(sign_key_public(p->sign_key), leaf->signature_key));
}

struct own_keys {
    struct kem_key *leaf_key;
    sotto_sign_key *sign_key;
};

static void own_keys_clear(struct own_keys *keys)
{
    kem_key_free(keys->leaf_key);
    sign_key_free(keys->sign_key);
}

sotto_err group_pending_read(sotto_crypto *c, const struct epoch *e, view value,
                             struct pending_proposal **ret_proposal)
{
    DEFER(pending_proposal_freep) struct pending_proposal *p = NULL;
    DEFER(own_keys_clear) struct own_keys keys = {0};
    struct rd r = rd_of(value);
    bool verified = rd_optional(&r);
    if (rd_optional(&r))
        kem_key_read(&r, c, e->suite->hpke.kem, &keys.leaf_key);
    if (rd_optional(&r))
        sign_key_read(&r, c, e->suite->sign, &keys.sign_key);
    view encoded = rd_rest(&r);
    TRY(rd_end(&r));
    TRY(pending_proposal_read(c, e->suite, encoded, &p));
    p->verified = verified;
    p->leaf_key = MOVE(keys.leaf_key);
    p->sign_key = MOVE(keys.sign_key);
    const struct framed_content *content = &p->content.content;
    if (!view_equal(content->group_id, e->context.group_id) || content->epoch != e->context.epoch ||
        !keys_belong(p, e))
        return SOTTO_E_VALUE;
    *ret_proposal = MOVE(p);
    return SOTTO_OK;
}
