/* notify.h - tells a service manager how we are (sd_notify(3)), if it asked to be told. */
#ifndef NET_NOTIFY_H
#define NET_NOTIFY_H

/* "READY=1", "STOPPING=1". Without $NOTIFY_SOCKET nothing happens. */
void notify_manager(const char *state);

#endif
