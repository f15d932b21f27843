/* attack.h - what a hostile client does: an attack is a row, with what one of its connections does to get in and what it does from then
 * on, again and again. Nothing here waits for a server that does not answer longer than its limits say. */
#ifndef BENCH_ATTACK_H
#define BENCH_ATTACK_H

#include "bench/device.h"

/* One connection of an attacker. */
struct foe {
    struct wire wire;
    struct session session;
    unsigned number;
    uint32_t address;
    uint64_t opened; /* times */
    uint64_t acts;   /* since it was opened */
    double due_us;   /* when it acts again */
    struct device_keys keys;
    bool registered;
    uint64_t op;
    uint8_t stream[16];
};

/* What all of them share. */
struct raid {
    struct session_host host;
    sotto_buf hello;    /* a ClientHello, made once: an attacker need not pay for its own */
    uint8_t stream[16]; /* that all are in who are told much */
    uint8_t block[16384];
};

struct attack {
    const char *name, *summary;
    unsigned connections; /* at once */
    double each_s;        /* one connection acts so often; 0: as often as it can */
    bool members;         /* they register before the clock runs */
    /* Connects, and says what comes before the first act. False: it was refused, or has failed. */
    bool (*open)(struct raid *raid, struct foe *foe);
    /* False: close it, and begin anew. */
    bool (*act)(struct raid *raid, struct foe *foe);
};

const struct attack *attack_at(size_t index); /* NULL: there are no more */
size_t attack_index(const struct attack *attack);

/* Attacks until the process is told to end. */
struct attacker {
    const struct attack *attack;
    uint16_t port;
    unsigned connections; /* at most those of the attack */
};
struct attacker_report {
    uint64_t opened, failed, closed, acts; /* closed: by the server */
};
void attacker_run(const void *attacker, void *ret_report);

#endif
