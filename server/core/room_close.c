#include "core/state.h"

sotto_err room_close_read(view body, union request_body *ret_body)
{
    return proto_room_close_read(body, &ret_body->room_end);
}

sotto_err room_on_close(struct step *s, const struct request *request)
{
    room_end(s, request->seat->room, request->seat,
             (enum proto_room_end)request->body.room_end.reason);
    request_answer_ok(s, request);
    return SOTTO_OK;
}
