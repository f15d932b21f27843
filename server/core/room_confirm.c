#include "core/state.h"

sotto_err room_confirm_read(view body, union request_body *ret_body)
{
    return proto_room_confirm_read(body, &ret_body->slot);
}

sotto_err room_on_confirm(struct step *s, const struct request *request)
{
    if (room_across(request->seat)->owner == NULL)
        return step_refuse(s, SOTTO_E_NOT_NOW, 0, "nobody has joined yet");
    room_confirm(s, request->seat);
    request_answer_ok(s, request);
    return SOTTO_OK;
}
