/* Reading a backup: to check it, or to put it into an empty directory. What was made is removed again if anything is wrong. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup/backup.h"
#include "base/ct.h"
#include "store/files.h"
#include "store/store.h"

#define ABOUT_MAX 1024
#define PATH_SIZE 1200
#define PIECE     8192

struct reading {
    struct archive_reader *archive;
    struct backup_sum sum;
    struct failure *failure;
    const char *path;
    const atomic_bool *ending;
    int dir;         /* where files go: `path` */
    bool only_store; /* the others are read, and that is all */
    bool has_store;
};

static sotto_err read_say(struct failure *failure, sotto_err err)
{
    switch (err) {
    case SOTTO_E_VALUE:
        snprintf(failure->todo, sizeof failure->todo, "name a file that sottod backup wrote");
        return failure_say(failure, SOTTO_E_USAGE, "this is not a backup of sottod");
    case SOTTO_E_KEY:
        snprintf(failure->todo, sizeof failure->todo, "name the file of its key with --key");
        return failure_say(failure, err, "this backup is sealed to a key");
    case SOTTO_E_DECRYPT:
        return failure_say(failure, err,
                           "this backup is damaged, or sealed to another key than that one");
    case SOTTO_E_TRUNCATED:
        return failure_say(failure, SOTTO_E_DAMAGED, "this backup is cut off: its end is missing");
    case SOTTO_E_DAMAGED:
        return failure_say(failure, err, "this backup is damaged");
    default:
        return err;
    }
}

static bool is_ending(const atomic_bool *ending)
{
    return ending != NULL && atomic_load(ending);
}

/* ---- one file */

/* "made 1795272263\nversion 0.1.0\nhost …\nkeys yes\n" */
static void about_take(struct backup_sum *sum, const char *text)
{
    char keys[8] = "", made[24] = "";
    (void)sscanf(text, "made %23[0-9]\nversion %31[^\n]\nhost %255[^\n]\nkeys %7s", made,
                 sum->version, sum->host, keys);
    sum->made_s = strtoll(made, NULL, 10);
    sum->keys = strcmp(keys, "yes") == 0;
}

/* `name` in `dir`, or `dir` itself. */
static sotto_err write_say(struct failure *failure, const char *dir, const char *name)
{
    bool full = errno == ENOSPC || errno == EDQUOT;
    const char *why = full ? "the disk that it goes to is full" : strerror(errno);
    return failure_say(failure, full ? SOTTO_E_DISK_FULL : SOTTO_E_IO,
                       "cannot write %.300s%s%s: %s", dir, name != NULL ? "/" : "",
                       name != NULL ? name : "", why);
}

static void room_say(struct failure *failure, sotto_err err, const char *where)
{
    if (err == SOTTO_E_DISK_FULL)
        snprintf(failure->todo, sizeof failure->todo,
                 "make room there, or name another directory with %s", where);
}

/* To `fd`, or nowhere if it is -1; the beginning also to `ret_text`, if there is room for one. */
static sotto_err file_take(struct reading *r, int fd, const char *name, char *ret_text, size_t max)
{
    uint8_t piece[PIECE];
    size_t len, kept = 0;
    for (;;) {
        if (is_ending(r->ending))
            return SOTTO_E_INTERRUPTED;
        TRY(read_say(r->failure, archive_read(r->archive, piece, sizeof piece, &len)));
        if (len == 0)
            break;
        size_t more = max > 0 ? size_min(len, max - 1 - kept) : 0;
        if (more > 0)
            memcpy(ret_text + kept, piece, more);
        kept += more;
        for (size_t at = 0; fd >= 0 && at < len;) {
            ssize_t n = write(fd, piece + at, len - at);
            if (n < 0)
                return write_say(r->failure, r->path, name);
            at += (size_t)n;
        }
    }
    if (max > 0)
        ret_text[kept] = 0;
    ct_wipe(piece, sizeof piece);
    return fd < 0 || fsync(fd) == 0 ? SOTTO_OK : write_say(r->failure, r->path, name);
}

/* Unless it is there. */
static sotto_err dir_make(struct reading *r, const char *name)
{
    if (mkdirat(r->dir, name, 0700) != 0)
        return errno == EEXIST ? SOTTO_OK : write_say(r->failure, r->path, name);
    int fd = openat(r->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return write_say(r->failure, r->path, name);
    sotto_err err = file_give(r->dir, fd);
    close(fd);
    return err == SOTTO_OK ? err : write_say(r->failure, r->path, name);
}

static sotto_err blob_dirs_make(struct reading *r, const char *name)
{
    char dir[] = "blobs/00";
    memcpy(dir, name, sizeof dir - 1);
    TRY(dir_make(r, "blobs"));
    return dir_make(r, dir);
}

static sotto_err file_make(struct reading *r, enum backup_kind kind, const char *name)
{
    if (kind == BACKUP_BLOB)
        TRY(blob_dirs_make(r, name));
    int fd = openat(r->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST)
        return read_say(r->failure, SOTTO_E_DAMAGED); /* twice in one backup */
    if (fd < 0)
        return write_say(r->failure, r->path, name);
    sotto_err err = file_give(r->dir, fd);
    if (err != SOTTO_OK)
        err = write_say(r->failure, r->path, name);
    if (err == SOTTO_OK)
        err = file_take(r, fd, name, NULL, 0);
    if (close(fd) != 0 && err == SOTTO_OK)
        err = write_say(r->failure, r->path, name);
    return err;
}

static sotto_err one_take(struct reading *r, const char *name, uint64_t size)
{
    char text[ABOUT_MAX], kept[ARCHIVE_NAME_MAX + 1];
    enum backup_kind kind = backup_kind_of(name);
    snprintf(kept, sizeof kept, "%s", name);
    if (kind == BACKUP_UNKNOWN) {
        snprintf(r->failure->todo, sizeof r->failure->todo, "use the version that wrote it");
        return failure_say(r->failure, SOTTO_E_NEWER,
                           "this backup holds \"%s\", which is unknown here", kept);
    }
    if (kind == BACKUP_ABOUT) {
        TRY(file_take(r, -1, kept, text, sizeof text));
        about_take(&r->sum, text);
        return SOTTO_OK;
    }
    r->sum.files++;
    r->sum.bytes += size;
    r->sum.blobs += kind == BACKUP_BLOB;
    r->has_store = r->has_store || kind == BACKUP_STORE;
    r->sum.settings = r->sum.settings || kind == BACKUP_SETTINGS;
    return r->only_store && kind != BACKUP_STORE ? file_take(r, -1, kept, NULL, 0)
                                                 : file_make(r, kind, kept);
}

/* ---- all of it */

static sotto_err all_take(struct reading *r)
{
    const char *name;
    uint64_t size;
    sotto_err err;
    while ((err = archive_next(r->archive, &name, &size)) == SOTTO_OK)
        TRY(one_take(r, name, size));
    if (err != SOTTO_E_NOTFOUND)
        return read_say(r->failure, err);
    if (!r->has_store)
        return failure_say(r->failure, SOTTO_E_DAMAGED, "this backup holds no database");
    return SOTTO_OK;
}

static sotto_err store_check(const char *dir, const atomic_bool *ending, struct failure *failure)
{
    char path[PATH_SIZE], why[256] = "";
    snprintf(path, sizeof path, "%.1100s/" BACKUP_DATABASE, dir);
    sotto_err err = store_verify(path, ending, why);
    return err == SOTTO_OK || err == SOTTO_E_INTERRUPTED
               ? err
               : failure_say(failure, err, "the database in it is not whole: %s",
                             why[0] != 0 ? why : sotto_err_text(err));
}

/* Empties a directory that we filled: files, and directories of two levels below. */
static void dir_empty(int dir, unsigned depth)
{
    int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (list == NULL) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, "lost+found") == 0 || unlinkat(dir, e->d_name, 0) == 0 || depth == 0)
            continue;
        int sub = openat(dir, e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (sub < 0)
            continue;
        dir_empty(sub, depth - 1);
        close(sub);
        (void)unlinkat(dir, e->d_name, AT_REMOVEDIR);
    }
    closedir(list);
}

static sotto_err take_into(sotto_crypto *c, int fd, const struct kem_key *key,
                           const atomic_bool *ending, const char *dir, bool only_store,
                           struct backup_sum *ret_sum, struct failure *failure)
{
    DEFER(archive_reader_freep) struct archive_reader *archive = NULL;
    TRY(read_say(failure, archive_reader_new(c, fd, key, ending, &archive)));
    struct reading r = {
        .archive = archive,
        .failure = failure,
        .path = dir,
        .ending = ending,
        .only_store = only_store,
    };
    r.sum.sealed = archive_is_sealed(archive);
    r.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.dir < 0)
        return write_say(failure, dir, NULL);
    sotto_err err = all_take(&r);
    /* the names in all its directories, and its own in the one above, too */
    if (err == SOTTO_OK && !only_store && syncfs(r.dir) != 0)
        err = write_say(failure, dir, NULL);
    if (err == SOTTO_OK)
        err = store_check(dir, ending, failure);
    if (err != SOTTO_OK)
        dir_empty(r.dir, 2);
    close(r.dir);
    *ret_sum = r.sum;
    return err;
}

sotto_err backup_verify(sotto_crypto *c, int fd, const struct kem_key *key,
                        const atomic_bool *ending, struct backup_sum *ret_sum,
                        struct failure *ret_failure)
{
    const char *tmp = getenv("TMPDIR");
    char dir[PATH_SIZE];
    snprintf(dir, sizeof dir, "%.1100s/sotto-verify-XXXXXX",
             tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
    if (mkdtemp(dir) == NULL)
        return write_say(ret_failure, dir, NULL);
    sotto_err err = take_into(c, fd, key, ending, dir, true, ret_sum, ret_failure);
    int place = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place >= 0) {
        dir_empty(place, 0);
        close(place);
    }
    (void)rmdir(dir);
    room_say(ret_failure, err, "$TMPDIR");
    return err;
}

static bool is_empty(const char *path)
{
    DIR *list = opendir(path);
    bool empty = list != NULL;
    for (struct dirent *e; empty && (e = readdir(list)) != NULL;)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
                strcmp(e->d_name, "lost+found") == 0;
    if (list != NULL)
        closedir(list);
    return empty;
}

/* mkdir() or chmod() has failed. */
static sotto_err dir_say(struct failure *failure, const char *what, const char *dir)
{
    int number = errno;
    snprintf(failure->todo, sizeof failure->todo, "%s",
             number == ENOENT ? "make the directory above it first"
                              : "name a directory where you may with --dir, or ask as root");
    return failure_say(failure, number == ENOENT ? SOTTO_E_NOTFOUND : SOTTO_E_PERMISSION,
                       "cannot %s %.300s: %s", what, dir, strerror(number));
}

sotto_err backup_restore(sotto_crypto *c, int fd, const struct kem_key *key,
                         const atomic_bool *ending, const char *dir, struct backup_sum *ret_sum,
                         struct failure *ret_failure)
{
    bool made = mkdir(dir, 0700) == 0;
    if (!made && errno != EEXIST)
        return dir_say(ret_failure, "make", dir);
    if (!made && !is_empty(dir)) {
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "name another directory with --dir, or move what is in it elsewhere");
        return failure_say(ret_failure, SOTTO_E_EXISTS, "%.300s is not an empty directory", dir);
    }
    if (!made && chmod(dir, 0700) != 0)
        return dir_say(ret_failure, "use", dir);
    sotto_err err = take_into(c, fd, key, ending, dir, false, ret_sum, ret_failure);
    if (err != SOTTO_OK && made)
        (void)rmdir(dir);
    room_say(ret_failure, err, "--dir");
    return err;
}
