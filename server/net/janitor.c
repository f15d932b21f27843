#include "net/janitor.h"

#include <stdlib.h>
#include <time.h>

#include "net/loop.h"
#include "store/blobs.h"

#define DIRECTORIES   256
#define REST_MS       500   /* so that others start first */
#define FIRST_MS      20    /* from one directory to the next, the first time through all of them */
#define LATER_MS      60000 /* and from then on */
#define ASK_FILES     64    /* at once */
#define ASK_MS        10    /* from one question to the next */
#define UPLOAD_MOST_S 86400

struct janitor {
    struct server *server;
    uv_thread_t thread;
    uint64_t looked; /* directories */
    uint8_t found[ASK_FILES * BLOB_HASH];
    size_t len; /* of found */
    bool failed;
};

/* --- uploads that nobody went on with --- */

/* They stay as long as a ticket is good, so that what one account leaves on the disk is bounded by its quota, about. */
static sotto_err uploads_expire(const struct server *server)
{
    uint64_t kept_s = server_live(server)->config.limits.blob_ticket_s;
    kept_s = kept_s > 0 && kept_s < UPLOAD_MOST_S ? kept_s : UPLOAD_MOST_S;
    return blobs_expire(server->blobs, (int64_t)time(NULL) - (int64_t)kept_s);
}

/* --- files that no row names --- */

/* Others come first. */
static sotto_err ask(struct janitor *j)
{
    const struct post post = {.kind = POST_BLOBS_FOUND};
    view found = view_of(j->found, j->len);
    j->len = 0;
    do
        uv_sleep(ASK_MS);
    while (mailbox_is_full(&j->server->core) && !claims_ended(&j->server->claims));
    TRY(mailbox_put(&j->server->core, &post, found));
    mailbox_ring(&j->server->core);
    return SOTTO_OK;
}

static bool file_see(void *user, const uint8_t hash[BLOB_HASH])
{
    struct janitor *j = user;
    memcpy(j->found + j->len, hash, BLOB_HASH);
    j->len += BLOB_HASH;
    return (j->len < sizeof j->found || ask(j) == SOTTO_OK) && !claims_ended(&j->server->claims);
}

static sotto_err directory_look(struct janitor *j)
{
    TRY(blobs_list(j->server->blobs, (uint8_t)(j->looked++ % DIRECTORIES), file_see, j));
    return j->len > 0 ? ask(j) : SOTTO_OK;
}

/* --- */

static void look(struct janitor *j)
{
    sotto_err err = SOTTO_OK;
    if (j->looked == 0 || j->looked >= DIRECTORIES)
        err = uploads_expire(j->server);
    if (err == SOTTO_OK)
        err = directory_look(j);
    if (err != SOTTO_OK && !j->failed)
        log_line(j->server->log, "blobs", "what is left of attachments can't be looked through: %s",
                 sotto_err_text(err));
    j->failed = err != SOTTO_OK;
}

static void janitor_main(void *arg)
{
    struct janitor *j = arg;
    struct claims *claims = &j->server->claims;
    uint64_t due_ms = server_now_ms() + REST_MS;
    while (!claims_ended(claims)) {
        uint64_t now_ms = server_now_ms(), wait_ms = due_ms > now_ms ? due_ms - now_ms : 0;
        uint8_t hash[BLOB_HASH];
        if (claims_next(claims, wait_ms, hash)) {
            if (blobs_delete(j->server->blobs, hash) != SOTTO_OK)
                log_line(j->server->log, "blobs",
                         "an attachment can't be deleted: look at the disk");
            claims_gone(claims);
        } else if (!claims_ended(claims)) {
            look(j);
            due_ms = server_now_ms() + (j->looked < DIRECTORIES ? FIRST_MS : LATER_MS);
        }
    }
}

sotto_err janitor_start(struct server *server, struct janitor **ret_janitor)
{
    struct janitor *j = calloc(1, sizeof *j);
    if (j == NULL)
        return SOTTO_E_NOMEM;
    j->server = server;
    if (uv_thread_create(&j->thread, janitor_main, j) != 0) {
        free(j);
        return SOTTO_E_NOMEM;
    }
    *ret_janitor = j;
    return SOTTO_OK;
}

void janitor_stop(struct janitor *j)
{
    if (j == NULL)
        return;
    claims_end(&j->server->claims);
    uv_thread_join(&j->thread);
    free(j);
}
