#include "mls/app_data.h"

#include "unit.h"

/* A component's data is a diary here: what was there ("-" for nothing), and each update behind a dot. */
struct diary {
    uint16_t asked[8];
    size_t count;
    sotto_err refusal;
};

static sotto_err diary_update(void *context, uint16_t component_id, view before,
                              const view *updates, size_t count, sotto_buf *ret_after)
{
    struct diary *diary = context;
    assert_true(diary->count < COUNT_OF(diary->asked));
    assert_int_equal(ret_after->len, 0);
    diary->asked[diary->count++] = component_id;
    TRY(buf_append(ret_after, before.data != NULL ? before : VIEW_LIT("-")));
    for (size_t i = 0; i < count; i++) {
        TRY(buf_append(ret_after, VIEW_LIT(".")));
        TRY(buf_append(ret_after, updates[i]));
    }
    return diary->refusal;
}

#define SET(id, text)                            \
    {                                            \
        (id), APP_DATA_UPDATE, VIEW_LIT("" text) \
    }
#define DROP(id)                                    \
    {                                               \
        .component_id = (id), .op = APP_DATA_REMOVE \
    }
/* Extensions in hexadecimal, with the blanks where they may be. */
static sotto_err apply_to(const char *extensions, const struct app_data_update *updates,
                          size_t count, const struct app_data_logic *logic, sotto_buf *out,
                          struct fault *fault)
{
    sotto_buf list = unhex(extensions);
    sotto_err err = app_data_apply(buf_view(&list), updates, count, logic, out, fault);
    buf_clear(&list);
    return err;
}

static void assert_applied(const char *extensions, const struct app_data_update *updates,
                           size_t count, const char *want)
{
    struct diary diary = {0};
    struct fault fault = {0};
    sotto_buf out = {0};
    assert_ok(apply_to(extensions, updates, count, &(struct app_data_logic){&diary, diary_update},
                       &out, &fault));
    assert_int_equal(fault.check, CHECK_NONE);
    assert_bytes(buf_view(&out), want);
    buf_clear(&out);
}

/* CHECK_NONE: it is not a check that fails. */
static void assert_not_applied(const char *extensions, const struct app_data_update *updates,
                               size_t count, sotto_err error, enum mls_check check, uint32_t where)
{
    struct diary diary = {0};
    struct fault fault = {0};
    sotto_buf out = {0};
    assert_ok(buf_set(&out, VIEW_LIT("before")));
    assert_int_equal(apply_to(extensions, updates, count,
                              &(struct app_data_logic){&diary, diary_update}, &out, &fault),
                     error);
    assert_int_equal(fault.check, check);
    assert_int_equal(fault.where, where);
    assert_true(view_equal(buf_view(&out), VIEW_LIT("before")));
    buf_clear(&out);
}

#define UPDATES(...)                               \
    (const struct app_data_update[]){__VA_ARGS__}, \
        sizeof((const struct app_data_update[]){__VA_ARGS__}) / sizeof(struct app_data_update)
#define APPLIED(extensions, want, ...) assert_applied(extensions, UPDATES(__VA_ARGS__), want)
#define REFUSED(extensions, check, where, ...) \
    assert_not_applied(extensions, UPDATES(__VA_ARGS__), SOTTO_E_VALUE, CHECK_##check, where)

/* 8000 has "a", 8002 has nothing in it, 8004 has "c". */
#define THREE "0006 0c 0b 8000 0161 8002 00 8004 0163"

static void components_are_found_by_their_id(void **state)
{
    (void)state;
    sotto_buf list = unhex("0001 00" THREE "0a0a 00");
    view data = VIEW_LIT("before");
    assert_true(app_data_of(buf_view(&list), 0x8000, &data));
    assert_bytes(data, "61");
    assert_true(app_data_of(buf_view(&list), 0x8002, &data));
    assert_int_equal(data.len, 0);
    assert_true(app_data_of(buf_view(&list), 0x8004, &data));
    assert_bytes(data, "63");
    assert_false(app_data_of(buf_view(&list), 0x8001, &data));
    assert_false(app_data_of((view){0}, 0x8000, &data));
    assert_bytes(data, "63");
    buf_clear(&list);
}

static void a_dictionary_is_written_in_order_or_not_at_all(void **state)
{
    (void)state;
    const struct component_data sorted[] = {{1, VIEW_LIT("x")}, {0xffff, {0}}};
    const struct component_data twice[] = {{1, VIEW_LIT("x")}, {1, {0}}};
    const struct component_data falling[] = {{2, VIEW_LIT("x")}, {1, {0}}};
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    app_data_dictionary_write(&w, sorted, 2);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "07 0001 0178 ffff 00");
    w = wr_to(&out);
    app_data_dictionary_write(&w, twice, 2);
    assert_err(wr_end(&w), USAGE);
    w = wr_to(&out);
    app_data_dictionary_write(&w, falling, 2);
    assert_err(wr_end(&w), USAGE);
    assert_int_equal(out.len, 8);
    buf_clear(&out);
}

/* The last size that a reader takes, and the first that it doesn't. */
static void a_dictionary_has_its_limit(void **state)
{
    (void)state;
    static uint8_t bytes[MLS_COMPONENTS_MAX];
    const size_t most = MLS_COMPONENTS_MAX - 6; /* the id and a length of 4 bytes */
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    app_data_dictionary_write(&w, &(struct component_data){7, view_of(bytes, most)}, 1);
    assert_ok(wr_end(&w));
    struct rd r = rd_of(buf_view(&out));
    (void)app_data_dictionary_read(&r);
    assert_ok(rd_end(&r));
    w = wr_to(&out);
    app_data_dictionary_write(&w, &(struct component_data){7, view_of(bytes, most + 1)}, 1);
    assert_err(wr_end(&w), TOO_LARGE);
    buf_clear(&out);
}

static void updates_replace_what_a_component_has(void **state)
{
    (void)state;
    APPLIED(THREE, "0006 0e 0d 8000 03612e78 8002 00 8004 0163", SET(0x8000, "x"));
    APPLIED(THREE, "0006 0e 0d 8000 0161 8002 022e78 8004 0163", SET(0x8002, "x"));
}

static void a_new_component_comes_to_its_place(void **state)
{
    (void)state;
    APPLIED(THREE, "0006 11 10 7fff 022d2e 8000 0161 8002 00 8004 0163", SET(0x7fff, ""));
    APPLIED(THREE, "0006 11 10 8000 0161 8001 022d2e 8002 00 8004 0163", SET(0x8001, ""));
    APPLIED(THREE, "0006 11 10 8000 0161 8002 00 8004 0163 ffff 022d2e", SET(0xffff, ""));
    APPLIED(THREE, "0006 11 10 0000 022d2e 8000 0161 8002 00 8004 0163", SET(0, ""));
}

static void updates_of_one_component_keep_the_order_of_the_commit(void **state)
{
    (void)state;
    APPLIED(THREE, "0006 16 15 8000 07612e312e322e33 8002 00 8004 05632e312e32", SET(0x8004, "1"),
            SET(0x8000, "1"), SET(0x8000, "2"), SET(0x8004, "2"), SET(0x8000, "3"));
}

static void a_removed_component_is_gone(void **state)
{
    (void)state;
    APPLIED(THREE, "0006 08 07 8002 00 8004 0163", DROP(0x8000));
    APPLIED(THREE, "0006 09 08 8000 0161 8004 0163", DROP(0x8002));
    APPLIED(THREE, "0006 09 08 8002 00 8003 022d2e", DROP(0x8004), SET(0x8003, ""), DROP(0x8000));
}

/* The draft takes components away, never the extension. */
static void a_dictionary_stays_when_its_last_component_goes(void **state)
{
    (void)state;
    APPLIED("0001 01 aa" THREE, "0001 01 aa 0006 01 00", DROP(0x8000), DROP(0x8002), DROP(0x8004));
}

static void a_new_dictionary_stands_behind_the_other_extensions(void **state)
{
    (void)state;
    APPLIED("", "0006 07 06 8000 03 2d2e78", SET(0x8000, "x"));
    APPLIED("f001 01 aa 0a0a 00", "f001 01 aa 0a0a 00 0006 07 06 8000 03 2d2e78", SET(0x8000, "x"));
}

static void other_extensions_keep_their_bytes_and_places(void **state)
{
    (void)state;
    APPLIED("f001 01 aa" THREE "0003 03 000000",
            "f001 01 aa 0006 08 07 8002 00 8004 0163 0003 03 000000", DROP(0x8000));
}

static void without_updates_nothing_changes(void **state)
{
    (void)state;
    assert_applied("f001 01 aa", NULL, 0, "f001 01 aa");
    assert_applied("", NULL, 0, "");
    assert_applied(THREE, NULL, 0, THREE);
}

static void a_component_is_removed_once_or_updated(void **state)
{
    (void)state;
    REFUSED(THREE, APP_DATA_ONE_WAY, 0, DROP(0x8000), DROP(0x8000));
    REFUSED(THREE, APP_DATA_ONE_WAY, 1, SET(1, "x"), DROP(0x8000), SET(0x8000, "x"));
    REFUSED(THREE, APP_DATA_ONE_WAY, 2, DROP(0x8004), SET(0x8002, ""), SET(0x8000, "x"),
            SET(0x8000, "y"), DROP(0x8000));
    REFUSED(THREE, APP_DATA_ONE_WAY, 0, DROP(0x8001), DROP(0x8001));
}

static void what_is_not_there_is_not_removed(void **state)
{
    (void)state;
    REFUSED(THREE, APP_DATA_REMOVE, 0, DROP(0x8001));
    REFUSED(THREE, APP_DATA_REMOVE, 1, SET(0x8000, "x"), DROP(0xffff));
    REFUSED("", APP_DATA_REMOVE, 0, DROP(0x8000));
}

static void without_an_application_the_last_update_is_the_data(void **state)
{
    (void)state;
    sotto_buf out = {0};
    assert_ok(apply_to(THREE, UPDATES(SET(0x8000, "xy"), SET(0x8000, "z"), SET(0x8001, "")),
                       &(struct app_data_logic){0}, &out, NULL));
    assert_bytes(buf_view(&out), "0006 0f 0e 8000 017a 8001 00 8002 00 8004 0163");
    buf_clear(&out);
}

static void what_the_application_refuses_makes_the_commit_invalid(void **state)
{
    (void)state;
    struct diary diary = {.refusal = SOTTO_E_UNSUPPORTED};
    const struct app_data_logic logic = {&diary, diary_update};
    struct fault fault = {0};
    sotto_buf out = {0};
    assert_err(apply_to(THREE, UPDATES(DROP(0x8000), SET(0x8001, "x")), &logic, &out, &fault),
               VALUE);
    assert_int_equal(fault.check, CHECK_APP_DATA_ACCEPTED);
    assert_int_equal(fault.where, 1);
    assert_int_equal(out.len, 0);
}

/* Who can't say now may be able to later. */
static void a_failure_of_the_host_refuses_nothing(void **state)
{
    (void)state;
    struct diary diary = {.refusal = SOTTO_E_NOMEM};
    const struct app_data_logic logic = {&diary, diary_update};
    struct fault fault = {0};
    sotto_buf out = {0};
    assert_err(apply_to(THREE, UPDATES(SET(0x8001, "x")), &logic, &out, &fault), NOMEM);
    assert_int_equal(fault.check, CHECK_NONE);
    assert_int_equal(out.len, 0);
}

static void components_are_asked_in_the_order_of_their_ids(void **state)
{
    (void)state;
    struct diary diary = {0};
    const struct app_data_logic logic = {&diary, diary_update};
    sotto_buf out = {0};
    assert_ok(apply_to(
        THREE, UPDATES(SET(0xffff, "x"), DROP(0x8004), SET(3, "x"), SET(0x8001, "x"), SET(3, "y")),
        &logic, &out, NULL));
    assert_int_equal(diary.count, 3);
    assert_int_equal(diary.asked[0], 3);
    assert_int_equal(diary.asked[1], 0x8001);
    assert_int_equal(diary.asked[2], 0xffff);
    buf_clear(&out);
}

static sotto_err grow(void *context, uint16_t component_id, view before, const view *updates,
                      size_t count, sotto_buf *ret_after)
{
    (void)component_id;
    (void)before;
    (void)updates;
    (void)count;
    uint8_t *place;
    const size_t *len = context;
    TRY(buf_extend(ret_after, *len, &place));
    if (*len > 0)
        memset(place, 0x55, *len);
    return SOTTO_OK;
}

static void what_no_member_could_read_is_refused(void **state)
{
    (void)state;
    const struct app_data_update update = SET(0x8001, "x");
    /* Beside 11 bytes of the others: id, a length of 4 bytes, and the data. */
    size_t len = MLS_COMPONENTS_MAX - 11 - 6;
    const struct app_data_logic logic = {&len, grow};
    sotto_buf out = {0};
    assert_ok(apply_to(THREE, &update, 1, &logic, &out, NULL));
    len++;
    assert_err(apply_to(THREE, &update, 1, &logic, &out, NULL), TOO_LARGE);
    buf_clear(&out);

    char hex[MLS_EXTENSIONS_COUNT * 6 + 1];
    for (unsigned i = 0; i < MLS_EXTENSIONS_COUNT; i++)
        snprintf(hex + (size_t)i * 6, 7, "f0%02x00", i);
    assert_not_applied(hex, &update, 1, SOTTO_E_TOO_LARGE, CHECK_NONE, 0);
    hex[(MLS_EXTENSIONS_COUNT - 1) * 6] = '\0';
    len = 0;
    assert_ok(apply_to(hex, &update, 1, &logic, &out, NULL));
    assert_int_equal(out.len, (MLS_EXTENSIONS_COUNT - 1) * 3 + 7);
    buf_clear(&out);
}

static void assert_kept(const char *extensions, const char *proposed, bool kept)
{
    sotto_buf before = unhex(extensions), after = unhex(proposed);
    struct fault fault = {0};
    assert_int_equal(app_data_kept(buf_view(&before), buf_view(&after), 7, &fault),
                     kept ? SOTTO_OK : SOTTO_E_VALUE);
    assert_int_equal(fault.check, kept ? CHECK_NONE : CHECK_GCE_APP_DATA);
    assert_int_equal(fault.where, kept ? 0 : 7);
    buf_clear(&before);
    buf_clear(&after);
}

/* required_capabilities with app_data_update, and with app_ephemeral alone. */
#define REQUIRED     "0003 05 00 020008 00"
#define NOT_REQUIRED "0003 05 00 020009 00"

static void new_extensions_leave_a_required_dictionary_alone(void **state)
{
    (void)state;
    assert_kept(REQUIRED THREE, "f001 00" THREE, true);
    assert_kept(REQUIRED, "f001 00", true);
    assert_kept(REQUIRED THREE, REQUIRED, false);
    assert_kept(REQUIRED, REQUIRED THREE, false);
    assert_kept(REQUIRED THREE, REQUIRED "0006 0c 0b 8000 0162 8002 00 8004 0163", false);
    assert_kept(REQUIRED, REQUIRED "0006 01 00", false);
    assert_kept(REQUIRED "0006 01 00", REQUIRED, false);
    assert_kept(NOT_REQUIRED THREE, REQUIRED, true);
    assert_kept(THREE, REQUIRED, true);
}

static void assert_supported(const char *group, const char *leaf, bool supported)
{
    sotto_buf g = unhex(group), l = unhex(leaf);
    struct fault fault = {0};
    assert_int_equal(app_data_supported(buf_view(&g), buf_view(&l), 7, &fault),
                     supported ? SOTTO_OK : SOTTO_E_VALUE);
    assert_int_equal(fault.check, supported ? CHECK_NONE : CHECK_LEAF_COMPONENTS);
    assert_int_equal(fault.where, supported ? 0 : 7);
    buf_clear(&g);
    buf_clear(&l);
}

static void a_leaf_supports_all_that_its_group_requires(void **state)
{
    (void)state;
    /* app_components: 8000, 0007; safe_aad: 0007 */
    const char *group = "0006 0f 0e 0001 05 04 80000007 0002 03 02 0007";
    assert_supported(group, "0006 11 10 0001 07 06 000780008001 0002 03 02 0007", true);
    assert_supported(group, "0006 0f 0e 0001 05 04 80000007 0002 03 02 0008", false);
    assert_supported(group, "0006 0d 0c 0001 03 02 8000 0002 03 02 0007", false);
    assert_supported(group, "0006 09 08 0001 05 04 80000007", false);
    assert_supported(group, "", false);
    assert_supported("", "", true);
    assert_supported("0006 05 04 0001 01 00", "", true);
}

static void a_list_of_components_that_is_none_supports_nothing(void **state)
{
    (void)state;
    assert_supported("0006 07 06 0001 03 028000", "0006 07 06 0001 03 028000", true);
    assert_supported("0006 07 06 0001 03 028000", "0006 08 07 0001 04 02800000", false);
    assert_supported("0006 07 06 0001 03 028000", "0006 06 05 0001 02 0280", false);
    assert_supported("0006 06 05 0001 02 0180", "0006 07 06 0001 03 028000", false);
}

static void a_list_of_components_has_its_limit(void **state)
{
    (void)state;
    static uint16_t ids[MLS_TYPES_MAX / 2 + 1];
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    components_list_write(&w, ids, COUNT_OF(ids));
    assert_err(wr_end(&w), TOO_LARGE);
    w = wr_to(&out);
    components_list_write(&w, ids, COUNT_OF(ids) - 1);
    assert_ok(wr_end(&w));
    struct rd r = rd_of(buf_view(&out));
    assert_int_equal(components_list_read(&r).len, MLS_TYPES_MAX);
    assert_ok(rd_end(&r));
    buf_reset(&out);
    w = wr_to(&out);
    components_list_write(&w, (const uint16_t[]){1, 0x8000}, 2);
    assert_ok(wr_end(&w));
    assert_bytes(buf_view(&out), "04 0001 8000");
    buf_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(components_are_found_by_their_id),
        cmocka_unit_test(a_dictionary_is_written_in_order_or_not_at_all),
        cmocka_unit_test(a_dictionary_has_its_limit),
        cmocka_unit_test(updates_replace_what_a_component_has),
        cmocka_unit_test(a_new_component_comes_to_its_place),
        cmocka_unit_test(updates_of_one_component_keep_the_order_of_the_commit),
        cmocka_unit_test(a_removed_component_is_gone),
        cmocka_unit_test(a_dictionary_stays_when_its_last_component_goes),
        cmocka_unit_test(a_new_dictionary_stands_behind_the_other_extensions),
        cmocka_unit_test(other_extensions_keep_their_bytes_and_places),
        cmocka_unit_test(without_updates_nothing_changes),
        cmocka_unit_test(a_component_is_removed_once_or_updated),
        cmocka_unit_test(what_is_not_there_is_not_removed),
        cmocka_unit_test(without_an_application_the_last_update_is_the_data),
        cmocka_unit_test(what_the_application_refuses_makes_the_commit_invalid),
        cmocka_unit_test(a_failure_of_the_host_refuses_nothing),
        cmocka_unit_test(components_are_asked_in_the_order_of_their_ids),
        cmocka_unit_test(what_no_member_could_read_is_refused),
        cmocka_unit_test(new_extensions_leave_a_required_dictionary_alone),
        cmocka_unit_test(a_leaf_supports_all_that_its_group_requires),
        cmocka_unit_test(a_list_of_components_that_is_none_supports_nothing),
        cmocka_unit_test(a_list_of_components_has_its_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
