/* What the admin's commands ask: invites, accounts, devices, mails. */
#include "people.h"

#define ADMIN_CONNECTION 1000

static struct town admin_town(void)
{
    struct town t = town_of(limits_default());
    t.config.registration_open = false;
    core_configure(t.w.core, &t.config);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
    return t;
}

/* A member of a town that takes nobody without an invite. */
static struct person early_member(struct town *t, const char *name)
{
    t->config.registration_open = true;
    core_configure(t->w.core, &t->config);
    struct person p = member_of(t, name);
    t->config.registration_open = false;
    core_configure(t->w.core, &t->config);
    return p;
}

static void ask(struct town *t, sotto_buf *frame)
{
    say_buf(&t->w, ADMIN_CONNECTION, frame);
    settle(t);
}

static view answer(const struct town *t, enum admin_kind kind)
{
    return got(&t->w, ADMIN_CONNECTION, (enum proto_kind)kind).body;
}

static struct admin_invite_created create(struct town *t, struct admin_invite_create what)
{
    sotto_buf frame = {0};
    struct admin_invite_created created = {0};
    assert_ok(admin_invite_create_write(1, &what, &frame));
    ask(t, &frame);
    assert_ok(admin_invite_created_read(answer(t, ADMIN_INVITE_CREATED), &created));
    return created;
}

static void ask_user(struct town *t, enum admin_kind kind, struct admin_user user)
{
    sotto_buf frame = {0};
    assert_ok(admin_user_write(1, kind, &user, &frame));
    ask(t, &frame);
}

static void done(struct town *t)
{
    view text;
    assert_ok(admin_done_read(answer(t, ADMIN_DONE), &text));
    assert_true(text.len > 0);
}

static struct admin_user named(const char *name)
{
    return (struct admin_user){.who = {LOOKUP_NAME, view_str(name)}};
}

/* --- invites --- */

static void link_of_the_admin_lets_its_uses_in(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    struct admin_invite_created created =
        create(&t, (struct admin_invite_create){.how = REGISTER_LINK, .uses = 1, .admin = true});
    DEFER(secret_clear) struct secret secret = {0};
    DEFER(secret_clear) struct secret token = {0};
    uint8_t token_hash[32];
    assert_int_equal(created.secret.len, LINK_SECRET);
    assert_int_equal(created.expires_s, WALL_S + 604800);
    assert_ok(secret_set(&secret, created.secret));
    assert_ok(link_redeem_token(t.crypto, &secret, &token));
    assert_ok(hash(t.crypto, HASH_SHA256, secret_view(&token), token_hash));
    assert_true(view_equal(created.key, VIEW_OF(token_hash)));
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, secret_view(&token), (view){0});
    got_registered(&t, 1);
    ask_register(&t, &bob, 1, REGISTER_LINK, secret_view(&token), (view){0});
    got_error(&t.w, 1, SOTTO_E_INVITE);
    sotto_buf frame = {0};
    struct admin_page page = {0};
    struct admin_account account;
    assert_ok(admin_user_list_write(1, 0, &frame));
    ask(&t, &frame);
    assert_ok(admin_users_read(answer(&t, ADMIN_USERS), &page));
    struct rd r = rd_of(page.items.bytes);
    admin_account_read(&r, &account);
    assert_true(account.admin);
    assert_true(view_equal(account.name, VIEW_LIT("alice@" HOST)));
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void password_for_a_name_is_good_for_this_name(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    DEFER(secret_clear) struct secret password = {0};
    struct admin_invite_created created =
        create(&t, (struct admin_invite_create){
                       .how = REGISTER_PASSWORD, .uses = 1, .name = VIEW_LIT("Alice")});
    assert_true(view_equal(created.name, VIEW_LIT("alice@" HOST)));
    assert_true(view_equal(created.key, created.name));
    assert_int_equal(created.expires_s, WALL_S + 900);
    assert_ok(secret_set(&password, created.secret));
    arrive(&t, 1);
    ask_register(&t, &bob, 1, REGISTER_PASSWORD, secret_view(&password), VIEW_LIT("alice@" HOST));
    got_error(&t.w, 1, SOTTO_E_DENIED);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password), VIEW_LIT("alice@" HOST));
    got_registered(&t, 1);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void name_that_is_no_name_or_is_taken_gets_no_invite(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    static const struct {
        const char *name;
        sotto_err wanted;
    } rows[] = {{"alice", SOTTO_E_EXISTS},
                {"al ice", SOTTO_E_USAGE},
                {"bob@elsewhere.example", SOTTO_E_USAGE},
                {"bob@x" HOST, SOTTO_E_USAGE}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        sotto_buf frame = {0};
        const struct admin_invite_create what = {
            .how = REGISTER_LINK, .uses = 1, .name = view_str(rows[i].name)};
        assert_ok(admin_invite_create_write(1, &what, &frame));
        ask(&t, &frame);
        got_error(&t.w, ADMIN_CONNECTION, rows[i].wanted);
    }
    person_clear(&alice);
    town_clear(&t);
}

static size_t invites_listed(struct town *t, uint8_t how, struct admin_invite *ret_first)
{
    sotto_buf frame = {0};
    struct admin_page page = {0};
    assert_ok(admin_invite_list_write(1, &(struct admin_invite_key){.how = how}, &frame));
    ask(t, &frame);
    assert_ok(admin_invites_read(answer(t, ADMIN_INVITES), &page));
    assert_false(page.more);
    struct rd r = rd_of(page.items.bytes);
    if (page.items.count > 0)
        admin_invite_read(&r, ret_first);
    return page.items.count;
}

static void invites_are_listed_and_revoked(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct admin_invite invite = {0};
    static const uint8_t hows[] = {REGISTER_LINK, REGISTER_PASSWORD};
    create(&t, (struct admin_invite_create){.how = REGISTER_LINK, .uses = 3});
    create(&t, (struct admin_invite_create){
                   .how = REGISTER_PASSWORD, .uses = 1, .name = VIEW_LIT("alice")});
    for (size_t i = 0; i < COUNT_OF(hows); i++) {
        sotto_buf frame = {0};
        uint8_t key[ACCOUNT_MAIL_MAX];
        assert_int_equal(invites_listed(&t, hows[i], &invite), 1);
        assert_int_equal(invite.uses_left, hows[i] == REGISTER_LINK ? 3 : 5);
        assert_int_equal(invite.inviter.len, 0);
        memcpy(key, invite.key.data, invite.key.len);
        const struct admin_invite_key what = {hows[i], view_of(key, invite.key.len)};
        assert_ok(admin_invite_revoke_write(1, &what, &frame));
        sotto_buf again = {0};
        assert_ok(buf_append(&again, buf_view(&frame)));
        ask(&t, &frame);
        done(&t);
        ask(&t, &again);
        got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
        assert_int_equal(invites_listed(&t, hows[i], &invite), 0);
    }
    town_clear(&t);
}

static void list_of_invites_comes_in_pages(void **state)
{
    (void)state;
    struct town t = admin_town();
    uint8_t after[32];
    struct admin_invite_key at = {.how = REGISTER_LINK};
    size_t seen = 0;
    bool more = true;
    for (int i = 0; i < 250; i++)
        create(&t, (struct admin_invite_create){.how = REGISTER_LINK, .uses = 1});
    while (more) {
        sotto_buf frame = {0};
        struct admin_page page = {0};
        assert_ok(admin_invite_list_write(1, &at, &frame));
        ask(&t, &frame);
        assert_ok(admin_invites_read(answer(&t, ADMIN_INVITES), &page));
        struct rd r = rd_of(page.items.bytes);
        for (size_t i = 0; i < page.items.count; i++) {
            struct admin_invite invite;
            admin_invite_read(&r, &invite);
            assert_true(seen == 0 || memcmp(invite.key.data, after, sizeof after) > 0);
            memcpy(after, invite.key.data, sizeof after);
            seen++;
        }
        at.key = VIEW_OF(after);
        more = page.more;
    }
    assert_int_equal(seen, 250);
    town_clear(&t);
}

/* --- accounts --- */

static void disabled_account_keeps_everything_but_its_sessions(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_user(&t, ADMIN_USER_DISABLE, named("ALICE"));
    done(&t);
    got_bye(&t.w, 1, SOTTO_E_DENIED);
    town_crash(&t);
    arrive(&t, 2);
    ask_auth(&t, &alice, 0, 2);
    got_error(&t.w, 2, SOTTO_E_DENIED);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
    ask_user(&t, ADMIN_USER_ENABLE, named("alice"));
    done(&t);
    sign_in(&t, &alice, 0, 3);
    person_clear(&alice);
    town_clear(&t);
}

static void account_that_is_deleted_is_gone(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    struct admin_user by_id = {.who = {LOOKUP_ID, VIEW_OF(alice.account.account_id)}};
    sign_in(&t, &alice, 0, 1);
    ask_user(&t, ADMIN_USER_DELETE, by_id);
    done(&t);
    got_bye(&t.w, 1, SOTTO_E_DENIED);
    ask_user(&t, ADMIN_USER_DELETE, by_id);
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
    ask_user(&t, ADMIN_USER_DELETE, named("alice"));
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
    person_clear(&alice);
    town_clear(&t);
}

static struct admin_account listed_user(struct town *t)
{
    sotto_buf frame = {0};
    struct admin_page page = {0};
    struct admin_account account = {0};
    assert_ok(admin_user_list_write(1, 0, &frame));
    ask(t, &frame);
    assert_ok(admin_users_read(answer(t, ADMIN_USERS), &page));
    assert_false(page.more);
    assert_int_equal(page.items.count, 1);
    struct rd r = rd_of(page.items.bytes);
    admin_account_read(&r, &account);
    return account;
}

static void quota_is_the_account_s_or_the_server_s(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    struct admin_user user = named("alice");
    sign_in(&t, &alice, 0, 1);
    struct admin_account account = listed_user(&t);
    assert_int_equal(account.quota_bytes, t.config.limits.account_bytes);
    assert_int_equal(account.devices, 1);
    assert_int_equal(account.sessions, 1);
    user.bytes = 12345;
    ask_user(&t, ADMIN_USER_QUOTA, user);
    done(&t);
    assert_int_equal(listed_user(&t).quota_bytes, 12345);
    user.bytes = 0;
    ask_user(&t, ADMIN_USER_QUOTA, user);
    assert_int_equal(listed_user(&t).quota_bytes, t.config.limits.account_bytes);
    person_clear(&alice);
    town_clear(&t);
}

/* --- devices --- */

static struct admin_device listed_device(struct town *t)
{
    struct admin_page page = {0};
    struct admin_device device = {0};
    ask_user(t, ADMIN_DEVICE_LIST, named("alice"));
    assert_ok(admin_devices_read(answer(t, ADMIN_DEVICES), &page));
    assert_int_equal(page.items.count, 1);
    struct rd r = rd_of(page.items.bytes);
    admin_device_read(&r, &device);
    return device;
}

/* The server can shut a device out, of itself alone: the signed list stays, and the device does not come back by the next one. */
static void device_that_is_shut_out_stays_listed_and_out(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    struct admin_user user = named("alice");
    sign_in(&t, &alice, 0, 1);
    assert_int_equal(listed_device(&t).state, ADMIN_DEVICE_ACTIVE);
    assert_true(listed_device(&t).signed_in);
    memcpy(user.device_id, alice.gadgets[0].id, sizeof user.device_id);
    ask_user(&t, ADMIN_DEVICE_REVOKE, user);
    view text;
    assert_ok(admin_done_read(answer(&t, ADMIN_DONE), &text));
    assert_non_null(memmem(text.data, text.len, "no server can change", 20));
    got_bye(&t.w, 1, SOTTO_E_DENIED);
    assert_int_equal(listed_device(&t).state, ADMIN_DEVICE_SHUT_OUT);
    arrive(&t, 2);
    ask_auth(&t, &alice, 0, 2);
    got_error(&t.w, 2, SOTTO_E_DENIED);
    ask_user(&t, ADMIN_DEVICE_REVOKE, user);
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
    person_clear(&alice);
    town_clear(&t);
}

/* --- mails --- */

static struct admin_mail take(struct town *t)
{
    sotto_buf frame = {0};
    struct admin_mail mail = {0};
    assert_ok(admin_plain_write(1, ADMIN_MAIL_TAKE, &frame));
    ask(t, &frame);
    assert_ok(admin_mail_read(answer(t, ADMIN_MAIL), &mail));
    return mail;
}

static void mail_done(struct town *t, uint64_t number, uint8_t result)
{
    sotto_buf frame = {0};
    const struct admin_mail_done what = {number, result};
    assert_ok(admin_mail_done_write(1, &what, &frame));
    ask(t, &frame);
    done(t);
}

static void ask_password(struct town *t, uint64_t connection, const char *mail)
{
    sotto_buf frame = {0};
    assert_ok(proto_password_request_write(51, view_str(mail), &frame));
    tell(t, connection, &frame);
}

static size_t mail_effects(const struct town *t)
{
    return effects(&t->w, CORE_MAIL, 0);
}

static void password_by_mail_lets_its_reader_in(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    DEFER(secret_clear) struct secret password = {0};
    arrive(&t, 1);
    ask_password(&t, 1, "Alice@mail.example");
    got_ok(&t.w, 1, 51);
    assert_int_equal(mail_effects(&t), 1);
    later(&t, 3600 * 1000); /* the password's time begins when the mail is sent */
    struct admin_mail mail = take(&t);
    assert_true(view_equal(mail.to, VIEW_LIT("alice@mail.example")));
    assert_true(view_equal(mail.name, VIEW_LIT("alice@" HOST)));
    assert_int_equal(mail.expires_s, WALL_S + 3600 + 900);
    assert_ok(secret_set(&password, mail.password));
    mail_done(&t, mail.number, MAIL_SENT);
    assert_int_equal(take(&t).number, 0);
    ask_register(&t, &bob, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("alice@mail.example"));
    got_error(&t.w, 1, SOTTO_E_DENIED);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("alice@mail.example"));
    got_registered(&t, 1);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void answer_to_a_password_request_is_always_the_same(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST);
    static const struct {
        const char *mail;
        size_t mails;
    } rows[] = {{"new@mail.example", 1},
                {"alice@mail.example", 1}, /* whose name is taken: known when it is to be sent */
                {"new@elsewhere.example", 0},
                {"no+name@mail.example", 0}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        arrive(&t, i + 1);
        ask_password(&t, i + 1, rows[i].mail);
        got_ok(&t.w, i + 1, 51);
        assert_int_equal(mail_effects(&t), rows[i].mails);
    }
    assert_int_equal(core_count(t.w.core).mails_waiting, 2);
    struct admin_mail mail = take(&t);
    assert_true(view_equal(mail.to, VIEW_LIT("new@mail.example")));
    mail_done(&t, mail.number, MAIL_SENT);
    assert_int_equal(take(&t).number, 0);
    assert_int_equal(core_count(t.w.core).mails_waiting, 0);
    assert_int_equal(core_count(t.w.core).mails_sent_total, 1);
    assert_int_equal(core_count(t.w.core).mails_given_up_total, 1); /* alice's */
    person_clear(&alice);
    town_clear(&t);
}

static void passwords_are_limited_by_address_and_by_mail_address(void **state)
{
    (void)state;
    struct town t = admin_town();
    arrive(&t, 1);
    for (int i = 0; i < 3; i++) {
        ask_password(&t, 1, "alice@mail.example");
        got_ok(&t.w, 1, 51);
        assert_int_equal(mail_effects(&t), 1);
    }
    ask_password(&t, 1, "bob@mail.example");
    got_error(&t.w, 1, SOTTO_E_RATE);
    arrive(&t, 2);
    ask_password(&t, 2, "alice@mail.example"); /* from elsewhere: she has got three mails */
    got_ok(&t.w, 2, 51);
    assert_int_equal(mail_effects(&t), 0);
    town_clear(&t);
}

static void mail_that_failed_comes_again_later_with_another_password(void **state)
{
    (void)state;
    struct town t = admin_town();
    uint8_t first[PASSWORD_TEXT];
    create(&t, (struct admin_invite_create){
                   .how = REGISTER_PASSWORD, .uses = 1, .mail = VIEW_LIT("A@mail.example")});
    struct admin_mail mail = take(&t);
    uint64_t number = mail.number;
    assert_int_equal(mail.password.len, sizeof first);
    memcpy(first, mail.password.data, sizeof first);
    mail = take(&t); /* leased */
    assert_int_equal(mail.number, 0);
    assert_int_equal(mail.due_s, WALL_S + ADMIN_MAIL_LEASE_S);
    mail_done(&t, number, MAIL_RETRY);
    assert_int_equal(take(&t).due_s, WALL_S + 60);
    later(&t, 60000);
    mail = take(&t);
    assert_int_equal(mail.number, number);
    assert_memory_not_equal(mail.password.data, first, sizeof first);
    mail_done(&t, number, MAIL_RETRY);
    assert_int_equal(take(&t).due_s, WALL_S + 60 + 120);
    later(&t, 120000);
    assert_int_equal(take(&t).number, number);
    later(&t, ADMIN_MAIL_LEASE_S * 1000); /* whoever took it is gone */
    assert_int_equal(take(&t).number, number);
    mail_done(&t, number, MAIL_RETRY);
    later(&t, 86400 * 1000); /* after a day nobody waits for it */
    mail = take(&t);
    assert_int_equal(mail.number, 0);
    assert_int_equal(mail.due_s, 0);
    assert_true(logged(&t.w, "mail", "mail %u is given up: nobody waits for it any more",
                       (uint32_t)number));
    assert_int_equal(core_count(t.w.core).mails_waiting, 0);
    assert_int_equal(core_count(t.w.core).mails_sent_total, 0);
    assert_int_equal(core_count(t.w.core).mails_failed_total, 3);
    assert_int_equal(core_count(t.w.core).mails_given_up_total, 1);
    town_clear(&t);
}

static void mail_that_was_given_out_before_a_crash_comes_again_at_once(void **state)
{
    (void)state;
    struct town t = admin_town();
    create(&t, (struct admin_invite_create){
                   .how = REGISTER_PASSWORD, .uses = 1, .mail = VIEW_LIT("a@mail.example")});
    uint64_t number = take(&t).number;
    assert_int_equal(take(&t).number, 0);
    town_crash(&t);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
    assert_int_equal(take(&t).number, number);
    assert_int_equal(take(&t).number, 0); /* leased again */
    mail_done(&t, number, MAIL_RETRY);
    town_crash(&t);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
    assert_int_equal(take(&t).due_s, WALL_S + 120); /* whose time has not come waits on */
    town_clear(&t);
}

static void who_takes_a_mail_hears_that_it_was_undone(void **state)
{
    (void)state;
    struct town t = admin_town();
    create(&t, (struct admin_invite_create){
                   .how = REGISTER_PASSWORD, .uses = 1, .mail = VIEW_LIT("a@mail.example")});
    sotto_buf frame = {0};
    assert_ok(admin_plain_write(1, ADMIN_MAIL_TAKE, &frame));
    say_buf(&t.w, ADMIN_CONNECTION, &frame);
    assert_true(core_is_dirty(t.w.core));
    core_effects_reset(&t.w.fx);
    assert_ok(core_rollback(t.w.core, SOTTO_E_DISK_FULL, t.w.now_ms, &t.w.fx));
    assert_true(got_bye(&t.w, ADMIN_CONNECTION, SOTTO_E_DISK_FULL).retry_ms > 0);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
    assert_int_equal(take(&t).number, 1);
    town_clear(&t);
}

static void ask_revoke(struct town *t, const char *mail)
{
    sotto_buf frame = {0};
    const struct admin_invite_key what = {REGISTER_PASSWORD, view_str(mail)};
    assert_ok(admin_invite_revoke_write(1, &what, &frame));
    ask(t, &frame);
}

static void create_mailed(struct town *t, const char *mail)
{
    create(t, (struct admin_invite_create){
                  .how = REGISTER_PASSWORD, .uses = 1, .admin = true, .mail = view_str(mail)});
}

static void mail_that_waits_is_listed(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct admin_invite invite = {0};
    create_mailed(&t, "A@mail.example");
    create_mailed(&t, "b@mail.example");
    uint64_t number = take(&t).number;
    mail_done(&t, number, MAIL_RETRY);
    assert_int_equal(invites_listed(&t, ADMIN_MAILED, &invite), 2);
    assert_int_equal(invite.key.len, 8);
    assert_int_equal(invite.key.data[7], number);
    assert_true(view_equal(invite.mail, VIEW_LIT("a@mail.example")));
    assert_true(invite.admin);
    assert_int_equal(invite.uses_left, 1);
    assert_int_equal(invite.uses, 1);
    assert_int_equal(invite.created_s, WALL_S);
    assert_int_equal(invite.expires_s, WALL_S + 86400);
    mail_done(&t, take(&t).number, MAIL_SENT);
    assert_int_equal(invites_listed(&t, ADMIN_MAILED, &invite), 1);
    town_clear(&t);
}

static void revoked_mail_is_not_sent(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct admin_invite invite = {0};
    create_mailed(&t, "a@mail.example"); /* was never tried */
    ask_revoke(&t, "a@mail.example");
    done(&t);
    ask_revoke(&t, "a@mail.example");
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
    for (int i = 0; i < 2; i++)
        create_mailed(&t, "a@mail.example");
    create_mailed(&t, "b@mail.example");
    mail_done(&t, take(&t).number, MAIL_RETRY); /* has a password, and will get another one */
    ask_revoke(&t, "a@mail.example");
    done(&t);
    assert_int_equal(core_count(t.w.core).mails_waiting, 1);
    assert_int_equal(invites_listed(&t, REGISTER_PASSWORD, &invite), 0);
    later(&t, 3600 * 1000);
    struct admin_mail mail = take(&t);
    assert_true(view_equal(mail.to, VIEW_LIT("b@mail.example")));
    mail_done(&t, mail.number, MAIL_SENT);
    assert_int_equal(take(&t).due_s, 0);
    town_clear(&t);
}

/* It can't be called back, so who revokes it is told; and what it says lets nobody in. */
static void password_of_a_mail_that_is_revoked_while_it_is_sent_opens_nothing(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = person_of(&t, "alice@" HOST);
    DEFER(secret_clear) struct secret password = {0};
    sotto_buf frame = {0};
    view text;
    create_mailed(&t, "a@mail.example");
    struct admin_mail mail = take(&t);
    const struct admin_mail_done sent = {mail.number, MAIL_SENT};
    assert_ok(secret_set(&password, mail.password));
    ask_revoke(&t, "a@mail.example");
    assert_ok(admin_done_read(answer(&t, ADMIN_DONE), &text));
    assert_non_null(memmem(text.data, text.len, "may still come", 14));
    assert_ok(admin_mail_done_write(1, &sent, &frame));
    ask(&t, &frame);
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_NOTFOUND);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("a@mail.example"));
    got_error(&t.w, 1, SOTTO_E_INVITE);
    later(&t, ADMIN_MAIL_LEASE_S * 1000);
    assert_int_equal(take(&t).number, 0);
    create_mailed(&t, "a@mail.example"); /* and one that isn't out is not called so */
    mail_done(&t, take(&t).number, MAIL_RETRY);
    ask_revoke(&t, "a@mail.example");
    assert_ok(admin_done_read(answer(&t, ADMIN_DONE), &text));
    assert_null(memmem(text.data, text.len, "may still come", 14));
    person_clear(&alice);
    town_clear(&t);
}

/* What rests on the disk, while the mail waits and afterwards, opens nothing. */
static void password_is_in_no_row(void **state)
{
    (void)state;
    struct town t = admin_town();
    create(&t, (struct admin_invite_create){
                   .how = REGISTER_PASSWORD, .uses = 1, .mail = VIEW_LIT("a@mail.example")});
    uint8_t password[PASSWORD_TEXT];
    struct admin_mail mail = take(&t);
    memcpy(password, mail.password.data, sizeof password);
    static const enum store_table tables[] = {STORE_MAIL, STORE_PASSWORD};
    for (size_t i = 0; i < COUNT_OF(tables); i++) {
        view key, value;
        assert_ok(store_next(t.store, tables[i], (view){0}, (view){0}, &key, &value));
        assert_null(memmem(value.data, value.len, password, sizeof password));
    }
    town_clear(&t);
}

static void passwords_that_nobody_used_are_swept_up(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct admin_invite first = {0};
    char name[20];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "name%d", i);
        create(&t, (struct admin_invite_create){
                       .how = REGISTER_PASSWORD, .uses = 1, .name = view_str(name)});
    }
    assert_int_equal(invites_listed(&t, REGISTER_PASSWORD, &first), 20);
    later(&t, 900000);
    for (int i = 0; i < 22; i++)
        create(&t, (struct admin_invite_create){
                       .how = REGISTER_PASSWORD, .uses = 1, .name = VIEW_LIT("last")});
    assert_int_equal(invites_listed(&t, REGISTER_PASSWORD, &first), 1);
    town_clear(&t);
}

static void mails_that_may_wait_are_limited(void **state)
{
    (void)state;
    struct town t = admin_town();
    t.config.limits.mails_waiting = 1;
    core_configure(t.w.core, &t.config);
    const struct admin_invite_create what = {
        .how = REGISTER_PASSWORD, .uses = 1, .mail = VIEW_LIT("a@mail.example")};
    create(&t, what);
    sotto_buf frame = {0};
    assert_ok(admin_invite_create_write(1, &what, &frame));
    ask(&t, &frame);
    got_error(&t.w, ADMIN_CONNECTION, SOTTO_E_FULL);
    arrive(&t, 1);
    ask_password(&t, 1, "b@mail.example"); /* who asks from outside hears nothing of it */
    got_ok(&t.w, 1, 51);
    town_clear(&t);
}

static void status_counts(void **state)
{
    (void)state;
    struct town t = admin_town();
    struct person alice = early_member(&t, "alice@" HOST), bob = early_member(&t, "bob@" HOST);
    sotto_buf frame = {0};
    struct admin_status status = {0};
    sign_in(&t, &alice, 0, 1);
    assert_ok(admin_plain_write(1, ADMIN_STATUS, &frame));
    ask(&t, &frame);
    assert_ok(admin_status_is_read(answer(&t, ADMIN_STATUS_IS), &status));
    assert_int_equal(status.accounts, 2);
    assert_int_equal(status.sessions, 1);
    assert_int_equal(status.connections, 2);
    assert_int_equal(status.prekeys_low, 2);
    assert_true(status.can_certify);
    assert_false(status.registration_open);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(link_of_the_admin_lets_its_uses_in),
        cmocka_unit_test(password_for_a_name_is_good_for_this_name),
        cmocka_unit_test(name_that_is_no_name_or_is_taken_gets_no_invite),
        cmocka_unit_test(invites_are_listed_and_revoked),
        cmocka_unit_test(list_of_invites_comes_in_pages),
        cmocka_unit_test(disabled_account_keeps_everything_but_its_sessions),
        cmocka_unit_test(account_that_is_deleted_is_gone),
        cmocka_unit_test(quota_is_the_account_s_or_the_server_s),
        cmocka_unit_test(device_that_is_shut_out_stays_listed_and_out),
        cmocka_unit_test(password_by_mail_lets_its_reader_in),
        cmocka_unit_test(answer_to_a_password_request_is_always_the_same),
        cmocka_unit_test(passwords_are_limited_by_address_and_by_mail_address),
        cmocka_unit_test(mail_that_failed_comes_again_later_with_another_password),
        cmocka_unit_test(mail_that_was_given_out_before_a_crash_comes_again_at_once),
        cmocka_unit_test(who_takes_a_mail_hears_that_it_was_undone),
        cmocka_unit_test(mail_that_waits_is_listed),
        cmocka_unit_test(revoked_mail_is_not_sent),
        cmocka_unit_test(password_of_a_mail_that_is_revoked_while_it_is_sent_opens_nothing),
        cmocka_unit_test(password_is_in_no_row),
        cmocka_unit_test(passwords_that_nobody_used_are_swept_up),
        cmocka_unit_test(mails_that_may_wait_are_limited),
        cmocka_unit_test(status_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
