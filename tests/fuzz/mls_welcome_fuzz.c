/* A Welcome that a member forges: bytes are changed in what it holds, and what follows from them is tagged, signed and sealed
 * anew, so that the changes reach every check behind the seals. Who joins refuses it, or has the state that the forger
 * described: the same GroupContext and tree, its own leaf, and the secrets of the same epoch. */
#include "fuzz.h"

/* The forge of the unit tests; what it holds for granted must hold here. */
#define TESTS_UNIT_UNIT_H
#define assert_ok(expression)       HOLDS((expression) == SOTTO_OK)
#define assert_non_null(expression) HOLDS((expression) != NULL)
#include "mls/forged_welcome.h"

#include "mls/staged.h"
#include "mls/tree_check.h"

#define EDITS 8 /* of one input */

/* Where an edit goes. */
enum place { IN_TREE, IN_CONTEXT, IN_INFO, IN_SECRETS, IN_WELCOME, PLACES };

struct edit {
    enum place place;
    uint8_t kind;
    uint16_t at;
    uint8_t value;
};

struct script {
    struct edit edits[EDITS];
    size_t count;
    view rest; /* for what is made by fields */
};

static struct script script_read(view input)
{
    struct script s = {0};
    uint8_t count = fuzz_u8(&input) % (EDITS + 1);
    for (; s.count < count; s.count++) {
        uint8_t head = fuzz_u8(&input);
        uint16_t at = (uint16_t)(fuzz_u8(&input) << 8);
        at |= fuzz_u8(&input);
        s.edits[s.count] =
            (struct edit){(enum place)(head % PLACES), head / PLACES, at, fuzz_u8(&input)};
    }
    s.rest = input;
    return s;
}

/* Changes a byte, takes some out, puts one in, or cuts the end off. */
static void edit_make(const struct edit *edit, sotto_buf *bytes)
{
    sotto_buf out = {0};
    if (bytes->len == 0)
        return;
    size_t at = edit->at % bytes->len, skip = 0;
    if (edit->kind % 4 == 1)
        skip = size_min(1u + edit->value % 4, bytes->len - at);
    if (edit->kind % 4 == 3)
        skip = bytes->len - at;
    assert_ok(buf_append(&out, view_of(bytes->data, at)));
    if (edit->kind % 4 == 2)
        assert_ok(buf_append(&out, view_of(&edit->value, 1)));
    assert_ok(buf_append(&out, view_of(bytes->data + at + skip, bytes->len - at - skip)));
    if (edit->kind % 4 == 0)
        out.data[at] ^= edit->value;
    buf_clear(bytes);
    *bytes = out;
}

static bool edits_make(const struct script *s, enum place place, sotto_buf *bytes)
{
    bool any = false;
    for (size_t i = 0; i < s->count; i++) {
        if (s->edits[i].place != place)
            continue;
        edit_make(&s->edits[i], bytes);
        any = true;
    }
    return any;
}

/* Leaves are changed in what they say, and signed; so this reaches what is behind their signatures. */
static void leaves_make(struct forge *f, struct script *s)
{
    while (s->rest.len > 0) {
        uint32_t who = fuzz_u8(&s->rest) % FORGE_MEMBERS;
        struct profile p = profile_usual(f->suite);
        p.source = (enum leaf_node_source)(1 + fuzz_u8(&s->rest) % 3);
        p.lifetime.not_after = fuzz_u8(&s->rest) % 2 == 0 ? 2000 : 500;
        p.extensions = fuzz_bytes(&s->rest, fuzz_u8(&s->rest) & 6u);
        p.extensions.len &= ~(size_t)1;
        p.leaf_index = fuzz_u8(&s->rest) % 2 == 0 ? who : 0;
        if (p.source == LEAF_NODE_COMMIT)
            p.parent_hash = fuzz_bytes(&s->rest, f->suite->hash_len);
        member_sign(f->c, &f->members[who], &p);
        if (who == FORGE_MEMBERS - 1 && p.source != LEAF_NODE_KEY_PACKAGE)
            member_sign(f->c, &f->members[who], &(struct profile){.source = LEAF_NODE_KEY_PACKAGE});
    }
}

/* The tree as it would travel, changed; false: it is none any more. */
static bool tree_make(struct forge *f, const struct script *s)
{
    sotto_buf bytes = {0};
    struct tree *tree = NULL;
    forge_tree(f);
    struct wr w = wr_to(&bytes);
    tree_write(&w, f->tree);
    assert_ok(wr_end(&w));
    bool ok = true;
    if (edits_make(s, IN_TREE, &bytes)) {
        ok = tree_read(f->suite, tree_seed, buf_view(&bytes), &tree, NULL) == SOTTO_OK;
        if (ok) {
            tree_free(f->tree);
            f->tree = tree;
        }
    }
    buf_clear(&bytes);
    return ok;
}

/* The GroupContext, changed; false: it is none any more. */
static bool context_make(struct forge *f, const struct script *s)
{
    struct group_context context;
    forge_context(f);
    edits_make(s, IN_CONTEXT, &f->context);
    struct rd r = rd_of(buf_view(&f->context));
    group_context_read(&r, &context);
    return rd_end(&r) == SOTTO_OK;
}

/* A Welcome that can be sent; false: a part of it could not be written any more. */
static bool welcome_make(struct forge *f, struct script *s)
{
    f->has_path = fuzz_u8(&s->rest) % 2 == 0;
    leaves_make(f, s);
    forge_package(f);
    if (!tree_make(f, s) || !context_make(f, s))
        return false;
    forge_member(f);
    forge_info(f);
    edits_make(s, IN_INFO, &f->info);
    forge_secrets(f);
    edits_make(s, IN_SECRETS, &f->secrets);
    forge_seal(f);
    edits_make(s, IN_WELCOME, &f->welcome);
    return true;
}

/* Whoever is in the epoch agrees with who described it. */
static void check_state(struct forge *f, const sotto_staged *staged)
{
    const struct epoch *e = staged->next;
    struct epoch_secrets secrets = {0};
    struct required_capabilities required = {0};
    sotto_buf tree = {0};
    HOLDS(view_equal(buf_view(&e->encoded_context), buf_view(&f->context)));
    assert_ok(sotto_staged_tree(staged, &tree));
    HOLDS(view_equal(buf_view(&tree), buf_view(&f->tree_bytes)));
    HOLDS(view_equal(tree_node_encoded(tree_leaf(e->tree, e->own_leaf)),
                     buf_view(&f->members[FORGE_MEMBERS - 1].leaf)));
    assert_ok(key_schedule_epoch(f->c, f->suite, &f->member, buf_view(&f->context), &secrets));
    HOLDS(secret_equal(&secrets.epoch_authenticator, &e->secrets.epoch_authenticator));
    struct tree_check_context context = epoch_check_context(e, &required, 0, 0);
    assert_ok(tree_check_all(f->c, e->tree, &context, NULL));
    epoch_secrets_clear(&secrets);
    buf_clear(&tree);
}

static void check_join(struct forge *f)
{
    sotto_staged *staged = NULL;
    sotto_err err = forge_join(f, &staged);
    HOLDS((err == SOTTO_OK) == (staged != NULL));
    if (staged != NULL) {
        HOLDS(f->mls.check == 0);
        check_state(f, staged);
    } else if (f->mls.check != 0) {
        HOLDS(check_row((enum mls_check)f->mls.check)->err == err);
    }
    sotto_staged_free(staged);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static sotto_crypto *crypto;
    static const struct bend straight;
    struct forge f;
    if (crypto == NULL)
        assert_ok(crypto_new(&crypto));
    struct script s = script_read(view_of(data, size));
    forge_init(crypto, mls_suite_find(1), &straight, &f);
    if (welcome_make(&f, &s))
        check_join(&f);
    forge_clear(&f);
    return 0;
}
