/* Ours beside OpenSSL's: two ends of OpenSSL talk over memory, and each has a twin of ours with the same secrets. What OpenSSL
 * seals must be what the twin seals, byte for byte, and each must open it. */
#include "unit.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "base/text.h"
#include "crypto/rng.h"
#include "net/tls_cert.h"
#include "net/tls_record.h"

#define SCRIPTS      24
#define STEPS        40
#define RANDOM_INNER 400
#define SEALED_MAX   (TLS_RECORD_KEY_UPDATE + TLS_RECORD_DATA_MAX + TLS_RECORD_OVERHEAD)

static sotto_crypto *crypto;
static SSL_CTX *server_context, *client_context;

enum { ALERT = 21, HANDSHAKE = 22, DATA = 23 };

/* ---- two ends, each with its twin */

enum { CLIENT, SERVER };

struct end {
    SSL *ssl;
    BIO *in, *out;
    struct tls_record twin;
};

struct pair {
    struct end ends[2];
    struct tls_secret secrets[2]; /* of what each end sends */
    struct tls_secret exporter;
};

static void on_secret(const SSL *ssl, const char *line)
{
    struct pair *p = SSL_get_app_data(ssl);
    const struct {
        const char *label;
        struct tls_secret *secret;
    } rows[] = {{"CLIENT_TRAFFIC_SECRET_0 ", &p->secrets[CLIENT]},
                {"SERVER_TRAFFIC_SECRET_0 ", &p->secrets[SERVER]},
                {"EXPORTER_SECRET ", &p->exporter}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sotto_buf bytes = BUF_ON(rows[i].secret->bytes);
        if (strncmp(line, rows[i].label, strlen(rows[i].label)) == 0)
            assert_ok(hex_read(view_str(strrchr(line, ' ') + 1), &bytes));
    }
}

static void context_identify(SSL_CTX *context)
{
    sotto_buf pem = {0};
    assert_ok(tls_cert_make("localhost", &pem));
    BIO *key = BIO_new_mem_buf(pem.data, (int)pem.len),
        *certificate = BIO_new_mem_buf(pem.data, (int)pem.len);
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);
    X509 *x509 = PEM_read_bio_X509(certificate, NULL, NULL, NULL);
    assert_int_equal(SSL_CTX_use_certificate(context, x509), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(context, pkey), 1);
    X509_free(x509);
    EVP_PKEY_free(pkey);
    BIO_free(key);
    BIO_free(certificate);
    buf_clear(&pem);
}

static int begin(void **state)
{
    (void)state;
    assert_ok(crypto_new(&crypto));
    server_context = SSL_CTX_new(TLS_server_method());
    client_context = SSL_CTX_new(TLS_client_method());
    context_identify(server_context);
    SSL_CTX_set_num_tickets(server_context, 0);
    SSL_CTX_set_ciphersuites(server_context, "TLS_AES_128_GCM_SHA256");
    SSL_CTX_set1_groups_list(client_context, "X25519");
    SSL_CTX_set_keylog_callback(server_context, on_secret);
    return 0;
}

static int end(void **state)
{
    (void)state;
    SSL_CTX_free(server_context);
    SSL_CTX_free(client_context);
    crypto_free(crypto);
    return 0;
}

static struct end end_new(SSL_CTX *context)
{
    struct end e = {
        .ssl = SSL_new(context), .in = BIO_new(BIO_s_mem()), .out = BIO_new(BIO_s_mem())};
    BIO_set_mem_eof_return(e.in, -1);
    SSL_set_bio(e.ssl, e.in, e.out);
    return e;
}

/* What an end has sent and nobody has taken. */
static sotto_buf sent_take(struct end *e)
{
    sotto_buf sent = {0};
    uint8_t *place;
    size_t len = BIO_ctrl_pending(e->out);
    assert_ok(buf_extend(&sent, len, &place));
    if (len > 0)
        assert_int_equal(BIO_read(e->out, place, (int)len), (int)len);
    return sent;
}

static void give(struct end *e, view bytes)
{
    if (bytes.len > 0)
        assert_int_equal(BIO_write(e->in, bytes.data, (int)bytes.len), (int)bytes.len);
}

static void pass(struct end *from, struct end *to)
{
    sotto_buf sent = sent_take(from);
    give(to, buf_view(&sent));
    buf_clear(&sent);
}

static struct pair *meet(void)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    struct end *client = &p->ends[CLIENT], *server = &p->ends[SERVER];
    *client = end_new(client_context);
    *server = end_new(server_context);
    SSL_set_app_data(server->ssl, p);
    SSL_set_connect_state(client->ssl);
    SSL_set_accept_state(server->ssl);
    for (int i = 0; i < 4; i++) {
        (void)SSL_do_handshake(client->ssl);
        pass(client, server);
        (void)SSL_do_handshake(server->ssl);
        pass(server, client);
    }
    assert_true(SSL_is_init_finished(client->ssl) && SSL_is_init_finished(server->ssl));
    assert_ok(tls_record_init(&client->twin, crypto, &p->secrets[SERVER], &p->secrets[CLIENT]));
    assert_ok(tls_record_init(&server->twin, crypto, &p->secrets[CLIENT], &p->secrets[SERVER]));
    return p;
}

static void part(struct pair *p)
{
    SSL_free(p->ends[CLIENT].ssl);
    SSL_free(p->ends[SERVER].ssl);
    ERR_clear_error();
    free(p);
}

/* ---- lockstep */

/* The twin opens what came; gives the last event. Data is appended. */
static enum tls_record_event twin_open(struct tls_record *twin, view bytes, sotto_buf *data,
                                       struct tls_record_opened *opened)
{
    sotto_buf copy = {0};
    assert_ok(buf_append(&copy, bytes));
    enum tls_record_event event = TLS_RECORD_PART;
    for (size_t at = 0; at < copy.len; at += opened->len) {
        event = tls_record_open(twin, crypto, copy.data + at, copy.len - at, opened);
        if (event == TLS_RECORD_DATA)
            assert_ok(buf_append(data, opened->data));
        else if (event != TLS_RECORD_TAKEN)
            break;
    }
    buf_clear(&copy);
    return event;
}

/* What OpenSSL's end reads of what was given to it; less than all if it refuses. */
static sotto_buf ssl_take(struct end *e)
{
    static uint8_t piece[TLS_RECORD_DATA_MAX];
    sotto_buf data = {0};
    size_t len;
    while (SSL_read_ex(e->ssl, piece, sizeof piece, &len) == 1)
        assert_ok(buf_append(&data, view_of(piece, len)));
    return data;
}

static void assert_views(view got, view want)
{
    assert_int_equal(got.len, want.len);
    if (got.len > 0)
        assert_memory_equal(got.data, want.data, got.len);
}

/* OpenSSL's end has just sent something; its twin sealed `ours` for the same reason, and both others must find `data` in it. */
static void assert_same(struct end *from, struct end *to, view ours, view data)
{
    sotto_buf sent = sent_take(from), opened = {0};
    struct tls_record_opened last;
    assert_views(ours, buf_view(&sent));
    assert_int_equal(twin_open(&to->twin, ours, &opened, &last),
                     data.len > 0 ? TLS_RECORD_DATA : TLS_RECORD_TAKEN);
    assert_views(buf_view(&opened), data);
    give(to, ours);
    sotto_buf read = ssl_take(to);
    assert_views(buf_view(&read), data);
    buf_clear(&read);
    buf_clear(&opened);
    buf_clear(&sent);
}

static void step_write(struct end *from, struct end *to, view data)
{
    static uint8_t ours[SEALED_MAX];
    size_t len, written;
    assert_int_equal(SSL_write_ex(from->ssl, data.data, data.len, &written), 1);
    assert_int_equal(written, data.len);
    assert_ok(tls_record_seal(&from->twin, crypto, data, ours, &len));
    assert_same(from, to, view_of(ours, len), data);
}

static void step_update(struct end *from, struct end *to, bool ask)
{
    uint8_t ours[TLS_RECORD_KEY_UPDATE];
    assert_int_equal(
        SSL_key_update(from->ssl, ask ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED),
        1);
    assert_int_equal(SSL_do_handshake(from->ssl), 1);
    assert_ok(tls_record_seal_update(&from->twin, crypto, ask, ours));
    assert_same(from, to, VIEW_OF(ours), (view){0});
}

static size_t some_size(struct rng *rng)
{
    static const uint16_t edges[] = {1, 2, 7, 8, 9, 15, 16, 17, 255, 256, 16383, 16384};
    switch (rng_below(rng, 3)) {
    case 0:
        return edges[rng_below(rng, COUNT_OF(edges))];
    case 1:
        return 1 + rng_below(rng, TLS_RECORD_DATA_MAX);
    default:
        return 1 + rng_below(rng, 600);
    }
}

/* Two requests before an answer get two of OpenSSL's and one of ours (RFC 8446 4.6.3 allows either): so no KeyUpdate while one is owed. */
static void what_is_sealed_is_what_openssl_seals_and_each_opens_the_others(void **state)
{
    (void)state;
    static uint8_t data[TLS_RECORD_DATA_MAX];
    struct rng rng = rng_from((const uint8_t[RNG_SEED]){1});
    const int scripts = under_valgrind() ? 2 : SCRIPTS;
    for (int script = 0; script < scripts; script++) {
        struct pair *p = meet();
        for (int step = 0; step < STEPS; step++) {
            struct end *from = &p->ends[rng_below(&rng, 2)],
                       *to = from == p->ends ? from + 1 : from - 1;
            if (rng_below(&rng, 4) == 0 && !from->twin.owes && !to->twin.owes) {
                step_update(from, to, rng_below(&rng, 2) == 0);
                continue;
            }
            size_t len = some_size(&rng);
            rng_bytes(&rng, data, len);
            step_write(from, to, view_of(data, len));
        }
        part(p);
    }
}

/* ---- records that no honest client would make */

/* Seals any inner plaintext as the end's next record, under any header. */
static sotto_buf craft(struct tls_record_side *side, uint8_t type, view inner)
{
    sotto_buf record = {0};
    size_t sealed = inner.len + AEAD_TAG;
    const uint8_t header[] = {type, 3, 3, (uint8_t)(sealed >> 8), (uint8_t)sealed};
    uint8_t nonce[AEAD_NONCE], *place;
    struct secret key = {0};
    assert_ok(buf_append(&record, VIEW_OF(header)));
    assert_ok(buf_extend(&record, sealed, &place));
    assert_ok(secret_set(&key, VIEW_OF(side->key)));
    memcpy(nonce, side->iv, sizeof nonce);
    for (int i = 0; i < 4; i++)
        nonce[AEAD_NONCE - 1 - i] ^= (uint8_t)(side->sequence >> (8 * i));
    side->sequence++;
    assert_ok(aead_seal(crypto, AEAD_AES_128_GCM, &key, nonce, VIEW_OF(header), inner, place));
    return record;
}

/* Content, type and padding. */
static sotto_buf inner_of(view content, uint8_t type, size_t padding)
{
    sotto_buf inner = {0};
    uint8_t *place;
    assert_ok(buf_append(&inner, content));
    assert_ok(buf_append(&inner, view_of(&type, 1)));
    assert_ok(buf_extend(&inner, padding, &place));
    if (padding > 0)
        memset(place, 0, padding);
    return inner;
}

#define ACCEPTED (-1)
#define GAVE_UP  (-2)
#define ENDED    (-3)

/* What our server says to what comes from the client: an alert's number, or one of the above. */
static int ours_says(struct pair *p, view record)
{
    struct tls_record_opened opened = {0};
    sotto_buf data = {0};
    enum tls_record_event event = twin_open(&p->ends[SERVER].twin, record, &data, &opened);
    buf_clear(&data);
    if (event == TLS_RECORD_REFUSED)
        return opened.alert;
    if (event == TLS_RECORD_ENDED)
        return ENDED;
    return event == TLS_RECORD_ALERTED ? GAVE_UP : ACCEPTED;
}

/* And OpenSSL's. */
static int openssl_says(struct pair *p, view record)
{
    struct tls_record_opened opened = {0};
    struct end *server = &p->ends[SERVER];
    give(server, record);
    uint8_t byte;
    size_t len;
    int last, result;
    while ((last = SSL_read_ex(server->ssl, &byte, 1, &len)) == 1)
        ;
    last = SSL_get_error(server->ssl, last);
    result = last == SSL_ERROR_SSL ? GAVE_UP : last == SSL_ERROR_ZERO_RETURN ? ENDED : ACCEPTED;
    sotto_buf sent = sent_take(server), data = {0};
    if (sent.len > 0 &&
        twin_open(&p->ends[CLIENT].twin, buf_view(&sent), &data, &opened) == TLS_RECORD_ALERTED)
        result = opened.alert;
    buf_clear(&data);
    buf_clear(&sent);
    return result;
}

static void what_no_honest_client_sends_is_refused_with_the_alert_that_openssl_sends(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t header, type; /* of the record; inside */
        uint8_t content[8];
        size_t len, padding;
        int ours, openssl;
    } rows[] = {
        {"data", 23, DATA, "data", 4, 0, ACCEPTED, ACCEPTED},
        {"no data", 23, DATA, "", 0, 0, ACCEPTED, ACCEPTED},
        {"padded data", 23, DATA, "data", 4, 100, ACCEPTED, ACCEPTED},
        {"nothing but padding", 23, 0, {0}, 0, 30, 10, 10},
        {"a KeyUpdate", 23, HANDSHAKE, {24, 0, 0, 1, 0}, 5, 0, ACCEPTED, ACCEPTED},
        {"a KeyUpdate that asks", 23, HANDSHAKE, {24, 0, 0, 1, 1}, 5, 3, ACCEPTED, ACCEPTED},
        {"a KeyUpdate of no kind", 23, HANDSHAKE, {24, 0, 0, 1, 2}, 5, 0, 47, 47},
        {"a KeyUpdate too short", 23, HANDSHAKE, {24, 0, 0, 0}, 4, 0, 50, 50},
        {"a KeyUpdate too long", 23, HANDSHAKE, {24, 0, 0, 2, 0, 0}, 6, 0, 50, 47},
        {"a KeyUpdate and more", 23, HANDSHAKE, {24, 0, 0, 1, 0, 24, 0, 0}, 8, 0, 10, 10},
        {"a piece of a KeyUpdate", 23, HANDSHAKE, {24, 0, 0}, 3, 0, ACCEPTED, ACCEPTED},
        {"a ClientHello", 23, HANDSHAKE, {1, 0, 0, 1, 0}, 5, 0, 10, 10},
        {"a NewSessionTicket", 23, HANDSHAKE, {4, 0, 0, 1, 0}, 5, 0, 10, 10},
        {"a Certificate", 23, HANDSHAKE, {11, 0, 0, 1, 0}, 5, 0, 10, 10},
        {"a Finished", 23, HANDSHAKE, {20, 0, 0, 1, 0}, 5, 0, 10, 10},
        {"no handshake message", 23, HANDSHAKE, {0}, 0, 0, 10, 10},
        {"half an alert", 23, ALERT, {1}, 1, 0, 10, 10},
        {"an alert and a half", 23, ALERT, {1, 0, 1}, 3, 0, 10, 10},
        {"an empty alert", 23, ALERT, {0}, 0, 0, 10, 10},
        {"close_notify", 23, ALERT, {1, 0}, 2, 0, ENDED, ENDED},
        {"close_notify, fatal", 23, ALERT, {2, 0}, 2, 0, ENDED, ENDED},
        {"user_canceled", 23, ALERT, {1, 90}, 2, 0, ACCEPTED, ACCEPTED},
        {"an alert of any level", 23, ALERT, {1, 40}, 2, 0, GAVE_UP, GAVE_UP},
        {"a fatal alert", 23, ALERT, {2, 20}, 2, 0, GAVE_UP, GAVE_UP},
        {"an unknown alert", 23, ALERT, {7, 200}, 2, 0, GAVE_UP, GAVE_UP},
        {"change_cipher_spec inside", 23, 20, {1}, 1, 0, 10, 10},
        {"heartbeat inside", 23, 24, {1}, 1, 0, 10, 10},
        {"no type at all", 23, 99, {1}, 1, 0, 10, 10},
        {"change_cipher_spec as the record", 20, DATA, {1}, 1, 0, 10, 10},
        {"an alert as the record", 21, DATA, {1}, 1, 0, 10, 10},
        {"handshake as the record", 22, DATA, {1}, 1, 0, 10, 10},
        {"another record", 99, DATA, {1}, 1, 0, 10, 10},
        {"the longest padding", 23, DATA, "d", 1, 16383, ACCEPTED, ACCEPTED},
        {"padding too long", 23, DATA, "d", 1, 16384, 22, ACCEPTED}, /* RFC 8446 5.4 */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct pair *p = meet();
        sotto_buf inner =
            inner_of(view_of(rows[i].content, rows[i].len), rows[i].type, rows[i].padding);
        sotto_buf record = craft(&p->ends[CLIENT].twin.out, rows[i].header, buf_view(&inner));
        int ours = ours_says(p, buf_view(&record)), openssl = openssl_says(p, buf_view(&record));
        if (ours != rows[i].ours || openssl != rows[i].openssl)
            fail_msg("%s: ours %d, OpenSSL %d", rows[i].what, ours, openssl);
        buf_clear(&record);
        buf_clear(&inner);
        part(p);
    }
}

/* What the client's next record may look like inside: now and then what it should, else anything close to it. */
static sotto_buf some_inner(struct rng *rng)
{
    static const uint8_t types[] = {ALERT, HANDSHAKE, HANDSHAKE, HANDSHAKE, DATA, 20, 0, 24};
    uint8_t content[12] = {24, 0, 0, 1, 0}, type = types[rng_below(rng, COUNT_OF(types))];
    size_t len = rng_below(rng, 7);
    switch (rng_below(rng, 4)) {
    case 0:
        rng_bytes(rng, content, sizeof content);
        break;
    case 1:
        content[rng_below(rng, 5)] = (uint8_t)rng_below(rng, 3);
        break;
    case 2:
        content[4] = 1;
        len = 5;
        break;
    default:
        memmove(content, content + len / 2, sizeof content - len / 2);
        break;
    }
    return inner_of(view_of(content, len), type, rng_below(rng, 3));
}

static void made_up_records_one_after_the_other_are_judged_as_openssl_judges_them(void **state)
{
    (void)state;
    struct rng rng = rng_from((const uint8_t[RNG_SEED]){2});
    const int rounds = under_valgrind() ? 20 : RANDOM_INNER;
    for (int round = 0; round < rounds; round++) {
        struct pair *p = meet();
        int ours = ACCEPTED, openssl = ACCEPTED;
        for (int i = 0; i < 6 && ours == ACCEPTED && openssl == ACCEPTED; i++) {
            struct tls_record *client = &p->ends[CLIENT].twin, *server = &p->ends[SERVER].twin;
            sotto_buf inner = some_inner(&rng),
                      record = craft(&client->out, DATA, buf_view(&inner));
            ours = ours_says(p, buf_view(&record));
            openssl = openssl_says(p, buf_view(&record));
            client->out = server->in; /* the key may be new */
            if (server->owes) /* with an answer to give OpenSSL would look at what comes later */
                step_write(&p->ends[SERVER], &p->ends[CLIENT], VIEW_LIT("here it is"));
            buf_clear(&record);
            buf_clear(&inner);
        }
        if (ours ==
            TLS_ALERT_DECODE_ERROR) /* for a KeyUpdate of another length OpenSSL has several */
            assert_true(openssl >= 0);
        else
            assert_int_equal(ours, openssl);
        part(p);
    }
}

static void a_record_changed_in_any_byte_is_refused_and_so_says_openssl(void **state)
{
    (void)state;
    for (size_t at = 0; at < 40; at++) {
        struct pair *p = meet();
        uint8_t record[64];
        size_t len;
        assert_ok(
            tls_record_seal(&p->ends[CLIENT].twin, crypto, VIEW_LIT("it is secret"), record, &len));
        if (at >= len ||
            (at >= 1 && at <= 4)) { /* the version is not looked at, the length not whole */
            part(p);
            continue;
        }
        record[at] ^= (uint8_t)(1 << at % 8);
        int ours = ours_says(p, view_of(record, len));
        assert_int_equal(ours, at == 0 ? TLS_ALERT_UNEXPECTED_MESSAGE : TLS_ALERT_BAD_RECORD_MAC);
        assert_int_equal(openssl_says(p, view_of(record, len)), ours);
        part(p);
    }
}

static void goodbyes_are_those_of_openssl(void **state)
{
    (void)state;
    struct pair *p = meet();
    struct end *client = &p->ends[CLIENT], *server = &p->ends[SERVER];
    uint8_t ours[TLS_RECORD_ALERT];
    struct tls_record_opened opened;
    sotto_buf data = {0};
    assert_int_equal(SSL_shutdown(client->ssl), 0);
    sotto_buf sent = sent_take(client);
    assert_ok(tls_record_seal_alert(&client->twin, crypto, TLS_ALERT_CLOSE_NOTIFY, ours));
    assert_views(VIEW_OF(ours), buf_view(&sent));
    assert_int_equal(twin_open(&server->twin, VIEW_OF(ours), &data, &opened), TLS_RECORD_ENDED);
    buf_clear(&sent);
    uint8_t garbage[40] = {23, 3, 3, 0, 35};
    give(server, VIEW_OF(garbage));
    ssl_take(server);
    sent = sent_take(server);
    assert_ok(tls_record_seal_alert(&server->twin, crypto, TLS_ALERT_BAD_RECORD_MAC, ours));
    assert_views(VIEW_OF(ours), buf_view(&sent));
    assert_int_equal(twin_open(&client->twin, VIEW_OF(ours), &data, &opened), TLS_RECORD_ALERTED);
    assert_int_equal(opened.alert, TLS_ALERT_BAD_RECORD_MAC);
    buf_clear(&sent);
    part(p);
}

static void exported_material_is_that_of_openssl(void **state)
{
    (void)state;
    struct pair *p = meet();
    static const char *const labels[] = {"EXPORTER-sotto-hello", "x", ""};
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        for (size_t len = 1; len < 100; len += 31) {
            uint8_t ours[100] = {0}, theirs[100] = {0};
            assert_ok(tls_secret_export(crypto, &p->exporter, labels[i], ours, len));
            assert_int_equal(SSL_export_keying_material(p->ends[CLIENT].ssl, theirs, len, labels[i],
                                                        strlen(labels[i]), NULL, 0, 0),
                             1);
            assert_memory_equal(ours, theirs, sizeof ours);
        }
    part(p);
}

/* ---- RFC 8448 3 */

#define CLIENT_SECRET "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5"
#define SERVER_SECRET "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643"
#define TICKET                                                                                     \
    "17030300de3a6b8f90414a97d6959c3487680de5134a2b240e6cffac116e95d41d6af8f6b580dcf3d11d63c758db" \
    "289a015940252f55"                                                                             \
    "713e061dc13e078891a38efbcf5753ad8ef170ad3c7353d16d9da773b9ca7f2b9fa1b6c0d4a3d03f75e09c30ba1e" \
    "62972ac46f75f7b9"                                                                             \
    "81be63439b2999ce13064615139891d5e4c5b406f16e3fc181a77ca475840025db2f0a77f81b5ab05b94c0134675" \
    "5f69232c86519d86"                                                                             \
    "cbeeac87aac347d143f9605d64f650db4d023e70e952ca49fe5137121c74bc2697687e248746d6df353005f3bce1" \
    "8696129c8153556b"                                                                             \
    "3b6c6779b37bf15985684f"
#define CLIENT_DATA                                                                                \
    "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a2044" \
    "1e2b62974e1f5a62"                                                                             \
    "92a2977014bd1e3deae63aeebb21694915e4"
#define SERVER_DATA                                                                                \
    "17030300432e937e11ef4ac740e538ad36005fc4a46932fc3225d05f82aa1b36e30efaf97d90e6dffc602dcb501a" \
    "59a8fcc49c4bf2e5"                                                                             \
    "f0a21c0047c2abf332540dd032e167c2955d"
#define CLIENT_ALERT "1703030013c9872760655666b74d7ff1153efd6db6d0b0e3"
#define SERVER_ALERT "1703030013b58fd67166ebf599d24720cfbe7efa7a8864a9"

static struct tls_secret tls_secret_unhex(const char *hex)
{
    struct tls_secret secret;
    sotto_buf bytes = unhex(hex);
    assert_int_equal(bytes.len, TLS_SECRET);
    memcpy(secret.bytes, bytes.data, TLS_SECRET);
    buf_clear(&bytes);
    return secret;
}

static struct tls_record rfc8448_end(bool server)
{
    const struct tls_secret client_secret = tls_secret_unhex(CLIENT_SECRET),
                            server_secret = tls_secret_unhex(SERVER_SECRET);
    struct tls_record r;
    assert_ok(tls_record_init(&r, crypto, server ? &client_secret : &server_secret,
                              server ? &server_secret : &client_secret));
    return r;
}

static enum tls_record_event open_hex(struct tls_record *r, const char *hex, sotto_buf *data)
{
    struct tls_record_opened opened;
    sotto_buf record = unhex(hex);
    enum tls_record_event event = twin_open(r, buf_view(&record), data, &opened);
    buf_clear(&record);
    return event;
}

static void the_server_of_rfc_8448_is_ours(void **state)
{
    (void)state;
    struct tls_record r = rfc8448_end(true);
    sotto_buf data = {0};
    static uint8_t sealed[SEALED_MAX];
    size_t len;
    assert_bytes(VIEW_OF(r.in.key), "17422dda596ed5d9acd890e3c63f5051");
    assert_bytes(VIEW_OF(r.in.iv), "5b78923dee08579033e523d9");
    assert_bytes(VIEW_OF(r.out.key), "9f02283b6c9c07efc26bb9f2ac92e356");
    assert_bytes(VIEW_OF(r.out.iv), "cf782b88dd83549aadf1e984");
    assert_int_equal(open_hex(&r, CLIENT_DATA, &data), TLS_RECORD_DATA);
    assert_int_equal(data.len, 50);
    r.out.sequence = 1; /* its ticket was the first */
    assert_ok(tls_record_seal(&r, crypto, buf_view(&data), sealed, &len));
    assert_bytes(view_of(sealed, len), SERVER_DATA);
    assert_int_equal(open_hex(&r, CLIENT_ALERT, &data), TLS_RECORD_ENDED);
    assert_ok(tls_record_seal_alert(&r, crypto, TLS_ALERT_CLOSE_NOTIFY, sealed));
    assert_bytes(view_of(sealed, TLS_RECORD_ALERT), SERVER_ALERT);
    buf_clear(&data);
}

static void the_client_of_rfc_8448_would_be_ours_but_for_the_ticket(void **state)
{
    (void)state;
    struct tls_record r = rfc8448_end(false);
    sotto_buf data = {0};
    assert_int_equal(open_hex(&r, TICKET, &data), TLS_RECORD_REFUSED);
    r = rfc8448_end(false);
    r.in.sequence = 1;
    assert_int_equal(open_hex(&r, SERVER_DATA, &data), TLS_RECORD_DATA);
    for (size_t i = 0; i < 50; i++)
        assert_int_equal(data.data[i], i);
    assert_int_equal(data.len, 50);
    assert_int_equal(open_hex(&r, SERVER_ALERT, &data), TLS_RECORD_ENDED);
    buf_clear(&data);
}

/* ---- what needs no other end than ours */

static void ends(struct tls_record ret_ends[2])
{
    ret_ends[CLIENT] = rfc8448_end(false);
    ret_ends[SERVER] = rfc8448_end(true);
}

static void a_record_is_taken_only_when_it_is_whole(void **state)
{
    (void)state;
    struct tls_record r[2];
    struct tls_record_opened opened;
    uint8_t record[300], before[300], data[200] = {7};
    size_t len;
    ends(r);
    assert_ok(tls_record_seal(&r[CLIENT], crypto, VIEW_OF(data), record, &len));
    memcpy(before, record, sizeof before);
    for (size_t have = 0; have < len; have++) {
        assert_int_equal(tls_record_open(&r[SERVER], crypto, record, have, &opened),
                         TLS_RECORD_PART);
        assert_int_equal(opened.len, have < TLS_RECORD_HEADER ? TLS_RECORD_HEADER : len);
    }
    assert_memory_equal(record, before, sizeof before);
    assert_int_equal(tls_record_open(&r[SERVER], crypto, record, sizeof record, &opened),
                     TLS_RECORD_DATA);
    assert_int_equal(opened.len, len);
    assert_views(opened.data, VIEW_OF(data));
}

static void a_header_alone_tells_of_a_record_that_is_too_long_or_too_short(void **state)
{
    (void)state;
    static const struct {
        uint16_t sealed;
        enum tls_record_event event;
        uint8_t alert;
    } rows[] = {{0, TLS_RECORD_REFUSED, TLS_ALERT_BAD_RECORD_MAC},
                {16, TLS_RECORD_REFUSED, TLS_ALERT_BAD_RECORD_MAC},
                {17, TLS_RECORD_PART, 0},
                {16640, TLS_RECORD_PART, 0},
                {16641, TLS_RECORD_REFUSED, TLS_ALERT_RECORD_OVERFLOW},
                {65535, TLS_RECORD_REFUSED, TLS_ALERT_RECORD_OVERFLOW}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct tls_record r = rfc8448_end(true);
        struct tls_record_opened opened;
        uint8_t header[] = {23, 3, 3, (uint8_t)(rows[i].sealed >> 8), (uint8_t)rows[i].sealed};
        assert_int_equal(tls_record_open(&r, crypto, header, sizeof header, &opened),
                         rows[i].event);
        assert_int_equal(opened.alert, rows[i].alert);
    }
}

static void any_padding_is_taken_off_and_no_more(void **state)
{
    (void)state;
    for (size_t padding = 0; padding < 70; padding++)
        for (size_t len = 1; len < 20; len++) {
            struct tls_record r[2];
            uint8_t data[20] = {1, 0, 0, 2}; /* zeros at the end are data */
            sotto_buf inner = inner_of(view_of(data, len), DATA, padding), got = {0};
            struct tls_record_opened opened;
            ends(r);
            sotto_buf record = craft(&r[CLIENT].out, DATA, buf_view(&inner));
            assert_int_equal(twin_open(&r[SERVER], buf_view(&record), &got, &opened),
                             TLS_RECORD_DATA);
            assert_views(buf_view(&got), view_of(data, len));
            buf_clear(&record);
            buf_clear(&inner);
            buf_clear(&got);
        }
}

static void a_key_update_may_come_in_pieces_that_nothing_interrupts(void **state)
{
    (void)state;
    static const uint8_t update[] = {24, 0, 0, 1, 1};
    for (size_t cut = 1; cut < sizeof update; cut++)
        for (int interrupted = 0; interrupted < 2; interrupted++) {
            struct tls_record r[2];
            struct tls_record_opened opened;
            sotto_buf data = {0};
            ends(r);
            const struct tls_secret before = r[SERVER].in.secret;
            sotto_buf inners[] = {
                inner_of(view_of(update, cut), HANDSHAKE, 0), inner_of(VIEW_LIT("x"), DATA, 0),
                inner_of(view_of(update + cut, sizeof update - cut), HANDSHAKE, 0)};
            enum tls_record_event last = TLS_RECORD_TAKEN;
            for (int i = 0; i < 3 && last == TLS_RECORD_TAKEN; i++) {
                sotto_buf record = craft(&r[CLIENT].out, DATA, buf_view(&inners[i]));
                if (i != 1 || interrupted)
                    last = twin_open(&r[SERVER], buf_view(&record), &data, &opened);
                else
                    r[CLIENT].out.sequence--;
                buf_clear(&record);
            }
            assert_int_equal(last, interrupted ? TLS_RECORD_REFUSED : TLS_RECORD_TAKEN);
            assert_int_equal(memcmp(&before, &r[SERVER].in.secret, sizeof before) != 0,
                             !interrupted);
            assert_int_equal(r[SERVER].owes, !interrupted);
            for (int i = 0; i < 3; i++)
                buf_clear(&inners[i]);
        }
}

/* One record with data from one to the other; gives how long it was. */
static size_t say(struct tls_record *from, struct tls_record *to)
{
    uint8_t record[200];
    struct tls_record_opened opened;
    sotto_buf data = {0};
    size_t len;
    assert_ok(tls_record_seal(from, crypto, VIEW_LIT("x"), record, &len));
    assert_int_equal(twin_open(to, view_of(record, len), &data, &opened), TLS_RECORD_DATA);
    assert_views(buf_view(&data), VIEW_LIT("x"));
    buf_clear(&data);
    return len;
}

#define PLAIN   (1 + TLS_RECORD_OVERHEAD)
#define UPDATED (PLAIN + TLS_RECORD_KEY_UPDATE)

static void a_key_of_ours_is_changed_long_before_its_limit(void **state)
{
    (void)state;
    struct tls_record r[2];
    ends(r);
    r[SERVER].out.sequence = r[CLIENT].in.sequence = TLS_RECORD_UPDATE_AT - 1;
    r[CLIENT].asked = true; /* so that the client doesn't see to it itself */
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), PLAIN);
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), UPDATED);
    assert_int_equal(r[SERVER].out.sequence, 1);
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), PLAIN);
}

static void a_key_of_theirs_is_asked_to_be_changed_once(void **state)
{
    (void)state;
    struct tls_record r[2];
    ends(r);
    r[SERVER].in.sequence = r[CLIENT].out.sequence = TLS_RECORD_UPDATE_AT;
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), UPDATED);
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), PLAIN);
    assert_true(r[CLIENT].owes);
    assert_int_equal(say(&r[CLIENT], &r[SERVER]), UPDATED);
    assert_int_equal(r[SERVER].in.sequence, 1);
    assert_false(r[SERVER].asked || r[CLIENT].owes || r[SERVER].owes);
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), PLAIN);
}

static void an_answer_that_is_owed_comes_before_a_request_of_our_own(void **state)
{
    (void)state;
    struct tls_record r[2];
    uint8_t update[TLS_RECORD_KEY_UPDATE];
    struct tls_record_opened opened;
    sotto_buf data = {0};
    ends(r);
    assert_ok(tls_record_seal_update(&r[CLIENT], crypto, true, update));
    assert_int_equal(twin_open(&r[SERVER], VIEW_OF(update), &data, &opened), TLS_RECORD_TAKEN);
    r[SERVER].in.sequence = r[CLIENT].out.sequence = TLS_RECORD_UPDATE_AT;
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), UPDATED);
    assert_false(r[CLIENT].owes || r[SERVER].owes);
    assert_int_equal(say(&r[SERVER], &r[CLIENT]), UPDATED);
    assert_true(r[CLIENT].owes);
}

static void no_key_serves_beyond_its_limit(void **state)
{
    (void)state;
    struct tls_record r[2];
    uint8_t record[200];
    size_t len;
    ends(r);
    r[SERVER].out.sequence = r[CLIENT].in.sequence = TLS_RECORD_LIMIT - 1;
    assert_ok(tls_record_seal_update(&r[SERVER], crypto, false, record)); /* the last one */
    r[SERVER].out.sequence = TLS_RECORD_LIMIT;
    assert_err(tls_record_seal(&r[SERVER], crypto, VIEW_LIT("x"), record, &len), FULL);
    assert_err(tls_record_seal_alert(&r[SERVER], crypto, TLS_ALERT_CLOSE_NOTIFY, record), FULL);
    ends(r);
    struct tls_record_opened opened;
    sotto_buf data = {0};
    assert_ok(tls_record_seal(&r[CLIENT], crypto, VIEW_LIT("x"), record, &len));
    r[SERVER].in.sequence = TLS_RECORD_LIMIT;
    assert_int_equal(twin_open(&r[SERVER], view_of(record, len), &data, &opened),
                     TLS_RECORD_REFUSED);
    assert_int_equal(opened.alert, TLS_ALERT_INTERNAL_ERROR);
}

static void nothing_is_sealed_after_an_alert(void **state)
{
    (void)state;
    struct tls_record r = rfc8448_end(true);
    uint8_t record[200];
    size_t len;
    assert_ok(tls_record_seal_alert(&r, crypto, TLS_ALERT_CLOSE_NOTIFY, record));
    assert_err(tls_record_seal(&r, crypto, VIEW_LIT("x"), record, &len), CLOSED);
    assert_err(tls_record_seal_update(&r, crypto, false, record), CLOSED);
    assert_err(tls_record_seal_alert(&r, crypto, TLS_ALERT_INTERNAL_ERROR, record), CLOSED);
}

static void who_sends_nothing_but_work_is_refused_after_32_records(void **state)
{
    (void)state;
    struct tls_record r[2];
    struct tls_record_opened opened;
    sotto_buf data = {0};
    uint8_t record[200];
    size_t len;
    ends(r);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 32; i++) {
            if (i % 2 == 0)
                assert_ok(tls_record_seal_update(&r[CLIENT], crypto, true, record));
            else
                assert_ok(tls_record_seal(&r[CLIENT], crypto, (view){0}, record, &len));
            len = i % 2 == 0 ? TLS_RECORD_KEY_UPDATE : TLS_RECORD_OVERHEAD;
            assert_int_equal(twin_open(&r[SERVER], view_of(record, len), &data, &opened),
                             TLS_RECORD_TAKEN);
        }
        if (round == 0)
            say(&r[CLIENT], &r[SERVER]);
    }
    assert_ok(tls_record_seal(&r[CLIENT], crypto, (view){0}, record, &len));
    assert_int_equal(twin_open(&r[SERVER], view_of(record, len), &data, &opened),
                     TLS_RECORD_REFUSED);
    assert_int_equal(opened.alert, TLS_ALERT_UNEXPECTED_MESSAGE);
}

static void a_connection_costs_140_bytes(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct tls_record), 140);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_is_what_openssl_seals_and_each_opens_the_others),
        cmocka_unit_test(what_no_honest_client_sends_is_refused_with_the_alert_that_openssl_sends),
        cmocka_unit_test(made_up_records_one_after_the_other_are_judged_as_openssl_judges_them),
        cmocka_unit_test(a_record_changed_in_any_byte_is_refused_and_so_says_openssl),
        cmocka_unit_test(goodbyes_are_those_of_openssl),
        cmocka_unit_test(exported_material_is_that_of_openssl),
        cmocka_unit_test(the_server_of_rfc_8448_is_ours),
        cmocka_unit_test(the_client_of_rfc_8448_would_be_ours_but_for_the_ticket),
        cmocka_unit_test(a_record_is_taken_only_when_it_is_whole),
        cmocka_unit_test(a_header_alone_tells_of_a_record_that_is_too_long_or_too_short),
        cmocka_unit_test(any_padding_is_taken_off_and_no_more),
        cmocka_unit_test(a_key_update_may_come_in_pieces_that_nothing_interrupts),
        cmocka_unit_test(a_key_of_ours_is_changed_long_before_its_limit),
        cmocka_unit_test(a_key_of_theirs_is_asked_to_be_changed_once),
        cmocka_unit_test(an_answer_that_is_owed_comes_before_a_request_of_our_own),
        cmocka_unit_test(no_key_serves_beyond_its_limit),
        cmocka_unit_test(nothing_is_sealed_after_an_alert),
        cmocka_unit_test(who_sends_nothing_but_work_is_refused_after_32_records),
        cmocka_unit_test(a_connection_costs_140_bytes),
    };
    return cmocka_run_group_tests_name("net/tls_record", tests, begin, end);
}
