/* Who may ask what: each request of the table, asked in each role, against the table below. A request that is added there needs its row
 * here: a frame that a member's device may send, and what each role hears. */
#include "talk.h"

#include "crypto/record.h"
#include "proto/blob.h"

enum role {
    NOBODY,          /* has not said hello */
    STRANGER,        /* said hello, and no more */
    MEMBER,          /* signed in, and in the conversation */
    OUTSIDER,        /* signed in, never in the conversation */
    REMOVED_MEMBER,  /* signed in, and removed from the conversation by its last commit */
    REMOVED_ACCOUNT, /* was a member until the account was removed, and came again */
    REMOVED_DEVICE,  /* was a member until the device was revoked, and came again */
    ADMINISTRATOR,   /* over the admin socket */
    ROLES
};

static const char *const role_names[] = {"nobody",         "stranger",       "member",
                                         "outsider",       "removed member", "removed account",
                                         "removed device", "admin"};

/* What one hears besides an error: DONE, the answer that the row names; NOTHING. */
#define DONE     0
#define NOTHING  (-1)
#define SIGN_IN  SOTTO_E_SIGN_IN
#define DENIED   SOTTO_E_DENIED
#define KIND     SOTTO_E_KIND
#define NOT_NOW  SOTTO_E_NOT_NOW
#define ABSENT   SOTTO_E_NOTFOUND
#define INVITE   SOTTO_E_INVITE
#define CONFLICT SOTTO_E_CONFLICT

/* Voices: who made the conversation, who asks, and who has no account. */
enum { OTHER, ASKER, UNKNOWN };
#define ASKED     (ASKER + 1) /* the connection */
#define LAST_READ 3           /* the entry that removes whoever is removed */

struct scene {
    struct chat c;
    const struct person *person; /* whose keys sign: the asker's, or the stranger's */
};

static uint64_t next_op(struct scene *s)
{
    return ++s->c.voices[ASKER].op;
}

typedef void build_fn(struct scene *s, sotto_buf *out);

static void build_room_open(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_room_open_write(1, &(struct proto_room_open){.kind = ROOM_SESSION}, out));
}

static void build_room_join(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_room_join_write(1, &(struct proto_room_join){ROOM_SESSION, 7}, out));
}

static void build_room_send(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_room_send_write(1, &(struct proto_room_data){7, VIEW_LIT("x")}, out));
}

static void build_room_confirm(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_room_confirm_write(1, 7, out));
}

static void build_room_close(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_room_close_write(1, &(struct proto_room_end_msg){7, ROOM_END_LEFT}, out));
}

static void build_auth(struct scene *s, sotto_buf *out)
{
    *out = auth_frame(&s->c.town, s->person, 0, ASKED);
}

static void build_register(struct scene *s, sotto_buf *out)
{
    static const uint8_t token[32] = "of no invite that there is";
    *out = register_frame(&s->c.town, s->person, ASKED, REGISTER_LINK, VIEW_OF(token), (view){0});
}

static void build_password_request(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_password_request_write(1, VIEW_LIT("a@mail.example"), out));
}

static void build_renew(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf request = request_of(&s->c.town, s->person, ASKED);
    assert_ok(proto_renew_write(1, buf_view(&request), out));
}

/* One that does not follow, so that it changes nothing. */
static void build_rotate(struct scene *s, sotto_buf *out)
{
    struct rotation rotation = {.n = 5};
    DEFER(buf_clear) sotto_buf record = {0};
    DEFER(buf_clear) sotto_buf list = list_of(s->person);
    memcpy(rotation.account_id, s->person->account.account_id, sizeof rotation.account_id);
    assert_ok(rotation_sign(s->c.town.crypto, s->person->recovery, &rotation));
    assert_ok(rotation_write(&rotation, &record));
    const struct proto_rotate rotate = {.rotation = buf_view(&record),
                                        .device_list = buf_view(&list)};
    assert_ok(proto_rotate_write(1, &rotate, out));
}

/* The next list, with nothing changed. */
static void build_devices_put(struct scene *s, sotto_buf *out)
{
    const struct person *p = s->person;
    DEFER(buf_clear) sotto_buf list = {0};
    struct device_list next = p->list;
    next.number++;
    assert_ok(device_list_hash(s->c.town.crypto, &p->list, next.previous_hash));
    assert_ok(device_list_sign(s->c.town.crypto, p->key, &next));
    assert_ok(device_list_write(&next, &list));
    assert_ok(proto_devices_put_write(
        1, &(struct proto_devices_put){.device_list = buf_view(&list)}, out));
}

static void build_lookup(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_lookup_write(1, &(struct proto_list){VIEW_LIT("\x01\x01n"), 1}, out));
}

static void build_packages_put(struct scene *s, sotto_buf *out)
{
    (void)s;
    const struct proto_key_packages_put put = {.packages = {VIEW_LIT("\x01p"), 1}};
    assert_ok(proto_key_packages_put_write(1, &put, out));
}

static void build_packages_count(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_key_packages_count_write(1, out));
}

static void build_packages_claim(struct scene *s, sotto_buf *out)
{
    struct proto_key_packages_claim claim = {.devices = {0}};
    memcpy(claim.account_id, s->person->account.account_id, sizeof claim.account_id);
    assert_ok(proto_key_packages_claim_write(1, &claim, out));
}

static void build_account_remove(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf record = {0};
    struct proto_account_remove remove;
    const struct core_binding binding = binding_of(&s->c.town, ASKED);
    assert_ok(proto_account_remove_signed(binding.pin, s->person->account.account_id, binding.nonce,
                                          &record));
    assert_ok(record_sign(s->c.town.crypto, s->person->key, buf_view(&record), remove.signature));
    assert_ok(proto_account_remove_write(1, &remove, out));
}

static void build_invite_create(struct scene *s, sotto_buf *out)
{
    (void)s;
    const struct proto_invite_create create = {.uses = 1, .ttl_s = 60, .kind = LINK_CONTACT};
    assert_ok(proto_invite_create_write(1, &create, out));
}

static void build_invite_revoke(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_invite_revoke_write(1, &(struct proto_invite_revoke){{0}}, out));
}

static void build_invites(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_invites_write(1, out));
}

/* About the conversation. */

static void build_stream_create(struct scene *s, sotto_buf *out)
{
    const struct proto_stream_create create = {.op = next_op(s), .stream = {9}};
    assert_ok(proto_stream_create_write(1, &create, out));
}

static void build_entry(struct scene *s, uint8_t kind, view body, sotto_buf *out)
{
    *out = append_frame(&s->c, next_op(s), kind, s->c.epoch, body);
}

static void build_message(struct scene *s, sotto_buf *out)
{
    build_entry(s, ENTRY_APPLICATION, VIEW_LIT("x"), out);
}

static void build_proposal(struct scene *s, sotto_buf *out)
{
    build_entry(s, ENTRY_PROPOSAL, VIEW_LIT("x"), out);
}

static void build_readd(struct scene *s, sotto_buf *out)
{
    build_entry(s, ENTRY_READD, VIEW_LIT("a key package"), out);
}

/* That the entry which removed somebody was a bad one. */
static void build_branch(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf record = branch_of(&s->c, ASKER, LAST_READ);
    build_entry(s, ENTRY_BRANCH, buf_view(&record), out);
}

static void build_late_branch(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf record = branch_of(&s->c, ASKER, LAST_READ + 1);
    build_entry(s, ENTRY_BRANCH, buf_view(&record), out);
}

static void build_token(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf record = correction_of(&s->c, ASKER, s->c.epoch, 77);
    build_entry(s, ENTRY_TOKEN, buf_view(&record), out);
}

static void build_commit(struct scene *s, sotto_buf *out)
{
    struct commit_header header = {0};
    *out = commit_frame(&s->c, ASKER, &(struct wish){0}, &header);
}

static void build_read(struct scene *s, sotto_buf *out)
{
    struct proto_read read = {.max_bytes = 100000};
    memcpy(read.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_read_write(1, &read, out));
}

static void build_ack(struct scene *s, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf list = {0};
    struct proto_ack_item item = {.seq = 1};
    memcpy(item.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_ack_add(&item, &list));
    assert_ok(proto_ack_write(1, &(struct proto_list){buf_view(&list), 1}, out));
}

static void build_listen(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_listen_write(1, 1000, out));
}

static void build_streams(struct scene *s, sotto_buf *out)
{
    static const uint8_t first[PROTO_STREAM_ID];
    (void)s;
    assert_ok(proto_streams_write(1, first, out));
}

/* With the token of an epoch: that of the one before is known to who was removed by the present one. */
static void build_subscription(struct scene *s, uint8_t token, sotto_buf *out)
{
    uint8_t bytes[32];
    struct proto_subscribe subscribe = {.op = next_op(s), .token = VIEW_OF(bytes)};
    memset(bytes, token, sizeof bytes);
    memcpy(subscribe.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_subscribe_write(1, &subscribe, out));
}

static void build_subscribe(struct scene *s, sotto_buf *out)
{
    build_subscription(s, s->c.token, out);
}

static void build_subscribe_before(struct scene *s, sotto_buf *out)
{
    build_subscription(s, (uint8_t)(s->c.token - 1), out);
}

static void build_unsubscribe(struct scene *s, sotto_buf *out)
{
    assert_ok(proto_unsubscribe_write(1, s->c.stream, out));
}

static void build_state_put(struct scene *s, sotto_buf *out)
{
    struct proto_state_put put = {
        .epoch = s->c.epoch, .kind = STATE_DELTA, .state_key_epoch = 1, .body = VIEW_LIT("d")};
    memcpy(put.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_state_put_write(1, &put, out));
}

static void build_state(struct scene *s, view token, sotto_buf *out)
{
    struct proto_state_get get = {.token = token};
    memcpy(get.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_state_get_write(1, &get, out));
}

static void build_state_get(struct scene *s, sotto_buf *out)
{
    build_state(s, (view){0}, out);
}

static void build_state_by_token(struct scene *s, sotto_buf *out)
{
    uint8_t token[32];
    memset(token, s->c.token, sizeof token);
    build_state(s, VIEW_OF(token), out);
}

static void build_state_by_token_before(struct scene *s, sotto_buf *out)
{
    uint8_t token[32];
    memset(token, s->c.token - 1, sizeof token);
    build_state(s, VIEW_OF(token), out);
}

static void build_inbox_send(struct scene *s, sotto_buf *out)
{
    const struct voice *other = &s->c.voices[OTHER];
    struct proto_inbox_send send = {.op = next_op(s), .body = VIEW_LIT("x")};
    memcpy(send.account_id, other->person.account.account_id, sizeof send.account_id);
    memcpy(send.device_id, gadget_of(other)->id, sizeof send.device_id);
    assert_ok(proto_inbox_send_write(1, &send, out));
}

static void build_headers(struct scene *s, sotto_buf *out)
{
    struct proto_headers headers = {.from_epoch = 1};
    memcpy(headers.stream, s->c.stream, STREAM_ID);
    assert_ok(proto_headers_write(1, &headers, out));
}

static void build_blob_put(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_blob_put_write(1, &(struct proto_blob_put){.size = 1}, out));
}

static void build_blob_get(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(proto_blob_get_write(1, &(struct proto_blob_get){{0}}, out));
}

static void build_status(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(admin_plain_write(1, ADMIN_STATUS, out));
}

static void build_admin_create(struct scene *s, sotto_buf *out)
{
    (void)s;
    const struct admin_invite_create create = {.how = REGISTER_LINK, .uses = 1};
    assert_ok(admin_invite_create_write(1, &create, out));
}

static void build_admin_invites(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(admin_invite_list_write(1, &(struct admin_invite_key){.how = REGISTER_LINK}, out));
}

static void build_admin_revoke(struct scene *s, sotto_buf *out)
{
    (void)s;
    const struct admin_invite_key key = {REGISTER_PASSWORD, VIEW_LIT("a@mail.example")};
    assert_ok(admin_invite_revoke_write(1, &key, out));
}

static void build_user_list(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(admin_user_list_write(1, 0, out));
}

static void build_user(const struct scene *s, enum admin_kind kind, sotto_buf *out)
{
    const struct voice *asker = &s->c.voices[ASKER];
    struct admin_user user = {.who = {LOOKUP_NAME, VIEW_LIT("bob")}};
    if (kind == ADMIN_USER_RENAME)
        user.name = VIEW_LIT("other");
    if (kind == ADMIN_DEVICE_REVOKE)
        memcpy(user.device_id, gadget_of(asker)->id, sizeof user.device_id);
    assert_ok(admin_user_write(1, kind, &user, out));
}

#define BUILD_USER(name, kind)                        \
    static void name(struct scene *s, sotto_buf *out) \
    {                                                 \
        build_user(s, kind, out);                     \
    }
BUILD_USER(build_disable, ADMIN_USER_DISABLE)
BUILD_USER(build_enable, ADMIN_USER_ENABLE)
BUILD_USER(build_delete, ADMIN_USER_DELETE)
BUILD_USER(build_quota, ADMIN_USER_QUOTA)
BUILD_USER(build_rename, ADMIN_USER_RENAME)
BUILD_USER(build_device_list, ADMIN_DEVICE_LIST)
BUILD_USER(build_device_revoke, ADMIN_DEVICE_REVOKE)

static void build_mail_take(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(admin_plain_write(1, ADMIN_MAIL_TAKE, out));
}

static void build_mail_done(struct scene *s, sotto_buf *out)
{
    (void)s;
    assert_ok(admin_mail_done_write(1, &(struct admin_mail_done){7, MAIL_SENT}, out));
}

/* By what roles are told in common: in the order of enum role. */
#define ROOMS(code)                                         \
    {                                                       \
        NOTHING, code, code, code, code, code, code, DENIED \
    }
#define GUESTS(code)                                                 \
    {                                                                \
        NOTHING, code, NOT_NOW, NOT_NOW, NOT_NOW, code, code, DENIED \
    }
#define PEOPLE(code) STREAM(code, code, code)
#define STREAM(member, outsider, removed)                                     \
    {                                                                         \
        NOTHING, SIGN_IN, member, outsider, removed, SIGN_IN, SIGN_IN, DENIED \
    }
#define ADMINS(code)                                      \
    {                                                     \
        NOTHING, KIND, KIND, KIND, KIND, KIND, KIND, code \
    }

static const struct row {
    uint16_t kind;
    build_fn *build;
    uint16_t answer; /* 0: there is none */
    int hears[ROLES];
} rows[] = {
    /* clang-format off */
    {PROTO_ROOM_OPEN, build_room_open, PROTO_ROOM_OPENED, ROOMS(DONE)},
    {PROTO_ROOM_JOIN, build_room_join, 0, ROOMS(ABSENT)},
    {PROTO_ROOM_SEND, build_room_send, 0, ROOMS(ABSENT)},
    {PROTO_ROOM_CONFIRM, build_room_confirm, 0, ROOMS(ABSENT)},
    {PROTO_ROOM_CLOSE, build_room_close, 0, ROOMS(ABSENT)},
    {PROTO_AUTH, build_auth, 0, GUESTS(DENIED)},
    {PROTO_REGISTER, build_register, 0, GUESTS(INVITE)},
    {PROTO_PASSWORD_REQUEST, build_password_request, PROTO_OK, GUESTS(DONE)},
    {PROTO_RENEW, build_renew, PROTO_REGISTERED, PEOPLE(DONE)},
    {PROTO_ROTATE, build_rotate, 0, PEOPLE(CONFLICT)},
    {PROTO_DEVICES_PUT, build_devices_put, PROTO_OK, PEOPLE(DONE)},
    {PROTO_LOOKUP, build_lookup, PROTO_FOUND, PEOPLE(DONE)},
    {PROTO_KEY_PACKAGES_PUT, build_packages_put, PROTO_KEY_PACKAGES, PEOPLE(DONE)},
    {PROTO_KEY_PACKAGES_COUNT, build_packages_count, PROTO_KEY_PACKAGES, PEOPLE(DONE)},
    {PROTO_KEY_PACKAGES_CLAIM, build_packages_claim, PROTO_CLAIMED, PEOPLE(DONE)},
    {PROTO_ACCOUNT_REMOVE, build_account_remove, PROTO_OK, PEOPLE(DONE)},
    {PROTO_INVITE_CREATE, build_invite_create, PROTO_OK, PEOPLE(DONE)},
    {PROTO_INVITE_REVOKE, build_invite_revoke, 0, PEOPLE(ABSENT)},
    {PROTO_INVITES, build_invites, PROTO_INVITE_LIST, PEOPLE(DONE)},
    {PROTO_BLOB_PUT, build_blob_put, PROTO_BLOB_TICKET, PEOPLE(DONE)},
    {PROTO_BLOB_GET, build_blob_get, 0, PEOPLE(ABSENT)},
    {PROTO_STREAM_CREATE, build_stream_create, PROTO_APPENDED, PEOPLE(DONE)},
    {PROTO_INBOX_SEND, build_inbox_send, PROTO_APPENDED, PEOPLE(DONE)},
    {PROTO_LISTEN, build_listen, PROTO_OK, PEOPLE(DONE)},
    {PROTO_STREAMS, build_streams, PROTO_STREAM_LIST, PEOPLE(DONE)},
    {PROTO_ACK, build_ack, 0, PEOPLE(NOTHING)},
    /*                                                                               member   outsider removed */
    {PROTO_APPEND, build_message, PROTO_APPENDED,                             STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_APPEND, build_proposal, PROTO_APPENDED,                            STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_APPEND, build_token, PROTO_APPENDED,                               STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_APPEND, build_readd, PROTO_APPENDED,                               STREAM(DONE,    ABSENT,  DONE)},
    {PROTO_APPEND, build_branch, PROTO_APPENDED,                              STREAM(DONE,    ABSENT,  DONE)},
    {PROTO_APPEND, build_late_branch, PROTO_APPENDED,                         STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_COMMIT, build_commit, PROTO_APPENDED,                              STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_READ, build_read, PROTO_READ_END,                                  STREAM(DONE,    ABSENT,  DONE)},
    {PROTO_HEADERS, build_headers, PROTO_HEADER_LIST,                         STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_STATE_PUT, build_state_put, PROTO_OK,                              STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_STATE_GET, build_state_get, PROTO_STATE,                           STREAM(DONE,    ABSENT,  DENIED)},
    {PROTO_STATE_GET, build_state_by_token, PROTO_STATE,                      STREAM(DONE,    DONE,    DONE)},
    {PROTO_STATE_GET, build_state_by_token_before, PROTO_STATE,               STREAM(ABSENT,  ABSENT,  ABSENT)},
    {PROTO_SUBSCRIBE, build_subscribe, PROTO_APPENDED,                        STREAM(DONE,    DONE,    DONE)},
    {PROTO_SUBSCRIBE, build_subscribe_before, PROTO_APPENDED,                 STREAM(DONE,    ABSENT,  ABSENT)},
    {PROTO_UNSUBSCRIBE, build_unsubscribe, PROTO_OK,                          STREAM(DONE,    ABSENT,  DONE)},
    {ADMIN_STATUS, build_status, ADMIN_STATUS_IS, ADMINS(DONE)},
    {ADMIN_INVITE_CREATE, build_admin_create, ADMIN_INVITE_CREATED, ADMINS(DONE)},
    {ADMIN_INVITE_LIST, build_admin_invites, ADMIN_INVITES, ADMINS(DONE)},
    {ADMIN_INVITE_REVOKE, build_admin_revoke, 0, ADMINS(ABSENT)},
    {ADMIN_USER_LIST, build_user_list, ADMIN_USERS, ADMINS(DONE)},
    {ADMIN_USER_DISABLE, build_disable, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_USER_ENABLE, build_enable, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_USER_DELETE, build_delete, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_USER_QUOTA, build_quota, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_USER_RENAME, build_rename, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_DEVICE_LIST, build_device_list, ADMIN_DEVICES, ADMINS(DONE)},
    {ADMIN_DEVICE_REVOKE, build_device_revoke, ADMIN_DONE, ADMINS(DONE)},
    {ADMIN_MAIL_TAKE, build_mail_take, ADMIN_MAIL, ADMINS(DONE)},
    {ADMIN_MAIL_DONE, build_mail_done, 0, ADMINS(ABSENT)},
    /* clang-format on */
};

/* A conversation of four entries and three epochs; the third entry, a commit, removes the asker if that is the role. */
static void talk_before(struct chat *c, enum role role)
{
    struct wish last = {0};
    if (role == REMOVED_MEMBER)
        last = (struct wish){.remove = {ASKER}, .remove_count = 1};
    if (role == OUTSIDER)
        c->count = 1;
    converse(c);
    c->count = UNKNOWN;
    says(c, OTHER, "before");
    assert_int_equal(commits(c, OTHER, last), LAST_READ);
    commits(c, OTHER, (struct wish){0});
}

/* The account, or the device, goes from the server. */
static void remove_asker(struct scene *scene, enum role role)
{
    struct world *w = world(&scene->c);
    struct core_effects fx = {0};
    struct step s = {.core = w->core, .fx = &fx, .now_ms = w->now_ms, .rng = &w->rng};
    struct account *account = NULL;
    struct device *device = NULL;
    assert_ok(account_find(&s, scene->person->account.account_id, &account));
    assert_ok(device_find_of(&s, account, scene->person->gadgets[0].id, &device));
    if (role == REMOVED_ACCOUNT)
        assert_ok(account_erase(&s, account, "removed"));
    else
        assert_ok(device_remove(&s, device, "revoked"));
    settle(&scene->c.town);
    core_effects_clear(&fx);
}

static void stranger_add(struct scene *s)
{
    struct chat *c = &s->c;
    c->voices[c->count++].person = person_of(&c->town, "stranger@" HOST);
}

/* The asker's connection in this role. */
static void enter(enum role role, struct scene *ret_scene)
{
    struct scene *s = ret_scene;
    s->c = chat_of(limits_default(), UNKNOWN);
    talk_before(&s->c, role);
    stranger_add(s);
    s->person = &s->c.voices[role == NOBODY || role == STRANGER ? UNKNOWN : ASKER].person;
    if (role == REMOVED_ACCOUNT || role == REMOVED_DEVICE)
        remove_asker(s, role);
    if (role == NOBODY || role == STRANGER || role == ADMINISTRATOR)
        go_out(&s->c, ASKER);
    if (role == STRANGER || role == REMOVED_ACCOUNT || role == REMOVED_DEVICE)
        arrive(&s->c.town, ASKED);
    if (role == ADMINISTRATOR)
        step(world(&s->c), (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ASKED});
}

/* What the asker heard: the code of an error, and nothing else; DONE: this answer, once, and no error; NOTHING. */
static int answer_heard(struct scene *s, uint16_t answer)
{
    size_t errors = heard(&s->c, ASKER, PROTO_ERROR);
    size_t answers = answer != 0 ? heard(&s->c, ASKER, answer) : 0;
    struct proto_error error = {0};
    if (effects(world(&s->c), CORE_SEND, ASKED) == 0)
        return NOTHING;
    assert_int_equal(errors + answers, 1);
    if (errors == 0)
        return DONE;
    assert_int_equal(effects(world(&s->c), CORE_SEND, ASKED), 1);
    assert_ok(proto_error_read(nth(&s->c, ASKER, PROTO_ERROR, 0).body, &error));
    return error.code;
}

static void check(const struct row *row, enum role role)
{
    struct scene s;
    enter(role, &s);
    sotto_buf frame = {0};
    row->build(&s, &frame);
    say_buf(world(&s.c), ASKED, &frame);
    settle(&s.c.town);
    int code = answer_heard(&s, row->answer), wanted = row->hears[role];
    if (code != wanted)
        fail_msg("row %zu, kind 0x%04x, asked by %s: heard %d, not %d", (size_t)(row - rows),
                 row->kind, role_names[role], code, wanted);
    if (code != DONE) /* and nothing came of it */
        assert_int_equal(effects(world(&s.c), CORE_SEND, connection_of(OTHER)), 0);
    assert_int_equal(effects(world(&s.c), CORE_CLOSE, ASKED),
                     row->kind == PROTO_ACCOUNT_REMOVE && code == DONE);
    chat_clear(&s.c);
}

static void each_role_is_told_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int role = 0; role < ROLES; role++)
            check(&rows[i], (enum role)role);
}

/* Up to the entry that removed the device, from where it was added; what was said after that is not for it. */
static void who_was_removed_reads_to_that_and_no_further(void **state)
{
    (void)state;
    struct scene s;
    enter(REMOVED_MEMBER, &s);
    sotto_buf frame = {0};
    build_read(&s, &frame);
    tell(&s.c.town, ASKED, &frame);
    assert_int_equal(heard(&s.c, ASKER, PROTO_ENTRY), 2);
    assert_true(heard_entry(&s.c, ASKER, 0).seq == 2 &&
                heard_entry(&s.c, ASKER, 1).seq == LAST_READ);
    assert_int_equal(heard_end(&s.c, ASKER).head, LAST_READ);
    says(&s.c, OTHER, "again");
    assert_int_equal(effects(world(&s.c), CORE_SEND, ASKED), 0);
    chat_clear(&s.c);
}

static void each_request_has_its_row_here(void **state)
{
    (void)state;
    size_t count = 0;
    const struct request_row *table = request_table(&count);
    for (size_t i = 0; i < count; i++) {
        size_t found = 0;
        for (size_t k = 0; k < COUNT_OF(rows); k++)
            found += rows[k].kind == table[i].kind;
        if (found == 0)
            fail_msg("kind 0x%04x has no row in this test", table[i].kind);
    }
}

/* rooms = members | off */
static void rooms_are_for_whom_the_settings_say(void **state)
{
    (void)state;
    static const struct {
        enum core_rooms rooms;
        int stranger, member;
    } wanted[] = {
        {ROOMS_OPEN, DONE, DONE}, {ROOMS_MEMBERS, SIGN_IN, DONE}, {ROOMS_OFF, DENIED, DENIED}};
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        for (int role = STRANGER; role <= MEMBER; role++) {
            struct scene s;
            enter((enum role)role, &s);
            s.c.town.config.rooms = wanted[i].rooms;
            core_configure(world(&s.c)->core, &s.c.town.config);
            ask_open(world(&s.c), ASKED);
            assert_int_equal(answer_heard(&s, PROTO_ROOM_OPENED),
                             role == MEMBER ? wanted[i].member : wanted[i].stranger);
            chat_clear(&s.c);
        }
}

/* With devices_put, if it adds any (devices_test.c). */
static const uint16_t adding[] = {
    PROTO_REGISTER, PROTO_PASSWORD_REQUEST, PROTO_KEY_PACKAGES_PUT, PROTO_INVITE_CREATE,
    PROTO_BLOB_PUT, PROTO_STREAM_CREATE,    PROTO_INBOX_SEND,       PROTO_APPEND,
    PROTO_COMMIT,   PROTO_STATE_PUT,        PROTO_SUBSCRIBE,
};

static bool is_adding(uint16_t kind)
{
    for (size_t i = 0; i < COUNT_OF(adding); i++)
        if (adding[i] == kind)
            return true;
    return false;
}

/* Of one who may ask it. */
static enum role role_for(const struct row *row)
{
    if (row->hears[MEMBER] == KIND)
        return ADMINISTRATOR;
    return row->hears[MEMBER] == NOT_NOW ? STRANGER : MEMBER;
}

static void while_the_disk_is_full_what_adds_is_refused_and_nothing_else(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum role role = role_for(&rows[i]);
        struct scene s;
        enter(role, &s);
        sotto_buf frame = {0};
        step(world(&s.c), (struct core_event){.kind = CORE_SPACE, .full = true});
        rows[i].build(&s, &frame);
        say_buf(world(&s.c), ASKED, &frame);
        settle(&s.c.town);
        int wanted = is_adding(rows[i].kind) ? SOTTO_E_DISK_FULL : rows[i].hears[role];
        if (answer_heard(&s, rows[i].answer) != wanted)
            fail_msg("kind 0x%04x: heard %d, not %d", rows[i].kind,
                     answer_heard(&s, rows[i].answer), wanted);
        chat_clear(&s.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_row_here),
        cmocka_unit_test(each_role_is_told_what_the_table_says),
        cmocka_unit_test(who_was_removed_reads_to_that_and_no_further),
        cmocka_unit_test(rooms_are_for_whom_the_settings_say),
        cmocka_unit_test(while_the_disk_is_full_what_adds_is_refused_and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
