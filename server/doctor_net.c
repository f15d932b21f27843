/* The checks of doctor that ask others: name servers, this machine's addresses, the mail server. */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "admin/client.h"
#include "ask.h"
#include "doctor_check.h"
#include "mail/job.h"
#include "net/knock.h"
#include "place.h"

#define CONNECT_MS   3000
#define ADDRESSES    8 /* of the public name that are looked at */
#define ADDRESS_TEXT INET6_ADDRSTRLEN

/* ---- addresses */

__attribute__((format(printf, 2, 3))) static void add(struct finding *f, const char *format, ...)
{
    size_t len = strlen(f->text);
    va_list args;
    va_start(args, format);
    vsnprintf(f->text + len, sizeof f->text - len, format, args);
    va_end(args);
}

static bool same_address(const struct sockaddr *a, const struct endpoint *b)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (a == NULL || a->sa_family != b->sa.ss_family)
        return false;
    if (a->sa_family == AF_INET) {
        memcpy(&v4, a, sizeof v4);
        return v4.sin_addr.s_addr == ((const struct sockaddr_in *)&b->sa)->sin_addr.s_addr;
    }
    if (a->sa_family != AF_INET6)
        return false;
    memcpy(&v6, a, sizeof v6);
    return IN6_ARE_ADDR_EQUAL(&v6.sin6_addr, &((const struct sockaddr_in6 *)&b->sa)->sin6_addr);
}

static bool is_of_this_machine(const struct endpoint *address)
{
    struct ifaddrs *list = NULL;
    bool found = endpoint_is_loopback(address);
    if (getifaddrs(&list) != 0)
        return found;
    for (const struct ifaddrs *a = list; a != NULL && !found; a = a->ifa_next)
        found = same_address(a->ifa_addr, address);
    freeifaddrs(list);
    return found;
}

static bool is_a_proxy(const struct doctor *d, const struct endpoint *address)
{
    for (size_t i = 0; i < d->config.server.proxy_count; i++)
        if (network_has(&d->config.server.proxies[i], address))
            return true;
    return false;
}

static void address_write(const struct endpoint *address, char ret_text[ADDRESS_TEXT])
{
    ret_text[0] = 0;
    (void)getnameinfo((const struct sockaddr *)&address->sa, address->len, ret_text, ADDRESS_TEXT,
                      NULL, 0, NI_NUMERICHOST);
}

/* What the public name stands for; false: the finding says why not. */
static bool public_addresses(const struct doctor *d, uint16_t port, struct finding *f,
                             struct endpoint ret_list[ADDRESSES], size_t *ret_count)
{
    struct addrinfo *list = NULL;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    const char *host = d->config.server.host;
    char service[8], bare[X509_HOST_MAX + 1];
    size_t count = 0;
    snprintf(service, sizeof service, "%u", (unsigned)port);
    snprintf(bare, sizeof bare, "%s", host[0] == '[' ? host + 1 : host);
    bare[strcspn(bare, "]")] = 0;
    int err = getaddrinfo(bare, service, &hints, &list);
    if (err != 0) {
        finding_say(f, LEVEL_FAIL, "%s: %s", host,
                    err == EAI_SYSTEM ? strerror(errno) : gai_strerror(err));
        if (err == EAI_AGAIN || err == EAI_SYSTEM)
            finding_fix(f, "look at the name servers of this machine, /etc/resolv.conf");
        else
            finding_fix(f, "make an A or AAAA record for %s", host);
        return false;
    }
    for (const struct addrinfo *a = list; a != NULL && count < ADDRESSES; a = a->ai_next) {
        memcpy(&ret_list[count].sa, a->ai_addr, a->ai_addrlen);
        ret_list[count++].len = a->ai_addrlen;
    }
    freeaddrinfo(list);
    *ret_count = count;
    return true;
}

static bool has_a_name(const struct doctor *d)
{
    return strcmp(d->config.server.host, CONFIG_HOST) != 0;
}

void doctor_dns(struct doctor *d, struct finding *f)
{
    struct endpoint list[ADDRESSES];
    size_t count = 0;
    const char *host = d->config.server.host;
    char text[ADDRESS_TEXT];
    if (!has_a_name(d)) {
        finding_say(f, LEVEL_WARN, "links say %s, which nobody else can reach", host);
        finding_fix(f, "set host in %.200s",
                    d->config.server.file[0] != 0 ? d->config.server.file : CONFIG_FILE);
        return;
    }
    if (!public_addresses(d, 0, f, list, &count))
        return;
    finding_say(f, LEVEL_OK, "%s is", host);
    for (size_t i = 0; i < count; i++) {
        address_write(&list[i], text);
        add(f, "%s%s", i > 0 ? ", " : " ", text);
        add(f, "%s",
            is_of_this_machine(&list[i]) ? " (this machine)"
            : is_a_proxy(d, &list[i])    ? " (a proxy of proxy_from)"
                                         : " (elsewhere: a router or proxy?)");
    }
}

/* ---- ports */

/* Connects as a client would; what listens on all addresses is asked on loopback. */
static bool port_answers(struct endpoint address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address.sa;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address.sa;
    if (address.sa.ss_family == AF_INET && v4->sin_addr.s_addr == htonl(INADDR_ANY))
        v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (address.sa.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&v6->sin6_addr))
        v6->sin6_addr = in6addr_loopback;
    int fd = socket(address.sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return false;
    int err = 0;
    socklen_t len = sizeof err;
    struct pollfd p = {.fd = fd, .events = POLLOUT};
    bool began =
        connect(fd, (const struct sockaddr *)&address.sa, address.len) == 0 || errno == EINPROGRESS;
    bool open = began && poll(&p, 1, CONNECT_MS) == 1 &&
                getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0 && err == 0;
    close(fd);
    return open;
}

void doctor_port(struct doctor *d, struct finding *f)
{
    const json_t *address;
    size_t i;
    if (d->status == NULL)
        return;
    finding_say(f, LEVEL_OK, "open:");
    json_array_foreach(json_object_get(d->status, "listen"), i, address)
    {
        struct endpoint e;
        const char *text = json_string_value(address);
        if (text == NULL || endpoint_read(text, &e) != SOTTO_OK)
            continue;
        if (!port_answers(e)) {
            finding_say(f, LEVEL_FAIL, "%s does not answer on this machine", text);
            finding_fix(f, "look at the firewall of this machine");
            return;
        }
        add(f, " %s", text);
    }
}

/* What a visit to one address of the public name says. */
static enum level reach_judge(sotto_err err, bool here, uint16_t port, struct finding *f)
{
    char path[PATH_MAX];
    switch (err) {
    case SOTTO_OK:
        return LEVEL_OK;
    case SOTTO_E_PIN:
        add(f, "%s", " another server answers: its pin is not ours");
        finding_fix(f, "let the name stand for this machine alone, or mend the proxy's target");
        return LEVEL_FAIL;
    case SOTTO_E_NET:
    case SOTTO_E_TIMEOUT:
        add(f, "%s", err == SOTTO_E_NET ? " takes no connection" : " does not answer");
        add(f, "%s", here ? "" : ", seen from here; some routers don't lead back");
        finding_fix(f, "open tcp/%u in firewall and router, then try a client elsewhere",
                    (unsigned)port);
        return here ? LEVEL_FAIL : LEVEL_WARN;
    case SOTTO_E_SIGNATURE:
        add(f, "%s", " TLS ends before this server");
        finding_fix(f, "have the proxy pass TCP on as it is: %.200s",
                    place_recipe("haproxy.cfg", path));
        return LEVEL_FAIL;
    default:
        add(f, " no server of this kind answers (%s)", sotto_err_text(err));
        finding_fix(f, "set public_port to the port that leads here, or mend the proxy; it has to "
                       "pass TCP on as it is");
        return LEVEL_FAIL;
    }
}

static void visit_all(sotto_crypto *c, const struct doctor *d, const uint8_t pin[X509_PIN],
                      uint16_t port, struct finding *f)
{
    struct endpoint list[ADDRESSES];
    size_t count = 0;
    char text[ADDRESS_TEXT];
    if (!public_addresses(d, port, f, list, &count)) {
        *f = (struct finding){0};
        finding_say(f, LEVEL_NONE, "%s means no address", d->config.server.host);
        return;
    }
    finding_say(f, LEVEL_OK, "%s:%u:", d->config.server.host, (unsigned)port);
    for (size_t i = 0; i < count; i++) {
        address_write(&list[i], text);
        add(f, "%s%s", i > 0 ? "; " : " ", text);
        sotto_err err = knock(c, &list[i], d->config.server.host, pin, (int64_t)time(NULL));
        enum level level = reach_judge(err, is_of_this_machine(&list[i]), port, f);
        if (err == SOTTO_OK)
            add(f, "%s", " answers with our pin");
        if (level > f->level)
            f->level = level;
    }
}

void doctor_reach(struct doctor *d, struct finding *f)
{
    uint8_t pin[X509_PIN];
    sotto_crypto *c;
    if (d->status != NULL && !has_a_name(d))
        finding_say(f, LEVEL_NONE, "links say %s", d->config.server.host);
    if (d->status == NULL || !has_a_name(d) ||
        x509_pin_read(view_str(ask_text(d->status, "pin")), pin) != SOTTO_OK)
        return;
    if (sotto_crypto_new(&c) != SOTTO_OK) {
        finding_say(f, LEVEL_NONE, "out of memory");
        return;
    }
    visit_all(c, d, pin, (uint16_t)ask_number(d->status, "publicPort"), f);
    sotto_crypto_free(c);
}

/* ---- mail */

static void mail_fix(const struct doctor *d, enum mail_result result, struct finding *f)
{
    static const char *const fixes[MAIL_RESULT_COUNT] = {
        [MAIL_RESULT_UNKNOWN_HOST] = "correct mail.server, or name servers of this machine",
        [MAIL_RESULT_UNREACHABLE] = "is it the right port (465 for smtps://, 587 for smtp://)?",
        [MAIL_RESULT_NO_TLS] = "smtps:// is for port 465, smtp:// for STARTTLS on 587",
        [MAIL_RESULT_CERTIFICATE] = "use its certificate's name, or set mail.ca_file",
        [MAIL_RESULT_LOGIN] = "correct mail.user and what mail.password_file holds",
        [MAIL_RESULT_PASSWORD_FILE] = "let the server's user read it; one line, the password",
        [MAIL_RESULT_PASSWORD_OPEN] = "chmod 600, owned by the server's user",
        [MAIL_RESULT_CA_FILE] = "correct mail.ca_file, or install ca-certificates",
        [MAIL_RESULT_REFUSED] = "ask who runs it whether it sends for mail.from",
        [MAIL_RESULT_NOT_SHUT_IN] = "let the container or service use seccomp",
        [MAIL_RESULT_NOT_RUN] = "run libexec/sotto/sottod-mail by hand: it says what it lacks",
        [MAIL_RESULT_OTHER_VERSION] = "install both of one version, then restart the server",
    };
    char again[OPTIONS_AGAIN];
    if (fixes[result] != NULL)
        finding_fix(f, "%s", fixes[result]);
    else
        finding_fix(f, "try again: %s; the mail server is %s",
                    options_again(d->call, "sottod doctor mail", again), d->config.mail.server);
}

static void mail_judge(const struct doctor *d, const json_t *result, struct finding *f)
{
    const int64_t kind = ask_number(result, "result"), code = ask_number(result, "code");
    const bool login = d->config.mail.user[0] != 0;
    if (json_is_true(json_object_get(result, "good"))) {
        finding_say(f, LEVEL_OK, "%s takes connection and TLS%s%s%s", d->config.mail.server,
                    login ? " and login" : "", d->mail_to != NULL ? ", and a mail to " : "",
                    d->mail_to != NULL ? d->mail_to : "; sends nothing without --mail ADDR");
        return;
    }
    finding_say(f, LEVEL_FAIL, "%s: %s", d->config.mail.server, ask_text(result, "text"));
    if (code > 0)
        add(f, " (%d)", (int)code);
    if (kind >= 0 && kind < MAIL_RESULT_COUNT)
        mail_fix(d, (enum mail_result)kind, f);
}

/* The server itself tries it: it has the password, and its mailer is shut in as always. */
void doctor_mail(struct doctor *d, struct finding *f)
{
    DEFER(json_freep) json_t *arguments = json_object();
    DEFER(json_freep) json_t *result = NULL;
    struct failure failure = {0};
    if (d->config.mail.server[0] == 0 && d->mail_to == NULL) {
        finding_say(f, LEVEL_NONE, "no mail server is set; invites are links");
        return;
    }
    if (d->status == NULL)
        return;
    if (d->mail_to != NULL)
        json_object_set_new(arguments, "to", json_string(d->mail_to));
    sotto_err err = admin_ask(d->config.dir, "mail try", arguments, -1, &result, &failure);
    if (err == SOTTO_OK) {
        mail_judge(d, result, f);
        return;
    }
    finding_say(f, LEVEL_FAIL, "%s", failure.what[0] != 0 ? failure.what : sotto_err_text(err));
    finding_fix(f, "%s",
                err == SOTTO_E_NOT_NOW ? "set mail.server and mail.from, then sottod reload"
                                       : "sottod doctor mail");
}
