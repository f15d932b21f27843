/* editor.h - one line being typed on a terminal, by libedit: bytes of the terminal go in, lines
 * come out, and other output can be printed without tearing what is being typed. The only file
 * of the client, with editor.c, that names libedit. Text is UTF-8. */
#ifndef HOST_EDITOR_H
#define HOST_EDITOR_H

#include "base/buf.h"

struct editor; /* opaque */

struct editor_events {
    void (*line)(void *user, view line); /* without its end; borrowed */
    void (*end)(void *user);             /* Ctrl-D on an empty line */
    /* Tab: `typed` stands before the cursor. Appends what to insert, and lines to be shown above
     * the prompt. May be NULL. */
    void (*complete)(void *user, view typed, sotto_buf *ret_insert, sotto_buf *ret_shown);
};

/* Opens standard input and output, which are terminals. Borrows `events`. NOMEM, IO. */
SOTTO_MUST_USE sotto_err editor_new(const struct editor_events *events, void *user,
                                    struct editor **ret_editor);
/* Clears the line, gives the terminal back as it was, frees. Accepts NULL. */
void editor_free(struct editor *e);

/* Shows this prompt from now on, for a new line. */
void editor_prompt(struct editor *e, const char *prompt);

/* Takes what was typed. Events come from inside; they may call everything here but
 * editor_free(). */
void editor_feed(struct editor *e, view bytes);

/* Around output of others: takes the line off the screen, and puts it back below what was
 * printed. They nest. */
void editor_hide(struct editor *e);
void editor_show(struct editor *e);

/* Leaves what is being typed on the screen, as a line that stays, and takes nothing more; false if
 * the line is empty. The last call before editor_free(). */
bool editor_keep(struct editor *e);

/* The terminal has another size now. */
void editor_resize(struct editor *e);
/* Before the program is stopped, and after it goes on. */
void editor_suspend(struct editor *e);
void editor_resume(struct editor *e);

#endif
