#include "mls/leaf_node.h"

/* struct {
 *     HPKEPublicKey encryption_key;
 *     SignaturePublicKey signature_key;
 *     Credential credential;
 *     Capabilities capabilities;
 *     LeafNodeSource leaf_node_source;
 *     select (LeafNode.leaf_node_source) {
 *         case key_package: Lifetime lifetime;
 *         case update:      struct{};
 *         case commit:      opaque parent_hash<V>;
 *     };
 *     Extension extensions<V>;
 *     opaque signature<V>;
 * } LeafNode;                                                                                RFC 9420 7.2 */
void leaf_node_read(struct rd *r, struct leaf_node *out)
{
    const struct rd start = *r;
    *out = (struct leaf_node){0};
    out->encryption_key = rd_opaque(r, MLS_KEY_MAX);
    out->signature_key = rd_opaque(r, MLS_KEY_MAX);
    credential_read(r, &out->credential);
    capabilities_read(r, &out->capabilities);
    out->leaf_node_source =
        (enum leaf_node_source)codec_enum(r, LEAF_NODE_COMMIT, CHECK_FORM_LEAF_NODE_SOURCE);
    if (out->leaf_node_source == LEAF_NODE_KEY_PACKAGE)
        lifetime_read(r, &out->lifetime);
    if (out->leaf_node_source == LEAF_NODE_COMMIT)
        out->parent_hash = rd_opaque(r, MLS_HASH_MAX);
    out->extensions = extension_list_read(r, EXTENSION_IN_LEAF_NODE);
    out->encoded_unsigned = rd_since(r, &start);
    out->signature = rd_opaque(r, MLS_SIGNATURE_MAX);
    out->encoded = rd_since(r, &start);
}

void leaf_node_write_unsigned(struct wr *w, const struct leaf_node *leaf)
{
    wr_opaque(w, leaf->encryption_key);
    wr_opaque(w, leaf->signature_key);
    credential_write(w, &leaf->credential);
    capabilities_write(w, &leaf->capabilities);
    wr_u8(w, (uint8_t)leaf->leaf_node_source);
    if (leaf->leaf_node_source == LEAF_NODE_KEY_PACKAGE)
        lifetime_write(w, &leaf->lifetime);
    if (leaf->leaf_node_source == LEAF_NODE_COMMIT)
        wr_opaque(w, leaf->parent_hash);
    wr_opaque(w, leaf->extensions);
}

void leaf_node_write(struct wr *w, const struct leaf_node *leaf)
{
    leaf_node_write_unsigned(w, leaf);
    wr_opaque(w, leaf->signature);
}

/* LeafNodeTBS: the leaf without its signature, and where it stands unless it comes in a KeyPackage (RFC 9420 7.2). */
void leaf_node_write_tbs(struct wr *w, const struct leaf_node *leaf, view group_id,
                         uint32_t leaf_index)
{
    leaf_node_write_unsigned(w, leaf);
    if (leaf->leaf_node_source == LEAF_NODE_KEY_PACKAGE)
        return;
    wr_opaque(w, group_id);
    wr_u32(w, leaf_index);
}

view leaf_node_encryption_key(view encoded)
{
    struct rd r = rd_of(encoded);
    return rd_opaque(&r, MLS_KEY_MAX);
}

view leaf_node_signature_key(view encoded)
{
    struct rd r = rd_of(encoded);
    (void)rd_opaque(&r, MLS_KEY_MAX);
    return rd_opaque(&r, MLS_KEY_MAX);
}
