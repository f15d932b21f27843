/* json.c - writes one flat JSON object a line (RFC 8259). */
#include <inttypes.h>

#include "cli/cli.h"

struct cli_json cli_json_begin(FILE *out)
{
    fputc('{', out);
    return (struct cli_json){.out = out};
}

static void put_quoted(FILE *out, view text)
{
    fputc('"', out);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_key(struct cli_json *j, const char *key)
{
    if (j->more)
        fputc(',', j->out);
    j->more = true;
    put_quoted(j->out, view_str(key));
    fputc(':', j->out);
}

void cli_json_text(struct cli_json *j, const char *key, view text)
{
    DEFER(buf_clear) sotto_buf mended = {0};
    put_key(j, key);
    /* Without memory an empty text is better than one that no reader takes. */
    if (cli_mend(text, &mended) != SOTTO_OK)
        buf_reset(&mended);
    put_quoted(j->out, buf_view(&mended));
}

void cli_json_string(struct cli_json *j, const char *key, const char *text)
{
    if (text != NULL)
        cli_json_text(j, key, view_str(text));
}

void cli_json_number(struct cli_json *j, const char *key, uint64_t number)
{
    put_key(j, key);
    fprintf(j->out, "%" PRIu64, number);
}

void cli_json_bool(struct cli_json *j, const char *key, bool value)
{
    put_key(j, key);
    fputs(value ? "true" : "false", j->out);
}

void cli_json_end(struct cli_json *j)
{
    fputs("}\n", j->out);
    fflush(j->out);
}
