#include "core/core.h"
#include "proto/proto.h"

bool core_wants_precheck(view frame)
{
    (void)frame;
    return false;
}

sotto_err core_precheck(sotto_crypto *c, view frame, const struct core_binding *binding)
{
    (void)c;
    (void)frame;
    (void)binding;
    return SOTTO_OK;
}
