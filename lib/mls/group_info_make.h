/* group_info_make.h - an epoch described by a member (RFC 9420 12.4.3). */
#ifndef MLS_GROUP_INFO_MAKE_H
#define MLS_GROUP_INFO_MAKE_H

#include "mls/epoch.h"
#include "mls/step.h"

/* GroupInfo of an epoch, signed by the own leaf; without MLSMessage around it. */
SOTTO_MUST_USE sotto_err group_info_make(struct step *s, const struct epoch *epoch, bool with_tree,
                                         bool with_external_pub, sotto_buf *ret_group_info);

#endif
