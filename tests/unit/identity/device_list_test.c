#include "form.h"

#define LABEL  "0d736f74746f2064657669636573"
#define BEFORE LABEL "01" X32("11") "00000000"
#define TIMES          \
    "0000000065000000" \
    "0000000065278d00" /* 30 days */
#define DEVICE(id, state) X16(id) X32("77") state
#define SIGNED            X64("55")
#define ONE               "31" DEVICE("01", "01")

static sotto_err rewrite(view bytes, sotto_buf *out)
{
    struct device_list list = {0};
    TRY(device_list_read(bytes, &list));
    return device_list_write(&list, out);
}

static void device_list_is_read_and_written(void **state)
{
    (void)state;
    form_holds(rewrite, BEFORE "0000000000000001" X32("00") TIMES ONE SIGNED);
    form_holds(rewrite, LABEL "01" X32("11") "00000040"
                                             "ffffffffffffffff" X32("66") TIMES
               "4062" DEVICE("01", "02") DEVICE("02", "01") SIGNED);
}

static void device_list_of_another_label_or_version_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 "0d736f74746f2064657669636574"
                 "01" X32("11") "00000000"
                                "0000000000000001" X32("00") TIMES ONE SIGNED,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 LABEL "02" X32("11") "00000000"
                                      "0000000000000001" X32("00") TIMES ONE SIGNED,
                 SOTTO_E_VERSION);
}

static void device_list_with_a_rotation_number_that_can_not_be_is_refused(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 LABEL "01" X32("11") "00000041"
                                      "0000000000000001" X32("00") TIMES ONE SIGNED,
                 SOTTO_E_VALUE);
}

static void the_first_list_alone_has_none_before_it(void **state)
{
    (void)state;
    form_refuses(rewrite, BEFORE "0000000000000000" X32("00") TIMES ONE SIGNED, SOTTO_E_VALUE);
    form_refuses(rewrite, BEFORE "0000000000000001" X32("01") TIMES ONE SIGNED, SOTTO_E_VALUE);
    form_refuses(rewrite, BEFORE "0000000000000002" X32("00") TIMES ONE SIGNED, SOTTO_E_VALUE);
}

static void device_list_lives_thirty_days(void **state)
{
    (void)state;
    const char *times[] = {
        "0000000065000000"
        "0000000065278d01",
        "0000000065000000"
        "0000000065278cff",
        "0000000065000000"
        "ffffffffffffffff",
        "ffffffffffffffff"
        "0000000000278cff",
        "7fffffffffffffff"
        "8000000000278cff",
        "8000000000000000"
        "8000000000278d00",
        "0000003affccb480"
        "0000003afff44180", /* ends in the year 10000 */
    };
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        char hex[1024];
        snprintf(hex, sizeof hex, BEFORE "0000000000000001" X32("00") "%s" ONE SIGNED, times[i]);
        form_refuses(rewrite, hex, SOTTO_E_VALUE);
    }
    form_holds(rewrite, BEFORE "0000000000000001" X32("00") "0000000000000000"
                                                            "0000000000278d00" ONE SIGNED);
    form_holds(rewrite, BEFORE "0000000000000001" X32("00") "0000003affccb47f"
                                                            "0000003afff4417f" ONE SIGNED);
}

static void devices_stand_in_rising_order_each_once(void **state)
{
    (void)state;
    form_refuses(rewrite,
                 BEFORE "0000000000000001" X32("00") TIMES "4062" DEVICE("02", "01")
                     DEVICE("01", "01") SIGNED,
                 SOTTO_E_VALUE);
    form_refuses(rewrite,
                 BEFORE "0000000000000001" X32("00") TIMES "4062" DEVICE("01", "01")
                     DEVICE("01", "01") SIGNED,
                 SOTTO_E_VALUE);
}

static void devices_are_active_or_revoked(void **state)
{
    (void)state;
    form_refuses(rewrite, BEFORE "0000000000000001" X32("00") TIMES "31" DEVICE("01", "00") SIGNED,
                 SOTTO_E_VALUE);
    form_refuses(rewrite, BEFORE "0000000000000001" X32("00") TIMES "31" DEVICE("01", "03") SIGNED,
                 SOTTO_E_VALUE);
}

static void a_list_has_at_least_one_device(void **state)
{
    (void)state;
    form_refuses(rewrite, BEFORE "0000000000000001" X32("00") TIMES "00" SIGNED, SOTTO_E_VALUE);
}

/* A list of `count` devices, unsigned; it is large. */
static struct device_list *list_of(size_t count)
{
    struct device_list *list = calloc(1, sizeof *list);
    assert_non_null(list);
    list->number = 1;
    list->issued_s = 1694498816;
    list->expires_s = list->issued_s + DEVICE_LIST_TTL_S;
    list->device_count = count;
    for (size_t i = 0; i < size_min(count, DEVICES_MAX); i++) {
        list->devices[i].id[0] = (uint8_t)(i + 1);
        memset(list->devices[i].key_hash, (int)i, IDENTITY_HASH);
        list->devices[i].state = DEVICE_ACTIVE;
    }
    return list;
}

static void a_list_has_at_most_sixty_four_devices(void **state)
{
    (void)state;
    struct device_list *list = list_of(DEVICES_MAX);
    sotto_buf bytes = {0}, again = {0}, longer = {0};
    assert_ok(device_list_write(list, &bytes));
    assert_true(bytes.len <= DEVICE_LIST_MAX);
    assert_ok(rewrite(buf_view(&bytes), &again));
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    /* One more, and the vector's length with it: 65 * 49 = 0x0c71 */
    size_t tail = bytes.len - ED25519_SIGNATURE, header = tail - (size_t)DEVICES_MAX * 49 - 2;
    assert_ok(buf_append(&longer, view_of(bytes.data, tail)));
    longer.data[header] = 0x4c;
    longer.data[header + 1] = 0x71;
    uint8_t device[49] = {0xff, [48] = DEVICE_ACTIVE};
    assert_ok(buf_append(&longer, VIEW_OF(device)));
    assert_ok(buf_append(&longer, view_of(bytes.data + tail, ED25519_SIGNATURE)));
    form_refused(rewrite, buf_view(&longer), SOTTO_E_TOO_LARGE);
    buf_reset(&again);
    list->device_count = DEVICES_MAX + 1;
    assert_err(device_list_write(list, &again), TOO_LARGE);
    list->device_count = 0;
    assert_err(device_list_write(list, &again), VALUE);
    assert_int_equal(again.len, 0);
    buf_clear(&bytes);
    buf_clear(&again);
    buf_clear(&longer);
    free(list);
}

/* A first list of two devices, signed by account key 1 of the genesis (1, 2), and that account. */
static struct device_list *signed_list(sotto_crypto *c, struct account_key *ret_key)
{
    struct genesis genesis = genesis_of(c, 1, 2);
    DEFER(sign_key_freep) sotto_sign_key *account_key = key_of(c, 1);
    struct device_list *list = list_of(2);
    assert_ok(account_key_begin(c, &genesis, ret_key));
    memcpy(list->account_id, ret_key->account_id, ACCOUNT_ID);
    assert_ok(device_list_sign(c, account_key, list));
    return list;
}

static void a_list_signed_by_the_key_in_force_is_verified(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = {0};
    struct device_list *list = signed_list(c, &key);
    assert_ok(device_list_verify(c, list, &key));
    free(list);
}

static void every_bit_of_a_list_counts(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = {0};
    struct device_list *list = signed_list(c, &key), *changed = list_of(1);
    sotto_buf bytes = {0};
    assert_ok(device_list_write(list, &bytes));
    for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        sotto_err err = device_list_read(buf_view(&bytes), changed);
        if (err == SOTTO_OK)
            err = device_list_verify(c, changed, &key);
        assert_int_not_equal(err, SOTTO_OK);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_clear(&bytes);
    free(changed);
    free(list);
}

/* Neither the recovery key nor an account key that was replaced speaks for the devices. */
static void a_list_under_another_key_account_or_rotation_is_refused(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = {0};
    struct device_list *list = signed_list(c, &key);
    DEFER(sign_key_freep) sotto_sign_key *recovery_key = key_of(c, 2);
    struct account_key other = key;
    other.account_id[0] ^= 1;
    assert_err(device_list_verify(c, list, &other), SIGNATURE);
    struct rotation rotation = rotation_of(c, &key, 3, 2, 4);
    other = key;
    assert_ok(account_key_rotate(c, &rotation, &other));
    assert_err(device_list_verify(c, list, &other), CONFLICT);
    list->rotation = 1; /* claims the new one, signed by the old one */
    DEFER(sign_key_freep) sotto_sign_key *old = key_of(c, 1);
    assert_ok(device_list_sign(c, old, list));
    assert_err(device_list_verify(c, list, &other), SIGNATURE);
    list->rotation = 0;
    assert_ok(device_list_sign(c, recovery_key, list));
    assert_err(device_list_verify(c, list, &key), SIGNATURE);
    free(list);
}

static void only_ed25519_signs(void **state)
{
    sotto_crypto *c = *state;
    uint8_t seed[57] = {1};
    DEFER(sign_key_freep) sotto_sign_key *ed448 = NULL;
    struct device_list *list = list_of(1);
    assert_ok(sign_key_derive(c, SIGN_ED448, VIEW_OF(seed), &ed448));
    assert_err(device_list_sign(c, ed448, list), USAGE);
    list->device_count = 0;
    DEFER(sign_key_freep) sotto_sign_key *key = key_of(c, 1);
    assert_err(device_list_sign(c, key, list), VALUE);
    free(list);
}

static void a_device_is_found_by_its_id(void **state)
{
    (void)state;
    struct device_list *list = list_of(3);
    uint8_t id[DEVICE_ID] = {2}, none[DEVICE_ID] = {2, 1};
    assert_ptr_equal(device_list_find(list, id), &list->devices[1]);
    assert_null(device_list_find(list, none));
    free(list);
}

/* SHA-256 over all bytes, the signature included. */
static void the_hash_is_over_the_list_as_written(void **state)
{
    sotto_crypto *c = *state;
    struct account_key key = {0};
    struct device_list *list = signed_list(c, &key);
    sotto_buf bytes = {0};
    uint8_t want[IDENTITY_HASH], got[IDENTITY_HASH];
    assert_ok(device_list_write(list, &bytes));
    assert_ok(hash(c, HASH_SHA256, buf_view(&bytes), want));
    assert_ok(device_list_hash(c, list, got));
    assert_memory_equal(got, want, sizeof got);
    buf_clear(&bytes);
    free(list);
}

/* ---- one list after the other ---- */

struct pair {
    struct device_list *before, *next;
};

static struct pair pair_of(sotto_crypto *c)
{
    struct account_key key = {0};
    struct pair pair = {signed_list(c, &key), list_of(3)};
    pair.next->number = 2;
    pair.next->issued_s += 60;
    pair.next->expires_s += 60;
    memcpy(pair.next->account_id, key.account_id, ACCOUNT_ID);
    assert_ok(device_list_hash(c, pair.before, pair.next->previous_hash));
    return pair;
}

static void pair_clear(struct pair *pair)
{
    free(pair->before);
    free(pair->next);
}

static void a_list_that_adds_or_revokes_follows(void **state)
{
    DEFER(pair_clear) struct pair pair = pair_of(*state);
    assert_ok(device_list_follows(*state, pair.next, pair.before));
    pair.next->devices[0].state = DEVICE_REVOKED;
    assert_ok(device_list_follows(*state, pair.next, pair.before));
    pair.next->issued_s = pair.before->issued_s; /* in the same second */
    assert_ok(device_list_follows(*state, pair.next, pair.before));
    pair.next->rotation = 3;
    assert_ok(device_list_follows(*state, pair.next, pair.before));
}

static void a_list_of_another_place_does_not_follow(void **state)
{
    DEFER(pair_clear) struct pair pair = pair_of(*state);
    struct device_list right = *pair.next;
    pair.next->number = 3;
    assert_err(device_list_follows(*state, pair.next, pair.before), CONFLICT);
    *pair.next = right;
    pair.next->previous_hash[31] ^= 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), CONFLICT);
    *pair.next = right;
    pair.next->account_id[0] ^= 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), CONFLICT);
    *pair.next = right;
    pair.next->issued_s = pair.before->issued_s - 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), CONFLICT);
}

static void a_list_under_an_older_key_does_not_follow(void **state)
{
    DEFER(pair_clear) struct pair pair = pair_of(*state);
    pair.before->rotation = 1;
    assert_ok(device_list_hash(*state, pair.before, pair.next->previous_hash));
    assert_err(device_list_follows(*state, pair.next, pair.before), CONFLICT);
    pair.next->rotation = 1;
    assert_ok(device_list_follows(*state, pair.next, pair.before));
}

static void a_list_that_drops_or_changes_a_device_does_not_follow(void **state)
{
    DEFER(pair_clear) struct pair pair = pair_of(*state);
    pair.next->devices[1].key_hash[0] ^= 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), DENIED);
    pair.next->devices[1].key_hash[0] ^= 1;
    pair.next->devices[1].id[1] = 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), DENIED);
    pair.next->devices[1].id[1] = 0;
    pair.next->device_count = 1;
    assert_err(device_list_follows(*state, pair.next, pair.before), DENIED);
}

static void a_revoked_device_stays_revoked(void **state)
{
    DEFER(pair_clear) struct pair pair = pair_of(*state);
    pair.before->devices[0].state = DEVICE_REVOKED;
    assert_ok(device_list_hash(*state, pair.before, pair.next->previous_hash));
    assert_err(device_list_follows(*state, pair.next, pair.before), DENIED);
    pair.next->devices[0].state = DEVICE_REVOKED;
    assert_ok(device_list_follows(*state, pair.next, pair.before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_list_is_read_and_written),
        cmocka_unit_test(device_list_of_another_label_or_version_is_refused),
        cmocka_unit_test(device_list_with_a_rotation_number_that_can_not_be_is_refused),
        cmocka_unit_test(the_first_list_alone_has_none_before_it),
        cmocka_unit_test(device_list_lives_thirty_days),
        cmocka_unit_test(devices_stand_in_rising_order_each_once),
        cmocka_unit_test(devices_are_active_or_revoked),
        cmocka_unit_test(a_list_has_at_least_one_device),
        cmocka_unit_test(a_list_has_at_most_sixty_four_devices),
        cmocka_unit_test(a_list_signed_by_the_key_in_force_is_verified),
        cmocka_unit_test(every_bit_of_a_list_counts),
        cmocka_unit_test(a_list_under_another_key_account_or_rotation_is_refused),
        cmocka_unit_test(only_ed25519_signs),
        cmocka_unit_test(a_device_is_found_by_its_id),
        cmocka_unit_test(the_hash_is_over_the_list_as_written),
        cmocka_unit_test(a_list_that_adds_or_revokes_follows),
        cmocka_unit_test(a_list_of_another_place_does_not_follow),
        cmocka_unit_test(a_list_under_an_older_key_does_not_follow),
        cmocka_unit_test(a_list_that_drops_or_changes_a_device_does_not_follow),
        cmocka_unit_test(a_revoked_device_stays_revoked),
    };
    return cmocka_run_group_tests(tests, form_setup, form_teardown);
}
