/* framing.h - how everything that is said in a group is framed, signed and sealed (RFC 9420 6). The structures alone: what
 * protects them is in message_protection.h. */
#ifndef MLS_FRAMING_H
#define MLS_FRAMING_H

#include "mls/commit.h"
#include "mls/group_context.h"

enum content_type { CONTENT_APPLICATION = 1, CONTENT_PROPOSAL = 2, CONTENT_COMMIT = 3 };

enum sender_type {
    SENDER_MEMBER = 1,
    SENDER_EXTERNAL = 2,
    SENDER_NEW_MEMBER_PROPOSAL = 3,
    SENDER_NEW_MEMBER_COMMIT = 4
};

struct sender {
    enum sender_type sender_type;
    uint32_t leaf_index;   /* member */
    uint32_t sender_index; /* external */
};
void sender_read(struct rd *r, struct sender *out);
void sender_write(struct wr *w, const struct sender *sender);

struct framed_content {
    view group_id;
    uint64_t epoch;
    struct sender sender;
    view authenticated_data;
    enum content_type content_type;
    union {
        view application_data;
        struct proposal proposal;
        struct commit commit;
    };
};
void framed_content_read(struct rd *r, struct framed_content *out);
/* About how many bytes that takes: to make room for it at once. */
size_t framed_content_size(const struct framed_content *content);
void framed_content_write(struct wr *w, const struct framed_content *content);

struct framed_content_auth_data {
    view signature;
    view confirmation_tag; /* commit */
};
void framed_content_auth_data_read(struct rd *r, enum content_type content_type,
                                   struct framed_content_auth_data *out);
void framed_content_auth_data_write(struct wr *w, enum content_type content_type,
                                    const struct framed_content_auth_data *auth);

struct authenticated_content {
    uint16_t wire_format;
    struct framed_content content;
    struct framed_content_auth_data auth;
};
/* KIND: wire_format is neither of the two that frame content. */
void authenticated_content_read(struct rd *r, struct authenticated_content *out);
void authenticated_content_write(struct wr *w, const struct authenticated_content *content);

/* FramedContentTBS. `group_context` is its encoding; it counts for the senders member and new_member_commit alone. */
void framed_content_write_tbs(struct wr *w, uint16_t wire_format,
                              const struct framed_content *content, view group_context);

/* AuthenticatedContentTBM, which membership_tag covers. */
void authenticated_content_write_tbm(struct wr *w, const struct authenticated_content *content,
                                     view group_context);

struct public_message {
    struct framed_content content;
    struct framed_content_auth_data auth;
    view membership_tag; /* member */
};
void public_message_read(struct rd *r, struct public_message *out);
void public_message_write(struct wr *w, const struct public_message *message);

struct private_message {
    view group_id;
    uint64_t epoch;
    enum content_type content_type;
    view authenticated_data;
    view encrypted_sender_data;
    view ciphertext;
    /* Set by reading alone: the fields in front, which are what the two AADs consist of. */
    view encoded_sender_data_aad; /* SenderDataAAD: group_id to content_type */
    view encoded_content_aad;     /* PrivateContentAAD: group_id to authenticated_data */
};
void private_message_read(struct rd *r, struct private_message *out);
void private_message_write(struct wr *w, const struct private_message *message);

/* PrivateMessageContent, to and from the fields of `content` that it carries. VALUE: padding that is not zero. */
void private_message_content_read(struct rd *r, enum content_type content_type,
                                  struct framed_content *content,
                                  struct framed_content_auth_data *auth);
void private_message_content_write(struct wr *w, const struct framed_content *content,
                                   const struct framed_content_auth_data *auth, size_t padding);

/* SenderDataAAD and PrivateContentAAD (RFC 9420 6.3.2, 6.3.1): how a PrivateMessage begins. */
void sender_data_aad_write(struct wr *w, const struct private_message *message);
void private_content_aad_write(struct wr *w, const struct private_message *message);

#define SENDER_DATA_SIZE 12 /* bytes */
#define REUSE_GUARD      4  /* bytes */

struct sender_data {
    uint32_t leaf_index;
    uint32_t generation;
    uint8_t reuse_guard[REUSE_GUARD];
};
void sender_data_read(struct rd *r, struct sender_data *out);
void sender_data_write(struct wr *w, const struct sender_data *data);

#endif
