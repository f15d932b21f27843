/* device.c - one simulated device, driven line by line, for scenario tests in scripts: it does what needs keys, scripts do the rest.
 *
 *   seed HEX                          the device's keys, 32 bytes; the same seed is the same device
 *   connect PORT                      to 127.0.0.1: TLS, upgrade, hello; the server's signature is checked
 *   register HOW SECRET MAIL NAME     HOW: open, link, password; SECRET: HEX of its bytes; "-" stands for nothing
 *   auth
 *   renew NAME
 *   send KIND REQUEST BODY            any frame; numbers in hexadecimal, BODY: HEX or "-"
 *   recv MS                           waits for a frame
 *   header STREAM EPOCH PREVIOUS HASH OP    a signed commit header; EPOCH and OP decimal, the rest HEX
 *   close
 *
 * Each line is answered by one: "ok …", "frame KIND REQUEST BODY", "none", "closed" or "failed". */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/text.h"
#include "bench/device.h"
#include "crypto/hash.h"
#include "proto/account.h"
#include "proto/commit_header.h"

#define LINE_MAX_BYTES (4 * PROTO_FRAME_MAX)
#define WORDS_MAX      8

struct world {
    struct session_host host;
    struct wire wire;
    struct session session;
    struct device_keys keys;
    bool connected, keyed;
    sotto_buf frame;
};

static void say_hex(view bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        printf("%02x", bytes.data[i]);
    if (bytes.len == 0)
        printf("-");
}

/* "-" is nothing. */
static bool bytes_of(const char *word, sotto_buf *ret_bytes)
{
    buf_reset(ret_bytes);
    return strcmp(word, "-") == 0 || hex_read(view_str(word), ret_bytes) == SOTTO_OK;
}

static bool bytes_exact(const char *word, uint8_t *ret_bytes, size_t len)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    if (!bytes_of(word, &bytes) || bytes.len != len)
        return false;
    memcpy(ret_bytes, bytes.data, len);
    return true;
}

static bool say_ok(void)
{
    printf("ok\n");
    return true;
}

static void disconnect(struct world *w)
{
    if (w->connected)
        wire_close(&w->wire);
    w->connected = false;
    session_host_clear(&w->host);
}

/* ---- commands; false: "failed" */

static bool do_seed(struct world *w, char **word)
{
    uint8_t seed[DEVICE_SEED];
    sotto_crypto *c;
    if (!bytes_exact(word[1], seed, sizeof seed) || crypto_new(&c) != SOTTO_OK)
        return false;
    device_keys_clear(&w->keys);
    w->keyed = device_keys_make(c, seed, &w->keys) == SOTTO_OK;
    crypto_free(c);
    if (!w->keyed)
        return false;
    printf("ok ");
    say_hex(VIEW_OF(w->keys.account_id));
    printf(" ");
    say_hex(VIEW_OF(w->keys.device_id));
    printf("\n");
    return true;
}

static bool do_connect(struct world *w, char **word)
{
    disconnect(w);
    w->wire = (struct wire){.fd = -1};
    w->connected = session_host_init(&w->host, (uint16_t)atoi(word[1])) &&
                   wire_connect(&w->wire, w->host.port, 0) &&
                   session_open(&w->host, &w->wire, &w->session);
    if (!w->connected)
        return false;
    printf("ok ");
    say_hex(VIEW_OF(w->host.pin));
    printf(" ");
    say_hex(VIEW_OF(w->session.nonce));
    printf("\n");
    return true;
}

static bool send_frame(struct world *w, sotto_err written)
{
    return w->connected && session_put_buf(&w->session, written, &w->frame) && say_ok();
}

static uint8_t how_of(const char *word)
{
    if (strcmp(word, "link") == 0)
        return REGISTER_LINK;
    return strcmp(word, "password") == 0 ? REGISTER_PASSWORD : REGISTER_OPEN;
}

static bool do_register(struct world *w, char **word)
{
    DEFER(buf_clear) sotto_buf secret = {0};
    if (!w->connected || !w->keyed || !bytes_of(word[2], &secret))
        return false;
    const struct device_registration r = {
        .how = how_of(word[1]),
        .secret = buf_view(&secret),
        .mail = strcmp(word[3], "-") == 0 ? (view){0} : view_str(word[3]),
        .name = view_str(word[4]),
        .now_s = (int64_t)time(NULL),
    };
    return send_frame(w, device_register_write(w->host.crypto, &w->keys, &r, w->host.pin,
                                               w->session.nonce, 1, &w->frame));
}

static bool do_auth(struct world *w, char **word)
{
    (void)word;
    if (!w->connected || !w->keyed)
        return false;
    return send_frame(w, device_auth_write(w->host.crypto, &w->keys, w->host.pin, w->session.nonce,
                                           w->session.exporter, 2, &w->frame));
}

static bool do_renew(struct world *w, char **word)
{
    if (!w->connected || !w->keyed)
        return false;
    return send_frame(w, device_renew_write(w->host.crypto, &w->keys, view_str(word[1]),
                                            w->host.pin, w->session.nonce, 3, &w->frame));
}

static bool do_send(struct world *w, char **word)
{
    DEFER(buf_clear) sotto_buf body = {0};
    if (!bytes_of(word[3], &body))
        return false;
    struct wr out = wr_to(&w->frame);
    wr_u16(&out, (uint16_t)strtoul(word[1], NULL, 16));
    wr_u32(&out, (uint32_t)strtoul(word[2], NULL, 16));
    wr_bytes(&out, buf_view(&body));
    return send_frame(w, wr_end(&out));
}

static bool closed(struct world *w)
{
    disconnect(w);
    printf("closed\n");
    return true;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool do_recv(struct world *w, char **word)
{
    int64_t until_ms = now_ms() + atoi(word[1]);
    struct proto_frame frame;
    enum session_next next;
    if (!w->connected || !wire_flush(&w->wire))
        return closed(w);
    while ((next = session_next(&w->session, &frame)) == SESSION_NONE) {
        short events = wire_waits(&w->wire) ? POLLIN | POLLOUT : POLLIN;
        struct pollfd fd = {.fd = w->wire.fd, .events = events};
        int64_t left_ms = until_ms - now_ms();
        if (left_ms < 0 || poll(&fd, 1, (int)left_ms) == 0) {
            printf("none\n");
            return true;
        }
        if (!wire_flush(&w->wire))
            return closed(w);
        if (!wire_fill(&w->wire) && (next = session_next(&w->session, &frame)) != SESSION_FRAME)
            return closed(w);
        if (next == SESSION_FRAME)
            break;
    }
    if (next == SESSION_FAILED)
        return closed(w);
    printf("frame %x %" PRIx32 " ", frame.kind, frame.request);
    say_hex(frame.body);
    printf("\n");
    return true;
}

static bool do_header(struct world *w, char **word)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    sotto_crypto *c;
    struct commit_header h = {.epoch = strtoull(word[2], NULL, 10),
                              .op = strtoull(word[5], NULL, 10)};
    if (!w->keyed || !bytes_exact(word[1], h.stream, sizeof h.stream) ||
        !bytes_exact(word[3], h.previous_hash, sizeof h.previous_hash) ||
        !bytes_exact(word[4], h.commit_hash, sizeof h.commit_hash) || crypto_new(&c) != SOTTO_OK)
        return false;
    memcpy(h.account_id, w->keys.account_id, sizeof h.account_id);
    memcpy(h.device_id, w->keys.device_id, sizeof h.device_id);
    bool good = commit_header_sign(c, w->keys.device, &h) == SOTTO_OK &&
                commit_header_write(&h, &bytes) == SOTTO_OK;
    crypto_free(c);
    if (good) {
        printf("ok ");
        say_hex(buf_view(&bytes));
        printf("\n");
    }
    return good;
}

static bool do_close(struct world *w, char **word)
{
    (void)word;
    disconnect(w);
    return say_ok();
}

static const struct {
    const char *name;
    size_t words;
    bool (*run)(struct world *w, char **word);
} commands[] = {
    {"seed", 2, do_seed},   {"connect", 2, do_connect}, {"register", 5, do_register},
    {"auth", 1, do_auth},   {"send", 4, do_send},       {"recv", 2, do_recv},
    {"close", 1, do_close}, {"header", 6, do_header},   {"renew", 2, do_renew},
};

static bool run(struct world *w, char *line)
{
    char *word[WORDS_MAX] = {0}, *rest = NULL;
    size_t count = 0;
    for (char *at = strtok_r(line, " \n", &rest); at != NULL && count < WORDS_MAX;
         at = strtok_r(NULL, " \n", &rest))
        word[count++] = at;
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (count == commands[i].words && strcmp(word[0], commands[i].name) == 0)
            return commands[i].run(w, word);
    return false;
}

int main(void)
{
    static char line[LINE_MAX_BYTES];
    struct world w = {0};
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin) != NULL) {
        buf_reset(&w.frame);
        if (!run(&w, line))
            printf("failed\n");
    }
    disconnect(&w);
    device_keys_clear(&w.keys);
    buf_clear(&w.frame);
    return 0;
}
