/* The main thread: it listens, hands sockets to the loops in turn, takes signals, and sees to it that everything ends in order:
 * listeners, then clients (the core says goodbye to each), then loops, then the core. */
#include "net/server.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "cli/stop.h"
#include "core/blob_ticket.h"
#include "crypto/rng.h"
#include "net/checkpoint.h"
#include "net/core_thread.h"
#include "net/janitor.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/metrics.h"
#include "net/notify.h"
#include "net/pressure.h"
#include "net/talk.h"
#include "net/upkeep.h"
#include "store/blobs.h"

#define ACCEPT_ROUND  64  /* connections taken before signals have their turn */
#define FULL_MS       100 /* without descriptors: the time until the next try */
#define CORE_POSTS    512 /* what has come before has to be done first */
#define CORE_BYTES    (1 << 20)
#define FILES_SPARE   64 /* descriptors for all that is not a connection */
#define SPACE_MS      1000
#define MEMORY_MS     1000
#define SIGNALS       3
#define STOP_RETRY_MS 10

struct listener {
    uv_poll_t poll;
    int fd;
    struct front *front;
};

/* What the main thread has. */
struct front {
    struct server *server;
    struct core_thread core;
    uv_loop_t uv;
    uv_signal_t signals[SIGNALS];
    uv_timer_t retry, space, memory;
    uv_work_t nothing;
    struct upkeep upkeep;
    struct hub hub;
    struct listener listeners[SERVER_LISTEN_MAX];
    size_t listener_count;
    struct metrics metrics;
    bool uv_on, metrics_on, hooked, stopping;
    bool terminal; /* standard input was one at the start */
    unsigned next_loop;
};

uint64_t server_now_ms(void)
{
    return uv_hrtime() / 1000000;
}

int64_t server_wall_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void server_tell_admin(struct server *server, const struct core_effect *effect, view bytes)
{
    const struct post post = {
        .kind = effect->kind == CORE_CLOSE ? POST_CLOSE : POST_SEND,
        .connection = effect->connection,
    };
    /* without memory who asked would miss a frame: it must not wait for it */
    const struct post end = {.kind = POST_CLOSE, .connection = effect->connection};
    const bool mail = effect->kind == CORE_MAIL;
    pthread_mutex_lock(&server->admin_lock);
    if (mail)
        atomic_store(&server->mail_waits, true);
    if (server->admin_async != NULL &&
        (mail || mailbox_put(&server->admin, &post, bytes) == SOTTO_OK ||
         mailbox_put(&server->admin, &end, (view){0}) == SOTTO_OK))
        uv_async_send(server->admin_async);
    pthread_mutex_unlock(&server->admin_lock);
}

/* ---- letting in */

static void hand_over(struct front *front, struct visitor *visitor)
{
    struct server *server = front->server;
    struct loop *loop = &server->loops[front->next_loop++ % server->loop_count];
    const struct post post = {.kind = POST_SOCKET,
                              .fd = visitor->fd,
                              .place = visitor->place,
                              .address = visitor->person};
    if (mailbox_put(&loop->box, &post, (view){0}) != SOTTO_OK) {
        gate_leave(&server->gate, visitor);
        close(visitor->fd);
        return;
    }
    loop_ring(loop);
}

static bool is_proxy(const struct server_config *config, const struct endpoint *peer)
{
    for (size_t i = 0; i < config->proxy_count; i++)
        if (network_has(&config->proxies[i], peer))
            return true;
    return false;
}

/* Who is refused finds the connection closed: a word of explanation would cost a handshake, which is what a flood wants. */
static void let_in(struct front *front, int fd, const struct endpoint *peer)
{
    struct visitor visitor = {.fd = fd};
    if (!is_proxy(&front->server->config, peer))
        visitor.person = endpoint_person(peer);
    if (gate_enter(&front->server->gate, &visitor, server_now_ms()) == GATE_IN)
        hand_over(front, &visitor);
    else
        close(fd);
}

static void on_listener(uv_poll_t *poll, int status, int events);

static void listeners_set(struct front *front, bool on)
{
    for (size_t i = 0; i < front->listener_count; i++) {
        if (on)
            uv_poll_start(&front->listeners[i].poll, UV_READABLE, on_listener);
        else
            uv_poll_stop(&front->listeners[i].poll);
    }
}

static void on_retry(uv_timer_t *timer)
{
    struct front *front = timer->data;
    if (!front->stopping)
        listeners_set(front, true);
}

static void on_listener(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct listener *listener = poll->data;
    struct front *front = listener->front;
    for (unsigned i = 0; i < ACCEPT_ROUND; i++) {
        struct endpoint peer;
        bool full;
        int fd = listen_accept(listener->fd, &peer, &full);
        if (fd >= 0)
            let_in(front, fd, &peer);
        else if (full) {
            listeners_set(front, false);
            uv_timer_start(&front->retry, on_retry, FULL_MS, 0);
        }
        if (fd < 0)
            return;
    }
}

/* ---- settings */

/* Each connection takes a descriptor; a limit that can't be kept is no limit. */
static void files_limit(struct server *server, struct limits *limits)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    uint64_t spare = FILES_SPARE;
    if (server->config.gateway.len > 0)
        spare += limits->gateway_connections;
    if (files.rlim_cur > 4 * PORTER_MAX) /* each blob on its way takes one more */
        spare += PORTER_MAX;
    uint64_t most = files.rlim_cur > spare * 2 ? files.rlim_cur - spare : FILES_SPARE;
    if (files.rlim_cur == RLIM_INFINITY || limits->connections <= most)
        return;
    if (limits->connections != limits_default().connections)
        log_line(server->log, "limit",
                 "limits.connections is %llu: this process may not open more files",
                 (unsigned long long)most);
    limits->connections = most;
}

static sotto_err live_set(struct server *server, const struct server_config *config)
{
    struct server_config possible = *config;
    files_limit(server, &possible.limits);
    TRY(live_push(&possible, server->keeper, &server->lives));
    atomic_store_explicit(&server->live, server->lives, memory_order_release);
    return SOTTO_OK;
}

static void settings_tell(struct server *server)
{
    const struct post post = {.kind = POST_CONFIG};
    if (mailbox_put(&server->core, &post, (view){0}) == SOTTO_OK)
        mailbox_ring(&server->core);
}

void server_take_keys(struct server *server)
{
    if (live_is_signing_as(server_live(server), server->keeper))
        return;
    sotto_err err = live_set(server, &server_live(server)->config);
    if (err == SOTTO_OK)
        settings_tell(server);
    else
        log_line(server->log, "keys",
                 "accounts and notices are still signed with the keys of before: %s; it is tried "
                 "again in a minute",
                 sotto_err_text(err));
}

sotto_err server_reload(struct server *server, char ret_restart[SERVER_RESTART_TEXT],
                        struct failure *ret_failure)
{
    const struct server_hooks *hooks = server->hooks;
    struct server_config config = server_live(server)->config;
    ret_restart[0] = 0;
    if (hooks->reread != NULL)
        TRY(hooks->reread(hooks->user, &config, ret_restart, ret_failure));
    config.store = server->config.store;
    config.blob_key = server->config.blob_key;
    config.dir = server->config.dir;
    memcpy(config.host, server->config.host, sizeof config.host);
    TRY(keeper_take(server->keeper, &config.tls, (int64_t)time(NULL), ret_failure));
    TRY(live_set(server, &config));
    log_shape(server->log, config.log_shape);
    gate_limit(&server->gate, &server_live(server)->config.limits);
    settings_tell(server);
    if (hooks->taken != NULL)
        hooks->taken(hooks->user);
    return SOTTO_OK;
}

static void reload(struct server *server)
{
    char state[64], restart[SERVER_RESTART_TEXT];
    struct failure failure = {0};
    snprintf(state, sizeof state, "RELOADING=1\nMONOTONIC_USEC=%llu",
             (unsigned long long)(uv_hrtime() / 1000));
    notify_manager(state);
    sotto_err err = server_reload(server, restart, &failure);
    if (err != SOTTO_OK)
        log_line(server->log, "reload", "all settings stay as they were: %s",
                 failure.what[0] != 0 ? failure.what : sotto_err_text(err));
    else if (restart[0] != 0)
        log_line(server->log, "reload",
                 "settings read again; these count from the next start on: %s", restart);
    else
        log_line(server->log, "reload", "settings read again");
    notify_manager("READY=1");
}

/* ---- the disk */

bool server_disk_is_full(const struct server *server, uint64_t inside)
{
    struct statvfs fs;
    uint64_t reserve = server_live(server)->config.limits.disk_reserve_bytes;
    bool was_full = atomic_load(&server->disk_full);
    if (statvfs(server->config.dir, &fs) != 0)
        return false;
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    /* once it was full, a little more has to be free, so that it isn't full again at once */
    uint64_t least = was_full ? reserve + reserve / 8 : reserve;
    /* what is free inside is none to the write-ahead log, nor to the spare, which may have to be made again */
    uint64_t floor = was_full ? reserve / 2 : reserve / 4;
    return room < floor || (room < least && inside < least - room);
}

/* The core's thread looks as it writes; this is for the time in which it doesn't. What is free inside the database it alone can tell. */
static void on_space(uv_timer_t *timer)
{
    struct server *server = ((struct front *)timer->data)->server;
    const struct post post = {.kind = POST_SPACE};
    if ((atomic_load(&server->disk_full) || server_disk_is_full(server, 0)) &&
        mailbox_put(&server->core, &post, (view){0}) == SOTTO_OK)
        mailbox_ring(&server->core);
}

static void on_memory(uv_timer_t *timer)
{
    struct server *server = ((struct front *)timer->data)->server;
    enum core_pressure before = (enum core_pressure)atomic_load(&server->pressure);
    enum core_pressure now = pressure_look(server_live(server)->config.limits.memory_bytes, before);
    const struct post post = {.kind = POST_MEMORY};
    if (now == before)
        return;
    atomic_store(&server->pressure, now);
    if (mailbox_put(&server->core, &post, (view){0}) != SOTTO_OK) {
        atomic_store(&server->pressure, before); /* in a second again */
        return;
    }
    gate_shut(&server->gate, now >= CORE_PRESSURE_STRANGERS);
    mailbox_ring(&server->core);
    log_line(server->log, "memory",
             now == CORE_PRESSURE_NONE ? "there is enough memory again"
             : now < CORE_PRESSURE_SENDS
                 ? "memory runs short (limits.memory_bytes): newcomers are refused"
                 : "memory runs short (limits.memory_bytes): nothing new is accepted");
}

/* Whoever comes second waits for the first one's end. */
_Noreturn void server_fail(struct server *server, const char *what, sotto_err err)
{
    while (atomic_exchange(&server->failed, true))
        pause();
    if (err == SOTTO_E_NOMEM)
        log_line(server->log, "memory",
                 "out of memory: %s is whole, but can't be read anew, so the server stops; start "
                 "it again (systemd does so by itself), with more memory or a lower "
                 "limits.memory_bytes",
                 what);
    else
        log_line(server->log, "store",
                 "%s can't be written or is damaged (%s): the server stops, so that nothing is "
                 "promised that was not kept; sottod doctor tells more",
                 what, sotto_err_text(err));
    log_end(server->log); /* other threads still log */
    _exit(1);
}

/* ---- the end */

void server_tell_all(struct server *server, const struct post *post)
{
    if (mailbox_put(&server->core, post, (view){0}) == SOTTO_OK)
        mailbox_ring(&server->core);
    for (unsigned i = 0; i < server->loop_count; i++)
        if (mailbox_put(&server->loops[i].box, post, (view){0}) == SOTTO_OK)
            loop_ring(&server->loops[i]);
}

/* Without memory it is tried until there is some: who does not hear of the end is waited for in vain. */
static void stop_tell(struct mailbox *box)
{
    const struct post stop = {.kind = POST_STOP};
    while (mailbox_put(box, &stop, (view){0}) != SOTTO_OK)
        uv_sleep(STOP_RETRY_MS);
}

/* The first signal ends the server in order, a later one at once. */
static void on_second_signal(int number)
{
    if (stop_ask() != STOP_SAME)
        _exit(128 + number);
}

/* SIGHUP asks for the settings to be read again; but if it tells of a terminal that has gone, who started us there is gone, too.
 * While mails are waited for signals still come here. */
static void on_signal(uv_signal_t *handle, int number)
{
    struct front *front = handle->data;
    if (front->stopping && number != SIGHUP)
        on_second_signal(number);
    if (front->stopping)
        return;
    if (number == SIGHUP && (!front->terminal || isatty(STDIN_FILENO))) {
        reload(front->server);
        return;
    }
    (void)stop_ask();
    front->stopping = true;
    atomic_store(&front->server->ready, false);
    notify_manager("STOPPING=1");
    log_line(front->server->log, "stopping", "stopping");
    uv_stop(&front->uv);
}

/* Who starts a program with a signal ignored (nohup, a shell's background) means it. */
static bool is_ignored(int number)
{
    struct sigaction now;
    return number != SIGTERM && sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

/* The loop takes no more of them. Blocked meanwhile: else one that comes between two handlers would end us in its own way. */
static void signals_close(struct front *front)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&front->signals[i], NULL);
    if (!is_ignored(SIGINT))
        signal(SIGINT, on_second_signal);
    signal(SIGTERM, on_second_signal);
    signal(SIGHUP, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Nothing more comes in. */
static void front_close(struct front *front)
{
    for (size_t i = 0; i < front->listener_count; i++) {
        uv_close((uv_handle_t *)&front->listeners[i].poll, NULL);
        close(front->listeners[i].fd);
    }
    front->listener_count = 0;
    if (front->metrics_on)
        metrics_stop(&front->metrics);
    front->metrics_on = false;
    if (front->hooked && front->server->hooks->stop != NULL)
        front->server->hooks->stop(front->server->hooks->user);
    front->hooked = false;
    if (!front->uv_on)
        return;
    uv_close((uv_handle_t *)&front->retry, NULL);
    uv_close((uv_handle_t *)&front->space, NULL);
    uv_close((uv_handle_t *)&front->memory, NULL);
    upkeep_stop(&front->upkeep);
    if (front->server->hub != NULL)
        hub_stop(&front->hub);
    front->server->hub = NULL;
    signals_close(front);
    uv_run(&front->uv, UV_RUN_DEFAULT);
    uv_loop_close(&front->uv);
    front->uv_on = false;
}

/* ---- the beginning */

static sotto_err listeners_open(struct front *front, struct failure *ret_failure)
{
    struct server_config *config = &front->server->config;
    for (size_t i = 0; i < config->listen_count; i++) {
        struct listener *l = &front->listeners[i];
        struct endpoint *address = &config->listen[i];
        TRY(listen_open(address, &l->fd, ret_failure));
        l->front = front;
        l->poll.data = l;
        if (uv_poll_init(&front->uv, &l->poll, l->fd) != 0) {
            close(l->fd);
            return SOTTO_E_NOMEM;
        }
        front->listener_count++;
        char text[ENDPOINT_TEXT];
        endpoint_write(address, text);
        log_line(front->server->log, "listening", "listening on %s", text);
    }
    return SOTTO_OK;
}

/* What is not for everybody: the port for metrics, and what the program adds. */
static sotto_err front_open_more(struct front *front, struct failure *ret_failure)
{
    struct server *server = front->server;
    if (server->config.metrics_port != 0) {
        TRY(metrics_start(&front->metrics, &front->uv, server->config.metrics_port, server,
                          ret_failure));
        front->metrics_on = true;
    }
    TRY(hub_start(&front->hub, &front->uv, server));
    server->hub = &front->hub;
    if (server->hooks->start != NULL) {
        TRY(server->hooks->start(server->hooks->user, server, &front->uv, ret_failure));
        front->hooked = true;
    }
    return SOTTO_OK;
}

static sotto_err front_open(struct front *front, struct failure *ret_failure)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    if (uv_loop_init(&front->uv) != 0)
        return SOTTO_E_NOMEM;
    front->uv_on = true;
    uv_timer_init(&front->uv, &front->retry);
    uv_timer_init(&front->uv, &front->space);
    uv_timer_init(&front->uv, &front->memory);
    front->retry.data = front->space.data = front->memory.data = front;
    uv_timer_start(&front->memory, on_memory, 0, MEMORY_MS);
    front->terminal = isatty(STDIN_FILENO);
    upkeep_start(&front->upkeep, &front->uv, front->server);
    if (front->server->config.store != NULL)
        uv_timer_start(&front->space, on_space, 0, SPACE_MS);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&front->uv, &front->signals[i]);
        front->signals[i].data = front;
        if (!is_ignored(numbers[i]))
            uv_signal_start(&front->signals[i], on_signal, numbers[i]);
    }
    TRY(front_open_more(front, ret_failure)); /* first: who reads that we listen finds all of it */
    return listeners_open(front, ret_failure);
}

static void files_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static sotto_err loops_init(struct server *server, unsigned count)
{
    server->loops = calloc(count, sizeof *server->loops);
    if (server->loops == NULL)
        return SOTTO_E_NOMEM;
    for (unsigned i = 0; i < count; i++) {
        server->loop_count++;
        TRY(loop_init(&server->loops[i], server, i));
    }
    return SOTTO_OK;
}

/* One core is left to the core's thread: more loops than can run at once wake each other up in turns. */
static unsigned thread_count(const struct server_config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = config->threads > 0 ? config->threads : cores > 2 ? (unsigned)cores - 1 : 1;
    return count < SERVER_THREADS_MAX ? count : SERVER_THREADS_MAX;
}

static sotto_err parts_init(struct front *front, struct failure *ret_failure)
{
    struct server *server = front->server;
    uint8_t gate_key[MAP_KEY];
    random_bytes(gate_key, sizeof gate_key);
    TRY(gate_init(&server->gate, &server_live(server)->config.limits, &server->stats, gate_key));
    TRY(mailbox_init(&server->core, CORE_POSTS, CORE_BYTES));
    TRY(mailbox_init(&server->admin, CORE_POSTS, CORE_BYTES));
    TRY(core_thread_init(&front->core, server));
    server->core_thread = &front->core;
    TRY(loops_init(server, thread_count(&server->config)));
    return front_open(front, ret_failure);
}

static void on_nothing(uv_work_t *work)
{
    (void)work;
}

/* Signals come to the main thread alone. libuv's threads begin with the first work that they get. */
static sotto_err threads_run(struct front *front)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sotto_err err = SOTTO_OK;
    (void)uv_queue_work(&front->uv, &front->nothing, on_nothing,
                        NULL); /* fails without on_nothing alone */
    if (front->server->config.store != NULL)
        err = checkpoint_start(front->server, &front->server->checkpoint);
    if (err == SOTTO_OK)
        err = core_thread_run(&front->core);
    for (unsigned i = 0; err == SOTTO_OK && i < front->server->loop_count; i++)
        err = loop_run(&front->server->loops[i]);
    if (err == SOTTO_OK && front->server->blobs != NULL)
        err = janitor_start(front->server, &front->server->janitor);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static void threads_join(struct front *front)
{
    struct server *server = front->server;
    stop_tell(&server->core);
    mailbox_ring(&server->core);
    for (unsigned i = 0; i < server->loop_count; i++) {
        stop_tell(&server->loops[i].box);
        loop_ring(&server->loops[i]);
    }
    for (unsigned i = 0; i < server->loop_count; i++)
        loop_join(&server->loops[i]);
    core_thread_join(&front->core);
}

static sotto_err blobs_start(struct server *server, struct failure *ret_failure)
{
    char path[PATH_MAX];
    if (server->config.store == NULL)
        return SOTTO_OK;
    if (snprintf(path, sizeof path, "%s/blobs", server->config.dir) >= (int)sizeof path)
        return SOTTO_E_USAGE;
    secret_resize(&server->blob_key, BLOB_TICKET_KEY);
    random_bytes(server->blob_key.data, server->blob_key.len);
    server->config.blob_key = &server->blob_key;
    sotto_err err = blobs_open(path, &server->blobs);
    return err == SOTTO_OK
               ? err
               : failure_say(ret_failure, err, "can't use %s, where attachments are: %s", path,
                             sotto_err_text(err));
}

static sotto_err serve(struct front *front, struct failure *ret_failure)
{
    files_raise();
    TRY(blobs_start(front->server, ret_failure));
    TRY(live_set(front->server, &front->server->config));
    TRY(parts_init(front, ret_failure));
    sotto_err err = threads_run(front);
    if (err == SOTTO_OK) {
        listeners_set(front, true);
        atomic_store(&front->server->ready, true);
        notify_manager("READY=1");
        uv_run(&front->uv, UV_RUN_DEFAULT);
    }
    front_close(front);
    threads_join(front);
    return err;
}

static void front_clear(struct front *front)
{
    struct server *server = front->server;
    front_close(front);
    for (unsigned i = 0; i < server->loop_count; i++)
        loop_clear(&server->loops[i]);
    free(server->loops);
    core_thread_clear(&front->core);
    checkpoint_stop(server->checkpoint);
    janitor_stop(server->janitor);
    mailbox_clear(&server->core);
    mailbox_clear(&server->admin);
    hub_clear(&front->hub);
    gate_clear(&server->gate);
    live_clear(server->lives);
    blobs_close(server->blobs);
    secret_clear(&server->blob_key);
}

static bool locks_init(struct server *server)
{
    return pthread_mutex_init(&server->admin_lock, NULL) == 0 &&
           pthread_mutex_init(&server->porter.lock, NULL) == 0 &&
           claims_init(&server->claims) == SOTTO_OK && redact_init(&server->redact) == SOTTO_OK;
}

sotto_err server_run(const struct server_config *config, struct keeper *keeper, struct log *log,
                     const struct server_hooks *hooks, struct failure *ret_failure)
{
    struct server *server = calloc(1, sizeof *server);
    struct front *front = calloc(1, sizeof *front);
    sotto_err err = SOTTO_E_NOMEM;
    if (server != NULL && front != NULL && locks_init(server)) {
        server->config = *config;
        server->keeper = keeper;
        server->log = log;
        server->hooks = hooks;
        server->started_s = (int64_t)time(NULL);
        front->server = server;
        err = serve(front, ret_failure);
        front_clear(front);
        pthread_mutex_destroy(&server->admin_lock);
        pthread_mutex_destroy(&server->porter.lock);
        claims_clear(&server->claims);
        redact_clear(&server->redact);
    }
    free(front);
    free(server);
    return err;
}
