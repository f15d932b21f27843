/* safe_aad.h - authenticated_data shared by components of an application (draft-ietf-mls-extensions, "Safe Additional
 * Authenticated Data"). In a group whose GroupContext has the component safe_aad, even with an empty list, all of each
 * message's authenticated_data is a SafeAAD: one item per component, sorted. Look into it with app_data_find(). */
#ifndef MLS_SAFE_AAD_H
#define MLS_SAFE_AAD_H

#include "mls/app_data.h"

/* Gives the list of items. VALUE: not sorted, or a component twice. */
view safe_aad_read(struct rd *r);
/* The writer fails with USAGE if the component_ids don't rise, and with TOO_LARGE over MLS_AAD_MAX. */
void safe_aad_write(struct wr *w, const struct component_data *items, size_t count);

/* SAFE_AAD: whether a message's authenticated_data is what the group's extensions ask for; without safe_aad it may be anything. */
SOTTO_MUST_USE sotto_err safe_aad_check(view group_extensions, view authenticated_data,
                                        struct fault *ret_fault);

#endif
