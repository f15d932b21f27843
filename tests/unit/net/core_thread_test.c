/* What the core's thread makes of errors, a round at a time. */
#include "../allocations.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/admin.h"
#include "net/core_thread.h"
#include "net/loop.h"
#include "proto/proto.h"
#include "store/store.h"

#define ASKING (UINT64_C(1) << 8 | SERVER_ADMIN)

struct office {
    struct server *server;
    struct live *live;
    struct core_thread *core;
    uv_loop_t uv;
    uv_async_t bell;
    int nowhere;
};

static void on_bell(uv_async_t *bell)
{
    (void)bell;
}

static struct live *live_of(struct server *server)
{
    struct live *live = calloc(1, sizeof *live);
    assert_non_null(live);
    live->core = (struct core_config){
        .limits = limits_default(), .store = server->config.store, .host = VIEW_LIT("a.example")};
    live->config.limits = live->core.limits;
    return live;
}

static void office_open(struct office *o)
{
    struct server *server = calloc(1, sizeof *server);
    o->core = calloc(1, sizeof *o->core);
    assert_non_null(server);
    assert_non_null(o->core);
    o->server = server;
    o->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_ok(log_new(o->nowhere, LOG_TEXT, &server->log));
    assert_int_equal(pthread_mutex_init(&server->admin_lock, NULL), 0);
    assert_ok(mailbox_init(&server->core, 100, 10000));
    assert_ok(mailbox_init(&server->admin, 100, 10000));
    assert_int_equal(uv_loop_init(&o->uv), 0);
    assert_int_equal(uv_async_init(&o->uv, &o->bell, on_bell), 0);
    server->admin_async = &o->bell;
    server->config.dir = "/nowhere";
    assert_ok(store_memory_new(&server->config.store));
    o->live = live_of(server);
    atomic_store(&server->live, o->live);
    assert_ok(core_thread_init(o->core, server));
}

static void office_close(struct office *o)
{
    uv_close((uv_handle_t *)&o->bell, NULL);
    uv_run(&o->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&o->uv), 0);
    core_thread_clear(o->core);
    free(o->core);
    store_free(o->server->config.store);
    mailbox_clear(&o->server->core);
    mailbox_clear(&o->server->admin);
    pthread_mutex_destroy(&o->server->admin_lock);
    log_free(o->server->log);
    close(o->nowhere);
    free(o->live);
    free(o->server);
}

/* Asks for an invite, which has to be stored, in one round. */
static void invite_asked(struct office *o)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct admin_invite_create what = {.how = REGISTER_LINK, .uses = 1};
    const struct post open = {.kind = POST_OPEN_ADMIN, .connection = ASKING},
                      ask = {.kind = POST_FRAME, .connection = ASKING};
    assert_ok(admin_invite_create_write(1, &what, &frame));
    assert_ok(mailbox_put(&o->server->core, &open, (view){0}));
    assert_ok(mailbox_put(&o->server->core, &ask, buf_view(&frame)));
    assert_true(core_thread_stand_in(o->core, NULL));
}

/* What came back: the one frame, if there is one, is of this kind; and whether the talk was closed. */
static void came_back(struct office *o, uint16_t kind, sotto_err code, bool closed)
{
    struct batch batch = {0};
    size_t frames = 0, ends = 0;
    (void)mailbox_take(&o->server->admin, &batch);
    for (size_t i = 0; i < batch.count; i++) {
        const struct post *post = &batch.list[i];
        struct proto_frame frame = {0};
        struct proto_error said = {0};
        assert_int_equal(post->connection, ASKING);
        ends += post->kind == POST_CLOSE;
        if (post->kind != POST_SEND)
            continue;
        frames++;
        assert_ok(proto_frame_read(view_of(batch.bytes.data + post->at, post->len), &frame));
        assert_int_equal(frame.kind, kind);
        if (kind == PROTO_BYE) {
            assert_ok(proto_bye_read(frame.body, &said));
            assert_int_equal(said.code, code);
        }
    }
    assert_int_equal(frames, kind != 0);
    assert_int_equal(ends > 0, closed);
    batch_clear(&batch);
}

static void what_is_stored_is_answered(void **state)
{
    (void)state;
    struct office o = {0};
    office_open(&o);
    invite_asked(&o);
    came_back(&o, ADMIN_INVITE_CREATED, SOTTO_OK, false);
    office_close(&o);
}

/* Before anything was written, half-way, at the commit. */
static void a_full_disk_is_told_whenever_it_shows(void **state)
{
    (void)state;
    for (uint64_t after = 0; after < 3; after++) {
        struct office o = {0};
        office_open(&o);
        store_memory_fail(o.server->config.store, SOTTO_E_DISK_FULL, after);
        invite_asked(&o);
        store_memory_fail(o.server->config.store, SOTTO_OK, 0);
        came_back(&o, PROTO_BYE, SOTTO_E_DISK_FULL, true);
        office_close(&o);
    }
}

/* Before anything was written, too: what the core has changed of what it knows is undone. */
static void without_memory_who_asked_is_told(void **state)
{
    (void)state;
    struct office o = {0};
    office_open(&o);
    store_memory_fail(o.server->config.store, SOTTO_E_NOMEM, 0);
    invite_asked(&o);
    store_memory_fail(o.server->config.store, SOTTO_OK, 0);
    came_back(&o, PROTO_BYE, SOTTO_E_NOMEM, true);
    office_close(&o);
}

/* What the log of a server that ends for this says last. */
static void last_words(sotto_err err, char ret_text[1024])
{
    int ends[2], status = 0;
    size_t used = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct server *server = calloc(1, sizeof *server);
        if (server != NULL && log_new(ends[1], LOG_TEXT, &server->log) == SOTTO_OK)
            server_fail(server, "the database", err);
        _exit(2);
    }
    close(ends[1]);
    for (ssize_t n; used < 1023 && (n = read(ends[0], ret_text + used, 1023 - used)) > 0;)
        used += (size_t)n;
    ret_text[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

static void who_ends_for_want_of_memory_does_not_blame_the_database(void **state)
{
    (void)state;
    char text[1024];
    last_words(SOTTO_E_NOMEM, text);
    assert_non_null(strstr(text, "out of memory: the database is whole"));
    assert_non_null(strstr(text, "a lower limits.memory_bytes\n")); /* the line is not cut */
    assert_null(strstr(text, "damaged"));
    last_words(SOTTO_E_IO, text);
    assert_non_null(strstr(text, "the database can't be written or is damaged ("));
    assert_non_null(strstr(text, "sottod doctor tells more\n"));
}

/* POST_CONFIG may be lost. */
static void settings_are_taken_with_whatever_comes_next(void **state)
{
    (void)state;
    struct office o = {0};
    office_open(&o);
    struct live *first = o.live;
    o.live = live_of(o.server);
    o.live->core.limits.frame_bytes = 1;
    atomic_store(&o.server->live, o.live);
    invite_asked(&o);
    came_back(&o, PROTO_BYE, SOTTO_E_TOO_LARGE, true);
    free(first);
    office_close(&o);
}

/* What a loop hears of it: the answer with all that belongs to it, or to close for want of memory. */
static bool was_answered(struct mailbox *box)
{
    struct batch batch = {0};
    bool answered = false, closed = false;
    (void)mailbox_take(box, &batch);
    for (size_t i = 0; i < batch.count; i++) {
        answered |= batch.list[i].kind == POST_SEND;
        if (batch.list[i].kind != POST_CLOSE)
            continue;
        closed = true;
        assert_int_equal(batch.list[i].verdict, SOTTO_E_NOMEM);
    }
    assert_true(answered || closed);
    batch_clear(&batch);
    return !closed;
}

/* A request that finds no memory, or its connection none, with nothing written that has to be undone; in one round, since another may be
 * the core's own thread's on a slow machine. */
static bool room_asked(struct office *o, size_t allocations)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct proto_room_open what = {.kind = ROOM_SESSION};
    const struct post open = {.kind = POST_OPEN, .connection = 1 << 8},
                      ask = {.kind = POST_FRAME, .connection = 1 << 8};
    assert_ok(proto_room_open_write(1, &what, &frame));
    assert_ok(mailbox_put(&o->server->core, &open, (view){0}));
    assert_ok(mailbox_put(&o->server->core, &ask, buf_view(&frame)));
    allocations_left = allocations;
    assert_true(core_thread_stand_in(o->core, o->server->loops));
    allocations_left = SIZE_MAX;
    return was_answered(&o->server->loops[0].box);
}

static void who_is_closed_for_want_of_memory_is_told(void **state)
{
    (void)state;
    bool answered = false;
    size_t n = 0;
    for (; !answered; n++) {
        struct office o = {0};
        office_open(&o);
        o.server->loop_count = 1;
        o.server->loops = calloc(1, sizeof *o.server->loops);
        assert_non_null(o.server->loops);
        assert_ok(mailbox_init(&o.server->loops[0].box, 100, 10000));
        answered = room_asked(&o, n);
        mailbox_clear(&o.server->loops[0].box);
        free(o.server->loops);
        office_close(&o);
    }
    assert_true(n > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_stored_is_answered),
        cmocka_unit_test(a_full_disk_is_told_whenever_it_shows),
        cmocka_unit_test(without_memory_who_asked_is_told),
        cmocka_unit_test(who_is_closed_for_want_of_memory_is_told),
        cmocka_unit_test(who_ends_for_want_of_memory_does_not_blame_the_database),
        cmocka_unit_test(settings_are_taken_with_whatever_comes_next),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
