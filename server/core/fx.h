/* fx.h - appending effects. A step reserves first what it may need at most; then nothing that it appends can fail, so that an event
 * is applied whole or not at all. */
#ifndef CORE_FX_H
#define CORE_FX_H

#include "core/core.h"

/* Room for `count` effects and `bytes` bytes more. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err fx_reserve(struct core_effects *fx, size_t count, size_t bytes);

/* Ends the program if writing into reserved room failed: then what was reserved is wrong. */
void fx_must(sotto_err err);

/* Where the effects end now; those behind a mark are taken back. The memory stays. */
struct fx_mark {
    size_t count, len;
};
struct fx_mark fx_mark(const struct core_effects *fx);
void fx_cut(struct core_effects *fx, struct fx_mark mark);

/* What stands in fx->bytes from `at` on is a frame for this connection. */
void fx_send(struct core_effects *fx, uint64_t connection, size_t at);

/* The same bytes for one more connection. */
void fx_send_again(struct core_effects *fx, uint64_t connection, size_t at, size_t len);

/* The same, for who did not ask: the shell tells when it is written. */
void fx_push(struct core_effects *fx, uint64_t connection, size_t at, size_t len);

void fx_close(struct core_effects *fx, uint64_t connection);
void fx_pause(struct core_effects *fx, uint64_t connection, uint64_t until_ms);
void fx_mail(struct core_effects *fx);
void fx_blob_kept(struct core_effects *fx, uint64_t connection, sotto_err verdict);
void fx_blob_gone(struct core_effects *fx, view hash);
void fx_settled(struct core_effects *fx, uint64_t connection, bool settled);

/* A log line of at most FX_LOG_MAX bytes; what is longer is cut. */
#define FX_LOG_MAX 128
/* `event`: its stable word, a literal. */
__attribute__((format(printf, 4, 5))) void fx_log(struct core_effects *fx, const char *event,
                                                  uint64_t connection, const char *format, ...);

#endif
