/* upkeep.h - commands about the server itself. */
#ifndef ADMIN_UPKEEP_H
#define ADMIN_UPKEEP_H

#include "admin/admin.h"

extern const struct admin_argument rotate_key_arguments[];

void admin_on_status(struct admin_call *call);
void admin_on_reload(struct admin_call *call);
void admin_on_metrics(struct admin_call *call);
void admin_on_rotate_key(struct admin_call *call);

#endif
