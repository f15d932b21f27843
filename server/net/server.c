/* The main thread: it listens, hands sockets to the loops in turn, takes signals, and sees to it that everything ends in order:
 * listeners, then clients (the core says goodbye to each), then loops, then the core. */
#include "net/server.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "crypto/rng.h"
#include "net/checkpoint.h"
#include "net/core_thread.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/metrics.h"
#include "net/notify.h"

#define ACCEPT_ROUND 64  /* connections taken before signals have their turn */
#define FULL_MS      100 /* without descriptors: the time until the next try */
#define CORE_POSTS   16384
#define CORE_BYTES   (1 << 20)
#define FILES_SPARE  64 /* descriptors for all that is not a connection */
#define RENEWAL_MS   3600000
#define SPACE_MS     1000
#define RENEWAL_DAYS (IDENTITY_RENEW_S / 86400)
#define RENEWAL_WARN 24 /* looks from one warning to the next */
#define SIGNALS      3

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
    uv_timer_t retry, renewal, space;
    bool disk_full;
    unsigned renewals; /* looks at the certificate so far */
    struct listener listeners[SERVER_LISTEN_MAX];
    size_t listener_count;
    struct metrics metrics;
    bool uv_on, metrics_on, stopping;
    unsigned next_loop;
    struct rng rng;
    sotto_crypto *crypto;
    sotto_sign_key *server_key, *authority;
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
        .kind = effect->kind == CORE_MAIL    ? POST_MAIL
                : effect->kind == CORE_CLOSE ? POST_CLOSE
                                             : POST_SEND,
        .connection = effect->connection,
    };
    if (server->admin_async != NULL && mailbox_put(&server->admin, &post, bytes) == SOTTO_OK)
        uv_async_send(server->admin_async);
}

/* ---- letting in */

static void hand_over(struct front *front, int fd, const struct core_address *person)
{
    struct server *server = front->server;
    struct loop *loop = &server->loops[front->next_loop++ % server->loop_count];
    const struct post post = {.kind = POST_SOCKET, .fd = fd, .address = *person};
    if (mailbox_put(&loop->box, &post, (view){0}) != SOTTO_OK) {
        gate_leave(&server->gate, person, false);
        close(fd);
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
    uint32_t chance;
    rng_bytes(&front->rng, (uint8_t *)&chance, sizeof chance);
    const struct core_address nobody = {0};
    const struct core_address person =
        is_proxy(&front->server->config, peer) ? nobody : endpoint_person(peer);
    enum gate_verdict verdict = gate_enter(&front->server->gate, &person, chance);
    if (verdict == GATE_IN) {
        hand_over(front, fd, &person);
        return;
    }
    gate_count(verdict, &front->server->stats);
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

/* ---- the certificate */

static void on_renewal(uv_timer_t *timer)
{
    struct front *front = timer->data;
    struct keeper *keeper = front->server->keeper;
    struct log *log = front->server->log;
    struct failure failure = {0};
    bool renewed;
    int64_t now_s = (int64_t)time(NULL);
    sotto_err err = keeper_check(keeper, now_s, &renewed, &failure);
    if (renewed)
        log_line(log, "renewed", "the server's certificate was renewed");
    else if (keeper_days(keeper, now_s) < RENEWAL_DAYS && front->renewals++ % RENEWAL_WARN == 0)
        log_line(log, "renewal",
                 "the server's certificate ends in %lld days and was not renewed: %s",
                 (long long)keeper_days(keeper, now_s),
                 err != SOTTO_OK && failure.what[0] != 0 ? failure.what : "the root key is away");
}

/* ---- the disk */

static uint64_t space_left(const char *dir)
{
    struct statvfs fs;
    return statvfs(dir, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

/* Sends are refused while there is room left for acknowledgements, which are small and make room. */
static void on_space(uv_timer_t *timer)
{
    struct front *front = timer->data;
    struct server *server = front->server;
    uint64_t reserve = server->config.limits.disk_reserve_bytes;
    bool full =
        space_left(server->config.dir) < (front->disk_full ? reserve + reserve / 8 : reserve);
    if (full == front->disk_full)
        return;
    const struct post post = {.kind = POST_SPACE, .full = full};
    if (mailbox_put(&server->core, &post, (view){0}) != SOTTO_OK)
        return;
    mailbox_ring(&server->core);
    front->disk_full = full;
    log_line(server->log, "disk",
             full ? "the disk is nearly full: nothing new is accepted until there is space"
                  : "there is space on the disk again");
}

/* ---- the end */

static void tell_all_to_stop(struct server *server)
{
    const struct post stop = {.kind = POST_STOP};
    if (mailbox_put(&server->core, &stop, (view){0}) == SOTTO_OK)
        mailbox_ring(&server->core);
    for (unsigned i = 0; i < server->loop_count; i++)
        if (mailbox_put(&server->loops[i].box, &stop, (view){0}) == SOTTO_OK)
            loop_ring(&server->loops[i]);
}

/* The first signal ends the server in order, the second at once. */
static void on_second_signal(int number)
{
    _exit(128 + number);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    struct front *front = handle->data;
    front->stopping = true;
    notify_manager("STOPPING=1");
    log_line(front->server->log, "stopping", "stopping");
    uv_stop(&front->uv);
}

/* Nothing more comes in; from here on a signal's own action ends the program. */
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
    if (!front->uv_on)
        return;
    uv_close((uv_handle_t *)&front->retry, NULL);
    uv_close((uv_handle_t *)&front->renewal, NULL);
    uv_close((uv_handle_t *)&front->space, NULL);
    for (size_t i = 0; i < SIGNALS; i++)
        uv_close((uv_handle_t *)&front->signals[i], NULL);
    uv_run(&front->uv, UV_RUN_DEFAULT);
    uv_loop_close(&front->uv);
    front->uv_on = false;
    signal(SIGINT, on_second_signal);
    signal(SIGTERM, on_second_signal);
}

/* ---- the beginning */

static sotto_err listeners_open(struct front *front, struct failure *ret_failure)
{
    const struct server_config *config = &front->server->config;
    for (size_t i = 0; i < config->listen_count; i++) {
        struct listener *l = &front->listeners[i];
        struct endpoint address = config->listen[i];
        TRY(listen_open(&address, &l->fd, ret_failure));
        l->front = front;
        l->poll.data = l;
        if (uv_poll_init(&front->uv, &l->poll, l->fd) != 0) {
            close(l->fd);
            return SOTTO_E_NOMEM;
        }
        front->listener_count++;
        char text[ENDPOINT_TEXT];
        endpoint_write(&address, text);
        log_line(front->server->log, "listening", "listening on %s", text);
    }
    return SOTTO_OK;
}

/* Who starts a program with a signal ignored (nohup, a shell's background) means it. */
static bool is_ignored(int number)
{
    struct sigaction now;
    return number != SIGTERM && sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

static sotto_err front_open(struct front *front, struct failure *ret_failure)
{
    static const int numbers[SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    if (uv_loop_init(&front->uv) != 0)
        return SOTTO_E_NOMEM;
    front->uv_on = true;
    uv_timer_init(&front->uv, &front->retry);
    uv_timer_init(&front->uv, &front->renewal);
    uv_timer_init(&front->uv, &front->space);
    front->retry.data = front->renewal.data = front->space.data = front;
    uv_timer_start(&front->renewal, on_renewal, RENEWAL_MS, RENEWAL_MS);
    if (front->server->config.store != NULL)
        uv_timer_start(&front->space, on_space, 0, SPACE_MS);
    for (size_t i = 0; i < SIGNALS; i++) {
        uv_signal_init(&front->uv, &front->signals[i]);
        front->signals[i].data = front;
        if (!is_ignored(numbers[i]))
            uv_signal_start(&front->signals[i], on_signal, numbers[i]);
    }
    TRY(listeners_open(front, ret_failure));
    if (front->server->config.metrics_port == 0)
        return SOTTO_OK;
    TRY(metrics_start(&front->metrics, &front->uv, front->server->config.metrics_port,
                      &front->server->stats, ret_failure));
    front->metrics_on = true;
    return SOTTO_OK;
}

/* Each connection takes a descriptor; a limit that can't be kept is no limit. */
static void files_raise(struct server *server)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    uint64_t most = files.rlim_cur > FILES_SPARE * 2 ? files.rlim_cur - FILES_SPARE : FILES_SPARE;
    uint64_t *limit = &server->config.limits.connections;
    if (files.rlim_cur == RLIM_INFINITY || *limit <= most)
        return;
    if (*limit > 0 && *limit != limits_default().connections)
        log_line(server->log, "limit",
                 "limits.connections is %llu: this process may not open more files",
                 (unsigned long long)most);
    *limit = most;
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

static unsigned thread_count(const struct server_config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned count = config->threads > 0 ? config->threads : cores > 0 ? (unsigned)cores : 1;
    return count < SERVER_THREADS_MAX ? count : SERVER_THREADS_MAX;
}

/* The key that signs account certificates and notices, as far as it is here. */
static sotto_err core_config_make(struct front *front)
{
    struct server *server = front->server;
    struct core_config *config = &server->core_config;
    const struct identity *identity = keeper_identity(server->keeper);
    *config = (struct core_config){
        .limits = server->config.limits,
        .store = server->config.store,
        .rooms = server->config.rooms,
        .host = view_str(server->config.host),
        .members_invite = true,
    };
    memcpy(config->pin, identity->pin, sizeof config->pin);
    if (server->config.store == NULL)
        return SOTTO_OK;
    TRY(sotto_crypto_new(&front->crypto));
    TRY(sign_key_import(front->crypto, SIGN_ED25519, &identity->server_key, &front->server_key));
    config->server_key = front->server_key;
    if (!identity->issuer_is_root)
        config->chain[config->chain_count++] = buf_view(&identity->intermediate_cert);
    config->chain[config->chain_count++] = buf_view(&identity->root_cert);
    config->authority_is_root = identity->issuer_is_root;
    if (identity->issuer_key.len == 0)
        return SOTTO_OK;
    TRY(sign_key_import(front->crypto, SIGN_ED25519, &identity->issuer_key, &front->authority));
    config->authority = front->authority;
    return SOTTO_OK;
}

static sotto_err parts_init(struct front *front, struct failure *ret_failure)
{
    struct server *server = front->server;
    uint8_t seed[RNG_SEED], gate_key[MAP_KEY];
    random_bytes(seed, sizeof seed);
    front->rng = rng_from(seed);
    rng_bytes(&front->rng, gate_key, sizeof gate_key);
    TRY(gate_init(&server->gate, &server->config.limits, gate_key));
    TRY(mailbox_init(&server->core, CORE_POSTS, CORE_BYTES));
    TRY(mailbox_init(&server->admin, CORE_POSTS, CORE_BYTES));
    TRY(core_config_make(front));
    TRY(core_thread_init(&front->core, server));
    TRY(loops_init(server, thread_count(&server->config)));
    return front_open(front, ret_failure);
}

/* Signals come to the main thread alone. */
static sotto_err threads_run(struct front *front)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    sotto_err err = SOTTO_OK;
    if (front->server->config.store != NULL)
        err = checkpoint_start(front->server->config.store, front->server->log,
                               &front->server->checkpoint);
    if (err == SOTTO_OK)
        err = core_thread_run(&front->core);
    for (unsigned i = 0; err == SOTTO_OK && i < front->server->loop_count; i++)
        err = loop_run(&front->server->loops[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return err;
}

static void threads_join(struct front *front)
{
    tell_all_to_stop(front->server);
    for (unsigned i = 0; i < front->server->loop_count; i++)
        loop_join(&front->server->loops[i]);
    core_thread_join(&front->core);
}

static sotto_err serve(struct front *front, struct failure *ret_failure)
{
    files_raise(front->server);
    TRY(parts_init(front, ret_failure));
    sotto_err err = threads_run(front);
    if (err == SOTTO_OK) {
        listeners_set(front, true);
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
    mailbox_clear(&server->core);
    mailbox_clear(&server->admin);
    sign_key_free(front->server_key);
    sign_key_free(front->authority);
    sotto_crypto_free(front->crypto);
    gate_clear(&server->gate);
    rng_clear(&front->rng);
}

sotto_err server_run(const struct server_config *config, struct keeper *keeper, struct log *log,
                     struct failure *ret_failure)
{
    struct server *server = calloc(1, sizeof *server);
    struct front *front = calloc(1, sizeof *front);
    sotto_err err = SOTTO_E_NOMEM;
    if (server != NULL && front != NULL) {
        server->config = *config;
        server->keeper = keeper;
        server->log = log;
        front->server = server;
        err = serve(front, ret_failure);
        front_clear(front);
    }
    free(front);
    free(server);
    return err;
}
