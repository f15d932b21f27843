/* tls.c - an SSL object over two memory BIOs. */
#include "host/tls.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

struct tls {
    SSL_CTX *context;
    SSL *ssl;
    BIO *in, *out; /* owned by ssl */
    char detail[128];
};

void tls_free(struct tls *t)
{
    if (t == NULL)
        return;
    SSL_free(t->ssl);
    SSL_CTX_free(t->context);
    free(t);
}

void tls_freep(struct tls **t)
{
    tls_free(*t);
}

/* The first group is the one that a key share is sent for: hybrid with ML-KEM, so that traffic
 * kept today stays closed tomorrow. */
static sotto_err context_make(struct tls *t)
{
    t->context = SSL_CTX_new(TLS_client_method());
    if (t->context == NULL)
        return SOTTO_E_NOMEM;
    SSL_CTX_set_verify(t->context, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_session_cache_mode(t->context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(t->context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    bool ok = SSL_CTX_set_min_proto_version(t->context, TLS1_3_VERSION) == 1 &&
              SSL_CTX_set1_groups_list(t->context, "X25519MLKEM768:X25519") == 1;
    return ok ? SOTTO_OK : SOTTO_E_CRYPTO;
}

sotto_err tls_new(const char *name, struct tls **ret_tls)
{
    DEFER(tls_freep) struct tls *t = calloc(1, sizeof *t);
    if (t == NULL)
        return SOTTO_E_NOMEM;
    TRY(context_make(t));
    t->ssl = SSL_new(t->context);
    t->in = BIO_new(BIO_s_mem());
    t->out = BIO_new(BIO_s_mem());
    if (t->ssl == NULL || t->in == NULL || t->out == NULL) {
        BIO_free(t->in);
        BIO_free(t->out);
        return SOTTO_E_NOMEM;
    }
    SSL_set_bio(t->ssl, t->in, t->out);
    SSL_set_connect_state(t->ssl);
    if (name != NULL && SSL_set_tlsext_host_name(t->ssl, name) != 1)
        return SOTTO_E_CRYPTO;
    *ret_tls = MOVE(t);
    return SOTTO_OK;
}

static sotto_err failed(struct tls *t)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    snprintf(t->detail, sizeof t->detail, "%s", reason != NULL ? reason : "");
    ERR_clear_error();
    return SOTTO_E_TLS;
}

sotto_err tls_handshake(struct tls *t, bool *ret_done)
{
    ERR_clear_error();
    int result = SSL_do_handshake(t->ssl);
    *ret_done = result == 1;
    if (result == 1 || SSL_get_error(t->ssl, result) == SSL_ERROR_WANT_READ)
        return SOTTO_OK;
    return failed(t);
}

sotto_err tls_feed(struct tls *t, view ciphertext)
{
    int len = (int)size_min(ciphertext.len, INT32_MAX);
    return BIO_write(t->in, ciphertext.data, len) == len ? SOTTO_OK : SOTTO_E_NOMEM;
}

sotto_err tls_output(struct tls *t, sotto_buf *out)
{
    size_t len = BIO_ctrl_pending(t->out);
    uint8_t *place;
    if (len == 0)
        return SOTTO_OK;
    TRY(buf_extend(out, len, &place));
    return BIO_read(t->out, place, (int)len) == (int)len ? SOTTO_OK : SOTTO_E_CRYPTO;
}

sotto_err tls_read(struct tls *t, sotto_buf *out)
{
    for (;;) {
        size_t got = 0;
        TRY(buf_reserve(out, 16384));
        ERR_clear_error();
        int result = SSL_read_ex(t->ssl, out->data + out->len, out->cap - out->len, &got);
        if (result == 1) {
            out->len += got;
            continue;
        }
        int error = SSL_get_error(t->ssl, result);
        if (error == SSL_ERROR_WANT_READ)
            return SOTTO_OK;
        return error == SSL_ERROR_ZERO_RETURN ? SOTTO_E_CLOSED : failed(t);
    }
}

sotto_err tls_write(struct tls *t, view plain)
{
    size_t written = 0;
    if (plain.len == 0)
        return SOTTO_OK;
    ERR_clear_error();
    if (SSL_write_ex(t->ssl, plain.data, plain.len, &written) != 1 || written != plain.len)
        return failed(t);
    return SOTTO_OK;
}

sotto_err tls_export(struct tls *t, const char *label, uint8_t *ret_out, size_t len)
{
    if (SSL_export_keying_material(t->ssl, ret_out, len, label, strlen(label), NULL, 0, 0) != 1)
        return failed(t);
    return SOTTO_OK;
}

void tls_close(struct tls *t)
{
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}

const char *tls_detail(const struct tls *t)
{
    return t->detail;
}
