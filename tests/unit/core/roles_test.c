/* Who may ask what: each request of the table, asked in each role, against the table below. A request that is added there needs its row
 * here: a frame that is well-formed, and what each role hears. */
#include "people.h"

#include "crypto/record.h"
#include "proto/blob.h"
#include "proto/stream.h"

enum role {
    NOBODY,         /* has not said hello */
    STRANGER,       /* said hello, and no more */
    MEMBER,         /* signed in */
    REMOVED_MEMBER, /* was a member until the account was removed, and came again */
    REMOVED_DEVICE, /* was signed in until the device was revoked, and came again */
    ADMINISTRATOR,  /* over the admin socket */
    ROLES
};

static const char *const role_names[] = {"nobody",         "stranger",       "member",
                                         "removed member", "removed device", "admin"};

/* What one hears besides an error: DONE, an answer, or a refusal that is not for who one is; NOTHING. */
#define DONE    0
#define NOTHING (-1)
#define SIGN_IN SOTTO_E_SIGN_IN
#define DENIED  SOTTO_E_DENIED
#define KIND    SOTTO_E_KIND
#define NOT_NOW SOTTO_E_NOT_NOW
#define NO_ROOM SOTTO_E_NOTFOUND
#define INVITE  SOTTO_E_INVITE

typedef void build_fn(struct town *t, const struct person *p, uint64_t connection, sotto_buf *out);

static void build_room_open(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_room_open_write(1, &(struct proto_room_open){.kind = ROOM_SESSION}, out));
}

static void build_room_join(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_room_join_write(1, &(struct proto_room_join){ROOM_SESSION, 7}, out));
}

static void build_room_send(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_room_send_write(1, &(struct proto_room_data){7, VIEW_LIT("x")}, out));
}

static void build_room_confirm(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_room_confirm_write(1, 7, out));
}

static void build_room_close(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_room_close_write(1, &(struct proto_room_end_msg){7, ROOM_END_LEFT}, out));
}

static void build_auth(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    *out = auth_frame(t, p, 0, c);
}

static void build_register(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    static const uint8_t token[32] = "of no invite that there is";
    *out = register_frame(t, p, c, REGISTER_LINK, VIEW_OF(token), (view){0});
}

static void build_password_request(struct town *t, const struct person *p, uint64_t c,
                                   sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_password_request_write(1, VIEW_LIT("a@mail.example"), out));
}

static void build_renew(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf request = request_of(t, p, c);
    assert_ok(proto_renew_write(1, buf_view(&request), out));
}

/* One that does not follow, so that it changes nothing. */
static void build_rotate(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)c;
    struct rotation rotation = {.n = 5};
    DEFER(buf_clear) sotto_buf record = {0};
    DEFER(buf_clear) sotto_buf list = list_of(p);
    memcpy(rotation.account_id, p->account.account_id, sizeof rotation.account_id);
    assert_ok(rotation_sign(t->crypto, p->recovery, &rotation));
    assert_ok(rotation_write(&rotation, &record));
    const struct proto_rotate rotate = {.rotation = buf_view(&record),
                                        .device_list = buf_view(&list)};
    assert_ok(proto_rotate_write(1, &rotate, out));
}

static void build_devices_put(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)c;
    DEFER(buf_clear) sotto_buf list = list_of(p);
    assert_ok(proto_devices_put_write(
        1, &(struct proto_devices_put){.device_list = buf_view(&list)}, out));
}

static void build_lookup(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_lookup_write(1, &(struct proto_list){VIEW_LIT("\x01\x01n"), 1}, out));
}

static void build_packages_put(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_key_packages_put put = {.packages = {VIEW_LIT("\x01p"), 1}};
    assert_ok(proto_key_packages_put_write(1, &put, out));
}

static void build_packages_count(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_key_packages_count_write(1, out));
}

static void build_packages_claim(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)c;
    struct proto_key_packages_claim claim = {.devices = {0}};
    memcpy(claim.account_id, p->account.account_id, sizeof claim.account_id);
    assert_ok(proto_key_packages_claim_write(1, &claim, out));
}

static void build_account_remove(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    DEFER(buf_clear) sotto_buf record = {0};
    struct proto_account_remove remove;
    const struct core_binding binding = binding_of(t, c);
    assert_ok(proto_account_remove_signed(p->account.account_id, binding.nonce, &record));
    assert_ok(record_sign(t->crypto, p->key, buf_view(&record), remove.signature));
    assert_ok(proto_account_remove_write(1, &remove, out));
}

static void build_invite_create(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_invite_create create = {.uses = 1, .ttl_s = 60, .kind = LINK_CONTACT};
    assert_ok(proto_invite_create_write(1, &create, out));
}

static void build_invite_revoke(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_invite_revoke_write(1, &(struct proto_invite_revoke){{0}}, out));
}

static void build_invites(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_invites_write(1, out));
}

/* About a stream that one does not read. */
static const uint8_t no_stream[PROTO_STREAM_ID] = {7};

static void build_stream_create(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_stream_create_write(1, &(struct proto_stream_create){.op = 1}, out));
}

static void build_append(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_append append = {.op = 1, .kind = ENTRY_APPLICATION, .body = VIEW_LIT("x")};
    assert_ok(proto_append_write(1, &append, out));
}

static void build_commit(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_commit commit = {.op = 1, .header = VIEW_LIT("h"), .body = VIEW_LIT("b")};
    assert_ok(proto_commit_write(1, &commit, out));
}

static void build_read(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_read_write(1, &(struct proto_read){.max_bytes = 1}, out));
}

static void build_ack(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    DEFER(buf_clear) sotto_buf list = {0};
    assert_ok(proto_ack_add(&(struct proto_ack_item){.seq = 1}, &list));
    assert_ok(proto_ack_write(1, &(struct proto_list){buf_view(&list), 1}, out));
}

static void build_listen(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_listen_write(1, 1000, out));
}

static void build_streams(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_streams_write(1, no_stream, out));
}

static void build_subscribe(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_subscribe subscribe = {.op = 1, .token = VIEW_LIT("t")};
    assert_ok(proto_subscribe_write(1, &subscribe, out));
}

static void build_unsubscribe(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_unsubscribe_write(1, no_stream, out));
}

static void build_state_put(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_state_put put = {.kind = STATE_DELTA, .body = VIEW_LIT("d")};
    assert_ok(proto_state_put_write(1, &put, out));
}

static void build_state_get(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_state_get_write(1, &(struct proto_state_get){.token = VIEW_LIT("t")}, out));
}

static void build_inbox_send(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct proto_inbox_send send = {.op = 1, .body = VIEW_LIT("x")};
    assert_ok(proto_inbox_send_write(1, &send, out));
}

static void build_headers(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_headers_write(1, &(struct proto_headers){.from_epoch = 1}, out));
}

static void build_blob_put(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_blob_put_write(1, &(struct proto_blob_put){.size = 1}, out));
}

static void build_blob_get(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(proto_blob_get_write(1, &(struct proto_blob_get){{0}}, out));
}

static void build_status(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(admin_plain_write(1, ADMIN_STATUS, out));
}

static void build_admin_create(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct admin_invite_create create = {.how = REGISTER_LINK, .uses = 1};
    assert_ok(admin_invite_create_write(1, &create, out));
}

static void build_admin_invites(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(admin_invite_list_write(1, &(struct admin_invite_key){.how = REGISTER_LINK}, out));
}

static void build_admin_revoke(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct admin_invite_key key = {REGISTER_PASSWORD, VIEW_LIT("a@mail.example")};
    assert_ok(admin_invite_revoke_write(1, &key, out));
}

static void build_user_list(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(admin_user_list_write(1, 0, out));
}

static void build_user(enum admin_kind kind, sotto_buf *out)
{
    const struct admin_user user = {.who = {LOOKUP_NAME, VIEW_LIT("member")}};
    assert_ok(admin_user_write(1, kind, &user, out));
}

#define BUILD_USER(name, kind)                                                           \
    static void name(struct town *t, const struct person *p, uint64_t c, sotto_buf *out) \
    {                                                                                    \
        (void)t, (void)p, (void)c;                                                       \
        build_user(kind, out);                                                           \
    }
BUILD_USER(build_disable, ADMIN_USER_DISABLE)
BUILD_USER(build_enable, ADMIN_USER_ENABLE)
BUILD_USER(build_delete, ADMIN_USER_DELETE)
BUILD_USER(build_quota, ADMIN_USER_QUOTA)

static void build_rename(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    const struct admin_user user = {.who = {LOOKUP_NAME, VIEW_LIT("member")},
                                    .name = VIEW_LIT("other")};
    assert_ok(admin_user_write(1, ADMIN_USER_RENAME, &user, out));
}

BUILD_USER(build_device_list, ADMIN_DEVICE_LIST)
BUILD_USER(build_device_revoke, ADMIN_DEVICE_REVOKE)

static void build_mail_take(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(admin_plain_write(1, ADMIN_MAIL_TAKE, out));
}

static void build_mail_done(struct town *t, const struct person *p, uint64_t c, sotto_buf *out)
{
    (void)t, (void)p, (void)c;
    assert_ok(admin_mail_done_write(1, &(struct admin_mail_done){7, MAIL_SENT}, out));
}

static const struct row {
    uint16_t kind;
    build_fn *build;
    int hears[ROLES];
} rows[] = {
    /* clang-format off */
    /* kind                                               nobody   stranger member   removed  ... device admin */
    {PROTO_ROOM_OPEN, build_room_open,                   {NOTHING, DONE,    DONE,    DONE,    DONE,    DENIED}},
    {PROTO_ROOM_JOIN, build_room_join,                   {NOTHING, NO_ROOM, NO_ROOM, NO_ROOM, NO_ROOM, DENIED}},
    {PROTO_ROOM_SEND, build_room_send,                   {NOTHING, NO_ROOM, NO_ROOM, NO_ROOM, NO_ROOM, DENIED}},
    {PROTO_ROOM_CONFIRM, build_room_confirm,             {NOTHING, NO_ROOM, NO_ROOM, NO_ROOM, NO_ROOM, DENIED}},
    {PROTO_ROOM_CLOSE, build_room_close,                 {NOTHING, NO_ROOM, NO_ROOM, NO_ROOM, NO_ROOM, DENIED}},
    {PROTO_AUTH, build_auth,                             {NOTHING, DENIED,  NOT_NOW, DENIED,  DENIED,  DENIED}},
    {PROTO_REGISTER, build_register,                     {NOTHING, INVITE,  NOT_NOW, INVITE,  INVITE,  DENIED}},
    {PROTO_PASSWORD_REQUEST, build_password_request,     {NOTHING, DONE,    NOT_NOW, DONE,    DONE,    DENIED}},
    {PROTO_RENEW, build_renew,                           {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_ROTATE, build_rotate,                         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_DEVICES_PUT, build_devices_put,               {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_LOOKUP, build_lookup,                         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_KEY_PACKAGES_PUT, build_packages_put,         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_KEY_PACKAGES_COUNT, build_packages_count,     {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_KEY_PACKAGES_CLAIM, build_packages_claim,     {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_ACCOUNT_REMOVE, build_account_remove,         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_INVITE_CREATE, build_invite_create,           {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_INVITE_REVOKE, build_invite_revoke,           {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_INVITES, build_invites,                       {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_STREAM_CREATE, build_stream_create,           {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_APPEND, build_append,                         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_COMMIT, build_commit,                         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_READ, build_read,                             {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_ACK, build_ack,                               {NOTHING, SIGN_IN, NOTHING, SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_LISTEN, build_listen,                         {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_STREAMS, build_streams,                       {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_SUBSCRIBE, build_subscribe,                   {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_UNSUBSCRIBE, build_unsubscribe,               {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_STATE_PUT, build_state_put,                   {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_STATE_GET, build_state_get,                   {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_INBOX_SEND, build_inbox_send,                 {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_HEADERS, build_headers,                       {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_BLOB_PUT, build_blob_put,                     {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {PROTO_BLOB_GET, build_blob_get,                     {NOTHING, SIGN_IN, DONE,    SIGN_IN, SIGN_IN, DENIED}},
    {ADMIN_STATUS, build_status,                         {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_INVITE_CREATE, build_admin_create,            {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_INVITE_LIST, build_admin_invites,             {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_INVITE_REVOKE, build_admin_revoke,            {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_LIST, build_user_list,                   {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_DISABLE, build_disable,                  {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_ENABLE, build_enable,                    {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_DELETE, build_delete,                    {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_QUOTA, build_quota,                      {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_USER_RENAME, build_rename,                    {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_DEVICE_LIST, build_device_list,               {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_DEVICE_REVOKE, build_device_revoke,           {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_MAIL_TAKE, build_mail_take,                   {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    {ADMIN_MAIL_DONE, build_mail_done,                   {NOTHING, KIND,    KIND,    KIND,    KIND,    DONE}},
    /* clang-format on */
};

/* Connection 1 in this role; the person is the member, or a stranger. */
static struct person enter(struct town *t, enum role role)
{
    struct core_effects fx = {0};
    struct step s = {.core = t->w.core, .fx = &fx, .now_ms = t->w.now_ms, .rng = &t->w.rng};
    struct person member = member_of(t, "member@" HOST);
    struct person stranger = person_of(t, "stranger@" HOST);
    struct account *account = NULL;
    struct device *device = NULL;
    if (role == MEMBER || role == REMOVED_MEMBER || role == REMOVED_DEVICE)
        sign_in(t, &member, 0, 1);
    assert_ok(account_find(&s, member.account.account_id, &account));
    assert_ok(device_find_of(&s, account, member.gadgets[0].id, &device));
    if (role == REMOVED_MEMBER)
        assert_ok(account_erase(&s, account, "removed"));
    if (role == REMOVED_DEVICE)
        assert_ok(device_remove(&s, device, "revoked"));
    settle(t);
    core_effects_clear(&fx);
    if (role == STRANGER || role == REMOVED_MEMBER || role == REMOVED_DEVICE)
        arrive(t, 1);
    if (role == ADMINISTRATOR)
        step(&t->w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = 1});
    person_clear(role == STRANGER ? &member : &stranger);
    return role == STRANGER ? stranger : member;
}

/* The code of the first error that connection 1 heard; DONE: it heard something else; NOTHING. */
static int heard(const struct town *t)
{
    for (size_t i = 0; i < t->w.fx.count; i++) {
        struct proto_frame frame;
        struct proto_error error;
        if (t->w.fx.list[i].kind != CORE_SEND)
            continue;
        assert_int_equal(t->w.fx.list[i].connection, 1);
        assert_ok(proto_frame_read(effect_bytes(&t->w, &t->w.fx.list[i]), &frame));
        if (frame.kind != PROTO_ERROR)
            return DONE;
        assert_ok(proto_error_read(frame.body, &error));
        return error.code;
    }
    return NOTHING;
}

static bool is_about_who(int code)
{
    return code == SIGN_IN || code == DENIED || code == KIND || code == NOT_NOW || code == INVITE;
}

static void check(const struct row *row, enum role role)
{
    struct town t = town_of(limits_default());
    struct person p = enter(&t, role);
    sotto_buf frame = {0};
    row->build(&t, &p, 1, &frame);
    say_buf(&t.w, 1, &frame);
    settle(&t);
    int code = heard(&t), wanted = row->hears[role];
    bool right = wanted == DONE ? code != NOTHING && !is_about_who(code) : code == wanted;
    if (!right)
        fail_msg("kind 0x%04x asked by %s: heard %d, not %d", row->kind, role_names[role], code,
                 wanted);
    assert_int_equal(effects(&t.w, CORE_CLOSE, 1),
                     row->kind == PROTO_ACCOUNT_REMOVE && role == MEMBER);
    person_clear(&p);
    town_clear(&t);
}

static void each_role_is_told_what_the_table_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int role = 0; role < ROLES; role++)
            check(&rows[i], (enum role)role);
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
        if (found != 1)
            fail_msg("kind 0x%04x has %zu rows in this test", table[i].kind, found);
    }
    assert_int_equal(count, COUNT_OF(rows));
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
            struct town t = town_of(limits_default());
            t.config.rooms = wanted[i].rooms;
            core_configure(t.w.core, &t.config);
            struct person p = enter(&t, (enum role)role);
            ask_open(&t.w, 1);
            assert_int_equal(heard(&t), role == MEMBER ? wanted[i].member : wanted[i].stranger);
            person_clear(&p);
            town_clear(&t);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_has_its_row_here),
        cmocka_unit_test(each_role_is_told_what_the_table_says),
        cmocka_unit_test(rooms_are_for_whom_the_settings_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
