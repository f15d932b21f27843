/* The head is read in two passes. The first goes from line to line and looks at each character by itself, also in a last line
 * that is not whole yet: it says "no" at the first byte that no valid head can have there, and keeps nothing, so it may go on
 * from the start of any line. The second runs once the empty line is there; it cuts the lines into views and looks at what
 * concerns several of them (counts, doubles). What the second refuses the first never does, and the first always comes first:
 * so the verdict is the same wherever the input is split.
 *
 * Invariant of both: nothing at or behind HTTP_HEAD_MAX is looked at. */
#include "proto/http.h"

#include <strings.h>

/* How far a line agrees with its grammar. An unfinished line that agrees so far is FITS, too. */
enum verdict { FITS, WRONG };

struct line {
    const uint8_t *at, *end;
    bool whole; /* the line ends at `end`; otherwise more may come */
};

typedef bool char_class(uint8_t c);

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_token(uint8_t c) /* RFC 9110 5.6.2 */
{
    return is_digit(c) || is_alpha(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_visible(uint8_t c)
{
    return c > ' ' && c <= '~';
}

/* RFC 9110 5.5 without obs-text: nobody whom we talk to needs bytes over 126. */
static bool is_value(uint8_t c)
{
    return c == ' ' || c == '\t' || is_visible(c);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t';
}

/* Whether the line may end here: it is not whole, and all of it was taken. */
static bool line_may_go_on(const struct line *line)
{
    return !line->whole && line->at == line->end;
}

/* Characters of a class, at least `min` of them. */
static enum verdict line_take(struct line *line, char_class *in_class, size_t min, view *ret_taken)
{
    const uint8_t *start = line->at;
    while (line->at < line->end && in_class(*line->at))
        line->at++;
    *ret_taken = view_of(start, (size_t)(line->at - start));
    return ret_taken->len >= min || line_may_go_on(line) ? FITS : WRONG;
}

static enum verdict line_expect(struct line *line, const char *text)
{
    for (; *text != '\0' && !line_may_go_on(line); text++)
        if (line->at == line->end || *line->at++ != (uint8_t)*text)
            return WRONG;
    return FITS;
}

static enum verdict line_ended(const struct line *line)
{
    return line->at == line->end ? FITS : WRONG;
}

#define FIT(step)            \
    do {                     \
        if ((step) == WRONG) \
            return WRONG;    \
    } while (0)

/* method SP request-target SP HTTP-version (RFC 9112 3); the target in origin form */
static enum verdict request_line(struct line line, struct http_head *head)
{
    view rest = {0};
    FIT(line_take(&line, is_token, 1, &head->method));
    FIT(line_expect(&line, " "));
    const uint8_t *target = line.at;
    FIT(line_expect(&line, "/"));
    FIT(line_take(&line, is_visible, 0, &rest));
    head->target = view_of(target, (size_t)(line.at - target));
    FIT(line_expect(&line, " HTTP/1.1"));
    return line_ended(&line);
}

/* HTTP-version SP status-code SP [reason-phrase] (RFC 9112 4) */
static enum verdict status_line(struct line line, struct http_head *head)
{
    view digits = {0}, reason = {0};
    FIT(line_expect(&line, "HTTP/1.1 "));
    FIT(line_take(&line, is_digit, 3, &digits));
    if (digits.len > 3 || (digits.len > 0 && (digits.data[0] < '1' || digits.data[0] > '5')))
        return WRONG;
    head->status = 0;
    for (size_t i = 0; i < digits.len; i++)
        head->status = head->status * 10 + (digits.data[i] - (unsigned)'0');
    FIT(line_expect(&line, " "));
    FIT(line_take(&line, is_value, 0, &reason));
    return line_ended(&line);
}

static view trim(view v)
{
    while (v.len > 0 && is_space(v.data[0]))
        v = view_of(v.data + 1, v.len - 1);
    while (v.len > 0 && is_space(v.data[v.len - 1]))
        v.len--;
    return v;
}

/* field-name ":" OWS field-value OWS (RFC 9112 5) */
static enum verdict field_line(struct line line, struct http_field *field)
{
    FIT(line_take(&line, is_token, 1, &field->name));
    FIT(line_expect(&line, ":"));
    FIT(line_take(&line, is_value, 0, &field->value));
    field->value = trim(field->value);
    return line_ended(&line);
}

typedef enum verdict first_line(struct line line, struct http_head *head);

/* The line at `at`: up to CR LF, or as far as the input goes. *ret_next is behind its end, `end` if it has none yet.
 * A LF alone stays in the line, where no class of characters allows it; a CR that is followed by something else, too. */
static struct line line_at(const uint8_t *at, const uint8_t *end, const uint8_t **ret_next)
{
    *ret_next = end;
    const uint8_t *cr = memchr(at, '\r', (size_t)(end - at));
    if (cr == NULL)
        return (struct line){at, end, false};
    if (cr + 1 == end)
        return (struct line){at, cr, true};
    if (cr[1] != '\n')
        return (struct line){at, end, true};
    *ret_next = cr + 2;
    return (struct line){at, cr, true};
}

/* Where the first pass may go on: at the last line that begins at or before `scanned`. */
static const uint8_t *line_start(view input, size_t scanned)
{
    size_t at = scanned;
    while (at > 0 && input.data[at - 1] != '\n')
        at--;
    return input.data + at;
}

/* The first pass; *ret_len: bytes of the head, 0 if its end is not there. */
static sotto_err head_scan(view input, size_t scanned, first_line *first, size_t *ret_len)
{
    struct http_head ignored_head;
    struct http_field ignored_field;
    const uint8_t *end = input.data + input.len, *next = NULL;
    for (const uint8_t *at = line_start(input, scanned); at < end; at = next) {
        struct line line = line_at(at, end, &next);
        bool ended = next > line.end + 1; /* CR LF is there */
        if (line.whole && line.at == line.end && at != input.data) {
            *ret_len = ended ? (size_t)(next - input.data) : 0;
            return SOTTO_OK;
        }
        enum verdict verdict =
            at == input.data ? first(line, &ignored_head) : field_line(line, &ignored_field);
        if (verdict == WRONG)
            return SOTTO_E_HTTP;
    }
    *ret_len = 0;
    return SOTTO_OK;
}

/* The second pass: `lines` is a head that passed the first one. */
static sotto_err head_cut(view lines, first_line *first, struct http_head *head)
{
    const uint8_t *end = lines.data + lines.len, *at = NULL;
    if (first(line_at(lines.data, end, &at), head) == WRONG)
        return SOTTO_E_HTTP;
    while (*at != '\r') {
        struct http_field field = {0};
        if (field_line(line_at(at, end, &at), &field) == WRONG)
            return SOTTO_E_HTTP;
        if (head->field_count == HTTP_FIELDS_MAX)
            return SOTTO_E_TOO_LARGE;
        head->fields[head->field_count++] = field;
    }
    return SOTTO_OK;
}

static bool name_equal(view name, const char *wanted)
{
    return name.len == strlen(wanted) &&
           strncasecmp((const char *)name.data, wanted, name.len) == 0;
}

static size_t field_times(const struct http_head *head, const char *name)
{
    size_t times = 0;
    for (size_t i = 0; i < head->field_count; i++)
        times += name_equal(head->fields[i].name, name);
    return times;
}

/* 1*DIGIT (RFC 9110 8.6), below 10^18, so that no sum of it with anything here overflows. */
static sotto_err content_length_read(view value, uint64_t *ret_length)
{
    if (value.len == 0 || value.len > 18)
        return SOTTO_E_HTTP;
    uint64_t length = 0;
    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.data[i]))
            return SOTTO_E_HTTP;
        length = length * 10 + (value.data[i] - (unsigned)'0');
    }
    *ret_length = length;
    return SOTTO_OK;
}

/* What decides where a message ends and to whom it goes must be there once, or two readers would differ (RFC 9112 6, 11.2). */
static sotto_err head_check(struct http_head *head)
{
    size_t hosts = field_times(head, "host"), lengths = field_times(head, "content-length");
    bool request = head->method.len > 0;
    if (hosts > 1 || (request && hosts == 0) || lengths > 1)
        return SOTTO_E_HTTP;
    if (field_times(head, "transfer-encoding") > 0)
        return SOTTO_E_HTTP;
    if (lengths == 0)
        return SOTTO_OK;
    return content_length_read(http_field_find(head, "content-length"), &head->content_length);
}

static sotto_err head_read(view input, size_t scanned, first_line *first,
                           struct http_head *ret_head, size_t *ret_len)
{
    input.len = size_min(input.len, HTTP_HEAD_MAX);
    size_t len = 0;
    if (input.len > 0)
        TRY(head_scan(input, size_min(scanned, input.len), first, &len));
    if (len == 0 && input.len == HTTP_HEAD_MAX)
        return SOTTO_E_TOO_LARGE;
    if (len > 0) {
        struct http_head head = {0};
        TRY(head_cut(view_of(input.data, len), first, &head));
        TRY(head_check(&head));
        *ret_head = head;
    }
    *ret_len = len;
    return SOTTO_OK;
}

sotto_err http_request_read(view input, size_t scanned, struct http_head *ret_head, size_t *ret_len)
{
    return head_read(input, scanned, request_line, ret_head, ret_len);
}

sotto_err http_answer_read(view input, size_t scanned, struct http_head *ret_head, size_t *ret_len)
{
    return head_read(input, scanned, status_line, ret_head, ret_len);
}

view http_field_find(const struct http_head *head, const char *name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (name_equal(head->fields[i].name, name))
            return head->fields[i].value;
    return (view){0};
}

static bool list_has(view list, const char *token)
{
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma != NULL ? (size_t)(comma - list.data) : list.len;
        if (name_equal(trim(view_of(list.data, len)), token))
            return true;
        size_t used = comma != NULL ? len + 1 : len;
        list = view_of(list.data + used, list.len - used);
    }
    return false;
}

bool http_field_has(const struct http_head *head, const char *name, const char *token)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (name_equal(head->fields[i].name, name) && list_has(head->fields[i].value, token))
            return true;
    return false;
}
