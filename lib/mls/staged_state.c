/* A staged commit of our own as bytes: the messages, what is shown of it, and the next epoch, whose tree is told as what differs
 * from that of the epoch it was made in: reading applies it to a clone of the group's. No rule of the application is asked
 * again, and nothing is verified but that all belongs together. */
#include <stdlib.h>

#include "mls/describe.h"
#include "mls/epoch_state.h"
#include "mls/proposal_make.h"
#include "mls/secret_tree_state.h"
#include "mls/staged.h"

#define STAGED_VERSION 1

/* struct {
 *     optional<> by_reference;
 *     opaque proposal<V>;               AuthenticatedContent if by reference, else Proposal
 * } Shown; */
static sotto_err shown_write(struct wr *w, const sotto_staged *s, const sotto_mls_proposed *shown,
                             size_t *kept)
{
    DEFER(buf_clear) sotto_buf proposal = {0};
    struct step none = {0}; /* nothing is drawn: a psk_nonce is there */
    view encoded;
    if (shown->by_reference) {
        encoded = buf_view(&s->kept[(*kept)++]->encoded);
    } else {
        TRY(proposal_make(&none, s->suite, &shown->proposal, &proposal));
        encoded = buf_view(&proposal);
    }
    wr_optional(w, shown->by_reference);
    wr_opaque(w, encoded);
    return SOTTO_OK;
}

static sotto_err proposals_write(struct wr *w, const sotto_staged *s)
{
    size_t kept = 0, mark = wr_vector_begin(w);
    for (size_t i = 0; i < s->change.proposal_count; i++)
        TRY(shown_write(w, s, &s->shown[i], &kept));
    wr_vector_end(w, mark);
    return SOTTO_OK;
}

/* struct { uint32 node; opaque optional_node<V>; } nodes<V>; */
static sotto_err nodes_write(struct wr *w, const sotto_staged *s)
{
    DEFER(tree_list_clear) struct tree_list nodes = {0};
    TRY(tree_diff(s->before, s->next->tree, &nodes));
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < nodes.count; i++) {
        wr_u32(w, nodes.items[i]);
        size_t node = wr_vector_begin(w);
        tree_write_node(w, s->next->tree, nodes.items[i]);
        wr_vector_end(w, node);
    }
    wr_vector_end(w, mark);
    return SOTTO_OK;
}

static sotto_err piece_write(void *context, const struct secret_tree_piece *piece, view value)
{
    struct wr *w = context;
    secret_tree_piece_write(w, piece);
    wr_opaque(w, value);
    return SOTTO_OK;
}

static sotto_err next_write(struct wr *w, const struct epoch *next)
{
    size_t mark = wr_vector_begin(w);
    epoch_write(w, next, true);
    wr_vector_end(w, mark);
    mark = wr_vector_begin(w);
    epoch_keys_write(w, next);
    wr_vector_end(w, mark);
    exporter_tree_write(w, next->exporter_tree);
    mark = wr_vector_begin(w);
    TRY(secret_tree_changes(next->secret_tree, true, piece_write, w));
    wr_vector_end(w, mark);
    return SOTTO_OK;
}

/* struct {
 *     uint8 version = 1;
 *     CipherSuite cipher_suite;
 *     opaque group_id<V>;
 *     uint64 base_epoch;
 *     MAC base_confirmation_tag;        without its length
 *     optional<> has_path;
 *     opaque commit<V>;
 *     opaque welcome<V>;
 *     opaque reinit<V>;
 *     opaque authenticated_data<V>;
 *     Shown proposals<V>;
 *     uint32 leaf_count;                of the next tree
 *     nodes<V>;                         see nodes_write()
 *     Epoch epoch<V>;                   epoch_state.h
 *     Keys keys<V>;
 *     ExporterNode exporter_tree<V>;
 *     struct { SecretTreePiece piece; opaque value<V>; } secret_tree<V>;
 * } StagedCommit; */
static sotto_err staged_write(struct wr *w, const sotto_staged *s)
{
    wr_u8(w, STAGED_VERSION);
    wr_u16(w, s->suite->id);
    wr_opaque(w, s->next->context.group_id);
    wr_u64(w, s->base_epoch);
    wr_bytes(w, view_of(s->base_tag, s->suite->hash_len));
    wr_optional(w, s->change.has_path);
    wr_opaque(w, buf_view(&s->commit));
    wr_opaque(w, buf_view(&s->welcome));
    wr_opaque(w, buf_view(&s->reinit));
    wr_opaque(w, s->change.authenticated_data);
    TRY(proposals_write(w, s));
    wr_u32(w, tree_leaf_count(s->next->tree));
    TRY(nodes_write(w, s));
    return next_write(w, s->next);
}

sotto_err sotto_staged_write(const sotto_staged *s, sotto_buf *ret_bytes)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    if (!s->has_base || !s->change.own || s->next == NULL)
        return SOTTO_E_USAGE;
    struct wr w = wr_to(&bytes);
    TRY(staged_write(&w, s));
    TRY(wr_end(&w));
    buf_clear(ret_bytes);
    *ret_bytes = bytes;
    bytes = (sotto_buf){0};
    return SOTTO_OK;
}

/* What a staged commit consists of, borrowed from its bytes. */
struct staged_parts {
    view group_id;
    uint64_t base_epoch;
    view base_tag;
    bool has_path;
    view commit, welcome, reinit, authenticated_data, proposals;
    uint32_t leaf_count;
    view nodes, epoch, keys, exporter_tree, secret_tree;
};

static view rest_of(struct rd *r)
{
    return rd_opaque(r, MLS_MESSAGE_MAX);
}

static sotto_err parts_read(view bytes, const struct mls_suite *suite, struct staged_parts *out)
{
    struct rd r = rd_of(bytes);
    if (rd_u8(&r) != STAGED_VERSION)
        rd_fail(&r, SOTTO_E_VERSION);
    if (rd_u16(&r) != suite->id)
        rd_fail(&r, SOTTO_E_NOT_NOW);
    out->group_id = rd_opaque(&r, MLS_GROUP_ID_MAX);
    out->base_epoch = rd_u64(&r);
    out->base_tag = rd_bytes(&r, suite->hash_len);
    out->has_path = rd_optional(&r);
    out->commit = rest_of(&r);
    out->welcome = rest_of(&r);
    out->reinit = rest_of(&r);
    out->authenticated_data = rest_of(&r);
    out->proposals = rest_of(&r);
    out->leaf_count = rd_u32(&r);
    out->nodes = rest_of(&r);
    out->epoch = rest_of(&r);
    out->keys = rest_of(&r);
    struct rd exporter = r;
    (void)rest_of(&r);
    out->exporter_tree = rd_since(&r, &exporter);
    out->secret_tree = rest_of(&r);
    return rd_end(&r);
}

/* Nodes that the next tree has no room for are blank by then. */
static sotto_err tree_apply(struct tree *tree, const struct staged_parts *parts)
{
    struct rd r = rd_of(parts->nodes);
    if (parts->leaf_count > tree_leaf_count(tree))
        TRY(tree_resize(tree, parts->leaf_count));
    while (rd_more(&r)) {
        uint32_t node = rd_u32(&r);
        view encoded = rest_of(&r);
        if (rd_ok(&r))
            TRY(tree_read_node(tree, node, encoded));
    }
    TRY(rd_end(&r));
    return tree_resize(tree, parts->leaf_count);
}

static sotto_err secret_tree_fill(struct epoch *next, view pieces)
{
    struct rd r = rd_of(pieces);
    TRY(secret_tree_read_begin(next->suite, tree_leaf_count(next->tree), &next->secret_tree));
    while (rd_more(&r)) {
        struct secret_tree_piece piece;
        secret_tree_piece_read(&r, &piece);
        view value = rd_opaque(&r, SECRET_TREE_VALUE_MAX);
        if (rd_ok(&r))
            TRY(secret_tree_read_piece(next->secret_tree, &piece, value));
    }
    TRY(rd_end(&r));
    TRY(secret_tree_read_end(next->secret_tree));
    secret_tree_changes_undone(next->secret_tree);
    return SOTTO_OK;
}

static sotto_err next_read(sotto_crypto *c, const struct epoch *base,
                           const struct staged_parts *parts, struct epoch *next)
{
    next->own_leaf = base->own_leaf;
    TRY(tree_clone(base->tree, &next->tree));
    TRY(tree_apply(next->tree, parts));
    if (next->own_leaf >= tree_leaf_count(next->tree))
        return SOTTO_E_VALUE;
    TRY(epoch_read(c, parts->epoch, true, next));
    TRY(epoch_keys_read(c, parts->keys, next));
    TRY(epoch_judge(c, next, true));
    if (next->context.epoch - 1 != base->context.epoch ||
        !view_equal(next->context.group_id, base->context.group_id))
        return SOTTO_E_VALUE;
    struct rd exporter = rd_of(parts->exporter_tree);
    exporter_tree_read(&exporter, next->suite, &next->exporter_tree);
    TRY(rd_end(&exporter));
    return secret_tree_fill(next, parts->secret_tree);
}

static sotto_err proposals_count(view list, size_t *ret_count)
{
    size_t count = 0;
    struct rd r = rd_of(list);
    for (; rd_more(&r); count++) {
        (void)rd_optional(&r);
        (void)rest_of(&r);
    }
    TRY(rd_end(&r));
    *ret_count = count;
    return SOTTO_OK;
}

static sotto_err referred_read(sotto_crypto *c, sotto_staged *s, view encoded,
                               struct proposed *item)
{
    struct pending_proposal **kept = &s->kept[s->kept_count];
    TRY(pending_proposal_read(c, s->suite, encoded, kept));
    s->kept_count++;
    item->pending = *kept;
    item->proposal = (*kept)->content.content.proposal;
    item->sender = (*kept)->content.content.sender;
    return SOTTO_OK;
}

/* The leaf that a proposal is about, which proposal_list_apply() knew. */
static sotto_err leaf_find(const sotto_staged *s, struct proposed *item)
{
    uint32_t node;
    item->leaf_index = UINT32_MAX;
    switch (item->proposal.proposal_type) {
    case PROPOSAL_ADD:
        if (!tree_find_key(s->next->tree, TREE_ENCRYPTION_KEY,
                           item->proposal.add.leaf_node.encryption_key, UINT32_MAX, &node) ||
            !tree_math_is_leaf(node))
            return SOTTO_E_VALUE;
        item->leaf_index = tree_math_leaf_index(node);
        return SOTTO_OK;
    case PROPOSAL_UPDATE:
    case PROPOSAL_SELF_REMOVE:
        item->leaf_index = item->sender.leaf_index;
        break;
    case PROPOSAL_REMOVE:
        item->leaf_index = item->proposal.removed;
        break;
    default:
        return SOTTO_OK;
    }
    return tree_leaf(s->before, item->leaf_index) != NULL ? SOTTO_OK : SOTTO_E_VALUE;
}

static sotto_err shown_read(sotto_crypto *c, sotto_staged *s, struct rd *r,
                            sotto_mls_proposed *ret_shown)
{
    struct proposed item = {.sender = {SENDER_MEMBER, s->next->own_leaf, 0}};
    bool by_reference = rd_optional(r);
    view encoded = rest_of(r);
    if (by_reference) {
        TRY(referred_read(c, s, encoded, &item));
    } else {
        struct rd at = rd_of(encoded);
        proposal_read(&at, &item.proposal);
        TRY(rd_end(&at));
    }
    TRY(leaf_find(s, &item));
    *ret_shown = describe_proposed(&item, s->suite, s->before, s->next->tree);
    return SOTTO_OK;
}

static sotto_err proposals_read(sotto_crypto *c, sotto_staged *s, view list)
{
    size_t count = 0;
    TRY(proposals_count(list, &count));
    TRY(buf_set(&s->plain, list));
    s->shown = calloc(count + 1, sizeof *s->shown);
    s->kept = calloc(count + 1, sizeof(void *));
    if (s->shown == NULL || s->kept == NULL)
        return SOTTO_E_NOMEM;
    struct rd r = rd_of(buf_view(&s->plain));
    for (size_t i = 0; i < count; i++)
        TRY(shown_read(c, s, &r, &s->shown[i]));
    s->change.proposals = s->shown;
    s->change.proposal_count = count;
    return SOTTO_OK;
}

/* As commit_show() has it. */
static void change_set(sotto_staged *s, const sotto_group *g, bool has_path)
{
    sotto_mls_change *change = &s->change;
    uint32_t own_leaf = s->next->own_leaf;
    change->group = g;
    change->group_id = s->next->context.group_id;
    change->epoch = s->next->context.epoch;
    change->suite = s->suite->id;
    change->own = true;
    change->sender_type = SOTTO_MLS_MEMBER;
    change->sender = own_leaf;
    change->has_path = has_path;
    change->committer_before = describe_member(s->before, own_leaf);
    change->committer_after = describe_member(s->next->tree, own_leaf);
    change->extensions_after = s->next->context.extensions;
    change->ends_group = s->reinit.len > 0;
    change->authenticated_data = buf_view(&s->received);
}

static sotto_err staged_fill(sotto_crypto *c, const sotto_group *g,
                             const struct staged_parts *parts, sotto_staged *s)
{
    TRY(staged_set_base(s, g->epoch, false));
    TRY(epoch_new(s->suite, &s->next));
    TRY(next_read(c, g->epoch, parts, s->next));
    TRY(buf_set(&s->commit, parts->commit));
    TRY(buf_set(&s->welcome, parts->welcome));
    TRY(buf_set(&s->reinit, parts->reinit));
    TRY(buf_set(&s->received, parts->authenticated_data));
    struct reinit reinit;
    TRY(group_reinit_parse(parts->reinit, &reinit));
    TRY(proposals_read(c, s, parts->proposals));
    s->settings = g->settings;
    change_set(s, g, parts->has_path);
    return SOTTO_OK;
}

static bool is_base(const struct staged_parts *parts, const sotto_group *g)
{
    return group_is_active(g) && parts->base_epoch == g->epoch->context.epoch &&
           view_equal(parts->group_id, g->epoch->context.group_id) &&
           view_equal(parts->base_tag, epoch_confirmation_tag(g->epoch));
}

static sotto_err staged_read(sotto_crypto *c, const sotto_group *g, view bytes,
                             sotto_staged **ret_staged)
{
    DEFER(staged_freep) sotto_staged *s = NULL;
    struct staged_parts parts;
    TRY(parts_read(bytes, g->suite, &parts));
    if (!is_base(&parts, g))
        return SOTTO_E_NOT_NOW;
    TRY(staged_alloc(g->suite, &s));
    TRY(staged_fill(c, g, &parts, s));
    *ret_staged = MOVE(s);
    return SOTTO_OK;
}

sotto_err sotto_staged_read(sotto_mls *m, const sotto_group *g, view bytes,
                            sotto_staged **ret_staged)
{
    struct step s = step_plain(m);
    return step_end(m, &s, staged_read(s.c, g, bytes, ret_staged));
}
