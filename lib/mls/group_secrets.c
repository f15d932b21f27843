#include <stdlib.h>

#include "mls/describe.h"
#include "mls/group.h"

/* PSKs that go into a group, and secrets that come out of one. */

static sotto_err resumption_find(const sotto_group *g, uint64_t epoch, sotto_buf *ret_psk)
{
    if (!g->removed && epoch == g->epoch->context.epoch)
        return buf_set(ret_psk, secret_view(&g->epoch->secrets.resumption_psk));
    size_t place = past_epochs_find(&g->past, epoch);
    if (place == PAST_EPOCHS_MAX)
        return SOTTO_E_NOTFOUND;
    return buf_set(ret_psk, secret_view(&g->past.items[place]->resumption_psk));
}

static sotto_err psk_ask(struct step *s, const struct pre_shared_key_id *id, sotto_buf *ret_psk)
{
    const sotto_mls_psk_id shown = describe_psk(id);
    if (s->rules->psk == NULL)
        return SOTTO_E_NOTFOUND;
    return s->rules->psk(s->rules->context, &shown, ret_psk);
}

sotto_err group_psk_find(struct step *s, const sotto_group *own, const sotto_group *predecessor,
                         const struct pre_shared_key_id *id, enum mls_check check, uint32_t where,
                         sotto_buf *ret_psk)
{
    const sotto_group *groups[] = {own, predecessor};
    sotto_err err = SOTTO_E_NOTFOUND;
    for (size_t i = 0; i < COUNT_OF(groups) && err == SOTTO_E_NOTFOUND; i++)
        if (groups[i] != NULL && id->psktype == PSK_RESUMPTION &&
            view_equal(id->psk_group_id, groups[i]->epoch->context.group_id))
            err = resumption_find(groups[i], id->psk_epoch, ret_psk);
    if (err == SOTTO_E_NOTFOUND)
        err = psk_ask(s, id, ret_psk);
    return check_result(check, err, where, &s->fault);
}

struct psk_list {
    struct pre_shared_key *items;
    sotto_buf *values;
    size_t count;
};

static void psk_list_clear(struct psk_list *list)
{
    for (size_t i = 0; list->values != NULL && i < list->count; i++)
        buf_clear(&list->values[i]);
    free(list->values);
    free(list->items);
}

sotto_err group_psk_secret(struct step *s, const struct mls_suite *suite, const sotto_group *own,
                           const sotto_group *predecessor, const struct pre_shared_key_id *ids,
                           size_t count, enum mls_check check, struct secret *ret_psk_secret)
{
    DEFER(psk_list_clear) struct psk_list list = {.count = count};
    list.items = calloc(count + 1, sizeof *list.items);
    list.values = calloc(count + 1, sizeof *list.values);
    if (list.items == NULL || list.values == NULL)
        return SOTTO_E_NOMEM;
    for (size_t i = 0; i < count; i++) {
        TRY(group_psk_find(s, own, predecessor, &ids[i], check, (uint32_t)i, &list.values[i]));
        list.items[i] = (struct pre_shared_key){ids[i], buf_view(&list.values[i])};
    }
    return key_schedule_psk_secret(s->c, suite, list.items, count, ret_psk_secret);
}

sotto_err sotto_group_resumption_psk(const sotto_group *g, uint64_t epoch, sotto_buf *ret_psk)
{
    return resumption_find(g, epoch, ret_psk);
}

view sotto_group_epoch_authenticator(const sotto_group *g)
{
    return secret_view(&g->epoch->secrets.epoch_authenticator);
}

static sotto_err export(struct step *s, const sotto_group *g, view label, view context,
                        uint8_t *ret_out, size_t len)
{
    if (g->removed)
        return SOTTO_E_NOT_NOW;
    if (len > (size_t)255 * g->suite->hash_len)
        return SOTTO_E_TOO_LARGE;
    return key_schedule_export(s->c, g->suite, &g->epoch->secrets.exporter_secret, label, context,
                               ret_out, len);
}

sotto_err sotto_group_export(sotto_mls *m, const sotto_group *g, view label, view context,
                             uint8_t *ret_out, size_t len)
{
    struct step s = step_plain(m);
    return step_end(m, &s, export(&s, g, label, context, ret_out, len));
}

static sotto_err safe_export(struct step *s, sotto_group *g, uint16_t component,
                             sotto_buf *ret_secret)
{
    DEFER(secret_clear) struct secret secret = {0};
    if (g->removed)
        return SOTTO_E_NOT_NOW;
    TRY(buf_reserve(ret_secret, g->suite->hash_len)); /* so that nothing fails once it is erased */
    TRY(exporter_tree_export(s->c, g->epoch->exporter_tree, component, &secret));
    return buf_set(ret_secret, secret_view(&secret));
}

sotto_err sotto_group_safe_export(sotto_mls *m, sotto_group *g, uint16_t component,
                                  sotto_buf *ret_secret)
{
    struct step s = step_plain(m);
    return step_end(m, &s, safe_export(&s, g, component, ret_secret));
}
