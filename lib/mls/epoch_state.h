/* epoch_state.h - an epoch as bytes, for who keeps it: what was agreed on and the secrets, in one piece; the private keys; the rest
 * (tree, message keys, exports) is written by those who have it. All of it is secret. An epoch is read into one that has its
 * suite, own leaf and tree, and judged when all is there. */
#ifndef MLS_EPOCH_STATE_H
#define MLS_EPOCH_STATE_H

#include "mls/epoch.h"

/* `member`: whether we are one, so that there are secrets. */
void epoch_write(struct wr *w, const struct epoch *e, bool member);
SOTTO_MUST_USE sotto_err epoch_read(sotto_crypto *c, view value, bool member, struct epoch *e);

/* Of the leaf and its parents, and the one that signs. */
void epoch_keys_write(struct wr *w, const struct epoch *e);
/* KEY: is none. VALUE: of a node elsewhere. */
SOTTO_MUST_USE sotto_err epoch_keys_read(sotto_crypto *c, view value, struct epoch *e);

/* Whether what was read is one epoch: the tree hash is that of the context, the own leaf is there, each private key belongs to the
 * public one at its place. VALUE: no. */
SOTTO_MUST_USE sotto_err epoch_judge(sotto_crypto *c, const struct epoch *e, bool member);

#endif
