/* Two arrays of the same proposals: as they came, and sorted, for look-ups. No hash table: refs are hashes, but of what others
 * choose, who could make them collide. */
#include "mls/pending.h"

#include <stdlib.h>

void pending_proposal_free(struct pending_proposal *p)
{
    if (p == NULL)
        return;
    kem_key_free(p->leaf_key);
    sign_key_free(p->sign_key);
    buf_clear(&p->encoded);
    free(p);
}

void pending_proposal_freep(struct pending_proposal **p)
{
    pending_proposal_free(*p);
    *p = NULL;
}

sotto_err pending_proposal_read(sotto_crypto *c, const struct mls_suite *suite, view encoded,
                                struct pending_proposal **ret_proposal)
{
    DEFER(pending_proposal_freep) struct pending_proposal *p = calloc(1, sizeof *p);
    if (p == NULL)
        return SOTTO_E_NOMEM;
    TRY(buf_set(&p->encoded, encoded));
    struct rd r = rd_of(buf_view(&p->encoded));
    authenticated_content_read(&r, &p->content);
    TRY(rd_end(&r));
    if (p->content.content.content_type != CONTENT_PROPOSAL)
        return SOTTO_E_VALUE;
    TRY(proposal_ref(c, suite, encoded, p->ref));
    *ret_proposal = MOVE(p);
    return SOTTO_OK;
}

sotto_err pending_proposal_new(sotto_crypto *c, const struct mls_suite *suite,
                               const struct authenticated_content *content,
                               struct pending_proposal **ret_proposal)
{
    DEFER(buf_clear) sotto_buf encoded = {0};
    struct wr w = wr_to(&encoded);
    authenticated_content_write(&w, content);
    TRY(wr_end(&w));
    return pending_proposal_read(c, suite, buf_view(&encoded), ret_proposal);
}

/* Where the sorted array has, or would have, a ref. */
static size_t ref_place(const struct pending *p, const uint8_t *ref, size_t len)
{
    size_t low = 0, high = p->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (memcmp(p->by_ref[middle]->ref, ref, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct pending_proposal *pending_find(const struct pending *p, const struct mls_suite *suite,
                                            view ref)
{
    if (ref.len != suite->hash_len)
        return NULL;
    size_t place = ref_place(p, ref.data, ref.len);
    if (place == p->count || memcmp(p->by_ref[place]->ref, ref.data, ref.len) != 0)
        return NULL;
    return p->by_ref[place];
}

static sotto_err items_grow(struct pending_proposal ***items, size_t cap)
{
    struct pending_proposal **grown = realloc(*items, cap * sizeof(void *));
    if (grown == NULL)
        return SOTTO_E_NOMEM;
    *items = grown;
    return SOTTO_OK;
}

static sotto_err pending_reserve(struct pending *p)
{
    if (p->count < p->cap)
        return SOTTO_OK;
    size_t cap = p->cap > 0 ? 2 * p->cap : 8;
    TRY(items_grow(&p->items, cap));
    TRY(items_grow(&p->by_ref, cap));
    p->cap = cap;
    return SOTTO_OK;
}

sotto_err pending_add(struct pending *p, const struct mls_suite *suite,
                      struct pending_proposal **proposal)
{
    size_t bytes = (*proposal)->encoded.len;
    if (pending_find(p, suite, view_of((*proposal)->ref, suite->hash_len)) != NULL)
        return SOTTO_E_EXISTS;
    if (p->count == PENDING_MAX || bytes > PENDING_BYTES_MAX - p->bytes)
        return SOTTO_E_FULL;
    TRY(pending_reserve(p));
    size_t place = ref_place(p, (*proposal)->ref, suite->hash_len);
    memmove(p->by_ref + place + 1, p->by_ref + place, (p->count - place) * sizeof(void *));
    p->by_ref[place] = *proposal;
    p->items[p->count++] = MOVE(*proposal);
    p->bytes += bytes;
    return SOTTO_OK;
}

void pending_drop_last(struct pending *p)
{
    struct pending_proposal *last = p->items[--p->count];
    size_t place = 0;
    while (p->by_ref[place] != last)
        place++;
    memmove(p->by_ref + place, p->by_ref + place + 1, (p->count - place) * sizeof(void *));
    p->bytes -= last->encoded.len;
    pending_proposal_free(last);
}

void pending_clear(struct pending *p)
{
    for (size_t i = 0; i < p->count; i++)
        pending_proposal_free(p->items[i]);
    free(p->items);
    free(p->by_ref);
    size_t before = p->stored > p->stored_before ? p->stored : p->stored_before;
    *p = (struct pending){.stored_before = before};
}

void pending_stored(struct pending *p)
{
    p->stored = p->count;
    p->stored_before = 0;
}
