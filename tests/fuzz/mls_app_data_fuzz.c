/* A dictionary and the AppDataUpdates of a commit, made of fuzz bytes, beside a model that does what the draft says one component
 * after the other. An odd first byte: the rest is an extension list and proposals as someone sent them; what can be applied can
 * be read by every member. */
#include "fuzz.h"
#include "mls/app_data.h"

#define IDS         8
#define UPDATES     16
#define DATA_MAX    64
#define UPDATES_MAX 64

struct slot {
    bool present;
    uint8_t data[DATA_MAX];
    size_t len;
};

/* The new data is the old and the updates, one behind the other; more than DATA_MAX bytes are refused. */
static sotto_err append(void *context, uint16_t component_id, view before, const view *updates,
                        size_t count, sotto_buf *ret_after)
{
    (void)context;
    (void)component_id;
    HOLDS(ret_after->len == 0 && count > 0);
    HOLDS(buf_append(ret_after, before) == SOTTO_OK);
    for (size_t i = 0; i < count; i++)
        HOLDS(buf_append(ret_after, updates[i]) == SOTTO_OK);
    return ret_after->len <= DATA_MAX ? SOTTO_OK : SOTTO_E_FULL;
}

static void slot_append(struct slot *slot, view data, sotto_err *err)
{
    slot->present = true;
    if (slot->len + data.len > DATA_MAX) {
        *err = SOTTO_E_VALUE;
        return;
    }
    if (data.len > 0)
        memcpy(slot->data + slot->len, data.data, data.len);
    slot->len += data.len;
}

static sotto_err model_apply(struct slot *slots, const struct app_data_update *updates,
                             size_t count)
{
    sotto_err err = SOTTO_OK;
    for (size_t id = 0; id < IDS; id++) {
        size_t sets = 0, drops = 0;
        bool was = slots[id].present;
        for (size_t i = 0; i < count; i++) {
            if (updates[i].component_id != id * 7)
                continue;
            sets += updates[i].op == APP_DATA_UPDATE;
            drops += updates[i].op == APP_DATA_REMOVE;
            if (updates[i].op == APP_DATA_UPDATE)
                slot_append(&slots[id], updates[i].update, &err);
        }
        if (drops > 1 || (drops == 1 && (sets > 0 || !was)))
            err = SOTTO_E_VALUE;
        if (drops > 0)
            slots[id] = (struct slot){0};
    }
    return err;
}

/* The list with the dictionary between two others, or without one. */
static sotto_buf extensions_of(const struct slot *slots, bool dictionary, bool last)
{
    const struct extension first = {0xf001, VIEW_LIT("first")}, other = {0xf002, VIEW_LIT("x")};
    struct component_data components[IDS];
    size_t count = 0;
    sotto_buf out = {0};
    for (uint16_t id = 0; id < IDS; id++)
        if (slots[id].present)
            components[count++] =
                (struct component_data){(uint16_t)(id * 7), view_of(slots[id].data, slots[id].len)};
    struct wr w = wr_to(&out);
    extension_write(&w, &first);
    if (last)
        extension_write(&w, &other);
    if (dictionary) {
        wr_u16(&w, EXTENSION_APP_DATA_DICTIONARY);
        size_t mark = wr_vector_begin(&w);
        app_data_dictionary_write(&w, components, count);
        wr_vector_end(&w, mark);
    }
    if (!last)
        extension_write(&w, &other);
    HOLDS(wr_end(&w) == SOTTO_OK);
    return out;
}

static void beside_the_model(view input)
{
    struct slot slots[IDS] = {0};
    struct app_data_update updates[UPDATES];
    size_t count = 0;
    sotto_err ignored = SOTTO_OK;
    uint8_t present = fuzz_u8(&input);
    for (size_t id = 0; id < IDS; id++)
        if ((present >> id & 1) != 0)
            slot_append(&slots[id], fuzz_bytes(&input, id), &ignored);
    for (; input.len > 0 && count < UPDATES; count++) {
        uint8_t choice = fuzz_u8(&input);
        updates[count] =
            (struct app_data_update){.component_id = (uint16_t)(choice % IDS * 7),
                                     .op = choice < 200 ? APP_DATA_UPDATE : APP_DATA_REMOVE};
        if (choice < 200)
            updates[count].update = fuzz_bytes(&input, choice / IDS);
    }
    /* A new dictionary comes last. */
    sotto_buf before = extensions_of(slots, present != 0, present == 0), after = {0};
    sotto_err want = model_apply(slots, updates, count);
    sotto_err got = app_data_apply(buf_view(&before), updates, count,
                                   &(struct app_data_logic){NULL, append}, &after, NULL);
    HOLDS(got == want);
    if (want == SOTTO_OK) {
        sotto_buf model = extensions_of(slots, present != 0 || count > 0, present == 0);
        HOLDS(view_equal(buf_view(&after), buf_view(&model)));
        buf_clear(&model);
    } else {
        HOLDS(after.len == 0);
    }
    buf_clear(&before);
    buf_clear(&after);
}

static void assert_readable(view extensions)
{
    sotto_buf bytes = {0};
    struct wr w = wr_to(&bytes);
    wr_opaque(&w, extensions);
    HOLDS(wr_end(&w) == SOTTO_OK);
    struct rd r = rd_of(buf_view(&bytes));
    (void)extension_list_read(&r, EXTENSION_IN_GROUP_CONTEXT);
    HOLDS(rd_end(&r) == SOTTO_OK);
    buf_clear(&bytes);
}

static void as_someone_sent_it(view input)
{
    struct app_data_update updates[UPDATES_MAX];
    size_t count = 0;
    uint8_t *copy = fuzz_copy(input);
    struct rd r = rd_of(view_of(copy, input.len));
    view extensions = extension_list_read(&r, EXTENSION_IN_GROUP_CONTEXT);
    while (rd_more(&r) && count < UPDATES_MAX) {
        struct proposal proposal = {.proposal_type = PROPOSAL_APP_DATA_UPDATE};
        proposal_body_read(&r, &proposal);
        if (rd_ok(&r))
            updates[count++] = proposal.app_data_update;
    }
    if (rd_ok(&r)) {
        sotto_buf after = {0};
        struct fault fault = {0};
        sotto_err err =
            app_data_apply(extensions, updates, count, &(struct app_data_logic){0}, &after, &fault);
        HOLDS(err == SOTTO_OK || err == SOTTO_E_TOO_LARGE || fault.check != CHECK_NONE);
        HOLDS(fault.check == CHECK_NONE || fault.where < count);
        if (err == SOTTO_OK)
            assert_readable(buf_view(&after));
        HOLDS(app_data_kept(extensions, extensions, 0, NULL) == SOTTO_OK);
        HOLDS(app_data_supported(extensions, buf_view(&after), 0, &fault) == SOTTO_OK ||
              fault.check == CHECK_LEAF_COMPONENTS);
        buf_clear(&after);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = {data, size};
    if (fuzz_u8(&input) % 2 == 0)
        beside_the_model(input);
    else
        as_someone_sent_it(input);
    return 0;
}
