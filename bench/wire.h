/* wire.h - a TLS 1.3 connection that costs its client little: bytes pile up in `out` and leave in one write, what is there is
 * read in one go. The socket does not block; the calls named _wait do. One thread. */
#ifndef BENCH_WIRE_H
#define BENCH_WIRE_H

#include <openssl/ssl.h>

#include "base/base.h"
#include "base/buf.h"

struct wire {
    int fd;   /* read-only; -1: closed */
    SSL *ssl; /* private, as all that follows */
    sotto_buf in, out;
    size_t in_at, out_at;
};

/* All that give bool: false, and a message is on stderr; the connection is of no more use. */

/* A context for all connections of a bench. NULL: out of memory. TLS_AES_128_GCM_SHA256 alone, so that all servers do the same. */
SSL_CTX *wire_context(void);

/* Connects to 127.0.0.1; `number` spreads clients over loopback addresses. */
bool wire_connect(struct wire *w, uint16_t port, unsigned number);
/* The same from this address of the loopback network. */
bool wire_connect_from(struct wire *w, uint16_t port, uint32_t address);
/* The first line that a server sends before TLS is read and dropped. */
bool wire_line_skip(struct wire *w);
bool wire_tls_start(struct wire *w, SSL_CTX *context);
/* Sends close_notify, so that the server need not tell it from an accident. */
void wire_close(struct wire *w);

/* An orderly end: writes what waits, says that nothing more comes, and waits until the server has read all of it and hung up. */
bool wire_end_wait(struct wire *w);

bool wire_put(struct wire *w, view bytes);
/* Writes what goes. */
bool wire_flush(struct wire *w);
/* All of it. */
bool wire_flush_wait(struct wire *w);
static inline bool wire_waits(const struct wire *w)
{
    return w->out.len > w->out_at;
}
/* Reads what is there. */
bool wire_fill(struct wire *w);
/* Flushes and reads until something has come. */
bool wire_fill_wait(struct wire *w);

/* Gives memory back that an idle connection does not need; nothing may be left to take or to write. */
void wire_rest(struct wire *w);

/* What was read and not taken. Borrowed until the next fill. */
static inline view wire_in(const struct wire *w)
{
    return w->in.len > w->in_at ? view_of(w->in.data + w->in_at, w->in.len - w->in_at) : (view){0};
}
static inline void wire_took(struct wire *w, size_t len)
{
    w->in_at += len;
}

#endif
