/* MLSMessage, as a stranger may send it: what is read is written as the same bytes, lies in the input, and what the list
 * readers accepted can be walked again to its end. A second decoder accepts the same. */
#include <stdlib.h>

#include "mls/mls_message.h"
#include "tests/fuzz/mls_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk_commit(const struct commit *commit)
{
    struct rd at = rd_of(commit->proposals);
    while (rd_more(&at)) {
        struct proposal_or_ref item;
        proposal_or_ref_read(&at, &item);
    }
    if (rd_end(&at) != SOTTO_OK)
        abort();
    at = rd_of(commit->has_path ? commit->path.nodes : (view){0});
    while (rd_more(&at)) {
        struct update_path_node node;
        update_path_node_read(&at, &node);
        struct rd sealed = rd_of(node.encrypted_path_secret);
        while (rd_more(&sealed)) {
            struct hpke_ciphertext ciphertext;
            hpke_ciphertext_read(&sealed, &ciphertext);
        }
        if (rd_end(&sealed) != SOTTO_OK)
            abort();
    }
    if (rd_end(&at) != SOTTO_OK)
        abort();
}

static void walk_welcome(const struct welcome *welcome)
{
    struct rd at = rd_of(welcome->secrets);
    while (rd_more(&at)) {
        struct encrypted_group_secrets secrets;
        encrypted_group_secrets_read(&at, &secrets);
    }
    if (rd_end(&at) != SOTTO_OK)
        abort();
}

static void walk_extensions(view list)
{
    struct rd at = rd_of(list);
    while (rd_more(&at)) {
        struct extension extension;
        view data = {0};
        extension_read(&at, &extension);
        if (rd_ok(&at) && (!extension_find(list, extension.extension_type, &data) ||
                           !view_equal(data, extension.extension_data)))
            abort(); /* a type that is there twice */
    }
    if (rd_end(&at) != SOTTO_OK)
        abort();
}

static void walk(const struct mls_message *message)
{
    const struct framed_content *content = &message->public_message.content;
    if (message->wire_format == WIRE_PUBLIC_MESSAGE && content->content_type == CONTENT_COMMIT)
        walk_commit(&content->commit);
    if (message->wire_format == WIRE_WELCOME)
        walk_welcome(&message->welcome);
    if (message->wire_format == WIRE_GROUP_INFO) {
        walk_extensions(message->group_info.extensions);
        walk_extensions(message->group_info.group_context.extensions);
    }
    if (message->wire_format == WIRE_KEY_PACKAGE) {
        const struct leaf_node *leaf = &message->key_package.leaf_node;
        walk_extensions(message->key_package.extensions);
        walk_extensions(leaf->extensions);
        if (!view_equal(leaf_node_encryption_key(leaf->encoded), leaf->encryption_key) ||
            !view_equal(leaf_node_signature_key(leaf->encoded), leaf->signature_key))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const view bytes = {data, size};
    struct mls_message message;
    bool right = mls_message_parse(bytes, &message, NULL) == SOTTO_OK;
    if (right != mls_reference_is("mls_message", data, size))
        abort();
    if (!right)
        return 0;
    walk(&message);
    sotto_buf out = {0};
    struct wr w = wr_to(&out);
    mls_message_write(&w, &message);
    if (wr_end(&w) != SOTTO_OK || !view_equal(buf_view(&out), bytes))
        abort();
    buf_clear(&out);
    return 0;
}
