/* exporter_tree.h - SafeExportSecret: one secret per component and epoch, handed out once (draft-ietf-mls-extensions, "Exported
 * Secrets"). A tree like the secret tree (RFC 9420 9) with 2^16 leaves, one for each component_id, rooted in
 * application_export_secret. Exporting erases the leaf and all that led to it (9.2), so that who gets hold of the tree later
 * can't make the secret again: unlike key_schedule_export(), this is forward secure.
 * What is left are the highest nodes with nothing exported below them, at most 16 more for each export.
 * Store the tree together with what the secret is for: a tree that is read again in its old state would export twice.
 * One thread at a time. */
#ifndef MLS_EXPORTER_TREE_H
#define MLS_EXPORTER_TREE_H

#include "base/rd.h"
#include "base/wr.h"
#include "mls/with_label.h"

struct exporter_tree;

/* Nodes of the largest tree: enough for any 256 components, and for far more that are neighbours. 136 KiB. */
#define EXPORTER_TREE_NODES 2048u

/* A copy of application_export_secret becomes the root; clear the original. USAGE: no suite's secret. Release with
 * exporter_tree_free(). */
SOTTO_MUST_USE sotto_err exporter_tree_new(const struct mls_suite *suite,
                                           const struct secret *application_export_secret,
                                           struct exporter_tree **ret_tree);
void exporter_tree_free(struct exporter_tree *tree); /* accepts NULL; wipes */
void exporter_tree_freep(struct exporter_tree **tree);

/* SafeExportSecret: suite->hash_len bytes. EXPIRED: exported before; there is no way to have it again in this epoch. FULL: the
 * tree would have more than EXPORTER_TREE_NODES. On each error the tree is as it was. */
SOTTO_MUST_USE sotto_err exporter_tree_export(sotto_crypto *c, struct exporter_tree *tree,
                                              uint16_t component_id, struct secret *ret_secret);

/* Whether the store has it as it is: since it was read, or exporter_tree_stored() was called. */
bool exporter_tree_is_stored(const struct exporter_tree *tree);
void exporter_tree_stored(struct exporter_tree *tree);

/* The tree as one vector of what is left of it, for whoever keeps the epoch: secret bytes, 5 + hash_len for a new tree. */
void exporter_tree_write(struct wr *w, const struct exporter_tree *tree);
/* *ret_tree is set if the reader is still well, and is to be released then. VALUE: nodes that are none or overlap. The reader
 * fails with NOMEM, too. */
void exporter_tree_read(struct rd *r, const struct mls_suite *suite,
                        struct exporter_tree **ret_tree);

#endif
