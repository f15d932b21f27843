/* backup.h - the command `backup`: to a descriptor that came along, on a thread of the pool, while the server works on. */
#ifndef ADMIN_BACKUP_H
#define ADMIN_BACKUP_H

#include "admin/admin.h"

extern const struct admin_argument backup_arguments[];
void admin_on_backup(struct admin_call *call);

#endif
