/* notify.h - tells a service manager how we are (sd_notify(3)), if it asked to be told. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

#include <stdint.h>

/* How often the manager wants to hear "WATCHDOG=1" at least; 0: never. */
uint64_t notify_watchdog_ms(void);

/* "READY=1", "STOPPING=1". Without $NOTIFY_SOCKET nothing happens. */
void notify_manager(const char *state);

#endif
