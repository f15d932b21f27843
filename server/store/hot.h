/* hot.h - where the newest entries of the log stand, in memory: (stream, seq) -> place, a rising number of the order of appending. Older
 * ones stand in an index on the disk, the cold one. All of a stream that is hot comes behind all of it that is cold. What is known of
 * the cold part is kept for streams that are in use, so that they need not look there each time. {0} is empty. */
#ifndef STORE_HOT_H
#define STORE_HOT_H

#include "base/base.h"
#include "base/map.h"

struct hot_entry {
    uint64_t seq;
    int64_t place;
};

struct hot_stream {
    uint64_t stream;
    uint64_t cold_end;         /* behind its last cold entry; 0: it has none. Kept by the caller */
    bool cold_known;           /* whether that is so. Kept by the caller */
    struct hot_entry *entries; /* private, as all that follows */
    size_t first, count, cap;
    struct hot_stream *before, *after; /* in `busy` */
};

struct hot {
    struct map streams;      /* private */
    struct hot_stream *busy; /* private: those that have entries */
    size_t count;            /* of all entries; read only */
};

void hot_clear(struct hot *hot);

/* Makes it if it isn't there. It stays until the next call of this or of hot_cool(). NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err hot_stream_get(struct hot *hot, uint64_t stream,
                                        struct hot_stream **ret_stream);

/* Behind all entries that it has, in seq and in place. NOMEM: unchanged. */
SOTTO_MUST_USE sotto_err hot_append(struct hot *hot, struct hot_stream *stream, uint64_t seq,
                                    int64_t place);

/* The first entry from `seq` on; NULL: there is none. Until the next change. */
const struct hot_entry *hot_seek(const struct hot_stream *stream, uint64_t seq);
/* The one behind it; NULL: it was the last. */
const struct hot_entry *hot_after(const struct hot_stream *stream, const struct hot_entry *entry);
/* The last one; NULL: there is none. */
const struct hot_entry *hot_last(const struct hot_stream *stream);
/* Takes out the first, which must be there. */
void hot_take_first(struct hot *hot, struct hot_stream *stream);

/* What stands up to this place is in the cold index from now on. */
void hot_cool(struct hot *hot, int64_t place);

#endif
