#include "bench/bare.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <time.h>

#include "net/tls_cert.h"

#define ROUNDS 8 /* more than a handshake has flights */

static double thread_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool identify(SSL_CTX *ctx)
{
    DEFER(buf_clear) sotto_buf pem = {0};
    if (tls_cert_make("localhost", &pem) != SOTTO_OK)
        return false;
    BIO *key_in = BIO_new_mem_buf(pem.data, (int)pem.len),
        *cert_in = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_in, NULL, NULL, NULL);
    X509 *cert = PEM_read_bio_X509(cert_in, NULL, NULL, NULL);
    bool set = SSL_CTX_use_certificate(ctx, cert) == 1 && SSL_CTX_use_PrivateKey(ctx, key) == 1;
    X509_free(cert);
    EVP_PKEY_free(key);
    BIO_free(key_in);
    BIO_free(cert_in);
    return set;
}

/* One handshake between two memory buffers; adds the server's time. */
static bool handshake(SSL_CTX *server_ctx, SSL_CTX *client_ctx, double *us)
{
    SSL *client = SSL_new(client_ctx);
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    BIO_up_ref(up);
    BIO_up_ref(down);
    SSL_set_bio(client, down, up);
    SSL_set_connect_state(client);
    double before = thread_us();
    SSL *server = SSL_new(server_ctx);
    SSL_set_bio(server, up, down);
    SSL_set_accept_state(server);
    *us += thread_us() - before;
    for (unsigned i = 0;
         i < ROUNDS && !(SSL_is_init_finished(server) && SSL_is_init_finished(client)); i++) {
        (void)SSL_do_handshake(client);
        before = thread_us();
        (void)SSL_do_handshake(server);
        *us += thread_us() - before;
    }
    bool done = SSL_is_init_finished(server) && SSL_is_init_finished(client);
    before = thread_us();
    SSL_free(server);
    *us += thread_us() - before;
    SSL_free(client);
    return done;
}

double bare_handshake_us(unsigned count)
{
    SSL_CTX *server = SSL_CTX_new(TLS_server_method()), *client = SSL_CTX_new(TLS_client_method());
    double us = 0;
    SSL_CTX_set_num_tickets(server, 0);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    bool done = identify(server) && SSL_CTX_set1_groups_list(server, "X25519MLKEM768") == 1 &&
                SSL_CTX_set_ciphersuites(server, "TLS_AES_128_GCM_SHA256") == 1;
    for (unsigned i = 0; done && i < count; i++)
        done = handshake(server, client, &us);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    return done ? us / count : 0;
}
