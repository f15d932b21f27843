/* group.h - a group as one member has it: an epoch, what is left of those before it, and the proposals that wait. */
#ifndef MLS_GROUP_H
#define MLS_GROUP_H

#include "mls/past_epoch.h"
#include "mls/proposal_list.h"

/* What the store has, as far as sotto_group_written() told: what is to be written is what differs from it. What is used up within
 * an epoch, and what waits, knows by itself what of it is stored. */
struct group_stored {
    bool any;
    sotto_buf head; /* the part of this name (group_part.h) */
    uint64_t epoch;
    bool removed;
    struct tree *tree; /* of that epoch, once the group has left it; NULL: the group's own */
    sotto_buf
        head_told; /* by sotto_group_write(), and not known to be written yet; empty: nothing was told */
};

struct sotto_group {
    const struct mls_suite *suite;
    sotto_mls_settings settings; /* as given: ask group_past_epochs() and group_past_age_s() */
    struct epoch *epoch;
    struct past_epochs past;
    struct pending pending;
    /* We are no member any more: the epoch is the last one that we were in, without its secrets; `past` has what opens late
     * messages of it. */
    bool removed;
    sotto_buf reinit;           /* the ReInit that ended the group; empty: none */
    struct reinit reinit_parts; /* borrows from `reinit` */
    struct group_stored stored;
};

SOTTO_MUST_USE sotto_err group_alloc(const struct mls_suite *suite,
                                     const sotto_mls_settings *settings, sotto_group **ret_group);
void group_freep(sotto_group **g);
bool group_is_active(const sotto_group *g);
/* COMMIT_ACTIVE: see sotto_group_is_active(). */
SOTTO_MUST_USE sotto_err group_check_active(const sotto_group *g, struct fault *ret_fault);

/* A group of one in epoch 0: what sotto_group_new() gives. */
SOTTO_MUST_USE sotto_err group_create(struct step *s, const sotto_mls_client *client, view group_id,
                                      view extensions, const sotto_mls_settings *settings,
                                      sotto_group **ret_group);

uint32_t group_past_epochs(const sotto_group *g);
uint64_t group_past_age_s(const sotto_group *g);
/* Drops past epochs that ended too long ago. */
void group_expire(sotto_group *g, uint64_t now_s);
/* What stands in sotto_group.reinit, a ReInit without its type; of nothing, nothing. The parts borrow from it. */
SOTTO_MUST_USE sotto_err group_reinit_parse(view encoded, struct reinit *ret_parts);

/* The group has left an epoch, whose tree this was: taken over, to be compared with the present one when that is written. */
void group_left(sotto_group *g, struct tree *tree);
void group_stored_clear(struct group_stored *stored);

/* A PSK: of the group itself or its predecessor, or else the application's. `check` is given for one that is unknown. */
SOTTO_MUST_USE sotto_err group_psk_find(struct step *s, const sotto_group *own,
                                        const sotto_group *predecessor,
                                        const struct pre_shared_key_id *id, enum mls_check check,
                                        uint32_t where, sotto_buf *ret_psk);
/* psk_secret of a list of them (RFC 9420 8.4). `own` and `predecessor` may be NULL. */
SOTTO_MUST_USE sotto_err group_psk_secret(struct step *s, const struct mls_suite *suite,
                                          const sotto_group *own, const sotto_group *predecessor,
                                          const struct pre_shared_key_id *ids, size_t count,
                                          enum mls_check check, struct secret *ret_psk_secret);

#endif
