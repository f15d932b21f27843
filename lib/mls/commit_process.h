/* commit_process.h - how a commit of somebody else becomes an epoch (RFC 9420 12.4.2). */
#ifndef MLS_COMMIT_PROCESS_H
#define MLS_COMMIT_PROCESS_H

#include "mls/staged.h"

/* `content` was unprotected: it is of this epoch, and its signature is right. The staged object borrows from what `content`
 * borrows from: move those bytes into it, as received and plain. */
SOTTO_MUST_USE sotto_err commit_process(struct step *s, const sotto_group *g,
                                        const struct authenticated_content *content,
                                        sotto_staged **ret_staged);

#endif
