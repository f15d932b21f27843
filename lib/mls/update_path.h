/* update_path.h - the new keys along a committer's direct path, sealed for who needs them (RFC 9420 7.6). */
#ifndef MLS_UPDATE_PATH_H
#define MLS_UPDATE_PATH_H

#include "mls/leaf_node.h"

struct hpke_ciphertext {
    view kem_output;
    view ciphertext;
};
void hpke_ciphertext_read(struct rd *r, struct hpke_ciphertext *out);
void hpke_ciphertext_write(struct wr *w, const struct hpke_ciphertext *ciphertext);

struct update_path_node {
    view encryption_key;
    view encrypted_path_secret; /* hpke_ciphertexts */
};
void update_path_node_read(struct rd *r, struct update_path_node *out);
void update_path_node_write(struct wr *w, const struct update_path_node *node);

struct update_path {
    struct leaf_node leaf_node;
    view nodes; /* update_path_nodes */
};
/* VALUE, beside what its parts give: the leaf's source is not commit. */
void update_path_read(struct rd *r, struct update_path *out);
void update_path_write(struct wr *w, const struct update_path *path);

#endif
