/* transcript_hash.h - the running hash over all commits, and the tag that confirms it (RFC 9420 8.2, 6.1). Hashes and tags
 * have suite->hash_len bytes; before the first commit both hashes are empty. */
#ifndef MLS_TRANSCRIPT_HASH_H
#define MLS_TRANSCRIPT_HASH_H

#include "mls/framing.h"
#include "mls/with_label.h"

/* confirmed_transcript_hash after `commit`, whose confirmation_tag is not looked at. */
SOTTO_MUST_USE sotto_err transcript_hash_confirmed(sotto_crypto *c, const struct mls_suite *suite,
                                                   view interim_before,
                                                   const struct authenticated_content *commit,
                                                   uint8_t *ret_confirmed);
SOTTO_MUST_USE sotto_err transcript_hash_interim(sotto_crypto *c, const struct mls_suite *suite,
                                                 view confirmed, view confirmation_tag,
                                                 uint8_t *ret_interim);

/* MAC(confirmation_key, confirmed_transcript_hash) of the new epoch. */
SOTTO_MUST_USE sotto_err confirmation_tag_make(sotto_crypto *c, const struct mls_suite *suite,
                                               const struct secret *confirmation_key,
                                               view confirmed, uint8_t *ret_tag);
/* MAC: another one, or another length. */
SOTTO_MUST_USE sotto_err confirmation_tag_check(sotto_crypto *c, const struct mls_suite *suite,
                                                const struct secret *confirmation_key,
                                                view confirmed, view tag);

#endif
