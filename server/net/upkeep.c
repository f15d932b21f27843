#include "net/upkeep.h"

#include <time.h>

#include "net/loop.h"
#include "net/notify.h"

#define MINUTE_MS     60000
#define RENEWAL_LOOKS 60 /* minutes from one look at the certificate to the next */
#define RENEWAL_DAYS  (IDENTITY_RENEW_S / 86400)
#define RENEWAL_WARN  (24 * RENEWAL_LOOKS) /* from one warning to the next */
#define WATCHDOG_PART 3                    /* pings within the time that the manager gives us */

/* ---- certificates */

static void certificate_renew(struct upkeep *u)
{
    struct keeper *keeper = u->server->keeper;
    struct log *log = u->server->log;
    struct failure failure = {0};
    bool renewed;
    int64_t now_s = (int64_t)time(NULL);
    sotto_err err = keeper_check(keeper, now_s, &renewed, &failure);
    if (renewed)
        log_line(log, "renewed", "the server's certificate was renewed");
    else if (keeper_days(keeper, now_s) < RENEWAL_DAYS && u->looks % RENEWAL_WARN == RENEWAL_LOOKS)
        log_line(log, "renewal",
                 "the server's certificate ends in %lld days and was not renewed: %s",
                 (long long)keeper_days(keeper, now_s),
                 failure.what[0] != 0 ? failure.what
                 : err != SOTTO_OK    ? sotto_err_text(err)
                                      : "the root key is away");
}

static void files_look(struct upkeep *u)
{
    struct keeper *keeper = u->server->keeper;
    struct failure failure = {0};
    const struct keeper_files files = keeper->files;
    if (!keeper_changed(keeper))
        return;
    if (keeper_take(keeper, &files, (int64_t)time(NULL), &failure) == SOTTO_OK)
        log_line(u->server->log, "tls", "the TLS certificate was read again");
    else
        log_line(u->server->log, "tls", "the old TLS certificate stays: %s", failure.what);
}

void upkeep_minute(struct upkeep *u)
{
    u->looks++;
    files_look(u);
    if (u->looks % RENEWAL_LOOKS == 0)
        certificate_renew(u);
    server_take_keys(u->server);
}

static void on_minute(uv_timer_t *timer)
{
    upkeep_minute(timer->data);
}

/* ---- the watchdog */

static bool all_answered(const struct upkeep *u)
{
    bool all = atomic_load(&u->server->core_beat) == u->ping;
    for (unsigned i = 0; i < u->server->loop_count; i++)
        all = all && atomic_load(&u->server->loops[i].beat) == u->ping;
    return all;
}

/* Who has not answered is asked again: without memory the post may have been lost. */
void upkeep_ping(struct upkeep *u)
{
    bool all = all_answered(u);
    if (!all && !u->told)
        log_line(u->server->log, "watchdog", "a thread does not answer");
    u->told = !all;
    if (all)
        notify_manager("WATCHDOG=1");
    const struct post ping = {.kind = POST_PING, .until_ms = all ? ++u->ping : u->ping};
    server_tell_all(u->server, &ping);
}

static void on_watchdog(uv_timer_t *timer)
{
    upkeep_ping(timer->data);
}

void upkeep_start(struct upkeep *u, uv_loop_t *uv, struct server *server)
{
    *u = (struct upkeep){.server = server};
    uint64_t watchdog_ms = notify_watchdog_ms();
    uv_timer_init(uv, &u->minute);
    uv_timer_init(uv, &u->watchdog);
    u->minute.data = u->watchdog.data = u;
    uv_timer_start(&u->minute, on_minute, MINUTE_MS, MINUTE_MS);
    if (watchdog_ms > 0)
        uv_timer_start(&u->watchdog, on_watchdog, 0, watchdog_ms / WATCHDOG_PART + 1);
}

void upkeep_stop(struct upkeep *u)
{
    uv_close((uv_handle_t *)&u->minute, NULL);
    uv_close((uv_handle_t *)&u->watchdog, NULL);
}
