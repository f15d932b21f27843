/* Making an account: what lets one in, what has to fit, and what a repeat does. */
#include "people.h"

#include "base/text.h"

/* An invite in the store, as the server makes one. */
static void invite_put(struct town *t, view token, uint32_t uses, view name)
{
    uint8_t token_hash[IDENTITY_HASH];
    struct core_effects fx = {0};
    struct step s = {.core = t->w.core, .fx = &fx, .now_ms = t->w.now_ms};
    const struct invite_row row = {.kind = 1,
                                   .uses_left = uses,
                                   .uses = uses,
                                   .created_s = WALL_S,
                                   .expires_s = WALL_S + 3600,
                                   .name = name};
    assert_ok(hash(t->crypto, HASH_SHA256, token, token_hash));
    assert_ok(invite_save(&s, token_hash, &row));
    settle(t);
    core_effects_clear(&fx);
}

static struct secret password_put(struct town *t, const char *key, const char *name)
{
    struct core_effects fx = {0};
    struct step s = {.core = t->w.core, .fx = &fx, .now_ms = t->w.now_ms, .rng = &t->w.rng};
    const struct password_for what = {.key = view_str(key), .name = view_str(name)};
    struct secret password = {0};
    uint64_t expires_s = 0;
    assert_ok(password_make(&s, &what, &password, &expires_s));
    assert_int_equal(expires_s, WALL_S + 900);
    settle(t);
    core_effects_clear(&fx);
    return password;
}

static const uint8_t token[32] = "a redeem token of thirty-two by";

static struct town closed_town(void)
{
    struct town t = town_of(limits_default());
    t.config.registration_open = false;
    core_configure(t.w.core, &t.config);
    return t;
}

static void answer_is_a_chain_that_vouches_for_the_name(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = person_of(&t, "alice@" HOST);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    struct proto_registered answer = got_registered(&t, 1);
    assert_int_equal(answer.chain_count, 2);
    const view chain[] = {buf_view(&alice.gadgets[0].certificate), answer.chain[0],
                          answer.chain[1]};
    struct x509 account, device;
    assert_ok(x509_verify_name_path(t.crypto, chain, 3, t.config.pin, (int64_t)WALL_S, &account,
                                    &device));
    assert_true(view_equal(account.name, VIEW_LIT("alice@" HOST)));
    int64_t life_s = account.not_after_s - (int64_t)WALL_S;
    assert_true(life_s >= 90 * 86400 && life_s <= 365 * 86400);
    person_clear(&alice);
    town_clear(&t);
}

static void closed_server_takes_nobody_without_an_invite(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_error(&t.w, 1, SOTTO_E_INVITE);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_INVITE);
    person_clear(&alice);
    town_clear(&t);
}

static void link_lets_in_as_many_as_it_has_uses(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST),
                  carol = person_of(&t, "carol@" HOST);
    invite_put(&t, VIEW_OF(token), 2, (view){0});
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    ask_register(&t, &bob, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    ask_register(&t, &carol, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_INVITE);
    person_clear(&alice);
    person_clear(&bob);
    person_clear(&carol);
    town_clear(&t);
}

static void repeat_has_the_same_answer_and_costs_no_use(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    DEFER(buf_clear) sotto_buf first = {0};
    invite_put(&t, VIEW_OF(token), 2, (view){0});
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    assert_ok(buf_append(&first, got_registered(&t, 1).chain[0]));
    town_crash(&t);
    arrive(&t, 2);
    ask_register(&t, &alice, 2, REGISTER_LINK, VIEW_OF(token), (view){0});
    assert_true(view_equal(got_registered(&t, 2).chain[0], buf_view(&first)));
    ask_register(&t, &bob, 2, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 2);
    ask_register(&t, &alice, 2, REGISTER_LINK, VIEW_OF(token),
                 (view){0}); /* though it is used up */
    assert_true(view_equal(got_registered(&t, 2).chain[0], buf_view(&first)));
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void registration_that_is_not_committed_never_was(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST);
    invite_put(&t, VIEW_OF(token), 1, (view){0});
    arrive(&t, 1);
    sotto_buf frame = register_frame(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    say_buf(&t.w, 1, &frame);
    for (size_t i = 0; i < t.w.fx.count; i++)
        assert_true(t.w.fx.list[i].held);
    town_crash(&t);
    arrive(&t, 2);
    ask_auth(&t, &alice, 0, 2);
    got_error(&t.w, 2, SOTTO_E_DENIED);
    ask_register(&t, &alice, 2, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 2);
    person_clear(&alice);
    town_clear(&t);
}

static uint32_t room_of(struct town *t, uint64_t creator, uint64_t joiner)
{
    arrive(t, creator);
    arrive(t, joiner);
    uint32_t slot = opened(&t->w, creator);
    ask_join(&t->w, joiner, slot);
    got(&t->w, joiner, PROTO_ROOM_JOINED);
    return slot;
}

/* Who asked for nothing that was undone goes on, in a room or not. */
static void registration_that_is_undone_is_told_to_who_waits(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person people[] = {person_of(&t, "alice@" HOST), person_of(&t, "bob@" HOST),
                              person_of(&t, "carol@" HOST)};
    uint32_t calm = room_of(&t, 5, 6), ending = room_of(&t, 3, 4);
    for (uint64_t i = 1; i <= 2; i++)
        arrive(&t, i);
    ask_register(&t, &people[0], 6, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 6);
    for (uint64_t i = 1; i <= 3; i += 2) {
        sotto_buf frame =
            register_frame(&t, &people[i / 2 + 1], i, REGISTER_OPEN, (view){0}, (view){0});
        say_buf(&t.w, i, &frame);
    }
    core_effects_reset(&t.w.fx);
    assert_ok(core_rollback(t.w.core, SOTTO_E_DISK_FULL, t.w.now_ms, &t.w.fx));
    for (uint64_t i = 1; i <= 3; i += 2)
        assert_true(got_bye(&t.w, i, SOTTO_E_DISK_FULL).retry_ms > 0);
    got_closed(&t.w, 4, ending, ROOM_END_SERVER);
    for (uint64_t i = 1; i <= 6; i++)
        assert_int_equal(effects(&t.w, CORE_CLOSE, i), i == 1 || i == 3);
    ask_send(&t.w, 5, calm, VIEW_LIT("still here"));
    got(&t.w, 6, PROTO_ROOM_DATA);
    arrive(&t, 1);
    ask_register(&t, &people[1], 1, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 1);
    for (size_t i = 0; i < COUNT_OF(people); i++)
        person_clear(&people[i]);
    town_clear(&t);
}

static void invite_that_expired_is_refused(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST);
    invite_put(&t, VIEW_OF(token), 1, (view){0});
    arrive(&t, 1);
    later(&t, 3600 * 1000);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_INVITE);
    person_clear(&alice);
    town_clear(&t);
}

static void invite_for_a_name_is_good_for_this_one_alone(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    invite_put(&t, VIEW_OF(token), 1, VIEW_LIT("bob@" HOST));
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_DENIED);
    ask_register(&t, &bob, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void password_lets_in_once_in_either_case(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    struct secret password = password_put(&t, "a.person@mail.example", "");
    text_lower(password.data, password.len);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("A.Person@mail.example"));
    got_registered(&t, 1);
    ask_register(&t, &bob, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("a.person@mail.example"));
    got_error(&t.w, 1, SOTTO_E_INVITE);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("A.Person@mail.example"));
    got_registered(&t, 1); /* the same again */
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void password_survives_four_wrong_tries_and_not_five(void **state)
{
    (void)state;
    for (int tries = 4; tries <= 5; tries++) {
        struct town t = closed_town();
        struct person alice = person_of(&t, "alice@" HOST);
        struct secret password = password_put(&t, "a@mail.example", "");
        for (int i = 0; i < tries; i++) {
            arrive(&t,
                   (uint64_t)i + 10); /* each from elsewhere, or the address would have to wait */
            ask_register(&t, &alice, (uint64_t)i + 10, REGISTER_PASSWORD, VIEW_LIT("AAAAAAAAAA"),
                         VIEW_LIT("a@mail.example"));
            got_error(&t.w, (uint64_t)i + 10, SOTTO_E_INVITE);
        }
        town_crash(&t); /* tries are kept */
        t.config.registration_open = false;
        arrive(&t, 1);
        ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                     VIEW_LIT("a@mail.example"));
        if (tries == 4)
            got_registered(&t, 1);
        else
            got_error(&t.w, 1, SOTTO_E_INVITE);
        person_clear(&alice);
        town_clear(&t);
    }
}

static void password_is_over_after_its_time(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST);
    struct secret password = password_put(&t, "a@mail.example", "");
    arrive(&t, 1);
    later(&t, 900000);
    ask_register(&t, &alice, 1, REGISTER_PASSWORD, secret_view(&password),
                 VIEW_LIT("a@mail.example"));
    got_error(&t.w, 1, SOTTO_E_INVITE);
    person_clear(&alice);
    town_clear(&t);
}

/* With a wrong secret everybody hears the same and the same is written, whether name, address or account are known or not. */
static void wrong_password_tells_nothing_about_names(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person known = person_of(&t, "alice@" HOST), stranger = person_of(&t, "zoe@" HOST);
    invite_put(&t, VIEW_OF(token), 1, (view){0});
    arrive(&t, 1);
    ask_register(&t, &known, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    password_put(&t, "a@mail.example", "");
    struct person pretender = person_of(&t, "alice@" HOST);
    static const char *const mails[] = {"a@mail.example", "unknown@mail.example", ("alice@" HOST)};
    const struct person *people[] = {&stranger, &pretender, &known};
    sotto_buf first = {0};
    for (size_t i = 0; i < COUNT_OF(mails) * COUNT_OF(people); i++) {
        uint64_t connection = i + 10;
        arrive(&t, connection);
        sotto_buf frame = register_frame(&t, people[i % 3], connection, REGISTER_PASSWORD,
                                         VIEW_LIT("AAAAAAAAAA"), view_str(mails[i / 3]));
        say_buf(&t.w, connection, &frame);
        assert_true(core_is_dirty(t.w.core));
        got_error(&t.w, connection, SOTTO_E_INVITE);
        if (first.len == 0)
            assert_ok(buf_append(&first, buf_view(&t.w.fx.bytes)));
        assert_true(view_equal(buf_view(&first), buf_view(&t.w.fx.bytes)));
        settle(&t);
    }
    buf_clear(&first);
    person_clear(&known);
    person_clear(&stranger);
    person_clear(&pretender);
    town_clear(&t);
}

static void name_must_be_free_and_at_this_host(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct person other = person_of(&t, "bob@" HOST), elsewhere = person_of(&t, "bob@example.org");
    other.name = alice.name;
    arrive(&t, 1);
    ask_register(&t, &other, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_error(&t.w, 1, SOTTO_E_EXISTS);
    ask_register(&t, &elsewhere, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_error(&t.w, 1, SOTTO_E_DENIED);
    elsewhere.name = "bob@x" HOST;
    ask_register(&t, &elsewhere, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_error(&t.w, 1, SOTTO_E_DENIED);
    person_clear(&alice);
    person_clear(&other);
    person_clear(&elsewhere);
    town_clear(&t);
}

static void account_that_is_here_does_not_register_again_by_another_invite(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    invite_put(&t, VIEW_OF(token), 1, (view){0});
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_EXISTS);
    person_clear(&alice);
    town_clear(&t);
}

static void three_accounts_an_hour_come_from_one_address(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    char names[4][40];
    static struct person people[4];
    arrive(&t, 1);
    for (int i = 0; i < 4; i++) {
        snprintf(names[i], sizeof names[i], "person%d@" HOST, i);
        people[i] = person_of(&t, names[i]);
        ask_register(&t, &people[i], 1, REGISTER_OPEN, (view){0}, (view){0});
        if (i < 3)
            got_registered(&t, 1);
        else
            assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 1200000);
        assert_int_equal(logged(&t.w, "account", "account made", 0), i < 3);
    }
    assert_int_equal(limited(&t.w, RATE_REGISTER), 1);
    later(&t, 1200000);
    ask_register(&t, &people[3], 1, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 1);
    for (int i = 0; i < 4; i++)
        person_clear(&people[i]);
    town_clear(&t);
}

static void while_the_disk_is_full_nobody_registers_and_a_repeat_is_answered(void **state)
{
    (void)state;
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    invite_put(&t, VIEW_OF(token), 2, (view){0});
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    step(&t.w, (struct core_event){.kind = CORE_SPACE, .full = true});
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    ask_register(&t, &bob, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_error(&t.w, 1, SOTTO_E_DISK_FULL);
    step(&t.w, (struct core_event){.kind = CORE_SPACE, .full = false});
    ask_register(&t, &bob, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    got_registered(&t, 1);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void without_an_authority_nobody_registers_for_now(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = person_of(&t, "alice@" HOST);
    t.config.authority = NULL;
    core_configure(t.w.core, &t.config);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_error(&t.w, 1, SOTTO_E_NOT_NOW);
    assert_false(core_is_dirty(t.w.core));
    person_clear(&alice);
    town_clear(&t);
}

/* A certificate that no frame can hold stands for whatever keeps the answer from being made. */
static void registration_whose_answer_fails_leaves_nothing_behind(void **state)
{
    (void)state;
    static const uint8_t endless[X509_MAX + 1];
    struct town t = closed_town();
    struct person alice = person_of(&t, "alice@" HOST);
    const view root = t.config.chain[0];
    invite_put(&t, VIEW_OF(token), 1, (view){0});
    t.config.chain[0] = VIEW_OF(endless);
    core_configure(t.w.core, &t.config);
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_LINK, VIEW_OF(token), (view){0});
    assert_int_equal(effects(&t.w, CORE_LOG, 1), 0);
    assert_int_equal(core_count(t.w.core).accounts, 0);
    t.config.chain[0] = root;
    core_configure(t.w.core, &t.config);
    arrive(&t, 2);
    ask_register(&t, &alice, 2, REGISTER_LINK, VIEW_OF(token), (view){0});
    assert_int_equal(effects(&t.w, CORE_LOG, 2), 1);
    got_registered(&t, 2);
    assert_int_equal(core_count(t.w.core).accounts, 1);
    person_clear(&alice);
    town_clear(&t);
}

static void registration_that_the_store_fails_is_not_counted(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = person_of(&t, "alice@" HOST);
    for (uint64_t i = 0; i <= t.config.limits.registers; i++) {
        sotto_buf frame = register_frame(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
        const struct core_event event = {
            .kind = CORE_FRAME, .connection = 1, .frame = buf_view(&frame)};
        arrive(&t, 1);
        core_effects_reset(&t.w.fx);
        store_memory_fail(t.store, SOTTO_E_NOMEM, 0);
        assert_err(core_step(t.w.core, &event, t.w.now_ms, &t.w.rng, &t.w.fx), NOMEM);
        store_memory_fail(t.store, SOTTO_OK, 0);
        core_effects_reset(&t.w.fx);
        assert_ok(core_rollback(t.w.core, SOTTO_E_NOMEM, t.w.now_ms, &t.w.fx));
        got_bye(&t.w, 1, SOTTO_E_NOMEM);
        buf_clear(&frame);
    }
    arrive(&t, 1);
    ask_register(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 1);
    person_clear(&alice);
    town_clear(&t);
}

/* What the loop refuses. */
static void registration_of_another_connection_server_or_key_does_not_pass(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    sotto_buf frame = register_frame(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    assert_ok(prechecked(&t, 1, buf_view(&frame)));
    assert_err(prechecked(&t, 2, buf_view(&frame)), SIGNATURE);
    struct core_binding elsewhere = binding_of(&t, 1);
    elsewhere.pin[0] ^= 1;
    assert_err(core_precheck(t.crypto, buf_view(&frame), &elsewhere), PIN);
    buf_clear(&frame);

    sotto_sign_key *own = alice.key;
    alice.key = bob.key; /* bob signs the request, for alice's account */
    frame = register_frame(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    assert_err(prechecked(&t, 1, buf_view(&frame)), VALUE);
    buf_clear(&frame);
    list_sign(&t, &alice);
    alice.key = own; /* bob signed the list */
    frame = register_frame(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    assert_err(prechecked(&t, 1, buf_view(&frame)), SIGNATURE);
    buf_clear(&frame);
    list_sign(&t, &alice);

    alice.key = bob.key; /* bob signed the device's certificate */
    gadget_make(&t, &alice, 0);
    alice.key = own;
    frame = register_frame(&t, &alice, 1, REGISTER_OPEN, (view){0}, (view){0});
    assert_err(prechecked(&t, 1, buf_view(&frame)), CERTIFICATE);
    buf_clear(&frame);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

/* And the core by itself: it ends the connection. */
static void registration_whose_parts_do_not_fit_is_refused(void **state)
{
    (void)state;
    for (int part = 0; part < 5; part++) {
        struct town t = town_of(limits_default());
        struct person alice = person_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
        struct person mixed = alice;
        if (part == 0) /* another account's list */
            mixed.list = bob.list;
        if (part == 1) /* another account's device */
            mixed.gadgets[0] = bob.gadgets[0];
        if (part == 2) /* another account's request */
            mixed.account = bob.account;
        if (part == 3) { /* not the first list */
            list_next(&t, &mixed);
            list_sign(&t, &mixed);
        }
        if (part == 4) { /* a device that is revoked */
            list_set(&t, &mixed, 0, DEVICE_REVOKED);
            list_sign(&t, &mixed);
        }
        arrive(&t, 1);
        sotto_buf frame = register_frame(&t, &mixed, 1, REGISTER_OPEN, (view){0}, (view){0});
        assert_err(prechecked(&t, 1, buf_view(&frame)), VALUE);
        say_buf(&t.w, 1, &frame);
        got_bye(&t.w, 1, SOTTO_E_VALUE);
        person_clear(&alice);
        person_clear(&bob);
        town_clear(&t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answer_is_a_chain_that_vouches_for_the_name),
        cmocka_unit_test(closed_server_takes_nobody_without_an_invite),
        cmocka_unit_test(link_lets_in_as_many_as_it_has_uses),
        cmocka_unit_test(repeat_has_the_same_answer_and_costs_no_use),
        cmocka_unit_test(registration_that_is_not_committed_never_was),
        cmocka_unit_test(registration_that_is_undone_is_told_to_who_waits),
        cmocka_unit_test(invite_that_expired_is_refused),
        cmocka_unit_test(invite_for_a_name_is_good_for_this_one_alone),
        cmocka_unit_test(password_lets_in_once_in_either_case),
        cmocka_unit_test(password_survives_four_wrong_tries_and_not_five),
        cmocka_unit_test(password_is_over_after_its_time),
        cmocka_unit_test(wrong_password_tells_nothing_about_names),
        cmocka_unit_test(name_must_be_free_and_at_this_host),
        cmocka_unit_test(account_that_is_here_does_not_register_again_by_another_invite),
        cmocka_unit_test(three_accounts_an_hour_come_from_one_address),
        cmocka_unit_test(while_the_disk_is_full_nobody_registers_and_a_repeat_is_answered),
        cmocka_unit_test(without_an_authority_nobody_registers_for_now),
        cmocka_unit_test(registration_whose_answer_fails_leaves_nothing_behind),
        cmocka_unit_test(registration_that_the_store_fails_is_not_counted),
        cmocka_unit_test(registration_of_another_connection_server_or_key_does_not_pass),
        cmocka_unit_test(registration_whose_parts_do_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
