#include "admin/people.h"

#include "admin/asking.h"
#include "admin/invite_link.h"
#include "base/ct.h"
#include "base/text.h"
#include "mail/address.h"

/* ---- in common */

static void refuse(struct admin_call *call, sotto_err err, const char *what)
{
    struct failure failure = {0};
    if (what != NULL)
        (void)failure_say(&failure, err, "%s", what);
    admin_refuse(call, err, &failure);
}

/* Sends what was written, unless that failed. */
static void ask_if(struct admin_call *call, sotto_err written, sotto_buf *frame,
                   enum admin_kind answer_kind, asking_answer *answer)
{
    if (written == SOTTO_OK)
        asking_begin(call, buf_view(frame), answer_kind, answer);
    else
        refuse(call, SOTTO_E_USAGE, "not possible like this");
}

static json_t *json_of(view text)
{
    json_t *json = json_stringn((const char *)text.data, text.len);
    return json != NULL ? json : json_string("");
}

static json_t *json_hex(view bytes)
{
    DEFER(buf_clear) sotto_buf text = {0};
    return hex_write(bytes, &text) == SOTTO_OK ? json_of(buf_view(&text)) : json_null();
}

static json_t *json_count(uint64_t number)
{
    return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

static view text_argument(const struct admin_call *call, const char *name)
{
    const char *text = admin_text(admin_arguments(call), name);
    return text != NULL ? view_str(text) : (view){0};
}

static bool is_password(const struct admin_call *call)
{
    return admin_flag(admin_arguments(call), "password");
}

/* ---- invites */

/* Of a list, or of a key. */
static uint8_t how_of(const struct admin_call *call)
{
    const json_t *arguments = admin_arguments(call);
    return admin_flag(arguments, "mails")      ? ADMIN_MAILED
           : admin_flag(arguments, "password") ? REGISTER_PASSWORD
                                               : REGISTER_LINK;
}

const struct admin_argument invite_create_arguments[] = {
    {"name", ARGUMENT_TEXT, false},
    {"mail", ARGUMENT_TEXT, false},
    {"uses", ARGUMENT_NUMBER, false},
    {"seconds", ARGUMENT_NUMBER, false},
    {"password", ARGUMENT_FLAG, false},
    {"admin", ARGUMENT_FLAG, false},
    {0},
};
const struct admin_argument invite_list_arguments[] = {{"password", ARGUMENT_FLAG, false},
                                                       {"mails", ARGUMENT_FLAG, false},
                                                       {"after", ARGUMENT_TEXT, false},
                                                       {0}};
const struct admin_argument invite_key_arguments[] = {
    {"password", ARGUMENT_FLAG, false}, {"key", ARGUMENT_TEXT, true}, {0}};

/* Keys of links are hashes, and those of mails numbers; those of passwords are a name or a mail address. */
static json_t *key_write(uint8_t how, view key)
{
    return how == REGISTER_PASSWORD ? json_of(key) : json_hex(key);
}

static sotto_err on_created(struct admin_call *call, view body, json_t *result,
                            struct failure *failure)
{
    char link[LINK_TEXT_MAX];
    struct admin_invite_created created;
    (void)failure;
    TRY(admin_invite_created_read(body, &created));
    json_object_set_new(result, "id", key_write(created.how, created.key));
    json_object_set_new(result, "name", json_of(created.name));
    json_object_set_new(result, "expires", json_count(created.expires_s));
    if (created.how == REGISTER_LINK) {
        TRY(invite_link(&admin_server(call)->config,
                        keeper_identity(admin_server(call)->keeper)->pin, created.secret, link));
        json_object_set_new(result, "link", json_string(link));
        ct_wipe(link, sizeof link);
    } else if (created.secret.len > 0) {
        json_object_set_new(result, "password", json_of(created.secret));
    } else {
        json_object_set_new(result, "mailed", json_true());
    }
    return SOTTO_OK;
}

/* Refuses where nobody sends mail, and an address that no mail can be sent to. */
static bool mail_is_possible(struct admin_call *call, view address)
{
    struct failure failure = {0};
    sotto_err err = SOTTO_OK;
    if (!mail_address_valid(address)) {
        snprintf(failure.todo, sizeof failure.todo, "such as alice@example.org");
        err = failure_say(&failure, SOTTO_E_USAGE, "\"%.*s\" is not a mail address",
                          (int)size_min(address.len, 100), (const char *)address.data);
    } else if (admin_server(call)->hub->on_mail == NULL) {
        snprintf(failure.todo, sizeof failure.todo,
                 "set mail.server and mail.from, then sottod reload; or use --password");
        err = failure_say(&failure, SOTTO_E_CONFIG, "this server sends no mail");
    }
    if (err != SOTTO_OK)
        admin_refuse(call, err, &failure);
    return err == SOTTO_OK;
}

void admin_on_invite_create(struct admin_call *call)
{
    const json_t *arguments = admin_arguments(call);
    DEFER(buf_clear) sotto_buf frame = {0};
    const struct admin_invite_create create = {
        .how = is_password(call) || admin_text(arguments, "mail") != NULL ? REGISTER_PASSWORD
                                                                          : REGISTER_LINK,
        .uses = (uint32_t)admin_number(arguments, "uses", 1),
        .ttl_s = admin_number(arguments, "seconds", 0),
        .admin = admin_flag(arguments, "admin"),
        .name = text_argument(call, "name"),
        .mail = text_argument(call, "mail"),
    };
    if (create.mail.len > 0 && !mail_is_possible(call, create.mail))
        return;
    if (admin_number(arguments, "uses", 1) > UINT32_MAX) {
        refuse(call, SOTTO_E_USAGE, "that are too many uses");
        return;
    }
    ask_if(call, admin_invite_create_write(1, &create, &frame), &frame, ADMIN_INVITE_CREATED,
           on_created);
}

/* A mail goes by its address: that is what revokes it. */
static json_t *invite_write(uint8_t how, const struct admin_invite *i)
{
    static const char *const kinds[] = {
        [REGISTER_LINK] = "link", [REGISTER_PASSWORD] = "password", [ADMIN_MAILED] = "mail"};
    json_t *one = json_object();
    json_object_set_new(one, "id", how == ADMIN_MAILED ? json_of(i->mail) : key_write(how, i->key));
    json_object_set_new(one, "kind", json_string(kinds[how]));
    json_object_set_new(one, "usesLeft", json_count(i->uses_left));
    json_object_set_new(one, "uses", json_count(i->uses));
    json_object_set_new(one, "created", json_count(i->created_s));
    json_object_set_new(one, "expires", json_count(i->expires_s));
    json_object_set_new(one, "admin", json_boolean(i->admin));
    json_object_set_new(one, "name", json_of(i->name));
    json_object_set_new(one, "inviter", json_of(i->inviter));
    return one;
}

static sotto_err on_invites(struct admin_call *call, view body, json_t *result,
                            struct failure *failure)
{
    struct admin_page page;
    struct admin_invite i = {0};
    uint8_t how = how_of(call);
    json_t *list = json_array();
    (void)failure;
    json_object_set_new(result, "invites", list);
    TRY(admin_invites_read(body, &page));
    struct rd r = rd_of(page.items.bytes);
    while (rd_more(&r)) {
        admin_invite_read(&r, &i);
        json_array_append_new(list, invite_write(how, &i));
    }
    if (page.more)
        json_object_set_new(result, "next", key_write(how, i.key));
    return rd_end(&r);
}

/* The key as the core knows it: all but that of a password is told in hexadecimal. */
static sotto_err key_read(struct admin_call *call, const char *name, sotto_buf *bytes,
                          struct admin_invite_key *ret_key)
{
    const view text = text_argument(call, name);
    ret_key->how = how_of(call);
    ret_key->key = text;
    if (ret_key->how == REGISTER_PASSWORD || text.len == 0)
        return SOTTO_OK;
    TRY(hex_read(text, bytes));
    ret_key->key = buf_view(bytes);
    return SOTTO_OK;
}

void admin_on_invite_list(struct admin_call *call)
{
    DEFER(buf_clear) sotto_buf frame = {0}, bytes = {0};
    struct admin_invite_key after;
    sotto_err err = key_read(call, "after", &bytes, &after);
    if (err == SOTTO_OK)
        err = admin_invite_list_write(1, &after, &frame);
    ask_if(call, err, &frame, ADMIN_INVITES, on_invites);
}

void admin_on_invite_revoke(struct admin_call *call)
{
    DEFER(buf_clear) sotto_buf frame = {0}, bytes = {0};
    struct admin_invite_key key;
    sotto_err err = key_read(call, "key", &bytes, &key);
    if (err == SOTTO_OK)
        err = admin_invite_revoke_write(1, &key, &frame);
    ask_if(call, err, &frame, ADMIN_DONE, asking_done);
}

/* ---- accounts */

const struct admin_argument user_list_arguments[] = {{"after", ARGUMENT_NUMBER, false}, {0}};
const struct admin_argument user_arguments[] = {{"user", ARGUMENT_TEXT, true}, {0}};
const struct admin_argument user_quota_arguments[] = {
    {"user", ARGUMENT_TEXT, true}, {"bytes", ARGUMENT_NUMBER, true}, {0}};
const struct admin_argument user_rename_arguments[] = {
    {"user", ARGUMENT_TEXT, true}, {"name", ARGUMENT_TEXT, true}, {0}};
const struct admin_argument device_revoke_arguments[] = {
    {"user", ARGUMENT_TEXT, true}, {"device", ARGUMENT_TEXT, true}, {0}};

static sotto_err on_users(struct admin_call *call, view body, json_t *result,
                          struct failure *failure)
{
    struct admin_page page;
    json_t *list = json_array();
    uint64_t last = 0;
    (void)call;
    (void)failure;
    json_object_set_new(result, "users", list);
    TRY(admin_users_read(body, &page));
    struct rd r = rd_of(page.items.bytes);
    while (rd_more(&r)) {
        struct admin_account u;
        admin_account_read(&r, &u);
        json_t *one = json_object();
        json_object_set_new(one, "name", json_of(u.name));
        json_object_set_new(one, "id", json_hex(VIEW_OF(u.account_id)));
        json_object_set_new(one, "disabled", json_boolean(u.disabled));
        json_object_set_new(one, "admin", json_boolean(u.admin));
        json_object_set_new(one, "created", json_count(u.created_s));
        json_object_set_new(one, "bytes", json_count(u.blob_bytes));
        json_object_set_new(one, "quota", json_count(u.quota_bytes));
        json_object_set_new(one, "devices", json_count(u.devices));
        json_object_set_new(one, "sessions", json_count(u.sessions));
        json_array_append_new(list, one);
        last = u.number;
    }
    if (page.more)
        json_object_set_new(result, "next", json_count(last));
    return rd_end(&r);
}

void admin_on_user_list(struct admin_call *call)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    uint64_t after = admin_number(admin_arguments(call), "after", 0);
    ask_if(call, admin_user_list_write(1, after, &frame), &frame, ADMIN_USERS, on_users);
}

/* "alice", "alice@host", or an account's id of 64 hexadecimal digits. */
static void who_take(struct admin_call *call, uint8_t id[X509_ACCOUNT_ID],
                     struct proto_wanted *ret_who)
{
    const view text = text_argument(call, "user");
    sotto_buf bytes = {.data = id, .cap = X509_ACCOUNT_ID, .fixed = true};
    *ret_who = (struct proto_wanted){.by = LOOKUP_NAME, .what = text};
    if (text.len == 2 * (size_t)X509_ACCOUNT_ID && hex_read(text, &bytes) == SOTTO_OK)
        *ret_who = (struct proto_wanted){.by = LOOKUP_ID, .what = buf_view(&bytes)};
}

static void user_ask(struct admin_call *call, enum admin_kind kind, struct admin_user *user,
                     enum admin_kind answer_kind, asking_answer *answer)
{
    DEFER(buf_clear) sotto_buf frame = {0};
    uint8_t id[X509_ACCOUNT_ID];
    who_take(call, id, &user->who);
    ask_if(call, admin_user_write(1, kind, user, &frame), &frame, answer_kind, answer);
}

void admin_on_user_disable(struct admin_call *call)
{
    struct admin_user user = {0};
    user_ask(call, ADMIN_USER_DISABLE, &user, ADMIN_DONE, asking_done);
}

void admin_on_user_enable(struct admin_call *call)
{
    struct admin_user user = {0};
    user_ask(call, ADMIN_USER_ENABLE, &user, ADMIN_DONE, asking_done);
}

void admin_on_user_delete(struct admin_call *call)
{
    struct admin_user user = {0};
    user_ask(call, ADMIN_USER_DELETE, &user, ADMIN_DONE, asking_done);
}

void admin_on_user_quota(struct admin_call *call)
{
    struct admin_user user = {.bytes = admin_number(admin_arguments(call), "bytes", 0)};
    user_ask(call, ADMIN_USER_QUOTA, &user, ADMIN_DONE, asking_done);
}

void admin_on_user_rename(struct admin_call *call)
{
    struct admin_user user = {.name = text_argument(call, "name")};
    if (user.name.len == 0)
        refuse(call, SOTTO_E_USAGE, "the new name is empty");
    else
        user_ask(call, ADMIN_USER_RENAME, &user, ADMIN_DONE, asking_done);
}

/* ---- devices */

static const char *state_name(uint8_t state)
{
    switch (state) {
    case ADMIN_DEVICE_ACTIVE:
        return "active";
    case ADMIN_DEVICE_REVOKED:
        return "revoked";
    default:
        return "shut out";
    }
}

static sotto_err on_devices(struct admin_call *call, view body, json_t *result,
                            struct failure *failure)
{
    struct admin_page page;
    json_t *list = json_array();
    (void)call;
    (void)failure;
    json_object_set_new(result, "devices", list);
    TRY(admin_devices_read(body, &page));
    struct rd r = rd_of(page.items.bytes);
    while (rd_more(&r)) {
        struct admin_device d;
        admin_device_read(&r, &d);
        json_t *one = json_object();
        json_object_set_new(one, "id", json_hex(VIEW_OF(d.device_id)));
        json_object_set_new(one, "state", json_string(state_name(d.state)));
        json_object_set_new(one, "created", json_count(d.created_s));
        json_object_set_new(one, "keyPackages", json_count(d.key_packages));
        json_object_set_new(one, "lastResort", json_boolean(d.last_resort));
        json_object_set_new(one, "signedIn", json_boolean(d.signed_in));
        json_array_append_new(list, one);
    }
    return rd_end(&r);
}

void admin_on_device_list(struct admin_call *call)
{
    struct admin_user user = {0};
    user_ask(call, ADMIN_DEVICE_LIST, &user, ADMIN_DEVICES, on_devices);
}

void admin_on_device_revoke(struct admin_call *call)
{
    struct admin_user user = {0};
    sotto_buf id = {.data = user.device_id, .cap = sizeof user.device_id, .fixed = true};
    if (hex_read(text_argument(call, "device"), &id) != SOTTO_OK || id.len != sizeof user.device_id)
        refuse(call, SOTTO_E_USAGE, "a device is named by the 32 hexadecimal digits of its id");
    else
        user_ask(call, ADMIN_DEVICE_REVOKE, &user, ADMIN_DONE, asking_done);
}
