/* Parts are copied as they come, and read when all are there, in the order of their names, which puts those in front that the
 * others are read with (group_part.h). Signatures are not verified: they were, before this state was written. That the parts
 * belong together is checked, so that a store which lost or mixed some is refused: the tree hash covers the tree, HEAD says
 * which other parts there must be. */
#include <stdlib.h>

#include "base/ct.h"
#include "mls/epoch_state.h"
#include "mls/group_part.h"

#define PARTS_FIRST 64u

struct stored_part {
    uint8_t name[SOTTO_GROUP_PART_NAME];
    uint8_t name_len;
    size_t at, len; /* of its value, in the reader's bytes */
};

struct sotto_group_reader {
    struct stored_part *parts;
    size_t count, cap;
    sotto_buf bytes;
};

sotto_err sotto_group_read_begin(sotto_group_reader **ret_reader)
{
    sotto_group_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return SOTTO_E_NOMEM;
    *ret_reader = r;
    return SOTTO_OK;
}

void sotto_group_reader_free(sotto_group_reader *r)
{
    if (r == NULL)
        return;
    free(r->parts);
    buf_clear(&r->bytes);
    free(r);
}

static void reader_freep(sotto_group_reader **r)
{
    sotto_group_reader_free(*r);
    *r = NULL;
}

static sotto_err parts_reserve(sotto_group_reader *r)
{
    if (r->count < r->cap)
        return SOTTO_OK;
    size_t cap = r->cap > 0 ? 2 * r->cap : PARTS_FIRST;
    struct stored_part *parts = realloc(r->parts, cap * sizeof *parts);
    if (parts == NULL)
        return SOTTO_E_NOMEM;
    r->parts = parts;
    r->cap = cap;
    return SOTTO_OK;
}

sotto_err sotto_group_read_part(sotto_group_reader *r, view name, view value)
{
    if (name.len == 0 || name.len > SOTTO_GROUP_PART_NAME || value.len > MLS_MESSAGE_MAX)
        return SOTTO_E_VALUE;
    if (value.len == 0)
        return SOTTO_E_TRUNCATED;
    TRY(parts_reserve(r));
    size_t at = r->bytes.len;
    TRY(buf_append(&r->bytes, value));
    struct stored_part *part = &r->parts[r->count++];
    *part = (struct stored_part){.name_len = (uint8_t)name.len, .at = at, .len = value.len};
    memcpy(part->name, name.data, name.len);
    return SOTTO_OK;
}

static int part_compare(const void *a, const void *b)
{
    const struct stored_part *x = a, *y = b;
    int order = memcmp(x->name, y->name, size_min(x->name_len, y->name_len));
    return order != 0 ? order : (int)x->name_len - (int)y->name_len;
}

/* Most stores give them in order. VALUE: a name came twice. */
static sotto_err parts_sort(sotto_group_reader *r)
{
    bool sorted = true;
    for (size_t i = 1; i < r->count && sorted; i++)
        sorted = part_compare(&r->parts[i - 1], &r->parts[i]) < 0;
    if (sorted)
        return SOTTO_OK;
    qsort(r->parts, r->count, sizeof *r->parts, part_compare);
    for (size_t i = 1; i < r->count; i++)
        if (part_compare(&r->parts[i - 1], &r->parts[i]) == 0)
            return SOTTO_E_VALUE;
    return SOTTO_OK;
}

/* A group on the way out of its parts. */
struct reading {
    struct step *s;
    struct group_head head; /* borrows from the reader */
    sotto_group *g;         /* NULL before HEAD */
};

static void reading_clear(struct reading *r)
{
    sotto_group_free(r->g);
}

static sotto_err reinit_set(sotto_group *g, view reinit)
{
    TRY(buf_set(&g->reinit, reinit));
    return group_reinit_parse(buf_view(&g->reinit), &g->reinit_parts);
}

static sotto_err epoch_begin(struct reading *r)
{
    uint8_t seed[TREE_SEED];
    struct epoch *e = r->g->epoch;
    rng_bytes(&r->s->rng, seed, sizeof seed);
    TRY(tree_new_blank(e->suite, seed, r->head.leaf_count, &e->tree));
    ct_wipe(seed, sizeof seed);
    if (r->head.own_leaf >= r->head.leaf_count)
        return SOTTO_E_VALUE;
    e->own_leaf = r->head.own_leaf;
    if (r->head.removed)
        return SOTTO_OK;
    return secret_tree_read_begin(e->suite, r->head.leaf_count, &e->secret_tree);
}

/* What HEAD names as past comes later; until then its places are empty. */
static sotto_err head_take(struct reading *r, view value)
{
    struct rd at = rd_of(value);
    group_head_read(&at, &r->head);
    TRY(rd_end(&at));
    const struct mls_suite *suite = mls_suite_find(r->head.cipher_suite);
    if (suite == NULL)
        return SOTTO_E_UNSUPPORTED;
    TRY(group_alloc(suite, &r->head.settings, &r->g));
    r->g->removed = r->head.removed;
    r->g->past.count = r->head.past_count;
    TRY(reinit_set(r->g, r->head.reinit));
    TRY(buf_set(&r->g->stored.head, value));
    TRY(epoch_new(suite, &r->g->epoch));
    return epoch_begin(r);
}

static sotto_err epoch_take(struct reading *r, view value)
{
    struct epoch *e = r->g->epoch;
    TRY(epoch_read(r->s->c, value, !r->head.removed, e));
    return e->context.epoch == r->head.epoch ? SOTTO_OK : SOTTO_E_VALUE;
}

static sotto_err exporter_take(struct reading *r, view value)
{
    struct rd at = rd_of(value);
    exporter_tree_read(&at, r->g->suite, &r->g->epoch->exporter_tree);
    return rd_end(&at);
}

static sotto_err node_take(struct reading *r, uint32_t node, view value)
{
    TRY(tree_read_node(r->g->epoch->tree, node, value));
    return tree_node(r->g->epoch->tree, node) != NULL ? SOTTO_OK : SOTTO_E_VALUE;
}

static sotto_err pending_take(struct reading *r, uint32_t place, view value)
{
    DEFER(pending_proposal_freep) struct pending_proposal *p = NULL;
    if (place != r->g->pending.count || r->g->epoch->encoded_context.len == 0)
        return SOTTO_E_VALUE;
    TRY(group_pending_read(r->s->c, r->g->epoch, value, &p));
    sotto_err err = pending_add(&r->g->pending, r->g->suite, &p);
    return err == SOTTO_E_EXISTS || err == SOTTO_E_FULL ? SOTTO_E_VALUE : err;
}

/* The place among the past ones that HEAD gave an epoch; PAST_EPOCHS_MAX: none. */
static size_t past_place(const struct group_head *head, uint64_t number)
{
    for (size_t i = 0; i < head->past_count; i++)
        if (head->past[i] == number)
            return i;
    return PAST_EPOCHS_MAX;
}

static sotto_err past_take(struct reading *r, uint64_t number, view value)
{
    struct rd at = rd_of(value);
    size_t place = past_place(&r->head, number);
    if (place == PAST_EPOCHS_MAX)
        return SOTTO_E_VALUE;
    past_epoch_read(&at, r->g->suite, number, &r->g->past.items[place]);
    return rd_end(&at);
}

static sotto_err messages_take(struct reading *r, const struct group_part_name *name, view value)
{
    size_t place = past_place(&r->head, name->epoch);
    struct secret_tree *tree = NULL;
    if (place != PAST_EPOCHS_MAX && r->g->past.items[place] != NULL)
        tree = r->g->past.items[place]->secret_tree;
    else if (name->epoch == r->head.epoch)
        tree = r->g->epoch->secret_tree;
    if (tree == NULL)
        return SOTTO_E_VALUE;
    return secret_tree_read_piece(tree, &name->piece, value);
}

/* Those who are removed have no keys. */
static sotto_err own_part(const struct reading *r)
{
    return r->head.removed ? SOTTO_E_VALUE : SOTTO_OK;
}

static sotto_err part_take(struct reading *r, const struct group_part_name *name, view value)
{
    if ((name->kind == PART_HEAD) != (r->g == NULL))
        return SOTTO_E_VALUE;
    switch (name->kind) {
    case PART_HEAD:
        return head_take(r, value);
    case PART_EPOCH:
        return epoch_take(r, value);
    case PART_KEYS:
        TRY(own_part(r));
        return epoch_keys_read(r->s->c, value, r->g->epoch);
    case PART_EXPORTER:
        TRY(own_part(r));
        return exporter_take(r, value);
    case PART_NODE:
        return node_take(r, name->place, value);
    case PART_PENDING:
        return pending_take(r, name->place, value);
    case PART_PAST:
        return past_take(r, name->epoch, value);
    case PART_MESSAGES:
        return messages_take(r, name, value);
    }
    return SOTTO_E_VALUE;
}

/* HEAD comes first, so that what a later version has besides is not looked at. */
static sotto_err parts_take(struct reading *r, const sotto_group_reader *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct stored_part *part = &from->parts[i];
        struct rd at = rd_of(view_of(part->name, part->name_len));
        struct group_part_name name;
        group_part_name_read(&at, &name);
        TRY(rd_end(&at));
        TRY(part_take(r, &name, view_of(from->bytes.data + part->at, part->len)));
    }
    return SOTTO_OK;
}

static bool is_of_group(const sotto_group *g, const struct past_epoch *p)
{
    struct rd at = rd_of(buf_view(&p->encoded_context));
    struct group_context context;
    group_context_read(&at, &context);
    return view_equal(context.group_id, g->epoch->context.group_id);
}

static sotto_err past_end(const sotto_group *g)
{
    for (size_t i = 0; i < g->past.count; i++) {
        struct past_epoch *p = g->past.items[i];
        if (p == NULL || !is_of_group(g, p))
            return SOTTO_E_VALUE;
        TRY(secret_tree_read_end(p->secret_tree));
    }
    return SOTTO_OK;
}

/* All parts are there, and fit together. */
static sotto_err reading_end(struct reading *r)
{
    sotto_group *g = r->g;
    bool member = !r->head.removed;
    if (g == NULL || g->epoch->encoded_context.len == 0 ||
        g->pending.count != r->head.pending_count)
        return SOTTO_E_VALUE;
    if (member && (g->epoch->sign_key == NULL || g->epoch->exporter_tree == NULL))
        return SOTTO_E_VALUE;
    TRY(epoch_judge(r->s->c, g->epoch, member));
    TRY(past_end(g));
    return member ? secret_tree_read_end(g->epoch->secret_tree) : SOTTO_OK;
}

static void stored_set(sotto_group *g)
{
    g->stored.any = true;
    g->stored.epoch = g->epoch->context.epoch;
    g->stored.removed = g->removed;
    pending_stored(&g->pending);
    past_epochs_stored(&g->past);
}

static sotto_err group_read(struct step *s, sotto_group_reader *from, sotto_group **ret_group)
{
    DEFER(reading_clear) struct reading r = {.s = s};
    TRY(parts_sort(from));
    TRY(parts_take(&r, from));
    TRY(reading_end(&r));
    stored_set(r.g);
    *ret_group = MOVE(r.g);
    return SOTTO_OK;
}

sotto_err sotto_group_read_end(sotto_mls *m, sotto_group_reader **reader, sotto_group **ret_group)
{
    DEFER(reader_freep) sotto_group_reader *from = MOVE(*reader);
    DEFER(step_clear) struct step s = {0};
    TRY(step_begin(m, &s));
    return step_end(m, &s, group_read(&s, from, ret_group));
}
