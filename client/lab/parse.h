/* parse.h - what the lab reads of what people give it: key files, pasted keys, fingerprints, codes. Pure. */
#ifndef LAB_PARSE_H
#define LAB_PARSE_H

#include "lab/lab.h"

/* 64 hexadecimal digits, blanks around them left out. VALUE; *ret untouched. */
SOTTO_MUST_USE sotto_err parse_psk(view text, struct secret *ret_psk);
SOTTO_MUST_USE sotto_err parse_fingerprint(view text, uint8_t ret_fingerprint[LAB_FINGERPRINT]);

/* The first line "psk HEX", or of such digits alone, in a key file; lines that begin with '#' mean nothing. NOTFOUND. */
SOTTO_MUST_USE sotto_err parse_psk_file(view text, struct secret *ret_psk);

/* The first line "identity SUITE HEX" of this suite; replaces what `ret_identity` held. NOTFOUND. */
SOTTO_MUST_USE sotto_err parse_identity_file(view text, const struct lab_suite *suite,
                                             sotto_buf *ret_identity);

/* SLOT-SUITE, such as 7-x25519-hkdf-aes256gcm, blanks around it left out. VALUE: not one, or no suite of that name. */
SOTTO_MUST_USE sotto_err parse_code(view text, uint32_t *ret_slot,
                                    const struct lab_suite **ret_suite);

#endif
