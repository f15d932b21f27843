/* load.h - a real server as a child, and clients that cost little: what the benches of the network side are made of. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <openssl/ssl.h>

#include "base/base.h"
#include "base/buf.h"
#include "bench/child.h"
#include "crypto/crypto.h"
#include "proto/proto.h"
#include "proto/ws.h"

/* sottod from this program's own folder, on 127.0.0.1, without limits, in a directory of its own. */
struct load_server {
    struct child child;
};

/* False: a message is on stderr. */
bool load_server_start(struct load_server *server);
/* False: it did not end well. */
bool load_server_stop(struct load_server *server);

/* CPU time of all its threads, in us. */
double load_server_cpu_us(const struct load_server *server);
/* Memory of its own (user space: Pss, or Rss where that can't be read), in bytes. */
double load_server_memory(const struct load_server *server);

double load_now_us(void);

#define LOAD_MESSAGE_MAX 8192 /* bytes of a frame that load_send() takes */

/* What all clients share. */
struct load {
    SSL_CTX *ssl;
    sotto_crypto *crypto;
    uint16_t port;
    uint8_t server_key[32]; /* from the first hello, whose chain was checked */
    bool known;
};

bool load_init(struct load *load, uint16_t port);
void load_clear(struct load *load);

struct load_client {
    int fd;
    SSL *ssl;
    sotto_buf in;
    size_t in_at;
    struct ws_reader ws;
    uint32_t slot;
    void *owner;
};

/* Blocking calls; false: it failed, a message is on stderr. `number` spreads clients over loopback addresses. */
bool load_handshake(struct load *load, struct load_client *client, unsigned number);
/* Handshake, upgrade, hello with its signature checked. */
bool load_open(struct load *load, struct load_client *client, unsigned number);
void load_close(struct load_client *client);
/* Two clients in a room. */
bool load_pair(struct load *load, struct load_client *a, struct load_client *b, unsigned number);

/* Sends a WebSocket message, header and all; waits if it has to. `frame` is masked in place. */
bool load_send(struct load_client *client, enum ws_opcode opcode, uint8_t *frame, size_t len);
/* The next WebSocket frame, if one is there or (wait) as soon as it is; false: none, or the connection has ended (*ret_ended). */
bool load_recv(struct load_client *client, bool wait, struct ws_frame *ret_frame, bool *ret_ended);

/* The value at a share (0.5, 0.99) of a list, which is sorted in place. */
double load_percentile(double *values, size_t count, double share);

/* `--name VALUE` among the arguments, else `otherwise`. */
unsigned long load_option(int argc, char **argv, const char *name, unsigned long otherwise);

#endif
