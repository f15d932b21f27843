#include "mls/key_package.h"

#include "mls/app_data.h"

/* struct {
 *     ProtocolVersion version;
 *     CipherSuite cipher_suite;
 *     HPKEPublicKey init_key;
 *     LeafNode leaf_node;
 *     Extension extensions<V>;
 *     opaque signature<V>;
 * } KeyPackage;                                                                              RFC 9420 10 */
void key_package_read(struct rd *r, struct key_package *out)
{
    const struct rd start = *r;
    *out = (struct key_package){0};
    out->version = rd_u16(r);
    out->cipher_suite = rd_u16(r);
    out->init_key = rd_opaque(r, MLS_KEY_MAX);
    leaf_node_read(r, &out->leaf_node);
    codec_check(r, CHECK_KEY_PACKAGE_SOURCE,
                out->leaf_node.leaf_node_source == LEAF_NODE_KEY_PACKAGE);
    out->extensions = extension_list_read(r, EXTENSION_IN_KEY_PACKAGE);
    out->encoded_unsigned = rd_since(r, &start);
    out->signature = rd_opaque(r, MLS_SIGNATURE_MAX);
    out->encoded = rd_since(r, &start);
}

void key_package_write_tbs(struct wr *w, const struct key_package *package)
{
    wr_u16(w, package->version);
    wr_u16(w, package->cipher_suite);
    wr_opaque(w, package->init_key);
    leaf_node_write(w, &package->leaf_node);
    wr_opaque(w, package->extensions);
}

void key_package_write(struct wr *w, const struct key_package *package)
{
    key_package_write_tbs(w, package);
    wr_opaque(w, package->signature);
}

bool key_package_is_last_resort(const struct key_package *package)
{
    view data;
    return app_data_of(package->extensions, COMPONENT_LAST_RESORT_KEY_PACKAGE, &data) &&
           data.len == 0;
}
