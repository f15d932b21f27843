/* The main thread's talks with the core, whose part the test plays. */
#include "unit.h"

#include "allocations.h"
#include "net/talk.h"

struct table {
    struct server *server;
    uv_loop_t uv;
    struct hub hub;
    struct talk talk;
    size_t frames, closed, mails;
};

static void on_frame(struct talk *talk, view frame)
{
    (void)frame;
    ((struct table *)talk->user)->frames++;
}

static void on_closed(struct talk *talk)
{
    ((struct table *)talk->user)->closed++;
}

static void on_mail(void *user)
{
    ((struct table *)user)->mails++;
}

static void table_make(struct table *t)
{
    *t = (struct table){.talk = {.on_frame = on_frame, .on_closed = on_closed, .user = t}};
    t->server = calloc(1, sizeof *t->server);
    assert_non_null(t->server);
    assert_int_equal(pthread_mutex_init(&t->server->admin_lock, NULL), 0);
    assert_ok(mailbox_init(&t->server->core, 100, 10000));
    assert_ok(mailbox_init(&t->server->admin, 100, 10000));
    assert_int_equal(uv_loop_init(&t->uv), 0);
    assert_ok(hub_start(&t->hub, &t->uv, t->server));
    t->server->hub = &t->hub;
    assert_ok(talk_open(&t->hub, &t->talk));
}

static void table_clear(struct table *t)
{
    hub_stop(&t->hub);
    uv_run(&t->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&t->uv), 0);
    hub_clear(&t->hub);
    mailbox_clear(&t->server->core);
    mailbox_clear(&t->server->admin);
    pthread_mutex_destroy(&t->server->admin_lock);
    free(t->server);
}

static void core_says(struct table *t, enum core_effect_kind kind, uint64_t connection)
{
    server_tell_admin(t->server, &(struct core_effect){.kind = kind, .connection = connection},
                      VIEW_LIT("a frame"));
    uv_run(&t->uv, UV_RUN_NOWAIT);
}

/* How many posts of a kind the core has got since the last look. */
static size_t core_got(struct table *t, enum post_kind kind)
{
    struct batch batch = {0};
    size_t count = 0;
    (void)mailbox_take(&t->server->core, &batch);
    for (size_t i = 0; i < batch.count; i++)
        count += batch.list[i].kind == kind;
    batch_clear(&batch);
    return count;
}

static void frames_come_until_the_core_closes(void **state)
{
    (void)state;
    struct table t;
    table_make(&t);
    const uint64_t connection = t.talk.connection;
    assert_true(server_is_admin(connection));
    core_says(&t, CORE_SEND, connection);
    core_says(&t, CORE_CLOSE, connection);
    core_says(&t, CORE_SEND, connection);
    assert_int_equal(t.frames, 1);
    assert_int_equal(t.closed, 1);
    assert_int_equal(t.talk.connection, 0);
    table_clear(&t);
}

/* Without memory it is the core's thread that closes, and the core that has a row too many. */
static void who_is_closed_tells_the_core(void **state)
{
    (void)state;
    struct table t;
    table_make(&t);
    assert_int_equal(core_got(&t, POST_OPEN_ADMIN), 1);
    core_says(&t, CORE_CLOSE, t.talk.connection);
    assert_int_equal(core_got(&t, POST_CLOSED), 1);
    table_clear(&t);
}

/* Nobody asks again for what waits: who is not told learns of it with the next mail. */
static void mail_is_told_of_once_and_without_memory_too(void **state)
{
    (void)state;
    struct table t;
    table_make(&t);
    t.hub.on_mail = on_mail;
    t.hub.mail_user = &t;
    allocations_left = 0;
    core_says(&t, CORE_MAIL, 0);
    allocations_left = SIZE_MAX;
    assert_int_equal(t.mails, 1);
    core_says(&t, CORE_SEND, t.talk.connection);
    assert_int_equal(t.mails, 1);
    core_says(&t, CORE_MAIL, 0);
    assert_int_equal(t.mails, 2);
    table_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_come_until_the_core_closes),
        cmocka_unit_test(who_is_closed_tells_the_core),
        cmocka_unit_test(mail_is_told_of_once_and_without_memory_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
