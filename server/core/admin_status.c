#include <stdarg.h>
#include <stdio.h>

#include "core/state.h"

sotto_err admin_plain_read(view body, union request_body *ret_body)
{
    (void)ret_body;
    struct rd r = rd_of(body);
    return rd_end(&r);
}

sotto_err admin_answer_done(struct step *s, const struct request *request, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    TRY(fx_reserve(s->fx, STEP_EFFECTS, sizeof text + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(admin_done_write(request->id, view_of(text, size_min((size_t)len, sizeof text - 1)),
                         &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}

sotto_err admin_status_on(struct step *s, const struct request *request)
{
    const struct core *core = s->core;
    const struct core_counts counts = core_count(core);
    const struct admin_status status = {
        .accounts = counts.accounts,
        .sessions = counts.sessions,
        .connections = counts.connections,
        .rooms_open = counts.rooms_open,
        .mails_waiting = counts.mails_waiting,
        .prekeys_low = counts.prekeys_low,
        .disk_full = core->disk_full,
        .registration_open = core->config.registration_open,
        .can_certify = core->config.authority != NULL,
    };
    size_t at = s->fx->bytes.len;
    TRY(admin_status_is_write(request->id, &status, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
    return SOTTO_OK;
}
