#include "host/signals.h"

#include <signal.h>
#include <stdbool.h>

static const int numbers[SIGNALS_COUNT] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};

static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

void signals_start(struct signals *s, uv_loop_t *loop, uv_signal_cb on_signal, void *user)
{
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        uv_signal_init(loop, &s->all[i]);
        s->all[i].data = user;
        if (!is_ignored(numbers[i]))
            uv_signal_start(&s->all[i], on_signal, numbers[i]);
    }
}

void signals_end(struct signals *s)
{
    for (size_t i = 1; i < SIGNALS_COUNT; i++)
        uv_close((uv_handle_t *)&s->all[i], NULL);
    uv_unref((uv_handle_t *)&s->all[0]);
}

void signals_close(struct signals *s)
{
    uv_close((uv_handle_t *)&s->all[0], NULL);
}
