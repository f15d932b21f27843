/* commands.c - what can be asked over the admin socket, a row each. */
#include "admin/backup.h"
#include "admin/people.h"
#include "admin/trial.h"
#include "admin/upkeep.h"

const struct admin_command admin_commands[] = {
    {"status", NULL, false, admin_on_status},
    {"reload", NULL, false, admin_on_reload},
    {"metrics print", NULL, false, admin_on_metrics},
    {"backup", backup_arguments, true, admin_on_backup},
    {"mail try", mail_try_arguments, false, admin_on_mail_try},
    {"rotate-key", rotate_key_arguments, true, admin_on_rotate_key},
    {"invite create", invite_create_arguments, false, admin_on_invite_create},
    {"invite list", invite_list_arguments, false, admin_on_invite_list},
    {"invite revoke", invite_key_arguments, false, admin_on_invite_revoke},
    {"user list", user_list_arguments, false, admin_on_user_list},
    {"user disable", user_arguments, false, admin_on_user_disable},
    {"user enable", user_arguments, false, admin_on_user_enable},
    {"user delete", user_arguments, false, admin_on_user_delete},
    {"user quota", user_quota_arguments, false, admin_on_user_quota},
    {"user rename", user_rename_arguments, false, admin_on_user_rename},
    {"device list", user_arguments, false, admin_on_device_list},
    {"device revoke", device_revoke_arguments, false, admin_on_device_revoke},
    {0},
};
