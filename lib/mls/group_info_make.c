#include "mls/group_info_make.h"

#include "mls/group_info.h"
#include "mls/mls_message.h"
#include "mls/staged.h"
#include "mls/tree.h"

#define GROUP_INFO_REST 96 /* bytes: label, and headers of vectors */

static sotto_err external_pub_add(struct step *s, const struct epoch *epoch, struct wr *w)
{
    DEFER(kem_key_freep) struct kem_key *key = NULL;
    DEFER(buf_clear) sotto_buf data = {0};
    TRY(key_schedule_external_key(s->c, epoch->suite, &epoch->secrets.external_secret, &key));
    struct wr content = wr_to(&data);
    external_pub_write(&content, kem_key_public(key));
    TRY(wr_end(&content));
    extension_write(w, &(struct extension){EXTENSION_EXTERNAL_PUB, buf_view(&data)});
    return SOTTO_OK;
}

static sotto_err extensions_write(struct step *s, const struct epoch *epoch, bool with_tree,
                                  bool with_external_pub, struct wr *w)
{
    size_t mark = wr_long_vector_begin(w);
    if (with_external_pub)
        TRY(external_pub_add(s, epoch, w));
    if (with_tree) {
        wr_u16(w, EXTENSION_RATCHET_TREE);
        size_t data = wr_long_vector_begin(w);
        tree_write(w, epoch->tree);
        wr_long_vector_end(w, data);
    }
    wr_long_vector_end(w, mark);
    return SOTTO_OK;
}

/* GroupInfoTBS behind its label; *ret_start is where it begins. */
static sotto_err tbs_write(struct step *s, const struct epoch *epoch, bool with_tree,
                           bool with_external_pub, sotto_buf *out, size_t *ret_start)
{
    const struct group_info info = {.confirmation_tag =
                                        view_of(epoch->confirmation_tag, epoch->suite->hash_len),
                                    .signer = epoch->own_leaf};
    struct wr w = wr_to(out);
    label_write(&w, VIEW_LIT("GroupInfoTBS"));
    size_t mark = wr_long_vector_begin(&w);
    group_context_write(&w, &epoch->context);
    TRY(extensions_write(s, epoch, with_tree, with_external_pub, &w));
    group_info_write_tbs_end(&w, &info);
    size_t len = out->len - mark;
    wr_long_vector_end(&w, mark);
    TRY(wr_end(&w));
    *ret_start = out->len - len;
    return SOTTO_OK;
}

/* The tree goes where it stays: it may have megabytes. */
sotto_err group_info_make(struct step *s, const struct epoch *epoch, bool with_tree,
                          bool with_external_pub, sotto_buf *ret_group_info)
{
    DEFER(buf_clear) sotto_buf signature = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    size_t start = 0;
    TRY(buf_reserve(&out, (with_tree ? tree_write_about(epoch->tree) : 0) +
                              epoch->encoded_context.len + KEM_PUBLIC_MAX + SIGNATURE_MAX +
                              HASH_MAX + GROUP_INFO_REST));
    TRY(tbs_write(s, epoch, with_tree, with_external_pub, &out, &start));
    TRY(sign(s->c, epoch->sign_key, buf_view(&out), &signature));
    struct wr w = wr_to(&out);
    wr_opaque(&w, buf_view(&signature));
    TRY(wr_end(&w));
    buf_consume(&out, start);
    buf_clear(ret_group_info);
    *ret_group_info = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}

/* MLSMessage(GroupInfo). */
static sotto_err message_make(struct step *s, const struct epoch *epoch, bool with_tree,
                              bool with_external_pub, sotto_buf *ret_message)
{
    DEFER(buf_clear) sotto_buf info = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    TRY(group_info_make(s, epoch, with_tree, with_external_pub, &info));
    TRY(buf_reserve(&out, info.len + 4));
    struct wr w = wr_to(&out);
    wr_u16(&w, PROTOCOL_MLS10);
    wr_u16(&w, WIRE_GROUP_INFO);
    wr_bytes(&w, buf_view(&info));
    TRY(wr_end(&w));
    buf_clear(ret_message);
    *ret_message = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}

static sotto_err tree_make(const struct epoch *epoch, sotto_buf *ret_tree)
{
    DEFER(buf_clear) sotto_buf out = {0};
    TRY(buf_reserve(&out, tree_write_about(epoch->tree)));
    struct wr w = wr_to(&out);
    tree_write(&w, epoch->tree);
    TRY(wr_end(&w));
    buf_clear(ret_tree);
    *ret_tree = out;
    out = (sotto_buf){0};
    return SOTTO_OK;
}

sotto_err sotto_group_info(sotto_mls *m, sotto_group *g, bool with_tree, bool with_external_pub,
                           sotto_buf *ret_group_info)
{
    struct step s = step_plain(m);
    if (!sotto_group_is_active(g))
        return step_end(m, &s, SOTTO_E_NOT_NOW);
    return step_end(m, &s,
                    message_make(&s, g->epoch, with_tree, with_external_pub, ret_group_info));
}

sotto_err sotto_group_tree(const sotto_group *g, sotto_buf *ret_tree)
{
    return tree_make(g->epoch, ret_tree);
}

sotto_err sotto_staged_group_info(sotto_mls *m, sotto_staged *s, bool with_tree,
                                  bool with_external_pub, sotto_buf *ret_group_info)
{
    struct step step = step_plain(m);
    if (s->next == NULL)
        return step_end(m, &step, SOTTO_E_NOT_NOW);
    return step_end(m, &step,
                    message_make(&step, s->next, with_tree, with_external_pub, ret_group_info));
}

sotto_err sotto_staged_tree(const sotto_staged *s, sotto_buf *ret_tree)
{
    return s->next != NULL ? tree_make(s->next, ret_tree) : SOTTO_E_NOT_NOW;
}
