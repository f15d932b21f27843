/* known_servers.c - load, change under a lock, replace by rename. */
#include "host/known_servers.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void fd_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

static sotto_err err_of_errno(int *ret_system)
{
    *ret_system = errno;
    switch (errno) {
    case EACCES:
    case EPERM:
    case EROFS:
        return SOTTO_E_PERMISSION;
    case ENOMEM:
        return SOTTO_E_NOMEM;
    default:
        return SOTTO_E_IO;
    }
}

void known_servers_clear(struct known_servers *k)
{
    pins_clear(&k->pins);
}

static const char *home(void)
{
    const char *home = getenv("HOME");
    if (home != NULL && home[0] == '/')
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user != NULL && user->pw_dir != NULL && user->pw_dir[0] == '/' ? user->pw_dir : "/";
}

/* A relative XDG path is to be ignored (XDG Base Directory Specification, "Environment
 * variables"). */
static sotto_err path_make(char *ret_path, size_t size, const char *name)
{
    const char *data = getenv("XDG_DATA_HOME");
    bool given = data != NULL && data[0] == '/';
    int len = given ? snprintf(ret_path, size, "%s/sotto/%s", data, name)
                    : snprintf(ret_path, size, "%s/.local/share/sotto/%s", home(), name);
    return len > 0 && (size_t)len < size ? SOTTO_OK : SOTTO_E_CONFIG;
}

/* Makes each folder that leads to the file and isn't there. */
static sotto_err folders_make(const char *path, int *ret_system)
{
    char folder[4096];
    size_t len = strlen(path);
    if (len >= sizeof folder)
        return SOTTO_E_CONFIG;
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/')
            continue;
        memcpy(folder, path, i);
        folder[i] = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return err_of_errno(ret_system);
    }
    return SOTTO_OK;
}

static sotto_err file_read(const char *path, sotto_buf *out, int *ret_system)
{
    DEFER(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    if (fd < 0)
        return errno == ENOENT ? SOTTO_OK : err_of_errno(ret_system);
    if (fstat(fd, &info) != 0)
        return err_of_errno(ret_system);
    if (!S_ISREG(info.st_mode))
        return SOTTO_E_IO;
    for (;;) {
        uint8_t piece[4096];
        ssize_t got = read(fd, piece, sizeof piece);
        if (got < 0)
            return err_of_errno(ret_system);
        if (got == 0)
            return SOTTO_OK;
        if (out->len + (size_t)got > PINS_FILE_MAX)
            return SOTTO_E_TOO_LARGE;
        TRY(buf_append(out, view_of(piece, (size_t)got)));
    }
}

static sotto_err pins_load(struct known_servers *k)
{
    DEFER(buf_clear) sotto_buf text = {0};
    TRY(file_read(k->path, &text, &k->system));
    return pins_read(buf_view(&text), &k->pins, &k->bad_line);
}

sotto_err known_servers_load(struct known_servers *ret_known)
{
    *ret_known = (struct known_servers){0};
    TRY(path_make(ret_known->path, sizeof ret_known->path, "known_servers"));
    return pins_load(ret_known);
}

static sotto_err write_all(int fd, view bytes, int *ret_system)
{
    while (bytes.len > 0) {
        ssize_t done = write(fd, bytes.data, bytes.len);
        if (done < 0)
            return err_of_errno(ret_system);
        bytes = view_of(bytes.data + done, bytes.len - (size_t)done);
    }
    return fsync(fd) == 0 ? SOTTO_OK : err_of_errno(ret_system);
}

/* Puts a new file in the old one's place, so that nobody ever sees half of it. */
static sotto_err pins_save(struct known_servers *k)
{
    char fresh[sizeof k->path + 8];
    DEFER(buf_clear) sotto_buf text = {0};
    TRY(pins_write(&k->pins, &text));
    snprintf(fresh, sizeof fresh, "%s.XXXXXX", k->path);
    DEFER(fd_close) int fd = mkostemp(fresh, O_CLOEXEC);
    if (fd < 0)
        return err_of_errno(&k->system);
    sotto_err err = write_all(fd, buf_view(&text), &k->system);
    if (err == SOTTO_OK && rename(fresh, k->path) != 0)
        err = err_of_errno(&k->system);
    if (err != SOTTO_OK)
        unlink(fresh);
    return err;
}

/* Held until the descriptor is closed. */
static sotto_err lock(int *ret_fd, int *ret_system)
{
    char path[4096];
    TRY(path_make(path, sizeof path, "known_servers.lock"));
    TRY(folders_make(path, ret_system));
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_of_errno(ret_system);
    *ret_fd = fd;
    return flock(fd, LOCK_EX) == 0 ? SOTTO_OK : err_of_errno(ret_system);
}

sotto_err known_servers_keep(struct known_servers *k, const struct server_address *address,
                             const uint8_t pin[X509_PIN], int64_t now_s)
{
    DEFER(fd_close) int held = -1;
    struct pin_line line = {0};
    struct tm date;
    time_t now = (time_t)now_s;
    TRY(lock(&held, &k->system));
    TRY(pins_load(k));
    const struct pin_line *known = pins_find(&k->pins, address->text);
    if (known != NULL)
        return memcmp(known->pin, pin, X509_PIN) == 0 ? SOTTO_OK : SOTTO_E_PIN;
    memcpy(line.address, address->text, sizeof line.address);
    memcpy(line.pin, pin, X509_PIN);
    if (gmtime_r(&now, &date) == NULL ||
        strftime(line.date, sizeof line.date, "%Y-%m-%d", &date) != PINS_DATE)
        return SOTTO_E_IO;
    TRY(pins_add(&k->pins, &line));
    return pins_save(k);
}

sotto_err known_servers_forget(struct known_servers *k, const struct server_address *address)
{
    DEFER(fd_close) int held = -1;
    TRY(lock(&held, &k->system));
    TRY(pins_load(k));
    TRY(pins_remove(&k->pins, address->text));
    return pins_save(k);
}
