/* vfs_shim.h - a layer between SQLite and the system's files. It counts, fails on demand, and writes down what is written and
 * synced, so that a test can make the files that a loss of power would have left behind. */
#ifndef TESTS_UNIT_STORE_VFS_SHIM_H
#define TESTS_UNIT_STORE_VFS_SHIM_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "unit.h"

#include "store/wal_file.h"

enum shim_file_kind { SHIM_DB, SHIM_WAL, SHIM_JOURNAL, SHIM_OTHER, SHIM_KINDS = SHIM_OTHER };
static const char *const shim_suffix[SHIM_KINDS] = {"", "-wal", "-journal"};

enum shim_op_kind { SHIM_WRITE, SHIM_TRUNCATE, SHIM_SYNC, SHIM_DELETE };
struct shim_op {
    enum shim_op_kind kind;
    enum shim_file_kind file;
    int64_t offset; /* TRUNCATE: the new length */
    size_t len;
    uint8_t *bytes;
    unsigned begun, done; /* what the test had begun and done by then */
};

static struct {
    int fail_write[SHIM_KINDS], fail_sync[SHIM_KINDS]; /* the result code to give; 0: none */
    atomic_uint syncs[SHIM_KINDS], writes[SHIM_KINDS];
    void (*before_read)(enum shim_file_kind kind), (*before_write)(enum shim_file_kind kind);
    void (*header_read)(void); /* a checkpoint has, and found it changed, and did nothing yet */
    bool recording;
    struct shim_op *ops;
    size_t count, cap;
    unsigned begun, done; /* set by the test */
} shim;

struct shim_file {
    sqlite3_file base;
    enum shim_file_kind kind;
    sqlite3_file *real; /* behind this */
};

static sqlite3_vfs *shim_real, *shim_usual;
static sqlite3_vfs shim_vfs;

static inline struct shim_file *shim_of(sqlite3_file *file)
{
    return (struct shim_file *)(void *)file;
}

static inline void shim_record(struct shim_op op, const void *bytes)
{
    if (!shim.recording || op.file >= SHIM_KINDS)
        return;
    if (shim.count == shim.cap) {
        shim.cap = shim.cap > 0 ? 2 * shim.cap : 1024;
        shim.ops = realloc(shim.ops, shim.cap * sizeof *shim.ops);
        assert_non_null(shim.ops);
    }
    if (op.len > 0) {
        op.bytes = malloc(op.len);
        assert_non_null(op.bytes);
        memcpy(op.bytes, bytes, op.len);
    }
    op.begun = shim.begun;
    op.done = shim.done;
    shim.ops[shim.count++] = op;
}

static inline int shim_close(sqlite3_file *file)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods != NULL ? real->pMethods->xClose(real) : SQLITE_OK;
}

static inline int shim_read(sqlite3_file *file, void *to, int len, sqlite3_int64 offset)
{
    struct shim_file *f = shim_of(file);
    if (shim.before_read != NULL)
        shim.before_read(f->kind);
    return f->real->pMethods->xRead(f->real, to, len, offset);
}

static inline int shim_write(sqlite3_file *file, const void *from, int len, sqlite3_int64 offset)
{
    struct shim_file *f = shim_of(file);
    if (shim.before_write != NULL)
        shim.before_write(f->kind);
    if (f->kind < SHIM_KINDS) {
        shim.writes[f->kind]++;
        if (shim.fail_write[f->kind] != 0)
            return shim.fail_write[f->kind];
    }
    shim_record((struct shim_op){SHIM_WRITE, f->kind, offset, (size_t)len, NULL, 0, 0}, from);
    return f->real->pMethods->xWrite(f->real, from, len, offset);
}

static inline int shim_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct shim_file *f = shim_of(file);
    shim_record((struct shim_op){SHIM_TRUNCATE, f->kind, size, 0, NULL, 0, 0}, NULL);
    return f->real->pMethods->xTruncate(f->real, size);
}

static inline int shim_sync(sqlite3_file *file, int flags)
{
    struct shim_file *f = shim_of(file);
    if (f->kind < SHIM_KINDS) {
        shim.syncs[f->kind]++;
        if (shim.fail_sync[f->kind] != 0)
            return shim.fail_sync[f->kind];
    }
    shim_record((struct shim_op){SHIM_SYNC, f->kind, 0, 0, NULL, 0, 0}, NULL);
    return f->real->pMethods->xSync(f->real, flags);
}

static inline int shim_file_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xFileSize(real, ret_size);
}

static inline int shim_lock(sqlite3_file *file, int level)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xLock(real, level);
}

static inline int shim_unlock(sqlite3_file *file, int level)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xUnlock(real, level);
}

static inline int shim_check_reserved_lock(sqlite3_file *file, int *ret_held)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xCheckReservedLock(real, ret_held);
}

static inline int shim_file_control(sqlite3_file *file, int op, void *arg)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xFileControl(real, op, arg);
}

static inline int shim_sector_size(sqlite3_file *file)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xSectorSize(real);
}

static inline int shim_characteristics(sqlite3_file *file)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xDeviceCharacteristics(real);
}

static inline int shim_shm_map(sqlite3_file *file, int page, int size, int extend,
                               void volatile **ret_at)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xShmMap(real, page, size, extend, ret_at);
}

static inline int shim_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xShmLock(real, offset, n, flags);
}

static inline void shim_shm_barrier(sqlite3_file *file)
{
    sqlite3_file *real = shim_of(file)->real;
    real->pMethods->xShmBarrier(real);
}

static inline int shim_shm_unmap(sqlite3_file *file, int remove)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xShmUnmap(real, remove);
}

static inline int shim_fetch(sqlite3_file *file, sqlite3_int64 offset, int len, void **ret_at)
{
    sqlite3_file *real = shim_of(file)->real;
    return real->pMethods->xFetch(real, offset, len, ret_at);
}

/* Nothing is mapped here: only a checkpoint says this. */
static inline int shim_unfetch(sqlite3_file *file, sqlite3_int64 offset, void *at)
{
    struct shim_file *f = shim_of(file);
    if (shim.header_read != NULL && f->kind == SHIM_DB)
        shim.header_read();
    return f->real->pMethods->xUnfetch(f->real, offset, at);
}

static const sqlite3_io_methods shim_methods = {
    .iVersion = 3,
    .xClose = shim_close,
    .xRead = shim_read,
    .xWrite = shim_write,
    .xTruncate = shim_truncate,
    .xSync = shim_sync,
    .xFileSize = shim_file_size,
    .xLock = shim_lock,
    .xUnlock = shim_unlock,
    .xCheckReservedLock = shim_check_reserved_lock,
    .xFileControl = shim_file_control,
    .xSectorSize = shim_sector_size,
    .xDeviceCharacteristics = shim_characteristics,
    .xShmMap = shim_shm_map,
    .xShmLock = shim_shm_lock,
    .xShmBarrier = shim_shm_barrier,
    .xShmUnmap = shim_shm_unmap,
    .xFetch = shim_fetch,
    .xUnfetch = shim_unfetch,
};

/* Of the store's own files; a copy and temporary files are others. */
static inline enum shim_file_kind shim_kind(const char *path)
{
    const char *name = path != NULL ? strrchr(path, '/') : NULL;
    for (size_t i = 0; name != NULL && i < SHIM_KINDS; i++)
        if (strncmp(name, "/db", 3) == 0 && strcmp(name + 3, shim_suffix[i]) == 0)
            return (enum shim_file_kind)i;
    return SHIM_OTHER;
}

static inline int shim_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *file, int flags,
                            int *ret_flags)
{
    (void)vfs;
    struct shim_file *f = shim_of(file);
    f->kind = shim_kind(path);
    f->real = (sqlite3_file *)(void *)(f + 1);
    int code = shim_real->xOpen(shim_real, path, f->real, flags, ret_flags);
    f->base.pMethods = f->real->pMethods != NULL ? &shim_methods : NULL;
    return code;
}

static inline int shim_delete(sqlite3_vfs *vfs, const char *path, int sync)
{
    (void)vfs;
    shim_record((struct shim_op){SHIM_DELETE, shim_kind(path), 0, 0, NULL, 0, 0}, NULL);
    return shim_real->xDelete(shim_real, path, sync);
}

/* From now on each connection that is opened goes through it: it has the name of the layer that the store asks for. */
static inline void shim_install(void)
{
    if (shim_real == NULL) {
        shim_usual = sqlite3_vfs_find(NULL);
        shim_real = sqlite3_vfs_find(WAL_FILE_BELOW);
        shim_vfs = *shim_real;
        shim_vfs.szOsFile = (int)sizeof(struct shim_file) + shim_real->szOsFile;
        shim_vfs.xOpen = shim_open;
        shim_vfs.xDelete = shim_delete;
    }
    assert_int_equal(sqlite3_vfs_register(&shim_vfs, 1), SQLITE_OK);
}

/* Connections that are opened from now on don't. What was recorded stays. */
static inline void shim_off(void)
{
    assert_int_equal(sqlite3_vfs_unregister(&shim_vfs), SQLITE_OK);
    assert_int_equal(sqlite3_vfs_register(shim_usual, 1), SQLITE_OK);
}

static inline void shim_remove(void)
{
    shim_off();
    for (size_t i = 0; i < shim.count; i++)
        free(shim.ops[i].bytes);
    free(shim.ops);
    memset(&shim, 0, sizeof shim);
}

#endif
