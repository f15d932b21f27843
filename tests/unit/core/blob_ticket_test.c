#include "unit.h"

#include "core/blob_ticket.h"

#define NOW_S UINT64_C(1800000000)

/* Made by an HMAC of another program: key 00 01 .. 1f. */
static const char vector[] =
    "01c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf00000000001234"
    "560000000000000007000000006b49e01075b32634e43b77323f56c5112fc52313869bd41d14e392"
    "d4ed88261220a62955";

static sotto_crypto *crypto;
static struct secret key;

static int start(void **state)
{
    (void)state;
    secret_resize(&key, BLOB_TICKET_KEY);
    for (uint8_t i = 0; i < BLOB_TICKET_KEY; i++)
        key.data[i] = i;
    return sotto_crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    sotto_crypto_free(crypto);
    secret_clear(&key);
    return 0;
}

static void ticket_is_read_and_written(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(vector), again = {0};
    struct blob_ticket ticket;
    assert_int_equal(bytes.len, BLOB_TICKET_BYTES);
    assert_ok(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S, &ticket));
    assert_int_equal(ticket.op, BLOB_PUT);
    assert_int_equal(ticket.hash[31], 0xdf);
    assert_int_equal(ticket.size, 0x123456);
    assert_int_equal(ticket.account, 7);
    assert_int_equal(ticket.expires_s, NOW_S + 3600);
    assert_ok(blob_ticket_write(crypto, &key, &ticket, &again));
    assert_bytes(buf_view(&again), vector);
}

static void ticket_whose_time_is_over_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(vector);
    struct blob_ticket ticket;
    assert_ok(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S + 3599, &ticket));
    assert_err(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S + 3600, &ticket), EXPIRED);
}

static void ticket_with_any_bit_changed_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(vector);
    struct blob_ticket ticket;
    for (size_t i = 0; i < bytes.len * 8; i++) {
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_err(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S, &ticket), MAC);
        bytes.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
}

static void ticket_of_another_run_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(vector);
    struct secret other = key;
    struct blob_ticket ticket;
    other.data[0] ^= 1;
    assert_err(blob_ticket_read(crypto, &other, buf_view(&bytes), NOW_S, &ticket), MAC);
}

static void ticket_that_is_cut_or_longer_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = unhex(vector);
    struct blob_ticket ticket;
    for (size_t len = 0; len < bytes.len; len++) {
        uint8_t *cut = malloc(len > 0 ? len : 1); /* exactly as long, for the sanitizers */
        assert_non_null(cut);
        memcpy(cut, bytes.data, len);
        assert_err(blob_ticket_read(crypto, &key, view_of(cut, len), NOW_S, &ticket), TRUNCATED);
        free(cut);
    }
    assert_ok(buf_append(&bytes, VIEW_LIT("x")));
    assert_err(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S, &ticket), TRAILING);
}

static void ticket_for_neither_direction_is_refused(void **state)
{
    (void)state;
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct blob_ticket ticket = {.op = 3, .expires_s = NOW_S + 1};
    assert_ok(blob_ticket_write(crypto, &key, &ticket, &bytes));
    assert_err(blob_ticket_read(crypto, &key, buf_view(&bytes), NOW_S, &ticket), VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticket_is_read_and_written),
        cmocka_unit_test(ticket_whose_time_is_over_is_refused),
        cmocka_unit_test(ticket_with_any_bit_changed_is_refused),
        cmocka_unit_test(ticket_of_another_run_is_refused),
        cmocka_unit_test(ticket_that_is_cut_or_longer_is_refused),
        cmocka_unit_test(ticket_for_neither_direction_is_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
