/* Writing: bytes -> hash -> zstd -> chunk, sealed -> descriptor. Reading goes the other way, a chunk at a time. */
#include "backup/archive.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/ct.h"
#include "base/rd.h"
#include "base/wr.h"
#include "crypto/hash.h"
#include "crypto/hpke.h"

#define MAGIC      "sotto backup"
#define VERSION    1
#define HEAD       (sizeof MAGIC - 1 + 2)
#define ENC        32 /* of X25519 */
#define CHUNK      65536
#define LAST       0x80000000U
#define DIGEST     32
#define LEVEL      3
#define WINDOW_LOG 23  /* what a reader is willing to keep: 8 MiB */
#define WAIT_MS    100 /* for a pipe, before `ending` is looked at again */

static sotto_err info_of(sotto_crypto *c, const uint8_t head[HEAD], struct hpke_info *ret_info)
{
    const struct hpke_suite suite = {ARCHIVE_KEM, KDF_SHA256, AEAD_AES_256_GCM};
    return hpke_info_base(c, suite, view_of(head, HEAD), ret_info);
}

/* Until something can be read or written. A file never has to wait. */
static sotto_err fd_wait(int fd, short events, const atomic_bool *ending)
{
    struct pollfd p = {.fd = fd, .events = events};
    for (;;) {
        if (ending != NULL && atomic_load(ending))
            return SOTTO_E_INTERRUPTED;
        int count = poll(&p, 1, WAIT_MS);
        if (count > 0)
            return SOTTO_OK;
        if (count < 0 && errno != EINTR)
            return SOTTO_E_IO;
    }
}

/* ---- writing */

struct archive_writer {
    sotto_crypto *c;
    int fd;
    const atomic_bool *ending;
    size_t piece; /* written at once: PIPE_BUF is what a pipe that isn't full takes */
    bool sealed, in_file;
    struct hpke_context context;
    ZSTD_CCtx *zstd;
    struct hasher *hasher;
    uint64_t left; /* of the file */
    uint32_t count;
    size_t len; /* of chunk */
    uint8_t chunk[CHUNK];
    sotto_buf out;
};

static sotto_err bytes_write(struct archive_writer *w, view bytes)
{
    while (bytes.len > 0) {
        TRY(fd_wait(w->fd, POLLOUT, w->ending));
        ssize_t n = write(w->fd, bytes.data, size_min(bytes.len, w->piece));
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n < 0)
            return errno == ENOSPC || errno == EDQUOT ? SOTTO_E_DISK_FULL : SOTTO_E_IO;
        bytes = (view){bytes.data + n, bytes.len - (size_t)n};
    }
    return SOTTO_OK;
}

static sotto_err chunk_write(struct archive_writer *w, bool last)
{
    size_t len = w->len + (w->sealed ? AEAD_TAG : 0);
    buf_reset(&w->out);
    struct wr out = wr_to(&w->out);
    wr_u32(&out, (uint32_t)len | (last ? LAST : 0));
    TRY(wr_end(&out));
    uint8_t head[4];
    memcpy(head, w->out.data, sizeof head);
    const view plain = {w->chunk, w->len};
    if (w->sealed)
        TRY(hpke_context_seal(w->c, &w->context, VIEW_OF(head), plain, &w->out));
    else
        TRY(buf_append(&w->out, plain));
    w->len = 0;
    return bytes_write(w, buf_view(&w->out));
}

static sotto_err compress(struct archive_writer *w, view bytes, ZSTD_EndDirective how)
{
    ZSTD_inBuffer in = {bytes.data, bytes.len, 0};
    for (;;) {
        ZSTD_outBuffer out = {w->chunk, sizeof w->chunk, w->len};
        size_t left = ZSTD_compressStream2(w->zstd, &out, &in, how);
        if (ZSTD_isError(left))
            return SOTTO_E_NOMEM;
        w->len = out.pos;
        if (how == ZSTD_e_end ? left == 0 : in.pos == in.size)
            return SOTTO_OK;
        TRY(chunk_write(w, false));
    }
}

static sotto_err head_write(struct archive_writer *w, view recipient, const uint8_t *seed)
{
    uint8_t head[HEAD + ENC] = MAGIC;
    head[HEAD - 2] = VERSION;
    head[HEAD - 1] = w->sealed;
    if (w->sealed) {
        struct hpke_info info = {0};
        TRY(info_of(w->c, head, &info));
        sotto_err err = hpke_setup_sender(w->c, &info, recipient, view_of(seed, ARCHIVE_SEED),
                                          head + HEAD, &w->context);
        hpke_info_clear(&info);
        TRY(err);
    }
    return bytes_write(w, view_of(head, w->sealed ? HEAD + ENC : HEAD));
}

static sotto_err writer_open(struct archive_writer *w, view recipient, const uint8_t *seed)
{
    struct stat st;
    w->piece = fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode) ? SIZE_MAX : PIPE_BUF;
    TRY(hasher_new(w->c, HASH_SHA256, &w->hasher));
    w->zstd = ZSTD_createCCtx();
    if (w->zstd == NULL ||
        ZSTD_isError(ZSTD_CCtx_setParameter(w->zstd, ZSTD_c_compressionLevel, LEVEL)))
        return SOTTO_E_NOMEM;
    return head_write(w, recipient, seed);
}

sotto_err archive_writer_new(sotto_crypto *c, int fd, view recipient,
                             const uint8_t seed[ARCHIVE_SEED], const atomic_bool *ending,
                             struct archive_writer **ret_writer)
{
    DEFER(archive_writer_freep) struct archive_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return SOTTO_E_NOMEM;
    w->c = c;
    w->fd = fd;
    w->ending = ending;
    w->sealed = recipient.len > 0;
    TRY(writer_open(w, recipient, seed));
    *ret_writer = MOVE(w);
    return SOTTO_OK;
}

static sotto_err file_end(struct archive_writer *w)
{
    uint8_t digest[HASH_MAX];
    w->in_file = false;
    TRY(hasher_finish(w->hasher, digest));
    return compress(w, view_of(digest, DIGEST), ZSTD_e_continue);
}

sotto_err archive_file(struct archive_writer *w, const char *name, uint64_t size)
{
    uint8_t place[1 + ARCHIVE_NAME_MAX + 8];
    sotto_buf head = BUF_ON(place);
    if (w->in_file || name[0] == 0 || strlen(name) > ARCHIVE_NAME_MAX)
        return SOTTO_E_USAGE;
    struct wr out = wr_to(&head);
    wr_u8(&out, (uint8_t)strlen(name));
    wr_bytes(&out, view_str(name));
    wr_u64(&out, size);
    TRY(wr_end(&out));
    TRY(hasher_add(w->hasher, buf_view(&head)));
    TRY(compress(w, buf_view(&head), ZSTD_e_continue));
    w->in_file = true;
    w->left = size;
    w->count++;
    return size == 0 ? file_end(w) : SOTTO_OK;
}

sotto_err archive_add(struct archive_writer *w, view bytes)
{
    if (!w->in_file || bytes.len > w->left)
        return SOTTO_E_USAGE;
    TRY(hasher_add(w->hasher, bytes));
    TRY(compress(w, bytes, ZSTD_e_continue));
    w->left -= bytes.len;
    return w->left == 0 ? file_end(w) : SOTTO_OK;
}

sotto_err archive_finish(struct archive_writer *w)
{
    uint8_t place[1 + 4];
    sotto_buf end = BUF_ON(place);
    if (w->in_file)
        return SOTTO_E_USAGE;
    struct wr out = wr_to(&end);
    wr_u8(&out, 0);
    wr_u32(&out, w->count);
    TRY(wr_end(&out));
    TRY(compress(w, buf_view(&end), ZSTD_e_end));
    TRY(chunk_write(w, true));
    /* a pipe has nothing to sync */
    return fsync(w->fd) == 0 || errno == EINVAL || errno == EROFS ? SOTTO_OK : SOTTO_E_IO;
}

void archive_writer_free(struct archive_writer *w)
{
    if (w == NULL)
        return;
    ZSTD_freeCCtx(w->zstd);
    hasher_free(w->hasher);
    hpke_context_clear(&w->context);
    buf_clear(&w->out);
    ct_wipe(w->chunk, sizeof w->chunk);
    free(w);
}

void archive_writer_freep(struct archive_writer **w)
{
    archive_writer_free(*w);
}

/* ---- reading */

struct archive_reader {
    sotto_crypto *c;
    int fd;
    const atomic_bool *ending;
    bool sealed, last, in_file, over; /* last: the chunk that is here is */
    bool frame_over;                  /* the zstd stream has ended */
    struct hpke_context context;
    ZSTD_DCtx *zstd;
    struct hasher *hasher;
    uint64_t left; /* of the file */
    uint32_t count;
    sotto_buf stored, plain; /* a chunk as it came; what is in it */
    size_t at;               /* used of plain */
    char name[ARCHIVE_NAME_MAX + 1];
};

/* All of them; TRUNCATED: there are fewer. */
static sotto_err bytes_read(struct archive_reader *r, uint8_t *ret_bytes, size_t len)
{
    while (len > 0) {
        TRY(fd_wait(r->fd, POLLIN, r->ending));
        ssize_t n = read(r->fd, ret_bytes, len);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return n == 0 ? SOTTO_E_TRUNCATED : SOTTO_E_IO;
        ret_bytes += n;
        len -= (size_t)n;
    }
    return SOTTO_OK;
}

static sotto_err chunk_read(struct archive_reader *r)
{
    uint8_t head[4], *place;
    if (r->last)
        return SOTTO_E_TRUNCATED;
    TRY(bytes_read(r, head, sizeof head));
    struct rd in = rd_of(VIEW_OF(head));
    uint32_t word = rd_u32(&in);
    size_t len = word & ~LAST, most = CHUNK + (r->sealed ? AEAD_TAG : 0);
    if (len > most)
        return SOTTO_E_DAMAGED;
    buf_reset(&r->stored);
    buf_reset(&r->plain);
    r->at = 0;
    TRY(buf_extend(&r->stored, len, &place));
    TRY(bytes_read(r, place, len));
    r->last = (word & LAST) != 0;
    return r->sealed ? hpke_context_open(r->c, &r->context, VIEW_OF(head), buf_view(&r->stored),
                                         &r->plain)
                     : buf_append(&r->plain, buf_view(&r->stored));
}

/* Up to `max` bytes of what was compressed, at least one. */
static sotto_err inflate_some(struct archive_reader *r, uint8_t *ret_bytes, size_t max,
                              size_t *ret_len)
{
    ZSTD_outBuffer out = {ret_bytes, max, 0};
    while (out.pos == 0) {
        ZSTD_inBuffer in = {r->plain.data, r->plain.len, r->at};
        if (r->frame_over)
            return SOTTO_E_TRUNCATED;
        size_t left = ZSTD_decompressStream(r->zstd, &out, &in);
        if (ZSTD_isError(left))
            return SOTTO_E_DAMAGED;
        r->at = in.pos;
        r->frame_over = left == 0;
        if (out.pos == 0 && !r->frame_over && r->at == r->plain.len)
            TRY(chunk_read(r));
    }
    *ret_len = out.pos;
    return SOTTO_OK;
}

static sotto_err inflate(struct archive_reader *r, uint8_t *ret_bytes, size_t len)
{
    while (len > 0) {
        size_t n;
        TRY(inflate_some(r, ret_bytes, len, &n));
        ret_bytes += n;
        len -= n;
    }
    return SOTTO_OK;
}

static sotto_err head_read(struct archive_reader *r, const struct kem_key *key)
{
    uint8_t head[HEAD], enc[ENC];
    struct hpke_info info = {0};
    sotto_err err = bytes_read(r, head, sizeof head);
    if (err == SOTTO_E_TRUNCATED || (err == SOTTO_OK && memcmp(head, MAGIC, HEAD - 2) != 0))
        return SOTTO_E_VALUE;
    TRY(err);
    if (head[HEAD - 2] != VERSION)
        return head[HEAD - 2] > VERSION ? SOTTO_E_NEWER : SOTTO_E_VALUE;
    if (head[HEAD - 1] > 1)
        return SOTTO_E_VALUE;
    r->sealed = head[HEAD - 1] == 1;
    if (!r->sealed)
        return SOTTO_OK;
    if (key == NULL)
        return SOTTO_E_KEY;
    TRY(bytes_read(r, enc, sizeof enc));
    TRY(info_of(r->c, head, &info));
    err = hpke_setup_receiver(r->c, &info, key, VIEW_OF(enc), &r->context);
    hpke_info_clear(&info);
    return err == SOTTO_E_KEY || err == SOTTO_E_VALUE ? SOTTO_E_DAMAGED : err;
}

/* The first chunk comes at once, so that a wrong key is known before anything is asked for. */
static sotto_err reader_open(struct archive_reader *r, const struct kem_key *key)
{
    TRY(hasher_new(r->c, HASH_SHA256, &r->hasher));
    r->zstd = ZSTD_createDCtx();
    if (r->zstd == NULL ||
        ZSTD_isError(ZSTD_DCtx_setParameter(r->zstd, ZSTD_d_windowLogMax, WINDOW_LOG)))
        return SOTTO_E_NOMEM;
    TRY(head_read(r, key));
    return chunk_read(r);
}

sotto_err archive_reader_new(sotto_crypto *c, int fd, const struct kem_key *key,
                             const atomic_bool *ending, struct archive_reader **ret_reader)
{
    DEFER(archive_reader_freep) struct archive_reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return SOTTO_E_NOMEM;
    r->c = c;
    r->fd = fd;
    r->ending = ending;
    TRY(reader_open(r, key));
    *ret_reader = MOVE(r);
    return SOTTO_OK;
}

bool archive_is_sealed(const struct archive_reader *r)
{
    return r->sealed;
}

/* Behind the last file: the count, the end of the stream, of the chunks, and of the input. */
static sotto_err end_read(struct archive_reader *r)
{
    uint8_t count[4], more;
    TRY(inflate(r, count, sizeof count));
    struct rd in = rd_of(VIEW_OF(count));
    if (rd_u32(&in) != r->count)
        return SOTTO_E_DAMAGED;
    size_t n;
    if (!r->frame_over && inflate_some(r, &more, 1, &n) != SOTTO_E_TRUNCATED)
        return SOTTO_E_DAMAGED;
    if (!r->last)
        TRY(chunk_read(r));
    if (!r->frame_over || !r->last || r->at != r->plain.len)
        return SOTTO_E_DAMAGED;
    r->over = true;
    return bytes_read(r, &more, 1) == SOTTO_E_TRUNCATED ? SOTTO_E_NOTFOUND : SOTTO_E_DAMAGED;
}

static bool name_is_fine(const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((uint8_t)name[i] < 0x21 || (uint8_t)name[i] > 0x7e)
            return false;
    return true;
}

static sotto_err file_check(struct archive_reader *r)
{
    uint8_t said[DIGEST], digest[HASH_MAX];
    r->in_file = false;
    TRY(hasher_finish(r->hasher, digest));
    TRY(inflate(r, said, sizeof said));
    return memcmp(said, digest, DIGEST) == 0 ? SOTTO_OK : SOTTO_E_DAMAGED;
}

sotto_err archive_next(struct archive_reader *r, const char **ret_name, uint64_t *ret_size)
{
    uint8_t len, size[8];
    if (r->over || r->in_file)
        return SOTTO_E_USAGE;
    TRY(inflate(r, &len, 1));
    if (len == 0)
        return end_read(r);
    if (len > ARCHIVE_NAME_MAX)
        return SOTTO_E_DAMAGED;
    TRY(inflate(r, (uint8_t *)r->name, len));
    r->name[len] = 0;
    if (!name_is_fine(r->name, len))
        return SOTTO_E_DAMAGED;
    TRY(inflate(r, size, sizeof size));
    TRY(hasher_add(r->hasher, view_of(&len, 1)));
    TRY(hasher_add(r->hasher, view_of(r->name, len)));
    TRY(hasher_add(r->hasher, VIEW_OF(size)));
    struct rd in = rd_of(VIEW_OF(size));
    r->left = rd_u64(&in);
    r->count++;
    r->in_file = true;
    *ret_name = r->name;
    *ret_size = r->left;
    return SOTTO_OK;
}

sotto_err archive_read(struct archive_reader *r, uint8_t *ret_bytes, size_t max, size_t *ret_len)
{
    size_t len;
    *ret_len = 0;
    if (!r->in_file || max == 0)
        return r->in_file ? SOTTO_E_USAGE : SOTTO_OK;
    if (r->left == 0)
        return file_check(r);
    TRY(inflate_some(r, ret_bytes, (size_t)(r->left < max ? r->left : max), &len));
    TRY(hasher_add(r->hasher, view_of(ret_bytes, len)));
    r->left -= len;
    *ret_len = len;
    return SOTTO_OK;
}

void archive_reader_free(struct archive_reader *r)
{
    if (r == NULL)
        return;
    ZSTD_freeDCtx(r->zstd);
    hasher_free(r->hasher);
    hpke_context_clear(&r->context);
    buf_clear(&r->stored);
    buf_clear(&r->plain);
    free(r);
}

void archive_reader_freep(struct archive_reader **r)
{
    archive_reader_free(*r);
}
