/* What the server agrees to, told by the other end of a real handshake. */
#include "unit.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
#include "net/tls_cert.h"

#define TURNS 20 /* far more than a handshake takes */

struct meeting {
    int fds[2];
    struct tls_context *context;
    struct tls *server;
    SSL_CTX *client_context;
    SSL *client;
    bool done;
};

/* A client that offers these groups, the first with its key share. */
static struct meeting meet(const char *groups)
{
    struct meeting m = {0};
    sotto_buf pem = {0};
    assert_ok(tls_cert_make("localhost", &pem));
    assert_ok(tls_context_new(buf_view(&pem), &m.context));
    buf_clear(&pem);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, m.fds), 0);
    assert_ok(tls_new(m.context, m.fds[0], &m.server));
    m.client_context = SSL_CTX_new(TLS_client_method());
    assert_int_equal(SSL_CTX_set1_groups_list(m.client_context, groups), 1);
    m.client = SSL_new(m.client_context);
    assert_int_equal(SSL_set_fd(m.client, m.fds[1]), 1);
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
    tls_free(m->server);
    tls_context_free(m->context);
    close(m->fds[0]);
    close(m->fds[1]);
}

static void assert_group(const char *offered, const char *agreed)
{
    struct meeting m = meet(offered);
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
    struct meeting m = meet("P-384:X448");
    assert_false(m.done);
    part(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hybrid_group_is_taken_wherever_the_client_has_it),
        cmocka_unit_test(a_client_without_it_gets_x25519_before_p256),
        cmocka_unit_test(other_groups_are_refused),
    };
    return cmocka_run_group_tests_name("net/tls", tests, NULL, NULL);
}
