#include "core/state.h"

static void key_add_u64(struct row_key *key, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        key->bytes[key->len++] = (uint8_t)(number >> shift);
}

struct row_key row_key_u64(uint64_t number)
{
    struct row_key key = {0};
    key_add_u64(&key, number);
    return key;
}

struct row_key row_key_two(uint64_t a, uint64_t b)
{
    struct row_key key = row_key_u64(a);
    key_add_u64(&key, b);
    return key;
}

struct row_key due_key(uint64_t kind, uint64_t time_s, uint64_t number)
{
    struct row_key key = row_key_two(kind, time_s);
    key_add_u64(&key, number);
    return key;
}

struct row_key row_key_id(uint64_t number, view id)
{
    struct row_key key = row_key_u64(number);
    size_t len = size_min(id.len, 64);
    if (len > 0)
        memcpy(key.bytes + key.len, id.data, len);
    key.len += len;
    return key;
}

sotto_err rows_begin(struct step *s)
{
    s->wrote = true;
    if (s->core->writing)
        return SOTTO_OK;
    TRY(row_verdict(s, store_begin(s->core->store)));
    s->core->writing = true;
    return SOTTO_OK;
}

sotto_err row_get(struct step *s, enum store_table table, view key, view *ret_value)
{
    return row_verdict(s, store_get(s->core->store, table, key, ret_value));
}

sotto_err row_next(struct step *s, enum store_table table, view prefix, view after, view *ret_key,
                   view *ret_value)
{
    return row_verdict(s, store_next(s->core->store, table, prefix, after, ret_key, ret_value));
}

sotto_err row_next_two(struct step *s, enum store_table table, uint64_t first, uint64_t after,
                       uint64_t *ret_second)
{
    struct row_key prefix = row_key_u64(first), last = row_key_two(first, after);
    view key, value;
    TRY(row_next(s, table, row_key_view(&prefix), row_key_view(&last), &key, &value));
    struct rd r = rd_of(key);
    rd_u64(&r);
    uint64_t second = rd_u64(&r);
    TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret_second = second;
    return SOTTO_OK;
}

sotto_err due_first(struct step *s, uint64_t kind, uint64_t *ret_time_s, uint64_t *ret_number)
{
    struct row_key prefix = row_key_u64(kind);
    view key, value;
    TRY(row_next(s, STORE_DUE, row_key_view(&prefix), (view){0}, &key, &value));
    struct rd r = rd_of(key);
    rd_u64(&r);
    uint64_t time_s = rd_u64(&r), number = rd_u64(&r);
    TRY(row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret_time_s = time_s;
    *ret_number = number;
    return SOTTO_OK;
}

sotto_err row_put(struct step *s, enum store_table table, view key, view value)
{
    TRY(rows_begin(s));
    return row_verdict(s, store_put(s->core->store, table, key, value));
}

sotto_err row_delete(struct step *s, enum store_table table, view key)
{
    TRY(rows_begin(s));
    return row_verdict(s, store_delete(s->core->store, table, key));
}
