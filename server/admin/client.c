#include "admin/client.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static sotto_err nobody(const char *dir, struct failure *failure)
{
    snprintf(failure->todo, sizeof failure->todo, "start it, or name its directory with --dir");
    return failure_say(failure, SOTTO_E_CLOSED, "no server runs with the state directory %.300s",
                       dir);
}

static sotto_err connect_say(const char *dir, int number, struct failure *failure)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ECONNREFUSED:
        return nobody(dir, failure);
    case EACCES:
    case EPERM:
        snprintf(failure->todo, sizeof failure->todo, "ask as one of them, such as with sudo");
        return failure_say(failure, SOTTO_E_PERMISSION,
                           "the server in %.300s may be asked by root and its own user alone", dir);
    default:
        return failure_say(failure, SOTTO_E_IO, "cannot reach the server in %.300s: %s", dir,
                           strerror(number));
    }
}

/* The directory's descriptor stands for its path, which may be longer than an address of a socket. */
static sotto_err client_connect(const char *dir, int *ret_fd, struct failure *failure)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int place = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place < 0)
        return connect_say(dir, errno, failure);
    snprintf(to.sun_path, sizeof to.sun_path, "/proc/self/fd/%d/" ADMIN_SOCKET, place);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int number = fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 ? errno : 0;
    close(place);
    if (number == 0) {
        *ret_fd = fd;
        return SOTTO_OK;
    }
    if (fd >= 0)
        close(fd);
    return connect_say(dir, number, failure);
}

/* The descriptor goes with the first byte. */
static bool line_send(int fd, view line, int file)
{
    union {
        struct cmsghdr align;
        uint8_t space[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec io = {(void *)(uintptr_t)line.data, line.len};
    struct msghdr message = {.msg_iov = &io, .msg_iovlen = 1};
    if (file >= 0) {
        message.msg_control = &control;
        message.msg_controllen = sizeof control;
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        c->cmsg_level = SOL_SOCKET;
        c->cmsg_type = SCM_RIGHTS;
        c->cmsg_len = CMSG_LEN(sizeof file);
        memcpy(CMSG_DATA(c), &file, sizeof file);
    }
    ssize_t n = sendmsg(fd, &message, MSG_NOSIGNAL);
    while (n > 0 && (size_t)n < line.len) {
        line = (view){line.data + n, line.len - (size_t)n};
        n = send(fd, line.data, line.len, MSG_NOSIGNAL);
    }
    return n > 0;
}

static sotto_err line_receive(int fd, sotto_buf *out)
{
    for (;;) {
        uint8_t *place;
        TRY(buf_extend(out, 65536, &place));
        ssize_t n = recv(fd, place, 65536, 0);
        out->len -= 65536;
        if (n < 0 && errno == EINTR)
            continue;
        if (out->len > ADMIN_ANSWER_MAX)
            return SOTTO_E_TOO_LARGE;
        if (n <= 0)
            return out->len > 0 && out->data[out->len - 1] == '\n' ? SOTTO_OK : SOTTO_E_NET;
        out->len += (size_t)n;
    }
}

static sotto_err lost(sotto_err err, struct failure *failure)
{
    if (err != SOTTO_E_NET)
        return err;
    snprintf(failure->todo, sizeof failure->todo, "look at its log why, then ask again");
    return failure_say(failure, err, "the server ended before it answered");
}

sotto_err admin_ask(const char *dir, const char *command, json_t *arguments, int file,
                    json_t **ret_result, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf line = {0};
    int fd = -1;
    TRY(admin_request_write(command, arguments, &line));
    TRY(client_connect(dir, &fd, ret_failure));
    if (!line_send(fd, buf_view(&line), file)) /* who had no place for us has said so before */
        (void)shutdown(fd, SHUT_WR);
    buf_reset(&line);
    sotto_err err = line_receive(fd, &line);
    close(fd);
    if (err != SOTTO_OK)
        return lost(err, ret_failure);
    err = admin_answer_read((view){line.data, line.len - 1}, ret_result, ret_failure);
    return err == SOTTO_E_VALUE && ret_failure->what[0] == 0
               ? failure_say(ret_failure, err, "the server's answer can't be read")
               : err;
}
