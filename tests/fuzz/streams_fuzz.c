/* A few devices and conversations, driven by fuzz bytes, against the core and a store in memory that is cut off and fails at will. What
 * must hold after each commit:
 *   - an entry that somebody was told of stays what it was, and an operation has one answer
 *   - what a page of a read gives is in order and without gaps, losses told; pushes are in order, and none comes twice
 *   - the log has each entry from the first to the head, and `queued` counts them; no stream's head goes back
 *   - for no device more waits than its quota, once all that was to be looked at has been
 *   - in how many conversations an account is agrees with its subscriptions
 * Input: a byte of settings, then steps of a byte for what, a byte for who, and what they need. */
#include "bench/device.h"
#include "core/streams.h"
#include "crypto/hash.h"
#include "drive.h"
#include "proto/commit_header.h"

#define HOST    "h.example"
#define DEVICES 4
#define ADMIN   DEVICES /* comes on a connection of its own */
#define TALKS   3
#define SEQ_MAX 512
#define OP_MAX  512
#define WALL_MS INT64_C(1800000000000)

struct cast { /* made once */
    sotto_crypto *crypto;
    sotto_sign_key *root;
    sotto_buf root_certificate;
    struct device_keys keys[DEVICES];
    sotto_buf reg[DEVICES];
};

struct talk {
    uint8_t id[STREAM_ID];
    uint64_t number, epoch, head; /* number: the server's; another one is another conversation */
    uint8_t header_hash[PROTO_HASH];
    uint32_t told[SEQ_MAX]; /* by seq: a sum of kind and body; 0: nobody was told */
};

struct player {
    uint64_t op, answered[OP_MAX];      /* by op: the seq plus 1 */
    uint64_t pushed_to[TALKS], read_to; /* in this session; in this page */
    uint64_t commit_op;                 /* of the commit that is under way */
    size_t commit_talk;
    uint8_t commit_hash[PROTO_HASH];
};

struct model {
    struct drive drive;
    const struct cast *cast;
    struct talk talks[TALKS];
    struct player players[DEVICES];
};

static const struct cast *cast_get(void)
{
    static struct cast cast;
    static const uint8_t nonce[HELLO_NONCE], pin[X509_PIN];
    uint8_t seed[DEVICE_SEED] = "a device of streams_fuzz";
    struct x509 root = {.kind = X509_ROOT, .not_after_s = X509_FOREVER_S};
    if (cast.crypto != NULL)
        return &cast;
    HOLDS(sotto_crypto_new(&cast.crypto) == SOTTO_OK);
    HOLDS(sign_key_derive(cast.crypto, SIGN_ED25519, VIEW_OF(seed), &cast.root) == SOTTO_OK);
    memcpy(root.public_key, sign_key_public(cast.root).data, sizeof root.public_key);
    HOLDS(x509_issue(cast.crypto, &root, cast.root, &cast.root_certificate) == SOTTO_OK);
    for (uint8_t i = 0; i < DEVICES; i++) {
        char name[] = "a0@" HOST;
        name[1] = (char)('0' + i);
        seed[31] = i + 1;
        HOLDS(device_keys_make(cast.crypto, seed, &cast.keys[i]) == SOTTO_OK);
        const struct device_registration reg = {.how = REGISTER_OPEN, .name = view_str(name)};
        HOLDS(device_register_write(cast.crypto, &cast.keys[i], &reg, pin, nonce, 1,
                                    &cast.reg[i]) == SOTTO_OK);
    }
    return &cast;
}

/* --- what is heard --- */

static struct talk *talk_of(struct model *m, const uint8_t id[STREAM_ID])
{
    for (size_t i = 0; i < TALKS; i++)
        if (memcmp(m->talks[i].id, id, STREAM_ID) == 0)
            return &m->talks[i];
    return NULL; /* an inbox */
}

static uint32_t sum_of(const struct proto_entry *entry)
{
    uint32_t sum = 2166136261U ^ entry->kind;
    for (size_t i = 0; i < entry->body.len; i++)
        sum = (sum ^ entry->body.data[i]) * 16777619U;
    return sum | 1;
}

static void hear_entry(struct model *m, struct player *p, const struct proto_frame *f)
{
    struct proto_entry entry;
    uint64_t from;
    HOLDS(proto_entry_read(f->body, &entry) == SOTTO_OK);
    struct talk *talk = talk_of(m, entry.stream);
    if (talk == NULL)
        return;
    HOLDS(entry.seq > 0 && entry.seq < SEQ_MAX);
    from = entry.seq;
    if (entry.kind == ENTRY_LOST)
        HOLDS(proto_lost_entry_read(entry.body, &from) == SOTTO_OK && from <= entry.seq);
    else if (talk->told[entry.seq] == 0)
        talk->told[entry.seq] = sum_of(&entry);
    else
        HOLDS(talk->told[entry.seq] == sum_of(&entry));
    if (f->request != 0) {
        HOLDS(p->read_to == 0 || from == p->read_to + 1);
        p->read_to = entry.seq;
        return;
    }
    uint64_t *pushed_to = &p->pushed_to[talk - m->talks];
    HOLDS(entry.kind != ENTRY_LOST && entry.seq > *pushed_to);
    *pushed_to = entry.seq;
}

static void hear_appended(struct model *m, struct player *p, view body)
{
    struct proto_appended answer;
    HOLDS(proto_appended_read(body, &answer) == SOTTO_OK && answer.op <= p->op);
    HOLDS(p->answered[answer.op] == 0 || p->answered[answer.op] == answer.seq + 1);
    bool first = p->answered[answer.op] == 0;
    p->answered[answer.op] = answer.seq + 1;
    if (!first || answer.op != p->commit_op)
        return;
    struct talk *talk = &m->talks[p->commit_talk];
    talk->epoch++;
    memcpy(talk->header_hash, p->commit_hash, PROTO_HASH);
}

static void hear(void *user, size_t who, view bytes)
{
    struct model *m = user;
    struct player *p = &m->players[who];
    struct proto_frame f;
    struct proto_read_end end;
    struct proto_behind behind;
    struct proto_auth_ok ok;
    if (who == ADMIN)
        return;
    HOLDS(proto_frame_read(bytes, &f) == SOTTO_OK);
    switch ((int)f.kind) {
    case PROTO_ENTRY:
        hear_entry(m, p, &f);
        return;
    case PROTO_APPENDED:
        hear_appended(m, p, f.body);
        return;
    case PROTO_READ_END:
        HOLDS(proto_read_end_read(f.body, &end) == SOTTO_OK && end.next <= end.head);
        HOLDS(p->read_to == 0 || end.next == p->read_to);
        p->read_to = 0;
        return;
    case PROTO_BEHIND:
        HOLDS(proto_behind_read(f.body, &behind) == SOTTO_OK);
        return;
    case PROTO_AUTH_OK:
        HOLDS(proto_auth_ok_read(f.body, &ok) == SOTTO_OK && ok.highest_op <= p->op);
        for (uint64_t op = ok.highest_op + 1; op <= p->op; op++)
            HOLDS(p->answered[op] == 0);
        return;
    default:
        return;
    }
}

/* --- what must hold --- */

struct run {
    uint64_t next, count;
};

static bool run_see(void *user, uint64_t seq, view body)
{
    struct run *run = user;
    struct logged logged;
    HOLDS(logged_read(body, &logged) == SOTTO_OK && seq == run->next);
    run->next++;
    run->count++;
    return true;
}

/* A conversation that is gone may be made anew under its id. */
static void talk_forget(struct model *m, size_t i)
{
    m->talks[i].epoch = m->talks[i].head = 0;
    memset(m->talks[i].header_hash, 0, PROTO_HASH);
    memset(m->talks[i].told, 0, sizeof m->talks[i].told);
    for (size_t who = 0; who < DEVICES; who++)
        m->players[who].pushed_to[i] = 0;
}

static uint64_t check_streams(struct model *m)
{
    struct row_key at = {0};
    view key, value;
    uint64_t stored = 0;
    while (store_next(m->drive.store, STORE_STREAM, (view){0}, row_key_view(&at), &key, &value) ==
           SOTTO_OK) {
        struct stream_row row;
        struct rd r = rd_of(key);
        uint64_t number = rd_u64(&r);
        HOLDS(rd_end(&r) == SOTTO_OK && stream_row_read(value, &row) == SOTTO_OK);
        at = row_key_u64(number);
        const struct stream *stream = stream_resident(m->drive.core, number);
        uint64_t first = stream != NULL ? stream->first : row.first;
        uint64_t head = stream != NULL ? stream->head : row.head;
        struct run run = {.next = first};
        HOLDS(log_read(m->drive.store, number, 0, UINT64_MAX, run_see, &run) == SOTTO_OK);
        HOLDS(run.next == head + 1);
        stored += run.count;
        struct talk *talk = talk_of(m, row.id);
        if (talk == NULL)
            continue;
        if (talk->number != number)
            talk_forget(m, (size_t)(talk - m->talks));
        talk->number = number;
        HOLDS(head >= talk->head && (stream == NULL || (stream->gone <= stream->passed &&
                                                        stream->passed <= stream->bytes)));
        talk->head = head;
    }
    return stored;
}

/* Of one device: how much waits; and each conversation that it is in counts for its account, which has no other device. */
static void check_device(struct model *m, uint64_t number)
{
    struct core_effects fx = {0};
    struct step s = {.core = m->drive.core, .fx = &fx, .now_ms = m->drive.now_ms};
    const struct limits *limits = &m->drive.config.limits;
    uint64_t stream = 0, entries = 0, talks = 0, counted = 0;
    while (subscribed_next(&s, number, stream, &stream) == SOTTO_OK) {
        struct standing standing = {0};
        HOLDS(subscription_standing(&s, stream, number, &standing) == SOTTO_OK);
        entries += standing.entries;
        talks += standing.kind == STREAM_CONVERSATION && standing.until == 0;
    }
    if (limits->queue_entries > 0 && m->drive.core->streams->look_count == 0)
        HOLDS(entries <= limits->queue_entries);
    struct row_key account = row_key_u64(number); /* both are given out in step */
    view value;
    if (store_get(m->drive.store, STORE_CONVERSATIONS, row_key_view(&account), &value) ==
        SOTTO_OK) {
        struct rd r = rd_of(value);
        counted = rd_u64(&r);
    }
    HOLDS(counted == talks && (limits->conversations == 0 || talks <= limits->conversations));
}

static void check(void *user)
{
    struct model *m = user;
    HOLDS(check_streams(m) == core_count(m->drive.core).queued);
    for (uint64_t number = 1; number <= DEVICES; number++)
        check_device(m, number);
    HOLDS(m->drive.core->streams->by_number.count <= TALKS + DEVICES);
}

/* --- what devices do --- */

static void say(struct model *m, size_t who, sotto_err written, sotto_buf *frame)
{
    HOLDS(written == SOTTO_OK);
    drive_say(&m->drive, who, buf_view(frame));
    buf_clear(frame);
}

static void do_come(struct model *m, size_t who)
{
    const struct device_keys *keys = &m->cast->keys[who];
    struct player *p = &m->players[who];
    struct proto_auth auth = {0};
    sotto_buf frame = {0};
    drive_commit(&m->drive); /* so that a close of the core's own has been heard */
    if (m->drive.open[who])
        return;
    memset(p->pushed_to, 0, sizeof p->pushed_to);
    p->read_to = 0;
    memcpy(auth.account_id, keys->account_id, sizeof auth.account_id);
    memcpy(auth.device_id, keys->device_id, sizeof auth.device_id);
    memcpy(auth.public_key, sign_key_public(keys->device).data, sizeof auth.public_key);
    drive_open(&m->drive, who, CORE_OPEN, (struct core_address){0});
    say(m, who, proto_auth_write(1, &auth, &frame), &frame);
}

/* The next one, or one that was used before. */
static uint64_t op_of(struct player *p, uint8_t how)
{
    if (how >= 224 && p->op > 0)
        return p->op - (how & 7) % p->op;
    return ++p->op;
}

static void do_create(struct model *m, size_t who, struct talk *talk)
{
    struct proto_stream_create create = {.op = ++m->players[who].op};
    sotto_buf frame = {0};
    memcpy(create.stream, talk->id, STREAM_ID);
    say(m, who, proto_stream_create_write(2, &create, &frame), &frame);
}

static void do_append(struct model *m, size_t who, struct talk *talk, view *input)
{
    uint8_t how = fuzz_u8(input), body[8] = {(uint8_t)who, fuzz_u8(input)};
    struct proto_append append = {.op = op_of(&m->players[who], how),
                                  .epoch = talk->epoch,
                                  .kind = how & 1 ? ENTRY_APPLICATION : ENTRY_PROPOSAL,
                                  .body = view_of(body, 2 + how % 7)};
    sotto_buf frame = {0};
    memcpy(append.stream, talk->id, STREAM_ID);
    say(m, who, proto_append_write(3, &append, &frame), &frame);
}

static void do_commit(struct model *m, size_t who, struct talk *talk, view *input)
{
    static const uint8_t body[] = "a commit";
    DEFER(buf_clear) sotto_buf header_bytes = {0}, add = {0}, remove = {0};
    const struct device_keys *keys = &m->cast->keys[who];
    struct player *p = &m->players[who];
    uint8_t whom = fuzz_u8(input);
    const struct device_keys *other = &m->cast->keys[whom / 4 % DEVICES];
    struct commit_header header = {.epoch = talk->epoch + 1, .op = ++p->op};
    struct proto_commit commit = {.op = p->op, .state_key_epoch = 1, .body = VIEW_OF(body)};
    sotto_buf frame = {0};
    memcpy(header.stream, talk->id, STREAM_ID);
    memcpy(commit.stream, talk->id, STREAM_ID);
    memcpy(header.previous_hash, talk->header_hash, PROTO_HASH);
    memcpy(header.account_id, keys->account_id, sizeof header.account_id);
    memcpy(header.device_id, keys->device_id, sizeof header.device_id);
    HOLDS(hash(m->cast->crypto, HASH_SHA256, commit.body, header.commit_hash) == SOTTO_OK);
    HOLDS(commit_header_sign(m->cast->crypto, keys->device, &header) == SOTTO_OK);
    HOLDS(commit_header_write(&header, &header_bytes) == SOTTO_OK);
    if (whom & 1) {
        struct proto_commit_add item = {.welcome = VIEW_LIT("welcome")};
        memcpy(item.account_id, other->account_id, sizeof item.account_id);
        memcpy(item.device_id, other->device_id, sizeof item.device_id);
        HOLDS(proto_commit_add_add(&item, &add) == SOTTO_OK);
    }
    if (whom & 2) {
        struct proto_commit_remove item;
        memcpy(item.account_id, other->account_id, sizeof item.account_id);
        memcpy(item.device_id, other->device_id, sizeof item.device_id);
        HOLDS(proto_commit_remove_add(&item, &remove) == SOTTO_OK);
    }
    commit.header = buf_view(&header_bytes);
    commit.add = (struct proto_list){buf_view(&add), whom & 1};
    commit.remove = (struct proto_list){buf_view(&remove), (size_t)(whom & 2) >> 1};
    p->commit_op = p->op;
    p->commit_talk = (size_t)(talk - m->talks);
    HOLDS(commit_header_hash(m->cast->crypto, &header, p->commit_hash) == SOTTO_OK);
    say(m, who, proto_commit_write(4, &commit, &frame), &frame);
}

static void do_read(struct model *m, size_t who, const struct talk *talk, view *input)
{
    struct proto_read read = {.after = fuzz_u8(input), .max_bytes = fuzz_u8(input) * 4U};
    sotto_buf frame = {0};
    memcpy(read.stream, talk->id, STREAM_ID);
    say(m, who, proto_read_write(5, &read, &frame), &frame);
}

static void do_ack(struct model *m, size_t who, const struct talk *talk, view *input)
{
    DEFER(buf_clear) sotto_buf list = {0};
    struct proto_ack_item item = {.seq = fuzz_u8(input)};
    sotto_buf frame = {0};
    memcpy(item.stream, talk->id, STREAM_ID);
    HOLDS(proto_ack_add(&item, &list) == SOTTO_OK);
    say(m, who, proto_ack_write(6, &(struct proto_list){buf_view(&list), 1}, &frame), &frame);
}

static void do_subscription(struct model *m, size_t who, const struct talk *talk, bool begin)
{
    static const uint8_t no_token[32];
    struct proto_subscribe subscribe = {.token = VIEW_OF(no_token)};
    sotto_buf frame = {0};
    memcpy(subscribe.stream, talk->id, STREAM_ID);
    if (begin)
        subscribe.op = ++m->players[who].op;
    say(m, who,
        begin ? proto_subscribe_write(7, &subscribe, &frame)
              : proto_unsubscribe_write(7, talk->id, &frame),
        &frame);
}

static void do_wait(struct model *m, view *input)
{
    static const uint64_t steps_ms[] = {10, 1000, 60000, 86400000, UINT64_C(2678400000)};
    if (m->drive.failing)
        drive_mend(&m->drive); /* so that a conversation that goes is seen to go */
    drive_wait(&m->drive, steps_ms[fuzz_u8(input) % COUNT_OF(steps_ms)]);
}

static void do_undo(struct model *m, view *input)
{
    uint8_t how = fuzz_u8(input);
    if (how % 4 == 0)
        drive_mend(&m->drive);
    else if (how % 4 == 1)
        drive_crash(&m->drive);
    else if (!m->drive.failing) /* some calls later */
        drive_fail(&m->drive, how / 4);
}

/* The admin deletes the account: all that the device had goes. */
static void do_delete(struct model *m, size_t who)
{
    const struct admin_user user = {.who = {LOOKUP_ID, VIEW_OF(m->cast->keys[who].account_id)}};
    DEFER(buf_clear) sotto_buf frame = {0};
    drive_commit(&m->drive);
    HOLDS(admin_user_write(8, ADMIN_USER_DELETE, &user, &frame) == SOTTO_OK);
    drive_open(&m->drive, ADMIN, CORE_OPEN_ADMIN, (struct core_address){0});
    drive_say(&m->drive, ADMIN, buf_view(&frame));
    drive_close(&m->drive, ADMIN);
    drive_commit(&m->drive);
}

static void do_something(struct model *m, view *input)
{
    uint8_t what = fuzz_u8(input), which = fuzz_u8(input);
    size_t who = which % DEVICES;
    struct talk *talk = &m->talks[which / DEVICES % TALKS];
    sotto_buf frame = {0};
    if (m->players[who].op + 1 >= OP_MAX || talk->head + 1 >= SEQ_MAX)
        return;
    switch (what % 16) {
    case 0:
        do_come(m, who);
        return;
    case 1:
        drive_close(&m->drive, who);
        return;
    case 2:
        do_create(m, who, talk);
        return;
    case 3:
    case 4:
        do_commit(m, who, talk, input);
        return;
    case 5:
        do_read(m, who, talk, input);
        return;
    case 6:
        do_ack(m, who, talk, input);
        return;
    case 7:
        say(m, who, proto_listen_write(9, fuzz_u8(input) * 8U, &frame), &frame);
        return;
    case 8:
        do_subscription(m, who, talk, what >= 64);
        return;
    case 9:
        do_wait(m, input);
        return;
    case 10:
        do_undo(m, input);
        return;
    case 11:
        if (what >= 192)
            do_delete(m, who);
        else
            drive_commit(&m->drive);
        return;
    default:
        do_append(m, who, talk, input);
        drive_commit(&m->drive);
    }
}

static void begin(struct model *m, uint8_t settings)
{
    struct limits limits = {.retention_s = 2592000, .groups = 0};
    if (settings & 1)
        limits.queue_entries = 1 + (settings >> 4);
    if (settings & 2)
        limits.conversations = 2;
    if (settings & 4)
        limits.stream_accounts = 2;
    m->drive.config = (struct core_config){
        .limits = limits,
        .host = VIEW_LIT(HOST),
        .authority = m->cast->root,
        .authority_is_root = true,
        .chain = {buf_view(&m->cast->root_certificate)},
        .chain_count = 1,
        .server_key = m->cast->root,
        .registration_open = true,
    };
    drive_begin(&m->drive);
    for (size_t i = 0; i < DEVICES; i++) {
        DEFER(buf_clear) sotto_buf frame = {0};
        HOLDS(buf_append(&frame, buf_view(&m->cast->reg[i])) == SOTTO_OK);
        drive_open(&m->drive, i, CORE_OPEN, (struct core_address){0});
        say(m, i, SOTTO_OK, &frame);
        drive_close(&m->drive, i);
        do_come(m, i);
    }
    for (size_t i = 0; i < TALKS; i++)
        memset(m->talks[i].id, (int)i + 1, STREAM_ID);
    drive_commit(&m->drive);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t seed[RNG_SEED] = "streams_fuzz";
    static struct model m;
    view input = view_of(data, size);
    m = (struct model){.cast = cast_get(),
                       .drive = {.rng = rng_from(seed),
                                 .now_ms = 1000000,
                                 .wall_ms = WALL_MS,
                                 .user = &m,
                                 .hear = hear,
                                 .check = check}};
    begin(&m, fuzz_u8(&input));
    while (input.len > 0)
        do_something(&m, &input);
    drive_end(&m.drive);
    return 0;
}
