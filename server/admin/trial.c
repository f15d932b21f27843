#include "admin/trial.h"

#include "mail/mail.h"

const struct admin_argument mail_try_arguments[] = {{"to", ARGUMENT_TEXT, false}, {0}};

static void on_tried(void *user, const struct mail_report *report)
{
    admin_succeed(user,
                  json_pack("{s:b, s:i, s:s, s:i}", "good", report->result == MAIL_RESULT_SENT,
                            "result", (int)report->result, "text", mail_result_text(report->result),
                            "code", (int)report->code));
}

void admin_on_mail_try(struct admin_call *call)
{
    struct mail *mail = admin_server(call)->hub->mail_user;
    const char *text = json_string_value(json_object_get(admin_arguments(call), "to"));
    const view to = text != NULL ? view_str(text) : (view){0};
    struct failure failure = {0};
    sotto_err err = SOTTO_OK;
    if (text != NULL && !mail_address_valid(to))
        err = failure_say(&failure, SOTTO_E_USAGE, "this is no address that mail can be sent to");
    if (err == SOTTO_OK)
        err = mail_try(mail, to, on_tried, call, &failure);
    if (err != SOTTO_OK)
        admin_refuse(call, err, &failure);
}
