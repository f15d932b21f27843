#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "net/log.h"

#define TEXT_MAX (1 << 20)

static size_t read_all(int fd, char *text)
{
    size_t len = 0;
    for (ssize_t n; (n = read(fd, text + len, TEXT_MAX - 1 - len)) > 0;)
        len += (size_t)n;
    text[len] = 0;
    return len;
}

static void lines_come_out_in_order(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    int ends[2];
    struct log *log;
    assert_int_equal(pipe(ends), 0);
    assert_ok(log_new(ends[1], LOG_TEXT, &log));
    for (int i = 0; i < 100; i++)
        log_line(log, "event", "line %d", i);
    log_free(log);
    close(ends[1]);
    (void)read_all(ends[0], text);
    const char *at = text;
    for (int i = 0; i < 100; i++) {
        char want[32];
        snprintf(want, sizeof want, " line %d\n", i);
        at = strstr(at, want);
        assert_non_null(at);
    }
    close(ends[0]);
}

static void a_line_cannot_be_made_into_two_or_break_json(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    int ends[2];
    struct log *log;
    assert_int_equal(pipe(ends), 0);
    assert_ok(log_new(ends[1], LOG_JSON, &log));
    log_line(log, "event", "a\nb\"c\\d\033[31m");
    log_line(log, "event", "%01000d", 7);
    log_shape(log, LOG_LOGFMT);
    log_line(log, "event", "a\nb\"c\\d");
    log_shape(log, LOG_JSON);
    log_line(log, "event", "end");
    log_free(log);
    close(ends[1]);
    (void)read_all(ends[0], text);
    assert_non_null(strstr(text, "\"ev\":\"event\",\"msg\":\"a?b?c?d?[31m\"}\n{"));
    assert_non_null(strstr(text, "Z ev=event msg=\"a?b?c?d\"\n{"));
    assert_int_equal(text[strlen(text) - 1], '\n');
    assert_int_equal(text[strlen(text) - 2], '}'); /* also of a line that was cut */
    close(ends[0]);
}

/* Writers never wait for the reader; what did not fit is counted; the end waits for a while and no longer. */
static void who_does_not_read_stops_nobody(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    int ends[2];
    struct log *log;
    assert_int_equal(pipe(ends), 0);
    (void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
    assert_ok(log_new(ends[1], LOG_TEXT, &log));
    for (int i = 0; i < 20000; i++)
        log_line(log, "event", "line %d", i);
    log_free(log);
    close(ends[1]);
    size_t len = read_all(ends[0], text);
    assert_in_range(len, 1, 65536);
    close(ends[0]);
}

static void lines_left_out_are_counted(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    int ends[2];
    struct log *log;
    assert_int_equal(pipe(ends), 0);
    (void)fcntl(ends[1], F_SETPIPE_SZ, 4096);
    assert_ok(log_new(ends[1], LOG_TEXT, &log));
    for (int i = 0; i < 20000; i++)
        log_line(log, "event", "line %d", i);
    (void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
    size_t len = 0;
    for (int tries = 0; tries < 2000 && strstr(text, "were left out here") == NULL; tries++) {
        ssize_t n = read(ends[0], text + len, TEXT_MAX - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        text[len] = 0;
        usleep(1000);
    }
    assert_non_null(strstr(text, "lines were left out here\n"));
    log_free(log);
    close(ends[0]);
    close(ends[1]);
}

/* As when a disk fails, and all other threads go on until the process is gone. */
static void after_the_end_lines_are_dropped(void **state)
{
    (void)state;
    static char text[TEXT_MAX];
    int ends[2];
    struct log *log;
    assert_int_equal(pipe(ends), 0);
    assert_ok(log_new(ends[1], LOG_TEXT, &log));
    log_line(log, "event", "before");
    log_end(log);
    for (int i = 0; i < 2000; i++)
        log_line(log, "event", "after");
    log_free(log);
    close(ends[1]);
    (void)read_all(ends[0], text);
    assert_non_null(strstr(text, " before\n"));
    assert_null(strstr(text, "after"));
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_come_out_in_order),
        cmocka_unit_test(a_line_cannot_be_made_into_two_or_break_json),
        cmocka_unit_test(who_does_not_read_stops_nobody),
        cmocka_unit_test(lines_left_out_are_counted),
        cmocka_unit_test(after_the_end_lines_are_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
