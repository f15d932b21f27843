/* leaf_node.h - a member's leaf (RFC 9420 7.2). A tree keeps each leaf as its encoded bytes and nothing else (some 160 bytes
 * with X25519): the two keys, which is what the tree needs all the time, are found at their front without parsing the
 * rest, and the rest is read again where it is looked at, which can't fail for bytes that were read once. */
#ifndef MLS_LEAF_NODE_H
#define MLS_LEAF_NODE_H

#include "mls/capabilities.h"
#include "mls/credential.h"
#include "mls/extension.h"
#include "mls/lifetime.h"

enum leaf_node_source { LEAF_NODE_KEY_PACKAGE = 1, LEAF_NODE_UPDATE = 2, LEAF_NODE_COMMIT = 3 };

struct leaf_node {
    view encryption_key;
    view signature_key;
    struct credential credential;
    struct capabilities capabilities;
    enum leaf_node_source leaf_node_source;
    struct lifetime lifetime; /* key_package */
    view parent_hash;         /* commit */
    view extensions;
    view signature;
    /* Set by reading alone: */
    view encoded;          /* all of it */
    view encoded_unsigned; /* up to the signature, which is how LeafNodeTBS begins */
};
void leaf_node_read(struct rd *r, struct leaf_node *out);
void leaf_node_write(struct wr *w, const struct leaf_node *leaf);

/* The fields up to the signature, as a leaf that is about to be signed has them. */
void leaf_node_write_unsigned(struct wr *w, const struct leaf_node *leaf);

/* LeafNodeTBS, for the signature. `group_id` and `leaf_index` count for update and commit alone. */
void leaf_node_write_tbs(struct wr *w, const struct leaf_node *leaf, view group_id,
                         uint32_t leaf_index);

/* The keys of a leaf that was read once, straight from its bytes. */
view leaf_node_encryption_key(view encoded);
view leaf_node_signature_key(view encoded);

#endif
