/* screen.h - what a session shows: on a terminal around the line being typed, on a pipe a line
 * at a time, with --json an object a line. What was asked for (the code, messages) goes to
 * standard output; the notes "[+] ..." go there too on a terminal, else to standard error. All
 * that came from elsewhere is cleaned here. */
#ifndef CLIENT_SCREEN_H
#define CLIENT_SCREEN_H

#include "cli/cli.h"
#include "host/editor.h"

struct screen {
    const struct cli_call *call;
    struct editor *editor; /* or NULL */
    bool terminal;         /* standard output is one */
    bool failed;           /* standard output takes nothing any more */
};

/* Whether lines are typed, and can be edited, on a terminal. */
bool screen_is_edited(const struct cli_call *call);
struct screen screen_of(const struct cli_call *call, struct editor *editor);

/* "[+] text" for something that was achieved, "[*] text" for something under way, "    text" for
 * ' '. Not with --quiet and --json. */
void screen_note(struct screen *s, char mark, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "[Them]: text", each line of it behind the prefix. */
void screen_message(struct screen *s, view text);

/* The session's code, as a line of its own where standard output is no terminal. */
void screen_code(struct screen *s, const char *code, uint64_t ttl_s, const char *server);

/* A prompt where no editor shows it. */
void screen_ask(struct screen *s, const char *prompt);

/* One event as JSON, with --json only: begin, add fields, end. */
bool screen_json(const struct screen *s, const char *type, struct cli_json *ret_json);
void screen_json_end(struct screen *s, struct cli_json *j);

#endif
