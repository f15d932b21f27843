/* part_store.h - a store of a group's parts, as an application has one, for tests: names and values, sorted by name. */
#ifndef TESTS_UNIT_MLS_PART_STORE_H
#define TESTS_UNIT_MLS_PART_STORE_H

#include "peers.h"

#include "mls/group_part.h"

struct kept_part {
    uint8_t name[SOTTO_GROUP_PART_NAME];
    size_t name_len;
    sotto_buf value;
};

struct part_store {
    struct kept_part *parts;
    size_t count, cap;
    /* Of the last write: */
    size_t told, bytes, erased;
    size_t kinds[PART_MESSAGES + 1]; /* how many of each were told */
    size_t stop_after;               /* the write fails after so many; 0: it does not */
};

static inline view part_name(const struct kept_part *part)
{
    return view_of(part->name, part->name_len);
}

static inline int names_compare(view a, view b)
{
    int order = memcmp(a.data, b.data, size_min(a.len, b.len));
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Where a name stands, or would stand. */
static inline size_t store_place(const struct part_store *s, view name)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names_compare(part_name(&s->parts[middle]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static inline struct kept_part *store_find(const struct part_store *s, view name)
{
    size_t at = store_place(s, name);
    bool there = at < s->count && view_equal(part_name(&s->parts[at]), name);
    return there ? &s->parts[at] : NULL;
}

static inline void store_remove(struct part_store *s, struct kept_part *part)
{
    size_t at = (size_t)(part - s->parts);
    buf_clear(&part->value);
    memmove(part, part + 1, (--s->count - at) * sizeof *part);
}

static inline void store_put(struct part_store *s, view name, view value)
{
    struct kept_part *part = store_find(s, name);
    if (part == NULL) {
        size_t at = store_place(s, name);
        if (s->count == s->cap) {
            s->cap = s->cap > 0 ? 2 * s->cap : 64;
            s->parts = realloc(s->parts, s->cap * sizeof *s->parts);
            assert_non_null(s->parts);
        }
        part = &s->parts[at];
        memmove(part + 1, part, (s->count++ - at) * sizeof *part);
        *part = (struct kept_part){.name_len = name.len};
        memcpy(part->name, name.data, name.len);
    }
    assert_ok(buf_set(&part->value, value));
}

static inline sotto_err store_take(void *context, view name, view value)
{
    struct part_store *s = context;
    struct kept_part *part = store_find(s, name);
    assert_in_range(name.len, 1, SOTTO_GROUP_PART_NAME);
    assert_in_range(name.data[0], PART_HEAD, PART_MESSAGES);
    if (s->stop_after > 0 && s->told == s->stop_after)
        return SOTTO_E_IO;
    s->told++;
    s->bytes += name.len + value.len;
    s->kinds[name.data[0]]++;
    if (value.len > 0) {
        store_put(s, name, value);
        return SOTTO_OK;
    }
    s->erased++;
    if (part != NULL)
        store_remove(s, part);
    return SOTTO_OK;
}

static inline void store_begin(struct part_store *s)
{
    s->told = s->bytes = s->erased = 0;
    memset(s->kinds, 0, sizeof s->kinds);
}

static inline void store_clear(struct part_store *s)
{
    while (s->count > 0)
        store_remove(s, &s->parts[s->count - 1]);
    free(s->parts);
    *s = (struct part_store){0};
}

static inline void store_write(struct part_store *s, sotto_group *g)
{
    store_begin(s);
    assert_ok(sotto_group_write(g, false, store_take, s));
    sotto_group_written(g);
}

/* From the last to the first: the order does not matter. */
static inline sotto_err store_read(const struct part_store *s, sotto_mls *m,
                                   sotto_group **ret_group)
{
    sotto_group_reader *reader = NULL;
    assert_ok(sotto_group_read_begin(&reader));
    for (size_t i = s->count; i-- > 0;) {
        sotto_err err =
            sotto_group_read_part(reader, part_name(&s->parts[i]), buf_view(&s->parts[i].value));
        if (err != SOTTO_OK) {
            sotto_group_reader_free(reader);
            return err;
        }
    }
    sotto_err err = sotto_group_read_end(m, &reader, ret_group);
    assert_null(reader);
    return err;
}

static inline void stores_equal(const struct part_store *a, const struct part_store *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(view_equal(part_name(&a->parts[i]), part_name(&b->parts[i])));
        assert_true(view_equal(buf_view(&a->parts[i].value), buf_view(&b->parts[i].value)));
    }
}

/* What was written in pieces is what is written as a whole. */
static inline void store_is_whole(const struct part_store *s, sotto_group *g)
{
    struct part_store whole = {0};
    assert_ok(sotto_group_write(g, true, store_take, &whole));
    stores_equal(s, &whole);
    store_clear(&whole);
}

#endif
