#include "core/state.h"

sotto_err key_packages_count_read(view body, union request_body *ret_body)
{
    (void)ret_body;
    return proto_key_packages_count_read(body);
}

sotto_err key_packages_count_on(struct step *s, const struct request *request)
{
    return request_answer_packages(s, request);
}
