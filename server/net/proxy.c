#include "net/proxy.h"

#include <errno.h>
#include <sys/socket.h>

/* What waits is looked at first: as long as the header isn't whole all of it belongs to the header and is taken, so that the
 * socket does not stay readable for the same bytes. */
sotto_err proxy_take(int fd, sotto_buf *have, struct proxy_header *ret_header, bool *ret_whole)
{
    uint8_t input[PROXY_HEADER_MAX];
    size_t kept = have->len, len;
    *ret_whole = false;
    if (kept > 0)
        memcpy(input, have->data, kept);
    ssize_t waits = recv(fd, input + kept, sizeof input - kept, MSG_PEEK);
    if (waits < 0 && (errno == EAGAIN || errno == EINTR))
        return SOTTO_OK;
    if (waits <= 0)
        return SOTTO_E_CLOSED;
    TRY(proxy_header_read(view_of(input, kept + (size_t)waits), ret_header, &len));
    size_t taken = len > 0 ? len - kept : (size_t)waits;
    if (recv(fd, input + kept, taken, 0) != (ssize_t)taken)
        return SOTTO_E_CLOSED;
    *ret_whole = len > 0;
    if (len == 0)
        return buf_append(have, view_of(input + kept, taken));
    buf_clear(have);
    return SOTTO_OK;
}
