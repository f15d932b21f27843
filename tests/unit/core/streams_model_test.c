/* Random talk of three devices on a server that crashes, rolls back and runs into a full disk, against a model that knows what each was
 * told: nothing that was acknowledged is lost, nothing is doubled, and everybody hears everything in order; and of each commit header, group
 * state and entry are there together. What a step has to say is
 * kept back until the commit; a crash or a rollback before it is as if it had never been said, and whoever asked asks again. */
#include "talk.h"

#define SEEDS    40
#define STEPS    500
#define SAID_MAX STEPS
#define PENDING  4096

struct said { /* one thing that somebody says, or commits: its text is its number */
    size_t who;
    uint64_t op;
    sotto_buf frame;
    uint64_t epoch; /* that a commit makes; 0: it is none */
    uint8_t header_hash[PROTO_HASH];
    uint64_t seq; /* where it stands; 0: nobody has been told */
    bool answered;
};

struct heard_frame {
    size_t who;
    sotto_buf bytes;
};

struct sim {
    struct chat c;
    struct rng rng;
    struct said said[SAID_MAX];
    size_t said_count;
    uint32_t log[SAID_MAX + 2]; /* by seq: the number of what was said, plus 1 */
    bool online[VOICES];
    uint64_t acked[VOICES],
        heard_to[VOICES]; /* what the device keeps; what it has seen in this session */
    struct heard_frame pending[PENDING];
    size_t pending_count;
    size_t commits; /* that were answered */
    size_t answers, retries, crashes, rollbacks, failures;
};

static uint32_t roll(struct sim *sim, uint32_t bound)
{
    return rng_below(&sim->rng, bound);
}

/* --- what is heard --- */

static void learn(struct sim *sim, uint64_t seq, size_t said)
{
    assert_true(seq > 1 && seq < COUNT_OF(sim->log) && said < sim->said_count);
    if (sim->log[seq] == 0) {
        assert_int_equal(sim->said[said].seq, 0); /* else it stands there twice */
        sim->log[seq] = (uint32_t)said + 1;
        sim->said[said].seq = seq;
    }
    assert_int_equal(sim->log[seq], said + 1);
}

static size_t said_of(view body)
{
    char text[16] = "";
    assert_true(body.len < sizeof text);
    memcpy(text, body.data, body.len);
    return (size_t)strtoul(text, NULL, 10);
}

/* What stands in it. */
static view said_in(const struct proto_entry *entry)
{
    struct proto_commit_entry commit = {0};
    if (entry->kind == ENTRY_COMMIT)
        assert_ok(proto_commit_entry_read(entry->body, &commit));
    else
        assert_int_equal(entry->kind, ENTRY_APPLICATION);
    return entry->kind == ENTRY_COMMIT ? commit.body : entry->body;
}

static void hear_entry(struct sim *sim, size_t who, view body)
{
    struct proto_entry entry = {0};
    assert_ok(proto_entry_read(body, &entry));
    if (memcmp(entry.stream, sim->c.stream, STREAM_ID) != 0)
        return; /* an inbox */
    assert_true(entry.seq <= sim->heard_to[who] + 1);
    if (entry.seq == sim->heard_to[who] + 1)
        sim->heard_to[who]++;
    size_t said = said_of(said_in(&entry));
    learn(sim, entry.seq, said);
    assert_int_equal(entry.kind == ENTRY_COMMIT, sim->said[said].epoch > 0);
}

/* The next epoch has begun: for who made it when the answer comes. */
static void epoch_begins(struct sim *sim, const struct said *said)
{
    if (said->epoch == 0 || said->answered)
        return;
    assert_int_equal(said->epoch, sim->c.epoch + 1);
    sim->c.epoch++;
    sim->c.token++;
    memcpy(sim->c.header_hash, said->header_hash, PROTO_HASH);
    sim->commits++;
}

static void hear_appended(struct sim *sim, size_t who, view body)
{
    struct proto_appended appended = {0};
    assert_ok(proto_appended_read(body, &appended));
    for (size_t i = 0; i < sim->said_count; i++)
        if (sim->said[i].who == who && sim->said[i].op == appended.op) {
            learn(sim, appended.seq, i);
            epoch_begins(sim, &sim->said[i]);
            sim->said[i].answered = true;
        }
    if (appended.seq == sim->heard_to[who] + 1)
        sim->heard_to[who]++;
    if (appended.seq == sim->acked[who] + 1)
        sim->acked[who]++; /* the server moves its cursor, too */
    sim->answers++;
}

static void hear(struct sim *sim, size_t who, view bytes)
{
    struct proto_frame frame = {0};
    assert_ok(proto_frame_read(bytes, &frame));
    if (frame.kind == PROTO_ENTRY)
        hear_entry(sim, who, frame.body);
    else if (frame.kind == PROTO_APPENDED)
        hear_appended(sim, who, frame.body);
    else
        assert_true(frame.kind == PROTO_OK || frame.kind == PROTO_READ_END ||
                    frame.kind == PROTO_BEHIND || frame.kind == PROTO_BYE);
}

/* --- steps, and what comes of them --- */

static void keep_pending(struct sim *sim)
{
    const struct world *w = world(&sim->c);
    for (size_t i = 0; i < w->fx.count; i++) {
        const struct core_effect *effect = &w->fx.list[i];
        if (effect->kind != CORE_SEND)
            continue;
        struct heard_frame *heard_frame = &sim->pending[sim->pending_count++];
        assert_true(sim->pending_count < PENDING);
        heard_frame->who = effect->connection - 1;
        assert_ok(buf_append(&heard_frame->bytes, effect_bytes(w, effect)));
    }
}

static void pending_end(struct sim *sim, bool told)
{
    for (size_t i = 0; i < sim->pending_count; i++) {
        if (told && sim->online[sim->pending[i].who])
            hear(sim, sim->pending[i].who, buf_view(&sim->pending[i].bytes));
        buf_clear(&sim->pending[i].bytes);
    }
    sim->pending_count = 0;
}

static void all_gone(struct sim *sim)
{
    pending_end(sim, false);
    memset(sim->online, 0, sizeof sim->online);
}

static void roll_back(struct sim *sim)
{
    struct world *w = world(&sim->c);
    store_memory_fail(sim->c.town.store, SOTTO_OK, 0);
    core_effects_reset(&w->fx);
    assert_ok(core_rollback(w->core, SOTTO_E_DISK_FULL, w->now_ms, &w->fx));
    all_gone(sim);
    sim->rollbacks++;
}

static void commit_now(struct sim *sim)
{
    struct world *w = world(&sim->c);
    core_effects_reset(&w->fx);
    sotto_err err = core_commit(w->core, w->now_ms, &w->fx);
    keep_pending(sim);
    if (err == SOTTO_OK)
        pending_end(sim, true);
    else
        roll_back(sim);
}

/* As the shell has it: what a full disk refuses is rolled back. */
static void take(struct sim *sim, size_t who, view frame)
{
    struct world *w = world(&sim->c);
    struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(who), .frame = frame};
    core_effects_reset(&w->fx);
    sotto_err err = core_step(w->core, &event, w->now_ms, &w->rng, &w->fx);
    keep_pending(sim);
    if (err == SOTTO_OK)
        return;
    sim->failures++;
    roll_back(sim);
}

static void crash_now(struct sim *sim)
{
    store_memory_fail(sim->c.town.store, SOTTO_OK, 0);
    all_gone(sim);
    crash(&sim->c);
    sim->crashes++;
}

/* --- what people do --- */

static void say_something(struct sim *sim, size_t who)
{
    char text[16];
    if (sim->said_count == SAID_MAX)
        return;
    size_t number = sim->said_count++;
    struct said *said = &sim->said[number];
    snprintf(text, sizeof text, "%zu", number);
    *said = (struct said){.who = who, .op = ++sim->c.voices[who].op};
    said->frame = append_frame(&sim->c, said->op, ENTRY_APPLICATION, sim->c.epoch, view_str(text));
    take(sim, who, buf_view(&said->frame));
}

/* One commits, and only when nothing else waits for an answer: so that no message falls more epochs behind than it may. */
#define COMMITTER 0

static void commit_something(struct sim *sim)
{
    char text[16];
    struct commit_header header = {0};
    if (sim->said_count == SAID_MAX)
        return;
    for (size_t i = 0; i < sim->said_count; i++)
        if (!sim->said[i].answered)
            return;
    size_t number = sim->said_count++;
    struct said *said = &sim->said[number];
    snprintf(text, sizeof text, "%zu", number);
    *said = (struct said){.who = COMMITTER, .epoch = sim->c.epoch + 1};
    said->frame =
        commit_frame(&sim->c, COMMITTER, &(struct wish){.body = text, .delta = text}, &header);
    said->op = sim->c.voices[COMMITTER].op;
    assert_ok(commit_header_hash(sim->c.town.crypto, &header, said->header_hash));
    take(sim, COMMITTER, buf_view(&said->frame));
}

/* Whoever has no answer asks again, in order; and so does whoever is not sure. */
static void say_again(struct sim *sim, size_t who)
{
    uint32_t sure = roll(sim, 4);
    for (size_t i = 0; i < sim->said_count && sim->online[who]; i++) {
        struct said *said = &sim->said[i];
        if (said->who != who || (said->answered && (sure != 0 || roll(sim, 10) != 0)))
            continue;
        sim->retries++;
        take(sim, who, buf_view(&said->frame));
    }
}

static void come_back(struct sim *sim, size_t who)
{
    if (sim->online[who])
        return;
    store_memory_fail(sim->c.town.store, SOTTO_OK, 0);
    commit_now(sim); /* signing in commits */
    if (roll(sim, 2) == 0)
        come_and_listen(&sim->c, who);
    else
        come_in(&sim->c, who);
    sim->online[who] = true;
    sim->heard_to[who] = sim->acked[who];
    say_again(sim, who); /* before anything new: numbers rise */
}

static bool has_unanswered(const struct sim *sim, size_t who)
{
    for (size_t i = 0; i < sim->said_count; i++)
        if (sim->said[i].who == who && !sim->said[i].answered)
            return true;
    return false;
}

static void read_on_from(struct sim *sim, size_t who)
{
    sotto_buf frame = {0};
    struct proto_read read = {.after = sim->heard_to[who], .max_bytes = 50 + roll(sim, 500)};
    memcpy(read.stream, sim->c.stream, STREAM_ID);
    assert_ok(proto_read_write(33, &read, &frame));
    take(sim, who, buf_view(&frame));
    buf_clear(&frame);
}

static void acknowledge(struct sim *sim, size_t who)
{
    DEFER(buf_clear) sotto_buf list = {0}, frame = {0};
    struct proto_ack_item item = {.seq = sim->heard_to[who]};
    memcpy(item.stream, sim->c.stream, STREAM_ID);
    assert_ok(proto_ack_add(&item, &list));
    assert_ok(proto_ack_write(34, &(struct proto_list){buf_view(&list), 1}, &frame));
    sim->acked[who] = sim->heard_to[who];
    take(sim, who, buf_view(&frame));
}

static void give_credit(struct sim *sim, size_t who)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    assert_ok(proto_listen_write(30, roll(sim, 300), &frame));
    take(sim, who, buf_view(&frame));
}

static void go_away_now(struct sim *sim, size_t who)
{
    sim->online[who] = false;
    go(world(&sim->c), connection_of(who), true, false);
}

static void time_passes(struct sim *sim)
{
    struct world *w = world(&sim->c);
    w->now_ms += roll(sim, 2000);
    if (core_next_ms(w->core) > w->now_ms)
        return;
    core_effects_reset(&w->fx);
    sotto_err err = core_tick(w->core, w->now_ms, &w->fx);
    keep_pending(sim);
    if (err != SOTTO_OK)
        roll_back(sim);
}

static void act(struct sim *sim, size_t who)
{
    if (who == COMMITTER && roll(sim, 3) == 0) {
        commit_something(sim);
        return;
    }
    switch (roll(sim, 8)) {
    case 0:
    case 1:
    case 2:
        if (has_unanswered(sim, who) && roll(sim, 3) == 0)
            say_again(sim, who);
        else
            say_something(sim, who);
        return;
    case 3:
        say_again(sim, who);
        return;
    case 4:
        read_on_from(sim, who);
        return;
    case 5:
        acknowledge(sim, who);
        return;
    case 6:
        give_credit(sim, who);
        return;
    default:
        go_away_now(sim, who);
    }
}

static void something_happens(struct sim *sim)
{
    size_t who = roll(sim, 3);
    uint32_t what = roll(sim, 100);
    if (what < 20)
        commit_now(sim);
    else if (what < 22)
        crash_now(sim);
    else if (what < 24)
        roll_back(sim);
    else if (what < 27)
        store_memory_fail(sim->c.town.store, SOTTO_E_DISK_FULL, roll(sim, 30));
    else if (what < 32)
        time_passes(sim);
    else if (!sim->online[who])
        come_back(sim, who);
    else
        act(sim, who);
}

/* --- the end --- */

/* Everybody comes, asks again for what has no answer, and reads to the head: all that was ever said stands there once. */
static void all_is_told(struct sim *sim)
{
    uint64_t head = 1;
    store_memory_fail(sim->c.town.store, SOTTO_OK, 0);
    commit_now(sim);
    for (size_t who = 0; who < 3; who++)
        come_back(sim, who);
    for (size_t who = 0; who < 3; who++)
        for (int page = 0; page < STEPS; page++) {
            read_on_from(sim, who);
            commit_now(sim);
        }
    while (head + 1 < COUNT_OF(sim->log) && sim->log[head + 1] != 0)
        head++;
    for (uint64_t seq = head + 1; seq < COUNT_OF(sim->log); seq++)
        assert_int_equal(sim->log[seq], 0);
    for (size_t who = 0; who < 3; who++)
        assert_int_equal(sim->heard_to[who], head);
    for (size_t i = 0; i < sim->said_count; i++)
        assert_true(sim->said[i].answered && sim->said[i].seq > 0);
    assert_int_equal(head, sim->said_count + 1);
}

/* Each epoch has its header and what changed in the group state, as its commit has them. */
static void each_epoch_is_whole(struct sim *sim)
{
    struct chat *c = &sim->c;
    struct proto_headers headers = {.from_epoch = 1};
    struct proto_state_get get = {.from_epoch = 0};
    struct proto_header_list list = {0};
    struct proto_state state = {0};
    sotto_buf frame = {0};
    memcpy(headers.stream, c->stream, STREAM_ID);
    assert_ok(proto_headers_write(40, &headers, &frame));
    tell(&c->town, connection_of(COMMITTER), &frame);
    assert_ok(proto_header_list_read(nth(c, COMMITTER, PROTO_HEADER_LIST, 0).body, &list));
    assert_int_equal(list.headers.count, c->epoch);
    memcpy(get.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_get_write(41, &get, &frame));
    tell(&c->town, connection_of(COMMITTER), &frame);
    assert_ok(proto_state_read(nth(c, COMMITTER, PROTO_STATE, 0).body, &state));
    assert_true(state.epoch == c->epoch && state.deltas.count == c->epoch);
    struct rd r = rd_of(state.deltas.bytes);
    proto_state_delta_next(&r); /* of the commit before it all began */
    while (rd_more(&r)) {
        struct proto_state_delta delta = proto_state_delta_next(&r);
        assert_int_equal(sim->said[said_of(delta.body)].epoch, delta.epoch);
    }
}

static void walk(struct sim *sim, uint32_t seed)
{
    uint8_t bytes[RNG_SEED] = "streams' walk";
    memcpy(bytes + 16, &seed, sizeof seed);
    *sim = (struct sim){.rng = rng_from(bytes), .c = talk_of(no_limits(), 3)};
    for (size_t who = 0; who < 3; who++) {
        sim->online[who] = true;
        sim->acked[who] = sim->heard_to[who] = 1;
    }
    for (int i = 0; i < STEPS; i++)
        something_happens(sim);
    all_is_told(sim);
    assert_int_equal(sim->c.epoch, sim->commits + 1);
    each_epoch_is_whole(sim);
    for (size_t i = 0; i < sim->said_count; i++)
        buf_clear(&sim->said[i].frame);
    chat_clear(&sim->c);
}

static void nothing_is_lost_doubled_or_out_of_order(void **state)
{
    (void)state;
    struct sim *sim = malloc(sizeof *sim);
    size_t answers = 0, commits = 0, retries = 0, crashes = 0, rollbacks = 0, failures = 0;
    assert_non_null(sim);
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        print_message("seed %u\n", seed);
        walk(sim, seed);
        answers += sim->answers;
        commits += sim->commits;
        retries += sim->retries;
        crashes += sim->crashes;
        rollbacks += sim->rollbacks;
        failures += sim->failures;
    }
    free(sim);
    print_message(
        "%zu answers, %zu commits, %zu retries, %zu crashes, %zu rollbacks, %zu failures\n",
        answers, commits, retries, crashes, rollbacks, failures);
    assert_true(answers > 1000 && commits > 100 && retries > 100 && crashes > 100 &&
                rollbacks > 100 && failures > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_doubled_or_out_of_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
