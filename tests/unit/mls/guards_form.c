/* The form: bytes that a reader refuses for one thing alone. */
#include "guards.h"

#include "mls/mls_message.h"
#include "mls/ratchet_tree.h"

struct bad {
    sotto_err (*read)(view in, struct fault *ret_fault);
    const char *hex;
};

#define READER(name, type, reading)                                \
    static sotto_err read_##name(view in, struct fault *ret_fault) \
    {                                                              \
        type x;                                                    \
        struct rd r = rd_of(in);                                   \
        reading;                                                   \
        (void)x;                                                   \
        return codec_end(&r, ret_fault);                           \
    }

READER(credential, struct credential, credential_read(&r, &x))
READER(psk, struct pre_shared_key_id, pre_shared_key_id_read(&r, &x))
READER(group_secrets, struct group_secrets, group_secrets_read(&r, &x))
READER(message, struct mls_message, mls_message_read(&r, &x))
READER(sender, struct sender, sender_read(&r, &x))
READER(private_message, struct private_message, private_message_read(&r, &x))
READER(proposal, struct proposal, proposal_read(&r, &x))
READER(proposal_or_ref, struct proposal_or_ref, proposal_or_ref_read(&r, &x))
READER(leaf_node, struct leaf_node, leaf_node_read(&r, &x))
READER(update_path, struct update_path, update_path_read(&r, &x))
READER(parent_node, struct parent_node, parent_node_read(&r, &x))
READER(node, struct node, node_read(&r, &x))
READER(ratchet_tree, struct ratchet_tree, ratchet_tree_read(&r, &x))
READER(key_package, struct key_package, key_package_read(&r, &x))
READER(group_context, struct group_context, group_context_read(&r, &x))
READER(authenticated_content, struct authenticated_content, authenticated_content_read(&r, &x))
READER(leaf_extensions, view, x = extension_list_read(&r, EXTENSION_IN_LEAF_NODE))
READER(dictionary, view, x = app_data_dictionary_read(&r))

static sotto_err read_application(view in, struct fault *ret_fault)
{
    struct framed_content content = {0};
    struct framed_content_auth_data auth = {0};
    struct rd r = rd_of(in);
    private_message_content_read(&r, CONTENT_APPLICATION, &content, &auth);
    return codec_end(&r, ret_fault);
}

static sotto_err attempt(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)c;
    const struct bad *bad = argument;
    DEFER(buf_clear) sotto_buf bytes = unhex(bad->hex);
    return bad->read(buf_view(&bytes), ret_fault);
}

/* A psk_nonce of 256 bytes: no hash is as long. */
static sotto_err attempt_long_nonce(sotto_crypto *c, const void *argument, struct fault *ret_fault)
{
    (void)c;
    (void)argument;
    uint8_t bytes[4 + 256] = {PSK_EXTERNAL, 0, 0x41, 0x00};
    return read_psk(VIEW_OF(bytes), ret_fault);
}

/* clang-format off */
#define BAD(name, reader, bytes) {CHECK_##name, attempt, &(const struct bad){read_##reader, bytes}}
/* clang-format on */

/* Keys, identity, capabilities and signature of no bytes: the form alone is looked at. */
#define LEAF(source_and_what_it_brings) \
    "00 00 000100 0000000000 " source_and_what_it_brings " 00 00"
#define NO_LIFETIME "01 0000000000000000 0000000000000000"

static const struct guard_row rows[] = {
    BAD(FORM_VECTOR_SHORTEST, credential, "0001 4001 61"),
    BAD(FORM_VECTOR_SHORTEST, credential, "0001 80000001 61"),
    BAD(FORM_VECTOR_PREFIX, credential, "0001 c0000001 61"),
    {CHECK_FORM_VECTOR_SIZE, attempt_long_nonce, NULL},
    BAD(FORM_PRESENCE, group_secrets, "00 02 00 00"),
    BAD(FORM_LEFTOVERS, sender, "03 00"),
    BAD(FORM_LEFTOVERS, leaf_extensions, "05 0001 02 00 61"),
    BAD(FORM_VERSION, message, "0002 0005 0001 0001 00" LEAF(NO_LIFETIME) "00 00"),
    BAD(FORM_WIRE_FORMAT, message, "0001 0006"),
    BAD(FORM_WIRE_FORMAT, authenticated_content,
        "0003 00 0000000000000000 03 00 02 0003 00000001 00"),
    BAD(FORM_CONTENT_TYPE, private_message, "00 0000000000000000 04 00 00 00"),
    BAD(FORM_CONTENT_TYPE, authenticated_content, "0001 00 0000000000000000 03 00 04 00"),
    BAD(FORM_SENDER_TYPE, sender, "05"),
    BAD(FORM_SENDER_TYPE, sender, "00"),
    BAD(FORM_PADDING, application, "0161 00 000001"),
    BAD(FORM_PROPOSAL_TYPE, proposal, "0a0a"),
    BAD(FORM_PROPOSAL_OR_REF, proposal_or_ref, "03 0003 00000001"),
    BAD(FORM_PSK_TYPE, psk, "04 00 00"),
    BAD(FORM_PSK_USAGE, psk, "02 04 00 0000000000000000 00"),
    BAD(FORM_LEAF_NODE_SOURCE, leaf_node, LEAF("04")),
    BAD(FORM_UPDATE_SOURCE, proposal, "0002" LEAF("03 00")),
    BAD(FORM_PATH_SOURCE, update_path, LEAF("02") "00"),
    BAD(FORM_CREDENTIAL_TYPE, credential, "0a0a"),
    BAD(FORM_CERTIFICATES, credential, "0002 00"),
    BAD(FORM_CERTIFICATES, credential, "0002 01 00"),
    BAD(FORM_EXTENSION_ONCE, leaf_extensions, "06 0a0a 00 0a0a 00"),
    BAD(FORM_UNMERGED_RISING, parent_node, "00 00 08 00000001 00000001"),
    BAD(FORM_UNMERGED_RISING, parent_node, "00 00 08 00000001 00000000"),
    BAD(FORM_NODE_TYPE, node, "01 03 00 00 00"),
    BAD(FORM_NODE_PLACE, ratchet_tree, "05 01 02 00 00 00"),
    BAD(FORM_NODE_LAST, ratchet_tree, "10 01 01" LEAF("02") "00 00"),
    BAD(KEY_PACKAGE_SOURCE, key_package, "0001 0001 00" LEAF("02") "00 00"),
    BAD(KEY_PACKAGE_MESSAGE_VERSION, message, "0001 0005 0002 0001 00" LEAF(NO_LIFETIME) "00 00"),
    BAD(GROUP_INFO_VERSION, group_context, "0002 0001 00 0000000000000000 00 00 00"),
    BAD(APP_DATA_OPERATION, proposal, "0008 8000 03"),
    BAD(APP_DATA_RISING, dictionary, "06 8000 00 8000 00"),
};

const struct guard_rows guards_form = {rows, COUNT_OF(rows)};
