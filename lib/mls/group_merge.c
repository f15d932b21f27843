#include "mls/staged.h"

/* From one epoch into the next. All that can fail comes first; what was done by then (a key used up, which the commit had used
 * already) may be done again. */

static bool is_base(const sotto_staged *s, const sotto_group *g)
{
    return s->has_base && group_is_active(g) && g->suite == s->suite &&
           g->epoch->context.epoch == s->base_epoch &&
           view_equal(epoch_confirmation_tag(g->epoch), view_of(s->base_tag, s->suite->hash_len));
}

/* The key that the commit was opened with (RFC 9420 9.2). */
static sotto_err key_consume(sotto_crypto *c, sotto_group *g, const sotto_staged *s)
{
    DEFER(message_key_clear) struct message_key key = {0};
    if (!s->consumes)
        return SOTTO_OK;
    sotto_err err = secret_tree_find(c, g->epoch->secret_tree, s->key_leaf, RATCHET_HANDSHAKE,
                                     s->key_generation, &key);
    if (err == SOTTO_E_REPLAYED || err == SOTTO_E_EXPIRED)
        return SOTTO_OK; /* the same commit was merged in part before, or given up */
    TRY(err);
    TRY(secret_tree_consume(g->epoch->secret_tree, &key));
    return SOTTO_OK;
}

/* The next epoch, or the last one without its secrets. */
static void epoch_swap(sotto_group *g, sotto_staged *s)
{
    if (s->next == NULL) {
        g->removed = true;
        epoch_clear_secrets(g->epoch);
        return;
    }
    DEFER(epoch_freep) struct epoch *before = g->epoch;
    g->epoch = MOVE(s->next);
    group_left(g, MOVE(before->tree));
}

static sotto_err merge(sotto_crypto *c, uint64_t now_s, sotto_group *g, sotto_staged *s)
{
    struct past_epoch *past = NULL;
    struct reinit reinit = {0};
    if (!is_base(s, g))
        return SOTTO_E_NOT_NOW;
    TRY(key_consume(c, g, s));
    TRY(group_reinit_parse(buf_view(&s->reinit), &reinit));
    TRY(past_epoch_new(g->epoch, s->next != NULL ? s->next->tree : g->epoch->tree, now_s, &past));
    past_epochs_push(&g->past, past, group_past_epochs(g));
    g->reinit = s->reinit;
    g->reinit_parts = reinit;
    s->reinit = (sotto_buf){0};
    pending_clear(&g->pending);
    epoch_swap(g, s);
    group_expire(g, now_s);
    return SOTTO_OK;
}

/* A group that begins with this epoch. */
static sotto_err begin(sotto_staged *s, sotto_group **ret_group)
{
    if (s->has_base || s->next == NULL)
        return SOTTO_E_USAGE;
    TRY(group_alloc(s->suite, &s->settings, ret_group));
    (*ret_group)->epoch = MOVE(s->next);
    return SOTTO_OK;
}

sotto_err sotto_staged_merge(sotto_mls *m, sotto_group **group, sotto_staged **staged)
{
    struct step s = step_plain(m);
    sotto_err err = *group != NULL ? merge(s.c, s.now_s, *group, *staged) : begin(*staged, group);
    if (err == SOTTO_OK)
        staged_freep(staged);
    return step_end(m, &s, err);
}
