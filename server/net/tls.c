/* `struct tls` is OpenSSL's SSL and `struct tls_context` its SSL_CTX: nothing stands around them, since there is one a connection. */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

/* The post-quantum hybrid if the client has it, even at the price of a round trip more: hence the slashes. */
#define TLS_GROUPS  "X25519MLKEM768 / X25519 / P-256"
#define TLS_CIPHERS "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"

#define TLS_CHAIN_MAX 8 /* certificates behind the first */

static SSL *as_ssl(struct tls *tls)
{
    return (SSL *)tls;
}

static sotto_err context_set(SSL_CTX *ctx)
{
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_read_ahead(ctx, 1);
    bool set = SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
               SSL_CTX_set1_groups_list(ctx, TLS_GROUPS) == 1 &&
               SSL_CTX_set_ciphersuites(ctx, TLS_CIPHERS) == 1;
    return set ? SOTTO_OK : SOTTO_E_CRYPTO;
}

/* The program asks nobody for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)arg;
    return -1;
}

static void bio_freep(BIO **bio)
{
    BIO_free(*bio);
}

static void pkey_freep(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void x509_freep(X509 **certificate)
{
    X509_free(*certificate);
}

/* What stands behind the certificate in the file: those of its issuers. */
static bool chain_add(SSL_CTX *ctx, BIO *bio)
{
    for (unsigned i = 0; i < TLS_CHAIN_MAX; i++) {
        DEFER(x509_freep) X509 *issuer = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
        if (issuer == NULL)
            return true;
        if (SSL_CTX_add1_chain_cert(ctx, issuer) != 1)
            return false;
    }
    return true;
}

static sotto_err context_identify(SSL_CTX *ctx, view pem)
{
    DEFER(bio_freep) BIO *key_bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    DEFER(bio_freep) BIO *certificate_bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    if (key_bio == NULL || certificate_bio == NULL)
        return SOTTO_E_NOMEM;
    DEFER(pkey_freep) EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_bio, NULL, no_passphrase, NULL);
    DEFER(x509_freep) X509 *x509 = PEM_read_bio_X509(certificate_bio, NULL, no_passphrase, NULL);
    bool set = pkey != NULL && x509 != NULL && SSL_CTX_use_certificate(ctx, x509) == 1 &&
               SSL_CTX_use_PrivateKey(ctx, pkey) == 1 && SSL_CTX_check_private_key(ctx) == 1 &&
               chain_add(ctx, certificate_bio);
    ERR_clear_error();
    return set ? SOTTO_OK : SOTTO_E_CERTIFICATE;
}

static void ctx_freep(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

sotto_err tls_context_new(view pem, struct tls_context **ret_context)
{
    DEFER(ctx_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL)
        return SOTTO_E_NOMEM;
    TRY(context_set(ctx));
    TRY(context_identify(ctx, pem));
    *ret_context = (struct tls_context *)MOVE(ctx);
    return SOTTO_OK;
}

sotto_err tls_pem_end(view pem, int64_t *ret_not_after_s)
{
    DEFER(bio_freep) BIO *bio = BIO_new_mem_buf(pem.data, (int)pem.len);
    DEFER(x509_freep)
    X509 *x509 = bio == NULL ? NULL : PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);
    struct tm tm;
    bool read = x509 != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(x509), &tm) == 1;
    ERR_clear_error();
    if (!read)
        return SOTTO_E_CERTIFICATE;
    *ret_not_after_s = (int64_t)timegm(&tm);
    return SOTTO_OK;
}

sotto_err tls_pem_check(view pem)
{
    struct tls_context *context;
    TRY(tls_context_new(pem, &context));
    tls_context_free(context);
    return SOTTO_OK;
}

void tls_context_free(struct tls_context *context)
{
    SSL_CTX_free((SSL_CTX *)context);
}

sotto_err tls_new(struct tls_context *context, int fd, struct tls **ret_tls)
{
    SSL *ssl = SSL_new((SSL_CTX *)context);
    if (ssl == NULL)
        return SOTTO_E_NOMEM;
    if (SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return SOTTO_E_NOMEM;
    }
    SSL_set_accept_state(ssl);
    *ret_tls = (struct tls *)ssl;
    return SOTTO_OK;
}

void tls_free(struct tls *tls)
{
    SSL_free(as_ssl(tls));
}

/* What the failed call means; the thread's error queue is left empty for the next connection. */
static enum tls_result tls_judge(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);
    ERR_clear_error();
    switch (error) {
    case SSL_ERROR_WANT_READ:
        return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE:
        return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return TLS_ENDED;
    default:
        return TLS_BROKEN;
    }
}

/* OpenSSL keeps the client's ML-KEM key, 6 KiB, for as long as the connection lives, and nobody asks for it again: turning
 * the object into an empty key of another type frees what is in it. */
static void peer_key_drop(SSL *ssl)
{
    EVP_PKEY *key = NULL;
    if (SSL_get_peer_tmp_key(ssl, &key) == 1)
        (void)EVP_PKEY_set_type(key, EVP_PKEY_X25519);
    EVP_PKEY_free(key);
    ERR_clear_error();
}

enum tls_result tls_handshake(struct tls *tls)
{
    int result = SSL_accept(as_ssl(tls));
    if (result != 1)
        return tls_judge(as_ssl(tls), result);
    peer_key_drop(as_ssl(tls));
    return TLS_DONE;
}

enum tls_result tls_read(struct tls *tls, uint8_t *ret_data, size_t max, size_t *ret_len)
{
    int result = SSL_read_ex(as_ssl(tls), ret_data, max, ret_len);
    return result == 1 ? TLS_DONE : tls_judge(as_ssl(tls), result);
}

enum tls_result tls_write(struct tls *tls, view data, size_t *ret_len)
{
    int result = SSL_write_ex(as_ssl(tls), data.data, data.len, ret_len);
    return result == 1 ? TLS_DONE : tls_judge(as_ssl(tls), result);
}

bool tls_has_pending(struct tls *tls)
{
    return SSL_has_pending(as_ssl(tls)) == 1;
}

void tls_shutdown(struct tls *tls)
{
    if (SSL_is_init_finished(as_ssl(tls)))
        (void)SSL_shutdown(as_ssl(tls));
    ERR_clear_error();
}

sotto_err tls_export(struct tls *tls, const char *label, uint8_t *ret_out, size_t len)
{
    int result =
        SSL_export_keying_material(as_ssl(tls), ret_out, len, label, strlen(label), NULL, 0, 0);
    ERR_clear_error();
    return result == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}
