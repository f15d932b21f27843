/* talk.h - people who are signed in and talk in a conversation, for tests of streams: each has one device (two of them may be those
 * of one account), on the connection of its number plus 1. */
#ifndef TEST_CORE_TALK_H
#define TEST_CORE_TALK_H

#include "core/streams.h"
#include "people.h"
#include "proto/branch.h"
#include "proto/commit_header.h"
#include "proto/notice.h"
#include "proto/stream.h"
#include "proto/token_correction.h"

#define VOICES 4

struct voice {
    struct person person;
    size_t gadget; /* the one that talks */
    uint64_t op;   /* the last one that was used */
};

struct chat {
    struct town town;
    struct voice *voices; /* large: not on the stack */
    size_t count;
    uint8_t stream[STREAM_ID];
    uint64_t epoch;
    uint8_t header_hash[PROTO_HASH];
    uint8_t token; /* its bytes are 32 of this one */
};

static inline uint64_t connection_of(size_t who)
{
    return who + 1;
}

static inline struct world *world(struct chat *c)
{
    return &c->town.w;
}

static inline struct limits no_limits(void)
{
    struct limits limits = limits_default();
    limits.sends = limits.send_kib = limits.inbox_sends = limits.commits = 0;
    limits.handshake_kib = limits.groups = limits.subscribes = limits.requests = 0;
    return limits;
}

/* --- people --- */

static inline const struct gadget *gadget_of(const struct voice *v)
{
    return &v->person.gadgets[v->gadget];
}

static inline void come_in(struct chat *c, size_t who)
{
    sign_in(&c->town, &c->voices[who].person, c->voices[who].gadget, connection_of(who));
}

static inline void go_out(struct chat *c, size_t who)
{
    leave(&c->town, connection_of(who));
}

/* Who gives this many bytes of credit. */
static inline void ask_listen(struct chat *c, size_t who, uint32_t credit)
{
    sotto_buf frame = {0};
    assert_ok(proto_listen_write(30, credit, &frame));
    tell(&c->town, connection_of(who), &frame);
    got_ok(world(c), connection_of(who), 30);
}

static inline void come_and_listen(struct chat *c, size_t who)
{
    come_in(c, who);
    ask_listen(c, who, 1000000);
}

/* kill -9: nobody is signed in any more. */
static inline void crash(struct chat *c)
{
    core_effects_reset(&c->town.w.fx);
    town_crash(&c->town);
}

static inline struct chat chat_of(struct limits limits, size_t count)
{
    static const char *const names[VOICES] = {"alice@" HOST, "bob@" HOST, "carol@" HOST,
                                              "dave@" HOST};
    limits.registers = limits.account_changes = 0;
    struct chat c = {.town = town_of(limits), .count = count};
    c.voices = calloc(VOICES, sizeof *c.voices);
    assert_non_null(c.voices);
    for (size_t i = 0; i < count; i++)
        c.voices[i].person = member_of(&c.town, names[i]);
    for (size_t i = 0; i < count; i++)
        come_in(&c, i);
    memset(c.stream, 0xc0, sizeof c.stream);
    return c;
}

static inline void chat_clear(struct chat *c)
{
    for (size_t i = 0; i < c->count; i++)
        person_clear(&c->voices[i].person);
    free(c->voices);
    town_clear(&c->town);
}

/* --- what was heard in the last step --- */

static inline size_t heard(struct chat *c, size_t who, enum proto_kind kind)
{
    const struct world *w = world(c);
    size_t count = 0;
    for (size_t i = 0; i < w->fx.count; i++) {
        struct proto_frame frame = {0};
        if (w->fx.list[i].kind != CORE_SEND || w->fx.list[i].connection != connection_of(who))
            continue;
        assert_ok(proto_frame_read(effect_bytes(w, &w->fx.list[i]), &frame));
        count += frame.kind == kind;
    }
    return count;
}

static inline struct proto_frame nth(struct chat *c, size_t who, enum proto_kind kind, size_t n)
{
    const struct world *w = world(c);
    for (size_t i = 0; i < w->fx.count; i++) {
        struct proto_frame frame = {0};
        if (w->fx.list[i].kind != CORE_SEND || w->fx.list[i].connection != connection_of(who))
            continue;
        assert_ok(proto_frame_read(effect_bytes(w, &w->fx.list[i]), &frame));
        if (frame.kind == kind && n-- == 0)
            return frame;
    }
    fail_msg("%zu did not hear that", who);
    return (struct proto_frame){0};
}

static inline struct proto_entry heard_entry(struct chat *c, size_t who, size_t n)
{
    struct proto_entry entry = {0};
    assert_ok(proto_entry_read(nth(c, who, PROTO_ENTRY, n).body, &entry));
    return entry;
}

static inline struct proto_read_end heard_end(struct chat *c, size_t who)
{
    struct proto_read_end end = {0};
    assert_ok(proto_read_end_read(nth(c, who, PROTO_READ_END, 0).body, &end));
    return end;
}

static inline struct proto_appended heard_appended(struct chat *c, size_t who)
{
    struct proto_appended appended = {0};
    assert_int_equal(heard(c, who, PROTO_APPENDED), 1);
    assert_ok(proto_appended_read(nth(c, who, PROTO_APPENDED, 0).body, &appended));
    return appended;
}

static inline void heard_error(struct chat *c, size_t who, sotto_err wanted)
{
    struct proto_error error = {0};
    assert_int_equal(heard(c, who, PROTO_ERROR), 1);
    assert_ok(proto_error_read(nth(c, who, PROTO_ERROR, 0).body, &error));
    assert_int_equal(error.code, wanted);
}

static inline bool text_is(const struct proto_entry *entry, const char *text)
{
    return view_equal(entry->body, view_str(text));
}

/* --- asking --- */

static inline void ask_create(struct chat *c, size_t who, const uint8_t stream[STREAM_ID])
{
    sotto_buf frame = {0};
    struct proto_stream_create create = {.op = ++c->voices[who].op};
    uint8_t token[32];
    memcpy(create.stream, stream, STREAM_ID);
    memset(token, c->token, sizeof token);
    assert_ok(hash(c->town.crypto, HASH_SHA256, VIEW_OF(token), create.token_hash));
    assert_ok(proto_stream_create_write(31, &create, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static inline sotto_buf append_frame(struct chat *c, uint64_t op, uint8_t kind, uint64_t epoch,
                                     view body)
{
    sotto_buf frame = {0};
    struct proto_append append = {.op = op, .epoch = epoch, .kind = kind, .body = body};
    memcpy(append.stream, c->stream, STREAM_ID);
    assert_ok(proto_append_write(32, &append, &frame));
    return frame;
}

static inline void ask_append_kind(struct chat *c, size_t who, uint8_t kind, view body)
{
    sotto_buf frame = append_frame(c, ++c->voices[who].op, kind, c->epoch, body);
    tell(&c->town, connection_of(who), &frame);
}

static inline void ask_append(struct chat *c, size_t who, const char *text)
{
    ask_append_kind(c, who, ENTRY_APPLICATION, view_str(text));
}

/* It is accepted: gives its seq. */
static inline uint64_t says(struct chat *c, size_t who, const char *text)
{
    ask_append(c, who, text);
    return heard_appended(c, who).seq;
}

static inline void ask_read(struct chat *c, size_t who, uint64_t after, uint32_t max_bytes)
{
    sotto_buf frame = {0};
    struct proto_read read = {.after = after, .max_bytes = max_bytes};
    memcpy(read.stream, c->stream, STREAM_ID);
    assert_ok(proto_read_write(33, &read, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static inline void ask_ack(struct chat *c, size_t who, uint64_t seq)
{
    DEFER(buf_clear) sotto_buf list = {0};
    sotto_buf frame = {0};
    struct proto_ack_item item = {.seq = seq};
    memcpy(item.stream, c->stream, STREAM_ID);
    assert_ok(proto_ack_add(&item, &list));
    assert_ok(proto_ack_write(34, &(struct proto_list){buf_view(&list), 1}, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static inline void ask_unsubscribe(struct chat *c, size_t who)
{
    sotto_buf frame = {0};
    assert_ok(proto_unsubscribe_write(35, c->stream, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static inline void ask_subscribe(struct chat *c, size_t who, uint8_t token)
{
    sotto_buf frame = {0};
    uint8_t bytes[32];
    struct proto_subscribe subscribe = {.op = ++c->voices[who].op, .token = VIEW_OF(bytes)};
    memset(bytes, token, sizeof bytes);
    memcpy(subscribe.stream, c->stream, STREAM_ID);
    assert_ok(proto_subscribe_write(36, &subscribe, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static inline void ask_inbox_send(struct chat *c, size_t who, size_t to, const char *text)
{
    sotto_buf frame = {0};
    const struct voice *v = &c->voices[to];
    struct proto_inbox_send send = {.op = ++c->voices[who].op, .body = view_str(text)};
    memcpy(send.account_id, v->person.account.account_id, sizeof send.account_id);
    memcpy(send.device_id, gadget_of(v)->id, sizeof send.device_id);
    assert_ok(proto_inbox_send_write(37, &send, &frame));
    tell(&c->town, connection_of(who), &frame);
}

/* --- commits --- */

struct wish { /* {0}: a commit that changes nobody */
    size_t add[VOICES], remove[VOICES];
    size_t add_count, remove_count;
    const char *body;         /* NULL: "a commit" */
    const char *delta;        /* NULL: "a delta" */
    view blob;                /* in place of body */
    view delta_blob;          /* in place of delta */
    view welcome;             /* {0}: "a welcome" */
    view welcome_blob;        /* in place of it */
    uint64_t epoch;           /* 0: the next */
    uint64_t state_key_epoch; /* 0: the first */
    bool false_signature, false_previous, false_hash;
    bool other_stream, other_op, other_device, other_account; /* in the header */
};

static inline void header_fill(struct chat *c, size_t who, const struct wish *wish, uint64_t op,
                               struct commit_header *header)
{
    const struct voice *v = &c->voices[who];
    const struct voice *device = &c->voices[wish->other_device ? 1 - who : who];
    const struct voice *account = &c->voices[wish->other_account ? 1 - who : who];
    *header = (struct commit_header){.epoch = wish->epoch > 0 ? wish->epoch : c->epoch + 1,
                                     .op = op + wish->other_op};
    memcpy(header->stream, c->stream, STREAM_ID);
    header->stream[0] ^= wish->other_stream;
    memcpy(header->previous_hash, c->header_hash, sizeof header->previous_hash);
    header->previous_hash[0] ^= wish->false_previous;
    if (wish->blob.len > 0)
        memcpy(header->commit_hash, wish->blob.data, PROTO_HASH);
    else
        assert_ok(hash(c->town.crypto, HASH_SHA256,
                       view_str(wish->body != NULL ? wish->body : "a commit"),
                       header->commit_hash));
    header->commit_hash[0] ^= wish->false_hash;
    memcpy(header->account_id, account->person.account.account_id, sizeof header->account_id);
    memcpy(header->device_id, gadget_of(device)->id, sizeof header->device_id);
    assert_ok(commit_header_sign(c->town.crypto, gadget_of(v)->key, header));
    header->signature[0] ^= wish->false_signature;
}

/* A token of its own for each epoch. */
static inline void token_hash_of(struct chat *c, uint8_t token, uint8_t ret_hash[PROTO_HASH])
{
    uint8_t bytes[32];
    memset(bytes, token, sizeof bytes);
    assert_ok(hash(c->town.crypto, HASH_SHA256, VIEW_OF(bytes), ret_hash));
}

static inline sotto_buf commit_frame(struct chat *c, size_t who, const struct wish *wish,
                                     struct commit_header *ret_header)
{
    DEFER(buf_clear) sotto_buf header = {0}, add = {0}, remove = {0};
    sotto_buf frame = {0};
    struct proto_commit commit = {.op = ++c->voices[who].op,
                                  .state_key_epoch =
                                      wish->state_key_epoch > 0 ? wish->state_key_epoch : 1};
    header_fill(c, who, wish, commit.op, ret_header);
    assert_ok(commit_header_write(ret_header, &header));
    for (size_t i = 0; i < wish->add_count; i++) {
        const struct voice *v = &c->voices[wish->add[i]];
        struct proto_commit_add item = {.welcome_blob = wish->welcome_blob};
        if (item.welcome_blob.len == 0)
            item.welcome = wish->welcome.len > 0 ? wish->welcome : VIEW_LIT("a welcome");
        memcpy(item.account_id, v->person.account.account_id, sizeof item.account_id);
        memcpy(item.device_id, gadget_of(v)->id, sizeof item.device_id);
        assert_ok(proto_commit_add_add(&item, &add));
    }
    for (size_t i = 0; i < wish->remove_count; i++) {
        const struct voice *v = &c->voices[wish->remove[i]];
        struct proto_commit_remove item;
        memcpy(item.account_id, v->person.account.account_id, sizeof item.account_id);
        memcpy(item.device_id, gadget_of(v)->id, sizeof item.device_id);
        assert_ok(proto_commit_remove_add(&item, &remove));
    }
    memcpy(commit.stream, c->stream, STREAM_ID);
    commit.header = buf_view(&header);
    commit.body =
        wish->blob.len > 0 ? (view){0} : view_str(wish->body != NULL ? wish->body : "a commit");
    commit.blob = wish->blob;
    commit.delta_blob = wish->delta_blob;
    if (wish->delta_blob.len == 0)
        commit.delta = view_str(wish->delta != NULL ? wish->delta : "a delta");
    commit.add = (struct proto_list){buf_view(&add), wish->add_count};
    commit.remove = (struct proto_list){buf_view(&remove), wish->remove_count};
    token_hash_of(c, (uint8_t)(c->token + 1), commit.token_hash);
    assert_ok(proto_commit_write(38, &commit, &frame));
    return frame;
}

static inline void ask_commit(struct chat *c, size_t who, struct wish wish)
{
    struct commit_header header = {0};
    sotto_buf frame = commit_frame(c, who, &wish, &header);
    tell(&c->town, connection_of(who), &frame);
}

/* It is accepted. */
static inline uint64_t commits(struct chat *c, size_t who, struct wish wish)
{
    struct commit_header header = {0};
    sotto_buf frame = commit_frame(c, who, &wish, &header);
    tell(&c->town, connection_of(who), &frame);
    c->epoch++;
    c->token++;
    assert_ok(commit_header_hash(c->town.crypto, &header, c->header_hash));
    return heard_appended(c, who).seq;
}

static inline sotto_buf correction_of(struct chat *c, size_t who, uint64_t epoch, uint8_t token)
{
    struct token_correction correction = {.epoch = epoch, .op = c->voices[who].op + 1};
    const struct person *p = &c->voices[who].person;
    sotto_buf out = {0};
    memcpy(correction.stream, c->stream, STREAM_ID);
    token_hash_of(c, token, correction.token_hash);
    memcpy(correction.account_id, p->account.account_id, sizeof correction.account_id);
    memcpy(correction.device_id, p->gadgets[0].id, sizeof correction.device_id);
    assert_ok(token_correction_sign(c->town.crypto, p->gadgets[0].key, &correction));
    assert_ok(token_correction_write(&correction, &out));
    return out;
}

static inline sotto_buf branch_of(struct chat *c, size_t who, uint64_t bad_seq)
{
    struct branch branch = {.bad_seq = bad_seq, .good_epoch = 1, .new_stream = {1}};
    const struct person *p = &c->voices[who].person;
    sotto_buf out = {0};
    memcpy(branch.stream, c->stream, STREAM_ID);
    memcpy(branch.account_id, p->account.account_id, sizeof branch.account_id);
    memcpy(branch.device_id, p->gadgets[0].id, sizeof branch.device_id);
    assert_ok(branch_sign(c->town.crypto, p->gadgets[0].key, &branch));
    assert_ok(branch_write(&branch, &out));
    return out;
}

/* A blob that has come, for commits that name it. */
static inline void blob_store(struct chat *c, const uint8_t hash[PROTO_HASH], uint64_t size)
{
    DEFER(buf_clear) sotto_buf value = {0};
    const struct blob_row row = {.size = size, .account = 1, .asked_s = 5};
    assert_ok(blob_row_write(&row, &value));
    assert_ok(store_begin(c->town.store));
    assert_ok(store_put(c->town.store, STORE_BLOB, view_of(hash, PROTO_HASH), buf_view(&value)));
    assert_ok(store_commit(c->town.store));
}

/* The first of them makes a conversation and adds the others; all listen. */
static inline void converse(struct chat *c)
{
    struct wish wish = {0};
    ask_create(c, 0, c->stream);
    assert_int_equal(heard_appended(c, 0).seq, 0);
    for (size_t i = 1; i < c->count; i++)
        wish.add[wish.add_count++] = i;
    for (size_t i = 0; i < c->count; i++)
        ask_listen(c, i, 1000000);
    commits(c, 0, wish);
}

static inline struct chat talk_of(struct limits limits, size_t count)
{
    struct chat c = chat_of(limits, count);
    converse(&c);
    return c;
}

/* The last of them is not in it. */
static inline struct chat talk_without_one(struct limits limits, size_t count)
{
    struct chat c = chat_of(limits, count);
    c.count--;
    converse(&c);
    c.count++;
    return c;
}

/* --- several conversations: the one that a chat talks in is changed for another --- */

struct talk {
    uint8_t stream[STREAM_ID];
    uint64_t epoch;
    uint8_t header_hash[PROTO_HASH];
    uint8_t token;
};

static inline struct talk talk_change(struct chat *c, struct talk to)
{
    struct talk from = {.epoch = c->epoch, .token = c->token};
    memcpy(from.stream, c->stream, STREAM_ID);
    memcpy(from.header_hash, c->header_hash, PROTO_HASH);
    memcpy(c->stream, to.stream, STREAM_ID);
    memcpy(c->header_hash, to.header_hash, PROTO_HASH);
    c->epoch = to.epoch;
    c->token = to.token;
    return from;
}

/* --- time --- */

static inline void tick_and_settle(struct chat *c)
{
    struct world *w = world(c);
    core_effects_reset(&w->fx);
    assert_ok(core_tick(w->core, w->now_ms, &w->fx));
    settle(&c->town);
}

/* All that is due until then. */
static inline void wait_for(struct chat *c, uint64_t ms)
{
    struct world *w = world(c);
    uint64_t end_ms = w->now_ms + ms;
    while (core_next_ms(w->core) <= end_ms) {
        if (core_next_ms(w->core) > w->now_ms)
            w->now_ms = core_next_ms(w->core);
        tick_and_settle(c);
    }
    w->now_ms = end_ms;
}

#endif
