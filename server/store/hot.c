/* A stream has its entries in an array, of which the front is free: they leave it in the order in which they came. Streams without
 * entries stay, for what they know of the cold part, until there are too many of them. Those that have some stand in a list, too: to
 * cool looks at no others. */
#include "store/hot.h"

#include <stdlib.h>

#define IDLE_MOST 16384 /* streams without entries */
#define EMPTY_CAP 16    /* entries for which a stream that has none keeps room */
#define FIRST_CAP 4

static void stream_free(struct hot_stream *stream)
{
    free(stream->entries);
    free(stream);
}

void hot_clear(struct hot *hot)
{
    struct hot_stream *stream;
    for (size_t cursor = 0; (stream = map_next(&hot->streams, &cursor)) != NULL;)
        stream_free(stream);
    map_clear(&hot->streams);
    hot->busy = NULL;
    hot->count = 0;
}

static void busy_add(struct hot *hot, struct hot_stream *stream)
{
    stream->before = NULL;
    stream->after = hot->busy;
    if (hot->busy != NULL)
        hot->busy->before = stream;
    hot->busy = stream;
}

static void busy_remove(struct hot *hot, struct hot_stream *stream)
{
    if (stream->after != NULL)
        stream->after->before = stream->before;
    if (stream->before != NULL)
        stream->before->after = stream->after;
    else
        hot->busy = stream->after;
}

static size_t busy_count(const struct hot *hot)
{
    size_t count = 0;
    for (const struct hot_stream *stream = hot->busy; stream != NULL; stream = stream->after)
        count++;
    return count;
}

/* Those that have entries move to a map of their own. */
static sotto_err idle_forget(struct hot *hot)
{
    struct map busy = {0};
    struct hot_stream *stream;
    TRY(map_reserve(&busy, busy_count(hot) + 1));
    for (size_t cursor = 0; (stream = map_next(&hot->streams, &cursor)) != NULL;)
        if (stream->count > 0)
            map_put(&busy, stream->stream, stream);
        else
            stream_free(stream);
    map_clear(&hot->streams);
    hot->streams = busy;
    return SOTTO_OK;
}

sotto_err hot_stream_get(struct hot *hot, uint64_t stream, struct hot_stream **ret_stream)
{
    struct hot_stream *found = map_find(&hot->streams, stream);
    if (found == NULL) {
        if (hot->streams.count >= IDLE_MOST + hot->count)
            TRY(idle_forget(hot));
        TRY(map_reserve(&hot->streams, 1));
        found = calloc(1, sizeof *found);
        if (found == NULL)
            return SOTTO_E_NOMEM;
        found->stream = stream;
        map_put(&hot->streams, stream, found);
    }
    *ret_stream = found;
    return SOTTO_OK;
}

/* Room behind the last one: the free front is used again once it is as long as the rest. */
static sotto_err room_make(struct hot_stream *stream)
{
    if (stream->first + stream->count < stream->cap)
        return SOTTO_OK;
    if (stream->first > stream->count) {
        memmove(stream->entries, stream->entries + stream->first,
                stream->count * sizeof *stream->entries);
        stream->first = 0;
        return SOTTO_OK;
    }
    size_t cap = stream->cap > 0 ? 2 * stream->cap : FIRST_CAP;
    struct hot_entry *entries = realloc(stream->entries, cap * sizeof *entries);
    if (entries == NULL)
        return SOTTO_E_NOMEM;
    stream->entries = entries;
    stream->cap = cap;
    return SOTTO_OK;
}

sotto_err hot_append(struct hot *hot, struct hot_stream *stream, uint64_t seq, int64_t place)
{
    TRY(room_make(stream));
    if (stream->count == 0)
        busy_add(hot, stream);
    stream->entries[stream->first + stream->count++] = (struct hot_entry){seq, place};
    hot->count++;
    return SOTTO_OK;
}

const struct hot_entry *hot_seek(const struct hot_stream *stream, uint64_t seq)
{
    size_t low = 0, high = stream->count;
    const struct hot_entry *entries = stream->entries + stream->first;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entries[middle].seq < seq)
            low = middle + 1;
        else
            high = middle;
    }
    return low < stream->count ? entries + low : NULL;
}

const struct hot_entry *hot_last(const struct hot_stream *stream)
{
    return stream->count > 0 ? stream->entries + stream->first + stream->count - 1 : NULL;
}

const struct hot_entry *hot_after(const struct hot_stream *stream, const struct hot_entry *entry)
{
    return entry != hot_last(stream) ? entry + 1 : NULL;
}

void hot_take_first(struct hot *hot, struct hot_stream *stream)
{
    stream->first++;
    stream->count--;
    hot->count--;
    if (stream->count > 0)
        return;
    busy_remove(hot, stream);
    stream->first = 0;
    if (stream->cap > EMPTY_CAP) {
        free(MOVE(stream->entries));
        stream->cap = 0;
    }
}

void hot_cool(struct hot *hot, int64_t place)
{
    for (struct hot_stream *stream = hot->busy, *next; stream != NULL; stream = next) {
        next = stream->after; /* it may leave the list */
        while (stream->count > 0 && stream->entries[stream->first].place <= place) {
            stream->cold_end = stream->entries[stream->first].seq + 1;
            stream->cold_known = true;
            hot_take_first(hot, stream);
        }
    }
}
