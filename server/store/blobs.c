/* An upload appends to its partial file, under a lock on it, and hashes as it goes; one that is gone on with hashes all when it is
 * whole: whoever comes often and sends little costs no reading. When the hash is right, the file is synced, renamed to its place,
 * and the place's directory synced: under the name of a hash there is never anything but what it says. */
#include "store/blobs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/hash.h"
#include "store/files.h"

#define NAME_MAX_LEN (2 * BLOB_HASH + 1 + 16 + 1) /* of a partial file, with its NUL */
#define FIRST_NAME   3                            /* "ab" */
#define READ_BYTES   8192                         /* at once */
#define CHECK_BYTES  ((uint64_t)4 << 20)          /* hashed by one call */

struct blobs {
    int dir, partial;
};

struct blob_upload {
    struct blobs *blobs;
    uint8_t hash[BLOB_HASH];
    char name[NAME_MAX_LEN]; /* of the partial file */
    int fd;
    struct hasher *hasher;
    uint64_t at, size;
    uint64_t hashed; /* up to there */
    bool reserved;   /* the disk has set aside space for the rest */
};

/* --- names --- */

static void hex(const uint8_t *bytes, size_t len, char *ret_text)
{
    for (size_t i = 0; i < len; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

struct place {
    char text[FIRST_NAME + 2 * BLOB_HASH]; /* "ab/cdef…" */
};

static struct place place_of(const uint8_t hash[BLOB_HASH])
{
    struct place place;
    hex(hash, 1, place.text);
    place.text[2] = '/';
    hex(hash + 1, BLOB_HASH - 1, place.text + FIRST_NAME);
    return place;
}

static void partial_name(const uint8_t hash[BLOB_HASH], uint64_t uploader,
                         char ret_name[NAME_MAX_LEN])
{
    hex(hash, BLOB_HASH, ret_name);
    snprintf(ret_name + 2 * BLOB_HASH, NAME_MAX_LEN - 2 * BLOB_HASH, ".%" PRIx64, uploader);
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Whether a file in the directory of `first` has the name of a blob. */
static bool hash_of(uint8_t first, const char *name, uint8_t ret_hash[BLOB_HASH])
{
    uint8_t hash[BLOB_HASH] = {first};
    if (strlen(name) != 2 * (BLOB_HASH - 1))
        return false;
    for (size_t i = 1; i < BLOB_HASH; i++) {
        int high = digit_of(name[2 * i - 2]), low = digit_of(name[2 * i - 1]);
        if (high < 0 || low < 0)
            return false;
        hash[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(ret_hash, hash, sizeof hash);
    return true;
}

/* --- the directory --- */

static sotto_err dirs_make(struct blobs *blobs)
{
    for (unsigned first = 0; first <= UINT8_MAX; first++) {
        char name[FIRST_NAME];
        hex(&(uint8_t){(uint8_t)first}, 1, name);
        TRY(file_have_directory_in(blobs->dir, name));
    }
    TRY(file_have_directory_in(blobs->dir, "partial"));
    blobs->partial = openat(blobs->dir, "partial", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs->partial < 0)
        return file_err(errno);
    return fsync(blobs->dir) == 0 ? SOTTO_OK : SOTTO_E_IO;
}

sotto_err blobs_open(const char *path, struct blobs **ret_blobs)
{
    DEFER(blobs_closep) struct blobs *blobs = calloc(1, sizeof *blobs);
    if (blobs == NULL)
        return SOTTO_E_NOMEM;
    blobs->dir = blobs->partial = -1;
    TRY(file_have_directory(path));
    TRY(file_sync_directory(path));
    blobs->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (blobs->dir < 0)
        return file_err(errno);
    TRY(dirs_make(blobs));
    *ret_blobs = MOVE(blobs);
    return SOTTO_OK;
}

void blobs_close(struct blobs *blobs)
{
    if (blobs == NULL)
        return;
    if (blobs->partial >= 0)
        close(blobs->partial);
    if (blobs->dir >= 0)
        close(blobs->dir);
    free(blobs);
}

void blobs_closep(struct blobs **blobs)
{
    blobs_close(*blobs);
}

/* The names of the blobs whose hash begins with this byte become durable. */
static sotto_err directory_sync(const struct blobs *blobs, uint8_t first)
{
    char name[FIRST_NAME];
    hex(&first, 1, name);
    int dir = openat(blobs->dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return file_err(errno);
    int failed = fsync(dir);
    close(dir);
    return failed == 0 ? SOTTO_OK : SOTTO_E_IO;
}

/* --- uploads --- */

void blobs_end(struct blob_upload *upload)
{
    if (upload == NULL)
        return;
    if (upload->reserved && upload->at < upload->size)
        (void)!ftruncate(upload->fd, (off_t)upload->at); /* what it can't give back expires */
    if (upload->fd >= 0)
        close(upload->fd);
    hasher_free(upload->hasher);
    free(upload);
}

void blobs_endp(struct blob_upload **upload)
{
    blobs_end(*upload);
}

static sotto_err partial_open(struct blob_upload *u)
{
    sotto_err err = file_have(u->blobs->partial, u->name, &u->fd);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_E_IN_USE : err;
    if (flock(u->fd, LOCK_EX | LOCK_NB) != 0)
        return file_err(errno);
    /* one that ended between the two calls has taken the name away */
    struct stat ours, named;
    if (fstat(u->fd, &ours) != 0 || fstatat(u->blobs->partial, u->name, &named, 0) != 0)
        return errno == ENOENT ? SOTTO_E_IN_USE : file_err(errno);
    return ours.st_ino == named.st_ino ? SOTTO_OK : SOTTO_E_IN_USE;
}

/* What is longer than the whole was for another size: it begins anew. */
static sotto_err partial_go_on(struct blob_upload *u)
{
    struct stat st;
    if (fstat(u->fd, &st) != 0)
        return SOTTO_E_IO;
    if ((uint64_t)st.st_size > u->size)
        return ftruncate(u->fd, 0) == 0 ? SOTTO_OK : SOTTO_E_IO;
    u->at = (uint64_t)st.st_size;
    return SOTTO_OK;
}

/* Asks the disk for the rest now: who can't be served is told so before sending it. */
static sotto_err partial_reserve(struct blob_upload *u)
{
    if (u->at == u->size || u->size > INT64_MAX)
        return u->at == u->size ? SOTTO_OK : SOTTO_E_DISK_FULL;
    u->reserved = true; /* a part of it perhaps, if it fails */
    if (fallocate(u->fd, FALLOC_FL_KEEP_SIZE, (off_t)u->at, (off_t)(u->size - u->at)) == 0 ||
        errno == EOPNOTSUPP)
        return SOTTO_OK;
    return file_err(errno);
}

static sotto_err upload_start(struct blob_upload *u, sotto_crypto *c)
{
    TRY(hasher_new(c, HASH_SHA256, &u->hasher));
    TRY(partial_open(u));
    TRY(partial_go_on(u));
    sotto_err err = partial_reserve(u);
    if (err != SOTTO_OK && u->at == 0)
        (void)unlinkat(u->blobs->partial, u->name, 0);
    return err;
}

sotto_err blobs_begin(struct blobs *blobs, sotto_crypto *c, const uint8_t hash[BLOB_HASH],
                      uint64_t uploader, uint64_t size, struct blob_upload **ret_upload,
                      uint64_t *ret_offset)
{
    struct place place = place_of(hash);
    if (faccessat(blobs->dir, place.text, F_OK, 0) == 0) {
        TRY(directory_sync(blobs,
                           hash[0])); /* whoever put it there may have been killed before that */
        return SOTTO_E_EXISTS;
    }
    DEFER(blobs_endp) struct blob_upload *u = calloc(1, sizeof *u);
    if (u == NULL)
        return SOTTO_E_NOMEM;
    u->blobs = blobs;
    u->fd = -1;
    u->size = size;
    memcpy(u->hash, hash, sizeof u->hash);
    partial_name(hash, uploader, u->name);
    TRY(upload_start(u, c));
    *ret_offset = u->at;
    *ret_upload = MOVE(u);
    return SOTTO_OK;
}

uint64_t blobs_missing(const struct blobs *blobs, const uint8_t hash[BLOB_HASH], uint64_t uploader,
                       uint64_t size)
{
    struct place place = place_of(hash);
    char name[NAME_MAX_LEN];
    struct stat st;
    if (faccessat(blobs->dir, place.text, F_OK, 0) == 0)
        return 0;
    partial_name(hash, uploader, name);
    if (fstatat(blobs->partial, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || (uint64_t)st.st_size > size)
        return size; /* it begins anew */
    return size - (uint64_t)st.st_size;
}

sotto_err blobs_offset(const struct blobs *blobs, const uint8_t hash[BLOB_HASH], uint64_t uploader,
                       uint64_t size, uint64_t *ret_offset)
{
    struct place place = place_of(hash);
    char name[NAME_MAX_LEN];
    struct stat st = {0};
    if (faccessat(blobs->dir, place.text, F_OK, 0) == 0)
        return SOTTO_E_EXISTS;
    partial_name(hash, uploader, name);
    int fd = openat(blobs->partial, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool failed =
        fd < 0 ? errno != ENOENT : flock(fd, LOCK_EX | LOCK_NB) != 0 || fstat(fd, &st) != 0;
    sotto_err err = failed ? file_err(errno) : SOTTO_OK;
    if (fd >= 0)
        close(fd);
    if (err == SOTTO_OK)
        *ret_offset = (uint64_t)st.st_size > size ? 0 : (uint64_t)st.st_size;
    return err;
}

static sotto_err bytes_write(int fd, view bytes, uint64_t at)
{
    while (bytes.len > 0) {
        ssize_t n = pwrite(fd, bytes.data, bytes.len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return file_err(errno);
        bytes = view_of(bytes.data + n, bytes.len - (size_t)n);
        at += (uint64_t)n;
    }
    return SOTTO_OK;
}

sotto_err blobs_write(struct blob_upload *u, view chunk)
{
    if (chunk.len > u->size - u->at)
        return SOTTO_E_TOO_LARGE;
    sotto_err err = bytes_write(u->fd, chunk, u->at);
    bool hashes = u->hashed == u->at;
    if (err == SOTTO_OK && hashes)
        err = hasher_add(u->hasher, chunk);
    if (err == SOTTO_OK) {
        u->at += chunk.len;
        u->hashed = hashes ? u->at : u->hashed;
    } else if (ftruncate(u->fd, (off_t)u->at) != 0) {
        return SOTTO_E_IO;
    }
    return err;
}

sotto_err blobs_check(struct blob_upload *u, bool *ret_more)
{
    uint8_t piece[READ_BYTES];
    const uint64_t end = u->at - u->hashed > CHECK_BYTES ? u->hashed + CHECK_BYTES : u->at;
    while (u->hashed < end) {
        size_t want = (size_t)(end - u->hashed < sizeof piece ? end - u->hashed : sizeof piece);
        ssize_t n = pread(u->fd, piece, want, (off_t)u->hashed);
        if (n <= 0) { /* nobody relies on it */
            (void)unlinkat(u->blobs->partial, u->name, 0);
            return SOTTO_E_IN_USE;
        }
        TRY(hasher_add(u->hasher, view_of(piece, (size_t)n)));
        u->hashed += (uint64_t)n;
    }
    *ret_more = u->hashed < u->at;
    return SOTTO_OK;
}

sotto_err blobs_finish(struct blob_upload *u)
{
    uint8_t digest[HASH_MAX];
    if (u->at < u->size)
        return SOTTO_E_TRUNCATED;
    for (bool more = true; more;)
        TRY(blobs_check(u, &more));
    TRY(hasher_finish(u->hasher, digest));
    if (memcmp(digest, u->hash, BLOB_HASH) != 0) {
        (void)unlinkat(u->blobs->partial, u->name, 0);
        return SOTTO_E_VALUE;
    }
    struct place place = place_of(u->hash);
    if (fsync(u->fd) != 0) { /* what memory has of it now is on no disk */
        sotto_err err = file_err(errno);
        (void)unlinkat(u->blobs->partial, u->name, 0);
        return err == SOTTO_E_DISK_FULL ? err : SOTTO_E_IO;
    }
    if (renameat(u->blobs->partial, u->name, u->blobs->dir, place.text) != 0)
        return file_err(errno);
    return directory_sync(u->blobs, u->hash[0]);
}

/* --- walks --- */

static void dir_closep(DIR **dir)
{
    if (*dir != NULL)
        closedir(*dir);
}

/* NULL: errno says why. */
static DIR *dir_walk(int under, const char *name)
{
    int fd = openat(under, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (fd >= 0 && dir == NULL)
        close(fd);
    return dir;
}

/* Nobody goes on with it: whoever begins now takes a file of the same name that is another. */
static void partial_expire(const struct blobs *blobs, const char *name, int64_t before_s)
{
    int fd = openat(blobs->partial, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat st;
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_mtim.tv_sec < before_s)
        (void)unlinkat(blobs->partial, name, 0);
    close(fd);
}

sotto_err blobs_expire(struct blobs *blobs, int64_t before_s)
{
    DEFER(dir_closep) DIR *dir = dir_walk(blobs->partial, ".");
    if (dir == NULL)
        return file_err(errno);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            partial_expire(blobs, e->d_name, before_s);
    return SOTTO_OK;
}

sotto_err blobs_list(struct blobs *blobs, uint8_t first, blobs_each *each, void *user)
{
    char name[FIRST_NAME];
    hex(&first, 1, name);
    DEFER(dir_closep) DIR *dir = dir_walk(blobs->dir, name);
    if (dir == NULL)
        return file_err(errno);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        uint8_t hash[BLOB_HASH];
        if (hash_of(first, e->d_name, hash) && !each(user, hash))
            break;
    }
    return SOTTO_OK;
}

/* --- whole blobs --- */

sotto_err blobs_read(struct blobs *blobs, const uint8_t hash[BLOB_HASH], int *ret_fd,
                     uint64_t *ret_size)
{
    struct place place = place_of(hash);
    struct stat st;
    int fd = openat(blobs->dir, place.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return file_err(errno);
    if (fstat(fd, &st) != 0) {
        close(fd);
        return SOTTO_E_IO;
    }
    *ret_fd = fd;
    *ret_size = (uint64_t)st.st_size;
    return SOTTO_OK;
}

sotto_err blobs_delete(struct blobs *blobs, const uint8_t hash[BLOB_HASH])
{
    struct place place = place_of(hash);
    return unlinkat(blobs->dir, place.text, 0) == 0 || errno == ENOENT ? SOTTO_OK : file_err(errno);
}
