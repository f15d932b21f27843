/* ending.h - how a session ended, and the last words about it. */
#ifndef CLIENT_ENDING_H
#define CLIENT_ENDING_H

#include "engine/session.h"
#include "online.h"
#include "screen.h"

enum ending_kind {
    END_NONE,
    END_SESSION,    /* the session said so: `session`, `detail` */
    END_CONNECTION, /* `connection` */
    END_SIGNAL,     /* before anything was achieved */
    END_TTL,        /* nobody joined in time */
    END_SILENT,     /* no answer in time */
    END_OUTPUT,     /* standard output takes nothing any more */
    END_ROLE,       /* standard input ended before C or J came */
    END_INPUT,      /* standard input ended before a code came */
    END_FAILED,     /* `failed` */
    END_STATUS,     /* the error was printed already: `status` */
};

struct ending {
    enum ending_kind kind;
    bool joining;                     /* or creating */
    bool exchanging, secure, leaving; /* got that far at some time; we left */
    bool held_unsent, line_unsent;    /* lines that were held; the one that was being typed */
    struct session_event session;
    char detail[512]; /* what the server said about it */
    struct connection_end connection;
    sotto_err failed;
    int status;
};

/* Prints them, once the terminal is the user's again; gives the exit status. */
int ending_say(const struct ending *end, struct screen *screen, const struct online *online);

#endif
