/* commands.c - what can be asked over the admin socket, a row each. */
#include "admin/backup.h"
#include "admin/upkeep.h"

const struct admin_command admin_commands[] = {
    {"status", NULL, false, admin_on_status},
    {"reload", NULL, false, admin_on_reload},
    {"metrics print", NULL, false, admin_on_metrics},
    {"backup", backup_arguments, true, admin_on_backup},
    {"rotate-key", rotate_key_arguments, true, admin_on_rotate_key},
    {0},
};
