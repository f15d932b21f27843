/* structures.h - every structure of lib/mls as a row: its name, and reading it to its last byte and writing it again. What
 * tests, fuzz targets and vectors do to all of them alike goes along these rows. */
#ifndef TESTS_UNIT_MLS_STRUCTURES_H
#define TESTS_UNIT_MLS_STRUCTURES_H

#include "mls/mls_message.h"
#include "mls/ratchet_tree.h"
#include "mls/safe_aad.h"

#define STRUCTURE(name, type, read, write)                         \
    static inline sotto_err name##_recode(view in, sotto_buf *out) \
    {                                                              \
        type x;                                                    \
        struct rd r = rd_of(in);                                   \
        read(&r, &x);                                              \
        TRY(rd_end(&r));                                           \
        struct wr w = wr_to(out);                                  \
        write(&w, &x);                                             \
        return wr_end(&w);                                         \
    }
#define LIST(name, read)                                         \
    static inline void name##_list_read(struct rd *r, view *out) \
    {                                                            \
        *out = read(r);                                          \
    }                                                            \
    STRUCTURE(name, view, name##_list_read, structure_write_list)
#define EXTENSIONS(name, place)                                  \
    static inline void name##_list_read(struct rd *r, view *out) \
    {                                                            \
        *out = extension_list_read(r, place);                    \
    }                                                            \
    STRUCTURE(name, view, name##_list_read, structure_write_list)
#define PROPOSAL(name, number)                                            \
    static inline void name##_body_read(struct rd *r, struct proposal *x) \
    {                                                                     \
        *x = (struct proposal){.proposal_type = number};                  \
        proposal_body_read(r, x);                                         \
    }                                                                     \
    STRUCTURE(name, struct proposal, name##_body_read, proposal_body_write)

static inline void structure_write_list(struct wr *w, const view *list)
{
    wr_opaque(w, *list);
}

static inline void structure_write_value(struct wr *w, const view *value)
{
    wr_opaque(w, *value);
}

STRUCTURE(mls_message, struct mls_message, mls_message_read, mls_message_write)
STRUCTURE(credential, struct credential, credential_read, credential_write)
STRUCTURE(capabilities, struct capabilities, capabilities_read, capabilities_write)
STRUCTURE(required_capabilities, struct required_capabilities, required_capabilities_read,
          required_capabilities_write)
STRUCTURE(lifetime, struct lifetime, lifetime_read, lifetime_write)
STRUCTURE(extension, struct extension, extension_read, extension_write)
EXTENSIONS(key_package_extensions, EXTENSION_IN_KEY_PACKAGE)
EXTENSIONS(leaf_node_extensions, EXTENSION_IN_LEAF_NODE)
EXTENSIONS(group_info_extensions, EXTENSION_IN_GROUP_INFO)
EXTENSIONS(group_context_extensions, EXTENSION_IN_GROUP_CONTEXT)
STRUCTURE(application_id, view, application_id_read, structure_write_value)
STRUCTURE(external_pub, view, external_pub_read, structure_write_value)
STRUCTURE(external_sender, struct external_sender, external_sender_read, external_sender_write)
LIST(external_senders, external_senders_read)
STRUCTURE(component_data, struct component_data, component_data_read, component_data_write)
LIST(app_data_dictionary, app_data_dictionary_read)
STRUCTURE(leaf_node, struct leaf_node, leaf_node_read, leaf_node_write)
STRUCTURE(parent_node, struct parent_node, parent_node_read, parent_node_write)
STRUCTURE(node, struct node, node_read, node_write)
STRUCTURE(ratchet_tree, struct ratchet_tree, ratchet_tree_read, ratchet_tree_write)
STRUCTURE(key_package, struct key_package, key_package_read, key_package_write)
STRUCTURE(pre_shared_key_id, struct pre_shared_key_id, pre_shared_key_id_read,
          pre_shared_key_id_write)
STRUCTURE(proposal, struct proposal, proposal_read, proposal_write)
PROPOSAL(add, PROPOSAL_ADD)
PROPOSAL(update, PROPOSAL_UPDATE)
PROPOSAL(remove_, PROPOSAL_REMOVE)
PROPOSAL(pre_shared_key, PROPOSAL_PSK)
PROPOSAL(reinit, PROPOSAL_REINIT)
PROPOSAL(external_init, PROPOSAL_EXTERNAL_INIT)
PROPOSAL(group_context_extensions_proposal, PROPOSAL_GROUP_CONTEXT_EXTENSIONS)
PROPOSAL(app_data_update, PROPOSAL_APP_DATA_UPDATE)
PROPOSAL(app_ephemeral, PROPOSAL_APP_EPHEMERAL)
STRUCTURE(proposal_or_ref, struct proposal_or_ref, proposal_or_ref_read, proposal_or_ref_write)
STRUCTURE(hpke_ciphertext, struct hpke_ciphertext, hpke_ciphertext_read, hpke_ciphertext_write)
STRUCTURE(update_path_node, struct update_path_node, update_path_node_read, update_path_node_write)
STRUCTURE(update_path, struct update_path, update_path_read, update_path_write)
STRUCTURE(commit, struct commit, commit_read, commit_write)
STRUCTURE(sender, struct sender, sender_read, sender_write)
STRUCTURE(framed_content, struct framed_content, framed_content_read, framed_content_write)
STRUCTURE(authenticated_content, struct authenticated_content, authenticated_content_read,
          authenticated_content_write)
STRUCTURE(public_message, struct public_message, public_message_read, public_message_write)
STRUCTURE(private_message, struct private_message, private_message_read, private_message_write)
STRUCTURE(sender_data, struct sender_data, sender_data_read, sender_data_write)
STRUCTURE(group_context, struct group_context, group_context_read, group_context_write)
STRUCTURE(group_info, struct group_info, group_info_read, group_info_write)
STRUCTURE(group_secrets, struct group_secrets, group_secrets_read, group_secrets_write)
STRUCTURE(encrypted_group_secrets, struct encrypted_group_secrets, encrypted_group_secrets_read,
          encrypted_group_secrets_write)
STRUCTURE(welcome, struct welcome, welcome_read, welcome_write)
LIST(components_list, components_list_read)
LIST(safe_aad, safe_aad_read)

struct structure {
    const char *name;
    /* Reads all of `in` and appends what it read. TRAILING: a byte is left over. */
    sotto_err (*recode)(view in, sotto_buf *out);
};

/* New rows go to the end: the fuzz corpus names a row by its number. */
static const struct structure structures[] = {
    {"mls_message", mls_message_recode},
    {"credential", credential_recode},
    {"capabilities", capabilities_recode},
    {"required_capabilities", required_capabilities_recode},
    {"lifetime", lifetime_recode},
    {"extension", extension_recode},
    {"key_package_extensions", key_package_extensions_recode},
    {"leaf_node_extensions", leaf_node_extensions_recode},
    {"group_info_extensions", group_info_extensions_recode},
    {"group_context_extensions", group_context_extensions_recode},
    {"application_id", application_id_recode},
    {"external_pub", external_pub_recode},
    {"external_sender", external_sender_recode},
    {"external_senders", external_senders_recode},
    {"component_data", component_data_recode},
    {"app_data_dictionary", app_data_dictionary_recode},
    {"leaf_node", leaf_node_recode},
    {"parent_node", parent_node_recode},
    {"node", node_recode},
    {"ratchet_tree", ratchet_tree_recode},
    {"key_package", key_package_recode},
    {"pre_shared_key_id", pre_shared_key_id_recode},
    {"proposal", proposal_recode},
    {"add_proposal", add_recode},
    {"update_proposal", update_recode},
    {"remove_proposal", remove__recode},
    {"pre_shared_key_proposal", pre_shared_key_recode},
    {"re_init_proposal", reinit_recode},
    {"external_init_proposal", external_init_recode},
    {"group_context_extensions_proposal", group_context_extensions_proposal_recode},
    {"app_data_update_proposal", app_data_update_recode},
    {"app_ephemeral_proposal", app_ephemeral_recode},
    {"proposal_or_ref", proposal_or_ref_recode},
    {"hpke_ciphertext", hpke_ciphertext_recode},
    {"update_path_node", update_path_node_recode},
    {"update_path", update_path_recode},
    {"commit", commit_recode},
    {"sender", sender_recode},
    {"framed_content", framed_content_recode},
    {"authenticated_content", authenticated_content_recode},
    {"public_message", public_message_recode},
    {"private_message", private_message_recode},
    {"sender_data", sender_data_recode},
    {"group_context", group_context_recode},
    {"group_info", group_info_recode},
    {"group_secrets", group_secrets_recode},
    {"encrypted_group_secrets", encrypted_group_secrets_recode},
    {"welcome", welcome_recode},
    {"components_list", components_list_recode},
    {"safe_aad", safe_aad_recode},
};

static inline const struct structure *structure_find(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(structures); i++)
        if (strcmp(structures[i].name, name) == 0)
            return &structures[i];
    return NULL;
}

#undef STRUCTURE
#undef LIST
#undef EXTENSIONS
#undef PROPOSAL

#endif
