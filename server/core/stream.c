#include "core/stream.h"

#include "core/state.h"

sotto_err subscription_find(struct step *s, struct device *device,
                            const uint8_t stream_id[STREAM_ID],
                            struct subscription **ret_subscription)
{
    (void)s;
    (void)device;
    (void)stream_id;
    (void)ret_subscription;
    return SOTTO_E_NOTFOUND;
}

sotto_err device_streams_load(struct step *s, struct device *device)
{
    (void)s;
    (void)device;
    return SOTTO_OK;
}

sotto_err device_streams_make(struct step *s, struct device *device)
{
    (void)s;
    (void)device;
    return SOTTO_OK;
}

sotto_err device_streams_end(struct step *s, struct device *device)
{
    (void)s;
    (void)device;
    return SOTTO_OK;
}

void device_streams_leave(struct core *core, struct device *device)
{
    (void)core;
    (void)device;
}

sotto_err streams_open(struct step *s)
{
    (void)s;
    return SOTTO_OK;
}

sotto_err streams_commit(struct step *s)
{
    (void)s;
    return SOTTO_OK;
}

void streams_clear(struct core *core)
{
    (void)core;
}

sotto_err streams_tick(struct step *s)
{
    (void)s;
    return SOTTO_OK;
}

uint64_t streams_next_ms(const struct core *core)
{
    (void)core;
    return UINT64_MAX;
}
