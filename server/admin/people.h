/* people.h - commands about invites, accounts and devices: arguments into a frame for the core, its answer into JSON. */
#ifndef ADMIN_PEOPLE_H
#define ADMIN_PEOPLE_H

#include "admin/admin.h"

extern const struct admin_argument invite_create_arguments[], invite_key_arguments[],
    invite_list_arguments[], user_list_arguments[], user_arguments[], user_quota_arguments[],
    user_rename_arguments[], device_revoke_arguments[];

void admin_on_invite_create(struct admin_call *call);
void admin_on_invite_list(struct admin_call *call);
void admin_on_invite_revoke(struct admin_call *call);
void admin_on_user_list(struct admin_call *call);
void admin_on_user_disable(struct admin_call *call);
void admin_on_user_enable(struct admin_call *call);
void admin_on_user_delete(struct admin_call *call);
void admin_on_user_quota(struct admin_call *call);
void admin_on_user_rename(struct admin_call *call);
void admin_on_device_list(struct admin_call *call);
void admin_on_device_revoke(struct admin_call *call);

#endif
