#include "mls/safe_aad.h"

/* struct { ComponentID component_id; opaque aad_item_data<V>; } SafeAADItem;
 * struct { SafeAADItem aad_items<V>; } SafeAAD;                                              draft-ietf-mls-extensions */
view safe_aad_read(struct rd *r)
{
    return component_data_list_read(r, MLS_AAD_MAX);
}

void safe_aad_write(struct wr *w, const struct component_data *items, size_t count)
{
    component_data_list_write(w, items, count, MLS_AAD_MAX);
}

sotto_err safe_aad_check(view group_extensions, view authenticated_data, struct fault *ret_fault)
{
    view required;
    if (!app_data_of(group_extensions, COMPONENT_SAFE_AAD, &required))
        return SOTTO_OK;
    struct rd r = rd_of(authenticated_data);
    (void)safe_aad_read(&r);
    return check_result(CHECK_SAFE_AAD, rd_end(&r), 0, ret_fault);
}
