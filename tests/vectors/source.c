/* Vector files: found below a folder, unpacked if they are .xz, parsed as JSON. What is packed is seen by the file's
 * first bytes. Both sizes are bounded, so that a broken file costs memory that a test machine has. */
#include "vectors.h"

#include <errno.h>
#include <fts.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define FILE_MAX   ((size_t)256 << 20)   /* bytes of a file, packed or not */
#define UNPACK_MAX ((uint64_t)256 << 20) /* bytes of memory that unpacking may take */

static bool ends_with(const char *text, const char *end)
{
    size_t text_len = strlen(text), end_len = strlen(end);
    return text_len >= end_len && strcmp(text + text_len - end_len, end) == 0;
}

static char *copy(const char *text)
{
    char *out = strdup(text);
    if (out == NULL) {
        fputs("sotto-vectors: out of memory\n", stderr);
        exit(2);
    }
    return out;
}

static void source_add(struct sources *s, const char *path, const char *name)
{
    struct source *items = realloc(s->items, (s->count + 1) * sizeof *items);
    if (items == NULL) {
        fputs("sotto-vectors: out of memory\n", stderr);
        exit(2);
    }
    s->items = items;
    s->items[s->count++] = (struct source){copy(path), copy(name)};
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool folder_add(struct sources *s, const char *path)
{
    char *paths[] = {copy(path), NULL};
    FTS *walk = fts_open(paths, FTS_LOGICAL | FTS_NOCHDIR, by_name);
    size_t skip = strlen(path);
    bool ok = walk != NULL;
    FTSENT *entry;
    while (ok && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_level > 0 && entry->fts_name[0] == '.')
            fts_set(walk, entry, FTS_SKIP);
        else if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR ||
                 entry->fts_info == FTS_NS) {
            fprintf(stderr, "sotto-vectors: %s: %s\n", entry->fts_path, strerror(entry->fts_errno));
            ok = false;
        } else if (entry->fts_info == FTS_F &&
                   (ends_with(entry->fts_name, ".json") || ends_with(entry->fts_name, ".json.xz")))
            source_add(s, entry->fts_path,
                       entry->fts_path + skip + strspn(entry->fts_path + skip, "/"));
    }
    if (walk != NULL)
        fts_close(walk);
    free(paths[0]);
    return ok;
}

bool sources_add(struct sources *s, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        fprintf(stderr, "sotto-vectors: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (S_ISDIR(st.st_mode))
        return folder_add(s, path);
    const char *slash = strrchr(path, '/');
    source_add(s, path, slash == NULL ? path : slash + 1);
    return true;
}

void sources_clear(struct sources *s)
{
    for (size_t i = 0; i < s->count; i++) {
        free(s->items[i].path);
        free(s->items[i].name);
    }
    free(s->items);
    *s = (struct sources){0};
}

static void file_closep(FILE **file)
{
    if (*file != NULL)
        fclose(*file);
}

static sotto_err file_read(const char *path, sotto_buf *out)
{
    DEFER(file_closep) FILE *file = fopen(path, "rbe");
    if (file == NULL)
        return SOTTO_E_IO;
    for (;;) {
        size_t room = 1 << 16;
        TRY(buf_reserve(out, room));
        size_t got = fread(out->data + out->len, 1, room, file);
        out->len += got;
        if (out->len > FILE_MAX)
            return SOTTO_E_TOO_LARGE;
        if (got == 0)
            return ferror(file) ? SOTTO_E_IO : SOTTO_OK;
    }
}

static sotto_err unpack(view packed, sotto_buf *out)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    if (lzma_stream_decoder(&stream, UNPACK_MAX, LZMA_CONCATENATED) != LZMA_OK)
        return SOTTO_E_NOMEM;
    stream.next_in = packed.data;
    stream.avail_in = packed.len;
    lzma_ret state = LZMA_OK;
    sotto_err err = SOTTO_OK;
    while (state == LZMA_OK && err == SOTTO_OK) {
        err = out->len > FILE_MAX ? SOTTO_E_TOO_LARGE : buf_reserve(out, 1 << 20);
        if (err != SOTTO_OK)
            break;
        stream.next_out = out->data + out->len;
        stream.avail_out = out->cap - out->len;
        state = lzma_code(&stream, LZMA_FINISH);
        out->len = out->cap - stream.avail_out;
    }
    lzma_end(&stream);
    if (err != SOTTO_OK)
        return err;
    return state == LZMA_STREAM_END ? SOTTO_OK : SOTTO_E_VALUE;
}

json_t *source_load(const char *path, char *why, size_t why_size)
{
    static const uint8_t xz_magic[] = {0xfd, '7', 'z', 'X', 'Z', 0};
    DEFER(buf_clear) sotto_buf file = {0};
    DEFER(buf_clear) sotto_buf plain = {0};
    sotto_err err = file_read(path, &file);
    sotto_buf *text = &file;
    if (err == SOTTO_OK && file.len >= sizeof xz_magic &&
        memcmp(file.data, xz_magic, sizeof xz_magic) == 0) {
        text = &plain;
        err = unpack(buf_view(&file), &plain);
    }
    if (err != SOTTO_OK) {
        snprintf(why, why_size, "%s", sotto_err_text(err));
        return NULL;
    }
    json_error_t at;
    const char *json = (const char *)text->data;
    json_t *root = json_loadb(json, text->len, JSON_ALLOW_NUL, &at);
    /* Numbers over 2^63 stand in files that are none of ours; the others must still be told from broken ones. */
    if (root == NULL && json_error_code(&at) == json_error_numeric_overflow)
        root = json_loadb(json, text->len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &at);
    if (root == NULL)
        snprintf(why, why_size, "not JSON: line %d: %s", at.line, at.text);
    return root;
}
