/* docs/protocol.md against the lists that the code is made from: a row and a section for each kind, a row for each error, and one for
 * each request with who may ask it and what it costs; none besides. */
#include "document.h"

#include "core/limits.h"
#include "core/state.h"
#include "core/streams.h"
#include "proto/blob.h"

#define PARTY_CLIENT "client"
#define PARTY_SERVER "server"

static void each_kind_has_its_row_and_its_section(void **state)
{
    (void)state;
    size_t count = 0;
    char line[300];
#define CHECK_KIND(name, number, from, text, what)                                              \
    snprintf(line, sizeof line, "| 0x%04x | " text " | " PARTY_##from " | " what " |", number); \
    has_line(line);                                                                             \
    has_line("### " text);                                                                      \
    count++;
    PROTO_KINDS(CHECK_KIND)
#undef CHECK_KIND
    assert_int_equal(lines("| 0x", false), count);
    assert_int_equal(lines("### ", false), count);
}

static void each_error_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0;
    char line[300];
#define CHECK_ERROR(name, code, class, sentence)                                           \
    snprintf(line, sizeof line, "| %d | E_" #name " | " #class " | " sentence " |", code); \
    has_line(line);                                                                        \
    count++;
    SOTTO_ERRORS(CHECK_ERROR)
#undef CHECK_ERROR
    for (int code = 0; code < 1000; code++) {
        snprintf(line, sizeof line, "| %d | E_", code);
        rows += lines(line, false);
    }
    assert_int_equal(rows, count);
}

static const char *who_text(enum who who)
{
    switch (who) {
#define WHO_TEXT(name, text) \
    case name:               \
        return text;
        REQUEST_WHO(WHO_TEXT)
#undef WHO_TEXT
    }
    return NULL;
}

/* Every kind that a client may send, apart from hello, which the loop answers; what admins ask is of the process alone. */
static void each_request_has_its_row(void **state)
{
    (void)state;
    size_t count = 0, rows = 0, clients = 0;
    char line[300];
    const struct request_row *table = request_table(&count);
    for (size_t i = 0; i < count; i++) {
        if (table[i].who == ADMIN)
            continue;
        assert_non_null(proto_kind_name(table[i].kind));
        snprintf(line, sizeof line, "| %s | %s | %llu |", proto_kind_name(table[i].kind),
                 who_text(table[i].who), (unsigned long long)table[i].cost);
        has_line(line);
        rows++;
    }
#define COUNT_CLIENT(name, number, from, text, what) \
    clients += strcmp(PARTY_##from, PARTY_CLIENT) == 0;
    PROTO_KINDS(COUNT_CLIENT)
#undef COUNT_CLIENT
    assert_int_equal(rows, clients - 1);
}

/* The sizes that a reader or writer keeps to, as the rows of the fields say them. */
static void fields_have_the_limits_of_the_code(void **state)
{
    (void)state;
    char line[300];
#define HAS(...)                                  \
    do {                                          \
        snprintf(line, sizeof line, __VA_ARGS__); \
        has_line(line);                           \
    } while (0)
#define BYTES(name, least, most, what) \
    HAS("| " name " | opaque `<V>` | " least " to %d bytes | " what " |", (int)(most))
    HAS("| versions | uint16 `<V>` | 1 to %d of them | versions of this protocol that the client "
        "speaks |",
        HELLO_VERSIONS_MAX);
    HAS("| software | opaque `<V>` | 0 to %d bytes, printable ASCII | name and version of the "
        "client, for people |",
        HELLO_SOFTWARE_MAX);
    HAS("| chain | opaque `<V>` `<V>` | 2 or %d, each 1 to %d bytes | certificates in DER: server "
        "key, an intermediate if there is one, root |",
        HELLO_CHAIN_MAX, HELLO_CERTIFICATE_MAX);
    HAS("| detail | opaque `<V>` | 0 to %d bytes, UTF-8 | a sentence for people |",
        PROTO_DETAIL_MAX);
    HAS("| suite | opaque `<V>` | session: empty; lab: 1 to %d of `a-z 0-9 -` | the lab room's "
        "construction |",
        PROTO_SUITE_MAX);
    BYTES("data", "1", PROTO_ROOM_DATA_MAX, "bytes for the other one");
    HAS("| mail | opaque `<V>` | 3 to %d bytes, printable ASCII around one `@` | where to |",
        ACCOUNT_MAIL_MAX);
    BYTES("genesis", "1", ACCOUNT_RECORD_MAX, "the account's genesis record");
    BYTES("certificate", "1", X509_MAX, "of this device, by the account key");
    HAS("| chain | opaque `<V>` `<V>` | 2 or %d, each 1 to %d bytes | certificates in DER: "
        "account, an intermediate if there is one, root |",
        ACCOUNT_CHAIN_MAX, X509_MAX);
    HAS("| wanted | wanted `<V>` | 1 to %d of them | who |", LOOKUP_MAX);
    HAS("| packages | opaque `<V>` `<V>` | 1 to %d, each 1 to %d bytes | MLS key packages, which "
        "the server does not read |",
        KEY_PACKAGES_MAX, KEY_PACKAGE_MAX);
    HAS("| invites | invite `<V>` | 0 to %d of them | |", INVITE_LIST_MAX);
    HAS("| body | opaque `<V>` | 1 to %d bytes | |", PROTO_BODY_MAX);
    BYTES("header", "1", PROTO_SIGNED_MAX, "a commit_header, signed by the device that posts it");
    BYTES("body", "0", PROTO_INLINE_MAX, "the commit; exactly one of body and blob is there");
    HAS("| add | commit_add `<V>` | 0 to %d of them | devices that read the stream from here on |",
        PROTO_COMMIT_ADDS_MAX);
    BYTES("token", "1", PROTO_TOKEN_MAX, "the access token of the epoch, or of the one before");
    BYTES("ticket", "1", BLOB_TICKET_MAX, "the server's own; see Blobs");
    HAS("| n | uint32 | 1 to %d | counts the account's rotations |", ROTATIONS_MAX);
    HAS("| devices | listed_device `<V>` | 1 to %d, in rising order of id, each once | |",
        DEVICES_MAX);
    HAS("   A frame is at most %d bytes, or what `hello_ok.frame_max` says if that is less.",
        PROTO_FRAME_MAX);
#undef BYTES
#undef HAS
}

/* So that whoever looks for one in the settings finds it. */
static void each_limit_that_is_named_is_there(void **state)
{
    (void)state;
    static const char mark[] = "`limits.";
    struct limits limits = limits_default();
    char name[64];
    size_t count = 0;
    for (size_t at = 0; at + sizeof mark < document.len; at++) {
        const char *begin = (const char *)document.data + at + sizeof mark - 1;
        if (memcmp(document.data + at, mark, sizeof mark - 1) != 0)
            continue;
        size_t len = strspn(begin, "abcdefghijklmnopqrstuvwxyz_");
        snprintf(name, sizeof name, "%.*s", (int)len, begin);
        if (strcmp(name, "") != 0 && limits_find(&limits, name) == NULL)
            fail_msg("in " DOCUMENT ": there is no limits.%s", name);
        count++;
    }
    assert_true(count > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_has_its_row_and_its_section),
        cmocka_unit_test(each_error_has_its_row),
        cmocka_unit_test(each_request_has_its_row),
        cmocka_unit_test(fields_have_the_limits_of_the_code),
        cmocka_unit_test(each_limit_that_is_named_is_there),
    };
    return cmocka_run_group_tests(tests, read_document, clear_document);
}
