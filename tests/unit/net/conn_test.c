/* A connection's turn in a round of its loop that has no time left for strangers. */
#include "unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"
#include "proto/account.h"
#include "proto/auth_proof.h"

#define PAIRS 20 /* of a cheap frame and a costly one: more than a turn has */

struct place {
    struct server *server;
    struct live *live;
    struct kept kept;
    struct loop *loop;
    struct conn *conn;
    int fds[2];
};

/* A sign-in that is rightly signed, by a key that nobody knows. */
static sotto_buf auth_of(struct place *p)
{
    static const uint8_t seed[32] = "a seed";
    static const struct auth_proof proof = {.account_id = {1}};
    sotto_crypto *c = p->loop->crypto;
    struct proto_auth auth = {.account_id = {1}};
    sotto_sign_key *key;
    sotto_buf frame = {0};
    assert_ok(sign_key_derive(c, SIGN_ED25519, VIEW_OF(seed), &key));
    memcpy(auth.public_key, sign_key_public(key).data, sizeof auth.public_key);
    assert_ok(auth_proof_sign(c, key, &proof, auth.signature));
    assert_ok(proto_auth_write(1, &auth, &frame));
    sign_key_free(key);
    return frame;
}

/* What the client has sent: in turns a request that nobody knows, and a sign-in. */
static void frames_put(struct place *p)
{
    static const uint8_t mask[4] = {1, 2, 3, 4}, unknown[] = {0x77, 0x77, 0, 0, 0, 1};
    DEFER(buf_clear) sotto_buf auth = auth_of(p);
    for (size_t i = 0; i < PAIRS; i++) {
        assert_ok(ws_frame_write(WS_BINARY, VIEW_OF(unknown), mask, &p->conn->in));
        assert_ok(ws_frame_write(WS_BINARY, buf_view(&auth), mask, &p->conn->in));
    }
}

static void place_open(struct place *p, bool settled)
{
    struct server *server = calloc(1, sizeof *server);
    struct loop *loop = calloc(1, sizeof *loop);
    struct conn *conn = calloc(1, sizeof *conn);
    assert_true(server != NULL && loop != NULL && conn != NULL);
    *p = (struct place){.server = server, .loop = loop, .conn = conn};
    p->live = calloc(1, sizeof *p->live);
    assert_non_null(p->live);
    p->live->config.limits = limits_default();
    atomic_store(&server->live, p->live);
    assert_ok(mailbox_init(&server->core, 100, 100000));
    loop->server = server;
    loop->kept = &p->kept;
    assert_ok(crypto_new(&loop->crypto));
    assert_int_equal(uv_loop_init(&loop->uv), 0);
    assert_int_equal(uv_timer_init(&loop->uv, &loop->timer), 0);
    wheel_init(&loop->wheel, server_now_ms());
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds), 0);
    assert_int_equal(uv_poll_init(&loop->uv, &conn->poll, p->fds[0]), 0);
    conn->loop = loop;
    conn->visitor = (struct visitor){.fd = p->fds[0], .settled = settled};
    conn->state = CONN_OPEN;
    conn->ws = (struct ws_reader){.role = WS_SERVER, .message_max = 1000};
    frames_put(p);
}

static void place_close(struct place *p)
{
    loop_work_drop(p->loop, p->conn);
    uv_close((uv_handle_t *)&p->conn->poll, NULL);
    uv_close((uv_handle_t *)&p->loop->timer, NULL);
    uv_run(&p->loop->uv, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&p->loop->uv), 0);
    close(p->fds[0]);
    close(p->fds[1]);
    buf_clear(&p->conn->in);
    buf_clear(&p->conn->out);
    crypto_free(p->loop->crypto);
    mailbox_clear(&p->server->core);
    free(p->conn);
    free(p->loop);
    free(p->live);
    free(p->server);
}

/* How many sign-ins were checked and told to the core in a round in which strangers have cost so much already. The connection still
 * wants to be read after it. */
static size_t checked(struct place *p, uint64_t strangers_ns)
{
    struct batch batch = {0};
    size_t count = 0;
    loop_work_drop(p->loop, p->conn);
    p->loop->strangers_ns = strangers_ns;
    p->conn->want_read = true;
    conn_work(p->conn);
    assert_ptr_equal(p->loop->work, p->conn);
    (void)mailbox_take(&p->server->core, &batch);
    for (size_t i = 0; i < batch.count; i++) {
        assert_int_equal(batch.list[i].kind, POST_FRAME);
        count +=
            core_wants_precheck(view_of(batch.bytes.data + batch.list[i].at, batch.list[i].len));
    }
    batch_clear(&batch);
    return count;
}

static void strangers_wait_for_the_next_round_whatever_they_sent_before(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, false);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS), 0);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS - 1), 1);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS), 0);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS - 1), 1);
    place_close(&p);
}

static void who_is_none_has_one_signature_checked_and_then_waits_too(void **state)
{
    (void)state;
    struct place p;
    place_open(&p, true);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS), 1);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS), 0);
    assert_int_equal(checked(&p, LOOP_STRANGERS_NS - 1), 1);
    place_close(&p);
}

static void who_is_sent_away_for_want_of_memory_is_told(void **state)
{
    (void)state;
    struct place p;
    struct proto_frame frame = {0};
    struct proto_error bye = {0};
    place_open(&p, true);
    conn_close(p.conn, SOTTO_E_NOMEM);
    assert_int_equal(p.conn->state, CONN_CLOSING);
    assert_true(p.conn->out.len > 2 && p.conn->out.data[1] < 126); /* a short frame, unmasked */
    assert_ok(proto_frame_read(view_of(p.conn->out.data + 2, p.conn->out.data[1]), &frame));
    assert_int_equal(frame.kind, PROTO_BYE);
    assert_ok(proto_bye_read(frame.body, &bye));
    assert_int_equal(bye.code, SOTTO_E_NOMEM);
    assert_true(bye.retry_ms > 0);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_wait_for_the_next_round_whatever_they_sent_before),
        cmocka_unit_test(who_is_sent_away_for_want_of_memory_is_told),
        cmocka_unit_test(who_is_none_has_one_signature_checked_and_then_waits_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
