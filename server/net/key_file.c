#include "net/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"

static sotto_err check_of(sotto_crypto *c, view content, uint8_t ret_check[KEY_FILE_CHECK])
{
    uint8_t digest[HASH_MAX];
    TRY(hash(c, HASH_SHA256, content, digest));
    memcpy(ret_check, digest, KEY_FILE_CHECK);
    return SOTTO_OK;
}

sotto_err key_file_write(sotto_crypto *c, const char *label, const struct secret *seed,
                         sotto_buf *out)
{
    if (seed->len != KEY_FILE_SEED || strlen(label) > KEY_FILE_LABEL)
        return SOTTO_E_USAGE;
    uint8_t check[KEY_FILE_CHECK];
    size_t start = out->len;
    struct wr w = wr_to(out);
    wr_opaque(&w, view_str(label));
    wr_bytes(&w, secret_view(seed));
    if (w.err == SOTTO_OK)
        w.err = check_of(c, (view){out->data + start, out->len - start}, check);
    wr_bytes(&w, VIEW_OF(check));
    return wr_end(&w);
}

sotto_err key_file_read(sotto_crypto *c, const char *label, view content, struct secret *ret_seed)
{
    if (content.len < KEY_FILE_CHECK)
        return SOTTO_E_KEY;
    uint8_t check[KEY_FILE_CHECK];
    const view body = {content.data, content.len - KEY_FILE_CHECK};
    TRY(check_of(c, body, check));
    struct rd r = rd_of(body);
    const view said = rd_opaque(&r, KEY_FILE_LABEL);
    const view seed = rd_bytes(&r, KEY_FILE_SEED);
    bool whole = rd_end(&r) == SOTTO_OK && view_equal(said, view_str(label));
    if (!whole || !view_equal((view){content.data + body.len, KEY_FILE_CHECK}, VIEW_OF(check)))
        return SOTTO_E_KEY;
    return secret_set(ret_seed, seed);
}

/* ---- a file anywhere */

static sotto_err path_say(struct failure *failure, const char *what, const char *path)
{
    int number = errno;
    sotto_err err = number == EEXIST                                         ? SOTTO_E_EXISTS
                    : number == ENOENT                                       ? SOTTO_E_NOTFOUND
                    : number == EACCES || number == EPERM || number == EROFS ? SOTTO_E_PERMISSION
                                                                             : SOTTO_E_IO;
    const char *todo = number == ENOENT   ? "look at the path: a directory or the file is missing"
                       : number == EACCES ? "ask as who may, such as root"
                       : number == ENOSPC ? "make room there, or name a file on another disk"
                                          : "";
    snprintf(failure->todo, sizeof failure->todo, "%s", todo);
    return failure_say(failure, err, "cannot %s %.300s: %s", what, path, strerror(number));
}

sotto_err key_file_make(sotto_crypto *c, const char *path, const char *label,
                        const struct secret *seed, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    TRY(key_file_write(c, label, seed, &bytes));
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return path_say(ret_failure, "make", path);
    errno = EIO;
    bool written = write(fd, bytes.data, bytes.len) == (ssize_t)bytes.len && fsync(fd) == 0;
    if (close(fd) != 0 || !written) {
        sotto_err err = path_say(ret_failure, "write", path);
        (void)unlink(path);
        return err;
    }
    return SOTTO_OK;
}

sotto_err key_file_take(sotto_crypto *c, int fd, const char *name, const char *label,
                        struct secret *ret_seed, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    uint8_t *place;
    TRY(buf_extend(&bytes, 256, &place));
    ssize_t len = read(fd, place, 256);
    if (len < 0)
        return path_say(ret_failure, "read", name);
    if (key_file_read(c, label, view_of(place, (size_t)len), ret_seed) != SOTTO_OK)
        return failure_say(ret_failure, SOTTO_E_KEY, "%.300s does not hold a \"%s\"", name, label);
    return SOTTO_OK;
}

sotto_err key_file_load(sotto_crypto *c, const char *path, const char *label,
                        struct secret *ret_seed, struct failure *ret_failure)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return path_say(ret_failure, "read", path);
    sotto_err err = key_file_take(c, fd, path, label, ret_seed, ret_failure);
    close(fd);
    return err;
}
