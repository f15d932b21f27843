/* list_change.h - a device list that takes the place of the one before: what devices_put and rotate share. First everything is checked,
 * then everything is written. */
#ifndef CORE_LIST_CHANGE_H
#define CORE_LIST_CHANGE_H

#include "core/state.h"

struct list_change {
    struct account *account;
    struct account_key key; /* that the new list is signed with */
    view bytes;             /* of the new list */
    const struct proto_list *certificates;
    bool anew; /* the key is a new one: each active device needs a certificate */
    bool adds; /* there are active devices that were not in the list before */
    struct device_list before, next;
    view certificate_of[DEVICES_MAX]; /* by place in `next`; empty: none came */
};

/* Fills in adds, before, next and certificate_of. CONFLICT, SIGNATURE, DENIED, FULL, CERTIFICATE, RATE, and what reading gives. `row` is the
 * account's as it was. */
SOTTO_MUST_USE sotto_err list_change_check(struct step *s, const struct account_row *row,
                                           struct list_change *change);
/* Devices come, get certificates and go; `row` is written with key and list. Answer first: the session that asked may end here;
 * and whatever fails is to be undone with the answer (step_break()). */
SOTTO_MUST_USE sotto_err list_change_apply(struct step *s, struct account_row *row,
                                           const struct list_change *change);

#endif
