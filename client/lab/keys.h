/* keys.h - key files of the lab: text, mode 0600, never overwritten. A file has comment lines and one or both of
 *   psk HEX                       a key that both sides share
 *   identity SUITE HEX            a private signing key */
#ifndef LAB_KEYS_H
#define LAB_KEYS_H

#include "cli/cli.h"
#include "lab/lab.h"

/* The shared key of a file, which may also hold its 64 digits alone. Gives 0, or the status of an error that was printed. */
int keys_psk_read(const struct cli_call *call, const char *path, struct secret *ret_psk);

/* The signing key of a file, which must be one of this suite. As keys_psk_read(). */
int keys_identity_read(const struct cli_call *call, const char *path, const struct lab_suite *suite,
                       sotto_buf *ret_identity);

/* `sotto lab keygen` */
int keys_generate(struct cli_call *call);

#endif
