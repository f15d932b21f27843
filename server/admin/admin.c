/* A call goes IN (the request comes) -> BUSY (the command has it) -> OUT (the answer goes). If the client leaves while the command has
 * it, the socket is closed, and the answer goes nowhere. */
#include "admin/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backup/backup.h"
#include "cli/cli.h"

#define BACKLOG 64
#define TIME_MS 10000 /* for the request to come, and for the answer to go */
#define CHUNK   4096

enum call_state { CALL_IN, CALL_BUSY, CALL_OUT };

struct admin_call {
    struct admin *admin;
    enum call_state state;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned handles; /* that are not closed yet */
    atomic_bool left; /* the client, or we on the way out */
    int fd, file;
    sotto_buf in, out;
    size_t sent;
    struct admin_request request;
};

/* ---- the end of a call */

static void on_closed(uv_handle_t *handle)
{
    struct admin_call *call = handle->data;
    if (--call->handles > 0)
        return;
    if (call->file >= 0)
        close(call->file);
    json_decref(call->request.json);
    buf_clear(&call->in);
    buf_clear(&call->out);
    free(call);
}

/* Nobody is there any more. The command may still have the call. */
static void call_leave(struct admin_call *call)
{
    if (atomic_load(&call->left))
        return;
    atomic_store(&call->left, true);
    for (size_t i = 0; i < ADMIN_CALLS_MAX; i++)
        if (call->admin->calls[i] == call)
            call->admin->calls[i] = NULL;
    uv_poll_stop(&call->poll);
    uv_timer_stop(&call->timer);
    close(call->fd);
}

static void call_end(struct admin_call *call)
{
    call_leave(call);
    uv_close((uv_handle_t *)&call->poll, on_closed);
    uv_close((uv_handle_t *)&call->timer, on_closed);
}

static void on_timer(uv_timer_t *timer)
{
    call_end(timer->data);
}

/* ---- the answer */

static void call_write(struct admin_call *call);

static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    if (status == 0)
        call_write(poll->data);
    else
        call_end(poll->data);
}

static void call_write(struct admin_call *call)
{
    while (call->sent < call->out.len) {
        ssize_t n = send(call->fd, call->out.data + call->sent, call->out.len - call->sent,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            uv_timer_start(&call->timer, on_timer, TIME_MS, 0);
            uv_poll_start(&call->poll, UV_WRITABLE, on_writable);
            return;
        }
        if (n < 0)
            break;
        call->sent += (size_t)n;
    }
    call_end(call);
}

static void call_answer(struct admin_call *call, sotto_err written)
{
    call->state = CALL_OUT;
    if (atomic_load(&call->left) || written != SOTTO_OK)
        call_end(call);
    else
        call_write(call);
}

void admin_succeed(struct admin_call *call, json_t *result)
{
    DEFER(json_freep) json_t *taken = result;
    call_answer(call, admin_answer_write(taken, &call->out));
}

void admin_refuse(struct admin_call *call, sotto_err err, const struct failure *failure)
{
    call_answer(call, admin_refusal_write(err, failure, &call->out));
}

/* ---- the request */

struct names {
    const struct admin_command *next;
};

static const char *name_next(void *state)
{
    struct names *names = state;
    return names->next->name != NULL ? (names->next++)->name : NULL;
}

static const struct admin_command *command_find(const char *name, struct failure *failure)
{
    for (const struct admin_command *c = admin_commands; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    struct names names = {admin_commands};
    const char *near = cli_suggest(name, name_next, &names);
    if (near != NULL)
        snprintf(failure->guess, sizeof failure->guess, "%s", near);
    (void)failure_say(failure, SOTTO_E_UNSUPPORTED, "there is no command \"%.60s\"", name);
    return NULL;
}

static void call_run(struct admin_call *call, view line)
{
    struct failure failure = {0};
    sotto_err err = admin_request_read(line, &call->request);
    if (err != SOTTO_OK) {
        (void)failure_say(&failure, err, "this is not a request");
        admin_refuse(call, err, &failure);
        return;
    }
    const struct admin_command *c = command_find(call->request.command, &failure);
    err = c == NULL ? SOTTO_E_UNSUPPORTED
                    : admin_arguments_check(call->request.arguments, c->arguments, &failure);
    if (err == SOTTO_OK && call->file >= 0 && !c->takes_file)
        err = failure_say(&failure, SOTTO_E_USAGE, "%s takes no file", c->name);
    if (err == SOTTO_OK)
        c->run(call);
    else
        admin_refuse(call, err, &failure);
}

/* Of descriptors that came along the first is kept. */
static void files_take(struct admin_call *call, struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof fd, sizeof fd);
            if (call->file < 0)
                call->file = fd;
            else
                close(fd);
        }
    }
}

static ssize_t call_receive(struct admin_call *call)
{
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(4 * sizeof(int))];
    } control;
    uint8_t *place;
    if (buf_extend(&call->in, CHUNK, &place) != SOTTO_OK)
        return 0;
    struct iovec io = {place, CHUNK};
    struct msghdr message = {
        .msg_iov = &io, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    ssize_t n = recvmsg(call->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    call->in.len -= CHUNK;
    if (n > 0) {
        call->in.len += (size_t)n;
        files_take(call, &message);
    }
    return n;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct admin_call *call = poll->data;
    ssize_t n = status == 0 ? call_receive(call) : 0;
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (call->state == CALL_BUSY) { /* it had its say */
        call_leave(call);
        return;
    }
    const uint8_t *feed = n > 0 ? memchr(call->in.data, '\n', call->in.len) : NULL;
    struct failure failure = {0};
    if (n <= 0) {
        call_end(call);
    } else if (feed != NULL) {
        uv_timer_stop(&call->timer);
        call->state = CALL_BUSY;
        call_run(call, (view){call->in.data, (size_t)(feed - call->in.data)});
    } else if (call->in.len >= ADMIN_REQUEST_MAX) {
        admin_refuse(call, SOTTO_E_TOO_LARGE, &failure);
    }
}

/* ---- who comes */

static bool may_ask(int fd)
{
    struct ucred who;
    socklen_t len = sizeof who;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
           (who.uid == 0 || who.uid == geteuid());
}

static struct admin_call **place_find(struct admin *a)
{
    for (size_t i = 0; i < ADMIN_CALLS_MAX; i++)
        if (a->calls[i] == NULL)
            return &a->calls[i];
    return NULL;
}

/* Without a place nobody is waited for: it goes at once, or not at all. */
static void fd_refuse(int fd)
{
    DEFER(buf_clear) sotto_buf line = {0};
    struct failure failure = {.todo = "ask again when one of them has ended"};
    sotto_err err = failure_say(&failure, SOTTO_E_IN_USE, "too many commands at once");
    if (admin_refusal_write(err, &failure, &line) == SOTTO_OK)
        (void)send(fd, line.data, line.len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void call_begin(struct admin *a, uv_loop_t *uv, int fd)
{
    bool may = may_ask(fd);
    struct admin_call **here = place_find(a);
    struct admin_call *call = may && here != NULL ? calloc(1, sizeof *call) : NULL;
    if (may && here == NULL)
        fd_refuse(fd);
    if (call == NULL || uv_poll_init(uv, &call->poll, fd) != 0) {
        close(fd);
        free(call);
        return;
    }
    call->admin = a;
    call->fd = fd;
    call->file = -1;
    call->handles = 2;
    call->poll.data = call->timer.data = call;
    *here = call;
    uv_timer_init(uv, &call->timer);
    uv_timer_start(&call->timer, on_timer, TIME_MS, 0);
    uv_poll_start(&call->poll, UV_READABLE, on_readable);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct admin *a = poll->data;
    for (unsigned i = 0; i < BACKLOG; i++) {
        int fd = accept4(a->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        call_begin(a, poll->loop, fd);
    }
}

/* The path may be longer than an address of a socket: the directory's descriptor stands for it. */
static sotto_err socket_open(struct state *state, int *ret_fd)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    snprintf(at.sun_path, sizeof at.sun_path, "/proc/self/fd/%d/" ADMIN_SOCKET, state->dir);
    (void)unlinkat(state->dir, ADMIN_SOCKET, 0); /* of one that was killed: the lock is ours */
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return SOTTO_E_IO;
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        fchmodat(state->dir, ADMIN_SOCKET, 0600, 0) != 0 || listen(fd, BACKLOG) != 0) {
        close(fd);
        return SOTTO_E_IO;
    }
    *ret_fd = fd;
    return SOTTO_OK;
}

static void last_backup_read(struct admin *a)
{
    DEFER(buf_clear) sotto_buf text = {0};
    if (state_read(a->state, BACKUP_LAST, &text) == SOTTO_OK &&
        buf_append(&text, VIEW_OF("")) == SOTTO_OK)
        atomic_store(&a->server->backup_s, strtoll((const char *)text.data, NULL, 10));
}

sotto_err admin_start(struct admin *a, uv_loop_t *uv, struct server *server, struct state *state,
                      struct failure *ret_failure)
{
    *a = (struct admin){.server = server, .state = state, .fd = -1};
    if (socket_open(state, &a->fd) != SOTTO_OK)
        return failure_say(ret_failure, SOTTO_E_IO,
                           "cannot make the socket " ADMIN_SOCKET " in the state directory: %s",
                           strerror(errno));
    if (uv_poll_init(uv, &a->poll, a->fd) != 0) {
        close(a->fd);
        return SOTTO_E_NOMEM;
    }
    a->poll.data = a;
    backup_sweep(state->dir);
    last_backup_read(a);
    uv_poll_start(&a->poll, UV_READABLE, on_connection);
    return SOTTO_OK;
}

void admin_stop(struct admin *a)
{
    (void)unlinkat(a->state->dir, ADMIN_SOCKET, 0);
    uv_poll_stop(&a->poll);
    uv_close((uv_handle_t *)&a->poll, NULL);
    close(a->fd);
    for (size_t i = 0; i < ADMIN_CALLS_MAX; i++) {
        struct admin_call *call = a->calls[i];
        if (call != NULL && call->state == CALL_BUSY)
            call_leave(call);
        else if (call != NULL)
            call_end(call);
    }
}

/* ---- what commands ask for */

struct admin *admin_of(const struct admin_call *call)
{
    return call->admin;
}

struct server *admin_server(const struct admin_call *call)
{
    return call->admin->server;
}

const json_t *admin_arguments(const struct admin_call *call)
{
    return call->request.arguments;
}

const atomic_bool *admin_left(const struct admin_call *call)
{
    return &call->left;
}

int admin_file_take(struct admin_call *call)
{
    int fd = call->file;
    call->file = -1;
    return fd;
}
