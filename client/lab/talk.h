/* talk.h - a conversation of the lab as the user has it: one side of a suite (lab.h), a wire to the other side, and the
 * terminal or pipe in front of it. The wire is TCP (direct.c), a relay's room (relay.c) or a Socket.IO gateway's (gateway.c); the talk knows
 * none of them. */
#ifndef LAB_TALK_H
#define LAB_TALK_H

#include <uv.h>

#include "cli/cli.h"
#include "cli/screen.h"
#include "host/input.h"
#include "host/signals.h"
#include "lab/lab.h"

struct talk;

/* What carries messages. `open` begins to connect and gives 0, or the status of an error that was printed; whatever comes of
 * it arrives by talk_up(), talk_message(), talk_room(), talk_down(). `close` writes out what waits, for at most two seconds, and
 * ends in talk_down(), unless that came before. */
struct wire {
    const char *suite;              /* the one that is usual here; NULL: as everywhere */
    int (*prepare)(struct talk *t); /* reads the options that depend on the suite; as open */
    /* A line that should be a code: fills the slot. 0 also where it may be typed again (`again`: the slot is 0 then). NULL: this
     * wire needs no code. */
    int (*code_take)(struct talk *t, view line, bool again);
    int (*open)(struct talk *t);
    void (*send)(struct talk *t, view message);
    void (*close)(struct talk *t);
    size_t (*waiting)(const struct talk *t); /* bytes to be written */
};
#define WIRE_HIGH 262144 /* bytes waiting: what is typed is no longer read */

enum talk_stage { TALK_PSK, TALK_CODE, TALK_LINES };

/* How it ended; the first one counts. */
enum talk_end {
    TALK_NONE,
    TALK_SUCCESS,
    TALK_SIGNAL,
    TALK_OUTPUT,  /* standard output takes nothing */
    TALK_REFUSED, /* a check of ours refused: lab_check() */
    TALK_BROKEN,  /* the wire ended before both had left */
    TALK_SILENT,  /* no answer in time */
    TALK_STATUS   /* an error was printed */
};

struct talk {
    struct cli_call *call;
    uv_loop_t loop;
    sotto_crypto *crypto;
    struct input *input;
    struct screen screen;
    enum talk_stage stage;
    struct lab_config config;
    struct secret psk;
    sotto_buf identity;
    uint8_t peer[LAB_FINGERPRINT];
    bool psk_asked, explain, explain_json;
    struct lab *lab; /* NULL until the wire is up */
    enum lab_step last_step;
    bool step_shown;
    uint32_t slot; /* a relay's room */
    const struct wire *wire;
    void *wire_state; /* NULL: not open */
    bool wire_down;
    bool ready, left, peer_left, line_unsent;
    sotto_buf held;      /* lines typed before READY, each with its line feed */
    uint64_t pipe_until; /* loop time up to which a pipe is still heard after the other side left */
    enum talk_end end;
    sotto_err err; /* REFUSED, BROKEN */
    char detail[256];
    int status;
    uint64_t timeout_ms;
    uv_timer_t timer;
    struct signals signals;
};

/* Runs a whole conversation: reads the options, asks what must be asked, opens the wire, prints how it ended. */
int talk_run(struct cli_call *call, enum lab_role role, const struct wire *wire);

/* --- from the wire --- */
void talk_up(struct talk *t);                    /* the other side is there */
void talk_message(struct talk *t, view message); /* one whole message of the other side */
void talk_drained(struct talk *t);               /* little waits to be written */
void talk_down(struct talk *t, sotto_err err,
               const char *detail); /* the wire has ended; its memory is gone */
void talk_broken(struct talk *t, sotto_err err,
                 const char *detail);       /* the other side is gone; the wire is still there */
void talk_fail(struct talk *t, int status); /* an error was printed: all ends */
/* Waits this long for the next thing the other side does; 0: as long as it takes. */
void talk_wait(struct talk *t, uint64_t ms);

#endif
