/* Loss of power: all that SQLite writes and syncs is written down, and at many points of that the files are made that a loss of power
 * would have left behind. Each must open, and hold what was committed by then, or besides what was being committed; nothing else, and
 * nothing of it half.
 *
 * What was synced is on the disk. Of what was written since, there is nothing, or all, or any sectors in any order. */
#include "back_ends.h"
#include "vfs_shim.h"

#include "store/sqlite.h"

#define HOT     4 /* places of the log that no table names */
#define COMMITS 150
#define STREAMS 3
#define KEPT    20 /* entries back */
#define ROWS    10
#define LARGE \
    400000 /* bytes of a row that the page cache can't hold: it is written before its commit */
#define CACHE     65536
#define SECTOR    512
#define CUTS_EACH 10 /* a cut at about every so many writes; all of them with SOTTO_LONG set, */
#define LONG_TRY  4  /* and each so often */

static uint32_t dice = 20261121;

static uint32_t roll(uint32_t below)
{
    dice = dice * 1664525 + 1013904223;
    return (dice >> 8) % below;
}

/* --- the work, and what must be there after the n-th commit --- */

static size_t row_len(unsigned i)
{
    return i % 25 == 0 ? LARGE : i * 1371 % 9000 + 1;
}

static void work(struct store *s, unsigned i)
{
    static uint8_t value[LARGE];
    char name[8], number[12];
    memset(value, (int)(i & 0xff), sizeof value);
    snprintf(name, sizeof name, "r%u", i % ROWS);
    int len = snprintf(number, sizeof number, "%u", i);
    assert_ok(store_begin(s));
    assert_ok(log_append(s, i % STREAMS, i, view_of(value, i * 77 % 3000)));
    if (i > KEPT)
        assert_ok(log_drop(s, i % STREAMS, i - KEPT));
    assert_ok(store_put(s, STORE_STATE, view_str(name), view_of(value, row_len(i))));
    assert_ok(store_put(s, STORE_META, VIEW_LIT("n"), view_of(number, (size_t)len)));
    if (i % 50 == 0)
        assert_ok(store_delete(s, STORE_STATE, view_str(name)));
    assert_ok(store_commit(s));
}

struct seen {
    unsigned commits, stream, entries;
};

static bool see(void *user, uint64_t seq, view body)
{
    struct seen *seen = user;
    assert_int_equal(seq % STREAMS, seen->stream);
    assert_int_equal(body.len, seq * 77 % 3000);
    for (size_t i = 0; i < body.len; i++)
        assert_int_equal(body.data[i], seq & 0xff);
    seen->entries++;
    return true;
}

/* Of a stream after so many commits: those from the last one back to what it dropped. */
static unsigned entries_due(unsigned commits, unsigned stream)
{
    unsigned last = commits, count = 0;
    while (last > 0 && last % STREAMS != stream)
        last--;
    for (unsigned i = last; i > 0; i--)
        count += i % STREAMS == stream && (last <= KEPT || i > last - KEPT);
    return count;
}

static void has_row_of(struct store *s, unsigned commits, unsigned row)
{
    char name[8];
    view value;
    snprintf(name, sizeof name, "r%u", row);
    unsigned last = commits;
    while (last > 0 && last % ROWS != row)
        last--;
    sotto_err err = store_get(s, STORE_STATE, view_str(name), &value);
    if (last == 0 || last % 50 == 0) {
        assert_int_equal(err, SOTTO_E_NOTFOUND);
        return;
    }
    assert_ok(err);
    assert_int_equal(value.len, row_len(last));
    for (size_t i = 0; i < value.len; i++)
        if (value.data[i] != (last & 0xff))
            fail_msg("byte %zu of row %u is another", i, row);
}

static unsigned commits_in(struct store *s)
{
    view value;
    char text[12] = "0";
    sotto_err err = store_get(s, STORE_META, VIEW_LIT("n"), &value);
    if (err == SOTTO_OK)
        snprintf(text, sizeof text, "%.*s", (int)value.len, (const char *)value.data);
    else
        assert_int_equal(err, SOTTO_E_NOTFOUND);
    return (unsigned)strtoul(text, NULL, 10);
}

static void holds(struct store *s, unsigned done, unsigned begun)
{
    unsigned commits = commits_in(s);
    if (commits != done && commits != begun)
        fail_msg("holds %u commits; %u were done, %u begun", commits, done, begun);
    for (unsigned stream = 0; stream < STREAMS; stream++) {
        struct seen seen = {commits, stream, 0};
        assert_ok(log_read(s, stream, 0, UINT64_MAX, see, &seen));
        assert_int_equal(seen.entries, entries_due(commits, stream));
    }
    for (unsigned row = 0; row < ROWS; row++)
        has_row_of(s, commits, row);
}

/* --- what is on the disk --- */

struct image {
    bool there;
    sotto_buf bytes;
};

static void image_clear(struct image *image)
{
    buf_clear(&image->bytes);
    image->there = false;
}

static void image_resize(struct image *image, size_t len)
{
    uint8_t *place;
    image->there = true;
    if (len > image->bytes.len) {
        size_t more = len - image->bytes.len;
        assert_ok(buf_extend(&image->bytes, more, &place));
        memset(place, 0, more);
    }
    image->bytes.len = len;
}

static void image_copy(const struct image *from, struct image *to)
{
    image_clear(to);
    to->there = from->there;
    assert_ok(buf_append(&to->bytes, buf_view(&from->bytes)));
}

/* A write of which one sector in `of` is left out; 0: none. */
static void image_write(struct image *image, const struct shim_op *op, unsigned of)
{
    for (size_t at = 0; at < op->len; at += SECTOR) {
        size_t len = size_min(SECTOR, op->len - at), end = (size_t)op->offset + at + len;
        if (of > 0 && roll(of) == 0)
            continue;
        image_resize(image, end > image->bytes.len ? end : image->bytes.len);
        memcpy(image->bytes.data + end - len, op->bytes + at, len);
    }
}

static void image_apply(struct image *image, const struct shim_op *op, unsigned of)
{
    if (op->kind == SHIM_WRITE)
        image_write(image, op, of);
    else if (op->kind == SHIM_TRUNCATE)
        image_resize(image, (size_t)op->offset);
    else if (op->kind == SHIM_DELETE)
        image_clear(image);
}

static void image_save(const struct image *image, enum shim_file_kind file)
{
    char path[100];
    snprintf(path, sizeof path, "%s%s", scratch_db, shim_suffix[file]);
    if (!image->there)
        return;
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    if (image->bytes.len > 0)
        assert_int_equal(fwrite(image->bytes.data, 1, image->bytes.len, to), image->bytes.len);
    assert_int_equal(fclose(to), 0);
}

/* --- cuts --- */

enum { NOTHING_SINCE, ALL_SINCE, HALF_SINCE, MOST_SINCE, KINDS };
static const unsigned left_out[KINDS] = {[HALF_SINCE] = 2, [MOST_SINCE] = 20};

struct disk {
    struct image synced[SHIM_KINDS];
    size_t from[SHIM_KINDS]; /* the first operation on each that is not in it */
};

/* The power fails after the operation before `at`. */
static void cut(const struct disk *disk, size_t at, unsigned kind)
{
    scratch_empty();
    for (size_t f = 0; f < SHIM_KINDS; f++) {
        DEFER(image_clear) struct image image = {0};
        image_copy(&disk->synced[f], &image);
        for (size_t i = disk->from[f]; i < at && kind != NOTHING_SINCE; i++)
            if (shim.ops[i].file == f)
                image_apply(&image, &shim.ops[i], left_out[kind]);
        image_save(&image, (enum shim_file_kind)f);
    }
    struct store *s;
    assert_ok(sqlite_open_scratch(&s));
    const struct shim_op *last = &shim.ops[at - 1];
    holds(s, last->done, last->begun);
    store_free(s);
}

/* What the operation makes durable. Names come and go with the operation that brings it about. */
static void advance(struct disk *disk, size_t at)
{
    const struct shim_op *op = &shim.ops[at];
    struct image *image = &disk->synced[op->file];
    if (op->kind == SHIM_SYNC)
        for (size_t i = disk->from[op->file]; i < at; i++)
            if (shim.ops[i].file == op->file)
                image_apply(image, &shim.ops[i], 0);
    if (op->kind == SHIM_DELETE)
        image_clear(image);
    if (op->kind == SHIM_SYNC || op->kind == SHIM_DELETE)
        disk->from[op->file] = at + 1;
}

static void record(void)
{
    struct store *s;
    shim_install();
    scratch_empty();
    shim.recording = true;
    assert_ok(store_sqlite_open(&(struct store_options){.path = scratch_db, .cache_bytes = CACHE},
                                &s, NULL));
    sqlite_of(s)->hot_most = HOT;
    for (unsigned i = 1; i <= COMMITS; i++) {
        shim.begun = i;
        work(s, i);
        shim.done = i;
        if (i % 30 == 0) { /* nothing is committed between the two: the second one moves all */
            assert_ok(store_checkpoint(s));
            assert_ok(store_checkpoint(s));
        }
    }
    store_free(s);
    shim.recording = false;
    shim_off();
}

static void what_was_committed_survives_a_loss_of_power_at_any_point(void **state)
{
    (void)state;
    struct disk disk = {0};
    size_t cuts = 0;
    bool whole = getenv("SOTTO_LONG") != NULL;
    unsigned each = whole ? 1 : CUTS_EACH, kinds = whole ? LONG_TRY * KINDS : KINDS;
    record();
    assert_true(shim.syncs[SHIM_DB] >= COMMITS / 30); /* checkpoints were among it */
    for (size_t at = 0; at < shim.count; at++) {
        advance(&disk, at);
        if (roll(each) != 0)
            continue;
        for (unsigned kind = 0; kind < kinds; kind++, cuts++)
            cut(&disk, at + 1, kind % KINDS);
    }
    print_message("# %zu cuts in %zu operations\n", cuts, shim.count);
    assert_true(cuts > 100);
    for (size_t f = 0; f < SHIM_KINDS; f++)
        image_clear(&disk.synced[f]);
    shim_install();
    shim_remove();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_committed_survives_a_loss_of_power_at_any_point),
    };
    return cmocka_run_group_tests(tests, scratch_make_fast, scratch_remove);
}
