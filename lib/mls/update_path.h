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

/* The ciphertexts of one node. After a bulk add there is one for each member, and nearly all are for others: they are walked over
 * once, when they are read. */
struct hpke_ciphertexts {
    uint32_t count;
    uint32_t size; /* of each, bytes; 0: they differ */
};
/* The `number`th of a list that was read as `shape`, which has as many. */
void hpke_ciphertexts_get(view list, const struct hpke_ciphertexts *shape, uint32_t number,
                          struct hpke_ciphertext *out);

struct update_path {
    struct leaf_node leaf_node;
    view nodes; /* update_path_nodes */
    /* Set by reading alone: */
    uint32_t node_count;
    struct hpke_ciphertexts ciphertexts[MLS_PATH_MAX]; /* of each node, as far as there is room */
};
/* VALUE, beside what its parts give: the leaf's source is not commit. */
void update_path_read(struct rd *r, struct update_path *out);
void update_path_write(struct wr *w, const struct update_path *path);

#endif
