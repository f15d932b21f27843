/* welcome_open.h - what a Welcome holds for one KeyPackage (RFC 9420 12.4.3.1), opened and checked as far as that can be without
 * the tree: then see group_info_check.h. */
#ifndef MLS_WELCOME_OPEN_H
#define MLS_WELCOME_OPEN_H

#include "mls/group.h"
#include "mls/group_info.h"
#include "mls/key_package_make.h"
#include "mls/welcome.h"

/* {0} is empty; clear with welcome_opened_clear(), which wipes. */
struct welcome_opened {
    sotto_buf secrets_bytes;
    struct group_secrets secrets;   /* borrows from them */
    struct pre_shared_key_id *psks; /* likewise */
    size_t psk_count;
    struct secret member; /* key_schedule_member(): what the secrets of the epoch come from */
    sotto_buf info_bytes;
    struct group_info info; /* borrows from them; its signature was not verified */
};
void welcome_opened_clear(struct welcome_opened *opened);

/* Of `own` the suite, the encoded KeyPackage and its init_key are used. `predecessor` may be NULL (group_psk_find()). */
SOTTO_MUST_USE sotto_err welcome_open(struct step *s, const struct key_package_private *own,
                                      const struct welcome *welcome, const sotto_group *predecessor,
                                      struct welcome_opened *ret_opened);

#endif
