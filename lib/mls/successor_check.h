/* successor_check.h - what must hold between a group and another that takes its place (RFC 9420 11.2) or branches from it (11.3),
 * for who makes the new group and for who joins it (12.4.3.1). */
#ifndef MLS_SUCCESSOR_CHECK_H
#define MLS_SUCCESSOR_CHECK_H

#include "mls/group.h"

/* `first` is the first epoch of the new group that has more than one member, `psks` are those that it was made with. `old` NULL:
 * the other group is not at hand; then it is checked that a PSK of usage reinit or branch leads into epoch 1, and nothing
 * else. Whether two members are the same client is asked of the application, unless they show the same credential. */
SOTTO_MUST_USE sotto_err successor_check(struct step *s, const sotto_group *old,
                                         const struct epoch *first,
                                         const struct pre_shared_key_id *psks, size_t psk_count);

#endif
