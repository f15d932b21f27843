/* A group is written as parts (group_part.h). What of it a store has is noted where it changes: in secret trees and the exporter
 * tree, which erase what was used up; in the list of what waits, which grows or is cleared; in the tree of the epoch that the
 * store has, which the present one is compared with. Of the rest HEAD tells: it is compared as a whole, and with it epochs are
 * known as new. Nothing here marks anything as stored before sotto_group_written(), so that a write that failed is made again. */
#include "mls/epoch_state.h"
#include "mls/group_part.h"

struct writer {
    sotto_group *g;
    bool all;
    sotto_group_part *part;
    void *context;
};

static sotto_err tell(const struct writer *w, const struct group_part_name *name, view value)
{
    uint8_t bytes[SOTTO_GROUP_PART_NAME];
    sotto_buf encoded = BUF_ON(bytes);
    struct wr at = wr_to(&encoded);
    group_part_name_write(&at, name);
    TRY(wr_end(&at));
    return w->part(w->context, buf_view(&encoded), value);
}

/* What was written into `value`, if that was without errors. */
static sotto_err tell_written(const struct writer *w, const struct group_part_name *name,
                              struct wr *at, const sotto_buf *value)
{
    TRY(wr_end(at));
    return tell(w, name, buf_view(value));
}

static sotto_err erase(const struct writer *w, enum group_part_kind kind, uint32_t place,
                       uint64_t epoch)
{
    const struct group_part_name name = {.kind = kind, .place = place, .epoch = epoch};
    return tell(w, &name, (view){0});
}

static bool is_other_epoch(const sotto_group *g)
{
    return !g->stored.any || g->stored.epoch != g->epoch->context.epoch ||
           g->stored.removed != g->removed;
}

/* Kept until it is known to be written. */
static sotto_err head_write(const struct writer *w)
{
    const sotto_group *g = w->g;
    struct group_head head = {.cipher_suite = g->suite->id,
                              .settings = g->settings,
                              .epoch = g->epoch->context.epoch,
                              .own_leaf = g->epoch->own_leaf,
                              .leaf_count = tree_leaf_count(g->epoch->tree),
                              .removed = g->removed,
                              .pending_count = (uint32_t)g->pending.count,
                              .past_count = g->past.count,
                              .reinit = buf_view(&g->reinit)};
    for (size_t i = 0; i < g->past.count; i++)
        head.past[i] = g->past.items[i]->number;
    sotto_buf *told = &w->g->stored.head_told;
    buf_reset(told);
    struct wr at = wr_to(told);
    group_head_write(&at, &head);
    TRY(wr_end(&at));
    if (!w->all && view_equal(buf_view(told), buf_view(&g->stored.head)))
        return SOTTO_OK;
    return tell(w, &(struct group_part_name){.kind = PART_HEAD}, buf_view(told));
}

static sotto_err epoch_part_write(const struct writer *w)
{
    DEFER(buf_clear) sotto_buf value = {0};
    struct wr at = wr_to(&value);
    epoch_write(&at, w->g->epoch, !w->g->removed);
    return tell_written(w, &(struct group_part_name){.kind = PART_EPOCH}, &at, &value);
}

static sotto_err keys_write(const struct writer *w)
{
    DEFER(buf_clear) sotto_buf value = {0};
    struct wr at = wr_to(&value);
    if (w->g->removed)
        return erase(w, PART_KEYS, 0, 0);
    epoch_keys_write(&at, w->g->epoch);
    return tell_written(w, &(struct group_part_name){.kind = PART_KEYS}, &at, &value);
}

static sotto_err exporter_write(const struct writer *w)
{
    DEFER(buf_clear) sotto_buf value = {0};
    struct wr at = wr_to(&value);
    if (w->g->removed)
        return erase(w, PART_EXPORTER, 0, 0);
    exporter_tree_write(&at, w->g->epoch->exporter_tree);
    return tell_written(w, &(struct group_part_name){.kind = PART_EXPORTER}, &at, &value);
}

static sotto_err epoch_parts_write(const struct writer *w)
{
    bool other = w->all || is_other_epoch(w->g);
    if (other) {
        TRY(epoch_part_write(w));
        TRY(keys_write(w));
    }
    if (other || (!w->g->removed && !exporter_tree_is_stored(w->g->epoch->exporter_tree)))
        TRY(exporter_write(w));
    return SOTTO_OK;
}

/* `value` is there for the next one, too. */
static sotto_err node_part_write(const struct writer *w, uint32_t node, sotto_buf *value)
{
    const struct group_part_name name = {.kind = PART_NODE, .place = node};
    if (tree_node(w->g->epoch->tree, node) == NULL)
        return tell(w, &name, (view){0});
    buf_reset(value);
    struct wr at = wr_to(value);
    tree_write_node(&at, w->g->epoch->tree, node);
    return tell_written(w, &name, &at, value);
}

static sotto_err nodes_write_all(const struct writer *w, sotto_buf *value)
{
    const struct tree *tree = w->g->epoch->tree;
    for (uint32_t node = 0; node < tree_node_count(tree); node++)
        if (tree_node(tree, node) != NULL)
            TRY(node_part_write(w, node, value));
    return SOTTO_OK;
}

/* All that are there go out first if they are to; then those that are not any more. */
static sotto_err nodes_write(const struct writer *w)
{
    DEFER(buf_clear) sotto_buf value = {0};
    DEFER(tree_list_clear) struct tree_list nodes = {0};
    const sotto_group *g = w->g;
    bool all = w->all || !g->stored.any;
    if (all)
        TRY(nodes_write_all(w, &value));
    if (g->stored.tree == NULL)
        return SOTTO_OK;
    TRY(tree_diff(g->stored.tree, g->epoch->tree, &nodes));
    for (size_t i = 0; i < nodes.count; i++)
        if (!all || tree_node(g->epoch->tree, nodes.items[i]) == NULL)
            TRY(node_part_write(w, nodes.items[i], &value));
    return SOTTO_OK;
}

static sotto_err pending_write(const struct writer *w)
{
    DEFER(buf_clear) sotto_buf value = {0};
    const struct pending *pending = &w->g->pending;
    for (size_t i = w->all ? 0 : pending->stored; i < pending->count; i++) {
        const struct group_part_name name = {.kind = PART_PENDING, .place = (uint32_t)i};
        buf_reset(&value);
        struct wr at = wr_to(&value);
        group_pending_write(&at, pending->items[i]);
        TRY(tell_written(w, &name, &at, &value));
    }
    for (size_t i = pending->count; i < pending->stored_before; i++)
        TRY(erase(w, PART_PENDING, (uint32_t)i, 0));
    return SOTTO_OK;
}

/* One of those that the store has: it was over, or the present one, when that was written. */
static bool past_is_stored(const sotto_group *g, uint64_t number)
{
    return g->stored.any &&
           (number < g->stored.epoch || (number == g->stored.epoch && g->stored.removed));
}

/* To whom a secret tree tells its pieces. */
struct pieces {
    const struct writer *writer;
    uint64_t epoch;
    bool erase; /* whatever there was */
};

static sotto_err piece_write(void *context, const struct secret_tree_piece *piece, view value)
{
    const struct pieces *p = context;
    const struct group_part_name name = {.kind = PART_MESSAGES, .epoch = p->epoch, .piece = *piece};
    return tell(p->writer, &name, p->erase ? (view){0} : value);
}

static sotto_err messages_write(const struct writer *w, uint64_t epoch,
                                const struct secret_tree *tree)
{
    struct pieces pieces = {.writer = w, .epoch = epoch};
    return secret_tree_changes(tree, w->all, piece_write, &pieces);
}

/* Epochs that came and went since the last write are not there. */
static sotto_err dropped_erase(const struct writer *w)
{
    for (const struct past_epoch *p = w->g->past.dropped; p != NULL; p = p->next_dropped) {
        struct pieces pieces = {.writer = w, .epoch = p->number, .erase = true};
        if (past_is_stored(w->g, p->number))
            TRY(erase(w, PART_PAST, 0, p->number));
        if (p->number <= w->g->stored.epoch)
            TRY(secret_tree_changes(p->secret_tree, true, piece_write, &pieces));
    }
    return SOTTO_OK;
}

/* What a past epoch still has to tell are the message keys of it that were used up. */
static sotto_err past_write(const struct writer *w, const struct past_epoch *past)
{
    DEFER(buf_clear) sotto_buf value = {0};
    const struct group_part_name name = {.kind = PART_PAST, .epoch = past->number};
    struct wr at = wr_to(&value);
    if (w->all || !past_is_stored(w->g, past->number)) {
        past_epoch_write(&at, past);
        TRY(tell_written(w, &name, &at, &value));
    }
    return messages_write(w, past->number, past->secret_tree);
}

static sotto_err group_write(const struct writer *w)
{
    sotto_group *g = w->g;
    TRY(head_write(w));
    TRY(epoch_parts_write(w));
    TRY(nodes_write(w));
    TRY(pending_write(w));
    TRY(dropped_erase(w));
    for (size_t i = 0; i < g->past.count; i++)
        TRY(past_write(w, g->past.items[i]));
    if (g->removed)
        return SOTTO_OK;
    return messages_write(w, g->epoch->context.epoch, g->epoch->secret_tree);
}

sotto_err sotto_group_write(sotto_group *g, bool all, sotto_group_part *part, void *context)
{
    const struct writer writer = {g, all, part, context};
    sotto_err err = group_write(&writer);
    if (err != SOTTO_OK)
        buf_reset(&g->stored.head_told);
    return err;
}

void sotto_group_written(sotto_group *g)
{
    struct group_stored *stored = &g->stored;
    if (stored->head_told.len == 0)
        return;
    buf_clear(&stored->head);
    stored->head = stored->head_told;
    stored->head_told = (sotto_buf){0};
    stored->any = true;
    stored->epoch = g->epoch->context.epoch;
    stored->removed = g->removed;
    tree_free(MOVE(stored->tree));
    pending_stored(&g->pending);
    past_epochs_stored(&g->past);
    if (g->removed)
        return;
    secret_tree_changes_done(g->epoch->secret_tree);
    exporter_tree_stored(g->epoch->exporter_tree);
}

void group_left(sotto_group *g, struct tree *tree)
{
    if (g->stored.any && g->stored.tree == NULL)
        g->stored.tree = tree;
    else
        tree_free(tree);
}

void group_stored_clear(struct group_stored *stored)
{
    tree_free(stored->tree);
    buf_clear(&stored->head);
    buf_clear(&stored->head_told);
    *stored = (struct group_stored){.any = false};
}
