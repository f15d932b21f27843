/* mls_message.h - what travels between clients (RFC 9420 6). */
#ifndef MLS_MLS_MESSAGE_H
#define MLS_MLS_MESSAGE_H

#include "mls/framing.h"
#include "mls/group_info.h"
#include "mls/welcome.h"

struct mls_message {
    uint16_t wire_format;
    union {
        struct public_message public_message;
        struct private_message private_message;
        struct welcome welcome;
        struct group_info group_info;
        struct key_package key_package;
    };
};

/* VERSION: not mls10, or a KeyPackage of another version inside. KIND: another wire_format. */
void mls_message_read(struct rd *r, struct mls_message *out);
void mls_message_write(struct wr *w, const struct mls_message *message);

/* A whole message: nothing may be left over. *ret_message borrows from `bytes`, and is unchanged on an error. `ret_fault`: as
 * codec_end(). */
SOTTO_MUST_USE sotto_err mls_message_parse(view bytes, struct mls_message *ret_message,
                                           struct fault *ret_fault);

#endif
