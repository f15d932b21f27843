#include "mls/secret_tree_state.h"

#include <stdlib.h>

#include "base/ct.h"
#include "mls/secret_tree_local.h"

/* What is there and was not written is told by counts and by the list of changed senders, what is there no more by a list of
 * its own. Each name lives once: nothing that is gone comes back, and only a sender's value ever changes.
 * Pieces are read into a heap of loose ones, in any order, and put together when all are there: nodes and senders must cover
 * the leaves without gap and without overlap, so that the pool needs one place for each, and one for each parent above. */

#define GONE_FIRST  8u
#define LOOSE_FIRST 32u

struct loose_piece {
    struct secret_tree_piece name;
    uint8_t value[SECRET_TREE_VALUE_MAX];
};

struct loose_pieces {
    uint32_t leaf_count; /* of the tree that they will be */
    size_t count, cap;
    struct loose_piece *pieces;
};

/* A piece's place in the tree: nodes and senders by node, then what was skipped by leaf, kind and generation. */
struct placed {
    uint64_t place;
    size_t at; /* among the loose ones */
};

#define PLACE_SKIPPED (UINT64_C(1) << 63)

void secret_tree_piece_read(struct rd *r, struct secret_tree_piece *out)
{
    uint8_t type = rd_u8(r);
    *out = (struct secret_tree_piece){.index = rd_u32(r)};
    switch (type) {
    case SECRET_TREE_NODE:
    case SECRET_TREE_SENDER:
        break;
    case SECRET_TREE_SKIPPED: {
        uint8_t kind = rd_u8(r);
        if (kind >= RATCHET_KINDS)
            rd_fail(r, SOTTO_E_VALUE);
        out->kind = kind == RATCHET_HANDSHAKE ? RATCHET_HANDSHAKE : RATCHET_APPLICATION;
        out->generation = rd_u32(r);
        break;
    }
    default:
        rd_fail(r, SOTTO_E_VALUE);
        return;
    }
    out->type = (enum secret_tree_piece_type)type;
}

void secret_tree_piece_write(struct wr *w, const struct secret_tree_piece *piece)
{
    wr_u8(w, (uint8_t)piece->type);
    wr_u32(w, piece->index);
    if (piece->type != SECRET_TREE_SKIPPED)
        return;
    wr_u8(w, (uint8_t)piece->kind);
    wr_u32(w, piece->generation);
}

void secret_tree_sender_changed(struct secret_tree *t, struct sender_ratchets *sender)
{
    if (sender->changed)
        return;
    sender->changed = true;
    sender->next_changed = t->changed;
    t->changed = sender;
}

sotto_err secret_tree_gone_reserve(struct secret_tree *t, uint32_t more)
{
    if (more <= t->gone_cap - t->gone_count)
        return SOTTO_OK;
    uint32_t cap = t->gone_cap * 2 > GONE_FIRST ? t->gone_cap * 2 : GONE_FIRST;
    if (cap < t->gone_count + more)
        cap = t->gone_count + more;
    struct secret_tree_piece *gone = realloc(t->gone, cap * sizeof *gone);
    if (gone == NULL)
        return SOTTO_E_NOMEM;
    t->gone = gone;
    t->gone_cap = cap;
    return SOTTO_OK;
}

void secret_tree_gone_add(struct secret_tree *t, struct secret_tree_piece piece)
{
    t->gone[t->gone_count++] = piece;
}

/* To whom pieces are told. */
struct listener {
    secret_tree_piece_fn *fn;
    void *context;
};

static sotto_err tell(const struct listener *to, const struct secret_tree_piece *piece, view value)
{
    return to->fn(to->context, piece, value);
}

static sotto_err nodes_tell(const struct secret_tree *t, uint32_t from, const struct listener *to)
{
    for (uint32_t slot = from; slot < t->node_count; slot++) {
        const struct secret_tree_piece piece = {.type = SECRET_TREE_NODE,
                                                .index = t->nodes[slot].node};
        if (!node_is_open(t, slot))
            TRY(tell(to, &piece, view_of(node_secret(t, slot), t->suite->hash_len)));
    }
    return SOTTO_OK;
}

static sotto_err ratchets_tell(const struct sender_ratchets *sender, const struct listener *to)
{
    uint8_t bytes[SECRET_TREE_VALUE_MAX];
    DEFER(buf_clear) sotto_buf value = BUF_ON(bytes);
    struct wr w = wr_to(&value);
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++) {
        wr_u32(&w, sender->ratchets[kind].generation);
        wr_u32(&w, sender->ratchets[kind].given_up);
        wr_bytes(&w, secret_view(&sender->ratchets[kind].secret));
    }
    TRY(wr_end(&w));
    const struct secret_tree_piece piece = {.type = SECRET_TREE_SENDER,
                                            .index = sender->leaf_index};
    return tell(to, &piece, buf_view(&value));
}

static sotto_err skipped_tell(const struct mls_suite *suite, const struct secret_tree_piece *piece,
                              const struct skipped *skipped, const struct listener *to)
{
    uint8_t bytes[SECRET_TREE_VALUE_MAX];
    DEFER(buf_clear) sotto_buf value = BUF_ON(bytes);
    struct wr w = wr_to(&value);
    wr_bytes(&w, view_of(skipped->key, suite->key_len));
    wr_bytes(&w, VIEW_OF(skipped->nonce));
    TRY(wr_end(&w));
    return tell(to, piece, buf_view(&value));
}

static sotto_err sender_tell(const struct secret_tree *t, const struct sender_ratchets *sender,
                             bool all, const struct listener *to)
{
    TRY(ratchets_tell(sender, to));
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++) {
        const struct ratchet *r = &sender->ratchets[kind];
        for (uint32_t i = all ? 0 : r->skipped_written; i < r->skipped_count; i++) {
            const struct secret_tree_piece piece = {.type = SECRET_TREE_SKIPPED,
                                                    .index = sender->leaf_index,
                                                    .kind = (enum ratchet_kind)kind,
                                                    .generation = r->skipped[i].generation};
            TRY(skipped_tell(t->suite, &piece, &r->skipped[i], to));
        }
    }
    return SOTTO_OK;
}

sotto_err secret_tree_changes(const struct secret_tree *tree, bool all, secret_tree_piece_fn *fn,
                              void *context)
{
    const struct listener to = {fn, context};
    for (uint32_t i = 0; i < tree->gone_count; i++)
        TRY(tell(&to, &tree->gone[i], (view){0}));
    TRY(nodes_tell(tree, all ? 0 : tree->nodes_written, &to));
    if (all) {
        for (uint32_t i = 0; i < tree->sender_count; i++)
            TRY(sender_tell(tree, tree->senders[i], true, &to));
        return SOTTO_OK;
    }
    for (const struct sender_ratchets *s = tree->changed; s != NULL; s = s->next_changed)
        TRY(sender_tell(tree, s, false, &to));
    return SOTTO_OK;
}

static void sender_written(struct sender_ratchets *sender)
{
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++)
        sender->ratchets[kind].skipped_written = sender->ratchets[kind].skipped_count;
    sender->changed = false;
    sender->next_changed = NULL;
}

void secret_tree_changes_done(struct secret_tree *tree)
{
    while (tree->changed != NULL) {
        struct sender_ratchets *sender = tree->changed;
        tree->changed = sender->next_changed;
        sender_written(sender);
    }
    tree->nodes_written = tree->node_count;
    tree->gone_count = 0;
}

void secret_tree_changes_undone(struct secret_tree *tree)
{
    for (uint32_t i = 0; i < tree->sender_count; i++) {
        struct sender_ratchets *sender = tree->senders[i];
        for (size_t kind = 0; kind < RATCHET_KINDS; kind++)
            sender->ratchets[kind].skipped_written = 0;
        secret_tree_sender_changed(tree, sender);
    }
    tree->nodes_written = 0;
    tree->gone_count = 0;
}

void loose_pieces_free(struct loose_pieces *loose)
{
    if (loose == NULL)
        return;
    secret_tree_wiped_free(loose->pieces, loose->cap * sizeof *loose->pieces);
    free(loose);
}

sotto_err secret_tree_read_begin(const struct mls_suite *suite, uint32_t leaf_count,
                                 struct secret_tree **ret_tree)
{
    if (leaf_count == 0 || leaf_count > MLS_LEAF_LIMIT ||
        leaf_count != tree_math_leaf_count(leaf_count))
        return SOTTO_E_USAGE;
    DEFER(secret_tree_freep) struct secret_tree *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    t->suite = suite;
    if ((t->loose = calloc(1, sizeof *t->loose)) == NULL)
        return SOTTO_E_NOMEM;
    t->loose->leaf_count = leaf_count;
    *ret_tree = MOVE(t);
    return SOTTO_OK;
}

/* Room for one more. Old values are wiped where they were. */
static sotto_err loose_reserve(struct loose_pieces *loose)
{
    if (loose->count < loose->cap)
        return SOTTO_OK;
    size_t cap = loose->cap * 2 > LOOSE_FIRST ? loose->cap * 2 : LOOSE_FIRST;
    struct loose_piece *pieces = calloc(cap, sizeof *pieces);
    if (pieces == NULL)
        return SOTTO_E_NOMEM;
    if (loose->count > 0)
        memcpy(pieces, loose->pieces, loose->count * sizeof *pieces);
    secret_tree_wiped_free(loose->pieces, loose->cap * sizeof *pieces);
    loose->pieces = pieces;
    loose->cap = cap;
    return SOTTO_OK;
}

/* The bytes of a piece's value; 0: there is no such piece in a tree of so many leaves. */
static size_t value_size(const struct mls_suite *suite, uint32_t leaf_count,
                         const struct secret_tree_piece *piece)
{
    switch (piece->type) {
    case SECRET_TREE_NODE:
        return piece->index < tree_math_node_count(leaf_count) ? suite->hash_len : 0;
    case SECRET_TREE_SENDER:
        return piece->index < leaf_count ? RATCHET_KINDS * (4 + 4 + (size_t)suite->hash_len) : 0;
    case SECRET_TREE_SKIPPED:
        return piece->index < leaf_count && (unsigned)piece->kind < RATCHET_KINDS
                   ? (size_t)suite->key_len + AEAD_NONCE
                   : 0;
    }
    return 0;
}

sotto_err secret_tree_read_piece(struct secret_tree *tree, const struct secret_tree_piece *piece,
                                 view value)
{
    struct loose_pieces *loose = tree->loose;
    if (loose == NULL)
        return SOTTO_E_USAGE;
    size_t size = value_size(tree->suite, loose->leaf_count, piece);
    if (size == 0)
        return SOTTO_E_VALUE;
    if (value.len != size)
        return value.len < size ? SOTTO_E_TRUNCATED : SOTTO_E_TRAILING;
    TRY(loose_reserve(loose));
    struct loose_piece *to = &loose->pieces[loose->count++];
    to->name = *piece;
    memcpy(to->value, value.data, value.len);
    return SOTTO_OK;
}

/* The node where a node's or a sender's piece stands. */
static uint32_t node_of(const struct secret_tree_piece *piece)
{
    return piece->type == SECRET_TREE_NODE ? piece->index : tree_math_leaf_node(piece->index);
}

static uint64_t place_of(const struct secret_tree_piece *piece)
{
    if (piece->type != SECRET_TREE_SKIPPED)
        return node_of(piece);
    return PLACE_SKIPPED | (uint64_t)piece->index << 33 | (uint64_t)piece->kind << 32 |
           piece->generation;
}

static int placed_compare(const void *a, const void *b)
{
    uint64_t x = ((const struct placed *)a)->place, y = ((const struct placed *)b)->place;
    return (x > y) - (x < y);
}

/* The places of all pieces, in order; to be freed. */
static sotto_err pieces_sort(const struct loose_pieces *loose, struct placed **ret_placed)
{
    struct placed *placed = calloc(loose->count > 0 ? loose->count : 1, sizeof *placed);
    if (placed == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < loose->count; i++)
        placed[i] = (struct placed){place_of(&loose->pieces[i].name), i};
    qsort(placed, loose->count, sizeof *placed, placed_compare);
    *ret_placed = placed;
    return SOTTO_OK;
}

/* How many nodes and senders there are, from the first on; they must cover all leaves, each once. */
static sotto_err covers_count(const struct loose_pieces *loose, const struct placed *placed,
                              uint32_t *ret_count)
{
    uint32_t leaf = 0, count = 0;
    for (; count < loose->count && placed[count].place < PLACE_SKIPPED; count++) {
        uint32_t node = (uint32_t)placed[count].place;
        if (leaf == loose->leaf_count || tree_math_first_leaf(node) != leaf)
            return SOTTO_E_VALUE;
        leaf = tree_math_last_leaf(node) + 1;
    }
    if (leaf != loose->leaf_count)
        return SOTTO_E_VALUE;
    *ret_count = count;
    return SOTTO_OK;
}

/* The place of a node in the pool; opens what is above it. Room is there. */
static uint32_t slot_make(struct secret_tree *t, uint32_t node)
{
    uint32_t slot = 0;
    while (t->nodes[slot].node != node) {
        uint32_t first =
            node_is_open(t, slot) ? t->nodes[slot].child[0] : secret_tree_node_open(t, slot);
        slot = first + side_of(t->nodes[slot].node, tree_math_first_leaf(node));
    }
    return slot;
}

static void ratchet_read(struct rd *r, const struct mls_suite *suite, struct ratchet *out)
{
    out->generation = rd_u32(r);
    out->given_up = rd_u32(r);
    secret_resize(&out->secret, suite->hash_len);
    rd_copy(r, out->secret.data, suite->hash_len);
    if (out->given_up > 0 && out->given_up >= out->generation)
        rd_fail(r, SOTTO_E_VALUE);
}

static sotto_err sender_put(struct secret_tree *t, uint32_t slot, const struct loose_piece *piece)
{
    const struct mls_suite *suite = t->suite;
    struct sender_ratchets *sender = NULL;
    TRY(secret_tree_sender_add(t, piece->name.index, &sender));
    t->nodes[slot].child[0] = t->sender_count;
    struct rd r = rd_of(view_of(piece->value, value_size(suite, t->leaf_count, &piece->name)));
    for (size_t kind = 0; kind < RATCHET_KINDS; kind++)
        ratchet_read(&r, suite, &sender->ratchets[kind]);
    TRY(rd_end(&r));
    bool heard = sender->ratchets[RATCHET_HANDSHAKE].generation > 0 ||
                 sender->ratchets[RATCHET_APPLICATION].generation > 0;
    return heard ? SOTTO_OK : SOTTO_E_VALUE;
}

static sotto_err covers_put(struct secret_tree *t, const struct loose_pieces *loose,
                            const struct placed *placed, uint32_t count)
{
    TRY(secret_tree_nodes_reserve(t, 2 * count - 1));
    t->nodes[0].node = tree_math_root(t->leaf_count);
    t->node_count = 1;
    for (uint32_t i = 0; i < count; i++) {
        const struct loose_piece *piece = &loose->pieces[placed[i].at];
        uint32_t slot = slot_make(t, node_of(&piece->name));
        if (piece->name.type == SECRET_TREE_NODE)
            memcpy(node_secret(t, slot), piece->value, t->suite->hash_len);
        else
            TRY(sender_put(t, slot, piece));
    }
    return SOTTO_OK;
}

/* So many of the next are keys of one ratchet. */
static size_t run_length(const struct placed *placed, size_t count)
{
    size_t len = 0;
    while (len < count && placed[len].place >> 32 == placed[0].place >> 32)
        len++;
    return len;
}

/* The keys that one ratchet skipped: all below its next one and none twice. */
static sotto_err run_put(struct secret_tree *t, const struct loose_pieces *loose,
                         const struct placed *placed, size_t count)
{
    const struct secret_tree_piece *name = &loose->pieces[placed[0].at].name;
    struct sender_ratchets *sender = secret_tree_sender_at(t, secret_tree_locate(t, name->index));
    if (sender == NULL || count > MLS_SKIPPED_MAX)
        return SOTTO_E_VALUE;
    struct ratchet *r = &sender->ratchets[name->kind];
    if ((r->skipped = calloc(count, sizeof *r->skipped)) == NULL)
        return SOTTO_E_NOMEM;
    r->skipped_count = r->skipped_written = (uint32_t)count;
    for (size_t i = 0; i < count; i++) {
        const struct loose_piece *piece = &loose->pieces[placed[i].at];
        uint32_t generation = piece->name.generation;
        if (generation < r->given_up || generation >= r->generation ||
            (i > 0 && placed[i].place == placed[i - 1].place))
            return SOTTO_E_VALUE;
        r->skipped[i].generation = generation;
        memcpy(r->skipped[i].key, piece->value, t->suite->key_len);
        memcpy(r->skipped[i].nonce, piece->value + t->suite->key_len, AEAD_NONCE);
    }
    return SOTTO_OK;
}

static sotto_err pieces_join(struct secret_tree *t, const struct loose_pieces *loose,
                             const struct placed *placed)
{
    uint32_t covers;
    TRY(covers_count(loose, placed, &covers));
    t->leaf_count = loose->leaf_count;
    TRY(covers_put(t, loose, placed, covers));
    for (size_t i = covers, len; i < loose->count; i += len) {
        len = run_length(placed + i, loose->count - i);
        TRY(run_put(t, loose, placed + i, len));
    }
    t->nodes_written = t->node_count;
    return SOTTO_OK;
}

sotto_err secret_tree_read_end(struct secret_tree *tree)
{
    struct placed *placed = NULL;
    if (tree->loose == NULL)
        return SOTTO_E_USAGE;
    TRY(pieces_sort(tree->loose, &placed));
    sotto_err err = pieces_join(tree, tree->loose, placed);
    free(placed);
    loose_pieces_free(MOVE(tree->loose));
    if (err != SOTTO_OK)
        tree->leaf_count = 0;
    return err;
}
