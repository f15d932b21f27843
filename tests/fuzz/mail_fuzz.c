/* By the first byte: an address that is taken holds nothing that SMTP or a header would take for more; what is made of any template is
 * lines of bounded length that end with CR LF, with one header of each kind; a job comes back from its bytes; a mail server's host is one
 * that can stand in a URL. */
#include "fuzz.h"

#include "mail/job.h"
#include "mail/letter.h"
#include "mail/settings.h"

static void address_holds(view input)
{
    size_t signs = 0;
    if (!mail_address_valid(input))
        return;
    HOLDS(input.len >= 3 && input.len <= MAIL_ADDRESS_MAX);
    for (size_t i = 0; i < input.len; i++) {
        HOLDS(input.data[i] > ' ' && input.data[i] < 0x7f);
        HOLDS(strchr("<>()[]\\,;:\"", input.data[i]) == NULL);
        signs += input.data[i] == '@';
    }
    HOLDS(signs == 1 && input.data[0] != '@' && input.data[input.len - 1] != '@');
}

static void lines_hold(view mail)
{
    size_t column = 0, fields = 0;
    bool head = true;
    for (size_t i = 0; i < mail.len; i++) {
        uint8_t c = mail.data[i];
        HOLDS(c == '\r' || c == '\n' || c == '\t' || (c >= ' ' && c <= '~'));
        HOLDS((c == '\r') == (i + 1 < mail.len && mail.data[i + 1] == '\n'));
        if (head && column == 0 && c != '\r' && c != ' ')
            fields++;
        head = head && !(c == '\r' && column == 0);
        column = c == '\n' ? 0 : column + (c != '\r');
        HOLDS(column <= (head ? 998 : 76));
    }
    HOLDS(!head && fields == 9);
}

/* A template, a NUL, a name. */
static void letter_holds(view input)
{
    static const uint8_t pin[X509_PIN] = {1, 2, 3};
    DEFER(letter_template_clear) struct letter_template t = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    struct failure failure = {0};
    const uint8_t *end = input.len > 0 ? memchr(input.data, 0, input.len) : NULL;
    size_t len = end != NULL ? (size_t)(end - input.data) : input.len;
    const struct letter letter = {
        .number = 1,
        .from = VIEW_LIT("a@b.example"),
        .to = VIEW_LIT("c@d.example"),
        .host = VIEW_LIT("chat.example.org"),
        .port = 5000,
        .pin = pin,
        .password = VIEW_LIT("ABCDEFGH23"),
        .name = end != NULL ? (view){end + 1, input.len - len - 1} : (view){0},
        .now_s = 1,
        .until_s = 2,
    };
    sotto_err err = letter_template_read(view_of(input.data, len), &t, &failure);
    HOLDS(err == SOTTO_OK || (err == SOTTO_E_CONFIG && failure.what[0] != 0));
    if (err == SOTTO_OK && letter_write(&t, &letter, &out) == SOTTO_OK)
        lines_hold(buf_view(&out));
}

static void job_holds(view input)
{
    DEFER(buf_clear) sotto_buf again = {0};
    struct mail_job job;
    struct mail_report report;
    if (mail_job_read(input, &job) == SOTTO_OK) {
        HOLDS(mail_job_write(&job, &again) == SOTTO_OK);
        HOLDS(view_equal(input, view_of(again.data + 4, again.len - 4)));
    }
    if (mail_report_read(input, &report) == SOTTO_OK) {
        uint8_t bytes[MAIL_REPORT_SIZE];
        mail_report_write(&report, bytes);
        HOLDS(view_equal(input, VIEW_OF(bytes)));
    }
}

static void server_holds(view input)
{
    char text[MAIL_TEXT + 64] = "";
    struct mail_server s;
    memcpy(text, input.data, size_min(input.len, sizeof text - 1));
    if (mail_server_read(text, &s) != SOTTO_OK)
        return;
    HOLDS(s.port > 0 && s.host[0] != 0);
    for (const char *c = s.host; *c != 0; c++)
        HOLDS(*c > ' ' && *c <= '~' && strchr("/@?#%\\\"<>", *c) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const holds[])(view input) = {address_holds, letter_holds, job_holds,
                                                server_holds};
    if (size == 0 || size > 2 * LETTER_TEMPLATE_MAX)
        return 0;
    uint8_t *copy = fuzz_copy(view_of(data + 1, size - 1));
    holds[data[0] % COUNT_OF(holds)](view_of(copy, size - 1));
    free(copy);
    return 0;
}
