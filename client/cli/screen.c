#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool screen_is_edited(const struct cli_call *call)
{
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 && !call->json &&
           !call->no_input && term != NULL && strcmp(term, "dumb") != 0;
}

struct screen screen_of(const struct cli_call *call, struct editor *editor)
{
    return (struct screen){.call = call, .editor = editor, .terminal = isatty(STDOUT_FILENO) == 1};
}

static void print_begin(struct screen *s)
{
    if (s->editor != NULL)
        editor_hide(s->editor);
}

/* Each line is out before the next thing happens, so that a pipe's reader is never behind. */
static void print_end(struct screen *s)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        s->failed = true;
    if (s->editor != NULL)
        editor_show(s->editor);
}

static const char *mark_color(const struct screen *s, char mark, FILE *out)
{
    if (!cli_color(s->call, out))
        return "";
    return mark == '+' ? "\033[32m" : "\033[36m";
}

void screen_note(struct screen *s, char mark, const char *format, ...)
{
    FILE *out = s->terminal ? stdout : stderr;
    va_list arguments;
    if (s->call->json || s->call->quiet)
        return;
    print_begin(s);
    const char *color = mark_color(s, mark, out);
    if (mark != ' ')
        fprintf(out, "%s[%c]%s ", color, mark, color[0] != '\0' ? "\033[0m" : "");
    else
        fputs("    ", out);
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
    fputc('\n', out);
    print_end(s);
}

static void lines_print(view text)
{
    for (size_t at = 0; at <= text.len;) {
        const uint8_t *feed = at < text.len ? memchr(text.data + at, '\n', text.len - at) : NULL;
        size_t end = feed != NULL ? (size_t)(feed - text.data) : text.len;
        fputs("[Them]: ", stdout);
        if (end > at)
            fwrite(text.data + at, 1, end - at, stdout);
        fputc('\n', stdout);
        at = end + 1;
    }
}

void screen_message(struct screen *s, view text)
{
    struct cli_json j;
    DEFER(buf_clear) sotto_buf clean = {0};
    if (screen_json(s, "message", &j)) {
        cli_json_string(&j, "from", "them");
        cli_json_text(&j, "text", text);
        screen_json_end(s, &j);
        return;
    }
    if (cli_clean(text, true, &clean) != SOTTO_OK)
        return;
    print_begin(s);
    lines_print(buf_view(&clean));
    print_end(s);
}

static void code_json(struct screen *s, const char *code, uint64_t ttl_s)
{
    struct cli_json j = cli_json_begin(stdout);
    cli_json_string(&j, "code", code);
    cli_json_number(&j, "v", 1);
    cli_json_string(&j, "type", "code");
    cli_json_number(&j, "expiresIn", ttl_s);
    screen_json_end(s, &j);
}

void screen_code(struct screen *s, const char *code, uint64_t ttl_s, const char *server)
{
    if (s->call->json) {
        code_json(s, code, ttl_s);
        return;
    }
    if (s->terminal) {
        bool quiet = s->call->quiet;
        print_begin(s);
        printf("%s%s\n", quiet ? "" : "[+] Session code: ", code);
        print_end(s);
    } else {
        printf("%s\n", code);
        print_end(s);
        screen_note(s, '+', "Session code is on standard output");
    }
    screen_note(s, ' ', "one use, expires in %llu:%02llu", (unsigned long long)(ttl_s / 60),
                (unsigned long long)(ttl_s % 60));
    screen_note(s, ' ', "other side runs: sotto session join%s%s",
                server[0] != '\0' ? " --server " : "", server);
    screen_note(s, '*', "Waiting… (Ctrl-C cancels)");
}

void screen_ask(struct screen *s, const char *prompt)
{
    if (s->editor != NULL || s->call->json || s->call->quiet)
        return;
    fprintf(stderr, "%s%s", prompt, isatty(STDIN_FILENO) == 1 ? "" : "\n");
    fflush(stderr);
}

bool screen_json(const struct screen *s, const char *type, struct cli_json *ret_json)
{
    if (!s->call->json)
        return false;
    *ret_json = cli_json_begin(stdout);
    cli_json_number(ret_json, "v", 1);
    cli_json_string(ret_json, "type", type);
    return true;
}

void screen_json_end(struct screen *s, struct cli_json *j)
{
    cli_json_end(j);
    print_end(s);
}
