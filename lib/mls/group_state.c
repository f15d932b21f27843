#include <stdlib.h>

#include "mls/group.h"

/* What has to be written. A group without such a note is to be written whole. */
struct group_changes {
    bool settings, messages, pending, epoch;
};

static void changes_all(sotto_group *g)
{
    group_changes_free(g->changes);
    g->changes = NULL;
}

void group_changes_free(struct group_changes *changes)
{
    free(changes);
}

void group_changed_messages(sotto_group *g, uint64_t epoch)
{
    (void)epoch;
    if (g->changes != NULL)
        g->changes->messages = true;
}

void group_changed_pending(sotto_group *g)
{
    if (g->changes != NULL)
        g->changes->pending = true;
}

void group_changed_epoch(sotto_group *g, const struct tree *before)
{
    (void)before;
    changes_all(g);
}

void group_changed_settings(sotto_group *g)
{
    if (g->changes != NULL)
        g->changes->settings = true;
}
