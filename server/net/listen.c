#include "net/listen.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

#define BACKLOG 4096 /* the kernel lowers it to its own limit */

static sotto_err explain(int number, const struct endpoint *address, struct failure *failure)
{
    char text[ENDPOINT_TEXT];
    endpoint_write(address, text);
    failure->network = true;
    switch (number) {
    case EADDRINUSE:
        return failure_say(failure, SOTTO_E_IN_USE, "%s is already in use", text);
    case EACCES:
        snprintf(failure->todo, sizeof failure->todo,
                 "choose a port above 1023, or let a service manager grant this one");
        return failure_say(failure, SOTTO_E_PERMISSION, "no permission to listen on %s", text);
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
        return failure_say(failure, SOTTO_E_NET, "%s is not an address of this machine", text);
    default:
        return failure_say(failure, SOTTO_E_IO, "cannot listen on %s: %s", text, strerror(number));
    }
}

static int socket_listen(int fd, struct endpoint *address)
{
    const int one = 1;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0)
        return errno;
    if (address->sa.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0)
        return errno;
    if (bind(fd, (const struct sockaddr *)&address->sa, address->len) != 0 ||
        listen(fd, BACKLOG) != 0)
        return errno;
    return getsockname(fd, (struct sockaddr *)&address->sa, &address->len) == 0 ? 0 : errno;
}

sotto_err listen_open(struct endpoint *address, int *ret_fd, struct failure *ret_failure)
{
    int fd = socket(address->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return explain(errno, address, ret_failure);
    int number = socket_listen(fd, address);
    if (number != 0) {
        close(fd);
        return explain(number, address, ret_failure);
    }
    *ret_fd = fd;
    return SOTTO_OK;
}

int listen_accept(int fd, struct endpoint *ret_peer, bool *ret_full)
{
    const int one = 1;
    *ret_full = false;
    ret_peer->len = sizeof ret_peer->sa;
    int peer =
        accept4(fd, (struct sockaddr *)&ret_peer->sa, &ret_peer->len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0)
        *ret_full = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
    else
        (void)setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return peer;
}
