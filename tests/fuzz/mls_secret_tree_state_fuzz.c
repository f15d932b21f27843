/* Pieces made of fuzz bytes, read as a secret tree: they are refused, or the tree consists of exactly these pieces. Then messages
 * are taken from that tree, or from a new one; after each write, what is read back is the same tree, whose unconsumed keys are
 * the same; and with a byte changed in some piece it is another tree, or none. */
#include "fuzz.h"
#include "mls/secret_tree_state.h"

#define PIECES_MAX 1024u
#define READ_MAX   200u
#define STEPS_MAX  16

struct piece {
    struct secret_tree_piece name;
    uint8_t value[SECRET_TREE_VALUE_MAX];
    size_t len;
};

struct store {
    struct piece pieces[PIECES_MAX];
    size_t count;
};

struct scene {
    const struct mls_suite *suite;
    uint32_t leaf_count;
    struct store store;
};

static sotto_crypto *crypto;

static uint32_t fuzz_u32(view *input)
{
    uint32_t number = 0;
    for (int i = 0; i < 4; i++)
        number = number << 8 | fuzz_u8(input);
    return number;
}

static struct piece *store_find(struct store *s, const struct secret_tree_piece *name)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct secret_tree_piece *at = &s->pieces[i].name;
        if (at->type == name->type && at->index == name->index && at->kind == name->kind &&
            at->generation == name->generation)
            return &s->pieces[i];
    }
    return NULL;
}

static sotto_err store_take(void *context, const struct secret_tree_piece *name, view value)
{
    struct store *s = context;
    struct piece *piece = store_find(s, name);
    HOLDS(value.len <= SECRET_TREE_VALUE_MAX);
    if (value.len == 0) {
        HOLDS(piece != NULL);
        *piece = s->pieces[--s->count];
        return SOTTO_OK;
    }
    HOLDS(piece != NULL || s->count < PIECES_MAX);
    if (piece == NULL)
        piece = &s->pieces[s->count++];
    piece->name = *name;
    memcpy(piece->value, value.data, value.len);
    piece->len = value.len;
    return SOTTO_OK;
}

static sotto_err store_compare(void *context, const struct secret_tree_piece *name, view value)
{
    struct piece *piece = store_find(context, name);
    HOLDS(piece != NULL && view_equal(view_of(piece->value, piece->len), value));
    return SOTTO_OK;
}

static sotto_err nothing_expected(void *context, const struct secret_tree_piece *name, view value)
{
    (void)context, (void)name, (void)value;
    HOLDS(false);
    return SOTTO_OK;
}

static sotto_err store_read(struct scene *s, struct secret_tree **ret_tree)
{
    DEFER(secret_tree_freep) struct secret_tree *tree = NULL;
    HOLDS(secret_tree_read_begin(s->suite, s->leaf_count, &tree) == SOTTO_OK);
    for (size_t i = 0; i < s->store.count; i++) {
        const struct piece *piece = &s->store.pieces[i];
        uint8_t *copy = fuzz_copy(view_of(piece->value, piece->len));
        sotto_err err = secret_tree_read_piece(tree, &piece->name, view_of(copy, piece->len));
        free(copy);
        TRY(err);
    }
    TRY(secret_tree_read_end(tree));
    *ret_tree = MOVE(tree);
    return SOTTO_OK;
}

/* The tree has just these pieces, and nothing to write. */
static void check_same(struct scene *s, const struct secret_tree *tree)
{
    static struct store again;
    again.count = 0;
    HOLDS(secret_tree_changes(tree, false, nothing_expected, NULL) == SOTTO_OK);
    HOLDS(secret_tree_changes(tree, true, store_compare, &s->store) == SOTTO_OK);
    HOLDS(secret_tree_changes(tree, true, store_take, &again) == SOTTO_OK);
    HOLDS(again.count == s->store.count);
}

/* A value of the right length for few bytes of input, or any value. */
static void value_invent(struct scene *s, view *input, struct piece *piece)
{
    sotto_buf value = BUF_ON(piece->value);
    struct wr w = wr_to(&value);
    uint8_t form = fuzz_u8(input);
    uint8_t fill[HASH_MAX];
    memset(fill, form, sizeof fill);
    if (form % 8 == 7) {
        wr_bytes(&w, fuzz_bytes(input, fuzz_u8(input) % (SECRET_TREE_VALUE_MAX + 1)));
    } else if (piece->name.type == SECRET_TREE_SENDER) {
        for (size_t kind = 0; kind < RATCHET_KINDS; kind++) {
            wr_u32(&w, fuzz_u8(input));
            wr_u32(&w, fuzz_u8(input));
            wr_bytes(&w, view_of(fill, s->suite->hash_len));
        }
    } else if (piece->name.type == SECRET_TREE_SKIPPED) {
        wr_bytes(&w, view_of(fill, (size_t)s->suite->key_len + AEAD_NONCE));
    } else {
        wr_bytes(&w, view_of(fill, s->suite->hash_len));
    }
    HOLDS(wr_end(&w) == SOTTO_OK);
    piece->len = value.len;
}

/* Pieces until their names end: a name of type 0, or of none. */
static void pieces_invent(struct scene *s, view *input)
{
    while (s->store.count < READ_MAX) {
        struct piece *piece = &s->store.pieces[s->store.count];
        struct rd r = rd_of(*input);
        secret_tree_piece_read(&r, &piece->name);
        if (!rd_ok(&r)) {
            (void)fuzz_u8(input);
            return;
        }
        *input = rd_rest(&r);
        value_invent(s, input, piece);
        s->store.count++;
    }
}

static struct secret_tree *tree_new(const struct scene *s)
{
    struct secret_tree *tree = NULL;
    struct secret secret = {0};
    secret_resize(&secret, s->suite->hash_len);
    HOLDS(secret_tree_new(s->suite, s->leaf_count, &secret, &tree) == SOTTO_OK);
    return tree;
}

static void write_and_read_back(struct scene *s, struct secret_tree **tree)
{
    struct secret_tree *back = NULL;
    HOLDS(secret_tree_changes(*tree, false, store_take, &s->store) == SOTTO_OK);
    secret_tree_changes_done(*tree);
    check_same(s, *tree);
    HOLDS(store_read(s, &back) == SOTTO_OK);
    check_same(s, back);
    secret_tree_free(*tree);
    *tree = back;
}

static void change_a_byte(struct scene *s, view *input)
{
    struct secret_tree *other = NULL;
    if (s->store.count == 0)
        return;
    struct piece *piece = &s->store.pieces[fuzz_u8(input) % s->store.count];
    uint8_t *byte = &piece->value[fuzz_u8(input) % piece->len], old = *byte;
    *byte ^= (uint8_t)(fuzz_u8(input) | 1);
    if (store_read(s, &other) == SOTTO_OK)
        check_same(s, other);
    secret_tree_free(other);
    *byte = old;
}

static void take_a_key(const struct scene *s, struct secret_tree *tree, view *input)
{
    uint32_t leaf = fuzz_u32(input) % s->leaf_count;
    enum ratchet_kind kind = fuzz_u8(input) % 2 == 0 ? RATCHET_HANDSHAKE : RATCHET_APPLICATION;
    struct message_key key = {0}, again = {0};
    uint8_t act = fuzz_u8(input);
    sotto_err err = secret_tree_next(crypto, tree, leaf, kind, &key);
    if (err == SOTTO_OK && act % 4 != 0) {
        uint32_t next = key.generation, by = act / 4 % 12;
        message_key_clear(&key);
        err = secret_tree_find(crypto, tree, leaf, kind,
                               act % 4 == 1 ? next + by : next - (by < next ? by : next), &key);
    }
    if (err != SOTTO_OK)
        return;
    uint32_t generation = key.generation;
    HOLDS(secret_tree_consume(tree, &key) == SOTTO_OK);
    err = secret_tree_find(crypto, tree, leaf, kind, generation, &again);
    HOLDS(err == SOTTO_E_REPLAYED || err == SOTTO_E_EXPIRED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct scene s;
    struct secret_tree *tree = NULL;
    view input = view_of(data, size);
    size_t suites = 0;
    const struct mls_suite *all = mls_suite_all(&suites);
    if (crypto == NULL)
        HOLDS(crypto_new(&crypto) == SOTTO_OK);
    s.suite = &all[fuzz_u8(&input) % suites];
    s.leaf_count = UINT32_C(1) << fuzz_u8(&input) % 25;
    s.store.count = 0;
    pieces_invent(&s, &input);
    if (s.store.count == 0)
        tree = tree_new(&s);
    else if (store_read(&s, &tree) == SOTTO_OK)
        check_same(&s, tree);
    for (int step = 0; tree != NULL && input.len > 0 && step < STEPS_MAX; step++) {
        uint8_t act = fuzz_u8(&input);
        take_a_key(&s, tree, &input);
        if (act % 2 == 0)
            write_and_read_back(&s, &tree);
        if (act % 8 == 4)
            change_a_byte(&s, &input);
    }
    if (tree != NULL)
        write_and_read_back(&s, &tree);
    secret_tree_free(tree);
    return 0;
}
