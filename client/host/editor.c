/* editor.c - libedit in its unbuffered mode: each call of el_wgets() takes one key. Bytes wait
 * in `typed` until they are a whole character, so that libedit never blocks on half of one; what
 * it asks for in the middle of an escape sequence is waited for a short time, since a terminal
 * sends those in one piece. */
#include "host/editor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include <histedit.h>

#define PROMPT_MAX  64
#define SEQUENCE_MS 50
#define CTRL_D      L'\x04'

struct editor {
    EditLine *line;
    const struct editor_events *events;
    void *user;
    wchar_t prompt[PROMPT_MAX];
    bool active; /* the terminal is in our mode and shows the prompt */
    unsigned hidden;
    uint8_t typed[8192];
    size_t at, len;
};

/* How many bytes the character that begins at `at` has; 1 for what is no character. */
static size_t character_len(const struct editor *e)
{
    uint8_t lead = e->typed[e->at];
    return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

static bool character_waits(const struct editor *e)
{
    return e->at < e->len && e->at + character_len(e) <= e->len;
}

/* libedit wants another key and none is there: the rest of an escape sequence, or nothing at all
 * if Escape itself was pressed. */
static void more_read(struct editor *e)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (e->at == e->len)
        e->at = e->len = 0;
    if (e->len == sizeof e->typed || poll(&in, 1, SEQUENCE_MS) != 1)
        return;
    ssize_t got = read(STDIN_FILENO, e->typed + e->len, sizeof e->typed - e->len);
    if (got > 0)
        e->len += (size_t)got;
}

/* libedit's source of keys: 1 with a character, 0 for none. */
static int on_getc(EditLine *line, wchar_t *ret_character)
{
    struct editor *e = NULL;
    mbstate_t state = {0};
    el_wget(line, EL_CLIENTDATA, &e);
    if (!character_waits(e))
        more_read(e);
    if (!character_waits(e))
        return 0;
    size_t len = character_len(e);
    size_t used = mbrtowc(ret_character, (const char *)e->typed + e->at, len, &state);
    if (used == (size_t)-1 || used == (size_t)-2)
        *ret_character = 0xfffd;
    e->at += len;
    return 1;
}

static wchar_t *on_prompt(EditLine *line)
{
    struct editor *e = NULL;
    el_wget(line, EL_CLIENTDATA, &e);
    return e->prompt;
}

/* Wide characters as UTF-8 behind what `out` holds; a failure leaves some out. */
static void utf8_append(const wchar_t *text, size_t len, sotto_buf *out)
{
    for (size_t i = 0; i < len; i++) {
        char bytes[8];
        mbstate_t state = {0};
        size_t count = wcrtomb(bytes, text[i], &state);
        if (count == (size_t)-1 || buf_append(out, view_of(bytes, count)) != SOTTO_OK)
            continue;
    }
}

static void insert(EditLine *line, view text)
{
    wchar_t wide[64];
    size_t len = 0;
    for (; len < text.len && len < COUNT_OF(wide) - 1; len++)
        wide[len] = text.data[len]; /* completions are ASCII */
    wide[len] = L'\0';
    if (len > 0)
        el_winsertstr(line, wide);
}

static unsigned char on_tab(EditLine *line, int key)
{
    struct editor *e = NULL;
    DEFER(buf_clear) sotto_buf typed = {0}, added = {0}, shown = {0};
    (void)key;
    el_wget(line, EL_CLIENTDATA, &e);
    const LineInfoW *info = el_wline(line);
    if (e->events->complete == NULL)
        return CC_ERROR;
    utf8_append(info->buffer, (size_t)(info->cursor - info->buffer), &typed);
    e->events->complete(e->user, buf_view(&typed), &added, &shown);
    insert(line, buf_view(&added));
    if (shown.len > 0) {
        editor_hide(e);
        fwrite(shown.data, 1, shown.len, stdout);
        editor_show(e);
    }
    return added.len > 0 ? CC_REFRESH : shown.len > 0 ? CC_NORM : CC_ERROR;
}

sotto_err editor_new(const struct editor_events *events, void *user, struct editor **ret_editor)
{
    struct editor *e = calloc(1, sizeof *e);
    if (e == NULL)
        return SOTTO_E_NOMEM;
    e->events = events;
    e->user = user;
    e->line = el_init("sotto", stdin, stdout, stderr);
    if (e->line == NULL) {
        free(e);
        return SOTTO_E_IO;
    }
    el_wset(e->line, EL_CLIENTDATA, e);
    el_wset(e->line, EL_EDITOR, L"emacs");
    el_wset(e->line, EL_SIGNAL, 0);
    el_wset(e->line, EL_GETCFN, on_getc);
    el_wset(e->line, EL_PROMPT, on_prompt);
    el_wset(e->line, EL_ADDFN, L"sotto-complete", L"complete a word", on_tab);
    el_wset(e->line, EL_BIND, L"^I", L"sotto-complete", NULL);
    *ret_editor = e;
    return SOTTO_OK;
}

/* Takes the terminal, and shows the prompt of an empty line. Between lines the terminal stays in
 * our mode: in the moment that it was given back, it would echo by itself whatever is typed or
 * pasted just then. */
static void line_begin(struct editor *e)
{
    e->hidden = 0;
    if (!e->active) {
        e->active = true;
        el_wset(e->line, EL_UNBUFFERED, 1);
        return;
    }
    const LineInfoW *info = el_wline(e->line);
    int len = (int)(info->lastchar - info->buffer);
    el_cursor(e->line, len);
    el_wdeletestr(e->line, len);
    el_wset(e->line, EL_REFRESH);
}

void editor_free(struct editor *e)
{
    if (e == NULL)
        return;
    if (e->active && e->hidden == 0)
        editor_hide(e);
    if (e->active)
        el_wset(e->line, EL_UNBUFFERED, 0);
    fflush(stdout);
    el_end(e->line);
    free(e);
}

void editor_prompt(struct editor *e, const char *prompt)
{
    if (e->active && e->hidden == 0)
        editor_hide(e);
    mbstowcs(e->prompt, prompt, PROMPT_MAX - 1);
    line_begin(e);
}

/* A whole line: the next one begins before the line is reported, so that output of the event
 * finds a prompt to hide. */
static void line_take(struct editor *e, const wchar_t *text, size_t len)
{
    DEFER(buf_clear) sotto_buf line = {0};
    utf8_append(text, len, &line);
    line_begin(e);
    e->events->line(e->user, buf_view(&line));
}

/* One key. libedit gives the line so far; it is whole when it ends in a line feed. Ctrl-D on an
 * empty line comes as that character. */
static void key_take(struct editor *e)
{
    int len = 0;
    const wchar_t *text = el_wgets(e->line, &len);
    if (text != NULL && len > 0 && (text[len - 1] == L'\n' || text[len - 1] == L'\r'))
        line_take(e, text, (size_t)len - 1);
    else if (text != NULL && len == 1 && text[0] == CTRL_D)
        e->events->end(e->user);
}

void editor_feed(struct editor *e, view bytes)
{
    while (bytes.len > 0 || character_waits(e)) {
        memmove(e->typed, e->typed + e->at, e->len - e->at);
        e->len -= e->at;
        e->at = 0;
        size_t len = size_min(bytes.len, sizeof e->typed - e->len);
        if (len > 0)
            memcpy(e->typed + e->len, bytes.data, len);
        e->len += len;
        bytes = view_of(bytes.data + len, bytes.len - len);
        while (character_waits(e))
            key_take(e);
    }
}

/* Columns that a character takes on the screen at column `at`, as libedit draws it. */
static size_t columns_of(wchar_t c, size_t at)
{
    if (c == L'\t')
        return 8 - at % 8;
    if (c < 0x20 || c == 0x7f)
        return 2;
    int width = wcwidth(c);
    return width < 0 ? 8 : (size_t)width;
}

static size_t columns_now(void)
{
    struct winsize size;
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? size.ws_col : 80;
}

/* The row of a place in the line, counted from the prompt's. */
static unsigned row_of(const struct editor *e, const wchar_t *begin, const wchar_t *place,
                       size_t columns)
{
    unsigned row = 0;
    size_t column = wcslen(e->prompt);
    for (const wchar_t *c = begin; c < place; c++) {
        size_t width = columns_of(*c, column);
        if (column + width > columns) { /* a wide character doesn't fit into the last column */
            row++;
            column = 0;
        }
        column += width;
        if (column == columns) {
            row++;
            column = 0;
        }
    }
    return row;
}

/* Row by row from the last one up. Erasing all below at once would be one sequence, but some
 * terminals keep what is erased so in their history when it is the whole screen. */
static void rows_erase(unsigned cursor, unsigned last)
{
    if (last > cursor)
        fprintf(stdout, "\033[%uB", last - cursor);
    fputs("\r\033[K", stdout);
    for (unsigned row = last; row > 0; row--)
        fputs("\033[A\033[K", stdout);
}

void editor_hide(struct editor *e)
{
    if (e->hidden++ > 0 || !e->active)
        return;
    size_t columns = columns_now();
    const LineInfoW *info = el_wline(e->line);
    rows_erase(row_of(e, info->buffer, info->cursor, columns),
               row_of(e, info->buffer, info->lastchar, columns));
}

bool editor_keep(struct editor *e)
{
    const LineInfoW *info = el_wline(e->line);
    if (!e->active || e->hidden > 0 || info->lastchar == info->buffer)
        return false;
    size_t columns = columns_now();
    unsigned rows = row_of(e, info->buffer, info->lastchar, columns) -
                    row_of(e, info->buffer, info->cursor, columns);
    if (rows > 0)
        fprintf(stdout, "\033[%uB", rows);
    fputs("\r\n", stdout);
    e->hidden = 1;
    return true;
}

void editor_show(struct editor *e)
{
    if (e->hidden == 0 || --e->hidden > 0)
        return;
    fflush(stdout);
    if (e->active)
        el_wset(e->line, EL_REFRESH);
}

void editor_resize(struct editor *e)
{
    editor_hide(e);
    el_resize(e->line);
    editor_show(e);
}

void editor_suspend(struct editor *e)
{
    el_wset(e->line, EL_PREP_TERM, 0);
}

void editor_resume(struct editor *e)
{
    el_wset(e->line, EL_PREP_TERM, 1);
    if (e->active && e->hidden == 0)
        el_wset(e->line, EL_REFRESH);
}
