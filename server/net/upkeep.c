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

static void renewal_warn(struct upkeep *u, int64_t now_s, const char *why)
{
    const struct identity *identity = keeper_identity(u->server->keeper);
    long long days = (long long)keeper_days(u->server->keeper, now_s);
    if (identity->issuer_not_after_s <= now_s)
        log_line(u->server->log, "renewal", "no account can be certified: %s", why);
    else if (identity->issuer_not_after_s < identity->not_after_s)
        log_line(u->server->log, "renewal", "accounts can be certified for %lld days only: %s",
                 days, why);
    else
        log_line(u->server->log, "renewal",
                 "the server's certificate ends in %lld days and was not renewed: %s", days, why);
}

static void certificate_renew(struct upkeep *u)
{
    struct keeper *keeper = u->server->keeper;
    struct failure failure = {0};
    bool renewed;
    int64_t now_s = (int64_t)time(NULL), before_s = keeper_identity(keeper)->not_after_s;
    sotto_err err = keeper_check(keeper, now_s, &renewed, &failure);
    if (renewed)
        log_line(u->server->log, "renewed",
                 keeper_identity(keeper)->not_after_s > before_s
                     ? "the server's certificate was renewed"
                     : "a key that lasts longer certifies accounts from now on");
    else if (keeper_days(keeper, now_s) < RENEWAL_DAYS && u->looks % RENEWAL_WARN == RENEWAL_LOOKS)
        renewal_warn(u, now_s,
                     failure.what[0] != 0 ? failure.what
                     : err != SOTTO_OK    ? sotto_err_text(err)
                                          : "the root key is away");
}

/* Each reason once, as long as it lasts. */
static void files_refuse(struct upkeep *u, sotto_err err, const struct failure *failure)
{
    const char *why = failure->what[0] != 0 ? failure->what : sotto_err_text(err);
    if (strcmp(u->refused.what, why) == 0)
        return;
    failure_say(&u->refused, err, "%s", why);
    log_line(u->server->log, "tls", "the old TLS certificate stays: %s", why);
}

static void files_look(struct upkeep *u)
{
    struct keeper *keeper = u->server->keeper;
    struct failure failure = {0};
    const struct keeper_files files = keeper->files;
    sotto_err err = SOTTO_OK;
    bool changed = keeper_changed(keeper);
    if (changed)
        err = keeper_take(keeper, &files, (int64_t)time(NULL), &failure);
    if (err != SOTTO_OK) {
        files_refuse(u, err, &failure);
        return;
    }
    u->refused = (struct failure){0};
    if (changed)
        log_line(u->server->log, "tls", "the TLS certificate was read again");
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
