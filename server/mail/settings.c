#include "mail/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"

#define PORT_TLS_FIRST 465 /* RFC 8314 7.3 */
#define PORT_STARTTLS  587 /* RFC 6409 3.1 */

/* ---- the server */

/* The host's part of HOST[:PORT], brackets included. */
static size_t host_len(const char *text)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    return end != NULL ? (size_t)(end - text) + 1 : strcspn(text, ":");
}

static bool host_valid(view host)
{
    if (host.len < 3 || host.data[0] != '[')
        return mail_domain_valid(host);
    for (size_t i = 1; i + 1 < host.len; i++)
        if (host.data[i] == 0 || strchr("0123456789abcdefABCDEF:.", host.data[i]) == NULL)
            return false;
    return host.data[host.len - 1] == ']';
}

sotto_err mail_server_read(const char *text, struct mail_server *ret_server)
{
    static const char first[] = "smtps://", later[] = "smtp://";
    struct mail_server s = {.tls_first = strncmp(text, first, sizeof first - 1) == 0};
    if (!s.tls_first && strncmp(text, later, sizeof later - 1) != 0)
        return SOTTO_E_VALUE;
    text += s.tls_first ? sizeof first - 1 : sizeof later - 1;
    size_t len = host_len(text);
    uint64_t port = s.tls_first ? PORT_TLS_FIRST : PORT_STARTTLS;
    if (len >= sizeof s.host || !host_valid(view_of(text, len)))
        return SOTTO_E_VALUE;
    memcpy(s.host, text, len);
    text += len;
    if (text[0] == ':' && cli_number_read(text + 1, 1, UINT16_MAX, &port) != SOTTO_OK)
        return SOTTO_E_VALUE;
    if (text[0] != ':' && text[0] != 0)
        return SOTTO_E_VALUE;
    s.port = (uint16_t)port;
    *ret_server = s;
    return SOTTO_OK;
}

sotto_err mail_settings_check(const struct mail_settings *settings, struct failure *ret_failure)
{
    if ((settings->server[0] == 0) != (settings->from[0] == 0))
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "mail.server and mail.from go together: one of them is not set");
    if ((settings->user[0] == 0) != (settings->password_file[0] == 0))
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "mail.user and mail.password_file go together: one of them is not set");
    return SOTTO_OK;
}

/* ---- the template */

static sotto_err file_read(const char *path, sotto_buf *out, struct failure *failure)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    ssize_t n = -1;
    uint8_t *place;
    while (fd >= 0 && out->len <= LETTER_TEMPLATE_MAX) {
        sotto_err err = buf_extend(out, LETTER_TEMPLATE_MAX, &place);
        if (err != SOTTO_OK) {
            close(fd);
            return err;
        }
        n = read(fd, place, LETTER_TEMPLATE_MAX);
        out->len -= LETTER_TEMPLATE_MAX - (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            break;
    }
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return failure_say(failure, SOTTO_E_CONFIG, "cannot read mail.template %.300s: %s", path,
                           strerror(why));
    return SOTTO_OK;
}

sotto_err mail_template_load(const struct mail_settings *settings,
                             struct letter_template *ret_template, struct failure *ret_failure)
{
    DEFER(buf_clear) sotto_buf text = {0};
    struct failure why = {0};
    if (settings->template[0] == 0)
        return letter_template_read(view_str(letter_template_standard), ret_template, ret_failure);
    TRY(file_read(settings->template, &text, ret_failure));
    sotto_err err = letter_template_read(buf_view(&text), ret_template, &why);
    if (err != SOTTO_OK) {
        memcpy(ret_failure->guess, why.guess, sizeof ret_failure->guess);
        return failure_say(ret_failure, err, "mail.template %.300s: %.180s", settings->template,
                           why.what);
    }
    return SOTTO_OK;
}

sotto_err mail_password_path(const struct mail_settings *settings, char ret_path[2 * MAIL_PATH],
                             struct failure *ret_failure)
{
    const char *file = settings->password_file, *dir = getenv("CREDENTIALS_DIRECTORY");
    if (file[0] == 0 || strchr(file, '/') != NULL) {
        snprintf(ret_path, 2 * (size_t)MAIL_PATH, "%s", file);
        return SOTTO_OK;
    }
    if (dir == NULL || strlen(dir) >= MAIL_PATH) {
        snprintf(ret_failure->todo, sizeof ret_failure->todo,
                 "add LoadCredential=%.60s:FILE to its unit and restart it, or give a path", file);
        return failure_say(ret_failure, SOTTO_E_CONFIG,
                           "mail.password_file names the credential \"%.100s\", but no service "
                           "manager gave us any",
                           file);
    }
    snprintf(ret_path, 2 * (size_t)MAIL_PATH, "%s/%s", dir, file);
    return SOTTO_OK;
}
