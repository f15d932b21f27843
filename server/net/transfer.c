/* A transfer is at one step at a time; each is a function for the pool (run) and one for the loop (done), which may begin the next:
 *
 *   send    BEGIN, WRITE again and again, FINISH, then the core is asked and the answer given
 *   look    LOOK: how much is here of what is to be sent
 *   fetch   OPEN, READ again and again
 *
 * What has a file open has END last, before the answer to an upload that stops earlier, so that who is answered can go on at once. If
 * the connection ends while the pool works, END comes after that piece of work. */
#include "net/transfer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "net/loop.h"
#include "store/blobs.h"

#define FIELDS_TEXT 256 /* bytes of what a head has more */

enum step { STEP_LOOK, STEP_BEGIN, STEP_WRITE, STEP_FINISH, STEP_OPEN, STEP_READ, STEP_END };

struct transfer {
    uv_work_t work;
    struct conn *conn; /* NULL: it has ended */
    struct loop *loop;
    struct server *server;
    sotto_crypto *crypto;
    struct blob_request request;
    struct blob_ticket ticket;
    enum step step;
    bool busy;       /* the pool works on it */
    bool ready;      /* the body may come */
    bool claimed;    /* the hash (net/claims.h); when the core is asked, its thread drops that */
    bool more;       /* is to be hashed */
    bool asked;      /* the core */
    bool ended;      /* all of a fetched blob was given to the connection */
    unsigned status; /* of the answer that comes after END; 0: none */
    char fields[FIELDS_TEXT]; /* and what its head has more */
    sotto_err err;            /* of the step */
    struct blob_upload *upload;
    int fd;          /* of a blob that is fetched; -1 */
    uint64_t at;     /* bytes of the blob that are on the disk, or were read */
    uint64_t end;    /* fetch: where to stop reading */
    uint64_t left;   /* bytes of the body that have not come */
    uint64_t size;   /* of the blob that is here */
    uint64_t moved;  /* bytes, see transfer_moved() */
    uint8_t *pieces; /* two; NULL until needed */
    uint8_t *filling, *working;
    size_t filled, worked; /* bytes in them */
};

static void step_begin(struct transfer *t, enum step step);

static const struct limits *limits_of(const struct transfer *t)
{
    return &server_live(t->server)->config.limits;
}

static void transfer_free(struct transfer *t)
{
    if (t->claimed)
        claims_drop(&t->server->claims, t->ticket.hash);
    porter_leave(&t->server->porter, t->ticket.account);
    free(t->pieces);
    free(t);
}

static bool has_file(const struct transfer *t)
{
    return t->upload != NULL || t->fd >= 0;
}

/* Without a connection. */
static void transfer_end(struct transfer *t)
{
    if (has_file(t))
        step_begin(t, STEP_END);
    else
        transfer_free(t);
}

void transfer_leave(struct transfer *t)
{
    if (t == NULL)
        return;
    t->conn = NULL;
    if (!t->busy)
        transfer_end(t);
}

static sotto_err pieces_make(struct transfer *t)
{
    t->pieces = malloc(2 * TRANSFER_PIECE);
    if (t->pieces == NULL)
        return SOTTO_E_NOMEM;
    t->filling = t->pieces;
    t->working = t->pieces + TRANSFER_PIECE;
    return SOTTO_OK;
}

/* --- answers --- */

static void answer_now(struct transfer *t)
{
    conn_blob_answer(t->conn, t->status, t->fields, t->request.method == BLOB_METHOD_HEAD);
}

static void answer(struct transfer *t, unsigned status, const char *fields)
{
    t->status = status;
    snprintf(t->fields, sizeof t->fields, "%s", fields);
    if (has_file(t))
        step_begin(t, STEP_END);
    else
        answer_now(t);
}

void transfer_refuse(struct transfer *t, unsigned status)
{
    answer(t, status, "");
}

static void answer_offset(struct transfer *t, unsigned status, uint64_t offset)
{
    char fields[FIELDS_TEXT];
    snprintf(fields, sizeof fields, "Upload-Offset: %" PRIu64 "\r\n", offset);
    answer(t, status, fields);
}

static void answer_err(struct transfer *t, sotto_err err)
{
    static const struct {
        sotto_err err;
        unsigned status;
    } statuses[] = {
        {SOTTO_E_NOTFOUND, 404}, {SOTTO_E_VALUE, 400}, {SOTTO_E_IN_USE, 409},
        {SOTTO_E_CONFLICT, 409}, {SOTTO_E_QUOTA, 413}, {SOTTO_E_DISK_FULL, 507},
        {SOTTO_E_DENIED, 403},
    };
    unsigned status = 503;
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        if (statuses[i].err == err)
            status = statuses[i].status;
    if (err == SOTTO_E_IO || err == SOTTO_E_PERMISSION)
        log_line(t->server->log, "blobs", "an attachment can't be %s (%s): look at the disk",
                 transfer_is_upload(t) ? "stored" : "read", sotto_err_text(err));
    answer(t, status, "");
}

/* --- sending --- */

/* For what is still missing; what is reserved for the database stays. */
static bool has_space(const struct transfer *t)
{
    struct statvfs fs;
    uint64_t reserve = limits_of(t)->disk_reserve_bytes;
    uint64_t missing =
        blobs_missing(t->server->blobs, t->ticket.hash, t->ticket.account, t->ticket.size);
    if (statvfs(t->server->config.dir, &fs) != 0)
        return true;
    uint64_t free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
    return missing == 0 || (free_bytes >= reserve && free_bytes - reserve >= missing);
}

/* In the pool: of what could not be written or synced nothing is certain. */
static void fail_if(const struct transfer *t)
{
    if (t->err == SOTTO_E_IO)
        server_fail(t->server, "an attachment", t->err);
}

static sotto_err size_find(struct transfer *t)
{
    int fd;
    TRY(blobs_read(t->server->blobs, t->ticket.hash, &fd, &t->size));
    close(fd);
    return t->size == t->ticket.size ? SOTTO_E_EXISTS : SOTTO_E_CONFLICT;
}

/* Nothing is claimed: what is here now may be gone when it is to be sent. */
static void look_run(struct transfer *t)
{
    t->err =
        blobs_offset(t->server->blobs, t->ticket.hash, t->ticket.account, t->ticket.size, &t->at);
    if (t->err == SOTTO_E_EXISTS)
        t->err = size_find(t);
}

static void look_done(struct transfer *t)
{
    if (t->err == SOTTO_OK || t->err == SOTTO_E_EXISTS)
        answer_offset(t, 204, t->err == SOTTO_OK ? t->at : t->size);
    else
        answer_err(t, t->err);
}

static void begin_run(struct transfer *t)
{
    t->claimed = claims_take(&t->server->claims, t->ticket.hash);
    if (!t->claimed || !has_space(t)) {
        t->err = t->claimed ? SOTTO_E_DISK_FULL : SOTTO_E_FULL;
        return;
    }
    t->err = blobs_begin(t->server->blobs, t->crypto, t->ticket.hash, t->ticket.account,
                         t->ticket.size, &t->upload, &t->at);
    if (t->err == SOTTO_E_EXISTS)
        t->err = size_find(t);
    fail_if(t);
}

/* The core has to know of it, also if the blob was here: its row may have been lost in a crash. */
static void ask_core(struct transfer *t)
{
    struct core_blob blob = {.size = t->ticket.size, .account = t->ticket.account};
    memcpy(blob.hash, t->ticket.hash, sizeof blob.hash);
    const struct post post = {.kind = POST_BLOB, .connection = t->conn->id};
    t->asked = true;
    t->claimed = loop_tell_core(t->conn->loop, &post, view_of(&blob, sizeof blob)) != SOTTO_OK;
    if (t->claimed)
        answer(t, 503, "");
}

static void begin_done(struct transfer *t)
{
    uint64_t from = t->request.ranged ? t->request.range.from : 0;
    if (t->err == SOTTO_E_EXISTS)
        ask_core(t);
    else if (t->err != SOTTO_OK)
        answer_err(t, t->err);
    else if (t->at == t->ticket.size) /* it ended before the last step */
        step_begin(t, STEP_FINISH);
    else if (from != t->at)
        answer_offset(t, 409, t->at);
    else if (pieces_make(t) != SOTTO_OK)
        answer(t, 503, "");
    else {
        t->left = t->request.length;
        t->ready = true;
        conn_blob_go_on(t->conn, t->request.expects ? "HTTP/1.1 100 Continue\r\n\r\n" : "");
    }
}

size_t transfer_take(struct transfer *t, view body)
{
    if (!transfer_is_upload(t) || t->asked)
        return body.len;
    size_t room =
        (size_t)(t->left < TRANSFER_PIECE - t->filled ? t->left : TRANSFER_PIECE - t->filled);
    size_t len = size_min(body.len, room);
    if (len > 0)
        memcpy(t->filling + t->filled, body.data, len);
    t->filled += len;
    t->left -= len;
    t->moved += len;
    if (!t->busy && len > 0 && (t->filled == TRANSFER_PIECE || t->left == 0))
        step_begin(t, STEP_WRITE);
    /* what comes behind the body is nobody's */
    return t->left == 0 ? body.len : len;
}

static void write_run(struct transfer *t)
{
    t->err = blobs_write(t->upload, view_of(t->working, t->worked));
    fail_if(t);
}

static void body_done(struct transfer *t)
{
    if (t->at == t->ticket.size)
        step_begin(t, STEP_FINISH);
    else
        answer_offset(t, 202, t->at);
}

static void write_done(struct transfer *t)
{
    if (t->err != SOTTO_OK) {
        answer_err(t, t->err);
        return;
    }
    t->at += t->worked;
    if (t->left == 0 && t->filled == 0) {
        body_done(t);
        return;
    }
    if (t->filled == TRANSFER_PIECE || t->left == 0)
        step_begin(t, STEP_WRITE);
    if (t->left > 0)
        conn_blob_go_on(t->conn, "");
}

/* What was sent before is hashed in pieces, so that others have their turn and a stop is seen. Whoever comes again with all of it
 * sent can't leave in between, to have it hashed each time: nothing is read from it then. */
static void finish_run(struct transfer *t)
{
    t->more = false;
    t->err = blobs_check(t->upload, &t->more);
    if (t->more)
        return;
    if (t->err == SOTTO_OK)
        t->err = blobs_finish(t->upload);
    blobs_end(t->upload);
    t->upload = NULL;
    fail_if(t);
}

static void finish_done(struct transfer *t)
{
    if (t->more)
        step_begin(t, STEP_FINISH);
    else if (t->err == SOTTO_OK)
        ask_core(t);
    else
        answer_err(t, t->err);
}

void transfer_kept(struct transfer *t, sotto_err verdict)
{
    if (!t->asked)
        return;
    if (verdict == SOTTO_OK)
        answer(t, 201, "");
    else
        answer_err(t, verdict == SOTTO_E_NOTFOUND ? SOTTO_E_DENIED : verdict);
}

/* --- fetching --- */

static void open_run(struct transfer *t)
{
    t->err = blobs_read(t->server->blobs, t->ticket.hash, &t->fd, &t->size);
}

static void head_write(struct transfer *t)
{
    char range[FIELDS_TEXT] = "", head[2 * FIELDS_TEXT];
    if (t->request.ranged)
        snprintf(range, sizeof range,
                 "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64 "\r\n", t->at, t->end - 1,
                 t->size);
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %s\r\nContent-Type: application/octet-stream\r\n"
                       "Content-Length: %" PRIu64 "\r\n%sAccept-Ranges: bytes\r\n"
                       "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                       "Connection: close\r\n\r\n",
                       t->request.ranged ? "206 Partial Content" : "200 OK", t->end - t->at, range);
    conn_blob_send(t->conn, view_of(head, size_min((size_t)len, sizeof head - 1)));
}

static void open_done(struct transfer *t)
{
    const struct blob_range *range = &t->request.range;
    if (t->err != SOTTO_OK) {
        answer_err(t, t->err);
        return;
    }
    t->end = t->size;
    if (t->request.ranged && range->from >= t->size) {
        char fields[FIELDS_TEXT];
        snprintf(fields, sizeof fields, "Content-Range: bytes */%" PRIu64 "\r\n", t->size);
        answer(t, 416, fields);
        return;
    }
    if (t->request.ranged) {
        t->at = range->from;
        t->end = range->to < t->size ? range->to + 1 : t->size;
    }
    if (pieces_make(t) != SOTTO_OK) {
        answer(t, 503, "");
        return;
    }
    t->ready = true;
    t->ended = t->request.method == BLOB_METHOD_HEAD;
    head_write(t);
}

static void read_run(struct transfer *t)
{
    size_t want = (size_t)(t->end - t->at < TRANSFER_PIECE ? t->end - t->at : TRANSFER_PIECE);
    ssize_t n = pread(t->fd, t->working, want, (off_t)t->at);
    t->worked = n > 0 ? (size_t)n : 0;
    t->err = n > 0 ? SOTTO_OK : SOTTO_E_IO;
}

/* The head is out: what can't be read ends the connection before its length is reached, which tells the client. */
static void read_done(struct transfer *t)
{
    if (t->err != SOTTO_OK) {
        log_line(t->server->log, "blobs", "an attachment can't be read: look at the disk");
        conn_end(t->conn);
        return;
    }
    t->at += t->worked;
    t->moved += t->worked;
    t->ended = t->at == t->end;
    conn_blob_send(t->conn, view_of(t->working, t->worked));
}

void transfer_drained(struct transfer *t)
{
    if (transfer_is_upload(t) || !t->ready || t->busy)
        return;
    step_begin(t, t->ended ? STEP_END : STEP_READ);
}

/* --- the end --- */

/* To close what is deleted, or to give back what was set aside, is work for the disk, too. */
static void end_run(struct transfer *t)
{
    blobs_end(t->upload);
    t->upload = NULL;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void end_done(struct transfer *t)
{
    if (t->status != 0)
        answer_now(t);
    else
        conn_blob_done(t->conn);
}

/* --- steps --- */

static const struct {
    void (*run)(struct transfer *t);  /* in the pool */
    void (*done)(struct transfer *t); /* on the loop, if the connection is still there */
} steps[] = {
    [STEP_LOOK] = {look_run, look_done},    [STEP_BEGIN] = {begin_run, begin_done},
    [STEP_WRITE] = {write_run, write_done}, [STEP_FINISH] = {finish_run, finish_done},
    [STEP_OPEN] = {open_run, open_done},    [STEP_READ] = {read_run, read_done},
    [STEP_END] = {end_run, end_done},
};

static void on_work(uv_work_t *work)
{
    struct transfer *t = work->data;
    steps[t->step].run(t);
}

static void on_worked(uv_work_t *work, int status)
{
    struct transfer *t = work->data;
    (void)status; /* nothing is cancelled */
    t->busy = false;
    if (t->conn == NULL)
        transfer_end(t);
    else
        steps[t->step].done(t);
}

static void step_begin(struct transfer *t, enum step step)
{
    if (step == STEP_WRITE) {
        uint8_t *full = t->filling;
        t->filling = t->working;
        t->working = full;
        t->worked = t->filled;
        t->filled = 0;
    }
    t->step = step;
    t->busy = true;
    t->work.data = t;
    (void)uv_queue_work(&t->loop->uv, &t->work, on_work,
                        on_worked); /* fails without on_work alone */
}

/* --- the beginning, and what the connection asks --- */

bool transfer_is_upload(const struct transfer *t)
{
    return t->request.method == BLOB_METHOD_PUT;
}

bool transfer_is_full(const struct transfer *t)
{
    return transfer_is_upload(t) && !t->asked && (!t->ready || t->filled == TRANSFER_PIECE);
}

uint64_t transfer_moved(struct transfer *t)
{
    uint64_t moved = t->moved;
    t->moved = 0;
    return t->busy || t->asked ? UINT64_MAX : moved;
}

/* What the ticket allows; 0, or 401, 403, 400. */
static unsigned ticket_check(struct conn *conn, const struct blob_request *request,
                             struct blob_ticket *ret_ticket)
{
    const struct server *server = conn->loop->server;
    sotto_err err =
        blob_ticket_read(conn->loop->crypto, &server->blob_key, VIEW_OF(request->ticket),
                         (uint64_t)(server_wall_ms() / 1000), ret_ticket);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOMEM ? 503 : 401;
    if (memcmp(ret_ticket->hash, request->hash, sizeof request->hash) != 0 ||
        (request->method == BLOB_METHOD_PUT && ret_ticket->op != BLOB_PUT) ||
        (request->method == BLOB_METHOD_GET && ret_ticket->op != BLOB_GET))
        return 403;
    if (request->method != BLOB_METHOD_PUT)
        return 0;
    uint64_t total = request->ranged ? request->range.total : request->length;
    return total == ret_ticket->size && request->length > 0 ? 0 : 400;
}

unsigned transfer_start(struct conn *conn, const struct blob_request *request,
                        struct transfer **ret_transfer)
{
    struct server *server = conn->loop->server;
    struct blob_ticket ticket = {0};
    unsigned status = ticket_check(conn, request, &ticket);
    if (status != 0)
        return status;
    if (ticket.op == BLOB_PUT && atomic_load(&server->disk_full))
        return 507;
    struct transfer *t = calloc(1, sizeof *t);
    if (t == NULL ||
        !porter_enter(&server->porter, &server_live(server)->config.limits, ticket.account)) {
        free(t);
        return 503;
    }
    t->conn = conn;
    t->loop = conn->loop;
    t->server = server;
    t->crypto = conn->loop->crypto;
    t->request = *request;
    t->ticket = ticket;
    t->fd = -1;
    step_begin(t, ticket.op == BLOB_GET                 ? STEP_OPEN
                  : request->method == BLOB_METHOD_HEAD ? STEP_LOOK
                                                        : STEP_BEGIN);
    *ret_transfer = t;
    return 0;
}
