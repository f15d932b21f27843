/* input.c - libuv's poll handles make a descriptor non-blocking, which all who share it would
 * feel; so we poll an epoll descriptor of our own that watches standard input. Files can't be
 * polled and are read whenever the loop is idle. `pending` holds what was read and not given
 * out; closing frees everything in the handles' close callback. */
#include "host/input.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/ct.h"
#include "engine/complete.h"

struct input {
    const struct editor_events *events;
    void *user;
    struct editor *editor;
    int epoll;
    bool pollable, paused, ended, end_told, closing;
    union {
        uv_handle_t any;
        uv_poll_t poll;
        uv_idle_t idle;
    } watch;
    uv_idle_t kick; /* gives out what is pending when input goes on */
    unsigned open_handles;
    sotto_buf pending;
};

static void watch_stop(struct input *in)
{
    if (in->pollable)
        uv_poll_stop(&in->watch.poll);
    else
        uv_idle_stop(&in->watch.idle);
}

static void tell_end(struct input *in)
{
    if (in->end_told)
        return;
    in->end_told = true;
    in->events->end(in->user);
}

/* The bytes of the next line, its end included; 0 if it isn't whole yet. */
static size_t line_len(const struct input *in)
{
    const uint8_t *feed =
        in->pending.len > 0 ? memchr(in->pending.data, '\n', in->pending.len) : NULL;
    size_t len = feed != NULL ? (size_t)(feed - in->pending.data) + 1 : 0;
    if (len == 0 && in->ended)
        len = in->pending.len;
    if (len > INPUT_LINE_MAX || (len == 0 && in->pending.len > INPUT_LINE_MAX))
        return text_cut(buf_view(&in->pending), INPUT_LINE_MAX);
    return len;
}

static view line_trim(view line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\n')
        line.len--;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static void lines_give(struct input *in)
{
    size_t len;
    while (!in->paused && !in->closing && (len = line_len(in)) > 0) {
        DEFER(buf_clear) sotto_buf line = {0};
        if (buf_append(&line, view_of(in->pending.data, len)) != SOTTO_OK)
            return;
        buf_consume(&in->pending, len);
        in->events->line(in->user, line_trim(buf_view(&line)));
    }
    if (!in->paused && !in->closing && in->ended && in->pending.len == 0)
        tell_end(in);
}

static void bytes_take(struct input *in, const uint8_t *bytes, ssize_t len)
{
    if (len <= 0) {
        in->ended = true;
        watch_stop(in);
    }
    if (in->editor != NULL && len > 0)
        editor_feed(in->editor, view_of(bytes, (size_t)len));
    else if (in->editor != NULL)
        tell_end(in);
    else if (len <= 0 || buf_append(&in->pending, view_of(bytes, (size_t)len)) == SOTTO_OK)
        lines_give(in);
}

static void readable(struct input *in)
{
    uint8_t bytes[4096];
    ssize_t len = read(STDIN_FILENO, bytes, sizeof bytes);
    if (len < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    bytes_take(in, bytes, len);
    ct_wipe(bytes, sizeof bytes); /* it may have been a code */
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    readable(poll->data);
}

static void on_idle(uv_idle_t *idle)
{
    readable(idle->data);
}

static void on_kick(uv_idle_t *kick)
{
    struct input *in = kick->data;
    uv_idle_stop(kick);
    lines_give(in);
}

/* Whether standard input can be polled; *ret_epoll watches it then. */
static bool epoll_open(int *ret_epoll)
{
    struct epoll_event event = {.events = EPOLLIN};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event) == 0) {
        *ret_epoll = epoll;
        return true;
    }
    if (epoll >= 0)
        close(epoll);
    return false;
}

static int handles_open(uv_loop_t *loop, struct input *in)
{
    in->pollable = epoll_open(&in->epoll);
    int status = in->pollable ? uv_poll_init(loop, &in->watch.poll, in->epoll)
                              : uv_idle_init(loop, &in->watch.idle);
    if (status != 0)
        return status;
    uv_idle_init(loop, &in->kick);
    in->watch.any.data = in;
    in->kick.data = in;
    in->open_handles = 2;
    return 0;
}

sotto_err input_open(uv_loop_t *loop, bool editing, const struct editor_events *events, void *user,
                     struct input **ret_input)
{
    struct input *in = calloc(1, sizeof *in);
    if (in == NULL)
        return SOTTO_E_NOMEM;
    in->events = events;
    in->user = user;
    in->epoll = -1;
    in->paused = true;
    sotto_err err = editing ? editor_new(events, user, &in->editor) : SOTTO_OK;
    if (err == SOTTO_OK && handles_open(loop, in) != 0)
        err = SOTTO_E_IO;
    if (err != SOTTO_OK) {
        editor_free(in->editor);
        free(in);
        return err;
    }
    *ret_input = in;
    return SOTTO_OK;
}

static void on_closed(uv_handle_t *handle)
{
    struct input *in = handle->data;
    if (--in->open_handles > 0)
        return;
    if (in->epoll >= 0)
        close(in->epoll);
    buf_clear(&in->pending);
    editor_free(in->editor);
    free(in);
}

void input_close(struct input *in)
{
    if (in == NULL || in->closing)
        return;
    in->closing = true;
    uv_close(&in->watch.any, on_closed);
    uv_close((uv_handle_t *)&in->kick, on_closed);
}

struct editor *input_editor(const struct input *in)
{
    return in->editor;
}

void input_pause(struct input *in)
{
    if (in->paused || in->closing)
        return;
    in->paused = true;
    watch_stop(in);
}

void input_resume(struct input *in)
{
    if (!in->paused || in->closing)
        return;
    in->paused = false;
    uv_idle_start(&in->kick, on_kick);
    if (in->ended)
        return;
    if (in->pollable)
        uv_poll_start(&in->watch.poll, UV_READABLE | UV_DISCONNECT, on_poll);
    else
        uv_idle_start(&in->watch.idle, on_idle);
}

void input_suspend(struct input *in)
{
    struct editor *editor = input_editor(in);
    if (editor != NULL)
        editor_suspend(editor);
    raise(SIGSTOP);
    if (editor != NULL)
        editor_resume(editor);
}
