/* The database is copied first, then the attachments: whatever the copy names is there, since who lets this run while the server works
 * has no attachment deleted meanwhile (claims_hold()). */
#include "backup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sotto/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ct.h"
#include "store/store.h"

#define COPY      "backup.tmp" /* the database's copy, in the state directory */
#define PATH_SIZE 1200
#define PIECE     65536

/* ---- names */

static const struct {
    const char *name;
    enum backup_kind kind;
} kinds[] = {
    {"about", BACKUP_ABOUT},          {BACKUP_DATABASE, BACKUP_STORE},
    {"root.der", BACKUP_CERT},        {"root.key", BACKUP_KEY},
    {"intermediate.der", BACKUP_KEY}, {"intermediate.key", BACKUP_KEY},
    {"server.der", BACKUP_KEY},       {"server.key", BACKUP_KEY},
    {"tls.pem", BACKUP_KEY},          {BACKUP_CONFIG, BACKUP_SETTINGS},
};

static bool is_hex(const char *text, size_t len)
{
    return strspn(text, "0123456789abcdef") >= len;
}

enum backup_kind backup_kind_of(const char *name)
{
    static const char blobs[] = "blobs/";
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    const char *blob = name + sizeof blobs - 1;
    bool is_blob = strncmp(name, blobs, sizeof blobs - 1) == 0 && strlen(blob) == 2 + 1 + 62 &&
                   is_hex(blob, 2) && blob[2] == '/' && is_hex(blob + 3, 62);
    return is_blob ? BACKUP_BLOB : BACKUP_UNKNOWN;
}

/* ---- writing */

struct writing {
    const struct backup_wish *wish;
    struct archive_writer *archive;
    struct backup_sum sum;
    struct failure *failure;
    int dir;
};

static bool is_ending(const struct writing *w)
{
    return w->wish->ending != NULL && atomic_load(w->wish->ending);
}

/* Where a backup goes is hardly ever the server's disk. */
static sotto_err write_say(struct writing *w, sotto_err err)
{
    const char *target = w->wish->target != NULL ? w->wish->target : "the backup",
               *why = strerror(errno);
    if (err == SOTTO_E_IO)
        return failure_say(w->failure, err, "cannot write %.300s: %s", target, why);
    if (err != SOTTO_E_DISK_FULL)
        return err;
    snprintf(w->failure->todo, sizeof w->failure->todo,
             "make room there, or write the backup to another disk");
    return failure_say(w->failure, err, "cannot write %.300s: the disk that it goes to is full",
                       target);
}

/* The copy is as large as the database, for the time that it takes. */
static sotto_err copy_say(struct writing *w, sotto_err err)
{
    if (err == SOTTO_E_DISK_FULL)
        snprintf(w->failure->todo, sizeof w->failure->todo,
                 "make room on the disk of %.180s, as much as " BACKUP_DATABASE " has",
                 w->wish->dir);
    return failure_say(w->failure, err, "cannot copy the database within %.300s: %s", w->wish->dir,
                       sotto_err_text(err));
}

static sotto_err fd_copy(struct writing *w, int fd, const char *name, uint64_t size)
{
    uint8_t piece[PIECE / 8];
    TRY(write_say(w, archive_file(w->archive, name, size)));
    while (size > 0) {
        ssize_t n = read(fd, piece, (size_t)(size < sizeof piece ? size : sizeof piece));
        if (is_ending(w))
            return SOTTO_E_INTERRUPTED;
        if (n <= 0)
            return failure_say(w->failure, SOTTO_E_IO, "cannot read %s", name);
        TRY(write_say(w, archive_add(w->archive, view_of(piece, (size_t)n))));
        size -= (uint64_t)n;
    }
    ct_wipe(piece, sizeof piece);
    return SOTTO_OK;
}

static sotto_err open_copy(struct writing *w, int fd, uint64_t size, const char *name)
{
    sotto_err err = fd_copy(w, fd, name, size);
    close(fd);
    w->sum.files++;
    w->sum.bytes += size;
    return err;
}

/* A file that isn't there is left out. */
static sotto_err file_copy(struct writing *w, const char *from, const char *name)
{
    struct stat st;
    int fd = openat(w->dir, from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return SOTTO_OK;
    if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        if (fd >= 0)
            close(fd);
        return failure_say(w->failure, SOTTO_E_IO, "cannot read %s", from);
    }
    return open_copy(w, fd, (uint64_t)st.st_size, name);
}

/* Those in force lie anywhere, behind a link perhaps. What was a pipe, or is no longer there, is left out. */
static sotto_err settings_copy(struct writing *w)
{
    const char *from = w->wish->settings;
    struct stat st;
    int fd = from[0] != 0 ? open(from, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (from[0] == 0 || (fd < 0 && errno == ENOENT))
        return SOTTO_OK;
    if (fd < 0)
        return failure_say(w->failure, SOTTO_E_IO, "cannot read %.300s: %s", from, strerror(errno));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return open_copy(w, fd, (uint64_t)st.st_size, BACKUP_CONFIG);
    close(fd);
    return SOTTO_OK;
}

static sotto_err about_write(struct writing *w)
{
    char text[512];
    int len = snprintf(text, sizeof text, "made %lld\nversion %s\nhost %s\nkeys %s\n",
                       (long long)w->wish->now_s, SOTTO_VERSION, w->wish->host,
                       w->wish->keys ? "yes" : "no");
    TRY(archive_file(w->archive, "about", (uint64_t)len));
    return archive_add(w->archive, view_of(text, (size_t)len));
}

static bool on_progress(void *user, uint64_t done_bytes, uint64_t all_bytes)
{
    (void)done_bytes;
    (void)all_bytes;
    return !is_ending(user);
}

void backup_sweep(int dir)
{
    (void)unlinkat(dir, COPY, 0);
    (void)unlinkat(dir, COPY "-journal", 0);
    (void)unlinkat(dir, COPY "-wal", 0);
    (void)unlinkat(dir, COPY "-shm", 0);
}

static sotto_err store_copy(struct writing *w)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%.1100s/" COPY, w->wish->dir);
    backup_sweep(w->dir);
    sotto_err err = store_backup(w->wish->store, path, on_progress, w);
    if (err == SOTTO_OK)
        err = file_copy(w, COPY, BACKUP_DATABASE);
    else if (err != SOTTO_E_INTERRUPTED)
        err = copy_say(w, err);
    (void)unlink(path);
    return err;
}

static sotto_err blobs_say(struct writing *w)
{
    return failure_say(w->failure, SOTTO_E_IO, "cannot read the attachments in %.300s: %s",
                       w->wish->dir, strerror(errno));
}

static sotto_err blob_dir_copy(struct writing *w, int dir, const char *first)
{
    int sub = openat(dir, first, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = sub < 0 ? NULL : fdopendir(sub);
    sotto_err err = SOTTO_OK;
    if (list == NULL) {
        if (sub >= 0)
            close(sub);
        return errno == ENOENT ? SOTTO_OK : blobs_say(w);
    }
    for (struct dirent *e; err == SOTTO_OK && (e = readdir(list)) != NULL;) {
        char name[ARCHIVE_NAME_MAX + 1];
        int len = snprintf(name, sizeof name, "blobs/%s/%s", first, e->d_name);
        if (len >= (int)sizeof name || backup_kind_of(name) != BACKUP_BLOB)
            continue;
        uint64_t before = w->sum.files;
        err = file_copy(w, name, name);
        w->sum.blobs += w->sum.files - before;
    }
    closedir(list);
    return err;
}

static sotto_err blobs_copy(struct writing *w)
{
    int dir = openat(w->dir, "blobs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return errno == ENOENT ? SOTTO_OK : blobs_say(w);
    sotto_err err = SOTTO_OK;
    for (unsigned i = 0; err == SOTTO_OK && i < 256; i++) {
        char first[3];
        snprintf(first, sizeof first, "%02x", i);
        err = blob_dir_copy(w, dir, first);
    }
    close(dir);
    return err;
}

static sotto_err small_files_copy(struct writing *w)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        bool wanted =
            kinds[i].kind == BACKUP_CERT || (kinds[i].kind == BACKUP_KEY && w->wish->keys);
        if (wanted)
            TRY(file_copy(w, kinds[i].name, kinds[i].name));
    }
    return SOTTO_OK;
}

static sotto_err all_write(struct writing *w)
{
    TRY(write_say(w, about_write(w)));
    TRY(small_files_copy(w));
    TRY(settings_copy(w));
    TRY(store_copy(w));
    TRY(blobs_copy(w));
    return write_say(w, archive_finish(w->archive));
}

sotto_err backup_write(sotto_crypto *c, const struct backup_wish *wish, int fd,
                       struct backup_sum *ret_sum, struct failure *ret_failure)
{
    DEFER(archive_writer_freep) struct archive_writer *archive = NULL;
    struct writing w = {.wish = wish, .failure = ret_failure};
    TRY(write_say(&w,
                  archive_writer_new(c, fd, wish->recipient, wish->seed, wish->ending, &archive)));
    w.archive = archive;
    w.dir = open(wish->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w.dir < 0)
        return failure_say(ret_failure, SOTTO_E_IO, "cannot open %.300s", wish->dir);
    sotto_err err = all_write(&w);
    close(w.dir);
    w.sum.made_s = wish->now_s;
    w.sum.sealed = wish->recipient.len > 0;
    w.sum.keys = wish->keys;
    *ret_sum = w.sum;
    return err;
}
