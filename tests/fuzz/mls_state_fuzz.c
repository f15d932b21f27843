/* A group's parts, made of fuzz bytes, or those of a group that was made here, with changes: they are refused, or read as a group
 * that is written as just these parts, and that goes on: it sends, is written and read again. Likewise a staged commit. */
#include <sotto/mls.h>

#include "fuzz.h"
#include "mls/group_part.h"

#define PARTS_MAX  256u
#define EDITS_MAX  8
#define LEAVES_MAX 4096u /* a state may say that a tree has 2^24, whose hash takes its time */

struct part {
    uint8_t name[255];
    size_t name_len;
    sotto_buf value;
};

struct store {
    struct part parts[PARTS_MAX];
    size_t count;
};

struct member {
    sotto_mls m;
    sotto_sign_key *key;
    sotto_mls_client client;
    sotto_group *group;
};

/* What everything begins with, made once. */
static struct member ours;
static struct store base;
static sotto_buf base_staged;

static view name_of(const struct part *part)
{
    return view_of(part->name, part->name_len);
}

static struct part *store_find(struct store *s, view name)
{
    for (size_t i = 0; i < s->count; i++)
        if (view_equal(name_of(&s->parts[i]), name))
            return &s->parts[i];
    return NULL;
}

static void store_remove(struct store *s, size_t i)
{
    buf_clear(&s->parts[i].value);
    s->parts[i] = s->parts[--s->count];
}

static void store_clear(struct store *s)
{
    while (s->count > 0)
        store_remove(s, s->count - 1);
}

/* Without a look at whether it is there: what is read may come twice. */
static void store_add(struct store *s, view name, view value)
{
    if (s->count == PARTS_MAX)
        return;
    struct part *part = &s->parts[s->count++];
    *part = (struct part){.name_len = name.len};
    if (name.len > 0)
        memcpy(part->name, name.data, name.len);
    HOLDS(buf_set(&part->value, value) == SOTTO_OK);
}

static sotto_err store_take(void *context, view name, view value)
{
    struct store *s = context;
    struct part *part = store_find(s, name);
    HOLDS(name.len > 0 && name.len <= SOTTO_GROUP_PART_NAME);
    if (part != NULL)
        store_remove(s, (size_t)(part - s->parts));
    if (value.len > 0) {
        HOLDS(s->count < PARTS_MAX);
        store_add(s, name, value);
    }
    return SOTTO_OK;
}

static sotto_err nothing_expected(void *context, view name, view value)
{
    (void)context, (void)name, (void)value;
    HOLDS(false);
    return SOTTO_OK;
}

static sotto_err store_read(const struct store *s, sotto_group **ret_group)
{
    sotto_group_reader *reader = NULL;
    sotto_mls m = ours.m;
    HOLDS(sotto_group_read_begin(&reader) == SOTTO_OK);
    for (size_t i = 0; i < s->count; i++) {
        uint8_t *value = fuzz_copy(buf_view(&s->parts[i].value));
        sotto_err err = sotto_group_read_part(reader, name_of(&s->parts[i]),
                                              view_of(value, s->parts[i].value.len));
        free(value);
        if (err != SOTTO_OK) {
            sotto_group_reader_free(reader);
            return err;
        }
    }
    sotto_err err = sotto_group_read_end(&m, &reader, ret_group);
    HOLDS(reader == NULL);
    return err;
}

/* The group is written as these parts. */
static void check_whole(struct store *s, sotto_group *g)
{
    static struct store whole;
    HOLDS(sotto_group_write(g, true, store_take, &whole) == SOTTO_OK);
    HOLDS(whole.count == s->count);
    for (size_t i = 0; i < whole.count; i++) {
        const struct part *part = store_find(s, name_of(&whole.parts[i]));
        HOLDS(part != NULL && view_equal(buf_view(&part->value), buf_view(&whole.parts[i].value)));
    }
    store_clear(&whole);
}

/* What a message changes is written, and leads to the same group. */
static void check_goes_on(struct store *s, sotto_group *g)
{
    sotto_mls m = ours.m;
    sotto_buf message = {0};
    sotto_group *back = NULL;
    sotto_group_drop_pending(g);
    sotto_err err = sotto_group_protect(&m, g, VIEW_LIT("x"), (view){0}, 0, &message);
    HOLDS(err == SOTTO_OK || err == SOTTO_E_NOT_NOW || err == SOTTO_E_FULL);
    HOLDS(sotto_group_write(g, false, store_take, s) == SOTTO_OK);
    sotto_group_written(g);
    check_whole(s, g);
    HOLDS(store_read(s, &back) == SOTTO_OK);
    check_whole(s, back);
    sotto_group_free(back);
    buf_clear(&message);
}

static bool is_small(const struct store *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct rd r = rd_of(buf_view(&s->parts[i].value));
        struct group_head head;
        if (s->parts[i].name_len == 0 || s->parts[i].name[0] != PART_HEAD)
            continue;
        group_head_read(&r, &head);
        if (head.leaf_count > LEAVES_MAX)
            return false;
    }
    return true;
}

static void check_store(struct store *s)
{
    sotto_group *g = NULL;
    if (!is_small(s) || store_read(s, &g) != SOTTO_OK)
        return;
    HOLDS(sotto_group_write(g, false, nothing_expected, NULL) == SOTTO_OK);
    check_whole(s, g);
    check_goes_on(s, g);
    sotto_group_free(g);
}

static size_t fuzz_size(view *input)
{
    size_t high = fuzz_u8(input);
    return high << 8 | fuzz_u8(input);
}

static void parts_invent(struct store *s, view *input)
{
    while (input->len > 0 && s->count < PARTS_MAX) {
        view name = fuzz_bytes(input, fuzz_u8(input));
        view value = fuzz_bytes(input, fuzz_size(input));
        store_add(s, name, value);
    }
}

static void bytes_edit(sotto_buf *bytes, view *input)
{
    uint8_t act = fuzz_u8(input);
    size_t at = bytes->len > 0 ? fuzz_size(input) % bytes->len : 0;
    switch (act % 4) {
    case 0:
        bytes->len = at;
        break;
    case 1:
        HOLDS(buf_append(bytes, fuzz_bytes(input, fuzz_u8(input))) == SOTTO_OK);
        break;
    default:
        for (size_t i = at, end = at + act / 8; i <= end && i < bytes->len; i++)
            bytes->data[i] ^= fuzz_u8(input);
    }
}

static void part_edit(struct store *s, view *input)
{
    size_t i = fuzz_u8(input) % s->count;
    struct part *part = &s->parts[i];
    switch (fuzz_u8(input) % 8) {
    case 0:
        store_remove(s, i);
        break;
    case 1:
        part->name[fuzz_u8(input) % sizeof part->name] ^= fuzz_u8(input);
        break;
    case 2:
        store_add(s, fuzz_bytes(input, fuzz_u8(input) % 32), buf_view(&part->value));
        break;
    case 3:
        HOLDS(buf_set(&part->value, fuzz_bytes(input, fuzz_size(input))) == SOTTO_OK);
        break;
    default:
        bytes_edit(&part->value, input);
    }
}

static void parts_change(struct store *s, view *input)
{
    for (size_t i = 0; i < base.count; i++)
        store_add(s, name_of(&base.parts[i]), buf_view(&base.parts[i].value));
    for (int i = 0; i < EDITS_MAX && input->len > 0 && s->count > 0; i++)
        part_edit(s, input);
}

/* What is read is written as it was, and merged. */
static void check_staged(view bytes)
{
    sotto_mls m = ours.m;
    sotto_group *g = NULL;
    sotto_staged *staged = NULL;
    sotto_buf again = {0};
    static struct store merged;
    uint8_t *copy = fuzz_copy(bytes);
    HOLDS(store_read(&base, &g) == SOTTO_OK);
    if (sotto_staged_read(&m, g, view_of(copy, bytes.len), &staged) == SOTTO_OK) {
        HOLDS(sotto_staged_change(staged)->own);
        HOLDS(sotto_staged_write(staged, &again) == SOTTO_OK);
        HOLDS(view_equal(buf_view(&again), bytes));
        HOLDS(sotto_staged_merge(&m, &g, &staged) == SOTTO_OK);
        HOLDS(sotto_group_write(g, true, store_take, &merged) == SOTTO_OK);
        sotto_group_written(g);
        check_goes_on(&merged, g);
    }
    store_clear(&merged);
    sotto_staged_free(staged);
    sotto_group_free(g);
    buf_clear(&again);
    free(copy);
}

static void staged_change(view *input)
{
    sotto_buf bytes = {0};
    HOLDS(buf_set(&bytes, buf_view(&base_staged)) == SOTTO_OK);
    for (int i = 0; i < EDITS_MAX && input->len > 0; i++)
        bytes_edit(&bytes, input);
    check_staged(buf_view(&bytes));
    buf_clear(&bytes);
}

/* ---- The group that was made ---- */

static void member_init(struct member *who, sotto_crypto *crypto, uint8_t number)
{
    uint8_t seed[32] = {number, 1};
    *who = (struct member){.m = {.crypto = crypto, .now_s = 1700000000, .seed = {number, 2}}};
    HOLDS(sotto_sign_key_new(crypto, 1, VIEW_OF(seed), &who->key) == SOTTO_OK);
    who->client = (sotto_mls_client){
        .suite = 1, .sign_key = who->key, .credential = {SOTTO_MLS_BASIC, VIEW_LIT("somebody")}};
}

static void member_hears(struct member *who, sotto_buf *message)
{
    sotto_mls_event event = {0};
    HOLDS(sotto_group_receive(&who->m, who->group, buf_view(message), &event) == SOTTO_OK);
    if (event.kind == SOTTO_MLS_EVENT_COMMIT)
        HOLDS(sotto_staged_merge(&who->m, &who->group, &event.staged) == SOTTO_OK);
    sotto_mls_event_clear(&event);
    buf_clear(message);
}

static void says(struct member *from, struct member *to)
{
    sotto_buf passed_by = {0}, message = {0};
    HOLDS(sotto_group_protect(&from->m, from->group, VIEW_LIT("a"), (view){0}, 0, &passed_by) ==
          SOTTO_OK);
    HOLDS(sotto_group_protect(&from->m, from->group, VIEW_LIT("b"), (view){0}, 0, &message) ==
          SOTTO_OK);
    member_hears(to, &message);
    buf_clear(&passed_by);
}

static void commits(struct member *from, struct member *to)
{
    sotto_buf commit = {0};
    sotto_staged *staged = NULL;
    HOLDS(sotto_group_commit(&from->m, from->group, NULL, &staged) == SOTTO_OK);
    HOLDS(buf_set(&commit, sotto_staged_commit(staged)) == SOTTO_OK);
    HOLDS(sotto_staged_merge(&from->m, &from->group, &staged) == SOTTO_OK);
    member_hears(to, &commit);
}

static void proposes(struct member *from, struct member *to)
{
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    sotto_buf message = {0};
    HOLDS(sotto_group_propose(&from->m, from->group, &update, (view){0}, &message) == SOTTO_OK);
    member_hears(to, &message);
}

/* Four leaves, two of them ours and the other's; the rest never says anything. */
static void found(struct member *creator, sotto_crypto *crypto)
{
    const sotto_mls_key_package_options options = {0};
    struct member silent;
    sotto_buf packages[3] = {{0}}, private_parts[3] = {{0}};
    sotto_mls_proposal adds[3] = {{0}};
    sotto_staged *staged = NULL, *joined = NULL;
    member_init(creator, crypto, 1);
    member_init(&ours, crypto, 2);
    for (uint8_t i = 0; i < 3; i++) {
        member_init(&silent, crypto, (uint8_t)(3 + i));
        struct member *who = i == 0 ? &ours : &silent;
        HOLDS(sotto_mls_key_package_new(&who->m, &who->client, &options, &packages[i],
                                        &private_parts[i], NULL) == SOTTO_OK);
        adds[i] =
            (sotto_mls_proposal){.type = SOTTO_MLS_ADD, .key_package = buf_view(&packages[i])};
        sotto_sign_key_free(silent.key);
    }
    HOLDS(sotto_group_new(&creator->m, &creator->client, VIEW_LIT("group"), (view){0}, NULL,
                          &creator->group) == SOTTO_OK);
    const sotto_mls_commit_options commit = {.proposals = adds, .proposal_count = 3};
    HOLDS(sotto_group_commit(&creator->m, creator->group, &commit, &staged) == SOTTO_OK);
    HOLDS(sotto_mls_join(&ours.m, sotto_staged_welcome(staged), buf_view(&private_parts[0]), NULL,
                         &joined) == SOTTO_OK);
    HOLDS(sotto_staged_merge(&ours.m, &ours.group, &joined) == SOTTO_OK);
    HOLDS(sotto_staged_merge(&creator->m, &creator->group, &staged) == SOTTO_OK);
    for (size_t i = 0; i < 3; i++) {
        buf_clear(&packages[i]);
        buf_clear(&private_parts[i]);
    }
}

/* All kinds of parts. */
static void base_make(void)
{
    sotto_crypto *crypto = NULL;
    struct member other;
    sotto_buf exported = {0};
    sotto_staged *staged = NULL;
    HOLDS(sotto_crypto_new(&crypto) == SOTTO_OK);
    found(&other, crypto);
    says(&other, &ours);
    commits(&other, &ours);
    commits(&ours, &other);
    says(&other, &ours);
    HOLDS(sotto_group_safe_export(&ours.m, ours.group, 1, &exported) == SOTTO_OK);
    proposes(&other, &ours);
    proposes(&ours, &other);
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 3};
    const sotto_mls_commit_options options = {.proposals = &remove, .proposal_count = 1};
    HOLDS(sotto_group_commit(&ours.m, ours.group, &options, &staged) == SOTTO_OK);
    HOLDS(sotto_staged_write(staged, &base_staged) == SOTTO_OK);
    HOLDS(sotto_group_write(ours.group, true, store_take, &base) == SOTTO_OK);
    sotto_staged_free(staged);
    buf_clear(&exported);
    sotto_group_free(other.group);
    sotto_sign_key_free(other.key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct store s;
    view input = view_of(data, size);
    if (base.count == 0)
        base_make();
    switch (fuzz_u8(&input) % 4) {
    case 0:
        parts_invent(&s, &input);
        check_store(&s);
        break;
    case 1:
        check_staged(input);
        break;
    case 2:
        staged_change(&input);
        break;
    default:
        parts_change(&s, &input);
        check_store(&s);
    }
    store_clear(&s);
    return 0;
}
