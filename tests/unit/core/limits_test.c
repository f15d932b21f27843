#include "unit.h"

#include "base/base.h"
#include "core/limits.h"

static void table_has_a_row_for_each_limit(void **state)
{
    (void)state;
    unsigned count = 0;
    const struct limit_row *rows = limits_table(&count);
    assert_int_equal(count * sizeof(uint64_t), sizeof(struct limits));
    assert_string_equal(rows[0].name, "connections");
    assert_int_equal(rows[0].value, 20000);
    for (unsigned i = 0; i < count; i++)
        assert_true(strlen(rows[i].what) > 0);
}

static void each_limit_is_found_by_its_name_and_nowhere_else(void **state)
{
    (void)state;
    struct limits limits = {0};
    unsigned count = 0;
    const struct limit_row *rows = limits_table(&count);
    for (unsigned i = 0; i < count; i++) {
        uint64_t *place = limits_find(&limits, rows[i].name);
        assert_non_null(place);
        assert_int_equal(*place, 0); /* no two names share a place */
        *place = i + 1;
    }
    assert_null(limits_find(&limits, "limits.rooms"));
    assert_null(limits_find(&limits, ""));
}

/* Those that protect people and the machine; whoever changes one has thought about it twice. */
static void defaults_are_what_was_decided(void **state)
{
    static const struct {
        const char *name;
        uint64_t value;
    } decided[] = {
        {"sends", 60},
        {"send_ms", 500},
        {"inbox_sends", 60},
        {"inbox_send_ms", 1000},
        {"send_kib", 4096},
        {"send_kib_ms", 4},
        {"frame_bytes", 65536},
        {"blob_bytes", 104857600},
        {"account_bytes", 1073741824},
        {"blobs", 50},
        {"blob_ms", 2000},
        {"blob_s", 2592000},
        {"claims", 6},
        {"claim_ms", 600000},
        {"target_claims", 60},
        {"target_claim_ms", 60000},
        {"key_packages", 100},
        {"registers", 3},
        {"register_ms", 1200000},
        {"links", 6},
        {"link_ms", 120000},
        {"logins", 5},
        {"login_ms", 300000},
        {"lookups", 300},
        {"lookup_ms", 1000},
        {"queue_entries", 10000},
        {"queue_bytes", 67108864},
        {"retention_s", 2592000},
        {"devices", 8},
        {"stream_accounts", 1000},
        {"conversations", 500},
        {"groups", 100},
        {"group_ms", 864000},
        {"commits", 10},
        {"commit_ms", 10000},
        {"unauthenticated", 512},
        {"unauthenticated_per_network", 32},
        {"handshake_ms", 5000},
        {"head_ms", 5000},
        {"head_bytes", 8192},
        {"hello_ms", 10000},
        {"connections", 20000},
        {"sessions_per_account", 10},
        {"ping_ms", 30000},
        {"dead_ms", 90000},
        {"output_bytes", 262144},
        {"stall_ms", 30000},
        {"rooms", 1000},
        {"rooms_per_address", 4},
        {"room_join_ms", 600000},
        {"room_life_ms", 86400000},
        {"room_burst_bytes", 4194304},
        {"wrong_codes", 5},
        {"wrong_code_ms", 300000},
    };
    (void)state;
    struct limits limits = limits_default();
    for (size_t i = 0; i < COUNT_OF(decided); i++) {
        const uint64_t *value = limits_find(&limits, decided[i].name);
        assert_non_null(value);
        if (*value != decided[i].value)
            fail_msg("limits.%s is %llu", decided[i].name, (unsigned long long)*value);
    }
}

/* What /metrics says is the setting that an admin may change; no two rates or bounds share it. */
static void each_rate_and_bound_has_the_name_of_a_limit(void **state)
{
    (void)state;
    struct limits limits = {0};
    for (size_t i = 0; i < (size_t)RATE_ALL + BOUND_ALL; i++) {
        uint64_t *place =
            limits_find(&limits, i < RATE_ALL ? rate_name((enum rate)i)
                                              : bound_name((enum bound)(i - RATE_ALL)));
        assert_non_null(place);
        assert_int_equal(*place, 0);
        *place = 1;
    }
    assert_string_equal(rate_name(RATE_LOGIN), "logins");
    assert_string_equal(rate_name(RATE_WRONG_CODE), "wrong_codes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_has_a_row_for_each_limit),
        cmocka_unit_test(each_limit_is_found_by_its_name_and_nowhere_else),
        cmocka_unit_test(each_rate_and_bound_has_the_name_of_a_limit),
        cmocka_unit_test(defaults_are_what_was_decided),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
