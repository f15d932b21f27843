/* interrupt.h - the signals that ask a command to leave off: Ctrl-C, a hang-up, kill. Those that the process ignores, as nohup has it,
 * stay ignored. One handler at a time in a process. */
#ifndef SERVER_INTERRUPT_H
#define SERVER_INTERRUPT_H

#include <stdatomic.h>
#include <stdbool.h>

void interrupt_begin(void (*handler)(int number));
void interrupt_end(void);

/* A handler, for a command that cleans up behind itself, and what it makes true. */
void interrupt_note(int number);
extern atomic_bool interrupt_noted;

#endif
