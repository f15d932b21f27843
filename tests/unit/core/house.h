/* house.h - two who send blobs, for tests of what the core does with these. */
#ifndef TEST_CORE_HOUSE_H
#define TEST_CORE_HOUSE_H

#include "people.h"

#include "core/streams.h"
#include "proto/blob.h"

#define KIB        UINT64_C(1024)
#define CONNECTION 500 /* over which a blob comes: none that said hello */

struct house {
    struct town t;
    struct person alice, bob;
};

/* Alice is connection 1, Bob 2. */
static inline struct house house_of(struct limits limits)
{
    struct house h = {.t = town_of(limits)};
    h.alice = member_of(&h.t, "alice@" HOST);
    h.bob = member_of(&h.t, "bob@" HOST);
    sign_in(&h.t, &h.alice, 0, 1);
    sign_in(&h.t, &h.bob, 0, 2);
    return h;
}

static inline void house_clear(struct house *h)
{
    person_clear(&h->alice);
    person_clear(&h->bob);
    town_clear(&h->t);
}

static inline void hash_of(uint8_t number, uint8_t ret_hash[PROTO_HASH])
{
    memset(ret_hash, number, PROTO_HASH);
}

static inline void ask_put(struct house *h, uint64_t connection, uint8_t number, uint64_t size)
{
    struct proto_blob_put put = {.size = size};
    sotto_buf frame = {0};
    hash_of(number, put.hash);
    assert_ok(proto_blob_put_write(41, &put, &frame));
    tell(&h->t, connection, &frame);
}

static inline void ask_get(struct house *h, uint64_t connection, uint8_t number)
{
    struct proto_blob_get get;
    sotto_buf frame = {0};
    hash_of(number, get.hash);
    assert_ok(proto_blob_get_write(42, &get, &frame));
    tell(&h->t, connection, &frame);
}

/* What the ticket that came says; *ret_have, if not NULL: what is here. */
static inline struct blob_ticket got_ticket(const struct house *h, uint64_t connection,
                                            uint64_t *ret_have)
{
    struct proto_blob_ticket answer = {0};
    struct blob_ticket ticket = {0};
    struct proto_frame frame = got(&h->t.w, connection, PROTO_BLOB_TICKET);
    assert_ok(proto_blob_ticket_read(frame.body, &answer));
    assert_ok(blob_ticket_read(h->t.crypto, &blob_key, answer.ticket, WALL_S, &ticket));
    assert_int_equal(ticket.expires_s, answer.expires_s);
    if (ret_have != NULL)
        *ret_have = answer.have;
    return ticket;
}

/* The blob of a ticket comes whole, over a connection that the core does not know. */
static inline sotto_err comes(struct house *h, const struct blob_ticket *ticket)
{
    struct core_event event = {.kind = CORE_BLOB,
                               .connection = CONNECTION,
                               .blob = {.size = ticket->size, .account = ticket->account}};
    memcpy(event.blob.hash, ticket->hash, sizeof event.blob.hash);
    step(&h->t.w, event);
    assert_int_equal(h->t.w.fx.count, 1);
    const struct core_effect effect = h->t.w.fx.list[0];
    assert_int_equal(effect.kind, CORE_BLOB_KEPT);
    assert_int_equal(effect.connection, CONNECTION);
    assert_true(effect.held);
    settle(&h->t);
    return effect.verdict;
}

static inline struct blob_ticket sends(struct house *h, uint64_t connection, uint8_t number,
                                       uint64_t size)
{
    ask_put(h, connection, number, size);
    struct blob_ticket ticket = got_ticket(h, connection, NULL);
    assert_ok(comes(h, &ticket));
    return ticket;
}

static inline struct blob_row row_now(struct house *h, uint8_t number)
{
    struct blob_row row = {0};
    uint8_t hash[PROTO_HASH];
    view value;
    hash_of(number, hash);
    assert_ok(store_get(h->t.store, STORE_BLOB, VIEW_OF(hash), &value));
    assert_ok(blob_row_read(value, &row));
    return row;
}

static inline size_t expiries(struct house *h)
{
    size_t count = 0;
    view key, value;
    uint8_t after[STORE_KEY_MAX];
    size_t len = 0;
    while (store_next(h->t.store, STORE_BLOB_EXPIRY, (view){0}, view_of(after, len), &key,
                      &value) == SOTTO_OK) {
        len = key.len;
        memcpy(after, key.data, len);
        count++;
    }
    return count;
}

static inline uint64_t bytes_of(struct house *h, const struct person *p)
{
    struct core_effects fx = {0};
    struct step s = {.core = h->t.w.core, .fx = &fx, .now_ms = h->t.w.now_ms};
    struct account *account = NULL;
    assert_ok(account_find(&s, p->account.account_id, &account));
    return account->blob_bytes;
}

static inline struct limits small_quota(void)
{
    struct limits limits = limits_default();
    limits.account_bytes = 10 * KIB;
    limits.requests = 0;
    return limits;
}

#endif
