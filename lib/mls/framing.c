#include "mls/framing.h"

#include "base/ct.h"

#define CONTENT_HEAD 128 /* bytes: what has no length of its own */

/* struct {
 *     SenderType sender_type;
 *     select (Sender.sender_type) {
 *         case member:              uint32 leaf_index;
 *         case external:            uint32 sender_index;
 *         case new_member_commit:
 *         case new_member_proposal: struct{};
 *     };
 * } Sender;                                                                                  RFC 9420 6 */
void sender_read(struct rd *r, struct sender *out)
{
    *out = (struct sender){.sender_type = (enum sender_type)codec_enum(r, SENDER_NEW_MEMBER_COMMIT,
                                                                       CHECK_FORM_SENDER_TYPE)};
    if (out->sender_type == SENDER_MEMBER)
        out->leaf_index = rd_u32(r);
    if (out->sender_type == SENDER_EXTERNAL)
        out->sender_index = rd_u32(r);
}

void sender_write(struct wr *w, const struct sender *sender)
{
    wr_u8(w, (uint8_t)sender->sender_type);
    if (sender->sender_type == SENDER_MEMBER)
        wr_u32(w, sender->leaf_index);
    if (sender->sender_type == SENDER_EXTERNAL)
        wr_u32(w, sender->sender_index);
}

/* select (content_type) {
 *     case application: opaque application_data<V>;
 *     case proposal:    Proposal proposal;
 *     case commit:      Commit commit;
 * };                                                                                         RFC 9420 6, 6.3.1 */
static void content_read(struct rd *r, struct framed_content *out)
{
    switch (out->content_type) {
    case CONTENT_APPLICATION:
        out->application_data = rd_opaque(r, MLS_MESSAGE_MAX);
        break;
    case CONTENT_PROPOSAL:
        proposal_read(r, &out->proposal);
        break;
    case CONTENT_COMMIT:
        commit_read(r, &out->commit);
        break;
    default:
        codec_check(r, CHECK_FORM_CONTENT_TYPE, false);
    }
}

static void content_write(struct wr *w, const struct framed_content *content)
{
    switch (content->content_type) {
    case CONTENT_APPLICATION:
        wr_opaque(w, content->application_data);
        break;
    case CONTENT_PROPOSAL:
        proposal_write(w, &content->proposal);
        break;
    case CONTENT_COMMIT:
        commit_write(w, &content->commit);
        break;
    default:
        wr_fail(w, SOTTO_E_VALUE);
    }
}

/* struct {
 *     opaque group_id<V>;
 *     uint64 epoch;
 *     Sender sender;
 *     opaque authenticated_data<V>;
 *     ContentType content_type;
 *     select (FramedContent.content_type) { ... };
 * } FramedContent;                                                                           RFC 9420 6 */
void framed_content_read(struct rd *r, struct framed_content *out)
{
    *out = (struct framed_content){0};
    out->group_id = rd_opaque(r, MLS_GROUP_ID_MAX);
    out->epoch = rd_u64(r);
    sender_read(r, &out->sender);
    out->authenticated_data = rd_opaque(r, MLS_AAD_MAX);
    out->content_type = (enum content_type)codec_enum(r, CONTENT_COMMIT, CHECK_FORM_CONTENT_TYPE);
    content_read(r, out);
}

size_t framed_content_size(const struct framed_content *content)
{
    size_t size = CONTENT_HEAD + content->group_id.len + content->authenticated_data.len;
    if (content->content_type == CONTENT_APPLICATION)
        size += content->application_data.len;
    if (content->content_type == CONTENT_COMMIT)
        size += content->commit.proposals.len + content->commit.path.leaf_node.encoded.len +
                content->commit.path.nodes.len;
    return size;
}

void framed_content_write(struct wr *w, const struct framed_content *content)
{
    wr_opaque(w, content->group_id);
    wr_u64(w, content->epoch);
    sender_write(w, &content->sender);
    wr_opaque(w, content->authenticated_data);
    wr_u8(w, (uint8_t)content->content_type);
    content_write(w, content);
}

/* struct {
 *     opaque signature<V>;
 *     select (FramedContent.content_type) {
 *         case commit:      MAC confirmation_tag;
 *         case application:
 *         case proposal:    struct{};
 *     };
 * } FramedContentAuthData;                                                                   RFC 9420 6.1 */
void framed_content_auth_data_read(struct rd *r, enum content_type content_type,
                                   struct framed_content_auth_data *out)
{
    *out = (struct framed_content_auth_data){.signature = rd_opaque(r, MLS_SIGNATURE_MAX)};
    if (content_type == CONTENT_COMMIT)
        out->confirmation_tag = rd_opaque(r, MLS_HASH_MAX);
}

void framed_content_auth_data_write(struct wr *w, enum content_type content_type,
                                    const struct framed_content_auth_data *auth)
{
    wr_opaque(w, auth->signature);
    if (content_type == CONTENT_COMMIT)
        wr_opaque(w, auth->confirmation_tag);
}

/* struct {
 *     WireFormat wire_format;
 *     FramedContent content;
 *     FramedContentAuthData auth;
 * } AuthenticatedContent;                                                                    RFC 9420 6 */
void authenticated_content_read(struct rd *r, struct authenticated_content *out)
{
    out->wire_format = rd_u16(r);
    codec_check(r, CHECK_FORM_WIRE_FORMAT,
                out->wire_format == WIRE_PUBLIC_MESSAGE ||
                    out->wire_format == WIRE_PRIVATE_MESSAGE);
    framed_content_read(r, &out->content);
    framed_content_auth_data_read(r, out->content.content_type, &out->auth);
}

void authenticated_content_write(struct wr *w, const struct authenticated_content *content)
{
    wr_u16(w, content->wire_format);
    framed_content_write(w, &content->content);
    framed_content_auth_data_write(w, content->content.content_type, &content->auth);
}

/* struct {
 *     ProtocolVersion version = mls10;
 *     WireFormat wire_format;
 *     FramedContent content;
 *     select (FramedContentTBS.content.sender.sender_type) {
 *         case member:
 *         case new_member_commit:   GroupContext context;
 *         case external:
 *         case new_member_proposal: struct{};
 *     };
 * } FramedContentTBS;                                                                        RFC 9420 6.1 */
void framed_content_write_tbs(struct wr *w, uint16_t wire_format,
                              const struct framed_content *content, view group_context)
{
    wr_u16(w, PROTOCOL_MLS10);
    wr_u16(w, wire_format);
    framed_content_write(w, content);
    if (content->sender.sender_type == SENDER_MEMBER ||
        content->sender.sender_type == SENDER_NEW_MEMBER_COMMIT)
        wr_bytes(w, group_context);
}

/* struct { FramedContentTBS content_tbs; FramedContentAuthData auth; } AuthenticatedContentTBM;   RFC 9420 6.2 */
void authenticated_content_write_tbm(struct wr *w, const struct authenticated_content *content,
                                     view group_context)
{
    framed_content_write_tbs(w, content->wire_format, &content->content, group_context);
    framed_content_auth_data_write(w, content->content.content_type, &content->auth);
}

/* struct {
 *     FramedContent content;
 *     FramedContentAuthData auth;
 *     select (PublicMessage.content.sender.sender_type) {
 *         case member:              MAC membership_tag;
 *         case external:
 *         case new_member_commit:
 *         case new_member_proposal: struct{};
 *     };
 * } PublicMessage;                                                                           RFC 9420 6.2 */
void public_message_read(struct rd *r, struct public_message *out)
{
    framed_content_read(r, &out->content);
    framed_content_auth_data_read(r, out->content.content_type, &out->auth);
    out->membership_tag = (view){0};
    if (out->content.sender.sender_type == SENDER_MEMBER)
        out->membership_tag = rd_opaque(r, MLS_HASH_MAX);
}

void public_message_write(struct wr *w, const struct public_message *message)
{
    framed_content_write(w, &message->content);
    framed_content_auth_data_write(w, message->content.content_type, &message->auth);
    if (message->content.sender.sender_type == SENDER_MEMBER)
        wr_opaque(w, message->membership_tag);
}

/* struct {
 *     opaque group_id<V>;
 *     uint64 epoch;
 *     ContentType content_type;
 *     opaque authenticated_data<V>;
 *     opaque encrypted_sender_data<V>;
 *     opaque ciphertext<V>;
 * } PrivateMessage;                                                                          RFC 9420 6.3 */
void private_message_read(struct rd *r, struct private_message *out)
{
    const struct rd start = *r;
    out->group_id = rd_opaque(r, MLS_GROUP_ID_MAX);
    out->epoch = rd_u64(r);
    out->content_type = (enum content_type)codec_enum(r, CONTENT_COMMIT, CHECK_FORM_CONTENT_TYPE);
    out->encoded_sender_data_aad = rd_since(r, &start);
    out->authenticated_data = rd_opaque(r, MLS_AAD_MAX);
    out->encoded_content_aad = rd_since(r, &start);
    out->encrypted_sender_data = rd_opaque(r, MLS_HASH_MAX);
    out->ciphertext = rd_opaque(r, MLS_MESSAGE_MAX);
}

void private_message_write(struct wr *w, const struct private_message *message)
{
    private_content_aad_write(w, message);
    wr_opaque(w, message->encrypted_sender_data);
    wr_opaque(w, message->ciphertext);
}

/* struct {
 *     select (PrivateMessage.content_type) { ... };
 *     FramedContentAuthData auth;
 *     opaque padding[length_of_padding];
 * } PrivateMessageContent;                                                                   RFC 9420 6.3.1 */
void private_message_content_read(struct rd *r, enum content_type content_type,
                                  struct framed_content *content,
                                  struct framed_content_auth_data *auth)
{
    content->content_type = content_type;
    content_read(r, content);
    framed_content_auth_data_read(r, content_type, auth);
    view padding = rd_rest(r);
    codec_check(r, CHECK_FORM_PADDING, ct_is_zero(padding.data, padding.len));
}

static void padding_write(struct wr *w, size_t padding)
{
    static const uint8_t zeros[256];
    for (size_t left = padding; left > 0 && w->err == SOTTO_OK;) {
        size_t piece = size_min(left, sizeof zeros);
        wr_bytes(w, view_of(zeros, piece));
        left -= piece;
    }
}

void private_message_content_write(struct wr *w, const struct framed_content *content,
                                   const struct framed_content_auth_data *auth, size_t padding)
{
    content_write(w, content);
    framed_content_auth_data_write(w, content->content_type, auth);
    padding_write(w, padding);
}

/* struct {
 *     opaque group_id<V>;
 *     uint64 epoch;
 *     ContentType content_type;
 *     opaque authenticated_data<V>;
 * } PrivateContentAAD;                                                                       RFC 9420 6.3.1 */
void private_content_aad_write(struct wr *w, const struct private_message *message)
{
    sender_data_aad_write(w, message);
    wr_opaque(w, message->authenticated_data);
}

/* struct { uint32 leaf_index; uint32 generation; opaque reuse_guard[4]; } SenderData;        RFC 9420 6.3.2 */
void sender_data_read(struct rd *r, struct sender_data *out)
{
    out->leaf_index = rd_u32(r);
    out->generation = rd_u32(r);
    rd_copy(r, out->reuse_guard, sizeof out->reuse_guard);
}

void sender_data_write(struct wr *w, const struct sender_data *data)
{
    wr_u32(w, data->leaf_index);
    wr_u32(w, data->generation);
    wr_bytes(w, VIEW_OF(data->reuse_guard));
}

/* struct { opaque group_id<V>; uint64 epoch; ContentType content_type; } SenderDataAAD;      RFC 9420 6.3.2 */
void sender_data_aad_write(struct wr *w, const struct private_message *message)
{
    wr_opaque(w, message->group_id);
    wr_u64(w, message->epoch);
    wr_u8(w, (uint8_t)message->content_type);
}
