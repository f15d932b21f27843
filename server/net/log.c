/* A ring of whole lines, and a thread that writes them. */
#include "net/log.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LOG_LINES 1000
#define LOG_LINE  512  /* bytes, the line feed included; longer ones are cut */
#define LAST_MS   1000 /* how long the end waits for somebody to read */

struct log {
    int fd;
    _Atomic(enum log_shape) shape;
    bool ending, ended; /* ended: the thread was joined */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t came;
    size_t first, count;
    uint64_t lost;
    uint16_t lens[LOG_LINES];
    char lines[LOG_LINES][LOG_LINE];
};

static bool log_is_ending(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    bool ending = log->ending;
    pthread_mutex_unlock(&log->lock);
    return ending;
}

/* Waits for whoever reads; at the end only for a while. */
static bool log_can_write(struct log *log)
{
    struct pollfd p = {.fd = log->fd, .events = POLLOUT};
    while (poll(&p, 1, LAST_MS) == 0)
        if (log_is_ending(log))
            return false;
    return true;
}

/* A line that can't be written is lost: there is nobody to tell. */
static bool log_out(struct log *log, const char *line, size_t len)
{
    while (len > 0) {
        if (!log_can_write(log))
            return false;
        ssize_t n = write(log->fd, line, len);
        if (n <= 0)
            return true;
        line += n;
        len -= (size_t)n;
    }
    return true;
}

static void log_out_lost(struct log *log, uint64_t lost)
{
    static const char *const formats[] = {
        [LOG_TEXT] = "%llu lines were left out here\n",
        [LOG_LOGFMT] = "ev=log lost=%llu\n",
        [LOG_JSON] = "{\"ev\":\"log\",\"lost\":%llu}\n",
    };
    char line[LOG_LINE], number[24];
    const char *format = formats[atomic_load(&log->shape)], *hole = strstr(format, "%llu");
    snprintf(number, sizeof number, "%llu", (unsigned long long)lost);
    int len = snprintf(line, sizeof line, "%.*s%s%s", (int)(hole - format), format, number,
                       hole + strlen("%llu"));
    (void)log_out(log, line, (size_t)len);
}

/* Under the lock: takes the oldest line; gives its length. */
static size_t log_take(struct log *log, char line[LOG_LINE], uint64_t *ret_lost)
{
    size_t len = log->lens[log->first];
    memcpy(line, log->lines[log->first], len);
    log->first = (log->first + 1) % LOG_LINES;
    log->count--;
    *ret_lost = log->count == 0 ? log->lost : 0;
    log->lost -= *ret_lost;
    return len;
}

static void *log_main(void *arg)
{
    struct log *log = arg;
    bool read = true;
    pthread_mutex_lock(&log->lock);
    while (read && (log->count > 0 || !log->ending)) {
        if (log->count == 0) {
            pthread_cond_wait(&log->came, &log->lock);
            continue;
        }
        char line[LOG_LINE];
        uint64_t lost;
        size_t len = log_take(log, line, &lost);
        pthread_mutex_unlock(&log->lock);
        read = log_out(log, line, len);
        if (lost > 0)
            log_out_lost(log, lost);
        pthread_mutex_lock(&log->lock);
    }
    pthread_mutex_unlock(&log->lock);
    return NULL;
}

void log_shape(struct log *log, enum log_shape shape)
{
    atomic_store(&log->shape, shape);
}

/* The signals stay with who begins it. */
static int thread_begin(struct log *log)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&log->thread, NULL, log_main, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return number;
}

sotto_err log_new(int fd, enum log_shape shape, struct log **ret_log)
{
    struct log *log = calloc(1, sizeof *log);
    if (log == NULL)
        return SOTTO_E_NOMEM;
    log->fd = fd;
    log->shape = shape;
    if (pthread_mutex_init(&log->lock, NULL) != 0 || pthread_cond_init(&log->came, NULL) != 0 ||
        thread_begin(log) != 0) {
        free(log);
        return SOTTO_E_NOMEM;
    }
    *ret_log = log;
    return SOTTO_OK;
}

void log_end(struct log *log)
{
    pthread_mutex_lock(&log->lock);
    log->ending = true;
    pthread_cond_signal(&log->came);
    pthread_mutex_unlock(&log->lock);
    if (!log->ended)
        pthread_join(log->thread, NULL);
    log->ended = true;
}

void log_free(struct log *log)
{
    if (log == NULL)
        return;
    log_end(log);
    pthread_cond_destroy(&log->came);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

/* What the texts hold is ours or numbers; but a quotation mark or a control character must not break a line of JSON or logfmt. */
static void text_tame(char *text, enum log_shape shape)
{
    for (char *c = text; *c != 0; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f ||
            (shape != LOG_TEXT && (*c == '"' || *c == '\\')))
            *c = '?';
}

static size_t line_make(enum log_shape shape, char line[LOG_LINE], const char *event,
                        const char *text)
{
    time_t now = time(NULL);
    struct tm tm;
    char when[32];
    int len;
    if (shape == LOG_TEXT)
        strftime(when, sizeof when, "%H:%M:%S", localtime_r(&now, &tm));
    else
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    if (shape == LOG_JSON)
        len = snprintf(line, LOG_LINE - 1, "{\"time\":\"%s\",\"ev\":\"%s\",\"msg\":\"%s\"}", when,
                       event, text);
    else if (shape == LOG_LOGFMT)
        len = snprintf(line, LOG_LINE - 1, "time=%s ev=%s msg=\"%s\"", when, event, text);
    else
        len = snprintf(line, LOG_LINE - 1, "%s %s", when, text);
    size_t used = size_min((size_t)len, LOG_LINE - 2);
    line[used] = '\n';
    return used + 1;
}

void log_line(struct log *log, const char *event, const char *format, ...)
{
    char text[LOG_LINE - 96], line[LOG_LINE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    enum log_shape shape = atomic_load(&log->shape);
    text_tame(text, shape);
    size_t len = line_make(shape, line, event, text);
    pthread_mutex_lock(&log->lock);
    if (log->ending || log->count == LOG_LINES) {
        log->lost++;
    } else {
        size_t at = (log->first + log->count++) % LOG_LINES;
        memcpy(log->lines[at], line, len);
        log->lens[at] = (uint16_t)len;
        pthread_cond_signal(&log->came);
    }
    pthread_mutex_unlock(&log->lock);
}
