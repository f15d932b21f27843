/* known_servers.h - the file $XDG_DATA_HOME/sotto/known_servers: which server had which root key
 * at the first contact. The folder is made with mode 0700, the file with 0600; each change
 * replaces the file as a whole, under a lock, so that two programs at once lose nothing. */
#ifndef HOST_KNOWN_SERVERS_H
#define HOST_KNOWN_SERVERS_H

#include "engine/pins.h"

struct known_servers {
    char path[4096];
    struct pins pins; /* as they were when loaded */
    size_t bad_line;  /* after CONFIG: its number */
    int system;       /* after IO and PERMISSION: the errno, or 0 */
};
void known_servers_clear(struct known_servers *k);

/* Reads the file; one that isn't there is empty. CONFIG: a line is not valid. PERMISSION, IO.
 * `path` is filled in any case. */
SOTTO_MUST_USE sotto_err known_servers_load(struct known_servers *ret_known);

/* Keeps the pin of a server that is not known yet, with the date of now_s. PIN: another one is
 * kept meanwhile. PERMISSION, IO. */
SOTTO_MUST_USE sotto_err known_servers_keep(struct known_servers *k,
                                            const struct server_address *address,
                                            const uint8_t pin[X509_PIN], int64_t now_s);

/* Forgets a server. NOTFOUND. */
SOTTO_MUST_USE sotto_err known_servers_forget(struct known_servers *k,
                                              const struct server_address *address);

#endif
