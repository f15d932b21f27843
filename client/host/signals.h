/* signals.h - the signals of a conversation on a terminal or a pipe: who sends them goes, or the window changes. Those that whoever
 * started us has us ignore (nohup, a shell's background) stay ignored. What asks for the end is told once, however often it comes at
 * about the same time (cli/stop.h). One thread, the loop's: libuv's others take no signal. */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include <uv.h>

enum { SIGNALS_COUNT = 5 }; /* Ctrl-C first, then TERM, HUP, WINCH, TSTP */

struct signals {
    uv_signal_t all[SIGNALS_COUNT];
    void (*on_signal)(void *user, int number);
    void *user;
};

void signals_start(struct signals *s, uv_loop_t *loop, void (*on_signal)(void *user, int number),
                   void *user);
/* Those that ask for the end stay for who doesn't want to wait for the goodbye, and don't keep the loop alive. */
void signals_end(struct signals *s);
/* The loop has run: from here on they end the program, also while it waits for its output. After signals_end(). */
void signals_leave(struct signals *s);
/* After signals_leave(). The memory is libuv's until the loop has run. */
void signals_close(struct signals *s);

#endif
