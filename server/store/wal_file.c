#include "store/wal_file.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#define LAYER         "sotto-wal"
#define BUFFER        127720 /* bytes: 31 pages; the system's own layer writes less than 128 KiB at once */
#define OS_FILE_BYTES 1024 /* room for what the layer below keeps of a file */

#define PIECE 65536 /* bytes */

/* Bytes that wait stand at `at` of the file. After a write that failed none wait: whoever waited for them has been told. */
struct wal_file {
    sqlite3_file base;
    sqlite3_file *below;
    sqlite3_int64 at;
    int len;
    pthread_mutex_t lock; /* of the file below while it is written, and of: */
    sqlite3_int64 size;   /* its length */
    unsigned char bytes[BUFFER];
};

/* What SQLite holds of it, in memory of its own. */
struct wal_handle {
    sqlite3_file base;
    struct wal_file *file;
};

static struct wal_file *file_of(sqlite3_file *handle)
{
    return ((struct wal_handle *)(void *)handle)->file;
}

/* Under the lock. */
static int below_write(struct wal_file *f, const void *from, int len, sqlite3_int64 at)
{
    int code = f->below->pMethods->xWrite(f->below, from, len, at);
    if (code == SQLITE_OK && at + len > f->size)
        f->size = at + len;
    return code;
}

static int file_write(struct wal_file *f, const void *from, int len, sqlite3_int64 at)
{
    pthread_mutex_lock(&f->lock);
    int code = below_write(f, from, len, at);
    pthread_mutex_unlock(&f->lock);
    return code;
}

int wal_file_lengthen(struct wal_file *f, sqlite3_int64 to, bool *ret_is_longer)
{
    static const unsigned char zeros[PIECE];
    int code = SQLITE_OK;
    pthread_mutex_lock(&f->lock);
    bool shorter = f->size < to;
    if (shorter)
        code = below_write(f, zeros, sizeof zeros, f->size);
    pthread_mutex_unlock(&f->lock);
    *ret_is_longer = shorter && code == SQLITE_OK;
    return code;
}

static int file_flush(struct wal_file *f)
{
    int len = f->len;
    f->len = 0;
    return len > 0 ? file_write(f, f->bytes, len, f->at) : SQLITE_OK;
}

static int wal_close(sqlite3_file *handle)
{
    struct wal_file *f = file_of(handle);
    int code = file_flush(f);
    int closed = f->below->pMethods->xClose(f->below);
    free(f->below);
    (void)pthread_mutex_destroy(&f->lock);
    free(f);
    return code != SQLITE_OK ? code : closed;
}

static int wal_read(sqlite3_file *handle, void *to, int len, sqlite3_int64 at)
{
    struct wal_file *f = file_of(handle);
    int code = file_flush(f);
    if (code != SQLITE_OK)
        return code;
    pthread_mutex_lock(&f->lock);
    code = f->below->pMethods->xRead(f->below, to, len, at);
    pthread_mutex_unlock(&f->lock);
    return code;
}

static int wal_write(sqlite3_file *handle, const void *from, int len, sqlite3_int64 at)
{
    struct wal_file *f = file_of(handle);
    if (f->len > 0 && (at != f->at + f->len || len > BUFFER - f->len)) {
        int code = file_flush(f);
        if (code != SQLITE_OK)
            return code;
    }
    if (len > BUFFER)
        return file_write(f, from, len, at);
    if (f->len == 0)
        f->at = at;
    memcpy(f->bytes + f->len, from, (size_t)len);
    f->len += len;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *handle, sqlite3_int64 size)
{
    struct wal_file *f = file_of(handle);
    int code = file_flush(f);
    if (code != SQLITE_OK)
        return code;
    pthread_mutex_lock(&f->lock);
    code = f->below->pMethods->xTruncate(f->below, size);
    if (code == SQLITE_OK)
        f->size = size;
    pthread_mutex_unlock(&f->lock);
    return code;
}

static int wal_sync(sqlite3_file *handle, int flags)
{
    struct wal_file *f = file_of(handle);
    int code = file_flush(f);
    return code != SQLITE_OK ? code : f->below->pMethods->xSync(f->below, flags);
}

static int wal_file_size(sqlite3_file *handle, sqlite3_int64 *ret_size)
{
    struct wal_file *f = file_of(handle);
    int code = file_flush(f);
    return code != SQLITE_OK ? code : f->below->pMethods->xFileSize(f->below, ret_size);
}

static int wal_lock(sqlite3_file *handle, int level)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xLock(f->below, level);
}

static int wal_unlock(sqlite3_file *handle, int level)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xUnlock(f->below, level);
}

static int wal_check_reserved_lock(sqlite3_file *handle, int *ret_held)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xCheckReservedLock(f->below, ret_held);
}

static int wal_file_control(sqlite3_file *handle, int op, void *arg)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xFileControl(f->below, op, arg);
}

static int wal_sector_size(sqlite3_file *handle)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xSectorSize(f->below);
}

static int wal_characteristics(sqlite3_file *handle)
{
    struct wal_file *f = file_of(handle);
    return f->below->pMethods->xDeviceCharacteristics(f->below);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1,
    .xClose = wal_close,
    .xRead = wal_read,
    .xWrite = wal_write,
    .xTruncate = wal_truncate,
    .xSync = wal_sync,
    .xFileSize = wal_file_size,
    .xLock = wal_lock,
    .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_check_reserved_lock,
    .xFileControl = wal_file_control,
    .xSectorSize = wal_sector_size,
    .xDeviceCharacteristics = wal_characteristics,
};

static int wal_open(sqlite3_vfs *below, const char *path, struct wal_handle *handle, int flags,
                    int *ret_flags)
{
    struct wal_file *f = malloc(sizeof *f);
    sqlite3_file *file = calloc(1, (size_t)below->szOsFile);
    int code = SQLITE_NOMEM;
    if (f != NULL && file != NULL)
        code = below->xOpen(below, path, file, flags, ret_flags);
    if (code == SQLITE_OK)
        code = file->pMethods->xFileSize(file, &f->size);
    if (code != SQLITE_OK) {
        if (file != NULL && file->pMethods != NULL)
            (void)file->pMethods->xClose(file);
        free(file);
        free(f);
        return code;
    }
    f->below = file;
    f->len = 0;
    (void)pthread_mutex_init(&f->lock, NULL); /* a plain one: can't fail */
    handle->file = f;
    handle->base.pMethods = &wal_methods;
    return SQLITE_OK;
}

struct wal_file *wal_file_of(sqlite3 *db)
{
    sqlite3_file *handle = NULL;
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, (void *)&handle) !=
            SQLITE_OK ||
        handle == NULL || handle->pMethods != &wal_methods)
        return NULL;
    return file_of(handle);
}

static int layer_open(sqlite3_vfs *layer, const char *path, sqlite3_file *handle, int flags,
                      int *ret_flags)
{
    sqlite3_vfs *below = sqlite3_vfs_find(WAL_FILE_BELOW);
    (void)layer;
    handle->pMethods = NULL;
    if (below == NULL || below->szOsFile > OS_FILE_BYTES)
        return SQLITE_CANTOPEN;
    if ((flags & SQLITE_OPEN_WAL) == 0)
        return below->xOpen(below, path, handle, flags, ret_flags);
    return wal_open(below, path, (struct wal_handle *)(void *)handle, flags, ret_flags);
}

static int layer_delete(sqlite3_vfs *layer, const char *path, int sync)
{
    sqlite3_vfs *below = sqlite3_vfs_find(WAL_FILE_BELOW);
    (void)layer;
    return below->xDelete(below, path, sync);
}

static sqlite3_vfs wal_layer;
static pthread_once_t wal_layer_once = PTHREAD_ONCE_INIT;
static const char *wal_layer_name;

/* All but the two is the system's own. */
static void layer_register(void)
{
    sqlite3_vfs *system = sqlite3_vfs_find(WAL_FILE_BELOW);
    if (system == NULL)
        return;
    wal_layer = *system;
    wal_layer.zName = LAYER;
    wal_layer.szOsFile = OS_FILE_BYTES;
    wal_layer.xOpen = layer_open;
    wal_layer.xDelete = layer_delete;
    if (sqlite3_vfs_register(&wal_layer, 0) == SQLITE_OK)
        wal_layer_name = LAYER;
}

const char *wal_file_layer(void)
{
    (void)pthread_once(&wal_layer_once, layer_register);
    return wal_layer_name;
}
