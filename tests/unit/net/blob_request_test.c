#include "unit.h"

#include "net/blob_request.h"

#define HEX  "c0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
#define HOST "Host: x\r\n"
/* 89 bytes of zeros in base64url */
#define ZEROS                                                      \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define TICKET "Authorization: Sotto " ZEROS "\r\n"

static unsigned reads(const char *text, struct blob_request *ret_request)
{
    struct http_head head;
    size_t len;
    assert_ok(http_request_read(view_str(text), 0, &head, &len));
    assert_int_equal(len, strlen(text));
    assert_true(blob_request_is(&head));
    return blob_request_read(&head, ret_request);
}

static void refuses(const char *text, unsigned status)
{
    struct blob_request request = {.length = 77};
    assert_int_equal(reads(text, &request), status);
    assert_int_equal(request.length, 77);
}

static void a_put_is_read(void **state)
{
    (void)state;
    struct blob_request r;
    assert_int_equal(reads("PUT /blob/" HEX " HTTP/1.1\r\n" HOST TICKET
                           "Content-Length: 10\r\nExpect: 100-continue\r\n\r\n",
                           &r),
                     0);
    assert_int_equal(r.method, BLOB_METHOD_PUT);
    assert_int_equal(r.hash[31], 0xdf);
    assert_int_equal(r.length, 10);
    assert_true(r.expects && !r.ranged);
    assert_int_equal(reads("PUT /blob/" HEX " HTTP/1.1\r\n" HOST TICKET
                           "Content-Length: 10\r\nContent-Range: bytes 90-99/100\r\n\r\n",
                           &r),
                     0);
    assert_true(r.ranged);
    assert_int_equal(r.range.from, 90);
    assert_int_equal(r.range.total, 100);
}

static void a_get_is_read(void **state)
{
    (void)state;
    struct blob_request r;
    assert_int_equal(
        reads("GET /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "Range: bytes=7-\r\n\r\n", &r), 0);
    assert_int_equal(r.method, BLOB_METHOD_GET);
    assert_true(r.ranged);
    assert_int_equal(r.range.from, 7);
    assert_true(r.range.to == UINT64_MAX);
    /* what can't be read is left aside */
    assert_int_equal(
        reads("GET /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "Range: bytes=1-2,5-6\r\n\r\n", &r), 0);
    assert_false(r.ranged);
    assert_int_equal(
        reads("HEAD /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "Range: bytes=7-\r\n\r\n", &r), 0);
    assert_false(r.ranged);
}

static void what_is_wrong_has_its_status(void **state)
{
    (void)state;
    refuses("POST /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "\r\n", 405);
    refuses("GET /blob/ HTTP/1.1\r\n" HOST TICKET "\r\n", 404);
    refuses("GET /blob/" HEX "00 HTTP/1.1\r\n" HOST TICKET "\r\n", 404);
    refuses("GET /blob/C0" HEX " HTTP/1.1\r\n" HOST TICKET "\r\n", 404);
    refuses("GET /blob/" HEX " HTTP/1.1\r\n" HOST "\r\n", 401);
    refuses("GET /blob/" HEX " HTTP/1.1\r\n" HOST "Authorization: Basic " ZEROS "\r\n\r\n", 401);
    refuses("GET /blob/" HEX " HTTP/1.1\r\n" HOST "Authorization: Sotto AAAA\r\n\r\n", 401);
    refuses("GET /blob/" HEX " HTTP/1.1\r\n" HOST "Authorization: Sotto " ZEROS "=\r\n\r\n", 401);
    refuses("PUT /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "\r\n", 411);
    refuses("PUT /blob/" HEX " HTTP/1.1\r\n" HOST TICKET
            "Content-Length: 9\r\nContent-Range: bytes 90-99/100\r\n\r\n",
            400);
    refuses("GET /blob/" HEX " HTTP/1.1\r\n" HOST TICKET "Content-Length: 9\r\n\r\n", 413);
}

static void ranges_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",           "bytes",      "bytes=",    "bytes=-",
        "bytes=-5",   "bytes=5",    "bytes= 5-", "bytes=5-4",
        "bytes=5-6,", "bytes=5-6 ", "Bytes=5-6", "bytes=1234567890123456789-"};
    static const char *const wrong_content[] = {"",
                                                "bytes 0-1",
                                                "bytes 0-1/",
                                                "bytes 0-1/*",
                                                "bytes */2",
                                                "bytes 0-2/2",
                                                "bytes 2-1/3",
                                                "bytes=0-1/2",
                                                "bytes 0-1/2 ",
                                                "bytes 0-1/1234567890123456789"};
    struct blob_range range;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(blob_range_read(view_str(wrong[i]), &range));
    for (size_t i = 0; i < COUNT_OF(wrong_content); i++)
        assert_false(blob_content_range_read(view_str(wrong_content[i]), &range));
    assert_true(blob_range_read(VIEW_LIT("bytes=5-5"), &range));
    assert_int_equal(range.to, 5);
    assert_true(blob_content_range_read(VIEW_LIT("bytes 0-1/2"), &range));
    assert_int_equal(range.total, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_put_is_read),
        cmocka_unit_test(a_get_is_read),
        cmocka_unit_test(what_is_wrong_has_its_status),
        cmocka_unit_test(ranges_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
