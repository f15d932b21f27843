/* group_info.h - an epoch described to those who want to join, signed by a member (RFC 9420 12.4.3). */
#ifndef MLS_GROUP_INFO_H
#define MLS_GROUP_INFO_H

#include "mls/group_context.h"

struct group_info {
    struct group_context group_context;
    view extensions;
    view confirmation_tag;
    uint32_t signer;
    view signature;
    /* Set by reading alone: */
    view encoded_context;  /* GroupContext */
    view encoded_unsigned; /* GroupInfoTBS */
};
void group_info_read(struct rd *r, struct group_info *out);
void group_info_write(struct wr *w, const struct group_info *info);

/* GroupInfoTBS: the fields up to the signature. */
void group_info_write_tbs(struct wr *w, const struct group_info *info);
/* What stands in it behind the extensions, for who writes these where they go: they may have megabytes. */
void group_info_write_tbs_end(struct wr *w, const struct group_info *info);

#endif
