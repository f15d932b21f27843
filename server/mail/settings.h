/* settings.h - what [mail] in the settings says. Without a server no mail is sent. */
#ifndef MAIL_SETTINGS_H
#define MAIL_SETTINGS_H

#include "mail/address.h"
#include "mail/letter.h"

#define MAIL_PATH 256 /* bytes with the NUL */
#define MAIL_TEXT 128

struct mail_settings {
    char server[MAIL_TEXT + 16]; /* "" : no mail */
    char from[MAIL_ADDRESS_MAX + 1];
    char user[MAIL_TEXT];          /* "": the server asks for none */
    char password_file[MAIL_PATH]; /* a name without '/' is a credential of the service manager */
    char ca_file[MAIL_PATH];       /* "": the system's */
    char template[MAIL_PATH];      /* "": the standard one */
};

/* "smtps://HOST[:PORT]" is TLS from the first byte, "smtp://HOST[:PORT]" with STARTTLS, which must be there. */
struct mail_server {
    bool tls_first;
    char host[MAIL_TEXT]; /* an IPv6 address stands in brackets */
    uint16_t port;
};
/* VALUE. */
SOTTO_MUST_USE sotto_err mail_server_read(const char *text, struct mail_server *ret_server);

/* What only makes sense together. CONFIG, with words. */
SOTTO_MUST_USE sotto_err mail_settings_check(const struct mail_settings *settings,
                                             struct failure *ret_failure);

/* The template, from its file if there is one. CONFIG, NOMEM: with words. */
SOTTO_MUST_USE sotto_err mail_template_load(const struct mail_settings *settings,
                                            struct letter_template *ret_template,
                                            struct failure *ret_failure);

/* Where the password is; "": there is none. CONFIG: it is a credential, and the service manager gave none. */
SOTTO_MUST_USE sotto_err mail_password_path(const struct mail_settings *settings,
                                            char ret_path[2 * MAIL_PATH],
                                            struct failure *ret_failure);

#endif
