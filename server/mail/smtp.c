#include "mail/smtp.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mail/address.h"

#define SYSTEM_TRUSTED "/etc/ssl/certs/ca-certificates.crt"
#define TRUSTED_MAX    (4 << 20) /* bytes */
#define PASSWORD_MAX   1024
#define CONNECT_S      20
#define ANSWER_S \
    60 /* for one answer (RFC 5321 4.5.3.2 would wait longer; nobody else waits for us) */
#define WHOLE_S 120 /* less than ADMIN_MAIL_LEASE_S */

/* ---- files */

void smtp_files_clear(struct smtp_files *files)
{
    buf_clear(&files->password);
    buf_clear(&files->trusted);
}

static bool path_write(view path, char ret_path[4096])
{
    return snprintf(ret_path, 4096, "%.*s", (int)size_min(path.len, 4096),
                    (const char *)path.data) < 4096;
}

/* Appends the whole file, of at most `max` bytes. */
static bool file_read(int fd, size_t max, sotto_buf *out)
{
    for (;;) {
        uint8_t *place;
        if (out->len > max || buf_extend(out, 65536, &place) != SOTTO_OK)
            return false;
        ssize_t n = read(fd, place, 65536);
        out->len -= 65536 - (n > 0 ? (size_t)n : 0);
        if (n <= 0)
            return n == 0;
    }
}

/* One line; its end is no part of it. */
static bool password_take(sotto_buf *text)
{
    size_t len = text->len;
    while (len > 0 && (text->data[len - 1] == '\n' || text->data[len - 1] == '\r'))
        len--;
    for (size_t i = 0; i < len; i++)
        if (text->data[i] < ' ')
            return false;
    text->len = len;
    return len > 0 && buf_append(text, view_of("", 1)) == SOTTO_OK;
}

static enum mail_result password_read(view path, sotto_buf *out)
{
    char name[4096];
    struct stat st;
    int fd = path_write(path, name) ? open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd < 0)
        return MAIL_RESULT_PASSWORD_FILE;
    bool open_to_all = fstat(fd, &st) != 0 || (st.st_mode & S_IROTH) != 0;
    bool good = !open_to_all && file_read(fd, PASSWORD_MAX, out) && password_take(out);
    close(fd);
    if (open_to_all)
        return MAIL_RESULT_PASSWORD_OPEN;
    return good ? MAIL_RESULT_SENT : MAIL_RESULT_PASSWORD_FILE;
}

static enum mail_result trusted_read(view path, sotto_buf *out)
{
    char name[4096];
    const view file = path.len > 0 ? path : VIEW_LIT(SYSTEM_TRUSTED);
    int fd = path_write(file, name) ? open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY) : -1;
    bool good = fd >= 0 && file_read(fd, TRUSTED_MAX, out) && out->len > 0;
    if (fd >= 0)
        close(fd);
    return good ? MAIL_RESULT_SENT : MAIL_RESULT_CA_FILE;
}

enum mail_result smtp_files_read(const struct mail_job *job, struct smtp_files *ret_files)
{
    struct smtp_files files = {0};
    enum mail_result result = MAIL_RESULT_SENT;
    if (job->password_file.len > 0)
        result = password_read(job->password_file, &files.password);
    if (result == MAIL_RESULT_SENT)
        result = trusted_read(job->ca_file, &files.trusted);
    if (result == MAIL_RESULT_SENT)
        *ret_files = files;
    else
        smtp_files_clear(&files);
    return result;
}

/* ---- sending */

struct sending {
    view left; /* of the message */
    bool (*go)(void *user);
    void *user;
    bool went;
};

static size_t on_read(char *place, size_t size, size_t count, void *user)
{
    struct sending *s = user;
    if (!s->went && !s->go(s->user))
        return CURL_READFUNC_ABORT;
    s->went = true;
    size_t len = size_min(s->left.len, size * count);
    if (len > 0)
        memcpy(place, s->left.data, len);
    s->left = (view){s->left.data + len, s->left.len - len};
    return len;
}

/* 530, 534, 535, 538 (RFC 4954 6): they mean us, not this mail. */
static bool means_login(long code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static enum mail_result result_of(CURLcode curl, long code)
{
    static const struct {
        CURLcode curl;
        enum mail_result result;
    } rows[] = {
        {CURLE_OK, MAIL_RESULT_SENT},
        {CURLE_COULDNT_RESOLVE_HOST, MAIL_RESULT_UNKNOWN_HOST},
        {CURLE_COULDNT_CONNECT, MAIL_RESULT_UNREACHABLE},
        {CURLE_OPERATION_TIMEDOUT, MAIL_RESULT_SLOW},
        {CURLE_SSL_CONNECT_ERROR, MAIL_RESULT_NO_TLS},
        {CURLE_USE_SSL_FAILED, MAIL_RESULT_NO_TLS},
        {CURLE_PEER_FAILED_VERIFICATION, MAIL_RESULT_CERTIFICATE},
        {CURLE_SSL_CACERT_BADFILE, MAIL_RESULT_CA_FILE},
        {CURLE_LOGIN_DENIED, MAIL_RESULT_LOGIN},
        {CURLE_OUT_OF_MEMORY, MAIL_RESULT_NO_MEMORY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].curl == curl)
            return rows[i].result;
    if (means_login(code))
        return MAIL_RESULT_LOGIN;
    if (code >= 400 && code < 600)
        return code < 500 ? MAIL_RESULT_PUT_OFF : MAIL_RESULT_REFUSED;
    return MAIL_RESULT_BROKEN;
}

#define SET(option, value) (bad = bad != CURLE_OK ? bad : curl_easy_setopt(curl, option, value))

static CURLcode tls_set(CURL *curl, const sotto_buf *trusted)
{
    CURLcode bad = CURLE_OK;
    struct curl_blob blob = {trusted->data, trusted->len, CURL_BLOB_NOCOPY};
    SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_CAPATH, NULL);
    SET(CURLOPT_CAINFO_BLOB, &blob);
    return bad;
}

/* Addresses were checked, hosts too: nothing here can bring a line's end, or another part of the URL. */
static CURLcode server_set(CURL *curl, const struct mail_job *job, const sotto_buf *password)
{
    CURLcode bad = CURLE_OK;
    char text[1024];
    snprintf(text, sizeof text, "%s://%.*s:%u/%.*s", job->tls_first ? "smtps" : "smtp",
             (int)job->host.len, (const char *)job->host.data, (unsigned)job->port,
             (int)job->ehlo.len, (const char *)job->ehlo.data);
    SET(CURLOPT_URL, text);
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    SET(CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)ANSWER_S);
    SET(CURLOPT_TIMEOUT, (long)WHOLE_S);
    if (job->user.len > 0) {
        snprintf(text, sizeof text, "%.*s", (int)job->user.len, (const char *)job->user.data);
        SET(CURLOPT_USERNAME, text);
        SET(CURLOPT_PASSWORD, (const char *)password->data);
    }
    return bad;
}

static CURLcode mail_set(CURL *curl, const struct mail_job *job, struct sending *sending,
                         struct curl_slist **ret_to)
{
    CURLcode bad = CURLE_OK;
    char from[MAIL_ADDRESS_MAX + 3], to[MAIL_ADDRESS_MAX + 3];
    snprintf(from, sizeof from, "<%.*s>", (int)job->from.len, (const char *)job->from.data);
    snprintf(to, sizeof to, "<%.*s>", (int)job->to.len, (const char *)job->to.data);
    *ret_to = curl_slist_append(NULL, to);
    if (*ret_to == NULL)
        return CURLE_OUT_OF_MEMORY;
    SET(CURLOPT_MAIL_FROM, from);
    SET(CURLOPT_MAIL_RCPT, *ret_to);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, on_read);
    SET(CURLOPT_READDATA, sending);
    SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)job->message.len);
    return bad;
}

/* After greeting, TLS and login: a command that does nothing. */
static CURLcode trial_set(CURL *curl)
{
    CURLcode bad = CURLE_OK;
    SET(CURLOPT_NOBODY, 1L);
    SET(CURLOPT_CUSTOMREQUEST, "NOOP");
    return bad;
}

static bool job_valid(const struct mail_job *job)
{
    bool to_valid = job->to.len == 0 || mail_address_valid(job->to);
    return mail_address_valid(job->from) && to_valid && job->host.len < 256 &&
           job->ehlo.len < 256 && job->user.len < 512;
}

bool smtp_begin(void)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

struct mail_report smtp_send(const struct mail_job *job, const struct smtp_files *files,
                             bool (*go)(void *user), void *user)
{
    struct sending sending = {.left = job->message, .go = go, .user = user};
    struct mail_report report = {.result = MAIL_RESULT_NO_MEMORY};
    struct curl_slist *to = NULL;
    long code = 0;
    if (!job_valid(job))
        return (struct mail_report){.result = MAIL_RESULT_ADDRESS};
    CURL *curl = curl_easy_init();
    if (curl == NULL)
        return report;
    CURLcode done = server_set(curl, job, &files->password);
    if (done == CURLE_OK)
        done = tls_set(curl, &files->trusted);
    if (done == CURLE_OK)
        done = job->to.len > 0 ? mail_set(curl, job, &sending, &to) : trial_set(curl);
    if (done == CURLE_OK)
        done = curl_easy_perform(curl);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code);
    report.result = result_of(done, code);
    report.code = code >= 0 && code <= 999 ? (uint16_t)code : 0;
    curl_easy_cleanup(curl);
    curl_slist_free_all(to);
    return report;
}
