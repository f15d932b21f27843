#include "net/state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/files.h"

#define LOCK_NAME "lock"
#define TEMP_NAME "new"

static sotto_err err_of(int number)
{
    switch (number) {
    case ENOENT:
        return SOTTO_E_NOTFOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return SOTTO_E_PERMISSION;
    case ENOMEM:
        return SOTTO_E_NOMEM;
    case ENOSPC:
    case EDQUOT:
        return SOTTO_E_DISK_FULL;
    default:
        return SOTTO_E_IO;
    }
}

/* Makes each missing directory on the way. */
static sotto_err dirs_make(const char *path)
{
    char prefix[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof prefix)
        return SOTTO_E_VALUE;
    memcpy(prefix, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (prefix[i] != '/' && prefix[i] != 0)
            continue;
        prefix[i] = 0;
        if (mkdir(prefix, 0700) != 0 && errno != EEXIST && !(errno != ENOENT && i < len))
            return err_of(errno);
        prefix[i] = path[i];
    }
    return SOTTO_OK;
}

static bool name_is_in(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(name, *names) == 0)
            return true;
    return false;
}

/* Whether the directory is ours: a file of ours is there, or nothing at all. */
static sotto_err dir_check(int dir, const char *const *ours)
{
    static const char *const nothing[] = {".", "..", TEMP_NAME, "lost+found", "sottod.conf", NULL};
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL) {
        sotto_err err = err_of(errno);
        if (copy >= 0)
            close(copy);
        return err;
    }
    bool found = false, empty = true;
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        found = found || strcmp(e->d_name, LOCK_NAME) == 0 || name_is_in(e->d_name, ours);
        empty = empty && name_is_in(e->d_name, nothing);
    }
    closedir(list);
    return found || empty ? SOTTO_OK : SOTTO_E_CONFIG;
}

/* What others may read is closed to them before a key comes in. */
static sotto_err dir_close_to_others(int dir)
{
    struct stat st;
    if (fstat(dir, &st) != 0)
        return err_of(errno);
    if ((st.st_mode & 077) != 0 && fchmod(dir, 0700) != 0)
        return err_of(errno);
    return SOTTO_OK;
}

/* What stands there under that name is not ours to give, only what we make. */
static sotto_err lock_file_make(int dir)
{
    int fd = openat(dir, LOCK_NAME, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? SOTTO_OK : err_of(errno);
    sotto_err err = file_give(dir, fd);
    close(fd);
    return err;
}

static sotto_err dir_lock(struct state *state)
{
    TRY(lock_file_make(state->dir));
    state->lock = openat(state->dir, LOCK_NAME, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (state->lock < 0)
        return err_of(errno);
    if (flock(state->lock, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SOTTO_E_IN_USE : err_of(errno);
    return SOTTO_OK;
}

static sotto_err dir_open(const char *path, const char *const *ours, struct state *state)
{
    TRY(dirs_make(path));
    state->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->dir < 0)
        return err_of(errno);
    TRY(dir_check(state->dir, ours));
    TRY(dir_close_to_others(state->dir));
    return dir_lock(state);
}

static sotto_err state_explain(sotto_err err, int number, const char *path, struct failure *failure)
{
    snprintf(failure->todo, sizeof failure->todo, "%s",
             err == SOTTO_E_IN_USE || err == SOTTO_E_NOMEM ? ""
             : err == SOTTO_E_PERMISSION ? "ask as root, or name a directory of your own with --dir"
             : err == SOTTO_E_DISK_FULL  ? "make room on its disk, or name another one with --dir"
                                         : "name another one with --dir");
    switch (err) {
    case SOTTO_E_IN_USE:
        return failure_say(failure, err, "another sottod uses the state directory %s", path);
    case SOTTO_E_CONFIG:
        return failure_say(failure, err,
                           "the directory %s holds other things than a server's state", path);
    case SOTTO_E_PERMISSION:
        return failure_say(failure, err, "no permission for the state directory %s", path);
    case SOTTO_E_DISK_FULL:
        return failure_say(failure, err, "no room for the state directory %s: the disk is full",
                           path);
    case SOTTO_E_NOMEM:
        return err;
    default:
        return failure_say(failure, SOTTO_E_IO, "cannot use the state directory %s: %s", path,
                           strerror(number));
    }
}

sotto_err state_open(const char *path, const char *const *ours, struct state *ret_state,
                     struct failure *ret_failure)
{
    struct state state = {.dir = -1, .lock = -1};
    sotto_err err = dir_open(path, ours, &state);
    if (err != SOTTO_OK) {
        int number = errno;
        state_close(&state);
        return state_explain(err, number, path, ret_failure);
    }
    *ret_state = state;
    return SOTTO_OK;
}

void state_close(struct state *state)
{
    if (state->lock >= 0)
        close(state->lock);
    if (state->dir >= 0)
        close(state->dir);
    *state = (struct state){.dir = -1, .lock = -1};
}

static sotto_err fd_read(int fd, sotto_buf *out)
{
    buf_reset(out);
    for (;;) {
        uint8_t *place;
        size_t len = out->len;
        TRY(buf_extend(out, 4096, &place));
        ssize_t n = read(fd, place, 4096);
        if (n < 0)
            return SOTTO_E_IO;
        out->len = len + (size_t)n;
        if (n == 0)
            return SOTTO_OK;
        if (out->len > STATE_FILE_MAX)
            return SOTTO_E_TOO_LARGE;
    }
}

sotto_err state_read(const struct state *state, const char *name, sotto_buf *out)
{
    int fd = openat(state->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_of(errno);
    sotto_err err = fd_read(fd, out);
    close(fd);
    return err;
}

static sotto_err fd_write(int fd, view content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.data, content.len);
        if (n < 0)
            return err_of(errno);
        content.data += n;
        content.len -= (size_t)n;
    }
    return fsync(fd) == 0 ? SOTTO_OK : err_of(errno);
}

/* What a crash left is ours to remove, whoever made it. */
sotto_err state_write(const struct state *state, const char *name, view content)
{
    (void)unlinkat(state->dir, TEMP_NAME, 0);
    int fd = openat(state->dir, TEMP_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_of(errno);
    sotto_err err = fchmod(fd, 0600) == 0 ? file_give(state->dir, fd) : err_of(errno);
    if (err == SOTTO_OK)
        err = fd_write(fd, content);
    if (close(fd) != 0 && err == SOTTO_OK)
        err = SOTTO_E_IO;
    if (err == SOTTO_OK && renameat(state->dir, TEMP_NAME, state->dir, name) != 0)
        err = err_of(errno);
    if (err == SOTTO_OK && fsync(state->dir) != 0)
        err = SOTTO_E_IO;
    if (err != SOTTO_OK)
        (void)unlinkat(state->dir, TEMP_NAME, 0);
    return err;
}

sotto_err state_remove(const struct state *state, const char *name)
{
    if (unlinkat(state->dir, name, 0) != 0)
        return errno == ENOENT ? SOTTO_OK : err_of(errno);
    return fsync(state->dir) == 0 ? SOTTO_OK : SOTTO_E_IO;
}
