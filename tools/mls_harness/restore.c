/* restore.c - for mls-harness --restore: what a call has touched is written, freed, and read back from what was written ever since,
 * so that a walk goes on with states that have been through storage at each of their steps. */
#include "restore.h"

static sotto_err part_keep(void *context, sotto_view name, sotto_view value)
{
    struct stored **parts = context;
    stored_remove(parts, name);
    return value.len > 0 ? stored_add(parts, name, value) : SOTTO_OK;
}

static void reader_freep(sotto_group_reader **r)
{
    sotto_group_reader_free(*r);
}

static sotto_err group_read(sotto_mls *m, const struct stored *parts, sotto_group **ret_group)
{
    DEFER(reader_freep) sotto_group_reader *reader = NULL;
    TRY(sotto_group_read_begin(&reader));
    for (; parts != NULL; parts = parts->next)
        TRY(sotto_group_read_part(reader, sotto_buf_view(&parts->name),
                                  sotto_buf_view(&parts->value)));
    return sotto_group_read_end(m, &reader, ret_group);
}

static sotto_err thing_restore(struct harness *h, struct call *c, struct thing *t)
{
    DEFER(sotto_buf_clear) sotto_buf pending = {0};
    sotto_group *group = NULL;
    sotto_mls_rules rules;
    sotto_mls m = with(h, t, &rules);
    TRY(told(c, &m, "writing", sotto_group_write(t->group, false, part_keep, &t->parts)));
    sotto_group_written(t->group);
    if (t->pending != NULL)
        TRY(told(c, &m, "writing a commit", sotto_staged_write(t->pending, &pending)));
    TRY(told(c, &m, "reading", group_read(&m, t->parts, &group)));
    sotto_staged_free(t->pending);
    t->pending = NULL;
    sotto_group_free(t->group);
    t->group = group;
    if (pending.len > 0)
        TRY(told(c, &m, "reading a commit",
                 sotto_staged_read(&m, group, sotto_buf_view(&pending), &t->pending)));
    return SOTTO_OK;
}

sotto_err restore_touched(struct harness *h, struct call *c)
{
    for (size_t i = 0; i < h->thing_count; i++) {
        struct thing *t = h->things[i];
        if (t == NULL || !t->touched)
            continue;
        t->touched = false;
        TRY(thing_restore(h, c, t));
    }
    return SOTTO_OK;
}
