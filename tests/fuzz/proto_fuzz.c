/* A frame that is read and written again is the same bytes, and no shorter body of the same kind would have been read. */
#include "fuzz.h"

#include "proto/account.h"
#include "proto/blob.h"
#include "proto/stream.h"

/* Frames about streams. */
static sotto_err rewrite_stream(const struct proto_frame *f, view body, sotto_buf *out)
{
    union {
        struct proto_stream_create stream_create;
        struct proto_append append;
        struct proto_appended appended;
        struct proto_commit commit;
        struct proto_read read;
        struct proto_entry entry;
        struct proto_read_end read_end;
        struct proto_behind behind;
        struct proto_stream_list stream_list;
        struct proto_subscribe subscribe;
        struct proto_state_put state_put;
        struct proto_state_get state_get;
        struct proto_state state;
        struct proto_inbox_send inbox_send;
        struct proto_headers headers;
        struct proto_header_list header_list;
        uint8_t id[PROTO_STREAM_ID];
        struct proto_list list;
        uint32_t number;
    } m;
    switch (f->kind) {
    case PROTO_STREAM_CREATE:
        TRY(proto_stream_create_read(body, &m.stream_create));
        return proto_stream_create_write(f->request, &m.stream_create, out);
    case PROTO_APPEND:
        TRY(proto_append_read(body, &m.append));
        return proto_append_write(f->request, &m.append, out);
    case PROTO_APPENDED:
        TRY(proto_appended_read(body, &m.appended));
        return proto_appended_write(f->request, &m.appended, out);
    case PROTO_COMMIT:
        TRY(proto_commit_read(body, &m.commit));
        return proto_commit_write(f->request, &m.commit, out);
    case PROTO_READ:
        TRY(proto_read_read(body, &m.read));
        return proto_read_write(f->request, &m.read, out);
    case PROTO_ENTRY:
        TRY(proto_entry_read(body, &m.entry));
        return proto_entry_write(f->request, &m.entry, out);
    case PROTO_READ_END:
        TRY(proto_read_end_read(body, &m.read_end));
        return proto_read_end_write(f->request, &m.read_end, out);
    case PROTO_ACK:
        TRY(proto_ack_read(body, &m.list));
        return proto_ack_write(f->request, &m.list, out);
    case PROTO_LISTEN:
        TRY(proto_listen_read(body, &m.number));
        return proto_listen_write(f->request, m.number, out);
    case PROTO_BEHIND:
        TRY(proto_behind_read(body, &m.behind));
        return proto_behind_write(&m.behind, out);
    case PROTO_STREAMS:
        TRY(proto_streams_read(body, m.id));
        return proto_streams_write(f->request, m.id, out);
    case PROTO_STREAM_LIST:
        TRY(proto_stream_list_read(body, &m.stream_list));
        return proto_stream_list_write(f->request, &m.stream_list, out);
    case PROTO_SUBSCRIBE:
        TRY(proto_subscribe_read(body, &m.subscribe));
        return proto_subscribe_write(f->request, &m.subscribe, out);
    case PROTO_UNSUBSCRIBE:
        TRY(proto_unsubscribe_read(body, m.id));
        return proto_unsubscribe_write(f->request, m.id, out);
    case PROTO_STATE_PUT:
        TRY(proto_state_put_read(body, &m.state_put));
        return proto_state_put_write(f->request, &m.state_put, out);
    case PROTO_STATE_GET:
        TRY(proto_state_get_read(body, &m.state_get));
        return proto_state_get_write(f->request, &m.state_get, out);
    case PROTO_STATE:
        TRY(proto_state_read(body, &m.state));
        return proto_state_write(f->request, &m.state, out);
    case PROTO_INBOX_SEND:
        TRY(proto_inbox_send_read(body, &m.inbox_send));
        return proto_inbox_send_write(f->request, &m.inbox_send, out);
    case PROTO_HEADERS:
        TRY(proto_headers_read(body, &m.headers));
        return proto_headers_write(f->request, &m.headers, out);
    case PROTO_HEADER_LIST:
        TRY(proto_header_list_read(body, &m.header_list));
        return proto_header_list_write(f->request, &m.header_list, out);
    default:
        return SOTTO_E_KIND;
    }
}

/* Reads a body as its kind says and writes what was read: frames about accounts. KIND: no such message. */
static sotto_err rewrite_account(const struct proto_frame *f, view body, sotto_buf *out)
{
    union {
        struct proto_auth auth;
        struct proto_auth_ok auth_ok;
        struct proto_register reg;
        struct proto_registered registered;
        struct proto_rotate rotate;
        struct proto_devices_put devices_put;
        struct proto_found found;
        struct proto_key_packages_put packages_put;
        struct proto_key_packages packages;
        struct proto_key_packages_claim claim;
        struct proto_account_remove remove;
        struct proto_invite_create invite_create;
        struct proto_invite_revoke invite_revoke;
        struct proto_list list;
        view bytes;
    } m;
    switch (f->kind) {
    case PROTO_AUTH:
        TRY(proto_auth_read(body, &m.auth));
        return proto_auth_write(f->request, &m.auth, out);
    case PROTO_AUTH_OK:
        TRY(proto_auth_ok_read(body, &m.auth_ok));
        return proto_auth_ok_write(f->request, &m.auth_ok, out);
    case PROTO_PASSWORD_REQUEST:
        TRY(proto_password_request_read(body, &m.bytes));
        return proto_password_request_write(f->request, m.bytes, out);
    case PROTO_REGISTER:
        TRY(proto_register_read(body, &m.reg));
        return proto_register_write(f->request, &m.reg, out);
    case PROTO_REGISTERED:
        TRY(proto_registered_read(body, &m.registered));
        return proto_registered_write(f->request, &m.registered, out);
    case PROTO_RENEW:
        TRY(proto_renew_read(body, &m.bytes));
        return proto_renew_write(f->request, m.bytes, out);
    case PROTO_ROTATE:
        TRY(proto_rotate_read(body, &m.rotate));
        return proto_rotate_write(f->request, &m.rotate, out);
    case PROTO_DEVICES_PUT:
        TRY(proto_devices_put_read(body, &m.devices_put));
        return proto_devices_put_write(f->request, &m.devices_put, out);
    case PROTO_LOOKUP:
        TRY(proto_lookup_read(body, &m.list));
        return proto_lookup_write(f->request, &m.list, out);
    case PROTO_FOUND:
        TRY(proto_found_read(body, &m.found));
        return proto_found_write(f->request, &m.found, out);
    case PROTO_KEY_PACKAGES_PUT:
        TRY(proto_key_packages_put_read(body, &m.packages_put));
        return proto_key_packages_put_write(f->request, &m.packages_put, out);
    case PROTO_KEY_PACKAGES_COUNT:
        TRY(proto_key_packages_count_read(body));
        return proto_key_packages_count_write(f->request, out);
    case PROTO_KEY_PACKAGES:
        TRY(proto_key_packages_read(body, &m.packages));
        return proto_key_packages_write(f->request, &m.packages, out);
    case PROTO_KEY_PACKAGES_CLAIM:
        TRY(proto_key_packages_claim_read(body, &m.claim));
        return proto_key_packages_claim_write(f->request, &m.claim, out);
    case PROTO_CLAIMED:
        TRY(proto_claimed_read(body, &m.list));
        return proto_claimed_write(f->request, &m.list, out);
    case PROTO_ACCOUNT_REMOVE:
        TRY(proto_account_remove_read(body, &m.remove));
        return proto_account_remove_write(f->request, &m.remove, out);
    case PROTO_INVITE_CREATE:
        TRY(proto_invite_create_read(body, &m.invite_create));
        return proto_invite_create_write(f->request, &m.invite_create, out);
    case PROTO_INVITE_REVOKE:
        TRY(proto_invite_revoke_read(body, &m.invite_revoke));
        return proto_invite_revoke_write(f->request, &m.invite_revoke, out);
    case PROTO_INVITES:
        TRY(proto_invites_read(body));
        return proto_invites_write(f->request, out);
    case PROTO_INVITE_LIST:
        TRY(proto_invite_list_read(body, &m.list));
        return proto_invite_list_write(f->request, &m.list, out);
    default:
        return SOTTO_E_KIND;
    }
}

/* Frames about blobs. */
static sotto_err rewrite_blob(const struct proto_frame *f, view body, sotto_buf *out)
{
    union {
        struct proto_blob_put put;
        struct proto_blob_ticket ticket;
        struct proto_blob_get get;
    } m;
    switch (f->kind) {
    case PROTO_BLOB_PUT:
        TRY(proto_blob_put_read(body, &m.put));
        return proto_blob_put_write(f->request, &m.put, out);
    case PROTO_BLOB_TICKET:
        TRY(proto_blob_ticket_read(body, &m.ticket));
        return proto_blob_ticket_write(f->request, &m.ticket, out);
    case PROTO_BLOB_GET:
        TRY(proto_blob_get_read(body, &m.get));
        return proto_blob_get_write(f->request, &m.get, out);
    default:
        return SOTTO_E_KIND;
    }
}

/* The same for all frames. */
static sotto_err rewrite(const struct proto_frame *f, view body, sotto_buf *out)
{
    union {
        struct proto_hello hello;
        struct proto_hello_ok hello_ok;
        struct proto_error error;
        struct proto_room_open open;
        struct proto_room_opened opened;
        struct proto_room_join join;
        struct proto_room_joined joined;
        struct proto_room_data data;
        struct proto_room_end_msg end;
        uint32_t slot;
    } m;
    switch (f->kind) {
    case PROTO_HELLO:
        TRY(proto_hello_read(body, &m.hello));
        return proto_hello_write(f->request, &m.hello, out);
    case PROTO_HELLO_OK:
        TRY(proto_hello_ok_read(body, &m.hello_ok));
        return proto_hello_ok_write(f->request, &m.hello_ok, out);
    case PROTO_ERROR:
        TRY(proto_error_read(body, &m.error));
        return proto_error_write(f->request, &m.error, out);
    case PROTO_OK:
        TRY(proto_ok_read(body));
        return proto_ok_write(f->request, out);
    case PROTO_BYE:
        TRY(proto_bye_read(body, &m.error));
        return proto_bye_write(&m.error, out);
    case PROTO_ROOM_OPEN:
        TRY(proto_room_open_read(body, &m.open));
        return proto_room_open_write(f->request, &m.open, out);
    case PROTO_ROOM_OPENED:
        TRY(proto_room_opened_read(body, &m.opened));
        return proto_room_opened_write(f->request, &m.opened, out);
    case PROTO_ROOM_JOIN:
        TRY(proto_room_join_read(body, &m.join));
        return proto_room_join_write(f->request, &m.join, out);
    case PROTO_ROOM_JOINED:
        TRY(proto_room_joined_read(body, &m.joined));
        return proto_room_joined_write(f->request, &m.joined, out);
    case PROTO_ROOM_PEER:
        TRY(proto_room_peer_read(body, &m.slot));
        return proto_room_peer_write(m.slot, out);
    case PROTO_ROOM_SEND:
        TRY(proto_room_data_read(body, &m.data));
        return proto_room_send_write(f->request, &m.data, out);
    case PROTO_ROOM_DATA:
        TRY(proto_room_data_read(body, &m.data));
        return proto_room_data_write(&m.data, out);
    case PROTO_ROOM_CONFIRM:
        TRY(proto_room_confirm_read(body, &m.slot));
        return proto_room_confirm_write(f->request, m.slot, out);
    case PROTO_ROOM_CLOSE:
        TRY(proto_room_close_read(body, &m.end));
        return proto_room_close_write(f->request, &m.end, out);
    case PROTO_ROOM_CLOSED:
        TRY(proto_room_closed_read(body, &m.end));
        return proto_room_closed_write(&m.end, out);
    default:
        return (f->kind & 0xff00) == 0x0300   ? rewrite_stream(f, body, out)
               : (f->kind & 0xff00) == 0x0400 ? rewrite_blob(f, body, out)
                                              : rewrite_account(f, body, out);
    }
}

/* These carry no request's id, so their writers take none. */
static bool is_pushed(uint16_t kind)
{
    return kind == PROTO_BYE || kind == PROTO_ROOM_PEER || kind == PROTO_ROOM_DATA ||
           kind == PROTO_ROOM_CLOSED || kind == PROTO_BEHIND;
}

static void check_truncations(const struct proto_frame *f)
{
    sotto_buf out = {0};
    for (size_t len = 0; len < f->body.len; len += 1 + len / 64) {
        uint8_t *cut = fuzz_copy(view_of(f->body.data, len));
        HOLDS(rewrite(f, view_of(cut, len), &out) != SOTTO_OK);
        HOLDS(out.len == 0);
        free(cut);
    }
    buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct proto_frame f = {0};
    if (proto_frame_read(view_of(data, size), &f) != SOTTO_OK)
        return 0;
    HOLDS(f.body.len + PROTO_HEADER == size);
    sotto_buf out = {0};
    sotto_err err = rewrite(&f, f.body, &out);
    HOLDS((err == SOTTO_E_KIND) == (proto_kind_name(f.kind) == NULL));
    if (err == SOTTO_OK) {
        size_t from = is_pushed(f.kind) && f.request != 0 ? PROTO_HEADER : 0;
        HOLDS(out.len == size);
        HOLDS(memcmp(out.data + from, data + from, size - from) == 0);
        check_truncations(&f);
    } else {
        HOLDS(out.len == 0);
    }
    buf_clear(&out);
    return 0;
}
