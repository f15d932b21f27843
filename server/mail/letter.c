#include "mail/letter.h"

#include <time.h>

#include "base/text.h"
#include "cli/cli.h"
#include "mail/address.h"
#include "mail/mime.h"
#include "room/code.h"

#define SUBJECT     "Subject: "
#define LINE_MAX    900 /* bytes of a subject; a line may have 998 (RFC 5322 2.1.1) */
#define WORD_BITS   10
#define PIN_TEXT    (X509_PIN * 8 / WORD_BITS * (CODE_WORD_MAX + 1))
#define MINUTE_TEXT 32 /* bytes of "2026-11-21 15:20 UTC" with its NUL, and of any other year */

const char letter_template_standard[] =
    "Subject: Your password for @HOST@\n"
    "\n"
    "Hello,\n"
    "\n"
    "with this one-time password you can make your account at @HOST@, which runs Sotto, a private\n"
    "messenger:\n"
    "\n"
    "    password: @PASSWORD@\n"
    "    server:   @HOST@\n"
    "    port:     @PORT@\n"
    "    name:     @NAME@\n"
    "\n"
    "It is good for one account, until @UNTIL@.\n"
    "\n"
    "The server's key has this fingerprint, in words:\n"
    "\n"
    "    @PIN@\n"
    "\n"
    "If your program shows other words for this server, stop: somebody is in between.\n"
    "\n"
    "If you did not ask for this mail, there is nothing to do.\n";

/* ---- the template */

enum word {
#define WORDS_ENUM(name) WORD_##name,
    LETTER_WORDS(WORDS_ENUM)
#undef WORDS_ENUM
        WORD_COUNT
};

static const char *const word_names[WORD_COUNT] = {
#define WORDS_NAME(name) #name,
    LETTER_WORDS(WORDS_NAME)
#undef WORDS_NAME
};

void letter_template_clear(struct letter_template *t)
{
    buf_clear(&t->subject);
    buf_clear(&t->text);
}

/* The next @WORD@ of a text: its letters, between the two signs. False: there is none. */
static bool word_next(view text, view *ret_word)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t end = i + 1;
        if (text.data[i] != '@')
            continue;
        while (end < text.len && text.data[end] >= 'A' && text.data[end] <= 'Z')
            end++;
        if (end > i + 1 && end < text.len && text.data[end] == '@') {
            *ret_word = (view){text.data + i + 1, end - i - 1};
            return true;
        }
    }
    return false;
}

static int word_find(view word)
{
    for (int i = 0; i < WORD_COUNT; i++)
        if (view_equal(word, view_str(word_names[i])))
            return i;
    return -1;
}

/* The line's text up to LF or the end, without CR; `text` moves behind it. */
static view line_take(view *text)
{
    const uint8_t *feed = text->len > 0 ? memchr(text->data, '\n', text->len) : NULL;
    view line = {text->data, feed != NULL ? (size_t)(feed - text->data) : text->len};
    size_t used = line.len + (feed != NULL);
    *text = (view){text->data + used, text->len - used};
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

static const char *name_next(void *state)
{
    size_t *at = state;
    return *at < WORD_COUNT ? word_names[(*at)++] : NULL;
}

static sotto_err words_check(view line, unsigned number, bool *has_password,
                             struct failure *failure)
{
    view word;
    while (word_next(line, &word)) {
        char name[32];
        size_t at = 0;
        snprintf(name, sizeof name, "%.*s", (int)size_min(word.len, 30), (const char *)word.data);
        int found = word_find(word);
        if (found < 0) {
            const char *near = cli_suggest(name, name_next, &at);
            snprintf(failure->guess, sizeof failure->guess, "%s", near != NULL ? near : "");
            return failure_say(failure, SOTTO_E_CONFIG, "line %u: nothing stands for @%s@", number,
                               name);
        }
        *has_password = *has_password || found == WORD_PASSWORD;
        const uint8_t *rest = word.data + word.len + 1;
        line = (view){rest, line.len - (size_t)(rest - line.data)};
    }
    return SOTTO_OK;
}

static sotto_err line_check(view line, unsigned number, bool *has_password, struct failure *failure)
{
    if (!utf8_valid(line))
        return failure_say(failure, SOTTO_E_CONFIG, "line %u: this is not UTF-8", number);
    for (size_t i = 0; i < line.len; i++)
        if ((line.data[i] < ' ' && line.data[i] != '\t') || line.data[i] == 0x7f)
            return failure_say(failure, SOTTO_E_CONFIG, "line %u: it holds a control character",
                               number);
    return words_check(line, number, has_password, failure);
}

static sotto_err head_read(view *rest, view *ret_subject, struct failure *failure)
{
    view subject = line_take(rest);
    const size_t prefix = sizeof SUBJECT - 1;
    if (subject.len <= prefix || memcmp(subject.data, SUBJECT, prefix) != 0 ||
        subject.len - prefix > LETTER_SUBJECT_MAX || line_take(rest).len != 0)
        return failure_say(failure, SOTTO_E_CONFIG,
                           "it has to begin with \"Subject: \" and at most %d bytes, then an empty "
                           "line",
                           LETTER_SUBJECT_MAX);
    bool ignored = false;
    TRY(line_check(subject, 1, &ignored, failure));
    if (memchr(subject.data, '\t', subject.len) != NULL)
        return failure_say(failure, SOTTO_E_CONFIG, "line 1: it holds a control character");
    *ret_subject = (view){subject.data + prefix, subject.len - prefix};
    return SOTTO_OK;
}

static sotto_err template_fill(view text, struct letter_template *t, struct failure *failure)
{
    view rest = text, subject = {0};
    bool has_password = false;
    if (text.len > LETTER_TEMPLATE_MAX)
        return failure_say(failure, SOTTO_E_CONFIG, "it is larger than %d bytes",
                           LETTER_TEMPLATE_MAX);
    TRY(head_read(&rest, &subject, failure));
    TRY(buf_append(&t->subject, subject));
    for (unsigned number = 3; rest.len > 0; number++) {
        view line = line_take(&rest);
        TRY(line_check(line, number, &has_password, failure));
        TRY(buf_append(&t->text, line));
        TRY(buf_append(&t->text, VIEW_LIT("\n")));
    }
    if (!has_password)
        return failure_say(failure, SOTTO_E_CONFIG, "its text has no @PASSWORD@");
    return SOTTO_OK;
}

sotto_err letter_template_read(view text, struct letter_template *ret_template,
                               struct failure *ret_failure)
{
    struct letter_template t = {0};
    sotto_err err = template_fill(text, &t, ret_failure);
    if (err == SOTTO_OK)
        *ret_template = t;
    else
        letter_template_clear(&t);
    return err;
}

/* ---- a mail */

struct values {
    view of[WORD_COUNT];
    char port[8], pin[PIN_TEXT + 1], until[MINUTE_TEXT];
};

static void pin_write(const uint8_t *pin, char *ret_text)
{
    char *at = ret_text;
    unsigned bits = 0, held = 0;
    for (size_t i = 0; i < X509_PIN; i++) {
        bits = bits << 8 | pin[i];
        held += 8;
        if (held < WORD_BITS)
            continue;
        held -= WORD_BITS;
        at += sprintf(at, "%s%s", at == ret_text ? "" : " ", code_word(bits >> held));
        bits &= (1U << held) - 1;
    }
}

static void minute_write(uint64_t time_s, char ret_text[MINUTE_TEXT])
{
    struct tm tm;
    time_t time = (time_t)time_s;
    if (gmtime_r(&time, &tm) == NULL || strftime(ret_text, MINUTE_TEXT, "%F %R UTC", &tm) == 0)
        ret_text[0] = 0;
}

static void values_fill(const struct letter *letter, struct values *ret)
{
    snprintf(ret->port, sizeof ret->port, "%u", (unsigned)letter->port);
    pin_write(letter->pin, ret->pin);
    minute_write(letter->until_s, ret->until);
    ret->of[WORD_HOST] = letter->host;
    ret->of[WORD_PORT] = view_str(ret->port);
    ret->of[WORD_PIN] = view_str(ret->pin);
    ret->of[WORD_PASSWORD] = letter->password;
    ret->of[WORD_NAME] = letter->name;
    ret->of[WORD_UNTIL] = view_str(ret->until);
}

/* Fills one line. *ret_whole: each word in it has a value. */
static sotto_err line_fill(view line, const struct values *values, sotto_buf *out, bool *ret_whole)
{
    view word;
    *ret_whole = true;
    while (word_next(line, &word)) {
        view value = values->of[word_find(word)];
        *ret_whole = *ret_whole && value.len > 0;
        TRY(buf_append(out, (view){line.data, (size_t)(word.data - 1 - line.data)}));
        TRY(buf_append(out, value));
        const uint8_t *rest = word.data + word.len + 1;
        line = (view){rest, line.len - (size_t)(rest - line.data)};
    }
    return buf_append(out, line);
}

static sotto_err text_fill(view text, const struct values *values, sotto_buf *out)
{
    while (text.len > 0) {
        size_t before = out->len;
        bool whole;
        TRY(line_fill(line_take(&text), values, out, &whole));
        if (whole)
            TRY(buf_append(out, VIEW_LIT("\n")));
        else
            out->len = before;
    }
    return SOTTO_OK;
}

/* Names of days and months are English whatever the locale is (RFC 5322 3.3). */
static sotto_err date_write(int64_t now_s, sotto_buf *out)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    time_t time = (time_t)now_s;
    char text[80];
    if (gmtime_r(&time, &tm) == NULL)
        return SOTTO_E_VALUE;
    int len = snprintf(text, sizeof text, "Date: %.3s, %d %.3s %d %02d:%02d:%02d +0000\r\n",
                       days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
                       tm.tm_hour, tm.tm_min, tm.tm_sec);
    return buf_append(out, view_of(text, (size_t)len));
}

static sotto_err field_write(view name, view value, view end, sotto_buf *out)
{
    TRY(buf_append(out, name));
    TRY(buf_append(out, value));
    return buf_append(out, end);
}

static sotto_err head_write(const struct letter *letter, view subject, sotto_buf *out)
{
    char id[64];
    const view end = VIEW_LIT("\r\n");
    int len =
        snprintf(id, sizeof id, "Message-ID: <mail.%llu@", (unsigned long long)letter->number);
    TRY(date_write(letter->now_s, out));
    TRY(field_write(view_of(id, (size_t)len), letter->host, VIEW_LIT(">\r\n"), out));
    TRY(field_write(VIEW_LIT("From: \"Sotto at "), letter->host, VIEW_LIT("\" <"), out));
    TRY(field_write((view){0}, letter->from, VIEW_LIT(">\r\n"), out));
    TRY(field_write(VIEW_LIT("To: <"), letter->to, VIEW_LIT(">\r\n"), out));
    TRY(buf_append(out, VIEW_LIT("Subject: ")));
    TRY(mime_header(subject, out));
    TRY(buf_append(out, end));
    return buf_append(out, VIEW_LIT("Auto-Submitted: auto-generated\r\n"
                                    "MIME-Version: 1.0\r\n"
                                    "Content-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: quoted-printable\r\n"
                                    "\r\n"));
}

/* What comes from elsewhere can neither end a line nor a quoted string. */
static bool letter_valid(const struct letter *letter)
{
    const view values[] = {letter->password, letter->name};
    for (size_t i = 0; i < COUNT_OF(values); i++)
        for (size_t at = 0; at < values[i].len; at++)
            if (values[i].data[at] <= ' ' || values[i].data[at] > '~')
                return false;
    return mail_address_valid(letter->from) && mail_address_valid(letter->to) &&
           x509_host_valid(letter->host) && letter->password.len > 0;
}

sotto_err letter_write(const struct letter_template *t, const struct letter *letter, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf subject = {0}, text = {0};
    struct values values = {0};
    bool ignored;
    size_t before = out->len;
    if (!letter_valid(letter))
        return SOTTO_E_VALUE;
    values_fill(letter, &values);
    TRY(line_fill(buf_view(&t->subject), &values, &subject, &ignored));
    if (subject.len > LINE_MAX)
        return SOTTO_E_TOO_LARGE;
    TRY(text_fill(buf_view(&t->text), &values, &text));
    sotto_err err = head_write(letter, buf_view(&subject), out);
    if (err == SOTTO_OK)
        err = mime_quoted(buf_view(&text), out);
    if (err == SOTTO_OK && out->len - before > LETTER_MAX)
        err = SOTTO_E_TOO_LARGE;
    if (err != SOTTO_OK)
        out->len = before;
    return err;
}
