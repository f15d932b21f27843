#include "core/streams.h"

sotto_err blob_get_read(view body, union request_body *ret_body)
{
    return proto_blob_get_read(body, &ret_body->blob_get);
}

/* Whoever knows the hash has the right: it can't be guessed, and what is under it is sealed. */
sotto_err blob_get_on(struct step *s, const struct request *request)
{
    const struct proto_blob_get *get = &request->body.blob_get;
    struct blob_ticket ticket = {.op = BLOB_GET};
    struct blob_row row = {0};
    TRY(blob_check_on(s));
    sotto_err err = blob_load(s, VIEW_OF(get->hash), &row);
    if (err == SOTTO_E_NOTFOUND)
        return step_refuse(s, err, 0, "this blob is not here, or its time is over");
    TRY(err);
    memcpy(ticket.hash, get->hash, sizeof ticket.hash);
    ticket.size = row.size;
    return blob_answer_ticket(s, request, &ticket, row.size);
}
