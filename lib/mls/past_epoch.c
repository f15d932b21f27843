#include "mls/past_epoch.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/private_key.h"
#include "mls/secret_tree_state.h"
#include "mls/tree_math.h"

void past_epoch_free(struct past_epoch *p)
{
    if (p == NULL)
        return;
    buf_clear(&p->encoded_context);
    buf_clear(&p->signature_keys);
    secret_clear(&p->sender_data_secret);
    secret_clear(&p->resumption_psk);
    secret_tree_free(p->secret_tree);
    free(p->leaves);
    free(p);
}

void past_epoch_freep(struct past_epoch **p)
{
    past_epoch_free(*p);
    *p = NULL;
}

static view leaf_key(const struct tree *tree, uint32_t leaf_index)
{
    const struct tree_node *leaf = tree_leaf(tree, leaf_index);
    return leaf != NULL ? tree_node_key(leaf, TREE_SIGNATURE_KEY) : (view){0};
}

/* Most commits change the encryption keys of leaves alone, which nobody asks for later. */
static sotto_err leaves_note(struct past_epoch *p, const struct tree *before,
                             const struct tree *after)
{
    DEFER(tree_list_clear) struct tree_list nodes = {0};
    TRY(tree_diff(before, after, &nodes));
    p->leaves = calloc(nodes.count + 1, sizeof *p->leaves);
    if (p->leaves == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < nodes.count; i++) {
        if (!tree_math_is_leaf(nodes.items[i]))
            continue;
        uint32_t index = tree_math_leaf_index(nodes.items[i]);
        view key = leaf_key(before, index);
        if (view_equal(key, leaf_key(after, index)))
            continue;
        p->leaves[p->leaf_count++] =
            (struct past_leaf){index, (uint32_t)p->signature_keys.len, (uint16_t)key.len};
        TRY(buf_append(&p->signature_keys, key));
    }
    return SOTTO_OK;
}

sotto_err past_epoch_new(struct epoch *epoch, const struct tree *after, uint64_t now_s,
                         struct past_epoch **ret_past)
{
    DEFER(past_epoch_freep) struct past_epoch *p = calloc(1, sizeof *p);
    if (p == NULL)
        return SOTTO_E_NOMEM;
    TRY(leaves_note(p, epoch->tree, after));
    TRY(buf_set(&p->encoded_context, buf_view(&epoch->encoded_context)));
    p->suite = epoch->suite;
    p->number = epoch->context.epoch;
    p->ended_s = now_s;
    p->own_leaf = epoch->own_leaf;
    p->sender_data_secret = epoch->secrets.sender_data_secret;
    p->resumption_psk = epoch->secrets.resumption_psk;
    p->secret_tree = MOVE(epoch->secret_tree);
    *ret_past = MOVE(p);
    return SOTTO_OK;
}

/* What opens messages is wiped at once. */
static void drop(struct past_epochs *past, struct past_epoch *p)
{
    if (p == NULL)
        return;
    if (!past->in_store) {
        past_epoch_free(p);
        return;
    }
    secret_clear(&p->sender_data_secret);
    secret_clear(&p->resumption_psk);
    p->next_dropped = past->dropped;
    past->dropped = p;
}

static void dropped_free(struct past_epochs *past)
{
    while (past->dropped != NULL) {
        struct past_epoch *p = past->dropped;
        past->dropped = p->next_dropped;
        past_epoch_free(p);
    }
}

void past_epochs_keep(struct past_epochs *past, size_t keep)
{
    for (; past->count > keep; past->count--)
        drop(past, MOVE(past->items[past->count - 1]));
}

void past_epochs_stored(struct past_epochs *past)
{
    for (size_t i = 0; i < past->count; i++)
        secret_tree_changes_done(past->items[i]->secret_tree);
    dropped_free(past);
    past->in_store = true;
}

void past_epochs_push(struct past_epochs *past, struct past_epoch *newest, size_t keep)
{
    assert(keep <= PAST_EPOCHS_MAX);
    if (keep == 0) {
        drop(past, newest);
        past_epochs_keep(past, 0);
        return;
    }
    past_epochs_keep(past, keep - 1);
    memmove(&past->items[1], &past->items[0], past->count * sizeof(void *));
    past->items[0] = newest;
    past->count++;
}

void past_epochs_expire(struct past_epochs *past, uint64_t before_s)
{
    size_t count = past->count;
    while (count > 0 && past->items[count - 1]->ended_s < before_s)
        count--;
    past_epochs_keep(past, count);
}

size_t past_epochs_find(const struct past_epochs *past, uint64_t number)
{
    for (size_t i = 0; i < past->count; i++)
        if (past->items[i]->number == number)
            return i;
    return PAST_EPOCHS_MAX;
}

void past_epochs_clear(struct past_epochs *past)
{
    past_epochs_keep(past, 0);
    dropped_free(past);
}

/* NULL: the commit that ended this epoch left the leaf alone. */
static const struct past_leaf *leaf_find(const struct past_epoch *p, uint32_t leaf_index)
{
    size_t low = 0, high = p->leaf_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->leaves[middle].leaf_index < leaf_index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->leaf_count && p->leaves[low].leaf_index == leaf_index ? &p->leaves[low] : NULL;
}

static sotto_err signature_key(const void *members, uint32_t leaf_index, view *ret_key)
{
    const struct past_members *at = members;
    view key = leaf_key(at->present, leaf_index);
    for (size_t i = at->place + 1; i > 0; i--) {
        const struct past_epoch *p = at->past->items[i - 1];
        const struct past_leaf *leaf = leaf_find(p, leaf_index);
        if (leaf == NULL)
            continue;
        key = (view){0};
        if (leaf->key_len > 0)
            key = view_of(p->signature_keys.data + leaf->key_at, leaf->key_len);
        break;
    }
    if (key.len == 0)
        return SOTTO_E_NOTFOUND;
    *ret_key = key;
    return SOTTO_OK;
}

sotto_err past_epoch_protection(const struct past_members *members,
                                struct group_context *ret_context,
                                struct message_protection *ret_protection)
{
    const struct past_epoch *p = members->past->items[members->place];
    struct rd r = rd_of(buf_view(&p->encoded_context));
    struct group_context context;
    group_context_read(&r, &context);
    TRY(rd_end(&r));
    *ret_context = context;
    *ret_protection = (struct message_protection){.suite = p->suite,
                                                  .group_id = context.group_id,
                                                  .epoch = p->number,
                                                  .group_context = buf_view(&p->encoded_context),
                                                  .sender_data_secret = &p->sender_data_secret,
                                                  .secret_tree = p->secret_tree,
                                                  .signature_key = signature_key,
                                                  .members = members,
                                                  .own_leaf = &p->own_leaf};
    return SOTTO_OK;
}

static void leaves_write(struct wr *w, const struct past_epoch *p)
{
    size_t mark = wr_vector_begin(w);
    for (size_t i = 0; i < p->leaf_count; i++) {
        wr_u32(w, p->leaves[i].leaf_index);
        wr_opaque(w, view_of(p->signature_keys.data + p->leaves[i].key_at, p->leaves[i].key_len));
    }
    wr_vector_end(w, mark);
}

/* struct {
 *     uint64 ended_s;
 *     uint32 leaf_count;
 *     uint32 own_leaf;
 *     opaque sender_data_secret[KDF.Nh];
 *     opaque resumption_psk[KDF.Nh];
 *     opaque group_context<V>;
 *     struct { uint32 leaf_index; opaque signature_key<V>; } leaves<V>;
 * } PastEpoch; */
void past_epoch_write(struct wr *w, const struct past_epoch *past)
{
    wr_u64(w, past->ended_s);
    wr_u32(w, secret_tree_leaf_count(past->secret_tree));
    wr_u32(w, past->own_leaf);
    wr_bytes(w, secret_view(&past->sender_data_secret));
    wr_bytes(w, secret_view(&past->resumption_psk));
    wr_opaque(w, buf_view(&past->encoded_context));
    leaves_write(w, past);
}

/* Each has at least 5 bytes. */
static sotto_err leaves_read(view list, struct past_epoch *p)
{
    struct rd r = rd_of(list);
    p->leaves = calloc(list.len / 5 + 1, sizeof *p->leaves);
    if (p->leaves == NULL)
        return SOTTO_E_NOMEM;
    while (rd_more(&r)) {
        uint32_t index = rd_u32(&r);
        view key = rd_opaque(&r, MLS_KEY_MAX);
        if (p->leaf_count > 0 && index <= p->leaves[p->leaf_count - 1].leaf_index)
            rd_fail(&r, SOTTO_E_VALUE);
        if (!rd_ok(&r))
            break;
        p->leaves[p->leaf_count++] =
            (struct past_leaf){index, (uint32_t)p->signature_keys.len, (uint16_t)key.len};
        TRY(buf_append(&p->signature_keys, key));
    }
    return rd_end(&r);
}

static sotto_err context_take(struct past_epoch *p, view encoded)
{
    struct rd r = rd_of(encoded);
    struct group_context context;
    group_context_read(&r, &context);
    TRY(rd_end(&r));
    if (context.epoch != p->number || context.cipher_suite != p->suite->id)
        return SOTTO_E_VALUE;
    return buf_set(&p->encoded_context, encoded);
}

static sotto_err past_fill(struct past_epoch *p, uint32_t leaf_count, view context, view leaves)
{
    if (p->own_leaf >= leaf_count ||
        secret_tree_read_begin(p->suite, leaf_count, &p->secret_tree) == SOTTO_E_USAGE)
        return SOTTO_E_VALUE;
    if (p->secret_tree == NULL)
        return SOTTO_E_NOMEM;
    TRY(context_take(p, context));
    return leaves_read(leaves, p);
}

void past_epoch_read(struct rd *r, const struct mls_suite *suite, uint64_t number,
                     struct past_epoch **ret_past)
{
    DEFER(past_epoch_freep) struct past_epoch *p = calloc(1, sizeof *p);
    if (p == NULL) {
        rd_fail(r, SOTTO_E_NOMEM);
        return;
    }
    p->suite = suite;
    p->number = number;
    p->ended_s = rd_u64(r);
    uint32_t leaf_count = rd_u32(r);
    p->own_leaf = rd_u32(r);
    secret_read(r, suite->hash_len, &p->sender_data_secret);
    secret_read(r, suite->hash_len, &p->resumption_psk);
    view context = rd_opaque(r, MLS_MESSAGE_MAX);
    view leaves = rd_opaque(r, MLS_MESSAGE_MAX);
    if (!rd_ok(r))
        return;
    sotto_err err = past_fill(p, leaf_count, context, leaves);
    if (err != SOTTO_OK)
        rd_fail(r, err);
    else
        *ret_past = MOVE(p);
}
