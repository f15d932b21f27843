/* Members are compared by their credentials. Those that are the same, byte for byte, find each other in a sorted list; for the
 * others the application is asked, first about the leaf behind the last one that it took: the members of a new group tend to
 * stand in the order of the old one. */
#include "mls/successor_check.h"

#include <stdlib.h>

#include "mls/describe.h"

/* One member's credential, and its leaf. */
struct shown {
    sotto_mls_credential credential;
    uint32_t leaf_index;
};

struct members {
    const struct tree *tree;
    struct shown *items; /* sorted by their credentials */
    size_t count;
};

static void members_clear(struct members *m)
{
    free(m->items);
}

static int credential_order(const sotto_mls_credential *a, const sotto_mls_credential *b)
{
    if (a->type != b->type)
        return a->type < b->type ? -1 : 1;
    if (a->content.len != b->content.len)
        return a->content.len < b->content.len ? -1 : 1;
    return a->content.len > 0 ? memcmp(a->content.data, b->content.data, a->content.len) : 0;
}

static int shown_order(const void *a, const void *b)
{
    return credential_order(&((const struct shown *)a)->credential,
                            &((const struct shown *)b)->credential);
}

static sotto_err members_list(const struct tree *tree, struct members *ret_members)
{
    size_t room = tree_member_count(tree);
    struct members m = {tree, calloc(room > 0 ? room : 1, sizeof *m.items), 0};
    if (m.items == NULL)
        return SOTTO_E_NOMEM;
    for (uint32_t i = 0; m.count < room && tree_next_member(tree, &i); i++)
        m.items[m.count++] = (struct shown){describe_member(tree, i).credential, i};
    qsort(m.items, m.count, sizeof *m.items, shown_order);
    *ret_members = m;
    return SOTTO_OK;
}

/* Whether the application takes one leaf for the successor of another. */
static bool is_successor(const struct step *s, const sotto_mls_leaf *leaf,
                         const sotto_mls_leaf *before)
{
    return s->rules->credential(s->rules->context, leaf, before) == SOTTO_OK;
}

/* A member among others; *hint is where the last one was. `others_are_old`: else the members are. */
static bool member_find(const struct step *s, const struct members *others, bool others_are_old,
                        const sotto_mls_leaf *member, uint32_t *hint)
{
    const struct shown key = {member->credential, 0};
    if (bsearch(&key, others->items, others->count, sizeof *others->items, shown_order) != NULL)
        return true;
    if (s->rules->credential == NULL)
        return false;
    uint32_t leaf_count = tree_leaf_count(others->tree);
    for (uint32_t tried = 0; tried < leaf_count; tried++) {
        *hint = *hint + 1 < leaf_count ? *hint + 1 : 0;
        sotto_mls_leaf other = describe_member(others->tree, *hint);
        if (other.index == UINT32_MAX)
            continue;
        if (others_are_old ? is_successor(s, member, &other) : is_successor(s, &other, member))
            return true;
    }
    return false;
}

/* Each member of `tree` must be among those of `others`. */
static sotto_err members_check(struct step *s, enum mls_check check, const struct tree *tree,
                               const struct tree *others, bool others_are_old)
{
    DEFER(members_clear) struct members list = {0};
    uint32_t hint = UINT32_MAX;
    TRY(members_list(others, &list));
    for (uint32_t i = 0; tree_next_member(tree, &i); i++) {
        sotto_mls_leaf member = describe_member(tree, i);
        TRY(check_that(check, member_find(s, &list, others_are_old, &member, &hint), i, &s->fault));
    }
    return SOTTO_OK;
}

static bool is_of_group(const struct pre_shared_key_id *link, const sotto_group *old)
{
    return view_equal(link->psk_group_id, old->epoch->context.group_id);
}

static sotto_err reinit_check(struct step *s, const sotto_group *old, const struct epoch *first,
                              const struct pre_shared_key_id *link)
{
    const struct group_context *context = &first->context;
    const struct reinit *reinit = &old->reinit_parts;
    TRY(check_that(CHECK_REINIT_COMMITTED, old->reinit.len > 0, 0, &s->fault));
    TRY(check_that(CHECK_REINIT_PSK,
                   is_of_group(link, old) && link->psk_epoch == old->epoch->context.epoch, 0,
                   &s->fault));
    TRY(check_that(CHECK_REINIT_GROUP,
                   view_equal(context->group_id, reinit->group_id) &&
                       reinit->version == PROTOCOL_MLS10 &&
                       context->cipher_suite == reinit->cipher_suite &&
                       view_equal(context->extensions, reinit->extensions),
                   0, &s->fault));
    return members_check(s, CHECK_REINIT_MEMBERS, old->epoch->tree, first->tree, false);
}

static sotto_err branch_check(struct step *s, const sotto_group *old, const struct epoch *first,
                              const struct pre_shared_key_id *link)
{
    TRY(check_that(CHECK_BRANCH_PSK, is_of_group(link, old), 0, &s->fault));
    TRY(check_that(CHECK_BRANCH_GROUP,
                   first->context.cipher_suite == old->epoch->context.cipher_suite, 0, &s->fault));
    return members_check(s, CHECK_BRANCH_MEMBERS, first->tree, old->epoch->tree, true);
}

sotto_err successor_check(struct step *s, const sotto_group *old, const struct epoch *first,
                          const struct pre_shared_key_id *psks, size_t psk_count)
{
    const struct pre_shared_key_id *link = NULL;
    for (size_t i = 0; i < psk_count && link == NULL; i++)
        if (psks[i].psktype == PSK_RESUMPTION && psks[i].usage != PSK_USAGE_APPLICATION)
            link = &psks[i];
    if (link != NULL)
        TRY(check_that(CHECK_SUCCESSOR_EPOCH, first->context.epoch == 1, 0, &s->fault));
    if (old == NULL)
        return SOTTO_OK;
    if (link == NULL)
        return check_that(old->reinit.len > 0 ? CHECK_REINIT_PSK : CHECK_BRANCH_PSK, false, 0,
                          &s->fault);
    return link->usage == PSK_USAGE_REINIT ? reinit_check(s, old, first, link)
                                           : branch_check(s, old, first, link);
}
