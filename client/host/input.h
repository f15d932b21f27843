/* input.h - what the user says on standard input, a line at a time: from a terminal by the
 * editor, or from anything else as it comes. The descriptor's flags are left alone, since it is
 * shared with our parent and often with standard output. */
#ifndef HOST_INPUT_H
#define HOST_INPUT_H

#include <uv.h>

#include "base/buf.h"
#include "host/editor.h"

#define INPUT_LINE_MAX 49152 /* bytes; a longer line comes in pieces, cut between characters */

struct input; /* opaque */

/* `editing`: standard input and output are terminals, lines are edited. Borrows `events`. It
 * starts paused. */
SOTTO_MUST_USE sotto_err input_open(uv_loop_t *loop, bool editing,
                                    const struct editor_events *events, void *user,
                                    struct input **ret_input);

/* Gives the terminal back and closes; the memory goes away when the loop has run. Accepts NULL. */
void input_close(struct input *in);

/* NULL if lines are not edited. */
struct editor *input_editor(const struct input *in);

/* Whether lines come. What was read already waits while it is paused, and so does the end. */
void input_pause(struct input *in);
void input_resume(struct input *in);

/* Ctrl-Z: stops the program with the terminal as it was before, and takes the terminal again when it goes on. */
void input_suspend(struct input *in);

#endif
