#include "admin/asking.h"

#include <stdlib.h>

struct asking {
    struct talk talk;
    struct admin_call *call;
    enum admin_kind kind;
    asking_answer *answer;
};

static void asking_end(struct asking *a, sotto_err err, json_t *result, const struct failure *f)
{
    struct admin_call *call = a->call;
    talk_close(admin_server(call)->hub, &a->talk);
    free(a);
    if (err == SOTTO_OK) {
        admin_succeed(call, result);
        return;
    }
    json_decref(result);
    admin_refuse(call, err, f);
}

/* The core has refused: its words are better than those of the error. */
static sotto_err refusal_read(view body, struct failure *failure)
{
    struct proto_error error;
    TRY(proto_error_read(body, &error));
    return failure_say(failure, (sotto_err)error.code, "%.*s", (int)size_min(error.detail.len, 300),
                       (const char *)error.detail.data);
}

static sotto_err frame_judge(struct asking *a, view bytes, json_t *result, struct failure *failure)
{
    struct proto_frame frame;
    TRY(proto_frame_read(bytes, &frame));
    if (frame.kind == PROTO_ERROR || frame.kind == PROTO_BYE)
        return refusal_read(frame.body, failure);
    if (frame.kind != a->kind)
        return SOTTO_E_UNEXPECTED;
    return a->answer(a->call, frame.body, result, failure);
}

static void on_frame(struct talk *talk, view frame)
{
    struct asking *a = talk->user;
    struct failure failure = {0};
    json_t *result = json_object();
    sotto_err err = frame_judge(a, frame, result, &failure);
    asking_end(a, err, result, &failure);
}

static void on_closed(struct talk *talk)
{
    struct asking *a = talk->user;
    struct failure failure = {0};
    sotto_err err =
        failure_say(&failure, SOTTO_E_CLOSED, "the server stops, or is out of memory: try again");
    asking_end(a, err, NULL, &failure);
}

void asking_begin(struct admin_call *call, view frame, enum admin_kind answer_kind,
                  asking_answer *answer)
{
    struct hub *hub = admin_server(call)->hub;
    struct failure failure = {0};
    struct asking *a = calloc(1, sizeof *a);
    sotto_err err = SOTTO_E_NOMEM;
    if (a != NULL) {
        *a = (struct asking){
            .talk = {.on_frame = on_frame, .on_closed = on_closed, .user = a},
            .call = call,
            .kind = answer_kind,
            .answer = answer,
        };
        err = talk_open(hub, &a->talk);
    }
    if (err == SOTTO_OK)
        err = talk_send(hub, &a->talk, frame);
    if (err == SOTTO_OK)
        return;
    if (a != NULL)
        talk_close(hub, &a->talk);
    free(a);
    admin_refuse(call, err, &failure);
}

sotto_err asking_done(struct admin_call *call, view body, json_t *result,
                      struct failure *ret_failure)
{
    view text;
    (void)call;
    (void)ret_failure;
    TRY(admin_done_read(body, &text));
    json_object_set_new(result, "text", json_stringn((const char *)text.data, text.len));
    return SOTTO_OK;
}
