/* What the server agrees to and how it talks then, told by the other end of a real handshake: with OpenSSL's record layer and
 * with ours. */
#include "unit.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
#include "net/tls_cert.h"

#define TURNS 20          /* far more than a handshake takes */
#define MUCH  (600 << 10) /* bytes: far more than a socket takes at once */

static sotto_crypto *crypto;
static sotto_buf pem;

struct meeting {
    int fds[2];
    struct tls_context *context;
    struct tls *server;
    SSL_CTX *client_context;
    SSL *client;
    bool done;
};

struct offer {
    const char *groups;  /* the first with its key share */
    const char *ciphers; /* NULL: all */
    bool own;            /* the server's record layer */
};

static struct meeting meeting_new(const struct offer *offer)
{
    struct meeting m = {0};
    assert_ok(tls_context_new(buf_view(&pem), &m.context));
    if (offer->own)
        tls_context_own_records(m.context, crypto);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, m.fds), 0);
    assert_ok(tls_new(m.context, m.fds[0], &m.server));
    m.client_context = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_set1_groups_list(m.client_context, offer->groups), 1);
    if (offer->ciphers != NULL)
        assert_int_equal(SSL_CTX_set_ciphersuites(m.client_context, offer->ciphers), 1);
    m.client = SSL_new(m.client_context);
    assert_int_equal(SSL_set_fd(m.client, m.fds[1]), 1);
    return m;
}

static struct meeting meet(const struct offer *offer)
{
    struct meeting m = meeting_new(offer);
    bool client_done = false, server_done = false;
    for (int i = 0; i < TURNS; i++) {
        client_done = client_done || SSL_connect(m.client) == 1;
        server_done = server_done || tls_handshake(m.server) == TLS_DONE;
    }
    m.done = client_done && server_done;
    return m;
}

static void part(struct meeting *m)
{
    SSL_free(m->client);
    SSL_CTX_free(m->client_context);
    tls_context_free(m->context); /* before its connection, which may be */
    tls_free(m->server);
    close(m->fds[0]);
    close(m->fds[1]);
    ERR_clear_error();
}

/* ---- what is agreed */

static void assert_group(const char *offered, const char *agreed)
{
    struct meeting m = meet(&(struct offer){.groups = offered});
    assert_true(m.done);
    assert_string_equal(SSL_get0_group_name(m.client), agreed);
    assert_string_equal(SSL_get_version(m.client), "TLSv1.3");
    assert_int_equal(SSL_session_reused(m.client), 0);
    part(&m);
}

static void the_hybrid_group_is_taken_wherever_the_client_has_it(void **state)
{
    (void)state;
    assert_group("X25519MLKEM768:X25519", "X25519MLKEM768");
    assert_group("X25519:P-256:X25519MLKEM768", "X25519MLKEM768"); /* a round trip more */
}

static void a_client_without_it_gets_x25519_before_p256(void **state)
{
    (void)state;
    assert_group("P-256:X25519", "x25519");
    assert_group("P-256", "secp256r1");
}

static void other_groups_are_refused(void **state)
{
    (void)state;
    struct meeting m = meet(&(struct offer){.groups = "P-384:X448"});
    assert_false(m.done);
    part(&m);
}

static void connections_with_aes_128_alone_leave_openssl_and_only_where_it_is_wanted(void **state)
{
    (void)state;
    static const struct {
        struct offer offer;
        bool left;
        const char *cipher;
    } rows[] = {
        {{"X25519", NULL, true}, true, "TLS_AES_128_GCM_SHA256"},
        {{"X25519MLKEM768", NULL, true}, true, "TLS_AES_128_GCM_SHA256"},
        {{"P-256:X25519", NULL, true}, true, "TLS_AES_128_GCM_SHA256"},
        {{"X25519", NULL, false}, false, "TLS_AES_128_GCM_SHA256"},
        {{"X25519", "TLS_AES_256_GCM_SHA384", true}, false, "TLS_AES_256_GCM_SHA384"},
        {{"X25519", "TLS_CHACHA20_POLY1305_SHA256", true}, false, "TLS_CHACHA20_POLY1305_SHA256"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct meeting m = meet(&rows[i].offer);
        assert_true(m.done);
        assert_int_equal(tls_has_own_records(m.server), rows[i].left);
        assert_string_equal(SSL_CIPHER_get_name(SSL_get_current_cipher(m.client)), rows[i].cipher);
        part(&m);
    }
}

/* ---- how it talks: every test with each way */

static const struct offer ways[] = {
    {"X25519", NULL, false},
    {"X25519", NULL, true},
    {"X25519", "TLS_CHACHA20_POLY1305_SHA256", true},
};

static uint8_t byte_of(size_t at)
{
    return (uint8_t)(at * 31 + (at >> 8));
}

/* Reads what there is. */
static enum tls_result server_read(struct meeting *m, sotto_buf *data)
{
    for (;;) {
        static uint8_t piece[TLS_READ_MIN];
        size_t len;
        enum tls_result result = tls_read(m->server, piece, sizeof piece, &len);
        if (result != TLS_DONE)
            return result;
        assert_true(len > 0 && len <= sizeof piece);
        assert_ok(buf_append(data, view_of(piece, len)));
    }
}

static void client_read(struct meeting *m, sotto_buf *data)
{
    static uint8_t piece[TLS_READ_MIN];
    size_t len;
    while (SSL_read_ex(m->client, piece, sizeof piece, &len) == 1)
        assert_ok(buf_append(data, view_of(piece, len)));
}

static void server_says(struct meeting *m, view data)
{
    size_t len;
    assert_int_equal(tls_write(m->server, data, &len), TLS_DONE);
    assert_int_equal(len, data.len);
}

static void client_says(struct meeting *m, view data)
{
    assert_int_equal(SSL_write(m->client, data.data, (int)data.len), (int)data.len);
}

static void assert_server_hears(struct meeting *m, const char *what)
{
    sotto_buf data = {0};
    assert_int_equal(server_read(m, &data), TLS_WANT_READ);
    assert_int_equal(data.len, strlen(what));
    assert_memory_equal(data.data, what, data.len);
    buf_clear(&data);
}

static void assert_client_hears(struct meeting *m, const char *what)
{
    sotto_buf data = {0};
    client_read(m, &data);
    assert_int_equal(data.len, strlen(what));
    assert_memory_equal(data.data, what, data.len);
    buf_clear(&data);
}

static void much_goes_either_way_past_a_socket_that_is_full(void **state)
{
    (void)state;
    static uint8_t much[MUCH];
    for (size_t i = 0; i < MUCH; i++)
        much[i] = byte_of(i);
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        sotto_buf to_client = {0}, to_server = {0};
        size_t sent = 0, asked = 0, waits = 0;
        SSL_set_mode(m.client, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        while (to_client.len < MUCH || to_server.len < MUCH) {
            size_t len;
            enum tls_result result = TLS_DONE;
            while (sent < MUCH && (result = tls_write(m.server, view_of(much + sent, MUCH - sent),
                                                      &len)) == TLS_DONE)
                sent += len;
            waits += result == TLS_WANT_WRITE;
            client_read(&m, &to_client);
            while (asked < MUCH &&
                   SSL_write_ex(m.client, much + asked, size_min(MUCH - asked, 9000), &len) == 1)
                asked += len;
            assert_int_equal(server_read(&m, &to_server), TLS_WANT_READ);
        }
        assert_true(waits > 0);
        assert_int_equal(to_client.len, MUCH);
        assert_int_equal(to_server.len, MUCH);
        assert_memory_equal(to_client.data, much, MUCH);
        assert_memory_equal(to_server.data, much, MUCH);
        buf_clear(&to_client);
        buf_clear(&to_server);
        part(&m);
    }
}

static void what_comes_with_the_clients_last_flight_is_not_lost(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meeting_new(&ways[way]);
        assert_int_equal(SSL_connect(m.client), -1);
        assert_int_equal(tls_handshake(m.server), TLS_WANT_READ);
        assert_int_equal(SSL_connect(m.client), 1);
        client_says(&m, VIEW_LIT("early "));
        client_says(&m, VIEW_LIT("words"));
        assert_int_equal(tls_handshake(m.server), TLS_DONE);
        assert_server_hears(&m, "early words");
        part(&m);
    }
}

/* What the client would send stays with us, to be sent as we like. */
static BIO *client_catch(struct meeting *m)
{
    BIO *caught = BIO_new(BIO_s_mem());
    SSL_set0_wbio(m->client, caught);
    return caught;
}

static size_t caught_take(BIO *caught, uint8_t *ret_bytes, size_t max)
{
    int len = BIO_read(caught, ret_bytes, (int)max);
    assert_true(len > 0);
    return (size_t)len;
}

static void records_in_single_bytes_are_understood_even_those_of_the_last_flight(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meeting_new(&ways[way]);
        static uint8_t bytes[1000];
        assert_int_equal(SSL_connect(m.client), -1);
        assert_int_equal(tls_handshake(m.server), TLS_WANT_READ);
        BIO *caught = client_catch(&m);
        assert_int_equal(SSL_connect(m.client), 1);
        client_says(&m, VIEW_LIT("bit by bit"));
        size_t len = caught_take(caught, bytes, sizeof bytes), sent = 0;
        sotto_buf data = {0};
        for (bool done = false; sent < len; sent++) {
            assert_int_equal(write(m.fds[1], bytes + sent, 1), 1);
            done = done || tls_handshake(m.server) == TLS_DONE;
            if (done)
                assert_int_equal(server_read(&m, &data), TLS_WANT_READ);
            assert_int_equal(data.len, sent + 1 < len ? 0 : 10);
        }
        buf_clear(&data);
        part(&m);
    }
}

static void key_updates_of_the_client_are_followed_and_answered(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        for (int i = 0; i < 40; i++) {
            assert_int_equal(SSL_key_update(m.client, i % 2 ? SSL_KEY_UPDATE_REQUESTED
                                                            : SSL_KEY_UPDATE_NOT_REQUESTED),
                             1);
            client_says(&m, VIEW_LIT("new key"));
            assert_server_hears(&m, "new key");
            server_says(&m, VIEW_LIT("so have I"));
            assert_client_hears(&m, "so have I");
        }
        part(&m);
    }
}

static void both_sides_export_the_same(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        uint8_t ours[48], theirs[48];
        assert_ok(tls_export(m.server, "EXPORTER-x", ours, sizeof ours));
        assert_int_equal(SSL_export_keying_material(m.client, theirs, sizeof theirs, "EXPORTER-x",
                                                    10, NULL, 0, 0),
                         1);
        assert_memory_equal(ours, theirs, sizeof ours);
        part(&m);
    }
}

static void words_and_a_goodbye_in_one_piece_are_both_heard(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        sotto_buf data = {0};
        client_says(&m, VIEW_LIT("and "));
        client_says(&m, VIEW_LIT("goodbye"));
        SSL_shutdown(m.client);
        static uint8_t piece[TLS_READ_MIN];
        size_t len;
        do {
            assert_int_equal(tls_read(m.server, piece, sizeof piece, &len), TLS_DONE);
            assert_ok(buf_append(&data, view_of(piece, len)));
        } while (data.len < 11);
        assert_true(tls_has_pending(m.server));
        assert_int_equal(tls_read(m.server, piece, sizeof piece, &len), TLS_ENDED);
        assert_int_equal(tls_read(m.server, piece, sizeof piece, &len), TLS_ENDED);
        assert_memory_equal(data.data, "and goodbye", 11);
        buf_clear(&data);
        part(&m);
    }
}

static void a_goodbye_of_ours_is_one_for_the_client(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        uint8_t byte;
        server_says(&m, VIEW_LIT("last words"));
        tls_shutdown(m.server);
        assert_client_hears(&m, "last words");
        assert_int_equal(SSL_get_error(m.client, SSL_read(m.client, &byte, 1)),
                         SSL_ERROR_ZERO_RETURN);
        part(&m);
    }
}

static void a_client_that_hangs_up_amid_a_record_has_ended(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        sotto_buf data = {0};
        assert_int_equal(write(m.fds[1], "\x17\x03\x03\x01\x00xyz", 8), 8);
        assert_int_equal(server_read(&m, &data), TLS_WANT_READ);
        shutdown(m.fds[1], SHUT_RDWR);
        assert_int_equal(server_read(&m, &data), TLS_ENDED);
        part(&m);
    }
}

static void garbage_is_answered_with_an_alert_and_ends_it(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        sotto_buf data = {0};
        uint8_t byte;
        static const uint8_t garbage[40] = {23, 3, 3, 0, 35, 1, 2, 3};
        assert_int_equal(write(m.fds[1], garbage, sizeof garbage), sizeof garbage);
        assert_int_equal(server_read(&m, &data), TLS_BROKEN);
        assert_true(SSL_read(m.client, &byte, 1) <= 0);
        assert_int_equal(ERR_GET_REASON(ERR_get_error()), SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
        part(&m);
    }
}

static void an_alert_of_the_client_breaks_it(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meet(&ways[way]);
        sotto_buf data = {0};
        uint8_t byte;
        static const uint8_t garbage[40] = {23, 3, 3, 0, 35, 1, 2, 3};
        assert_int_equal(write(m.fds[0], garbage, sizeof garbage),
                         sizeof garbage); /* as if from us */
        assert_true(SSL_read(m.client, &byte, 1) <= 0);
        assert_int_equal(server_read(&m, &data), TLS_BROKEN);
        part(&m);
    }
}

static void a_handshake_that_is_garbage_fails(void **state)
{
    (void)state;
    for (size_t way = 0; way < COUNT_OF(ways); way++) {
        struct meeting m = meeting_new(&ways[way]);
        static uint8_t garbage[9000];
        memset(garbage, 0x16, sizeof garbage);
        assert_int_equal(write(m.fds[1], garbage, sizeof garbage), sizeof garbage);
        assert_int_equal(tls_handshake(m.server), TLS_BROKEN);
        part(&m);
    }
}

/* ---- */

static int begin(void **state)
{
    (void)state;
    assert_ok(tls_cert_make("localhost", &pem));
    assert_ok(crypto_new(&crypto));
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_clear(&pem);
    crypto_free(crypto);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hybrid_group_is_taken_wherever_the_client_has_it),
        cmocka_unit_test(a_client_without_it_gets_x25519_before_p256),
        cmocka_unit_test(other_groups_are_refused),
        cmocka_unit_test(connections_with_aes_128_alone_leave_openssl_and_only_where_it_is_wanted),
        cmocka_unit_test(much_goes_either_way_past_a_socket_that_is_full),
        cmocka_unit_test(what_comes_with_the_clients_last_flight_is_not_lost),
        cmocka_unit_test(records_in_single_bytes_are_understood_even_those_of_the_last_flight),
        cmocka_unit_test(key_updates_of_the_client_are_followed_and_answered),
        cmocka_unit_test(both_sides_export_the_same),
        cmocka_unit_test(words_and_a_goodbye_in_one_piece_are_both_heard),
        cmocka_unit_test(a_goodbye_of_ours_is_one_for_the_client),
        cmocka_unit_test(a_client_that_hangs_up_amid_a_record_has_ended),
        cmocka_unit_test(garbage_is_answered_with_an_alert_and_ends_it),
        cmocka_unit_test(an_alert_of_the_client_breaks_it),
        cmocka_unit_test(a_handshake_that_is_garbage_fails),
    };
    return cmocka_run_group_tests_name("net/tls", tests, begin, end);
}
