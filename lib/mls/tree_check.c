/* Three kinds of checks: on a leaf, on a parent, on the tree. The first two are tables of functions, so that one walk makes all of
 * them and another makes one. */
#include "mls/tree_check.h"

#include <assert.h>
#include <stdlib.h>

#include "mls/app_data.h"
#include "mls/tree_hash.h"
#include "mls/tree_local.h"
#include "mls/tree_math.h"
#include "mls/with_label.h"

/* What checks look at. */
struct subject {
    sotto_crypto *c;
    const struct mls_suite *suite;
    struct tree *tree; /* changed by nothing but its cache of hashes; NULL: a leaf in none */
    const struct tree_check_context *context;
    struct tree_list scratch;
};

static struct subject subject_of(sotto_crypto *c, struct tree *tree,
                                 const struct tree_check_context *context)
{
    return (struct subject){.c = c, .suite = tree->suite, .tree = tree, .context = context};
}

static void subject_clear(struct subject *s)
{
    tree_list_clear(&s->scratch);
}

struct leaf {
    uint32_t index, node;
    struct leaf_node parts;
    enum leaf_node_source source; /* demanded; 0: any */
};

struct parent {
    uint32_t number;
    const struct tree_node *node;
};

/* A check says whether what it looks at is right; an error is none of the peer's. */
typedef sotto_err leaf_check(struct subject *s, const struct leaf *leaf, bool *ret_right);
typedef sotto_err parent_check(struct subject *s, const struct parent *parent, bool *ret_right);

static sotto_err leaf_version(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    (void)s;
    *ret_right = codec_has_u16(leaf->parts.capabilities.versions, PROTOCOL_MLS10);
    return SOTTO_OK;
}

/* Asked of those who make a leaf and who pick members (RFC 9420 7.2, 11), but no part of 7.3: there are clients in suites that
 * they don't list, and refusing what all others took would keep us out of their groups. */
static sotto_err leaf_cipher_suite(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    *ret_right =
        !s->context->sending || codec_has_u16(leaf->parts.capabilities.cipher_suites, s->suite->id);
    return SOTTO_OK;
}

static sotto_err leaf_credential_listed(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    (void)s;
    *ret_right =
        codec_has_u16(leaf->parts.capabilities.credentials, leaf->parts.credential.credential_type);
    return SOTTO_OK;
}

static bool extension_is_default(uint16_t type)
{
    return type >= EXTENSION_APPLICATION_ID && type <= EXTENSION_EXTERNAL_SENDERS;
}

static bool proposal_is_default(uint16_t type)
{
    return type >= PROPOSAL_ADD && type <= PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
}

static sotto_err leaf_extensions_listed(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    (void)s;
    struct rd at = rd_of(leaf->parts.extensions);
    *ret_right = true;
    while (rd_more(&at)) {
        struct extension extension;
        extension_read(&at, &extension);
        if (!extension_is_default(extension.extension_type) &&
            !codec_has_u16(leaf->parts.capabilities.extensions, extension.extension_type))
            *ret_right = false;
    }
    return SOTTO_OK;
}

static bool list_has_any(view list, bool (*wanted)(uint16_t type))
{
    for (struct rd at = rd_of(list); rd_more(&at);)
        if (wanted(rd_u16(&at)))
            return true;
    return false;
}

static sotto_err leaf_defaults_unlisted(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    (void)s;
    *ret_right = !list_has_any(leaf->parts.capabilities.extensions, extension_is_default) &&
                 !list_has_any(leaf->parts.capabilities.proposals, proposal_is_default);
    return SOTTO_OK;
}

/* What is default is supported without being listed. */
static bool list_covers(view list, view required, bool (*is_default)(uint16_t type))
{
    for (struct rd at = rd_of(required); rd_more(&at);) {
        uint16_t type = rd_u16(&at);
        if (!(is_default != NULL && is_default(type)) && !codec_has_u16(list, type))
            return false;
    }
    return true;
}

static sotto_err leaf_required_extensions(struct subject *s, const struct leaf *leaf,
                                          bool *ret_right)
{
    const struct required_capabilities *required = s->context->required;
    *ret_right = required == NULL || list_covers(leaf->parts.capabilities.extensions,
                                                 required->extension_types, extension_is_default);
    return SOTTO_OK;
}

static sotto_err leaf_required_proposals(struct subject *s, const struct leaf *leaf,
                                         bool *ret_right)
{
    const struct required_capabilities *required = s->context->required;
    *ret_right = required == NULL || list_covers(leaf->parts.capabilities.proposals,
                                                 required->proposal_types, proposal_is_default);
    return SOTTO_OK;
}

static sotto_err leaf_required_credentials(struct subject *s, const struct leaf *leaf,
                                           bool *ret_right)
{
    const struct required_capabilities *required = s->context->required;
    *ret_right = required == NULL || list_covers(leaf->parts.capabilities.credentials,
                                                 required->credential_types, NULL);
    return SOTTO_OK;
}

/* Whoever is in a group supports all of its extensions. */
static sotto_err leaf_group_extensions(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    *ret_right = true;
    for (struct rd at = rd_of(s->context->extensions); rd_more(&at);) {
        struct extension extension;
        extension_read(&at, &extension);
        if (!extension_is_default(extension.extension_type) &&
            !codec_has_u16(leaf->parts.capabilities.extensions, extension.extension_type))
            *ret_right = false;
    }
    return SOTTO_OK;
}

/* The list in an extension of wire formats; empty: there is none. */
static view wire_formats_of(view extensions, uint16_t extension_type)
{
    view data = {0};
    (void)extension_find(extensions, extension_type, &data);
    struct rd r = rd_of(data);
    return codec_u16s(&r);
}

static sotto_err leaf_wire_formats(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    view required = wire_formats_of(s->context->extensions, EXTENSION_REQUIRED_WIRE_FORMATS);
    *ret_right = required.len == 0 || list_covers(wire_formats_of(leaf->parts.extensions,
                                                                  EXTENSION_SUPPORTED_WIRE_FORMATS),
                                                  required, NULL);
    return SOTTO_OK;
}

static sotto_err leaf_components(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    *ret_right = app_data_supported(s->context->extensions, leaf->parts.extensions, leaf->index,
                                    NULL) == SOTTO_OK;
    return SOTTO_OK;
}

static sotto_err leaf_credential_supported(struct subject *s, const struct leaf *leaf,
                                           bool *ret_right)
{
    *ret_right =
        tree_all_support(s->tree, CENSUS_CREDENTIAL, leaf->parts.credential.credential_type);
    return SOTTO_OK;
}

/* Other types than these two can't be read, so that none is in use (credential.h). */
static sotto_err leaf_supports_credentials(struct subject *s, const struct leaf *leaf,
                                           bool *ret_right)
{
    static const uint16_t types[] = {CREDENTIAL_BASIC, CREDENTIAL_X509};
    *ret_right = true;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (tree_census(s->tree, CENSUS_CREDENTIAL_IN_USE, types[i]) > 0 &&
            !codec_has_u16(leaf->parts.capabilities.credentials, types[i]))
            *ret_right = false;
    return SOTTO_OK;
}

static sotto_err leaf_lifetime_range(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    const struct lifetime *lifetime = &leaf->parts.lifetime;
    uint64_t max = s->context->lifetime_max_s;
    *ret_right = leaf->parts.leaf_node_source != LEAF_NODE_KEY_PACKAGE ||
                 (lifetime->not_before <= lifetime->not_after &&
                  (max == 0 || lifetime->not_after - lifetime->not_before <= max));
    return SOTTO_OK;
}

static sotto_err leaf_lifetime_now(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    const struct lifetime *lifetime = &leaf->parts.lifetime;
    uint64_t now = s->context->now_s;
    *ret_right = leaf->parts.leaf_node_source != LEAF_NODE_KEY_PACKAGE || now == 0 ||
                 (now >= lifetime->not_before && now <= lifetime->not_after);
    return SOTTO_OK;
}

static sotto_err leaf_source(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    (void)s;
    *ret_right = leaf->source == 0 || leaf->source == leaf->parts.leaf_node_source;
    return SOTTO_OK;
}

/* KEY is a verdict, every other error is not. */
static sotto_err key_verdict(sotto_err err, bool *ret_right)
{
    *ret_right = err == SOTTO_OK;
    return err == SOTTO_E_KEY ? SOTTO_OK : err;
}

static sotto_err leaf_encryption_key(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    return key_verdict(kem_public_check(s->c, s->suite->hpke.kem, leaf->parts.encryption_key),
                       ret_right);
}

static sotto_err leaf_signature_key(struct subject *s, const struct leaf *leaf, bool *ret_right)
{
    return key_verdict(sign_public_check(s->c, s->suite->sign, leaf->parts.signature_key),
                       ret_right);
}

static sotto_err leaf_encryption_key_unique(struct subject *s, const struct leaf *leaf,
                                            bool *ret_right)
{
    uint32_t other;
    *ret_right = !tree_find_key(s->tree, TREE_ENCRYPTION_KEY, leaf->parts.encryption_key,
                                leaf->node, &other);
    return SOTTO_OK;
}

static sotto_err leaf_signature_key_unique(struct subject *s, const struct leaf *leaf,
                                           bool *ret_right)
{
    uint32_t other;
    *ret_right =
        !tree_find_key(s->tree, TREE_SIGNATURE_KEY, leaf->parts.signature_key, leaf->node, &other);
    return SOTTO_OK;
}

/* LeafNodeTBS is the leaf as it came, up to its signature, and where it stands (RFC 9420 7.2). */
static sotto_err leaf_signature_verify(sotto_crypto *c, const struct mls_suite *suite,
                                       const struct leaf_node *leaf, view group_id,
                                       uint32_t leaf_index)
{
    uint8_t stack[WITH_LABEL_STACK];
    DEFER(buf_clear) sotto_buf tbs = BUF_ON(stack);
    struct wr w = wr_to(&tbs);
    leaf_node_write_tbs(&w, leaf, group_id, leaf_index);
    if (wr_end(&w) != SOTTO_OK) {
        tbs = (sotto_buf){0};
        w = wr_to(&tbs);
        leaf_node_write_tbs(&w, leaf, group_id, leaf_index);
        TRY(wr_end(&w));
    }
    return verify_with_label(c, suite, leaf->signature_key, VIEW_LIT("LeafNodeTBS"), buf_view(&tbs),
                             leaf->signature);
}

/* What verifying said, as the verdict of two checks. */
static sotto_err signature_judge(sotto_err err, uint32_t node, struct fault *ret_fault)
{
    if (err == SOTTO_E_KEY)
        return check_that(CHECK_LEAF_SIGNATURE_KEY, false, node, ret_fault);
    if (err == SOTTO_E_SIGNATURE)
        return check_that(CHECK_LEAF_SIGNATURE, false, node, ret_fault);
    return err;
}

static const struct leaf_row {
    leaf_check *is_right;
    enum mls_check check;
    bool alone; /* holds for a leaf wherever it stands */
} leaf_rows[] = {
    {leaf_version, CHECK_LEAF_VERSION, true},
    {leaf_cipher_suite, CHECK_LEAF_CIPHER_SUITE, true},
    {leaf_credential_listed, CHECK_LEAF_CREDENTIAL_LISTED, true},
    {leaf_extensions_listed, CHECK_LEAF_EXTENSIONS_LISTED, true},
    {leaf_defaults_unlisted, CHECK_LEAF_DEFAULTS_UNLISTED, true},
    {leaf_required_extensions, CHECK_LEAF_REQUIRED_EXTENSIONS, false},
    {leaf_required_proposals, CHECK_LEAF_REQUIRED_PROPOSALS, false},
    {leaf_required_credentials, CHECK_LEAF_REQUIRED_CREDENTIALS, false},
    {leaf_group_extensions, CHECK_LEAF_GROUP_EXTENSIONS, false},
    {leaf_wire_formats, CHECK_LEAF_WIRE_FORMATS, false},
    {leaf_components, CHECK_LEAF_COMPONENTS, false},
    {leaf_credential_supported, CHECK_LEAF_CREDENTIAL_SUPPORTED, false},
    {leaf_supports_credentials, CHECK_LEAF_SUPPORTS_CREDENTIALS, false},
    {leaf_lifetime_range, CHECK_LEAF_LIFETIME_RANGE, true},
    {leaf_lifetime_now, CHECK_LEAF_LIFETIME_NOW, true},
    {leaf_source, CHECK_LEAF_SOURCE, true},
    {leaf_encryption_key, CHECK_LEAF_ENCRYPTION_KEY, true},
    {leaf_signature_key, CHECK_LEAF_SIGNATURE_KEY, true},
    {leaf_encryption_key_unique, CHECK_LEAF_ENCRYPTION_KEY_UNIQUE, false},
    {leaf_signature_key_unique, CHECK_LEAF_SIGNATURE_KEY_UNIQUE, false},
};

static sotto_err parent_encryption_key(struct subject *s, const struct parent *parent,
                                       bool *ret_right)
{
    return key_verdict(kem_public_check(s->c, s->suite->hpke.kem,
                                        tree_node_key(parent->node, TREE_ENCRYPTION_KEY)),
                       ret_right);
}

static sotto_err parent_key_unique(struct subject *s, const struct parent *parent, bool *ret_right)
{
    uint32_t other;
    *ret_right =
        !tree_find_key(s->tree, TREE_ENCRYPTION_KEY,
                       tree_node_key(parent->node, TREE_ENCRYPTION_KEY), parent->number, &other);
    return SOTTO_OK;
}

static sotto_err parent_unmerged_member(struct subject *s, const struct parent *parent,
                                        bool *ret_right)
{
    uint32_t first = tree_math_first_leaf(parent->number),
             last = tree_math_last_leaf(parent->number);
    *ret_right = true;
    for (uint32_t i = 0; i < parent->node->unmerged_count; i++) {
        uint32_t leaf = parent->node->unmerged[i];
        if (leaf < first || leaf > last || tree_leaf(s->tree, leaf) == NULL)
            *ret_right = false;
    }
    return SOTTO_OK;
}

/* Where a rising list has, or would have, a number. */
static uint32_t rising_place(const uint32_t *rising, uint32_t count, uint32_t number)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (rising[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_unmerged(const struct tree_node *parent, uint32_t leaf_index)
{
    uint32_t at = rising_place(parent->unmerged, parent->unmerged_count, leaf_index);
    return at < parent->unmerged_count && parent->unmerged[at] == leaf_index;
}

static bool unmerged_below(const struct tree *tree, uint32_t leaf_index, uint32_t ancestor)
{
    uint32_t node = tree_math_parent(tree_math_leaf_node(leaf_index));
    for (; node != ancestor; node = tree_math_parent(node)) {
        const struct tree_node *between = tree_store_get(&tree->store, node);
        if (between != NULL && !is_unmerged(between, leaf_index))
            return false;
    }
    return true;
}

/* Leaves that are not below the parent are the business of the check above. */
static sotto_err parent_unmerged_between(struct subject *s, const struct parent *parent,
                                         bool *ret_right)
{
    *ret_right = true;
    for (uint32_t i = 0; i < parent->node->unmerged_count; i++) {
        uint32_t leaf = parent->node->unmerged[i];
        if (tree_math_in_subtree(tree_math_leaf_node(leaf), parent->number) &&
            !unmerged_below(s->tree, leaf, parent->number))
            *ret_right = false;
    }
    return SOTTO_OK;
}

static view parent_hash_field(const struct tree *tree, uint32_t number)
{
    const struct tree_node *node = tree_store_get(&tree->store, number);
    struct leaf_node leaf = {.parent_hash = {0}};
    if (node == NULL)
        return leaf.parent_hash; /* an unmerged leaf that is no member */
    if (!node->is_leaf)
        return tree_node_parent_hash(node);
    struct rd r = rd_of(tree_node_encoded(node));
    leaf_node_read(&r, &leaf);
    return leaf.parent_hash; /* empty unless the leaf came with a commit */
}

/* The one node in the resolution of a parent's child that is not an unmerged leaf of the parent, while all of those below the
 * child are in it: the second half of RFC 9420 7.9.2. */
static sotto_err neighbour_find(struct subject *s, const struct parent *parent, uint32_t child,
                                uint32_t *ret_node, bool *ret_found)
{
    const struct tree_node *node = parent->node;
    uint32_t from = rising_place(node->unmerged, node->unmerged_count, tree_math_first_leaf(child));
    uint32_t to =
        rising_place(node->unmerged, node->unmerged_count, tree_math_last_leaf(child) + 1);
    uint32_t others = 0, neighbour = 0;
    s->scratch.count = 0;
    TRY(tree_resolution(s->tree, child, NULL, &s->scratch));
    for (size_t i = 0; i < s->scratch.count; i++) {
        uint32_t number = s->scratch.items[i];
        if (tree_math_is_leaf(number) && is_unmerged(node, tree_math_leaf_index(number)))
            continue;
        neighbour = number;
        others++;
    }
    *ret_found = others == 1 && s->scratch.count == (size_t)(to - from) + 1;
    *ret_node = neighbour;
    return SOTTO_OK;
}

/* Whether a node below `child` was put in the same UpdatePath as the parent, and is next to it there. */
static sotto_err bound_below(struct subject *s, const struct parent *parent, uint32_t child,
                             uint32_t sibling, bool *ret_bound)
{
    uint32_t neighbour = 0;
    bool found = false;
    uint8_t hash[HASH_MAX];
    TRY(neighbour_find(s, parent, child, &neighbour, &found));
    *ret_bound = false;
    if (!found)
        return SOTTO_OK;
    TRY(tree_parent_hash(s->c, s->tree, parent->number, sibling, hash));
    *ret_bound =
        view_equal(parent_hash_field(s->tree, neighbour), view_of(hash, s->suite->hash_len));
    return SOTTO_OK;
}

static sotto_err parent_hash(struct subject *s, const struct parent *parent, bool *ret_right)
{
    uint32_t left = tree_math_left(parent->number), right = tree_math_right(parent->number);
    bool from_left = false, from_right = false;
    TRY(bound_below(s, parent, left, right, &from_left));
    TRY(bound_below(s, parent, right, left, &from_right));
    *ret_right = from_left != from_right;
    return SOTTO_OK;
}

static const struct parent_row {
    enum mls_check check;
    parent_check *is_right;
} parent_rows[] = {
    {CHECK_PARENT_ENCRYPTION_KEY, parent_encryption_key},
    {CHECK_PARENT_KEY_UNIQUE, parent_key_unique},
    {CHECK_PARENT_UNMERGED_MEMBER, parent_unmerged_member},
    {CHECK_PARENT_UNMERGED_BETWEEN, parent_unmerged_between},
    {CHECK_PARENT_HASH, parent_hash},
};

/* One check on a leaf or a parent, or with CHECK_NONE all of them; but for the signature key: verifying the signature checks
 * that anyway. */
static sotto_err leaf_run(struct subject *s, const struct leaf *leaf, enum mls_check only,
                          struct fault *ret_fault)
{
    for (size_t i = 0; i < COUNT_OF(leaf_rows); i++) {
        enum mls_check check = leaf_rows[i].check;
        bool right = true;
        if (only != CHECK_NONE ? check != only : check == CHECK_LEAF_SIGNATURE_KEY)
            continue;
        TRY(leaf_rows[i].is_right(s, leaf, &right));
        TRY(check_that(check, right, leaf->node, ret_fault));
    }
    return SOTTO_OK;
}

static sotto_err parent_run(struct subject *s, const struct parent *parent, enum mls_check only,
                            struct fault *ret_fault)
{
    for (size_t i = 0; i < COUNT_OF(parent_rows); i++) {
        enum mls_check check = parent_rows[i].check;
        bool right = true;
        if (only != CHECK_NONE ? check != only : check == CHECK_PARENT_HASH)
            continue;
        TRY(parent_rows[i].is_right(s, parent, &right));
        TRY(check_that(check, right, parent->number, ret_fault));
    }
    return SOTTO_OK;
}

static sotto_err leaves_run(struct subject *s, enum mls_check only, struct fault *ret_fault)
{
    for (uint32_t at = 0; tree_next_member(s->tree, &at); at++) {
        struct leaf leaf = {.index = at, .node = tree_math_leaf_node(at)};
        TRY(tree_leaf_read(s->tree, at, &leaf.parts));
        TRY(leaf_run(s, &leaf, only, ret_fault));
    }
    return SOTTO_OK;
}

static sotto_err parents_run(struct subject *s, enum mls_check only, struct fault *ret_fault)
{
    for (uint32_t number = 1; number < tree_node_count(s->tree); number += 2) {
        struct parent parent = {number, tree_store_get(&s->tree->store, number)};
        if (parent.node != NULL)
            TRY(parent_run(s, &parent, only, ret_fault));
    }
    return SOTTO_OK;
}

/* The signatures, which are most of the work, as jobs: each reads the tree and writes its own result. */
struct signatures {
    const struct tree *tree;
    view group_id;
    struct tree_list members;
    uint8_t *results; /* errors; each fits */
};

static void signatures_clear(struct signatures *work)
{
    tree_list_clear(&work->members);
    free(work->results);
}

static void signature_job(void *context, sotto_crypto *c, uint32_t number)
{
    struct signatures *work = context;
    uint32_t index = work->members.items[number];
    struct leaf_node leaf;
    sotto_err err = tree_leaf_read(work->tree, index, &leaf);
    if (err == SOTTO_OK)
        err = leaf_signature_verify(c, work->tree->suite, &leaf, work->group_id, index);
    work->results[number] = (uint8_t)err;
}

static sotto_err signatures_judge(const struct signatures *work, struct fault *ret_fault)
{
    for (size_t i = 0; i < work->members.count; i++)
        TRY(signature_judge((sotto_err)work->results[i],
                            tree_math_leaf_node(work->members.items[i]), ret_fault));
    return SOTTO_OK;
}

static sotto_err signatures_run(struct subject *s, struct fault *ret_fault)
{
    const struct tree_spread *spread = s->context->spread;
    DEFER(signatures_clear)
    struct signatures work = {.tree = s->tree, .group_id = s->context->group_id};
    for (uint32_t at = 0; tree_next_member(s->tree, &at); at++)
        TRY(tree_list_add(&work.members, at));
    /* Until it is written, a result says that the library failed, not that all is well. */
    size_t count = work.members.count;
    work.results = malloc(count + 1);
    if (work.results == NULL)
        return SOTTO_E_NOMEM;
    memset(work.results, SOTTO_E_CRYPTO, count + 1);
    if (spread != NULL)
        spread->run(spread->context, signature_job, &work, (uint32_t)count);
    for (uint32_t i = 0; spread == NULL && i < count; i++)
        signature_job(&work, s->c, i);
    return signatures_judge(&work, ret_fault);
}

static sotto_err tree_hash_check(struct subject *s, struct fault *ret_fault)
{
    uint8_t root[HASH_MAX];
    TRY(tree_root_hash(s->c, s->tree, root));
    return check_that(CHECK_TREE_HASH,
                      view_equal(view_of(root, s->suite->hash_len), s->context->tree_hash),
                      tree_math_root(s->tree->store.leaf_count), ret_fault);
}

static sotto_err right_half_check(struct subject *s, struct fault *ret_fault)
{
    uint32_t leaf_count = s->tree->store.leaf_count;
    return check_that(CHECK_TREE_RIGHT_HALF, s->tree->width > 0 && s->tree->width > leaf_count / 2,
                      tree_math_root(leaf_count), ret_fault);
}

static bool is_leaf_check(enum mls_check check)
{
    for (size_t i = 0; i < COUNT_OF(leaf_rows); i++)
        if (leaf_rows[i].check == check)
            return true;
    return false;
}

static bool is_parent_check(enum mls_check check)
{
    for (size_t i = 0; i < COUNT_OF(parent_rows); i++)
        if (parent_rows[i].check == check)
            return true;
    return false;
}

sotto_err tree_check(sotto_crypto *c, struct tree *tree, const struct tree_check_context *context,
                     enum mls_check check, struct fault *ret_fault)
{
    DEFER(subject_clear) struct subject s = subject_of(c, tree, context);
    if (check == CHECK_TREE_HASH)
        return tree_hash_check(&s, ret_fault);
    if (check == CHECK_TREE_RIGHT_HALF)
        return right_half_check(&s, ret_fault);
    if (check == CHECK_LEAF_SIGNATURE)
        return signatures_run(&s, ret_fault);
    if (is_parent_check(check))
        return parents_run(&s, check, ret_fault);
    if (is_leaf_check(check) && check != CHECK_LEAF_SOURCE)
        return leaves_run(&s, check, ret_fault);
    return SOTTO_E_USAGE;
}

/* The parent hashes come last among the parents' checks: they rely on the unmerged leaves being members below. */
sotto_err tree_check_all(sotto_crypto *c, struct tree *tree,
                         const struct tree_check_context *context, struct fault *ret_fault)
{
    DEFER(subject_clear) struct subject s = subject_of(c, tree, context);
    TRY(tree_hash_check(&s, ret_fault));
    TRY(right_half_check(&s, ret_fault));
    TRY(leaves_run(&s, CHECK_NONE, ret_fault));
    TRY(parents_run(&s, CHECK_NONE, ret_fault));
    TRY(parents_run(&s, CHECK_PARENT_HASH, ret_fault));
    return signatures_run(&s, ret_fault);
}

sotto_err tree_check_leaf_place(sotto_crypto *c, struct tree *tree,
                                const struct tree_check_context *context, uint32_t leaf_index,
                                enum leaf_node_source source, struct fault *ret_fault)
{
    struct subject s = subject_of(c, tree, context);
    struct leaf leaf = {.index = leaf_index, .source = source};
    TRY(tree_leaf_read(tree, leaf_index, &leaf.parts));
    leaf.node = tree_math_leaf_node(leaf_index);
    return leaf_run(&s, &leaf, CHECK_NONE, ret_fault);
}

sotto_err tree_check_leaf(sotto_crypto *c, struct tree *tree,
                          const struct tree_check_context *context, uint32_t leaf_index,
                          enum leaf_node_source source, struct fault *ret_fault)
{
    struct leaf_node leaf;
    TRY(tree_check_leaf_place(c, tree, context, leaf_index, source, ret_fault));
    TRY(tree_leaf_read(tree, leaf_index, &leaf));
    sotto_err err = leaf_signature_verify(c, tree->suite, &leaf, context->group_id, leaf_index);
    return signature_judge(err, tree_math_leaf_node(leaf_index), ret_fault);
}

sotto_err leaf_node_check(sotto_crypto *c, const struct mls_suite *suite,
                          const struct tree_check_context *context, const struct leaf_node *leaf,
                          uint32_t leaf_index, enum leaf_node_source source, uint32_t where,
                          struct fault *ret_fault)
{
    struct subject s = {.c = c, .suite = suite, .context = context};
    struct leaf subject = {.index = leaf_index, .parts = *leaf, .source = source};
    for (size_t i = 0; i < COUNT_OF(leaf_rows); i++) {
        bool right = true;
        if (!leaf_rows[i].alone || leaf_rows[i].check == CHECK_LEAF_SIGNATURE_KEY)
            continue;
        TRY(leaf_rows[i].is_right(&s, &subject, &right));
        TRY(check_that(leaf_rows[i].check, right, where, ret_fault));
    }
    sotto_err err = leaf_signature_verify(c, suite, leaf, context->group_id, leaf_index);
    return signature_judge(err, where, ret_fault);
}
