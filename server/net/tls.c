/* A connection in two lives. In the first, OpenSSL reads through a BIO of ours, which asks the socket for more than OpenSSL does
 * and keeps the rest in `in`: thus nothing of what follows the handshake is ever inside OpenSSL. In the second, `ssl` is gone:
 * what has come goes through the context's scratch, and only a record that isn't whole is kept in `in`, only one that the socket
 * didn't take at once in `out`. The secrets for it come from OpenSSL's key log, which is called inside the handshake.
 * Where OpenSSL stays, the BIO is a plain way to the socket as soon as `in` is empty. */
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/ct.h"
#include "base/text.h"
#include "net/tls_record.h"

/* The post-quantum hybrid if the client has it, even at the price of a round trip more: hence the slashes. */
#define TLS_GROUPS  "X25519MLKEM768 / X25519 / P-256"
#define TLS_CIPHERS "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"

#define TLS_CHAIN_MAX 8    /* certificates behind the first */
#define AHEAD         4096 /* bytes that the handshake may read ahead */
#define WRITE_RECORDS 4    /* that go out with one call */
#define SCRATCH \
    (WRITE_RECORDS * (TLS_RECORD_KEY_UPDATE + TLS_RECORD_DATA_MAX + TLS_RECORD_OVERHEAD))

enum { SECRET_IN = 1, SECRET_OUT = 2, SECRET_EXPORTER = 4, SECRETS_ALL = 7 };

struct tls_context {
    SSL_CTX *ssl;
    BIO_METHOD *bio;
    sotto_crypto *crypto; /* NULL: OpenSSL keeps its connections */
    size_t users;         /* itself and its connections */
    uint8_t scratch[SCRATCH];
};

struct tls {
    struct tls_context *context;
    SSL *ssl;                 /* NULL: the record layer is ours */
    struct tls_record record; /* its two secrets alone while `ssl` is there */
    struct tls_secret exporter;
    sotto_buf in;     /* came, not yet used */
    sotto_buf out;    /* sealed, not yet sent */
    uint32_t need;    /* bytes in `in` without which there is no record */
    uint32_t out_len; /* bytes of data in `out` */
    int fd;
    uint8_t secrets; /* which are known */
    uint8_t verdict; /* tls_result of all reads to come; TLS_DONE: none yet */
    bool more;       /* the socket may hold more than was read */
};

/* ---- the context */

static sotto_err context_set(SSL_CTX *ctx)
{
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
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

/* "LABEL CLIENT_RANDOM SECRET"; the numbers are hexadecimal. */
static void on_secret(const SSL *ssl, const char *line)
{
    struct tls *tls = BIO_get_data(SSL_get_rbio(ssl));
    const struct {
        const char *label;
        struct tls_secret *secret;
        uint8_t bit;
    } rows[] = {
        {"CLIENT_TRAFFIC_SECRET_0 ", &tls->record.in.secret, SECRET_IN},
        {"SERVER_TRAFFIC_SECRET_0 ", &tls->record.out.secret, SECRET_OUT},
        {"EXPORTER_SECRET ", &tls->exporter, SECRET_EXPORTER},
    };
    const char *hex = strrchr(line, ' ');
    for (size_t i = 0; hex != NULL && i < COUNT_OF(rows); i++) {
        sotto_buf secret = BUF_ON(rows[i].secret->bytes);
        if (strncmp(line, rows[i].label, strlen(rows[i].label)) == 0 &&
            hex_read(view_str(hex + 1), &secret) == SOTTO_OK && secret.len == TLS_SECRET)
            tls->secrets |= rows[i].bit;
    }
}

static BIO_METHOD *bio_method_new(void);

static void context_freep(struct tls_context **context)
{
    tls_context_free(*context);
}

sotto_err tls_context_new(view pem, struct tls_context **ret_context)
{
    DEFER(context_freep) struct tls_context *context = calloc(1, sizeof *context);
    if (context == NULL)
        return SOTTO_E_NOMEM;
    context->users = 1;
    context->ssl = SSL_CTX_new(TLS_server_method());
    context->bio = bio_method_new();
    if (context->ssl == NULL || context->bio == NULL)
        return SOTTO_E_NOMEM;
    TRY(context_set(context->ssl));
    TRY(context_identify(context->ssl, pem));
    *ret_context = MOVE(context);
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

void tls_context_own_records(struct tls_context *context, sotto_crypto *crypto)
{
    context->crypto = crypto;
    SSL_CTX_set_keylog_callback(context->ssl, on_secret);
}

void tls_context_free(struct tls_context *context)
{
    if (context == NULL || --context->users > 0)
        return;
    SSL_CTX_free(context->ssl);
    BIO_meth_free(context->bio);
    ct_wipe(context->scratch, sizeof context->scratch);
    free(context);
}

/* ---- the BIO */

static bool is_later(void)
{
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

/* What the socket has of up to AHEAD bytes; what OpenSSL doesn't want yet stays in `in`. A socket that gave less has no more. */
static ssize_t recv_ahead(struct tls *tls, char *ret_data, size_t max)
{
    uint8_t *scratch = tls->context->scratch;
    if (!tls->more) {
        errno = EAGAIN;
        return -1;
    }
    ssize_t len = recv(tls->fd, scratch, AHEAD, 0);
    tls->more = len == AHEAD;
    if (len <= 0)
        return len;
    size_t used = size_min((size_t)len, max);
    memcpy(ret_data, scratch, used);
    if (buf_append(&tls->in, view_of(scratch + used, (size_t)len - used)) == SOTTO_OK)
        return (ssize_t)used;
    errno = ENOMEM;
    return -1;
}

static int on_bio_read(BIO *bio, char *ret_data, int max)
{
    struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (tls->in.len > 0) {
        size_t len = size_min((size_t)max, tls->in.len);
        memcpy(ret_data, tls->in.data, len);
        buf_consume(&tls->in, len);
        if (tls->in.len == 0)
            buf_clear(&tls->in);
        return (int)len;
    }
    ssize_t len = SSL_is_init_finished(tls->ssl) ? recv(tls->fd, ret_data, (size_t)max, 0)
                                                 : recv_ahead(tls, ret_data, (size_t)max);
    if (len == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    else if (len < 0 && is_later())
        BIO_set_retry_read(bio);
    return (int)len;
}

static int on_bio_write(BIO *bio, const char *data, int len)
{
    const struct tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t sent = send(tls->fd, data, (size_t)len, MSG_NOSIGNAL);
    if (sent < 0 && is_later())
        BIO_set_retry_write(bio);
    return (int)sent;
}

static long on_bio_ctrl(BIO *bio, int what, long number, void *pointer)
{
    (void)number;
    (void)pointer;
    if (what == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return what == BIO_CTRL_FLUSH;
}

static BIO_METHOD *bio_method_new(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "socket");
    if (method != NULL && BIO_meth_set_read(method, on_bio_read) == 1 &&
        BIO_meth_set_write(method, on_bio_write) == 1 &&
        BIO_meth_set_ctrl(method, on_bio_ctrl) == 1)
        return method;
    BIO_meth_free(method);
    return NULL;
}

/* ---- a connection */

static void tls_freep(struct tls **tls)
{
    tls_free(*tls);
}

sotto_err tls_new(struct tls_context *context, int fd, struct tls **ret_tls)
{
    DEFER(tls_freep) struct tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return SOTTO_E_NOMEM;
    tls->context = context;
    context->users++;
    tls->fd = fd;
    tls->ssl = SSL_new(context->ssl);
    BIO *bio = tls->ssl != NULL ? BIO_new(context->bio) : NULL;
    if (bio == NULL)
        return SOTTO_E_NOMEM;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    SSL_set_accept_state(tls->ssl);
    *ret_tls = MOVE(tls);
    return SOTTO_OK;
}

void tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    SSL_free(tls->ssl);
    buf_clear(&tls->in);
    buf_clear(&tls->out);
    tls_context_free(tls->context);
    ct_wipe(tls, sizeof *tls);
    free(tls);
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

/* Nothing of what follows the handshake is in OpenSSL, in either direction: it was given no more than it asked for, record by
 * record, and has nothing to say after the client's Finished, since there are no tickets. */
static bool own_begin(struct tls *tls)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(tls->ssl);
    sotto_crypto *crypto = tls->context->crypto;
    if (crypto == NULL || tls->secrets != SECRETS_ALL ||
        SSL_CIPHER_get_protocol_id(cipher) != (TLS1_3_CK_AES_128_GCM_SHA256 & 0xffff) ||
        SSL_has_pending(tls->ssl) == 1)
        return false;
    return tls_record_init(&tls->record, crypto, &tls->record.in.secret, &tls->record.out.secret) ==
           SOTTO_OK;
}

enum tls_result tls_handshake(struct tls *tls)
{
    tls->more = true;
    int result = SSL_accept(tls->ssl);
    if (result != 1)
        return tls_judge(tls->ssl, result);
    if (own_begin(tls)) {
        SSL_free(MOVE(tls->ssl));
        tls->need = TLS_RECORD_HEADER;
        return TLS_DONE;
    }
    tls_record_clear(&tls->record);
    SSL_set_read_ahead(tls->ssl, 1);
    peer_key_drop(tls->ssl);
    return TLS_DONE;
}

bool tls_has_own_records(const struct tls *tls)
{
    return tls->ssl == NULL;
}

/* ---- our own record layer: in */

/* Tells why, if what was sealed before is out: an alert amid a record would be none. */
static void own_alert(struct tls *tls, enum tls_alert alert)
{
    uint8_t sealed[TLS_RECORD_ALERT];
    if (tls->out.len == 0 &&
        tls_record_seal_alert(&tls->record, tls->context->crypto, alert, sealed) == SOTTO_OK)
        (void)!send(tls->fd, sealed, sizeof sealed, MSG_NOSIGNAL);
}

/* Opens what is whole in the scratch, takes its data to ret_data, and gives how much of the scratch was used. */
static size_t own_open(struct tls *tls, size_t len, uint8_t *ret_data, size_t *ret_len)
{
    uint8_t *bytes = tls->context->scratch;
    size_t used = 0;
    while (tls->verdict == TLS_DONE) {
        struct tls_record_opened opened;
        switch (tls_record_open(&tls->record, tls->context->crypto, bytes + used, len - used,
                                &opened)) {
        case TLS_RECORD_PART:
            tls->need = (uint32_t)opened.len;
            return used;
        case TLS_RECORD_DATA:
            memcpy(ret_data + *ret_len, opened.data.data, opened.data.len);
            *ret_len += opened.data.len;
            break;
        case TLS_RECORD_TAKEN:
            break;
        case TLS_RECORD_ENDED:
            tls->verdict = TLS_ENDED;
            break;
        case TLS_RECORD_REFUSED:
            own_alert(tls, opened.alert);
            tls->verdict = TLS_BROKEN;
            break;
        default:
            tls->verdict = TLS_BROKEN;
            break;
        }
        used += opened.len;
    }
    return len;
}

/* What isn't whole has to wait. */
static void own_keep(struct tls *tls, view rest)
{
    if (rest.len == 0)
        buf_clear(&tls->in);
    else if (buf_set(&tls->in, rest) != SOTTO_OK)
        tls->verdict = TLS_BROKEN;
}

/* So much in all that its data has room: either one record, or several that are no longer than their data may be. */
static size_t own_want(const struct tls *tls, size_t max)
{
    size_t most = size_min(max, SCRATCH);
    return tls->need > most ? tls->need : most;
}

static enum tls_result own_read(struct tls *tls, uint8_t *ret_data, size_t max, size_t *ret_len)
{
    assert(max >= TLS_READ_MIN);
    if (tls->verdict != TLS_DONE)
        return tls->verdict;
    uint8_t *scratch = tls->context->scratch;
    size_t kept = tls->in.len, want = own_want(tls, max) - kept, data_len = 0;
    ssize_t got = recv(tls->fd, scratch + kept, want, 0);
    if (got < 0 && !is_later())
        tls->verdict = TLS_BROKEN;
    size_t have = kept + (got > 0 ? (size_t)got : 0);
    tls->more = (size_t)got == want;
    if (tls->verdict == TLS_DONE && have >= tls->need) {
        if (kept > 0)
            memcpy(scratch, tls->in.data, kept);
        size_t used = own_open(tls, have, ret_data, &data_len);
        own_keep(tls, view_of(scratch + used, have - used));
    } else if (got > 0 && buf_append(&tls->in, view_of(scratch + kept, (size_t)got)) != SOTTO_OK) {
        tls->verdict = TLS_BROKEN;
    }
    if (got == 0 && tls->verdict == TLS_DONE)
        tls->verdict = TLS_ENDED;
    if (data_len == 0)
        return tls->verdict == TLS_DONE ? TLS_WANT_READ : (enum tls_result)tls->verdict;
    *ret_len = data_len;
    return TLS_DONE;
}

/* ---- our own record layer: out */

static enum tls_result own_send(struct tls *tls, view sealed, size_t data_len, size_t *ret_len)
{
    ssize_t sent = send(tls->fd, sealed.data, sealed.len, MSG_NOSIGNAL);
    if (sent < 0 && !is_later())
        return TLS_BROKEN;
    if (sent == (ssize_t)sealed.len) {
        buf_clear(&tls->out);
        *ret_len = data_len;
        return TLS_DONE;
    }
    size_t done = sent > 0 ? (size_t)sent : 0;
    if (sealed.data == tls->out.data)
        buf_consume(&tls->out, done);
    else if (buf_set(&tls->out, view_of(sealed.data + done, sealed.len - done)) != SOTTO_OK)
        return TLS_BROKEN;
    tls->out_len = (uint32_t)data_len;
    return TLS_WANT_WRITE;
}

static enum tls_result own_write(struct tls *tls, view data, size_t *ret_len)
{
    if (tls->out.len > 0)
        return own_send(tls, buf_view(&tls->out), tls->out_len, ret_len);
    uint8_t *scratch = tls->context->scratch;
    size_t used = 0, sealed = 0;
    for (unsigned i = 0; i < WRITE_RECORDS && used < data.len; i++) {
        const view piece = {data.data + used, size_min(data.len - used, TLS_RECORD_DATA_MAX)};
        size_t len;
        if (tls_record_seal(&tls->record, tls->context->crypto, piece, scratch + sealed, &len) !=
            SOTTO_OK)
            return TLS_BROKEN;
        used += piece.len;
        sealed += len;
    }
    return own_send(tls, view_of(scratch, sealed), used, ret_len);
}

/* ---- either */

enum tls_result tls_read(struct tls *tls, uint8_t *ret_data, size_t max, size_t *ret_len)
{
    if (tls->ssl == NULL)
        return own_read(tls, ret_data, max, ret_len);
    int result = SSL_read_ex(tls->ssl, ret_data, max, ret_len);
    return result == 1 ? TLS_DONE : tls_judge(tls->ssl, result);
}

enum tls_result tls_write(struct tls *tls, view data, size_t *ret_len)
{
    if (tls->ssl == NULL)
        return own_write(tls, data, ret_len);
    int result = SSL_write_ex(tls->ssl, data.data, data.len, ret_len);
    return result == 1 ? TLS_DONE : tls_judge(tls->ssl, result);
}

bool tls_has_pending(struct tls *tls)
{
    if (tls->ssl == NULL)
        return tls->more || tls->verdict != TLS_DONE || tls->in.len >= tls->need;
    return tls->in.len > 0 || SSL_has_pending(tls->ssl) == 1;
}

void tls_shutdown(struct tls *tls)
{
    if (tls->ssl == NULL)
        own_alert(tls, TLS_ALERT_CLOSE_NOTIFY);
    else if (SSL_is_init_finished(tls->ssl))
        (void)SSL_shutdown(tls->ssl);
    ERR_clear_error();
}

sotto_err tls_export(struct tls *tls, const char *label, uint8_t *ret_out, size_t len)
{
    if (tls->ssl == NULL)
        return tls_secret_export(tls->context->crypto, &tls->exporter, label, ret_out, len);
    int result =
        SSL_export_keying_material(tls->ssl, ret_out, len, label, strlen(label), NULL, 0, 0);
    ERR_clear_error();
    return result == 1 ? SOTTO_OK : SOTTO_E_CRYPTO;
}
