/* Rows of accounts and streams in the store, and the frames of the admin's requests: what is read and written again is the same bytes; all else is
 * refused, and nothing is written. The first byte says which. */
#include "fuzz.h"

#include "core/streams.h"

typedef sotto_err rewrite_fn(view bytes, sotto_buf *out);

#define ROW(name)                                               \
    static sotto_err rewrite_##name(view bytes, sotto_buf *out) \
    {                                                           \
        struct name##_row row;                                  \
        TRY(name##_row_read(bytes, &row));                      \
        return name##_row_write(&row, out);                     \
    }
ROW(account)
ROW(device)
ROW(invite)
ROW(password)
ROW(mail)

ROW(stream)
ROW(subscription)
ROW(state)
ROW(blob)

static sotto_err rewrite_answers(view bytes, sotto_buf *out)
{
    struct answers answers = {0};
    TRY(answers_row_read(bytes, &answers));
    sotto_err err = answers_row_write(&answers, out);
    answers_release(&answers);
    return err;
}

static sotto_err rewrite_journal_item(view bytes, sotto_buf *out)
{
    struct rd r = rd_of(bytes);
    struct wr w = wr_to(out);
    struct journal_item item = {0};
    journal_item_read(&r, &item);
    TRY(rd_end(&r));
    journal_item_write(&w, &item);
    return wr_end(&w);
}

/* Of a frame without its header. */
#define FRAME(name, type, value)                                \
    static sotto_err rewrite_##name(view bytes, sotto_buf *out) \
    {                                                           \
        type message;                                           \
        TRY(name##_read(bytes, &message));                      \
        TRY(name##_write(7, value message, out));               \
        buf_consume(out, PROTO_HEADER);                         \
        return SOTTO_OK;                                        \
    }
FRAME(admin_done, view, )
FRAME(admin_status_is, struct admin_status, &)
FRAME(admin_invite_create, struct admin_invite_create, &)
FRAME(admin_invite_created, struct admin_invite_created, &)
FRAME(admin_invite_list, struct admin_invite_key, &)
FRAME(admin_invite_revoke, struct admin_invite_key, &)
FRAME(admin_invites, struct admin_page, &)
FRAME(admin_user_list, uint64_t, )
FRAME(admin_users, struct admin_page, &)
FRAME(admin_devices, struct admin_page, &)
FRAME(admin_mail, struct admin_mail, &)
FRAME(admin_mail_done, struct admin_mail_done, &)

static sotto_err rewrite_admin_user(view bytes, sotto_buf *out)
{
    struct admin_user user;
    TRY(admin_user_read(bytes, &user));
    TRY(admin_user_write(7, ADMIN_USER_QUOTA, &user, out));
    buf_consume(out, PROTO_HEADER);
    return SOTTO_OK;
}

static rewrite_fn *const kinds[] = {
    rewrite_account,
    rewrite_device,
    rewrite_invite,
    rewrite_password,
    rewrite_mail,
    rewrite_admin_done,
    rewrite_admin_status_is,
    rewrite_admin_invite_create,
    rewrite_admin_invite_created,
    rewrite_admin_invite_list,
    rewrite_admin_invite_revoke,
    rewrite_admin_invites,
    rewrite_admin_user_list,
    rewrite_admin_users,
    rewrite_admin_devices,
    rewrite_admin_mail,
    rewrite_admin_mail_done,
    rewrite_admin_user,
    rewrite_stream,
    rewrite_subscription,
    rewrite_state,
    rewrite_blob,
    rewrite_answers,
    rewrite_journal_item,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view input = view_of(data, size);
    rewrite_fn *rewrite = kinds[fuzz_u8(&input) % COUNT_OF(kinds)];
    uint8_t *copy = fuzz_copy(input);
    sotto_buf out = {0};
    if (rewrite(view_of(copy, input.len), &out) == SOTTO_OK)
        HOLDS(view_equal(buf_view(&out), input));
    else
        HOLDS(out.len == 0);
    free(copy);
    buf_clear(&out);
    return 0;
}
