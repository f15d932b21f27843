/* signals.h - the signals of a conversation on a terminal or a pipe: who sends them goes, or the window changes. Those that whoever
 * started us has us ignore (nohup, a shell's background) stay ignored. One thread, the loop's. */
#ifndef HOST_SIGNALS_H
#define HOST_SIGNALS_H

#include <uv.h>

enum { SIGNALS_COUNT = 5 }; /* Ctrl-C first, then TERM, HUP, WINCH, TSTP */

struct signals {
    uv_signal_t all[SIGNALS_COUNT];
};

/* `user` is what each handle's data is for on_signal. */
void signals_start(struct signals *s, uv_loop_t *loop, uv_signal_cb on_signal, void *user);
/* All but Ctrl-C: that stays for who doesn't want to wait for the goodbye, and doesn't keep the loop alive. */
void signals_end(struct signals *s);
/* After signals_end(). The memory is libuv's until the loop has run. */
void signals_close(struct signals *s);

#endif
