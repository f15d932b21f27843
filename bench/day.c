/* sotto-bench day: a day of traffic at speed, the core and the store in this process and a clock of their own. Half of the devices'
 * time is spent in conversations of two, half in groups; a device is here for ten minutes and away for twenty, on the mean. A few do not
 * come back: what waits for them goes when it is more than their quota, or too old. Each hour of that day gives a row: memory, open
 * files and the database may not grow any more once all that has come about. Then the lost ones do come back, and are told of every
 * single entry: here it is, or it is lost. A gap that nobody tells of ends the bench. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "bench/beside.h"
#include "bench/child.h"
#include "bench/crowd.h"
#include "bench/stage.h"
#include "core/stream.h"
#include "proto/account.h"

#define GROUP       10 /* devices in one */
#define TALKS       2  /* conversations of a device: a pair, a group */
#define HERE_S      600
#define AWAY_S      1200
#define LOOK_S      10 /* between two looks at who comes and goes */
#define LOST_SHARE  50 /* one device in so many is lost in the first hours */
#define LOST_HOURS  6
#define HOURS_MAX   48
#define TRIES       1000 /* to find somebody who is here */
#define SENT_MAX    64   /* messages of one device that are not answered */
#define OWN_MAX     64   /* and that stand above what it has heard */
#define CREDIT      1048576
#define HALF_MS     500 /* of a second */
#define READ_BYTES  262144
#define SIZE        256
#define WALL_MS     UINT64_C(1800000000000)
#define SETTLE_EACH 64 /* devices that register in one transaction */

/* A device, and its owner's part. Of its messages that are not answered, a bit says into which conversation they went. */
struct player {
    struct actor actor;
    uint64_t turn_ms; /* when it comes or goes */
    uint64_t seen[TALKS], sent_bits;
    uint64_t own[TALKS][OWN_MAX]; /* what it said itself above `seen`: it is pushed all but that */
    unsigned own_count[TALKS];
    unsigned sent_count;
    uint32_t got; /* bytes since credit was given */
    bool lost, queued, listens, reads[TALKS], acks[TALKS];
};

/* What an hour ended with. */
struct hour {
    double memory, database;
};

struct day {
    struct stage stage;
    struct player *players;
    uint8_t (*streams)[PROTO_STREAM_ID]; /* pairs, then groups */
    uint32_t *queue;                     /* players that have something to say */
    size_t queue_count;
    unsigned long devices, messages, hours, retention_s, queue_entries;
    uint64_t sent, delivered;
    uint64_t told_lost; /* entries that devices which came back were told are lost */
    struct hour hour[HOURS_MAX + 1];
};

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

static uint32_t below(struct day *day, uint32_t bound)
{
    return rng_below(&day->stage.rng, bound);
}

/* ---- conversations */

static size_t talk_of(const struct day *day, const struct player *player, unsigned which)
{
    return which == 0 ? player->actor.number / 2 : day->devices / 2 + player->actor.number / GROUP;
}

/* TALKS: none of the player's. */
static unsigned which_of(const struct day *day, const struct player *player,
                         const uint8_t stream[PROTO_STREAM_ID])
{
    for (unsigned which = 0; which < TALKS; which++)
        if (memcmp(day->streams[talk_of(day, player, which)], stream, PROTO_STREAM_ID) == 0)
            return which;
    return TALKS;
}

static bool talk_make(struct day *day, const struct device_keys *keys, size_t talk, size_t first,
                      size_t count)
{
    const struct actor *others[GROUP];
    for (size_t i = 1; i < count; i++)
        others[i - 1] = &day->players[first + i].actor;
    rng_bytes(&day->stage.rng, day->streams[talk], PROTO_STREAM_ID);
    return stage_stream(&day->stage, &day->players[first].actor, keys, day->streams[talk], others,
                        count - 1);
}

/* The first of a pair makes it, the first of a group that, too. */
static bool talks_make(struct day *day, size_t first, const struct device_keys *keys)
{
    struct player *maker = &day->players[first];
    bool done = stage_arrive(&day->stage, &maker->actor) &&
                talk_make(day, keys, talk_of(day, maker, 0), first, 2);
    if (done && first % GROUP == 0)
        done = talk_make(day, keys, talk_of(day, maker, 1), first, GROUP);
    return done && stage_leave(&day->stage, &maker->actor);
}

/* ---- what players hear */

static void enqueue(struct day *day, struct player *player)
{
    if (player->queued)
        return;
    player->queued = true;
    day->queue[day->queue_count++] = player->actor.number;
}

/* Takes those up to `seq` out: how many they were. */
static unsigned own_take(struct player *player, unsigned which, uint64_t seq)
{
    unsigned kept = 0, count = player->own_count[which];
    for (unsigned i = 0; i < count; i++)
        if (player->own[which][i] > seq)
            player->own[which][kept++] = player->own[which][i];
    player->own_count[which] = kept;
    return count - kept;
}

/* Each entry follows the one before it: apart from what the device said itself, and what it is told is lost. */
static bool entry_follows(struct day *day, struct player *player, unsigned which,
                          const struct proto_entry *entry)
{
    uint64_t from = entry->seq;
    if (entry->seq <= player->seen[which])
        return fail("an entry was doubled or overtaken");
    if (entry->kind == ENTRY_LOST) {
        if (proto_lost_entry_read(entry->body, &from) != SOTTO_OK || from > entry->seq)
            return fail("a loss that can't be read");
        day->told_lost += entry->seq - from + 1;
    }
    uint64_t own = from > 1 ? own_take(player, which, from - 1) : 0;
    if (from - 1 > player->seen[which] + own)
        return fail("a gap that nobody tells of");
    own_take(player, which, entry->seq);
    return true;
}

static bool entry_hear(struct day *day, struct player *player, const struct proto_frame *frame)
{
    struct proto_entry entry;
    if (proto_entry_read(frame->body, &entry) != SOTTO_OK)
        return fail("an entry that can't be read");
    unsigned which = which_of(day, player, entry.stream);
    if (frame->request == 0)
        player->got += (uint32_t)(PROTO_HEADER + frame->body.len);
    enqueue(day, player);
    if (which == TALKS)
        return true;
    if (!entry_follows(day, player, which, &entry))
        return false;
    day->delivered += entry.kind != ENTRY_LOST;
    player->seen[which] = entry.seq;
    player->acks[which] = true;
    return true;
}

/* What the device says itself it does not hear: it has seen it if it had seen all before. */
static bool appended_hear(struct player *player, view body)
{
    struct proto_appended answer;
    if (proto_appended_read(body, &answer) != SOTTO_OK)
        return fail("an answer that can't be read");
    if (player->sent_count == 0)
        return true; /* of a conversation that it made */
    unsigned which = player->sent_bits >> --player->sent_count & 1;
    if (answer.seq == player->seen[which] + 1)
        player->seen[which] = answer.seq;
    else if (answer.seq > player->seen[which] && player->own_count[which] < OWN_MAX)
        player->own[which][player->own_count[which]++] = answer.seq;
    return true;
}

static bool read_again(struct day *day, struct player *player,
                       const uint8_t stream[PROTO_STREAM_ID])
{
    unsigned which = which_of(day, player, stream);
    if (which < TALKS)
        player->reads[which] = true;
    enqueue(day, player);
    return true;
}

static bool auth_ok_hear(struct day *day, struct player *player, view body)
{
    struct proto_auth_ok ok;
    if (proto_auth_ok_read(body, &ok) != SOTTO_OK || ok.highest_op > player->actor.op)
        return fail("an operation that nobody has asked for");
    player->listens = true;
    player->own_count[0] = player->own_count[1] = 0; /* it reads them now */
    player->got = CREDIT;
    player->reads[0] = player->reads[1] = true;
    enqueue(day, player);
    return true;
}

static bool hear(void *context, uint32_t number, const struct proto_frame *frame)
{
    struct day *day = context;
    struct player *player = &day->players[number];
    struct proto_read_end end;
    struct proto_behind behind;
    switch (frame->kind) {
    case PROTO_ENTRY:
        return entry_hear(day, player, frame);
    case PROTO_APPENDED:
        return appended_hear(player, frame->body);
    case PROTO_AUTH_OK:
        return auth_ok_hear(day, player, frame->body);
    case PROTO_READ_END:
        return proto_read_end_read(frame->body, &end) == SOTTO_OK &&
               (end.live || read_again(day, player, end.stream));
    case PROTO_BEHIND:
        return proto_behind_read(frame->body, &behind) == SOTTO_OK &&
               read_again(day, player, behind.stream);
    case PROTO_OK:
    case PROTO_REGISTERED:
        return true;
    default:
        return session_unexpected(frame);
    }
}

/* ---- what players say */

static sotto_err acks_write(struct day *day, struct player *player)
{
    uint8_t items[TALKS * 64];
    sotto_buf list = BUF_ON(items);
    size_t count = 0;
    for (unsigned which = 0; which < TALKS; which++) {
        struct proto_ack_item item = {.seq = player->seen[which]};
        if (!player->acks[which])
            continue;
        memcpy(item.stream, day->streams[talk_of(day, player, which)], sizeof item.stream);
        TRY(proto_ack_add(&item, &list));
        player->acks[which] = false;
        count++;
    }
    const struct proto_list acks = {buf_view(&list), count};
    return proto_ack_write(1, &acks, &day->stage.frame);
}

static bool read_say(struct day *day, struct player *player, unsigned which)
{
    struct proto_read read = {.after = player->seen[which], .max_bytes = READ_BYTES};
    player->reads[which] = false;
    memcpy(read.stream, day->streams[talk_of(day, player, which)], sizeof read.stream);
    return stage_say(&day->stage, &player->actor, proto_read_write(1, &read, &day->stage.frame));
}

static bool player_say(struct day *day, struct player *player)
{
    struct stage *stage = &day->stage;
    if ((player->acks[0] || player->acks[1]) &&
        !stage_say(stage, &player->actor, acks_write(day, player)))
        return false;
    if (player->got >= CREDIT / 2) {
        uint32_t credit = player->got;
        player->got = 0;
        if (!stage_say(stage, &player->actor, proto_listen_write(1, credit, &stage->frame)))
            return false;
    }
    for (unsigned which = 0; which < TALKS; which++)
        if (player->reads[which] && !read_say(day, player, which))
            return false;
    return true;
}

/* All who have something to say; who has left meanwhile says it when it is back. */
static bool queue_say(struct day *day)
{
    size_t count = day->queue_count;
    day->queue_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct player *player = &day->players[day->queue[i]];
        player->queued = false;
        if (player->actor.connection != 0 && !player_say(day, player))
            return false;
    }
    return true;
}

/* Somebody who is here; NULL: too few are to find one. */
static struct player *speaker_find(struct day *day)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        struct player *player = &day->players[below(day, (uint32_t)day->devices)];
        if (player->actor.connection != 0 && player->listens && player->sent_count < SENT_MAX)
            return player;
    }
    return NULL;
}

static bool message_say(struct day *day)
{
    static uint8_t body[SIZE];
    struct player *player = speaker_find(day);
    if (player == NULL)
        return true;
    unsigned which = below(day, TALKS);
    struct proto_append append = {
        .op = ++player->actor.op, .epoch = 1, .kind = ENTRY_APPLICATION, .body = VIEW_OF(body)};
    memcpy(append.stream, day->streams[talk_of(day, player, which)], sizeof append.stream);
    memcpy(body, &day->sent, sizeof day->sent);
    player->sent_bits = player->sent_bits << 1 | which;
    player->sent_count++;
    day->sent++;
    return stage_say(&day->stage, &player->actor,
                     proto_append_write((uint32_t)append.op, &append, &day->stage.frame));
}

/* ---- the day */

/* Between half and one and a half of the mean. */
static uint64_t some_ms(struct day *day, uint32_t mean_s)
{
    return (mean_s / 2 + below(day, mean_s)) * UINT64_C(1000);
}

static bool turn(struct day *day, struct player *player)
{
    bool here = player->actor.connection != 0;
    player->listens = false;
    player->sent_count = 0;
    player->turn_ms =
        player->lost ? UINT64_MAX : day->stage.now_ms + some_ms(day, here ? AWAY_S : HERE_S);
    if (!here && player->lost)
        return true;
    return here ? stage_leave(&day->stage, &player->actor)
                : stage_arrive(&day->stage, &player->actor);
}

static bool turns(struct day *day)
{
    for (size_t i = 0; i < day->devices; i++)
        if (day->players[i].turn_ms <= day->stage.now_ms && !turn(day, &day->players[i]))
            return false;
    return true;
}

/* One second: who comes and goes, what is said, and half of it later what comes of that. No commit is followed by a whole second without
 * one: a server that has something to do every moment is not idle. */
static bool second(struct day *day, uint64_t number)
{
    uint64_t goal = (number + 1) * day->messages / (day->hours * 3600);
    day->stage.now_ms += HALF_MS;
    if (number % LOOK_S == 0 && !turns(day))
        return false;
    if (!stage_settle(&day->stage) || !queue_say(day))
        return false;
    for (uint64_t left = goal > day->sent ? goal - day->sent : 0; left > 0; left--)
        if (!message_say(day))
            return false;
    day->stage.now_ms += HALF_MS;
    return stage_settle(&day->stage) && queue_say(day);
}

static bool hour_lose(struct day *day, unsigned hour)
{
    for (size_t i = 0; hour < LOST_HOURS && i < day->devices; i++)
        if (below(day, LOST_SHARE * LOST_HOURS) == 0)
            day->players[i].lost = true;
    return true;
}

/* ---- rows */

static double files_open(void)
{
    DIR *dir = opendir("/proc/self/fd");
    double count = -3; /* ".", ".." and the directory itself */
    while (dir != NULL && readdir(dir) != NULL)
        count++;
    if (dir != NULL)
        closedir(dir);
    return count;
}

static void row(struct bench *b, const char *op, uint64_t hour, double value, const char *unit)
{
    bench_row(b, &(struct bench_row){
                     .section = "day", .op = op, .n = hour, .value = value, .unit = unit});
}

static bool hour_end(struct bench *b, struct day *day, unsigned hour, double taken_s)
{
    struct child self = {.pid = getpid()};
    struct store_sizes sizes = {0};
    if (store_sizes(day->stage.store, &sizes) != SOTTO_OK)
        return fail("the store does not say how large it is");
    day->hour[hour] = (struct hour){child_memory(&self) / (1 << 20),
                                    (double)(sizes.bytes + sizes.wal_bytes) / (1 << 20)};
    row(b, "memory", hour, day->hour[hour].memory, "MiB");
    row(b, "files", hour, files_open(), "");
    row(b, "database", hour, day->hour[hour].database, "MiB");
    row(b, "messages", hour, (double)day->sent, "");
    row(b, "delivered", hour, (double)day->delivered, "");
    row(b, "stored", hour, (double)core_count(day->stage.core).queued, "");
    row(b, "lost", hour, (double)core_count(day->stage.core).lost_total, "");
    row(b, "taken", hour, taken_s, "s");
    return true;
}

/* From the hour when the last loss has met its time, and nearly all devices have as many answers kept as there may be, to the end: 1 is
 * flat. */
static void growth(struct bench *b, const struct day *day)
{
    unsigned long full = (ANSWERS_MAX * day->devices * day->hours + day->messages) / day->messages;
    unsigned long from = LOST_HOURS + day->retention_s / 3600 + 1;
    if (full + 1 > from)
        from = full + 1;
    if (from >= day->hours)
        return;
    row(b, "balanced", from, (double)from, "h");
    row(b, "memory_growth", day->hours, day->hour[day->hours].memory / day->hour[from].memory, "x");
    row(b, "database_growth", day->hours, day->hour[day->hours].database / day->hour[from].database,
        "x");
}

/* ---- beginning and end */

static bool people_make(struct day *day)
{
    for (size_t i = 0; i < day->devices; i++) {
        struct player *player = &day->players[i];
        player->actor.number = (uint32_t)i;
        player->seen[0] = player->seen[1] = 1; /* the commit that made it a member */
        player->turn_ms = below(day, HERE_S + AWAY_S) * UINT64_C(1000);
    }
    /* Backwards: who makes a conversation comes last, when the others are there. */
    for (size_t i = day->devices; i-- > 0;) {
        DEFER(device_keys_clear) struct device_keys keys = {0};
        if (child_interrupted() || !stage_register(&day->stage, &day->players[i].actor, &keys) ||
            (i % 2 == 0 && !talks_make(day, i, &keys)) ||
            (i % SETTLE_EACH == 0 && !stage_settle(&day->stage)))
            return false;
    }
    return true;
}

/* Those who were lost come back, and hear all that is left. */
static bool lost_return(struct bench *b, struct day *day)
{
    uint64_t told = day->told_lost, heard = day->delivered;
    for (size_t i = 0; i < day->devices; i++)
        if (day->players[i].lost && day->players[i].actor.connection == 0 &&
            !stage_arrive(&day->stage, &day->players[i].actor))
            return false;
    do {
        if (!stage_settle(&day->stage) || !queue_say(day) || !stage_settle(&day->stage))
            return false;
    } while (day->queue_count > 0);
    row(b, "returned_heard", day->hours, (double)(day->delivered - heard), "");
    row(b, "returned_told_lost", day->hours, (double)(day->told_lost - told), "");
    return true;
}

static bool live(struct bench *b, struct day *day)
{
    double begin = crowd_now_us();
    for (uint64_t number = 0; number < day->hours * 3600; number++) {
        if (number % 3600 == 0 && !hour_lose(day, (unsigned)(number / 3600)))
            return false;
        if (child_interrupted() || !second(day, number))
            return false;
        if ((number + 1) % 3600 == 0 &&
            !hour_end(b, day, (unsigned)((number + 1) / 3600), (crowd_now_us() - begin) / 1e6))
            return false;
    }
    growth(b, day);
    return lost_return(b, day);
}

static bool run(struct bench *b, struct day *day, const char *path)
{
    const struct limits limits = {.retention_s = day->retention_s,
                                  .queue_entries = day->queue_entries};
    size_t talks = day->devices / 2 + day->devices / GROUP;
    day->players = calloc(day->devices, sizeof *day->players);
    day->streams = calloc(talks, sizeof *day->streams);
    day->queue = calloc(day->devices, sizeof *day->queue);
    return day->players != NULL && day->streams != NULL && day->queue != NULL &&
           stage_open(&day->stage, path, &limits, WALL_MS, hear, day) && people_make(day) &&
           live(b, day);
}

int bench_day(struct bench *b, int argc, char **argv)
{
    struct day day = {.devices = 10000,
                      .messages = 10000000,
                      .hours = 24,
                      .retention_s = 4 * 3600,
                      .queue_entries = 500};
    struct beside_options where = {0};
    bool memory = false;
    const struct bench_option options[] = {
        {"--devices", &day.devices, GROUP, 1000000, NULL, NULL},
        {"--messages", &day.messages, 1, 1000000000, NULL, NULL},
        {"--hours", &day.hours, 1, HOURS_MAX, NULL, NULL},
        {"--retention", &day.retention_s, 1, 2592000, NULL, NULL},
        {"--queue", &day.queue_entries, 0, 1000000000, NULL, NULL},
        {"--memory", NULL, 0, 0, NULL, &memory},
        {"--dir", NULL, 0, 0, &where.dir, NULL},
        {"--durable", NULL, 0, 0, NULL, &where.durable},
    };
    if (!bench_options(b, argc, argv, options, COUNT_OF(options)))
        return 2;
    day.devices -= day.devices % GROUP;
    struct child place = {0};
    static char path[PATH_MAX + 16];
    if (!child_dir_make(&place, bench_dir(where.dir, where.durable)))
        return 1;
    snprintf(path, sizeof path, "%s/sotto.db", place.dir);
    bool done = run(b, &day, memory ? NULL : path);
    stage_close(&day.stage);
    child_dir_remove(&place);
    free(day.players);
    free(day.streams);
    free(day.queue);
    return done ? 0 : 1;
}
