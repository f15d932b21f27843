#include "mls/update_path.h"

/* struct { opaque kem_output<V>; opaque ciphertext<V>; } HPKECiphertext;                     RFC 9420 7.6 */
void hpke_ciphertext_read(struct rd *r, struct hpke_ciphertext *out)
{
    out->kem_output = rd_opaque(r, MLS_KEY_MAX);
    out->ciphertext = rd_opaque(r, MLS_SEALED_MAX);
}

void hpke_ciphertext_write(struct wr *w, const struct hpke_ciphertext *ciphertext)
{
    wr_opaque(w, ciphertext->kem_output);
    wr_opaque(w, ciphertext->ciphertext);
}

static void hpke_ciphertext_item(struct rd *r)
{
    struct hpke_ciphertext ciphertext;
    hpke_ciphertext_read(r, &ciphertext);
}

/* struct {
 *     HPKEPublicKey encryption_key;
 *     HPKECiphertext encrypted_path_secret<V>;
 * } UpdatePathNode;                                                                          RFC 9420 7.6 */
void update_path_node_read(struct rd *r, struct update_path_node *out)
{
    out->encryption_key = rd_opaque(r, MLS_KEY_MAX);
    out->encrypted_path_secret = codec_list(r, MLS_MESSAGE_MAX, hpke_ciphertext_item);
}

void update_path_node_write(struct wr *w, const struct update_path_node *node)
{
    wr_opaque(w, node->encryption_key);
    wr_opaque(w, node->encrypted_path_secret);
}

static void update_path_node_item(struct rd *r)
{
    struct update_path_node node;
    update_path_node_read(r, &node);
}

/* struct { LeafNode leaf_node; UpdatePathNode nodes<V>; } UpdatePath;                        RFC 9420 7.6 */
void update_path_read(struct rd *r, struct update_path *out)
{
    leaf_node_read(r, &out->leaf_node);
    codec_check(r, CHECK_FORM_PATH_SOURCE, out->leaf_node.leaf_node_source == LEAF_NODE_COMMIT);
    out->nodes = codec_list(r, MLS_MESSAGE_MAX, update_path_node_item);
}

void update_path_write(struct wr *w, const struct update_path *path)
{
    leaf_node_write(w, &path->leaf_node);
    wr_opaque(w, path->nodes);
}
