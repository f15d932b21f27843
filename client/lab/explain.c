#include "lab/explain.h"

#include "base/text.h"

/* The hexadecimal of a value, cleared by the caller; "" without memory for it. */
static view hex_of(view bytes, sotto_buf *out)
{
    return hex_write(bytes, out) == SOTTO_OK ? buf_view(out) : (view){0};
}

/* {"step":…,"what":…,"values":[{"name":…,"hex":…},…],"why":…,"relay":…}. The texts are ours and hold nothing that JSON would
 * want escaped; tests/unit/lab/lab_test.c looks at that. */
static void record_json(const struct lab_record *r)
{
    printf("{\"v\":1,\"type\":\"step\",\"step\":\"%s\",\"what\":\"%s\",\"values\":[",
           lab_step_name(r->step), r->what);
    for (size_t i = 0; i < LAB_VALUES_MAX && r->values[i].name != NULL; i++) {
        DEFER(buf_clear) sotto_buf hex = {0};
        view digits = hex_of(r->values[i].bytes, &hex);
        printf("%s{\"name\":\"%s\",\"hex\":\"%.*s\"}", i > 0 ? "," : "", r->values[i].name,
               (int)digits.len, digits.len > 0 ? (const char *)digits.data : "");
    }
    printf("],\"why\":\"%s\",\"relay\":\"%s\"}\n", r->why, r->relay);
}

static bool is_plain(view text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] < 0x20 || text.data[i] > 0x7e)
            return false;
    return text.len > 0;
}

static void value_text(const struct lab_value *value)
{
    DEFER(buf_clear) sotto_buf hex = {0};
    view digits = hex_of(value->bytes, &hex);
    printf("    %-20s %.*s", value->name, (int)digits.len,
           digits.len > 0 ? (const char *)digits.data : "");
    if (strcmp(value->name, "text") == 0 && is_plain(value->bytes))
        printf("  \"%.*s\"", (int)value->bytes.len, (const char *)value->bytes.data);
    putchar('\n');
}

static void record_text(struct talk *t, const struct lab_record *r)
{
    bool color = cli_color(t->call, stdout);
    if (!t->step_shown || t->last_step != r->step)
        printf("%s%s%s\n", color ? "\033[1m" : "", lab_step_name(r->step), color ? "\033[0m" : "");
    t->step_shown = true;
    t->last_step = r->step;
    printf("  %s\n", r->what);
    for (size_t i = 0; i < LAB_VALUES_MAX && r->values[i].name != NULL; i++)
        value_text(&r->values[i]);
    printf("    why: %s\n    the relay sees: %s\n", r->why, r->relay);
}

void explain_show(void *talk, const struct lab_record *record)
{
    struct talk *t = talk;
    struct editor *editor = t->input != NULL ? input_editor(t->input) : NULL;
    if (editor != NULL)
        editor_hide(editor);
    if (t->explain_json)
        record_json(record);
    else
        record_text(t, record);
    if (fflush(stdout) != 0 || ferror(stdout))
        t->screen.failed = true;
    if (editor != NULL)
        editor_show(editor);
}
