#include "bench/stock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/stage.h"
#include "serve.h"

#define PAIRS_MAX   1000 /* conversations that the entries are in */
#define COMMIT_EACH 512  /* entries of a transaction */
#define PEOPLE_EACH 64   /* accounts of a transaction */
#define CRASH_PAIRS 5000
#define CRASH_SHARE 1024 /* transactions of the load that is cut off, */
#define CRASH_EACH  64   /* and entries of each */
#define IDLE_STEPS  4096
#define IDLE_MS     100
#define SIZE        256 /* bytes of a message */

struct stock {
    struct stage stage;
    struct actor *senders; /* one of each pair */
    uint8_t (*streams)[PROTO_STREAM_ID];
    unsigned long pairs, each; /* and entries of a transaction */
    uint32_t first;            /* the number of the first who comes: others have been here before */
};

static bool hear(void *context, uint32_t actor, const struct proto_frame *frame)
{
    (void)context;
    (void)actor;
    return frame->kind != PROTO_ERROR || session_unexpected(frame);
}

static bool pair_make(struct stock *stock, unsigned long number)
{
    DEFER(device_keys_clear) struct device_keys keys = {0};
    struct actor *sender = &stock->senders[number];
    struct actor receiver = {.number = stock->first + (uint32_t)(stock->pairs + number)};
    const struct actor *others[] = {&receiver};
    sender->number = stock->first + (uint32_t)number;
    rng_bytes(&stock->stage.rng, stock->streams[number], PROTO_STREAM_ID);
    return stage_register(&stock->stage, sender, &keys) &&
           stage_register(&stock->stage, &receiver, NULL) && stage_arrive(&stock->stage, sender) &&
           stage_stream(&stock->stage, sender, &keys, stock->streams[number], others, 1) &&
           (number % PEOPLE_EACH != 0 || stage_settle(&stock->stage));
}

static bool entry_put(struct stock *stock, uint64_t number)
{
    static uint8_t body[SIZE];
    struct actor *sender = &stock->senders[number % stock->pairs];
    struct proto_append append = {
        .op = ++sender->op, .epoch = 1, .kind = ENTRY_APPLICATION, .body = VIEW_OF(body)};
    memcpy(append.stream, stock->streams[number % stock->pairs], sizeof append.stream);
    rng_bytes(&stock->stage.rng, body, sizeof body);
    return stage_say(&stock->stage, sender, proto_append_write(1, &append, &stock->stage.frame)) &&
           (number % stock->each != 0 || stage_settle(&stock->stage));
}

/* Those who have an account and nothing else. */
static bool others_make(struct stock *stock, unsigned long accounts)
{
    for (unsigned long i = 2 * stock->pairs; i < accounts; i++) {
        struct actor actor = {.number = (uint32_t)i};
        if (child_interrupted() || !stage_register(&stock->stage, &actor, NULL) ||
            (i % PEOPLE_EACH == 0 && !stage_settle(&stock->stage)))
            return false;
    }
    return stage_settle(&stock->stage);
}

/* A server that has nothing to do writes its journal out; without it a start would be that after a crash under load. */
static bool idle(struct stock *stock)
{
    for (unsigned i = 0; i < IDLE_STEPS; i++) {
        stock->stage.now_ms += IDLE_MS;
        if (child_interrupted() || !stage_settle(&stock->stage))
            return false;
    }
    return true;
}

static bool entries_make(struct stock *stock, unsigned long entries)
{
    for (unsigned long i = 0; i < stock->pairs; i++)
        if (child_interrupted() || !pair_make(stock, i))
            return false;
    if (!stage_settle(&stock->stage))
        return false;
    for (uint64_t i = 0; i < entries; i++)
        if (child_interrupted() || !entry_put(stock, i))
            return false;
    return stage_settle(&stock->stage);
}

static bool stock_open(struct stock *stock, const char *path)
{
    stock->senders = calloc(stock->pairs + 1, sizeof *stock->senders);
    stock->streams = calloc(stock->pairs + 1, sizeof *stock->streams);
    child_interrupts_catch();
    return stock->senders != NULL && stock->streams != NULL &&
           stage_open(&stock->stage, path, &(struct limits){0}, (uint64_t)time(NULL) * 1000, hear,
                      stock);
}

static void stock_close(struct stock *stock)
{
    stage_close(&stock->stage);
    free(stock->senders);
    free(stock->streams);
}

bool stock_fill(const char *path, unsigned long accounts, unsigned long entries)
{
    struct stock stock = {.pairs = entries < PAIRS_MAX ? entries : PAIRS_MAX, .each = COMMIT_EACH};
    bool done = stock_open(&stock, path) && entries_make(&stock, entries) &&
                others_make(&stock, accounts) && idle(&stock);
    stock_close(&stock);
    return done;
}

static void path_of(const struct child *child, char path[PATH_MAX + 32])
{
    snprintf(path, PATH_MAX + 32, "%s/state/" SERVE_DATABASE, child->dir);
}

bool stock_fill_server(const struct child *child, unsigned long accounts, unsigned long entries)
{
    char path[PATH_MAX + 32];
    path_of(child, path);
    return stock_fill(path, accounts, entries);
}

/* In a process of its own, which ends without a word to its store. */
bool stock_crash_server(const struct child *child, unsigned long accounts)
{
    struct stock stock = {
        .pairs = CRASH_PAIRS, .each = CRASH_EACH, .first = (uint32_t)accounts + 2 * PAIRS_MAX};
    char path[PATH_MAX + 32];
    int status = -1;
    path_of(child, path);
    pid_t pid = fork();
    if (pid == 0)
        _exit(stock_open(&stock, path) &&
                      entries_make(&stock, (unsigned long)CRASH_SHARE * CRASH_EACH)
                  ? 0
                  : 1);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}
