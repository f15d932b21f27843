#include "interrupt.h"

#include <signal.h>
#include <stddef.h>

atomic_bool interrupt_noted;

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
static void (*current)(int);

static void (*handler_of(int number))(int)
{
    struct sigaction action = {0};
    (void)sigaction(number, NULL, &action);
    return action.sa_handler;
}

static void change(void (*from)(int), void (*to)(int))
{
    struct sigaction action = {.sa_flags = SA_RESTART};
    action.sa_handler = to;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (handler_of(ends[i]) == from)
            (void)sigaction(ends[i], &action, NULL);
}

void interrupt_begin(void (*handler)(int number))
{
    current = handler;
    change(SIG_DFL, handler);
}

void interrupt_end(void)
{
    change(current, SIG_DFL);
}

void interrupt_note(int number)
{
    (void)number;
    atomic_store(&interrupt_noted, true);
}
