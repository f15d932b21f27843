/* key_package.h - what a client publishes so that others can add it (RFC 9420 10). */
#ifndef MLS_KEY_PACKAGE_H
#define MLS_KEY_PACKAGE_H

#include "mls/leaf_node.h"

struct key_package {
    uint16_t version; /* any: whether it fits is judged where it is used (10.1) */
    uint16_t cipher_suite;
    view init_key;
    struct leaf_node leaf_node;
    view extensions;
    view signature;
    /* Set by reading alone: */
    view encoded;          /* all of it: what KeyPackageRef hashes */
    view encoded_unsigned; /* KeyPackageTBS */
};
/* VALUE, beside what its parts give: the leaf's source is not key_package. */
void key_package_read(struct rd *r, struct key_package *out);
void key_package_write(struct wr *w, const struct key_package *package);

/* KeyPackageTBS: the fields up to the signature. */
void key_package_write_tbs(struct wr *w, const struct key_package *package);

/* Whether its maker allows that it is used more than once, when there is no other: the component last_resort_key_package,
 * which has no data (draft-ietf-mls-extensions, "Last-Resort KeyPackages"). */
bool key_package_is_last_resort(const struct key_package *package);

#endif
