#include "host/signals.h"

#include <signal.h>
#include <stdbool.h>

#include "cli/stop.h"

#define ENDS 3 /* so many of them ask for the end */

static const int numbers[SIGNALS_COUNT] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};

static bool is_ignored(int number)
{
    struct sigaction now;
    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static void on_any(uv_signal_t *handle, int number)
{
    struct signals *s = handle->data;
    if (handle < &s->all[ENDS] && stop_ask() == STOP_SAME)
        return;
    s->on_signal(s->user, number);
}

static void on_nothing(uv_work_t *work)
{
    (void)work;
}

/* libuv's threads begin with the first work that they get, and have its giver's mask: ours alone is to take signals. On a loop of
 * its own, for that of the conversation may never run. */
static void threads_start(void)
{
    uv_loop_t loop;
    uv_work_t nothing;
    sigset_t all, before;
    if (uv_loop_init(&loop) != 0)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    (void)uv_queue_work(&loop, &nothing, on_nothing, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_loop_close(&loop);
}

void signals_start(struct signals *s, uv_loop_t *loop, void (*on_signal)(void *user, int number),
                   void *user)
{
    s->on_signal = on_signal;
    s->user = user;
    threads_start();
    for (size_t i = 0; i < SIGNALS_COUNT; i++) {
        uv_signal_init(loop, &s->all[i]);
        s->all[i].data = s;
        if (!is_ignored(numbers[i]))
            uv_signal_start(&s->all[i], on_any, numbers[i]);
    }
}

void signals_end(struct signals *s)
{
    for (size_t i = 0; i < ENDS; i++)
        uv_unref((uv_handle_t *)&s->all[i]);
    for (size_t i = ENDS; i < SIGNALS_COUNT; i++)
        uv_close((uv_handle_t *)&s->all[i], NULL);
}

static void on_late(int number)
{
    if (stop_ask() == STOP_SAME)
        return;
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

/* Blocked meanwhile: else one that comes between two handlers would end us in its own way. */
void signals_leave(struct signals *s)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < ENDS; i++) {
        if (!uv_is_active((uv_handle_t *)&s->all[i]))
            continue;
        uv_signal_stop(&s->all[i]);
        (void)signal(numbers[i], on_late);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void signals_close(struct signals *s)
{
    for (size_t i = 0; i < ENDS; i++)
        uv_close((uv_handle_t *)&s->all[i], NULL);
}
