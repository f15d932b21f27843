/* harden.h - no copy of the keys leaves this process: no core dump, no debugger, no file that others can read. */
#ifndef SERVER_HARDEN_H
#define SERVER_HARDEN_H

void harden(void);

#endif
