#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "back_ends.h"

#include "crypto/hash.h"
#include "store/blobs.h"
#include "store/files.h"

#define SIZE 100000

static sotto_crypto *crypto;
static struct blobs *blobs;
static uint8_t content[SIZE], name[BLOB_HASH];

static const char *in_blobs(const char *below)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/blobs%s", scratch, below);
    return path;
}

static int setup(void **state)
{
    (void)state;
    uint8_t digest[HASH_MAX];
    scratch_empty();
    for (size_t i = 0; i < SIZE; i++)
        content[i] = (uint8_t)(i * 7 + i / 251);
    assert_ok(hash(crypto, HASH_SHA256, VIEW_OF(content), digest));
    memcpy(name, digest, sizeof name);
    assert_ok(blobs_open(in_blobs(""), &blobs));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    blobs_close(blobs);
    return 0;
}

static struct blob_upload *begun(uint64_t uploader, uint64_t want_offset)
{
    struct blob_upload *upload;
    uint64_t offset;
    assert_ok(blobs_begin(blobs, crypto, name, uploader, SIZE, &upload, &offset));
    assert_int_equal(offset, want_offset);
    return upload;
}

static void write_part(struct blob_upload *upload, size_t from, size_t to)
{
    for (size_t at = from; at < to; at += 7777)
        assert_ok(blobs_write(upload, view_of(content + at, size_min(7777, to - at))));
}

static void upload_whole(void)
{
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
}

static void is_there(void)
{
    static uint8_t got[SIZE + 1];
    uint64_t size;
    int fd;
    assert_ok(blobs_read(blobs, name, &fd, &size));
    assert_int_equal(size, SIZE);
    assert_int_equal(read(fd, got, sizeof got), SIZE);
    assert_memory_equal(got, content, SIZE);
    close(fd);
}

static void is_not_there(void)
{
    uint64_t size = 4711;
    int fd = 4711;
    assert_err(blobs_read(blobs, name, &fd, &size), NOTFOUND);
    assert_int_equal(size + (uint64_t)fd, 2 * 4711);
}

static size_t partials(void)
{
    size_t count = 0;
    DIR *dir = opendir(in_blobs("/partial"));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void blob_is_there_when_it_was_finished(void **state)
{
    (void)state;
    is_not_there();
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, SIZE);
    is_not_there();
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
    assert_int_equal(partials(), 0);
    struct stat st;
    char path[100] = "/";
    for (size_t i = 0; i < BLOB_HASH; i++)
        snprintf(path + strlen(path), 4, i == 0 ? "%02x/" : "%02x", name[i]);
    assert_int_equal(stat(in_blobs(path), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(stat(in_blobs(""), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void empty_blob_is_one_too(void **state)
{
    (void)state;
    uint8_t digest[HASH_MAX];
    struct blob_upload *upload;
    uint64_t offset, size;
    int fd;
    assert_ok(hash(crypto, HASH_SHA256, (view){0}, digest));
    assert_ok(blobs_begin(blobs, crypto, digest, 1, 0, &upload, &offset));
    assert_int_equal(offset, 0);
    assert_err(blobs_write(upload, VIEW_LIT("x")), TOO_LARGE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    assert_ok(blobs_read(blobs, digest, &fd, &size));
    assert_int_equal(size, 0);
    close(fd);
}

static void upload_goes_on_where_it_was_left(void **state)
{
    (void)state;
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 30000);
    assert_err(blobs_finish(upload), TRUNCATED);
    write_part(upload, 30000, 40000);
    blobs_end(upload);
    blobs_close(blobs);
    assert_ok(blobs_open(in_blobs(""), &blobs));
    upload = begun(1, 40000);
    blobs_end(upload);
    upload = begun(1, 40000);
    write_part(upload, 40000, SIZE);
    blobs_end(upload);
    upload = begun(1, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
}

static void partial_pwrite(uint8_t first_byte)
{
    DIR *dir = opendir(in_blobs("/partial"));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.') {
            int fd = openat(dirfd(dir), e->d_name, O_WRONLY);
            assert_int_equal(pwrite(fd, &first_byte, 1, 0), 1);
            close(fd);
        }
    closedir(dir);
}

/* Whoever begins again and again and sends nothing makes nobody read what is there. */
static void what_was_sent_before_is_read_once_when_it_is_whole(void **state)
{
    (void)state;
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 40000);
    blobs_end(upload);
    partial_pwrite((uint8_t)~content[0]);
    upload = begun(1, 40000);
    partial_pwrite(content[0]);
    write_part(upload, 40000, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
    assert_ok(blobs_delete(blobs, name));
    upload = begun(1, 0);
    write_part(upload, 0, 40000);
    blobs_end(upload);
    partial_pwrite((uint8_t)~content[0]);
    upload = begun(1, 40000);
    write_part(upload, 40000, SIZE);
    assert_err(blobs_finish(upload), VALUE);
    blobs_end(upload);
    is_not_there();
    assert_int_equal(partials(), 0);
}

static void what_was_sent_before_is_hashed_in_pieces(void **state)
{
    (void)state;
    static uint8_t large[9 << 20];
    uint8_t digest[HASH_MAX];
    struct blob_upload *upload;
    uint64_t offset;
    int pieces = 0;
    bool more = true;
    assert_ok(hash(crypto, HASH_SHA256, VIEW_OF(large), digest));
    assert_ok(blobs_begin(blobs, crypto, digest, 1, sizeof large, &upload, &offset));
    assert_ok(blobs_check(upload, &more));
    assert_false(more);
    assert_ok(blobs_write(upload, view_of(large, sizeof large - 1)));
    assert_ok(blobs_check(upload, &more));
    assert_false(more);
    blobs_end(upload);
    assert_ok(blobs_begin(blobs, crypto, digest, 1, sizeof large, &upload, &offset));
    assert_ok(blobs_write(upload, view_of(large, 1)));
    do {
        assert_ok(blobs_check(upload, &more));
        pieces++;
    } while (more);
    assert_int_equal(pieces, 3);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
}

static void what_the_hash_does_not_say_is_deleted(void **state)
{
    (void)state;
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 50000);
    write_part(upload, 0, 50000);
    assert_err(blobs_finish(upload), VALUE);
    blobs_end(upload);
    is_not_there();
    assert_int_equal(partials(), 0);
    upload_whole();
    is_there();
}

static void more_than_was_announced_is_refused(void **state)
{
    (void)state;
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, SIZE - 1);
    assert_err(blobs_write(upload, view_of(content, 2)), TOO_LARGE);
    assert_ok(blobs_write(upload, view_of(content + SIZE - 1, 1)));
    assert_err(blobs_write(upload, view_of(content, 1)), TOO_LARGE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
}

static void upload_of_another_size_begins_anew(void **state)
{
    (void)state;
    struct blob_upload *upload = begun(1, 0);
    uint64_t offset;
    write_part(upload, 0, 50000);
    blobs_end(upload);
    assert_ok(blobs_begin(blobs, crypto, name, 1, 49999, &upload, &offset));
    assert_int_equal(offset, 0);
    blobs_end(upload);
    upload = begun(1, 0);
    blobs_end(upload);
}

static void uploader_is_at_it_once_and_others_besides(void **state)
{
    (void)state;
    struct blob_upload *one = begun(1, 0), *two = begun(2, 0), *none = NULL;
    uint64_t offset;
    assert_err(blobs_begin(blobs, crypto, name, 1, SIZE, &none, &offset), IN_USE);
    assert_null(none);
    write_part(one, 0, 1000);
    write_part(two, 0, SIZE);
    assert_ok(blobs_finish(two));
    blobs_end(two);
    is_there();
    write_part(one, 1000, SIZE);
    assert_ok(blobs_finish(one));
    blobs_end(one);
    is_there();
    assert_int_equal(partials(), 0);
}

static void blob_that_is_there_is_not_sent_again(void **state)
{
    (void)state;
    upload_whole();
    struct blob_upload *upload = NULL;
    uint64_t offset;
    assert_err(blobs_begin(blobs, crypto, name, 1, SIZE, &upload, &offset), EXISTS);
    assert_null(upload);
}

static void reader_goes_on_when_the_blob_is_deleted(void **state)
{
    (void)state;
    upload_whole();
    static uint8_t got[SIZE];
    uint64_t size;
    int fd;
    assert_ok(blobs_read(blobs, name, &fd, &size));
    assert_ok(blobs_delete(blobs, name));
    assert_ok(blobs_delete(blobs, name));
    is_not_there();
    assert_int_equal(read(fd, got, sizeof got), SIZE);
    assert_memory_equal(got, content, SIZE);
    close(fd);
    upload_whole();
    is_there();
}

static void what_is_left_of_uploads_expires_unless_somebody_is_at_it(void **state)
{
    (void)state;
    struct blob_upload *left = begun(1, 0), *going = begun(2, 0);
    write_part(left, 0, 1000);
    write_part(going, 0, 1000);
    blobs_end(left);
    struct timeval now;
    gettimeofday(&now, NULL);
    assert_ok(blobs_expire(blobs, now.tv_sec - 3600));
    assert_int_equal(partials(), 2);
    assert_ok(blobs_expire(blobs, now.tv_sec + 3600));
    assert_int_equal(partials(), 1);
    write_part(going, 1000, SIZE);
    assert_ok(blobs_finish(going));
    blobs_end(going);
    is_there();
}

struct found {
    size_t count, stop_at;
    uint8_t last[BLOB_HASH];
};

static bool find(void *user, const uint8_t found_name[BLOB_HASH])
{
    struct found *found = user;
    found->count++;
    memcpy(found->last, found_name, BLOB_HASH);
    assert_ok(blobs_delete(blobs, found_name));
    return found->count != found->stop_at;
}

static void list_gives_what_begins_with_a_byte(void **state)
{
    (void)state;
    struct found found = {0};
    char odd[20];
    upload_whole();
    snprintf(odd, sizeof odd, "/%02x/notes.txt", name[0]);
    int fd = open(in_blobs(odd), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_ok(blobs_list(blobs, (uint8_t)(name[0] + 1), find, &found));
    assert_int_equal(found.count, 0);
    assert_ok(blobs_list(blobs, name[0], find, &found));
    assert_int_equal(found.count, 1);
    assert_memory_equal(found.last, name, BLOB_HASH);
    is_not_there();
}

static off_t partial_blocks(void)
{
    struct stat st = {0};
    DIR *dir = opendir(in_blobs("/partial"));
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        if (e->d_name[0] != '.')
            assert_int_equal(fstatat(dirfd(dir), e->d_name, &st, 0), 0);
    closedir(dir);
    return st.st_blocks;
}

static void where_to_go_on_can_be_asked_for_and_takes_nothing(void **state)
{
    (void)state;
    uint64_t offset = 7;
    assert_ok(blobs_offset(blobs, name, 1, SIZE, &offset));
    assert_int_equal(offset, 0);
    assert_int_equal(partials(), 0);
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 40000);
    assert_err(blobs_offset(blobs, name, 1, SIZE, &offset), IN_USE);
    blobs_end(upload);
    off_t blocks = partial_blocks();
    assert_ok(blobs_offset(blobs, name, 1, SIZE, &offset));
    assert_int_equal(offset, 40000);
    assert_ok(blobs_offset(blobs, name, 1, 64 << 20, &offset));
    assert_int_equal(offset, 40000);
    assert_int_equal(partial_blocks(), blocks);
    assert_ok(blobs_offset(blobs, name, 1, 39999, &offset)); /* it would begin anew */
    assert_int_equal(offset, 0);
    upload = begun(1, 40000);
    write_part(upload, 40000, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    assert_err(blobs_offset(blobs, name, 2, SIZE, &offset), EXISTS);
}

/* What a limit of the process refuses, a full disk refuses the same way. */
static void file_limit(rlim_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void what_is_missing_can_be_asked_for(void **state)
{
    (void)state;
    assert_int_equal(blobs_missing(blobs, name, 1, SIZE), SIZE);
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 40000);
    blobs_end(upload);
    assert_int_equal(blobs_missing(blobs, name, 1, SIZE), SIZE - 40000);
    assert_int_equal(blobs_missing(blobs, name, 1, 39999), 39999); /* it would begin anew */
    assert_int_equal(blobs_missing(blobs, name, 2, SIZE), SIZE);
    upload = begun(1, 40000);
    write_part(upload, 40000, SIZE);
    assert_int_equal(blobs_missing(blobs, name, 1, SIZE), 0);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    assert_int_equal(blobs_missing(blobs, name, 2, SIZE), 0);
}

static void full_disk_is_told_before_and_while_it_is_sent_and_is_no_end(void **state)
{
    (void)state;
    struct blob_upload *upload = NULL;
    uint64_t offset;
    signal(SIGXFSZ, SIG_IGN);
    assert_err(blobs_begin(blobs, crypto, name, 1, (uint64_t)1 << 50, &upload, &offset), DISK_FULL);
    assert_err(blobs_begin(blobs, crypto, name, 1, UINT64_MAX, &upload, &offset), DISK_FULL);
    assert_null(upload);
    assert_int_equal(partials(), 0);
    upload = begun(1, 0);
    write_part(upload, 0, 40000);
    file_limit(50000);
    assert_err(blobs_write(upload, view_of(content + 40000, 20000)), DISK_FULL);
    assert_ok(blobs_write(upload, view_of(content + 40000, 5000)));
    assert_err(blobs_finish(upload), TRUNCATED);
    file_limit(RLIM_INFINITY);
    write_part(upload, 45000, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
}

/* Whoever begins much and sends nothing takes no space for long; who is refused meanwhile takes nothing from the other. */
static void what_was_set_aside_is_given_back(void **state)
{
    (void)state;
    struct blob_upload *upload, *refused = NULL;
    uint64_t offset;
    assert_ok(blobs_begin(blobs, crypto, name, 1, 64 << 20, &upload, &offset));
    write_part(upload, 0, 40000);
    off_t taken = partial_blocks();
    assert_err(blobs_begin(blobs, crypto, name, 1, SIZE, &refused, &offset), IN_USE);
    assert_int_equal(partial_blocks(), taken);
    blobs_end(upload);
    assert_true(partial_blocks() <= 2 * 40000 / 512);
    upload = begun(1, 40000);
    write_part(upload, 40000, SIZE);
    assert_ok(blobs_finish(upload));
    blobs_end(upload);
    is_there();
}

static void child_run(int out)
{
    struct blob_upload *upload;
    uint64_t offset;
    sotto_err err = blobs_begin(blobs, crypto, name, 1, SIZE, &upload, &offset);
    while (err == SOTTO_OK && offset < SIZE) {
        size_t len = size_min(997, SIZE - (size_t)offset);
        err = blobs_write(upload, view_of(content + offset, len));
        offset += len;
        if (err == SOTTO_OK && write(out, "x", 1) != 1)
            _exit(1);
    }
    if (err == SOTTO_OK)
        err = blobs_finish(upload);
    if (err == SOTTO_OK && write(out, "f", 1) != 1)
        _exit(1);
    _exit(err == SOTTO_OK ? 0 : 1);
}

/* True if the child told that it had finished, before it was killed or ended. */
static bool child_hear(pid_t child, int in, unsigned count)
{
    char told = 0, last = 0;
    while (read(in, &told, 1) == 1) {
        last = told;
        if (--count == 0)
            assert_int_equal(kill(child, SIGKILL), 0);
        count += count == 0;
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    return last == 'f';
}

static void upload_survives_kill_and_a_blob_is_whole_or_not_there(void **state)
{
    (void)state;
    uint32_t dice = 7;
    int finished = 0;
    for (int round = 0; round < 40; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            child_run(ends[1]);
        close(ends[1]);
        dice = dice * 1664525 + 1013904223;
        bool told = child_hear(child, ends[0], 1 + (dice >> 16) % 60);
        close(ends[0]);
        uint64_t size;
        int fd;
        sotto_err err = blobs_read(blobs, name, &fd, &size);
        assert_true(err == SOTTO_OK || (err == SOTTO_E_NOTFOUND && !told));
        if (err != SOTTO_OK)
            continue;
        close(fd);
        is_there();
        assert_ok(blobs_delete(blobs, name));
        finished++;
    }
    assert_true(finished > 2);
}

static int entry_is_given(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)kind, (void)at;
    if (st->st_uid != 12345 || st->st_gid != 12346)
        fail_msg("%s is not given", path);
    return 0;
}

/* Who serves it later, such as the service, has to get at all of it. */
static void what_root_makes_is_for_who_owns_the_directory(void **state)
{
    (void)state;
    blobs_close(blobs);
    scratch_empty();
    bool given = chown(scratch, 12345, 12346) == 0; /* EINVAL: in a namespace without that user */
    assert_ok(blobs_open(in_blobs(""), &blobs));
    struct blob_upload *upload = begun(1, 0);
    write_part(upload, 0, 30000);
    blobs_end(upload);
    int walked = given ? nftw(scratch, entry_is_given, 8, FTW_PHYS) : 0;
    bool back = !given || chown(scratch, geteuid(), getegid()) == 0;
    assert_true(walked == 0 && back);
    if (!given)
        skip();
}

static bool have_is_refused(int dir)
{
    int fd;
    return file_have(dir, "spare", &fd) == SOTTO_E_PERMISSION;
}

/* Else it would be taken for one that was there, and the owner could not use it. The rights of root that it takes are given up in a process
 * of its own. */
static void what_can_not_be_given_away_is_not_left(void **state)
{
    (void)state;
    bool given = chown(scratch, 12345, 12346) == 0 && chmod(scratch, 0777) == 0;
    int dir = open(scratch, O_RDONLY | O_DIRECTORY), status = 0;
    pid_t child = fork();
    assert_true(dir >= 0 && child >= 0);
    if (child == 0) {
        struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
        const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
        bool powerless = syscall(SYS_capset, &head, none) == 0;
        _exit(powerless && have_is_refused(dir) && have_is_refused(dir) ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    bool left = faccessat(dir, "spare", F_OK, 0) == 0;
    close(dir);
    assert_true(!given || (chmod(scratch, 0700) == 0 && chown(scratch, geteuid(), getegid()) == 0));
    if (!given)
        skip();
    assert_true(status == 0 && !left);
}

#define ON_BLOBS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static int group_setup(void **state)
{
    assert_ok(crypto_new(&crypto));
    return scratch_make(state);
}

static int group_teardown(void **state)
{
    crypto_free(crypto);
    return scratch_remove(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BLOBS(blob_is_there_when_it_was_finished),
        ON_BLOBS(empty_blob_is_one_too),
        ON_BLOBS(upload_goes_on_where_it_was_left),
        ON_BLOBS(what_was_sent_before_is_read_once_when_it_is_whole),
        ON_BLOBS(what_was_sent_before_is_hashed_in_pieces),
        ON_BLOBS(what_the_hash_does_not_say_is_deleted),
        ON_BLOBS(more_than_was_announced_is_refused),
        ON_BLOBS(upload_of_another_size_begins_anew),
        ON_BLOBS(uploader_is_at_it_once_and_others_besides),
        ON_BLOBS(blob_that_is_there_is_not_sent_again),
        ON_BLOBS(reader_goes_on_when_the_blob_is_deleted),
        ON_BLOBS(what_is_left_of_uploads_expires_unless_somebody_is_at_it),
        ON_BLOBS(list_gives_what_begins_with_a_byte),
        ON_BLOBS(where_to_go_on_can_be_asked_for_and_takes_nothing),
        ON_BLOBS(what_is_missing_can_be_asked_for),
        ON_BLOBS(full_disk_is_told_before_and_while_it_is_sent_and_is_no_end),
        ON_BLOBS(what_was_set_aside_is_given_back),
        ON_BLOBS(what_root_makes_is_for_who_owns_the_directory),
        ON_BLOBS(what_can_not_be_given_away_is_not_left),
        ON_BLOBS(upload_survives_kill_and_a_blob_is_whole_or_not_there),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
