/* welcome_make.h - the Welcome that a committer makes (RFC 9420 12.4.3). */
#ifndef MLS_WELCOME_MAKE_H
#define MLS_WELCOME_MAKE_H

#include "mls/group_info_make.h"

/* One who is added. */
struct new_member {
    view key_package; /* encoded */
    uint32_t leaf_index;
};

struct welcome_parts {
    const struct epoch *epoch; /* the new one */
    const struct secret *joiner_secret;
    const struct secret *member;          /* key_schedule_member() */
    const struct pre_shared_key_id *psks; /* of this commit */
    size_t psk_count;
    const struct treekem_path *path; /* NULL: none */
    sotto_buf *group_info;           /* is sealed where it lies */
};
/* Seals the epoch for new members: MLSMessage(Welcome). Linear in their number: the info of the seals is hashed once. */
SOTTO_MUST_USE sotto_err welcome_make(struct step *s, const struct welcome_parts *parts,
                                      const struct new_member *members, size_t count,
                                      sotto_buf *ret_welcome);

#endif
