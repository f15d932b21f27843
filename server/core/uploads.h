/* uploads.h - blobs that are promised: whoever has a ticket to send one has room for it in the quota until it is here or the ticket's
 * time is over. In memory alone, as tickets are good for one run of the server: what comes without a promise is looked at anew. */
#ifndef CORE_UPLOADS_H
#define CORE_UPLOADS_H

#include "base/map.h"
#include "core/list.h"

struct account;
struct core;
struct step;

struct uploads {
    struct map uploaders; /* by account number; these are ours, so nobody can choose them */
    struct list promised; /* by the time of the promise */
};

/* QUOTA, with its words: the account has no room for so many bytes more. What is promised counts, but not this blob. */
SOTTO_MUST_USE sotto_err uploads_check(struct step *s, const struct account *account,
                                       const uint8_t *hash, uint64_t size);
/* Promises room, anew if it was promised before. QUOTA, FULL; NOMEM: nothing has changed. */
SOTTO_MUST_USE sotto_err uploads_promise(struct step *s, const struct account *account,
                                         const uint8_t *hash, uint64_t size);
/* What was promised is here, or will not come. */
void uploads_take(struct core *core, uint64_t account, const uint8_t *hash);
/* Promises whose time is over go. */
void uploads_tick(struct core *core, uint64_t now_ms);
uint64_t uploads_next_ms(const struct core *core);
void uploads_clear(struct core *core);

#endif
