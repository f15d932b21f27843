/* capabilities.h - what a client can do, and what a group demands that it can (RFC 9420 7.2, 11.1). Unknown values, GREASE
 * among them, are kept and mean nothing. The lists are uint16s: ask codec_has_u16(). */
#ifndef MLS_CAPABILITIES_H
#define MLS_CAPABILITIES_H

#include "mls/codec.h"

struct capabilities {
    view versions;
    view cipher_suites;
    view extensions;
    view proposals;
    view credentials;
};
void capabilities_read(struct rd *r, struct capabilities *out);
void capabilities_write(struct wr *w, const struct capabilities *capabilities);

/* The content of the extension required_capabilities. */
struct required_capabilities {
    view extension_types;
    view proposal_types;
    view credential_types;
};
void required_capabilities_read(struct rd *r, struct required_capabilities *out);
void required_capabilities_write(struct wr *w, const struct required_capabilities *required);

#endif
