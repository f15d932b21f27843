/* Signing in: who may, what the answer says, and what becomes of an older session. */
#include "people.h"

static void device_that_registered_signs_in(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    arrive(&t, 1);
    ask_auth(&t, &alice, 0, 1);
    struct proto_auth_ok ok = got_auth_ok(&t, 1);
    uint8_t hash_of_list[IDENTITY_HASH];
    assert_ok(device_list_hash(t.crypto, &alice.list, hash_of_list));
    assert_int_equal(ok.list_number, 1);
    assert_memory_equal(ok.list_hash, hash_of_list, sizeof hash_of_list);
    assert_int_equal(ok.key_packages, 0);
    assert_false(ok.last_resort);
    assert_int_equal(ok.time_s, WALL_S);
    assert_int_equal(ok.highest_op, 0);
    assert_int_equal(effects(&t.w, CORE_SETTLED, 1), 1);
    person_clear(&alice);
    town_clear(&t);
}

static void signature_for_another_connection_ends_before_the_core(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sotto_buf frame = auth_frame(&t, &alice, 0, 1);
    assert_ok(prechecked(&t, 1, buf_view(&frame)));
    assert_err(prechecked(&t, 2, buf_view(&frame)), SIGNATURE);
    frame.data[PROTO_HEADER + 5] ^= 1;
    assert_err(prechecked(&t, 1, buf_view(&frame)), SIGNATURE);
    buf_clear(&frame);
    person_clear(&alice);
    town_clear(&t);
}

/* The same words for all of them. */
static void whoever_is_not_here_hears_one_answer(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct person bob = person_of(&t, "bob@" HOST);
    char said[3][300];
    for (uint64_t i = 0; i < 3; i++)
        arrive(&t, i + 1);
    ask_auth(&t, &bob, 0, 1); /* unknown account */
    struct proto_error e = got_error(&t.w, 1, SOTTO_E_DENIED);
    snprintf(said[0], sizeof said[0], "%.*s", (int)e.detail.len, (const char *)e.detail.data);
    gadget_make(&t, &alice, 1);
    ask_auth(&t, &alice, 1, 2); /* unknown device */
    e = got_error(&t.w, 2, SOTTO_E_DENIED);
    snprintf(said[1], sizeof said[1], "%.*s", (int)e.detail.len, (const char *)e.detail.data);
    sign_key_free(alice.gadgets[0].key);
    alice.gadgets[0].key = key_of(t.crypto, "another key");
    ask_auth(&t, &alice, 0, 3); /* another key, which signs right */
    e = got_error(&t.w, 3, SOTTO_E_DENIED);
    snprintf(said[2], sizeof said[2], "%.*s", (int)e.detail.len, (const char *)e.detail.data);
    assert_string_equal(said[0], said[1]);
    assert_string_equal(said[0], said[2]);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void newer_session_closes_the_older_one(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    arrive(&t, 2);
    ask_auth(&t, &alice, 0, 2);
    got_auth_ok(&t, 2);
    struct proto_error bye = got_bye(&t.w, 1, SOTTO_E_CLOSED);
    assert_true(view_equal(bye.detail, VIEW_LIT("signed in elsewhere")));
    leave(&t, 1); /* changes nothing */
    leave(&t, 2);
    sign_in(&t, &alice, 0, 3);
    person_clear(&alice);
    town_clear(&t);
}

static void signing_in_twice_on_one_connection_is_refused(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_auth(&t, &alice, 0, 1);
    got_error(&t.w, 1, SOTTO_E_NOT_NOW);
    person_clear(&alice);
    town_clear(&t);
}

/* The same wait, too, for a device that is here and one that is not. */
static void failed_sign_ins_hold_up_who_fails_and_no_neighbour(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct person bob = person_of(&t, "bob@" HOST), mallory = person_of(&t, "alice@" HOST);
    sign_key_free(mallory.gadgets[0].key);
    mallory.gadgets[0].key = key_of(t.crypto, "not hers");
    arrive_from(&t, 1, 7);
    for (int i = 0; i < 5; i++) {
        ask_auth(&t, &bob, 0, 1);
        got_error(&t.w, 1, SOTTO_E_DENIED);
    }
    ask_auth(&t, &bob, 0, 1);
    assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 300000);
    ask_auth(&t, &mallory, 0, 1);
    assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 300000);
    assert_int_equal(limited(&t.w, RATE_LOGIN), 2);
    arrive_from(&t, 2, 7);
    ask_auth(&t, &alice, 0, 2);
    got_auth_ok(&t, 2);
    arrive_from(&t, 3, 8);
    ask_auth(&t, &bob, 0, 3); /* from elsewhere nobody has failed */
    got_error(&t.w, 3, SOTTO_E_DENIED);
    later(&t, 300000);
    ask_auth(&t, &bob, 0, 1);
    got_error(&t.w, 1, SOTTO_E_DENIED);
    person_clear(&mallory);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void server_without_a_store_has_no_accounts(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = person_of(&t, "alice@" HOST);
    struct world bare = world_of(limits_default());
    come(&bare, 1);
    sotto_buf frame = auth_frame(&t, &alice, 0, 1);
    say_buf(&bare, 1, &frame);
    got_error(&bare, 1, SOTTO_E_UNSUPPORTED);
    world_clear(&bare);
    person_clear(&alice);
    town_clear(&t);
}

static void sign_in_that_is_rolled_back_ends_both_sessions(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    arrive(&t, 2);
    sotto_buf frame = auth_frame(&t, &alice, 0, 2);
    say_buf(&t.w, 2, &frame); /* not settled */
    assert_int_equal(effects(&t.w, CORE_CLOSE, 1), 1);
    core_effects_reset(&t.w.fx);
    assert_ok(core_rollback(t.w.core, SOTTO_E_DISK_FULL, t.w.now_ms, &t.w.fx));
    got_bye(&t.w, 2, SOTTO_E_DISK_FULL);
    sign_in(&t, &alice, 0, 3);
    person_clear(&alice);
    town_clear(&t);
}

/* How many effects a connection gets if what they came of is undone. */
static size_t effects_if_undone(const struct world *w, enum core_effect_kind kind,
                                uint64_t connection)
{
    size_t count = 0;
    for (size_t i = 0; i < w->fx.count; i++)
        count += w->fx.list[i].kind == kind && w->fx.list[i].connection == connection &&
                 !w->fx.list[i].held && w->fx.list[i].source == 0;
    return count;
}

static void who_sat_in_a_room_hears_that_it_ended_if_what_ended_it_is_undone(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    uint32_t slot = opened(&t.w, 1);
    arrive(&t, 3);
    ask_join(&t.w, 3, slot);
    arrive(&t, 2);
    sotto_buf frame = auth_frame(&t, &alice, 0, 2);
    say_buf(&t.w, 2, &frame);
    got_closed(&t.w, 3, slot, ROOM_END_LOST);
    assert_int_equal(effects_if_undone(&t.w, CORE_SEND, 3), 1);
    assert_int_equal(effects_if_undone(&t.w, CORE_UNSETTLED, 3), 1);
    assert_int_equal(effects_if_undone(&t.w, CORE_SEND, 1), 0); /* it is not signed out */
    assert_int_equal(effects_if_undone(&t.w, CORE_SEND, 2), 0);
    person_clear(&alice);
    town_clear(&t);
}

static void stop_says_bye_to_those_who_are_signed_in(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    arrive(&t, 2);
    step(&t.w, (struct core_event){.kind = CORE_STOP});
    got_bye(&t.w, 1, SOTTO_E_CLOSED);
    got_bye(&t.w, 2, SOTTO_E_CLOSED);
    person_clear(&alice);
    town_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(device_that_registered_signs_in),
        cmocka_unit_test(signature_for_another_connection_ends_before_the_core),
        cmocka_unit_test(whoever_is_not_here_hears_one_answer),
        cmocka_unit_test(newer_session_closes_the_older_one),
        cmocka_unit_test(signing_in_twice_on_one_connection_is_refused),
        cmocka_unit_test(failed_sign_ins_hold_up_who_fails_and_no_neighbour),
        cmocka_unit_test(server_without_a_store_has_no_accounts),
        cmocka_unit_test(sign_in_that_is_rolled_back_ends_both_sessions),
        cmocka_unit_test(who_sat_in_a_room_hears_that_it_ended_if_what_ended_it_is_undone),
        cmocka_unit_test(stop_says_bye_to_those_who_are_signed_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
