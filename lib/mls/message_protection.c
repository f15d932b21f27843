#include "mls/message_protection.h"

#include "base/ct.h"

/* A PrivateMessage is built and opened where it lies: its first fields are the two AADs, the plaintext is written
 * where the ciphertext will be. */

#define SENDER_DATA_SEALED (SENDER_DATA_SIZE + AEAD_TAG)

bool external_may_propose(uint16_t proposal_type)
{
    switch (proposal_type) {
    case PROPOSAL_ADD:
    case PROPOSAL_REMOVE:
    case PROPOSAL_PSK:
    case PROPOSAL_REINIT:
    case PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
    case PROPOSAL_APP_DATA_UPDATE:
    case PROPOSAL_APP_EPHEMERAL:
        return true;
    default:
        return false;
    }
}

/* Which check a sender fails who says what it may not; CHECK_NONE: it may. */
static enum mls_check sender_judge(const struct framed_content *content)
{
    bool proposes = content->content_type == CONTENT_PROPOSAL;
    bool commits = content->content_type == CONTENT_COMMIT;
    switch (content->sender.sender_type) {
    case SENDER_MEMBER:
        return CHECK_NONE;
    case SENDER_EXTERNAL:
        if (!proposes)
            return CHECK_SENDER_MAY_SAY;
        return external_may_propose(content->proposal.proposal_type) ? CHECK_NONE
                                                                     : CHECK_SENDER_EXTERNAL_TYPES;
    case SENDER_NEW_MEMBER_PROPOSAL:
        if (!proposes)
            return CHECK_SENDER_MAY_SAY;
        return content->proposal.proposal_type == PROPOSAL_ADD ? CHECK_NONE
                                                               : CHECK_SENDER_NEW_MEMBER_ADD;
    case SENDER_NEW_MEMBER_COMMIT:
        if (!commits)
            return CHECK_SENDER_MAY_SAY;
        return content->commit.has_path ? CHECK_NONE : CHECK_EXTERNAL_PATH;
    }
    return CHECK_SENDER_MAY_SAY;
}

static sotto_err external_sender_key(const struct message_protection *p, uint32_t sender_index,
                                     view *ret_key)
{
    struct rd r = rd_of(p->group_context);
    struct group_context context;
    view data = {0};
    group_context_read(&r, &context);
    if (rd_end(&r) != SOTTO_OK ||
        !extension_find(context.extensions, EXTENSION_EXTERNAL_SENDERS, &data))
        return SOTTO_E_NOTFOUND;
    struct rd content = rd_of(data);
    struct rd at = rd_of(external_senders_read(&content));
    for (uint32_t i = 0; rd_more(&at); i++) {
        struct external_sender sender;
        external_sender_read(&at, &sender);
        if (i != sender_index)
            continue;
        *ret_key = sender.signature_key;
        return SOTTO_OK;
    }
    return SOTTO_E_NOTFOUND;
}

/* The key of a new member stands in what it says, if that is what such a sender may say. */
static view new_member_key(const struct framed_content *content)
{
    if (content->content_type == CONTENT_COMMIT && content->commit.has_path)
        return content->commit.path.leaf_node.signature_key;
    if (content->content_type == CONTENT_PROPOSAL &&
        content->proposal.proposal_type == PROPOSAL_ADD)
        return content->proposal.add.leaf_node.signature_key;
    return (view){0};
}

sotto_err sender_signature_key(const struct message_protection *p,
                               const struct framed_content *content, view *ret_key,
                               struct fault *ret_fault)
{
    const struct sender *sender = &content->sender;
    switch (sender->sender_type) {
    case SENDER_MEMBER:
        return check_result(CHECK_SENDER_MEMBER,
                            p->signature_key(p->members, sender->leaf_index, ret_key),
                            sender->leaf_index, ret_fault);
    case SENDER_EXTERNAL:
        return check_result(CHECK_SENDER_EXTERNAL_LISTED,
                            external_sender_key(p, sender->sender_index, ret_key),
                            sender->sender_index, ret_fault);
    case SENDER_NEW_MEMBER_PROPOSAL:
    case SENDER_NEW_MEMBER_COMMIT:
        *ret_key = new_member_key(content);
        return SOTTO_OK;
    }
    return SOTTO_E_VALUE;
}

static sotto_err check_place(const struct message_protection *p, view group_id, uint64_t epoch,
                             struct fault *ret_fault)
{
    TRY(check_that(CHECK_MESSAGE_GROUP, view_equal(group_id, p->group_id), 0, ret_fault));
    return check_that(CHECK_MESSAGE_EPOCH, epoch == p->epoch, 0, ret_fault);
}

static bool is_of_this_epoch(const struct message_protection *p,
                             const struct framed_content *content)
{
    return view_equal(content->group_id, p->group_id) && content->epoch == p->epoch;
}

/* FramedContentTBS with its label: what is signed, in one piece. */
static sotto_err tbs_write(const struct message_protection *p, uint16_t wire_format,
                           const struct framed_content *content, sotto_buf *out)
{
    struct wr w = wr_to(out);
    label_write(&w, VIEW_LIT("FramedContentTBS"));
    size_t mark = wr_vector_begin(&w);
    framed_content_write_tbs(&w, wire_format, content, p->group_context);
    wr_vector_end(&w, mark);
    return wr_end(&w);
}

/* On the caller's stack if it fits there, as most application messages do. */
static sotto_err tbs_write_somewhere(const struct message_protection *p, uint16_t wire_format,
                                     const struct framed_content *content, sotto_buf *stack)
{
    if (tbs_write(p, wire_format, content, stack) == SOTTO_OK)
        return SOTTO_OK;
    *stack = (sotto_buf){0};
    TRY(buf_reserve(stack, framed_content_size(content) + p->group_context.len));
    return tbs_write(p, wire_format, content, stack);
}

sotto_err framed_content_sign(sotto_crypto *c, const struct message_protection *p,
                              const sotto_sign_key *key, uint16_t wire_format,
                              const struct framed_content *content, sotto_buf *ret_signature)
{
    uint8_t stack[WITH_LABEL_STACK];
    DEFER(buf_clear) sotto_buf tbs = BUF_ON(stack);
    TRY(tbs_write_somewhere(p, wire_format, content, &tbs));
    return sign(c, key, buf_view(&tbs), ret_signature);
}

static sotto_err signature_verify(sotto_crypto *c, const struct message_protection *p,
                                  const struct authenticated_content *content, view public_key)
{
    uint8_t stack[WITH_LABEL_STACK];
    DEFER(buf_clear) sotto_buf tbs = BUF_ON(stack);
    TRY(tbs_write_somewhere(p, content->wire_format, &content->content, &tbs));
    return verify(c, p->suite->sign, public_key, buf_view(&tbs), content->auth.signature);
}

static sotto_err signature_check(sotto_crypto *c, const struct message_protection *p,
                                 const struct authenticated_content *content, view public_key,
                                 struct fault *ret_fault)
{
    return check_result(CHECK_MESSAGE_SIGNATURE, signature_verify(c, p, content, public_key),
                        content->content.sender.leaf_index, ret_fault);
}

static sotto_err membership_tag_make(sotto_crypto *c, const struct message_protection *p,
                                     const struct authenticated_content *content, uint8_t *ret_tag)
{
    DEFER(buf_clear) sotto_buf tbm = {0};
    struct wr w = wr_to(&tbm);
    authenticated_content_write_tbm(&w, content, p->group_context);
    TRY(wr_end(&w));
    const view input = buf_view(&tbm);
    return hmac(c, suite_hash(p->suite), secret_view(p->membership_key), &input, 1, ret_tag);
}

sotto_err public_message_protect(sotto_crypto *c, const struct message_protection *p,
                                 const struct authenticated_content *content, sotto_buf *out)
{
    if (content->wire_format != WIRE_PUBLIC_MESSAGE ||
        content->content.content_type == CONTENT_APPLICATION ||
        sender_judge(&content->content) != CHECK_NONE || !is_of_this_epoch(p, &content->content))
        return SOTTO_E_USAGE;
    if (content->content.authenticated_data.len > MLS_AAD_MAX)
        return SOTTO_E_TOO_LARGE;
    uint8_t tag[HASH_MAX];
    struct public_message message = {.content = content->content, .auth = content->auth};
    if (content->content.sender.sender_type == SENDER_MEMBER) {
        TRY(membership_tag_make(c, p, content, tag));
        message.membership_tag = view_of(tag, p->suite->hash_len);
    }
    struct wr w = wr_to(out);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_PUBLIC_MESSAGE);
    public_message_write(&w, &message);
    return wr_end(&w);
}

static sotto_err membership_check(sotto_crypto *c, const struct message_protection *p,
                                  const struct authenticated_content *content, view tag,
                                  struct fault *ret_fault)
{
    uint8_t expected[HASH_MAX];
    if (content->content.sender.sender_type != SENDER_MEMBER)
        return SOTTO_OK;
    TRY(membership_tag_make(c, p, content, expected));
    return check_that(CHECK_MEMBERSHIP_TAG, ct_equal(view_of(expected, p->suite->hash_len), tag),
                      content->content.sender.leaf_index, ret_fault);
}

sotto_err public_message_unprotect(sotto_crypto *c, const struct message_protection *p,
                                   const struct public_message *message,
                                   struct authenticated_content *ret_content,
                                   struct fault *ret_fault)
{
    const struct authenticated_content content = {
        .wire_format = WIRE_PUBLIC_MESSAGE, .content = message->content, .auth = message->auth};
    enum mls_check wrong = sender_judge(&content.content);
    view key = {0};
    TRY(check_that(CHECK_APPLICATION_IS_PRIVATE,
                   content.content.content_type != CONTENT_APPLICATION, 0, ret_fault));
    TRY(check_that(wrong, wrong == CHECK_NONE, 0, ret_fault));
    TRY(check_place(p, content.content.group_id, content.content.epoch, ret_fault));
    TRY(sender_signature_key(p, &content.content, &key, ret_fault));
    TRY(membership_check(c, p, &content, message->membership_tag, ret_fault));
    TRY(signature_check(c, p, &content, key, ret_fault));
    *ret_content = content;
    return SOTTO_OK;
}

static enum ratchet_kind ratchet_of(enum content_type content_type)
{
    return content_type == CONTENT_APPLICATION ? RATCHET_APPLICATION : RATCHET_HANDSHAKE;
}

/* RFC 9420 6.3.1: the nonce of the key schedule XOR the guard. */
static void nonce_guard(const uint8_t nonce[AEAD_NONCE], const uint8_t guard[REUSE_GUARD],
                        uint8_t ret_nonce[AEAD_NONCE])
{
    memcpy(ret_nonce, nonce, AEAD_NONCE);
    for (size_t i = 0; i < REUSE_GUARD; i++)
        ret_nonce[i] ^= guard[i];
}

/* Key and nonce of the sender data come from a sample of the ciphertext (RFC 9420 6.3.2). */
sotto_err sender_data_key(sotto_crypto *c, const struct message_protection *p, view ciphertext,
                          struct secret *ret_key, uint8_t ret_nonce[AEAD_NONCE])
{
    const view sample = {ciphertext.data, size_min(ciphertext.len, p->suite->hash_len)};
    TRY(expand_with_label(c, p->suite, p->sender_data_secret, VIEW_LIT("nonce"), sample, ret_nonce,
                          AEAD_NONCE));
    return expand_secret(c, p->suite, p->sender_data_secret, VIEW_LIT("key"), sample,
                         p->suite->key_len, ret_key);
}

static sotto_err sender_data_seal(sotto_crypto *c, const struct message_protection *p,
                                  const struct sender_data *data, view aad, view ciphertext,
                                  uint8_t ret_sealed[SENDER_DATA_SEALED])
{
    uint8_t bytes[SENDER_DATA_SIZE], nonce[AEAD_NONCE];
    DEFER(buf_clear) sotto_buf plain = BUF_ON(bytes);
    DEFER(secret_clear) struct secret key = {0};
    struct wr w = wr_to(&plain);
    sender_data_write(&w, data);
    TRY(wr_end(&w));
    TRY(sender_data_key(c, p, ciphertext, &key, nonce));
    return aead_seal(c, p->suite->hpke.aead, &key, nonce, aad, buf_view(&plain), ret_sealed);
}

static sotto_err sender_data_open(sotto_crypto *c, const struct message_protection *p,
                                  const struct private_message *message,
                                  struct sender_data *ret_data)
{
    uint8_t bytes[SENDER_DATA_SIZE], nonce[AEAD_NONCE];
    DEFER(secret_clear) struct secret key = {0};
    if (message->encrypted_sender_data.len != SENDER_DATA_SEALED)
        return SOTTO_E_DECRYPT;
    TRY(sender_data_key(c, p, message->ciphertext, &key, nonce));
    TRY(aead_open(c, p->suite->hpke.aead, &key, nonce, message->encoded_sender_data_aad,
                  message->encrypted_sender_data, bytes));
    struct rd r = rd_of(VIEW_OF(bytes));
    struct sender_data data = {0};
    sender_data_read(&r, &data);
    TRY(rd_end(&r));
    *ret_data = data;
    return SOTTO_OK;
}

/* Where the parts of a PrivateMessage lie in the buffer that it is built in. */
struct layout {
    size_t begin;           /* the SenderDataAAD, and the PrivateContentAAD with it */
    size_t sender_data_aad; /* bytes of the first */
    size_t content_aad;     /* bytes of the second */
    size_t sender_data;     /* encrypted_sender_data */
    size_t ciphertext;      /* room for the tag at its end */
    size_t ciphertext_len;
};

/* The message with the plaintext where the ciphertext will be, and zeros for the rest. */
static sotto_err private_message_lay(const struct authenticated_content *content, size_t padding,
                                     sotto_buf *out, struct layout *ret_layout)
{
    static const uint8_t zeros[SENDER_DATA_SEALED];
    const struct framed_content *framed = &content->content;
    const struct private_message message = {.group_id = framed->group_id,
                                            .epoch = framed->epoch,
                                            .content_type = framed->content_type,
                                            .authenticated_data = framed->authenticated_data};
    TRY(buf_reserve(out, framed_content_size(framed) + content->auth.signature.len +
                             content->auth.confirmation_tag.len + padding));
    struct wr w = wr_to(out);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_PRIVATE_MESSAGE);
    struct layout l = {.begin = out->len};
    sender_data_aad_write(&w, &message);
    l.sender_data_aad = out->len - l.begin;
    wr_opaque(&w, framed->authenticated_data);
    l.content_aad = out->len - l.begin;
    wr_opaque(&w, VIEW_OF(zeros));
    l.sender_data = out->len - sizeof zeros;
    size_t mark = wr_vector_begin(&w);
    private_message_content_write(&w, framed, &content->auth, padding);
    wr_bytes(&w, view_of(zeros, AEAD_TAG));
    l.ciphertext_len = out->len - mark;
    wr_vector_end(&w, mark);
    TRY(wr_end(&w));
    l.ciphertext = out->len - l.ciphertext_len;
    *ret_layout = l;
    return SOTTO_OK;
}

/* Turns the plaintext into the ciphertext, and seals the sender data for it. */
static sotto_err private_message_seal(sotto_crypto *c, const struct message_protection *p,
                                      const struct message_key *key, const struct layout *l,
                                      const uint8_t reuse_guard[REUSE_GUARD], uint8_t *bytes)
{
    const view plain = {bytes + l->ciphertext, l->ciphertext_len - AEAD_TAG};
    struct sender_data data = {.leaf_index = key->leaf_index, .generation = key->generation};
    uint8_t nonce[AEAD_NONCE];
    memcpy(data.reuse_guard, reuse_guard, REUSE_GUARD);
    nonce_guard(key->nonce, reuse_guard, nonce);
    TRY(aead_seal(c, p->suite->hpke.aead, &key->key, nonce,
                  view_of(bytes + l->begin, l->content_aad), plain, bytes + l->ciphertext));
    return sender_data_seal(c, p, &data, view_of(bytes + l->begin, l->sender_data_aad),
                            view_of(bytes + l->ciphertext, l->ciphertext_len),
                            bytes + l->sender_data);
}

static void buf_cut(sotto_buf *b, size_t len)
{
    ct_wipe(b->data + len, b->len - len);
    b->len = len;
}

sotto_err private_message_protect(sotto_crypto *c, const struct message_protection *p,
                                  const struct authenticated_content *content, size_t padding,
                                  const uint8_t reuse_guard[REUSE_GUARD], sotto_buf *out)
{
    const struct framed_content *framed = &content->content;
    if (content->wire_format != WIRE_PRIVATE_MESSAGE ||
        framed->sender.sender_type != SENDER_MEMBER || !is_of_this_epoch(p, framed))
        return SOTTO_E_USAGE;
    if (padding > MLS_MESSAGE_MAX || framed->authenticated_data.len > MLS_AAD_MAX)
        return SOTTO_E_TOO_LARGE;
    size_t start = out->len;
    struct layout layout;
    DEFER(message_key_clear) struct message_key key = {0};
    TRY(secret_tree_next(c, p->secret_tree, framed->sender.leaf_index,
                         ratchet_of(framed->content_type), &key));
    TRY(private_message_lay(content, padding, out, &layout));
    sotto_err err = SOTTO_E_TOO_LARGE;
    if (layout.ciphertext_len <= MLS_MESSAGE_MAX)
        err = private_message_seal(c, p, &key, &layout, reuse_guard, out->data);
    if (err == SOTTO_OK)
        err = secret_tree_consume(p->secret_tree, &key);
    if (err != SOTTO_OK)
        buf_cut(out, start);
    return err;
}

static sotto_err content_open(sotto_crypto *c, const struct message_protection *p,
                              const struct private_message *message,
                              const struct sender_data *sender, const struct message_key *key,
                              sotto_buf *ret_plain)
{
    uint8_t nonce[AEAD_NONCE], *plain;
    nonce_guard(key->nonce, sender->reuse_guard, nonce);
    if (message->ciphertext.len < AEAD_TAG)
        return SOTTO_E_DECRYPT;
    TRY(buf_extend(ret_plain, message->ciphertext.len - AEAD_TAG, &plain));
    return aead_open(c, p->suite->hpke.aead, &key->key, nonce, message->encoded_content_aad,
                     message->ciphertext, plain);
}

static sotto_err content_parse(const struct private_message *message,
                               const struct sender_data *sender, view plain,
                               struct authenticated_content *out, struct fault *ret_fault)
{
    *out = (struct authenticated_content){
        .wire_format = WIRE_PRIVATE_MESSAGE,
        .content = {.group_id = message->group_id,
                    .epoch = message->epoch,
                    .sender = {.sender_type = SENDER_MEMBER, .leaf_index = sender->leaf_index},
                    .authenticated_data = message->authenticated_data}};
    struct rd r = rd_of(plain);
    private_message_content_read(&r, message->content_type, &out->content, &out->auth);
    return codec_end(&r, ret_fault);
}

/* Which of the checks of a generation an error of secret_tree_find() is. */
static sotto_err generation_check(sotto_err err, uint32_t leaf_index, struct fault *ret_fault)
{
    switch (err) {
    case SOTTO_E_REPLAYED:
        return check_fail(CHECK_GENERATION_NEW, leaf_index, ret_fault);
    case SOTTO_E_MISSING:
        return check_fail(CHECK_GENERATION_NEAR, leaf_index, ret_fault);
    case SOTTO_E_EXPIRED:
        return check_fail(CHECK_GENERATION_KEPT, leaf_index, ret_fault);
    default:
        return err;
    }
}

static sotto_err message_open(sotto_crypto *c, const struct message_protection *p,
                              const struct private_message *message, sotto_buf *plain,
                              struct authenticated_content *out, struct message_key *key,
                              struct fault *ret_fault)
{
    struct sender_data sender = {0};
    struct sender member = {.sender_type = SENDER_MEMBER};
    view public_key = {0};
    TRY(check_place(p, message->group_id, message->epoch, ret_fault));
    TRY(check_result(CHECK_SENDER_DATA_OPENS, sender_data_open(c, p, message, &sender), 0,
                     ret_fault));
    if (p->own_leaf != NULL && sender.leaf_index == *p->own_leaf)
        return SOTTO_E_REFLECTED;
    member.leaf_index = sender.leaf_index;
    const struct framed_content said = {.sender = member};
    TRY(sender_signature_key(p, &said, &public_key, ret_fault));
    TRY(generation_check(secret_tree_find(c, p->secret_tree, sender.leaf_index,
                                          ratchet_of(message->content_type), sender.generation,
                                          key),
                         sender.leaf_index, ret_fault));
    TRY(check_result(CHECK_CONTENT_OPENS, content_open(c, p, message, &sender, key, plain),
                     sender.leaf_index, ret_fault));
    TRY(content_parse(message, &sender, buf_view(plain), out, ret_fault));
    return signature_check(c, p, out, public_key, ret_fault);
}

bool private_message_is_own(sotto_crypto *c, const struct message_protection *p,
                            const struct private_message *message)
{
    struct sender_data sender = {0};
    return p->own_leaf != NULL && sender_data_open(c, p, message, &sender) == SOTTO_OK &&
           sender.leaf_index == *p->own_leaf;
}

sotto_err private_message_open(sotto_crypto *c, const struct message_protection *p,
                               const struct private_message *message, sotto_buf *ret_plain,
                               struct authenticated_content *ret_content,
                               struct message_key *ret_key, struct fault *ret_fault)
{
    struct authenticated_content content;
    buf_reset(ret_plain);
    *ret_key = (struct message_key){0};
    sotto_err err = message_open(c, p, message, ret_plain, &content, ret_key, ret_fault);
    if (err == SOTTO_OK) {
        *ret_content = content;
    } else {
        buf_reset(ret_plain);
        message_key_clear(ret_key);
    }
    return err;
}

sotto_err private_message_unprotect(sotto_crypto *c, const struct message_protection *p,
                                    const struct private_message *message, sotto_buf *ret_plain,
                                    struct authenticated_content *ret_content,
                                    struct fault *ret_fault)
{
    struct authenticated_content content;
    DEFER(message_key_clear) struct message_key key = {0};
    TRY(private_message_open(c, p, message, ret_plain, &content, &key, ret_fault));
    sotto_err err = secret_tree_consume(p->secret_tree, &key);
    if (err == SOTTO_OK)
        *ret_content = content;
    else
        buf_reset(ret_plain);
    return err;
}
