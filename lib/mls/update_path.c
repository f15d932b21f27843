#include "mls/update_path.h"

#include <assert.h>

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

/* What one ciphertext has at the front of its two fields: their headers, each with up to three bytes behind it that the masks
 * hide. size 0: a field is too short for that. */
struct mould {
    size_t size, second; /* bytes of all, and in front of the second field */
    uint32_t heads[2], masks[2];
};

static uint32_t head_at(const uint8_t *bytes)
{
    uint32_t head;
    memcpy(&head, bytes, sizeof head);
    return head;
}

static struct mould mould_of(view encoded, const struct hpke_ciphertext *ciphertext)
{
    static const uint8_t ones[4] = {0xff, 0xff, 0xff, 0xff};
    struct mould mould = {.second = (size_t)(ciphertext->kem_output.data - encoded.data) +
                                    ciphertext->kem_output.len};
    size_t lens[2] = {mould.second - ciphertext->kem_output.len,
                      encoded.len - mould.second - ciphertext->ciphertext.len};
    size_t starts[2] = {0, mould.second};
    if (mould.second < sizeof(uint32_t) || encoded.len - mould.second < sizeof(uint32_t))
        return mould;
    for (size_t i = 0; i < 2; i++) {
        memcpy(&mould.masks[i], ones, lens[i]);
        mould.heads[i] = head_at(encoded.data + starts[i]) & mould.masks[i];
    }
    mould.size = encoded.len;
    return mould;
}

/* How many ciphertexts at the front of a list have the same lengths, and so the same form, as the one before. */
static uint32_t mould_count(const struct mould *mould, view list)
{
    uint32_t count = 0;
    if (mould->size == 0)
        return 0;
    for (const uint8_t *at = list.data; (size_t)(list.data + list.len - at) >= mould->size;
         at += mould->size, count++)
        if ((((head_at(at) ^ mould->heads[0]) & mould->masks[0]) |
             ((head_at(at + mould->second) ^ mould->heads[1]) & mould->masks[1])) != 0)
            break;
    return count;
}

/* HPKECiphertext encrypted_path_secret<V>: each has the form, mostly the same as that of the one before. */
static view hpke_ciphertexts_read(struct rd *r, struct hpke_ciphertexts *out)
{
    struct rd items = rd_vector(r, MLS_MESSAGE_MAX);
    const struct rd start = items;
    *out = (struct hpke_ciphertexts){0};
    while (rd_more(&items)) {
        const struct rd before = items;
        struct hpke_ciphertext ciphertext;
        hpke_ciphertext_read(&items, &ciphertext);
        if (!rd_ok(&items))
            break;
        view encoded = rd_since(&items, &before);
        struct mould mould = mould_of(encoded, &ciphertext);
        struct rd ahead = items;
        uint32_t alike = mould_count(&mould, rd_rest(&ahead));
        (void)rd_bytes(&items, alike * mould.size);
        out->size = out->count == 0 || out->size == encoded.len ? (uint32_t)encoded.len : 0;
        out->count += 1 + alike;
    }
    rd_join(r, &items);
    return rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

void hpke_ciphertexts_get(view list, const struct hpke_ciphertexts *shape, uint32_t number,
                          struct hpke_ciphertext *out)
{
    assert(number < shape->count);
    struct rd r = rd_of(list);
    (void)rd_bytes(&r, (size_t)number * shape->size);
    for (uint32_t i = shape->size > 0 ? number : 0; i <= number; i++)
        hpke_ciphertext_read(&r, out);
}

/* struct {
 *     HPKEPublicKey encryption_key;
 *     HPKECiphertext encrypted_path_secret<V>;
 * } UpdatePathNode;                                                                          RFC 9420 7.6 */
static void update_path_node_read_shape(struct rd *r, struct update_path_node *out,
                                        struct hpke_ciphertexts *ret_shape)
{
    out->encryption_key = rd_opaque(r, MLS_KEY_MAX);
    out->encrypted_path_secret = hpke_ciphertexts_read(r, ret_shape);
}

void update_path_node_read(struct rd *r, struct update_path_node *out)
{
    struct hpke_ciphertexts shape;
    update_path_node_read_shape(r, out, &shape);
}

void update_path_node_write(struct wr *w, const struct update_path_node *node)
{
    wr_opaque(w, node->encryption_key);
    wr_opaque(w, node->encrypted_path_secret);
}

static void update_path_nodes_read(struct rd *r, struct update_path *out)
{
    struct rd items = rd_vector(r, MLS_MESSAGE_MAX);
    const struct rd start = items;
    out->node_count = 0;
    memset(out->ciphertexts, 0, sizeof out->ciphertexts);
    for (; rd_more(&items); out->node_count++) {
        struct update_path_node node;
        struct hpke_ciphertexts shape;
        update_path_node_read_shape(&items, &node, &shape);
        if (out->node_count < MLS_PATH_MAX)
            out->ciphertexts[out->node_count] = shape;
    }
    rd_join(r, &items);
    out->nodes = rd_ok(r) ? rd_since(&items, &start) : (view){0};
}

/* struct { LeafNode leaf_node; UpdatePathNode nodes<V>; } UpdatePath;                        RFC 9420 7.6 */
void update_path_read(struct rd *r, struct update_path *out)
{
    leaf_node_read(r, &out->leaf_node);
    codec_check(r, CHECK_FORM_PATH_SOURCE, out->leaf_node.leaf_node_source == LEAF_NODE_COMMIT);
    update_path_nodes_read(r, out);
}

void update_path_write(struct wr *w, const struct update_path *path)
{
    leaf_node_write(w, &path->leaf_node);
    wr_opaque(w, path->nodes);
}
