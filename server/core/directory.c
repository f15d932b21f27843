#include "core/directory.h"

#include "core/state.h"

sotto_err directory_open(struct step *s)
{
    s->core->directory.next_account = s->core->directory.next_device = 1;
    return SOTTO_OK;
}

void device_release(struct core *core, struct device *device)
{
    (void)core;
    (void)device;
}

void directory_clear(struct core *core)
{
    map_clear(&core->directory.accounts);
    map_clear(&core->directory.devices);
}
