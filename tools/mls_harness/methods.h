/* methods.h - the methods of docs/mls-harness.md: name, function. */
#ifndef METHODS_H
#define METHODS_H

#include "thing.h"

/* clang-format off */
#define METHODS(X) \
    X(name) \
    X(supported_ciphersuites) \
    X(create_group) \
    X(create_key_package) \
    X(join_group) \
    X(external_join) \
    X(group_info) \
    X(state_auth) \
    X(export) \
    X(protect) \
    X(unprotect) \
    X(store_psk) \
    X(add_proposal) \
    X(update_proposal) \
    X(remove_proposal) \
    X(external_psk_proposal) \
    X(resumption_psk_proposal) \
    X(group_context_extensions_proposal) \
    X(reinit_proposal) \
    X(commit) \
    X(handle_commit) \
    X(handle_pending_commit) \
    X(re_init_commit) \
    X(handle_pending_re_init_commit) \
    X(handle_re_init_commit) \
    X(re_init_welcome) \
    X(handle_re_init_welcome) \
    X(create_branch) \
    X(handle_branch) \
    X(new_member_add_proposal) \
    X(create_external_signer) \
    X(add_external_signer) \
    X(external_signer_proposal) \
    X(free)
/* clang-format on */

#define METHOD_DECLARED(name) sotto_err on_##name(struct harness *h, struct call *c);
METHODS(METHOD_DECLARED)
#undef METHOD_DECLARED

/* A list of {extension_type, extension_data}; it lives as long as the call. */
sotto_err call_extensions(struct call *c, const json_t *object, sotto_view *ret_list);
/* A proposal of a type, from its fields in `object`. `g` is asked for members; PSKs of the group itself have `group_id`. */
sotto_err proposal_of(struct call *c, const json_t *object, const char *type, const sotto_group *g,
                      sotto_view group_id, sotto_mls_proposal *ret_proposal);
/* Makes it, as the group of `t`, and gives it. */
sotto_err propose(struct harness *h, struct call *c, struct thing *t, const char *what,
                  const sotto_mls_proposal *proposal);
/* Reads the proposals that a commit refers to, unless they are known already. */
sotto_err learn(struct harness *h, struct call *c, struct thing *t, const char *name);

/* Our commit that was pending takes effect; that of another member does. */
sotto_err merge_own(struct harness *h, struct call *c, struct thing **ret_thing);
sotto_err merge_received(struct harness *h, struct call *c, struct thing **ret_thing,
                         bool *ret_removed);

/* What is staged (NULL: nothing) becomes a group, and the group a thing with the identity and the PSKs of `from`. */
sotto_err joined(struct harness *h, struct call *c, struct thing *from, sotto_group **group,
                 sotto_staged **staged);
/* Joins by the Welcome of the request with the KeyPackage of `from`. */
sotto_err join(struct harness *h, struct call *c, struct thing *from,
               const sotto_group *predecessor, sotto_mls_settings settings);
void group_freep(sotto_group **g);
void staged_freep(sotto_staged **s);

/* The beginning of MLSMessage(GroupInfo): whose it is. */
struct head {
    uint16_t suite;
    sotto_view group_id;
    uint64_t epoch;
};
sotto_err head_of(struct call *c, sotto_view group_info, struct head *ret_head);
/* The leaf of somebody in a group that we only have the GroupInfo of: seen by trying to join it. */
sotto_err leaf_outside(const struct harness *h, struct call *c, sotto_view group_info,
                       sotto_view tree, sotto_view identity, uint32_t *ret_index);

#endif
