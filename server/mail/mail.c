/* A sender goes IDLE -> SENDING -> TELLING -> IDLE; the one for trials has nobody to tell but who asked. Each request to the core has an id of its own, so that an answer that comes late is not
 * taken for another one's. A mail that is taken is leased: if we never say what became of it, the core gives it out again. */
#include "mail/mail.h"

#include <signal.h>
#include <sotto/version.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/admin.h"
#include "mail/job.h"
#include "mail/program.h"
#include "proto/proto.h"

#define MAIL_AT_ONCE 4
#define MAIL_SENDERS (MAIL_AT_ONCE + 1) /* the last one is for trials */
#define ASK_MS       10000   /* after a failure: the time until the core is asked again */
#define ASK_MAX_MS   3600000 /* the clock of the day may jump: at least that often */
#define SEND_MS      150000  /* more than a mailer takes by its own limits */
#define STOP_MS      5000

#define EXIT_OF_LOADER 127 /* ld.so's: a library is missing */

enum mail_stage {
    MAIL_IDLE,
    MAIL_SENDING, /* a mailer has it */
    MAIL_TELLING  /* it is over; the core hasn't confirmed yet */
};

/* One mail at a time. */
struct mail_sender {
    struct mail *mail;
    enum mail_stage stage;
    uint64_t number;  /* of the mail */
    uint32_t request; /* that tells the core */
    uint8_t outcome;  /* enum admin_mail_result, while TELLING */
    bool went;        /* its mailer was told to go */
    struct mail_report last;
    uv_process_t process;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_write_t job_write, go_write;
    unsigned handles; /* that are not closed yet */
    sotto_buf job;
    uint8_t in[MAIL_REPORT_SIZE];
    size_t in_len;
};

struct mail {
    struct server *server;
    uv_loop_t *uv;
    struct mail_settings settings, next_settings;
    struct letter_template template, next_template;
    int program; /* sottod-mail; -1: it is not there, and no mail server is set */
    struct talk talk;
    uv_timer_t timer;  /* to ask again */
    uint32_t requests; /* so many were made: the id of the last one */
    uint32_t asked;    /* the one that asks for a mail; 0: none does */
    bool stopping;
    struct mail_sender senders[MAIL_SENDERS];
    mail_tried *tried; /* who hears of the trial that runs */
    void *tried_user;
};

static void ask(struct mail *m);
static void tell(struct mail_sender *s);

static bool is_on(const struct mail *m)
{
    return m->server->config.store != NULL && !m->stopping && m->settings.server[0] != 0;
}

static void on_timer(uv_timer_t *timer)
{
    struct mail *m = timer->data;
    for (size_t i = 0; i < MAIL_AT_ONCE; i++)
        if (m->senders[i].stage == MAIL_TELLING)
            tell(&m->senders[i]);
    ask(m);
}

static void ask_in(struct mail *m, uint64_t ms)
{
    if (!m->stopping)
        uv_timer_start(&m->timer, on_timer, ms < ASK_MAX_MS ? ms : ASK_MAX_MS, 0);
}

/* ---- what became of a mail */

static sotto_err talk_ready(struct mail *m)
{
    struct hub *hub = m->server->hub;
    if (hub == NULL)
        return SOTTO_E_CLOSED;
    return m->talk.connection != 0 ? SOTTO_OK : talk_open(hub, &m->talk);
}

static void tell(struct mail_sender *s)
{
    struct mail *m = s->mail;
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct admin_mail_done done = {.number = s->number, .result = s->outcome};
    s->stage = MAIL_TELLING;
    s->request = ++m->requests;
    if (admin_mail_done_write(s->request, &done, &frame) != SOTTO_OK || talk_ready(m) != SOTTO_OK ||
        talk_send(m->server->hub, &m->talk, buf_view(&frame)) != SOTTO_OK)
        ask_in(m, ASK_MS);
}

/* Of a mail: its number alone; whom it goes to stands in no log. */
static void log_result(const struct mail_sender *s)
{
    static const char *const then[] = {
        [MAIL_FATE_LATER] = "; it is tried again",
        [MAIL_FATE_NEVER] = "; it is given up",
    };
    enum mail_fate fate = mail_result_fate(s->last.result);
    char code[24] = "";
    if (s->last.code > 0 && fate != MAIL_FATE_SENT)
        snprintf(code, sizeof code, " (%u)", (unsigned)s->last.code);
    log_line(s->mail->server->log, "mail", "mail %llu %s%s%s%s", (unsigned long long)s->number,
             fate == MAIL_FATE_SENT ? "" : "was not sent: ", mail_result_text(s->last.result), code,
             fate == MAIL_FATE_SENT ? "" : then[fate]);
}

static struct mail_sender *trial_of(struct mail *m)
{
    return &m->senders[MAIL_AT_ONCE];
}

static void finish(struct mail_sender *s, const struct mail_report *report)
{
    static const uint8_t outcomes[] = {
        [MAIL_FATE_SENT] = MAIL_SENT,
        [MAIL_FATE_LATER] = MAIL_RETRY,
        [MAIL_FATE_NEVER] = MAIL_REFUSED,
    };
    s->last = *report;
    if (s == trial_of(s->mail)) {
        s->stage = MAIL_IDLE;
        log_line(s->mail->server->log, "mail", "trial: %s", mail_result_text(report->result));
        s->mail->tried(s->mail->tried_user, &s->last);
        return;
    }
    log_result(s);
    s->outcome = outcomes[mail_result_fate(report->result)];
    tell(s);
}

/* ---- a mailer */

static void on_closed(uv_handle_t *handle)
{
    struct mail_sender *s = handle->data;
    if (--s->handles > 0)
        return;
    buf_clear(&s->job);
    if (s->mail->stopping && !s->went)
        s->last = (struct mail_report){.result = MAIL_RESULT_STOPPED};
    finish(s, &s->last);
}

static void sender_close(struct mail_sender *s)
{
    uv_handle_t *const handles[] = {(uv_handle_t *)&s->process, (uv_handle_t *)&s->pipe,
                                    (uv_handle_t *)&s->timer};
    for (size_t i = 0; i < COUNT_OF(handles); i++)
        if (!uv_is_closing(handles[i]))
            uv_close(handles[i], on_closed);
}

/* Why a mailer said nothing. */
static enum mail_result result_of_exit(int64_t status)
{
    switch (status) {
    case MAILER_OTHER_VERSION:
        return MAIL_RESULT_OTHER_VERSION;
    case EXIT_OF_LOADER:
        return MAIL_RESULT_NOT_RUN;
    default:
        return MAIL_RESULT_DIED;
    }
}

/* What it said last counts, however it ended. */
static void on_ended(uv_process_t *process, int64_t status, int number)
{
    struct mail_sender *s = process->data;
    (void)number;
    if (s->last.result == MAIL_RESULT_DIED)
        s->last.result = result_of_exit(status);
    uv_close((uv_handle_t *)process, on_closed);
    if (uv_is_closing((uv_handle_t *)&s->pipe))
        sender_close(s);
}

static void on_slow(uv_timer_t *timer)
{
    struct mail_sender *s = timer->data;
    s->last.result = MAIL_RESULT_SLOW;
    (void)uv_process_kill(&s->process, SIGKILL);
}

static void on_written(uv_write_t *write, int status)
{
    (void)write;
    (void)status; /* if the mailer is gone, on_ended() says so */
}

/* It may hand the mail over, unless we are on the way out: then it must not. */
static void on_ready(struct mail_sender *s)
{
    static char go[] = {MAIL_GO};
    const uv_buf_t bytes = uv_buf_init(go, sizeof go);
    if (s->mail->stopping || uv_write(&s->go_write, (uv_stream_t *)&s->pipe, &bytes, 1, on_written))
        (void)uv_process_kill(&s->process, SIGKILL);
    else
        s->went = true;
}

static void on_report(struct mail_sender *s)
{
    struct mail_report report;
    s->in_len = 0;
    if (mail_report_read(VIEW_OF(s->in), &report) != SOTTO_OK ||
        (report.result == MAIL_RESULT_READY && s->went)) {
        (void)uv_process_kill(&s->process, SIGKILL);
        return;
    }
    if (report.result == MAIL_RESULT_READY)
        on_ready(s);
    else
        s->last = report;
}

static void on_alloc(uv_handle_t *handle, size_t wanted, uv_buf_t *ret_buf)
{
    struct mail_sender *s = handle->data;
    (void)wanted;
    *ret_buf = uv_buf_init((char *)s->in + s->in_len, (unsigned)(sizeof s->in - s->in_len));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct mail_sender *s = stream->data;
    (void)buf;
    if (n > 0)
        s->in_len += (size_t)n;
    if (s->in_len == sizeof s->in)
        on_report(s);
    if (n >= 0)
        return;
    uv_close((uv_handle_t *)stream, on_closed);
    if (uv_is_closing((uv_handle_t *)&s->process))
        sender_close(s);
}

/* Without our environment. */
static int mailer_spawn(struct mail_sender *s)
{
    static char name[] = MAIL_PROGRAM, version[] = SOTTO_VERSION;
    char *args[] = {name, version, NULL}, *environment[] = {NULL};
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", s->mail->program);
    uv_stdio_container_t stdio = {
        .flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE),
        .data.stream = (uv_stream_t *)&s->pipe,
    };
    const uv_process_options_t options = {
        .exit_cb = on_ended,
        .file = path,
        .args = args,
        .env = environment,
        .cwd = "/",
        .stdio_count = 1,
        .stdio = &stdio,
    };
    return uv_spawn(s->mail->uv, &s->process, &options);
}

static enum mail_result result_of_spawn(int err)
{
    bool is_short = err == UV_ENOMEM || err == UV_EAGAIN || err == UV_EMFILE || err == UV_ENFILE;
    return is_short ? MAIL_RESULT_NO_MEMORY : MAIL_RESULT_NOT_RUN;
}

/* All ends in finish(), also if it can't begin. */
static void mailer_run_for(struct mail_sender *s)
{
    s->stage = MAIL_SENDING;
    s->went = false;
    s->in_len = 0;
    s->last = (struct mail_report){.result = MAIL_RESULT_DIED};
    s->handles = 3;
    s->process.data = s->pipe.data = s->timer.data = s;
    uv_timer_init(s->mail->uv, &s->timer);
    (void)uv_pipe_init(s->mail->uv, &s->pipe, 0);
    const uv_buf_t job = uv_buf_init((char *)s->job.data, (unsigned)s->job.len);
    int err = mailer_spawn(s);
    if (err != 0) {
        s->last.result = result_of_spawn(err);
        sender_close(s);
        return;
    }
    uv_timer_start(&s->timer, on_slow, SEND_MS, 0);
    if (uv_read_start((uv_stream_t *)&s->pipe, on_alloc, on_read) != 0 ||
        uv_write(&s->job_write, (uv_stream_t *)&s->pipe, &job, 1, on_written) != 0) {
        (void)uv_process_kill(&s->process, SIGKILL);
        uv_close((uv_handle_t *)&s->pipe, on_closed);
    }
}

/* ---- a mail */

static sotto_err message_write(const struct mail *m, const struct admin_mail *mail, sotto_buf *out)
{
    const struct live *live = server_live(m->server);
    const struct letter letter = {
        .number = mail->number,
        .from = view_str(m->settings.from),
        .to = mail->to,
        .host = view_str(m->server->config.host),
        .port = server_public_port(&m->server->config),
        .pin = live->core.pin,
        .password = mail->password,
        .name = mail->name,
        .now_s = server_wall_ms() / 1000,
        .until_s = mail->expires_s,
    };
    return letter_write(&m->template, &letter, out);
}

/* Without an address: a trial of the mail server alone. */
static enum mail_result job_make(const struct mail *m, const struct admin_mail *mail,
                                 sotto_buf *ret_job)
{
    DEFER(buf_clear) sotto_buf message = {0};
    struct mail_server server;
    struct failure failure = {0};
    char password_path[2 * MAIL_PATH];
    const view host = view_str(m->server->config.host);
    sotto_err err = mail->to.len > 0 ? message_write(m, mail, &message) : SOTTO_OK;
    if (err == SOTTO_E_NOMEM)
        return MAIL_RESULT_NO_MEMORY;
    if (err != SOTTO_OK)
        return MAIL_RESULT_ADDRESS;
    if (mail_server_read(m->settings.server, &server) != SOTTO_OK)
        return MAIL_RESULT_UNREACHABLE;
    if (mail_password_path(&m->settings, password_path, &failure) != SOTTO_OK)
        return MAIL_RESULT_PASSWORD_FILE;
    const struct mail_job job = {
        .tls_first = server.tls_first,
        .port = server.port,
        .host = view_str(server.host),
        .ehlo = mail_domain_valid(host) ? host : VIEW_LIT(""),
        .user = view_str(m->settings.user),
        .password_file = view_str(password_path),
        .ca_file = view_str(m->settings.ca_file),
        .from = view_str(m->settings.from),
        .to = mail->to,
        .message = buf_view(&message),
    };
    return mail_job_write(&job, ret_job) == SOTTO_OK ? MAIL_RESULT_SENT : MAIL_RESULT_NO_MEMORY;
}

static struct mail_sender *sender_find(struct mail *m)
{
    for (size_t i = 0; i < MAIL_AT_ONCE; i++)
        if (m->senders[i].stage == MAIL_IDLE)
            return &m->senders[i];
    return NULL;
}

static void on_mail(struct mail *m, const struct admin_mail *mail)
{
    struct mail_sender *s = sender_find(m);
    if (mail->number == 0) {
        uint64_t now_s = (uint64_t)server_wall_ms() / 1000;
        if (mail->due_s > 0)
            ask_in(m, mail->due_s > now_s ? (mail->due_s - now_s) * 1000 : 1000);
        return;
    }
    if (s == NULL || !is_on(m))
        return; /* its lease runs out, and it comes again */
    s->number = mail->number;
    struct mail_report failed = {.result = job_make(m, mail, &s->job)};
    if (failed.result == MAIL_RESULT_SENT)
        mailer_run_for(s);
    else
        finish(s, &failed);
    ask(m);
}

/* A mail that is only to show that it comes has a password that opens nothing. */
sotto_err mail_try(struct mail *m, view to, mail_tried *done, void *user,
                   struct failure *ret_failure)
{
    struct mail_sender *s = trial_of(m);
    const uint64_t now_ms = (uint64_t)server_wall_ms();
    const struct admin_mail mail = {
        .number = now_ms, .to = to, .password = VIEW_LIT("TEST-ONLY"), .expires_s = now_ms / 1000};
    if (!is_on(m))
        return failure_say(ret_failure, SOTTO_E_NOT_NOW, "no mail server is set");
    if (s->stage != MAIL_IDLE)
        return failure_say(ret_failure, SOTTO_E_IN_USE, "the mail server is being tried already");
    m->tried = done;
    m->tried_user = user;
    const struct mail_report failed = {.result = job_make(m, &mail, &s->job)};
    if (failed.result == MAIL_RESULT_SENT)
        mailer_run_for(s);
    else
        finish(s, &failed);
    return SOTTO_OK;
}

/* ---- the core */

static void ask(struct mail *m)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    if (!is_on(m) || m->asked != 0 || sender_find(m) == NULL)
        return;
    if (talk_ready(m) != SOTTO_OK ||
        admin_plain_write(m->requests + 1, ADMIN_MAIL_TAKE, &frame) != SOTTO_OK ||
        talk_send(m->server->hub, &m->talk, buf_view(&frame)) != SOTTO_OK) {
        ask_in(m, ASK_MS);
        return;
    }
    m->asked = ++m->requests;
}

static void on_told(struct mail *m, uint32_t id)
{
    for (size_t i = 0; i < MAIL_AT_ONCE; i++)
        if (m->senders[i].stage == MAIL_TELLING && m->senders[i].request == id)
            m->senders[i].stage = MAIL_IDLE;
    ask(m);
}

/* A mail that the core doesn't know any more was revoked, or given up: there is nothing to tell. */
static bool is_lasting(const struct proto_frame *frame)
{
    struct proto_error error;
    return frame->kind == PROTO_ERROR && proto_error_read(frame->body, &error) == SOTTO_OK &&
           error.code == SOTTO_E_NOTFOUND;
}

static void on_frame(struct talk *talk, view bytes)
{
    struct mail *m = talk->user;
    struct proto_frame frame;
    struct admin_mail mail;
    if (proto_frame_read(bytes, &frame) != SOTTO_OK)
        return;
    if (frame.request != 0 && frame.request == m->asked) {
        m->asked = 0;
        if (frame.kind == ADMIN_MAIL && admin_mail_read(frame.body, &mail) == SOTTO_OK)
            on_mail(m, &mail);
        else
            ask_in(m, ASK_MS);
    } else if (frame.kind == ADMIN_DONE || is_lasting(&frame)) {
        on_told(m, frame.request);
    } else if (frame.kind == PROTO_ERROR) {
        ask_in(m, ASK_MS); /* and tell it again */
    }
}

static void on_talk_closed(struct talk *talk)
{
    struct mail *m = talk->user;
    m->asked = 0;
    ask_in(m, ASK_MS);
}

static void on_core_mail(void *user)
{
    ask(user);
}

/* ---- settings, start and end */

/* Once: what the server found when it started, it runs until it ends. */
static sotto_err program_ensure(struct mail *m, bool needed, struct failure *ret_failure)
{
    struct failure failure = {0};
    sotto_err err = m->program < 0 ? mail_program_open(&m->program, &failure) : SOTTO_OK;
    if (err == SOTTO_OK || !needed)
        return SOTTO_OK;
    *ret_failure = failure;
    return err;
}

sotto_err mail_prepare(struct mail *m, const struct mail_settings *settings,
                       struct failure *ret_failure)
{
    struct letter_template t = {0};
    char ignored[2 * MAIL_PATH];
    TRY(program_ensure(m, settings->server[0] != 0, ret_failure));
    TRY(mail_password_path(settings, ignored, ret_failure));
    TRY(mail_template_load(settings, &t, ret_failure));
    letter_template_clear(&m->next_template);
    m->next_template = t;
    m->next_settings = *settings;
    return SOTTO_OK;
}

static void prepared_take(struct mail *m)
{
    letter_template_clear(&m->template);
    m->template = m->next_template;
    m->next_template = (struct letter_template){0};
    m->settings = m->next_settings;
    m->server->hub->mail_user = m;
    m->server->hub->on_mail = is_on(m) ? on_core_mail : NULL; /* who makes invites asks it, too */
}

void mail_apply(struct mail *m)
{
    prepared_take(m);
    ask_in(m, 0);
}

static void handles_open(struct mail *m)
{
    m->talk = (struct talk){.on_frame = on_frame, .on_closed = on_talk_closed, .user = m};
    m->timer.data = m;
    uv_timer_init(m->uv, &m->timer);
    for (size_t i = 0; i < MAIL_SENDERS; i++)
        m->senders[i].mail = m;
    ask_in(m, 0); /* what waits since the last run; once the core runs */
}

sotto_err mail_start(uv_loop_t *uv, struct server *server, const struct mail_settings *settings,
                     struct mail **ret_mail, struct failure *ret_failure)
{
    struct mail *m = calloc(1, sizeof *m);
    if (m == NULL)
        return SOTTO_E_NOMEM;
    m->server = server;
    m->uv = uv;
    m->program = -1;
    sotto_err err = mail_prepare(m, settings, ret_failure);
    if (err != SOTTO_OK) {
        mail_free(m);
        return err;
    }
    prepared_take(m);
    handles_open(m);
    *ret_mail = m;
    return SOTTO_OK;
}

static bool is_busy(const struct mail *m)
{
    for (size_t i = 0; i < MAIL_SENDERS; i++)
        if (m->senders[i].stage != MAIL_IDLE)
            return true;
    return false;
}

static void on_stop_timer(uv_timer_t *timer)
{
    (void)timer; /* wakes the loop */
}

static void senders_kill(struct mail *m, bool all)
{
    for (size_t i = 0; i < MAIL_SENDERS; i++) {
        struct mail_sender *s = &m->senders[i];
        if (s->stage == MAIL_SENDING && (all || !s->went))
            (void)uv_process_kill(&s->process, SIGKILL);
    }
}

void mail_stop(struct mail *m)
{
    uint64_t end_ms = server_now_ms() + STOP_MS;
    m->stopping = true;
    uv_timer_start(&m->timer, on_stop_timer, STOP_MS, 0);
    senders_kill(m, false);
    while (is_busy(m) && server_now_ms() < end_ms)
        uv_run(m->uv, UV_RUN_ONCE);
    senders_kill(m, true);
    m->server->hub->on_mail = NULL;
    uv_close((uv_handle_t *)&m->timer, NULL);
}

void mail_free(struct mail *m)
{
    if (m == NULL)
        return;
    letter_template_clear(&m->template);
    letter_template_clear(&m->next_template);
    for (size_t i = 0; i < MAIL_SENDERS; i++)
        buf_clear(&m->senders[i].job);
    if (m->program >= 0)
        close(m->program);
    free(m);
}
