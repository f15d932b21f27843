#include "admin/backup.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "backup/backup.h"
#include "crypto/rng.h"

const struct admin_argument backup_arguments[] = {
    {"keys", ARGUMENT_FLAG, false}, {"target", ARGUMENT_TEXT, false}, {0}};

#define TARGET_MAX 320 /* bytes of the file's name, for words alone */

struct job {
    struct admin_call *call;
    uv_work_t work;
    int fd;
    char target[TARGET_MAX];
    const struct server_config *config;
    struct backup_wish wish;
    struct backup_sum sum;
    struct failure failure;
    sotto_err err;
};

static void on_work(uv_work_t *work)
{
    struct job *job = work->data;
    sotto_crypto *c;
    job->err = sotto_crypto_new(&c);
    if (job->err != SOTTO_OK)
        return;
    job->err = backup_write(c, &job->wish, job->fd, &job->sum, &job->failure);
    sotto_crypto_free(c);
}

/* Kept for doctor and metrics; without the file they say that there is none. */
static void last_keep(struct admin *admin, int64_t made_s)
{
    char text[32];
    int len = snprintf(text, sizeof text, "%lld\n", (long long)made_s);
    if (state_write(admin->state, BACKUP_LAST, view_of(text, (size_t)len)) != SOTTO_OK)
        log_line(admin->server->log, "backup", "the time of the backup could not be kept");
    atomic_store(&admin->server->backup_s, made_s);
}

static json_t *sum_write(const struct backup_sum *sum)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:b, s:b}", "files", (json_int_t)sum->files, "bytes",
                     (json_int_t)sum->bytes, "attachments", (json_int_t)sum->blobs, "made",
                     (json_int_t)sum->made_s, "sealed", sum->sealed, "keys", sum->keys);
}

static void on_worked(uv_work_t *work, int status)
{
    struct job *job = work->data;
    struct admin_call *call = job->call;
    struct admin *admin = admin_of(call);
    struct admin_call *next = admin->backup_next;
    admin->backup = admin->backup_next = NULL;
    claims_hold(&admin->server->claims, false);
    if (status != 0 || atomic_load(admin_left(call))) /* who left has thrown it away */
        job->err = SOTTO_E_INTERRUPTED;
    close(job->fd);
    if (job->err == SOTTO_OK) {
        last_keep(admin, job->sum.made_s);
        log_line(admin->server->log, "backup", "a backup was made");
        admin_succeed(call, sum_write(&job->sum));
    } else {
        log_line(admin->server->log, "backup", "a backup failed: %s",
                 job->failure.what[0] != 0 ? job->failure.what : sotto_err_text(job->err));
        admin_refuse(call, job->err, &job->failure);
    }
    free(job);
    if (next != NULL)
        admin_on_backup(next);
}

/* One who left has it ended soon. */
static bool may_wait(const struct admin *admin)
{
    return admin->backup != NULL && atomic_load(admin_left(admin->backup)) &&
           admin->backup_next == NULL;
}

static sotto_err job_fill(struct job *job, struct admin_call *call, struct failure *failure)
{
    const struct server *server = admin_server(call);
    static const uint8_t nobody[RECIPIENT_KEY];
    bool keys = admin_flag(admin_arguments(call), "keys");
    const char *target = admin_text(admin_arguments(call), "target");
    job->config = &server_live(server)->config;
    bool sealed = memcmp(job->config->recipient, nobody, sizeof nobody) != 0;
    job->fd = admin_file_take(call);
    if (job->fd < 0)
        return failure_say(failure, SOTTO_E_USAGE, "a file must come along");
    snprintf(job->target, sizeof job->target, "%s", target != NULL ? target : "the backup");
    job->wish = (struct backup_wish){
        .target = job->target,
        .dir = job->config->dir,
        .store = job->config->store,
        .recipient = view_of(job->config->recipient, sealed ? RECIPIENT_KEY : 0),
        .keys = keys || sealed,
        .host = job->config->host,
        .settings = job->config->file,
        .now_s = (int64_t)time(NULL),
        .ending = admin_left(call),
    };
    random_bytes(job->wish.seed, sizeof job->wish.seed);
    return SOTTO_OK;
}

void admin_on_backup(struct admin_call *call)
{
    struct admin *admin = admin_of(call);
    struct failure failure = {0};
    if (may_wait(admin)) {
        admin->backup_next = call;
        return;
    }
    struct job *job = calloc(1, sizeof *job);
    sotto_err err = job == NULL ? SOTTO_E_NOMEM : SOTTO_OK;
    if (err == SOTTO_OK && admin->backup != NULL)
        err = failure_say(&failure, SOTTO_E_IN_USE, "a backup is being made already");
    if (err == SOTTO_OK)
        err = job_fill(job, call, &failure);
    if (err == SOTTO_OK) {
        job->call = call;
        job->work.data = job;
        admin->backup = call;
        claims_hold(&admin->server->claims, true); /* before the database is copied */
        (void)uv_queue_work(admin->poll.loop, &job->work, on_work,
                            on_worked); /* fails without on_work alone */
        return;
    }
    free(job);
    admin_refuse(call, err, &failure);
}
