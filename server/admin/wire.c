#include "admin/wire.h"

void json_freep(json_t **json)
{
    json_decref(*json);
}

/* ---- reading */

/* How deep arrays and objects stand in each other; what stands in texts doesn't count. Before the parser, which calls itself. */
static bool depth_is_fine(view line)
{
    unsigned depth = 0;
    bool in_text = false;
    for (size_t i = 0; i < line.len; i++) {
        uint8_t c = line.data[i];
        if (in_text) {
            i += c == '\\';
            in_text = c != '"';
        } else if (c == '"') {
            in_text = true;
        } else if ((c == '{' || c == '[') && ++depth > ADMIN_DEPTH_MAX) {
            return false;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return true;
}

static sotto_err object_read(view line, json_t **ret_json)
{
    json_error_t why;
    json_t *json = depth_is_fine(line)
                       ? json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, &why)
                       : NULL;
    if (!json_is_object(json)) {
        json_decref(json);
        return SOTTO_E_VALUE;
    }
    *ret_json = json;
    return SOTTO_OK;
}

static bool version_is_ours(const json_t *json)
{
    return json_integer_value(json_object_get(json, "v")) == 1;
}

sotto_err admin_request_read(view line, struct admin_request *ret_request)
{
    DEFER(json_freep) json_t *json = NULL;
    if (line.len >= ADMIN_REQUEST_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(object_read(line, &json));
    const char *command = json_string_value(json_object_get(json, "command"));
    const json_t *arguments = json_object_get(json, "arguments");
    if (!version_is_ours(json) || command == NULL ||
        (arguments != NULL && !json_is_object(arguments)))
        return SOTTO_E_VALUE;
    *ret_request =
        (struct admin_request){.json = MOVE(json), .command = command, .arguments = arguments};
    return SOTTO_OK;
}

static bool kind_fits(const json_t *value, enum argument_kind kind)
{
    if (kind == ARGUMENT_TEXT)
        return json_is_string(value);
    return kind == ARGUMENT_FLAG ? json_is_boolean(value)
                                 : json_is_integer(value) && json_integer_value(value) >= 0;
}

static const struct admin_argument *argument_find(const struct admin_argument *table,
                                                  const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

sotto_err admin_arguments_check(const json_t *arguments, const struct admin_argument *table,
                                struct failure *ret_failure)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)arguments, name, value)
    {
        const struct admin_argument *a = argument_find(table, name);
        if (a == NULL)
            return failure_say(ret_failure, SOTTO_E_USAGE, "no argument is called \"%.40s\"", name);
        if (!json_is_null(value) && !kind_fits(value, a->kind))
            return failure_say(ret_failure, SOTTO_E_USAGE, "not a value for %s", name);
    }
    for (; table != NULL && table->name != NULL; table++)
        if (table->must && admin_text(arguments, table->name) == NULL &&
            !json_is_integer(json_object_get(arguments, table->name)))
            return failure_say(ret_failure, SOTTO_E_USAGE, "%s is missing", table->name);
    return SOTTO_OK;
}

const char *admin_text(const json_t *arguments, const char *name)
{
    return json_string_value(json_object_get(arguments, name));
}

uint64_t admin_number(const json_t *arguments, const char *name, uint64_t standard)
{
    const json_t *value = json_object_get(arguments, name);
    return json_is_integer(value) ? (uint64_t)json_integer_value(value) : standard;
}

bool admin_flag(const json_t *arguments, const char *name)
{
    return json_is_true(json_object_get(arguments, name));
}

/* ---- writing */

static sotto_err line_write(json_t *json, size_t max, sotto_buf *out)
{
    uint8_t *place;
    size_t len = json_dumpb(json, NULL, 0, JSON_COMPACT);
    if (len == 0)
        return SOTTO_E_NOMEM;
    if (len >= max)
        return SOTTO_E_TOO_LARGE;
    TRY(buf_extend(out, len + 1, &place));
    (void)json_dumpb(json, (char *)place, len, JSON_COMPACT);
    place[len] = '\n';
    return SOTTO_OK;
}

sotto_err admin_request_write(const char *command, json_t *arguments, sotto_buf *out)
{
    DEFER(json_freep)
    json_t *json = json_pack("{s:i, s:s, s:O?}", "v", 1, "command", command, "arguments",
                             json_object_size(arguments) > 0 ? arguments : NULL);
    if (json == NULL)
        return SOTTO_E_NOMEM;
    if (json_object_size(arguments) == 0)
        (void)json_object_del(json, "arguments");
    return line_write(json, ADMIN_REQUEST_MAX, out);
}

sotto_err admin_answer_write(json_t *result, sotto_buf *out)
{
    DEFER(json_freep)
    json_t *json = result != NULL ? json_pack("{s:i, s:b, s:O}", "v", 1, "ok", 1, "result", result)
                                  : json_pack("{s:i, s:b, s:{}}", "v", 1, "ok", 1, "result");
    return json == NULL ? SOTTO_E_NOMEM : line_write(json, ADMIN_ANSWER_MAX, out);
}

sotto_err admin_refusal_write(sotto_err err, const struct failure *failure, sotto_buf *out)
{
    const char *what = failure->what[0] != 0 ? failure->what : sotto_err_text(err);
    DEFER(json_freep)
    json_t *json =
        json_pack("{s:i, s:b, s:s, s:s, s:s, s:s}", "v", 1, "ok", 0, "code", sotto_err_name(err),
                  "error", what, "guess", failure->guess, "do", failure->todo);
    if (json == NULL) /* words that are no UTF-8, such as a path */
        json = json_pack("{s:i, s:b, s:s, s:s}", "v", 1, "ok", 0, "code", sotto_err_name(err),
                         "error", sotto_err_text(err));
    return json == NULL ? SOTTO_E_NOMEM : line_write(json, ADMIN_ANSWER_MAX, out);
}

/* ---- answers */

static sotto_err err_of_name(const char *name)
{
#define WIRE_NAME(name_, code, class, sentence) \
    if (strcmp(name, "E_" #name_) == 0)         \
        return SOTTO_E_##name_;
    SOTTO_ERRORS(WIRE_NAME)
#undef WIRE_NAME
    return SOTTO_E_VALUE;
}

static void text_take(const json_t *json, const char *key, char *ret_text, size_t size)
{
    const char *text = json_string_value(json_object_get(json, key));
    snprintf(ret_text, size, "%s", text != NULL ? text : "");
}

sotto_err admin_answer_read(view line, json_t **ret_result, struct failure *ret_failure)
{
    DEFER(json_freep) json_t *json = NULL;
    TRY(object_read(line, &json));
    const json_t *ok = json_object_get(json, "ok");
    json_t *result = json_object_get(json, "result");
    const char *code = json_string_value(json_object_get(json, "code"));
    if (!version_is_ours(json) || !json_is_boolean(ok) ||
        (json_is_true(ok) ? !json_is_object(result) : code == NULL))
        return SOTTO_E_VALUE;
    if (json_is_true(ok)) {
        *ret_result = json_incref(result);
        return SOTTO_OK;
    }
    text_take(json, "error", ret_failure->what, sizeof ret_failure->what);
    text_take(json, "guess", ret_failure->guess, sizeof ret_failure->guess);
    text_take(json, "do", ret_failure->todo, sizeof ret_failure->todo);
    return err_of_name(code);
}
