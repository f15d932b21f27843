/* The watchdog's pings. */
#include "unit.h"

#include <fcntl.h>
#include <unistd.h>

#include "net/upkeep.h"

static uint64_t pinged(struct mailbox *box)
{
    struct batch batch = {0};
    uint64_t number = 0;
    (void)mailbox_take(box, &batch);
    if (batch.count > 0) {
        assert_int_equal(batch.count, 1);
        assert_int_equal(batch.list[0].kind, POST_PING);
        number = batch.list[0].until_ms;
    }
    batch_clear(&batch);
    return number;
}

/* Else one that was lost for want of memory would be the last one, and the manager would kill a server that is well. */
static void a_ping_that_was_lost_is_sent_again(void **state)
{
    (void)state;
    struct server *server = calloc(1, sizeof *server);
    assert_non_null(server);
    struct upkeep upkeep = {.server = server};
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_ok(log_new(nowhere, LOG_TEXT, &server->log));
    assert_ok(mailbox_init(&server->core, 10, 1000));
    upkeep_ping(&upkeep);
    assert_int_equal(pinged(&server->core), 1);
    upkeep_ping(&upkeep);
    assert_int_equal(pinged(&server->core), 1);
    atomic_store(&server->core_beat, 1);
    upkeep_ping(&upkeep);
    assert_int_equal(pinged(&server->core), 2);
    mailbox_clear(&server->core);
    log_free(server->log);
    close(nowhere);
    free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ping_that_was_lost_is_sent_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
