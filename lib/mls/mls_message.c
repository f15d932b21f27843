#include "mls/mls_message.h"

static void key_package_of_this_version(struct rd *r, struct key_package *out)
{
    key_package_read(r, out);
    codec_check(r, CHECK_KEY_PACKAGE_MESSAGE_VERSION, out->version == PROTOCOL_MLS10);
}

/* struct {
 *     ProtocolVersion version = mls10;
 *     WireFormat wire_format;
 *     select (MLSMessage.wire_format) {
 *         case mls_public_message:  PublicMessage public_message;
 *         case mls_private_message: PrivateMessage private_message;
 *         case mls_welcome:         Welcome welcome;
 *         case mls_group_info:      GroupInfo group_info;
 *         case mls_key_package:     KeyPackage key_package;
 *     };
 * } MLSMessage;                                                                              RFC 9420 6 */
void mls_message_read(struct rd *r, struct mls_message *out)
{
    codec_check(r, CHECK_FORM_VERSION, rd_u16(r) == PROTOCOL_MLS10);
    *out = (struct mls_message){.wire_format = rd_u16(r)};
    switch (out->wire_format) {
    case WIRE_PUBLIC_MESSAGE:
        public_message_read(r, &out->public_message);
        break;
    case WIRE_PRIVATE_MESSAGE:
        private_message_read(r, &out->private_message);
        break;
    case WIRE_WELCOME:
        welcome_read(r, &out->welcome);
        break;
    case WIRE_GROUP_INFO:
        group_info_read(r, &out->group_info);
        break;
    case WIRE_KEY_PACKAGE:
        key_package_of_this_version(r, &out->key_package);
        break;
    default:
        codec_check(r, CHECK_FORM_WIRE_FORMAT, false);
    }
}

void mls_message_write(struct wr *w, const struct mls_message *message)
{
    wr_u16(w, PROTOCOL_MLS10);
    wr_u16(w, message->wire_format);
    switch (message->wire_format) {
    case WIRE_PUBLIC_MESSAGE:
        public_message_write(w, &message->public_message);
        break;
    case WIRE_PRIVATE_MESSAGE:
        private_message_write(w, &message->private_message);
        break;
    case WIRE_WELCOME:
        welcome_write(w, &message->welcome);
        break;
    case WIRE_GROUP_INFO:
        group_info_write(w, &message->group_info);
        break;
    case WIRE_KEY_PACKAGE:
        key_package_write(w, &message->key_package);
        break;
    default:
        wr_fail(w, SOTTO_E_KIND);
    }
}

sotto_err mls_message_parse(view bytes, struct mls_message *ret_message, struct fault *ret_fault)
{
    if (bytes.len > MLS_MESSAGE_MAX)
        return SOTTO_E_TOO_LARGE;
    struct rd r = rd_of(bytes);
    struct mls_message message;
    mls_message_read(&r, &message);
    TRY(codec_end(&r, ret_fault));
    *ret_message = message;
    return SOTTO_OK;
}
