/* sotto-bench - measures what we promise. A bench is a row here and a file of its own. */
#include <stdio.h>
#include <string.h>

#include <sotto/version.h>

#include "bench.h"

/* Options that several benches share, shown once. */
static const char server_options[] =
    "of benches that start servers:\n"
    "--durable       the servers' files lie on a disk, not in memory\n"
    "--dir DIR       where they lie (with --durable TMPDIR or /tmp, else /dev/shm)\n"
    "--set KEY=VALUE a setting of ours\n"
    "--stored N      entries of other devices that are in our store before (0)\n"
    "--peer NAMES    nats, mosquitto or nats,mosquitto: measured in turns with ours (not fanout, "
    "start)\n"
    "--alone         not ours, only those of --peer\n";

/* clang-format off */
static const struct bench_program programs[] = {
    {"churn", "clients that connect, sign in, get what waits for them, and leave",
     "--devices N     that take turns (100)\n"
     "--seconds N     for each server (3)\n", bench_churn},
    {"connections", "clients that have signed in and wait: memory, and how long they take to wake up",
     "--n N           clients (10000)\n"
     "--idle N        seconds in which nobody says anything (30: the server pings each once)\n", bench_connections},
    {"crypto", "each primitive through our layer, beside the library alone", NULL, bench_crypto},
    {"day", "a day of traffic at speed: what an hour leaves of memory, open files and database",
     "--devices N     (10000)\n"
     "--messages N    of the whole day (10000000)\n"
     "--hours N       of the day (24)\n"
     "--retention N   seconds for which a message waits (14400)\n"
     "--queue N       messages that wait for a device at most (500)\n"
     "--memory        the store of the tests instead of SQLite\n"
     "--durable       the database lies on a disk, not in memory\n"
     "--dir DIR       where it lies\n", bench_day},
    {"fanout", "a message to a conversation of many devices, beside the records that it takes",
     "--devices N     of the conversation (5, 100, 1000)\n"
     "--online N      of them (100)\n"
     "--size N        bytes of a message (256)\n", bench_fanout},
    {"hostile", "others attack; what those notice who send messages meanwhile",
     "--attack NAME   one alone (all; NAME list: what there is)\n"
     "--idle N        devices that are signed in and say nothing (1000)\n"
     "--foes N        connections of an attack, at most (as many as it takes)\n"
     "--seconds N     of each attack (5)\n"
     "--durable       the server's files lie on a disk, not in memory\n"
     "--dir DIR       where they lie (with --durable TMPDIR or /tmp, else /dev/shm)\n", bench_hostile},
    {"mls", "MLS groups of any size, beside the primitives that they take", NULL, bench_mls},
    {"mls-tree", "the ratchet tree and TreeKEM of large groups, beside their primitives", NULL, bench_mls_tree},
    {"offline", "messages that wait for a device that is away, and their delivery when it comes back",
     "--n N           messages (100000)\n"
     "--size N        bytes of a message (256)\n", bench_offline},
    {"relay", "durable messages from one to another",
     "--senders N     devices that send (50)\n"
     "--receivers N   devices that receive (50)\n"
     "--size N        bytes of a message (256)\n"
     "--inflight N    closed loop: messages of a pair that are on their way\n"
     "--rate N        open loop: messages a second in all\n"
     "                (without either: 32 and 1 in flight, then 1000/s)\n"
     "--seconds N     of each case and server (3)\n", bench_relay},
    {"rooms", "messages passed on in rooms, which keep nothing",
     "--pairs N       (50)\n"
     "--size N        bytes of a message (256)\n"
     "--inflight N    messages of a pair that are on their way (1 and 32, then 1000/s)\n"
     "--seconds N     of each case (3)\n", bench_rooms},
    {"start", "how long the server takes until it listens, and its memory then",
     "--accounts N    in its store (1000)\n", bench_start},
    {"store", "the server's database: entries appended and dropped, with little and with much in it",
     "--entries N     that are stored already in the second run (1000000)\n"
     "--size N        bytes of an entry (300)\n"
     "--group N       entries of a commit (1, 64 and 512)\n"
     "--streams N     that the entries are for, in turns (1000)\n"
     "--seconds N     of each case (3)\n"
     "--dir DIR       where the files lie (TMPDIR or /tmp)\n", bench_store},
};
/* clang-format on */
#define PROGRAMS (sizeof programs / sizeof programs[0])

static void options_print(FILE *to, const char *options)
{
    for (const char *line = options; line != NULL && *line != 0;) {
        int len = (int)strcspn(line, "\n");
        fprintf(to, "                 %.*s\n", len, line);
        line += len + 1;
    }
}

static int usage(FILE *to)
{
    fprintf(to, "usage: sotto-bench all|BENCH [--json] [options of the bench]\n\n");
    for (size_t i = 0; i < PROGRAMS; i++) {
        fprintf(to, "  %-12s %s\n", programs[i].name, programs[i].summary);
        options_print(to, programs[i].options);
    }
    fprintf(to, "\n");
    options_print(to, server_options);
    fprintf(to, "\n--json prints one object a line instead of a table.\n");
    return to == stdout ? 0 : 2;
}

/* Takes --json out of the arguments. */
static bool json_take(int *argc, char **argv)
{
    int kept = 0;
    bool found = false;
    for (int i = 0; i < *argc; i++) {
        if (strcmp(argv[i], "--json") == 0)
            found = true;
        else
            argv[kept++] = argv[i];
    }
    *argc = kept;
    return found;
}

static int run(const struct bench_program *program, bool json, int argc, char **argv)
{
    struct bench b = {.name = program->name, .json = json};
    if (!json)
        printf("%s: %s\n", program->name, program->summary);
    int status = program->run(&b, argc, argv);
    if (!json)
        printf("\n");
    return status;
}

int main(int argc, char **argv)
{
    bool json = json_take(&argc, argv);
    if (argc < 2)
        return usage(stderr);
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return usage(stdout);
    if (sotto_check_libcrypto() != SOTTO_OK) {
        fprintf(stderr, "sotto-bench: libcrypto is older than 3.5, or loaded twice\n");
        return 1;
    }
    int status = 0;
    bool known = false;
    for (size_t i = 0; i < PROGRAMS; i++)
        if (strcmp(argv[1], "all") == 0 || strcmp(argv[1], programs[i].name) == 0) {
            int one = run(&programs[i], json, argc - 2, argv + 2);
            status = one != 0 ? one : status;
            known = true;
        }
    if (known)
        return status;
    fprintf(stderr, "sotto-bench: no bench is called %s\n\n", argv[1]);
    return usage(stderr);
}
