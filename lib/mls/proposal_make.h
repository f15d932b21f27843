/* proposal_make.h - proposals as the application describes them, written (RFC 9420 12.1). */
#ifndef MLS_PROPOSAL_MAKE_H
#define MLS_PROPOSAL_MAKE_H

#include "crypto/suite.h"
#include "mls/key_package.h"
#include "mls/step.h"

/* A KeyPackage, alone or as MLSMessage(KeyPackage); borrows from `bytes`. Errors: those of the codec. */
SOTTO_MUST_USE sotto_err key_package_parse(view bytes, struct key_package *ret_package,
                                           struct fault *ret_fault);

/* Appends an encoded Proposal. An empty psk_nonce is drawn. UNSUPPORTED: a type that is not the application's to propose.
 * USAGE: an Update, whose leaf the group makes. VALUE and other errors of the codec: not well-formed. */
SOTTO_MUST_USE sotto_err proposal_make(struct step *s, const struct mls_suite *suite,
                                       const sotto_mls_proposal *from, sotto_buf *out);

#endif
