/* uploader 1 - n upload. An uploader is there while something is promised to it. */
#include "core/uploads.h"

#include <stdlib.h>

#include "core/state.h"

struct uploader {
    uint64_t account;
    uint64_t bytes; /* promised */
    uint64_t count;
    struct list uploads;
};

struct upload {
    struct uploader *owner;
    uint8_t hash[PROTO_HASH];
    uint64_t size, since_ms;
    struct link of_owner, of_all;
};

static struct upload *upload_find(const struct uploader *owner, const uint8_t *hash)
{
    for (struct link *link = owner->uploads.first; link != NULL; link = link->next) {
        struct upload *upload = LIST_ROW(link, struct upload, of_owner);
        if (memcmp(upload->hash, hash, sizeof upload->hash) == 0)
            return upload;
    }
    return NULL;
}

static void upload_end(struct core *core, struct upload *upload)
{
    struct uploader *owner = upload->owner;
    list_remove(&core->uploads.promised, &upload->of_all);
    list_remove(&owner->uploads, &upload->of_owner);
    owner->bytes -= upload->size;
    owner->count--;
    free(upload);
    if (owner->count == 0)
        free(map_take(&core->uploads.uploaders, owner->account));
}

sotto_err uploads_check(struct step *s, const struct account *account, const uint8_t *hash,
                        uint64_t size)
{
    const struct limits *limits = &s->core->config.limits;
    const struct uploader *owner = map_find(&s->core->uploads.uploaders, account->number);
    const struct upload *same = owner != NULL ? upload_find(owner, hash) : NULL;
    uint64_t quota = account->quota_bytes > 0 ? account->quota_bytes : limits->account_bytes;
    uint64_t used =
        account->blob_bytes + (owner != NULL ? owner->bytes : 0) - (same != NULL ? same->size : 0);
    if (quota == 0 || (used <= quota && size <= quota - used))
        return SOTTO_OK;
    return step_bound(s, BOUND_ACCOUNT_BYTES, SOTTO_E_QUOTA,
                      "no room for %llu bytes more: %llu of your %llu are in use or promised",
                      (unsigned long long)size, (unsigned long long)used,
                      (unsigned long long)quota);
}

/* NOMEM: nothing has changed. */
static sotto_err uploader_get(struct core *core, uint64_t account, struct uploader **ret_owner)
{
    struct uploader *owner = map_find(&core->uploads.uploaders, account);
    if (owner == NULL) {
        TRY(map_reserve(&core->uploads.uploaders, 1));
        owner = calloc(1, sizeof *owner);
        if (owner == NULL)
            return SOTTO_E_NOMEM;
        owner->account = account;
        map_put(&core->uploads.uploaders, account, owner);
    }
    *ret_owner = owner;
    return SOTTO_OK;
}

static sotto_err upload_new(struct step *s, uint64_t account, const uint8_t *hash, uint64_t size)
{
    struct uploader *owner;
    struct upload *upload = calloc(1, sizeof *upload);
    if (upload == NULL || uploader_get(s->core, account, &owner) != SOTTO_OK) {
        free(upload);
        return SOTTO_E_NOMEM;
    }
    upload->owner = owner;
    memcpy(upload->hash, hash, sizeof upload->hash);
    upload->size = size;
    upload->since_ms = s->now_ms;
    list_add_last(&owner->uploads, &upload->of_owner);
    list_add_last(&s->core->uploads.promised, &upload->of_all);
    owner->bytes += size;
    owner->count++;
    return SOTTO_OK;
}

sotto_err uploads_promise(struct step *s, const struct account *account, const uint8_t *hash,
                          uint64_t size)
{
    struct core *core = s->core;
    const struct uploader *owner = map_find(&core->uploads.uploaders, account->number);
    struct upload *same = owner != NULL ? upload_find(owner, hash) : NULL;
    TRY(uploads_check(s, account, hash, size));
    if (same == NULL && owner != NULL && limit_reached(owner->count, core->config.limits.uploads))
        return step_bound(s, BOUND_UPLOADS, SOTTO_E_FULL,
                          "as many attachments are under way as may be: finish one first");
    TRY(upload_new(s, account->number, hash, size));
    if (same != NULL)
        upload_end(core, same);
    return SOTTO_OK;
}

void uploads_take(struct core *core, uint64_t account, const uint8_t *hash)
{
    const struct uploader *owner = map_find(&core->uploads.uploaders, account);
    struct upload *upload = owner != NULL ? upload_find(owner, hash) : NULL;
    if (upload != NULL)
        upload_end(core, upload);
}

uint64_t uploads_next_ms(const struct core *core)
{
    uint64_t ticket_s = core->config.limits.blob_ticket_s;
    const struct link *first = core->uploads.promised.first;
    if (first == NULL || ticket_s == 0 || ticket_s > UINT32_MAX)
        return UINT64_MAX;
    return LIST_ROW(first, const struct upload, of_all)->since_ms + ticket_s * 1000;
}

void uploads_tick(struct core *core, uint64_t now_ms)
{
    uint64_t due_ms;
    while ((due_ms = uploads_next_ms(core)) != UINT64_MAX && due_ms <= now_ms)
        upload_end(core, LIST_ROW(core->uploads.promised.first, struct upload, of_all));
}

void uploads_clear(struct core *core)
{
    while (core->uploads.promised.first != NULL)
        upload_end(core, LIST_ROW(core->uploads.promised.first, struct upload, of_all));
    map_clear(&core->uploads.uploaders);
}
