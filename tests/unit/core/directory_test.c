/* What members ask of the directory: look-ups, key packages, invites of their own, and the end of an account. */
#include "people.h"

#include "crypto/record.h"

/* --- look-ups --- */

struct wanted_list {
    sotto_buf bytes;
    size_t count;
};

static void want_name(struct wanted_list *list, const char *name)
{
    struct wr w = wr_to(&list->bytes);
    proto_wanted_write(&w, &(struct proto_wanted){LOOKUP_NAME, view_str(name)});
    assert_ok(wr_end(&w));
    list->count++;
}

static void want_id(struct wanted_list *list, const struct person *p)
{
    struct wr w = wr_to(&list->bytes);
    proto_wanted_write(&w, &(struct proto_wanted){LOOKUP_ID, VIEW_OF(p->account.account_id)});
    assert_ok(wr_end(&w));
    list->count++;
}

static void ask_lookup(struct town *t, uint64_t connection, struct wanted_list *list)
{
    sotto_buf frame = {0};
    const struct proto_list wanted = {buf_view(&list->bytes), list->count};
    assert_ok(proto_lookup_write(41, &wanted, &frame));
    tell(t, connection, &frame);
    buf_clear(&list->bytes);
    list->count = 0;
}

/* The answer of one frame, whose accounts are read one after the other. */
static struct rd got_found(const struct town *t, uint64_t connection, size_t count)
{
    struct proto_found found = {0};
    assert_ok(proto_found_read(got(&t->w, connection, PROTO_FOUND).body, &found));
    assert_false(found.more);
    assert_int_equal(found.accounts.count, count);
    return rd_of(found.accounts.bytes);
}

static struct proto_found_account next_found(struct rd *r, uint16_t index, uint8_t status)
{
    struct proto_found_account found = {0};
    proto_found_account_read(r, &found);
    assert_true(rd_ok(r));
    assert_int_equal(found.index, index);
    assert_int_equal(found.status, status);
    return found;
}

static void look_up_gives_all_that_a_client_checks(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    struct wanted_list wanted = {0};
    sign_in(&t, &alice, 0, 1);
    want_name(&wanted, "BOB@" HOST);
    want_id(&wanted, &bob);
    ask_lookup(&t, 1, &wanted);
    struct rd accounts = got_found(&t, 1, 2);
    for (uint16_t i = 0; i < 2; i++) {
        struct proto_found_account found = next_found(&accounts, i, FOUND_ACCOUNT);
        struct genesis genesis;
        struct account_key key;
        struct device_list list;
        struct x509 account, device;
        assert_true(view_equal(found.name, view_str(bob.name)));
        assert_ok(genesis_read(found.genesis, &genesis));
        assert_ok(account_key_begin(t.crypto, &genesis, &key));
        assert_memory_equal(key.account_id, bob.account.account_id, ACCOUNT_ID);
        assert_ok(device_list_read(found.device_list, &list));
        assert_ok(device_list_verify(t.crypto, &list, &key));
        assert_int_equal(found.rotations.count, 0);
        assert_int_equal(found.certificates.count, 1);
        struct rd certificates = rd_of(found.certificates.bytes), chain = rd_of(found.chain.bytes);
        view path[3] = {rd_opaque(&certificates, X509_MAX), rd_opaque(&chain, X509_MAX),
                        rd_opaque(&chain, X509_MAX)};
        assert_ok(x509_verify_name_path(t.crypto, path, 3, t.config.pin, (int64_t)WALL_S, &account,
                                        &device));
        assert_true(view_equal(account.name, view_str(bob.name)));
    }
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void admin_says(struct town *t, enum admin_kind kind, const char *name)
{
    sotto_buf frame = {0};
    step(&t->w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = 1000});
    const struct admin_user user = {.who = {LOOKUP_NAME, view_str(name)}};
    assert_ok(admin_user_write(9, kind, &user, &frame));
    say_buf(&t->w, 1000, &frame);
    settle(t);
    got(&t->w, 1000, (enum proto_kind)ADMIN_DONE);
    leave(t, 1000);
}

static void unknown_and_disabled_ones_look_alike(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    struct wanted_list wanted = {0};
    sign_in(&t, &alice, 0, 1);
    admin_says(&t, ADMIN_USER_DISABLE, "bob");
    want_name(&wanted, "bob@" HOST);
    want_name(&wanted, "zoe@" HOST);
    want_id(&wanted, &bob);
    ask_lookup(&t, 1, &wanted);
    struct rd accounts = got_found(&t, 1, 3);
    for (uint16_t i = 0; i < 3; i++)
        next_found(&accounts, i, FOUND_NOBODY);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void long_answer_comes_in_several_frames(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct wanted_list wanted = {0};
    uint16_t next = 0;
    sign_in(&t, &alice, 0, 1);
    for (int i = 0; i < 200; i++)
        want_id(&wanted, &alice);
    ask_lookup(&t, 1, &wanted);
    size_t frames = effects(&t.w, CORE_SEND, 1), seen = 0;
    assert_true(frames > 1);
    for (size_t i = 0; i < t.w.fx.count; i++) {
        const struct core_effect *e = &t.w.fx.list[i];
        struct proto_frame frame;
        struct proto_found found;
        if (e->kind != CORE_SEND)
            continue;
        assert_true(e->len <= PROTO_FRAME_MAX);
        assert_ok(proto_frame_read(effect_bytes(&t.w, e), &frame));
        assert_int_equal(frame.request, 41);
        assert_ok(proto_found_read(frame.body, &found));
        assert_int_equal(found.more, ++seen < frames);
        struct rd accounts = rd_of(found.accounts.bytes);
        while (rd_more(&accounts))
            next_found(&accounts, next++, FOUND_ACCOUNT);
    }
    assert_int_equal(next, 200);
    person_clear(&alice);
    town_clear(&t);
}

/* A thousand full answers are over a mebibyte: the rest is left out, and may be asked for. */
static void answer_that_grows_too_long_leaves_the_rest_out(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct wanted_list wanted = {0};
    sign_in(&t, &alice, 0, 1);
    for (int i = 0; i < 1000; i++)
        want_id(&wanted, &alice);
    ask_lookup(&t, 1, &wanted);
    assert_in_range(t.w.fx.bytes.len, 900000, 1100000);
    person_clear(&alice);
    town_clear(&t);
}

static void look_ups_of_many_names_cost_little_more(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.lookups = 22;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    struct wanted_list wanted = {0};
    sign_in(&t, &alice, 0, 1);
    for (int i = 0; i < 1000; i++)
        want_name(&wanted, "n");
    ask_lookup(&t, 1, &wanted); /* 1 + 20 */
    got_found(&t, 1, 1000);
    want_name(&wanted, "n");
    ask_lookup(&t, 1, &wanted);
    got_found(&t, 1, 1);
    want_name(&wanted, "n");
    ask_lookup(&t, 1, &wanted);
    assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 1000);
    person_clear(&alice);
    town_clear(&t);
}

/* --- key packages --- */

static void ask_put(struct town *t, uint64_t connection, bool last_resort, const char *const *texts,
                    size_t count)
{
    DEFER(buf_clear) sotto_buf packages = {0};
    sotto_buf frame = {0};
    struct wr w = wr_to(&packages);
    for (size_t i = 0; i < count; i++)
        wr_opaque(&w, view_str(texts[i]));
    assert_ok(wr_end(&w));
    const struct proto_key_packages_put put = {last_resort, {buf_view(&packages), count}};
    assert_ok(proto_key_packages_put_write(42, &put, &frame));
    tell(t, connection, &frame);
}

static void got_packages(const struct town *t, uint64_t connection, uint32_t count, bool last)
{
    struct proto_key_packages answer = {0};
    assert_ok(proto_key_packages_read(got(&t->w, connection, PROTO_KEY_PACKAGES).body, &answer));
    assert_int_equal(answer.count, count);
    assert_int_equal(answer.last_resort, last);
}

static void ask_claim(struct town *t, uint64_t connection, const struct person *p, view devices)
{
    sotto_buf frame = {0};
    struct proto_key_packages_claim claim = {.devices = devices};
    memcpy(claim.account_id, p->account.account_id, sizeof claim.account_id);
    assert_ok(proto_key_packages_claim_write(43, &claim, &frame));
    tell(t, connection, &frame);
}

/* The only package in the answer. */
static void got_claimed(const struct town *t, uint64_t connection, uint8_t status, const char *text)
{
    struct proto_list packages = {0};
    struct proto_claimed_package package = {0};
    assert_ok(proto_claimed_read(got(&t->w, connection, PROTO_CLAIMED).body, &packages));
    assert_int_equal(packages.count, 1);
    struct rd r = rd_of(packages.bytes);
    proto_claimed_package_read(&r, &package);
    assert_int_equal(package.status, status);
    assert_true(view_equal(package.package, view_str(text)));
}

static const char *const abc[] = {"a", "b", "c"};

static void each_key_package_is_handed_out_once_the_oldest_first(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    sign_in(&t, &alice, 0, 1);
    sign_in(&t, &bob, 0, 2);
    ask_put(&t, 2, false, abc, 2);
    got_packages(&t, 2, 2, false);
    ask_put(&t, 2, false, abc + 2, 1);
    got_packages(&t, 2, 3, false);
    ask_claim(&t, 1, &bob, (view){0});
    got_claimed(&t, 1, CLAIMED_PACKAGE, "a");
    town_crash(&t);
    sign_in(&t, &alice, 0, 1);
    ask_claim(&t, 1, &bob, VIEW_OF(bob.gadgets[0].id));
    got_claimed(&t, 1, CLAIMED_PACKAGE, "b");
    ask_claim(&t, 1, &bob, (view){0});
    got_claimed(&t, 1, CLAIMED_PACKAGE, "c");
    ask_claim(&t, 1, &bob, (view){0});
    got_claimed(&t, 1, CLAIMED_NONE, "");
    sign_in(&t, &bob, 0, 2);
    ask_put(&t, 2, true, abc, 1);
    got_packages(&t, 2, 0, true);
    for (int i = 0; i < 2; i++) {
        ask_claim(&t, 1, &bob, (view){0});
        got_claimed(&t, 1, CLAIMED_LAST_RESORT, "a"); /* and stays */
    }
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void key_packages_that_are_put_again_are_not_stored_again(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.key_packages = 3;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    sign_in(&t, &bob, 0, 2);
    ask_put(&t, 2, false, abc, 2);
    town_crash(&t); /* bob did not hear the answer */
    sign_in(&t, &bob, 0, 2);
    ask_put(&t, 2, true, abc + 2, 1);
    ask_put(&t, 2, false, abc, 2);
    got_packages(&t, 2, 2, true);
    sign_in(&t, &alice, 0, 1);
    ask_claim(&t, 1, &bob, (view){0});
    got_claimed(&t, 1, CLAIMED_PACKAGE, "a");
    ask_put(&t, 2, false, abc, 2);
    got_packages(&t, 2, 1, true);
    ask_put(&t, 2, false, abc + 1, 2);
    got_packages(&t, 2, 3, true);
    ask_put(&t, 2, false, abc + 1, 2);
    got_packages(&t, 2, 3, true);
    ask_put(&t, 2, false, abc, 2); /* not the last one */
    got_error(&t.w, 2, SOTTO_E_FULL);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void device_that_is_not_here_has_no_key_packages(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_claim(&t, 1, &alice, VIEW_OF(bob.gadgets[0].id));
    got_claimed(&t, 1, CLAIMED_NONE, "");
    ask_claim(&t, 1, &bob, (view){0});
    got_error(&t.w, 1, SOTTO_E_NOTFOUND);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void device_that_is_named_twice_in_a_claim_ends_the_connection(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    uint8_t twice[2 * DEVICE_ID];
    sign_in(&t, &alice, 0, 1);
    memcpy(twice, alice.gadgets[0].id, DEVICE_ID);
    memcpy(twice + DEVICE_ID, alice.gadgets[0].id, DEVICE_ID);
    ask_claim(&t, 1, &alice, VIEW_OF(twice));
    got_bye(&t.w, 1, SOTTO_E_VALUE);
    person_clear(&alice);
    town_clear(&t);
}

static void hundred_key_packages_are_stored_and_not_one_more(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    const char *many[100];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = "package";
    sign_in(&t, &alice, 0, 1);
    ask_put(&t, 1, false, many, 99);
    got_packages(&t, 1, 99, false);
    assert_int_equal(core_count(t.w.core).prekeys_low, 0);
    ask_put(&t, 1, false, many, 2);
    got_error(&t.w, 1, SOTTO_E_FULL);
    ask_put(&t, 1, false, many, 1);
    got_packages(&t, 1, 100, false);
    ask_put(&t, 1, true, many, 1);
    got_packages(&t, 1, 100, true);
    person_clear(&alice);
    town_clear(&t);
}

static void claims_are_limited_for_each_two_and_for_the_target(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.target_claims = 8;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    struct person carol = member_of(&t, "carol@" HOST);
    sign_in(&t, &alice, 0, 1);
    sign_in(&t, &carol, 0, 3);
    for (int i = 0; i < 6; i++) {
        ask_claim(&t, 1, &bob, (view){0});
        got(&t.w, 1, PROTO_CLAIMED);
    }
    ask_claim(&t, 1, &bob, (view){0});
    assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 600000);
    ask_claim(&t, 1, &carol, (view){0}); /* another target */
    got(&t.w, 1, PROTO_CLAIMED);
    ask_claim(&t, 3, &bob, (view){0}); /* another requester */
    ask_claim(&t, 3, &bob, (view){0});
    got(&t.w, 3, PROTO_CLAIMED);
    ask_claim(&t, 3, &bob, (view){0}); /* the ninth for bob */
    assert_int_equal(got_error(&t.w, 3, SOTTO_E_RATE).retry_ms, 60000);
    person_clear(&alice);
    person_clear(&bob);
    person_clear(&carol);
    town_clear(&t);
}

static void claim_answer_leaves_out_what_does_not_fit_a_frame(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.devices = 64;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    static struct gadget gadgets[9];
    static char large[KEY_PACKAGE_MAX + 1];
    static const char *const text[] = {large};
    memset(large, 'x', KEY_PACKAGE_MAX);
    sign_in(&t, &alice, 0, 1);
    /* nine devices: packages are put by the core's own functions, since each would need a session */
    struct core_effects fx = {0};
    struct step s = {.core = t.w.core, .fx = &fx, .now_ms = t.w.now_ms, .rng = &t.w.rng};
    struct account *account = NULL;
    assert_ok(account_find(&s, alice.account.account_id, &account));
    for (size_t i = 0; i < COUNT_OF(gadgets); i++) {
        struct x509 fields = {.kind = X509_DEVICE};
        struct device *device = NULL;
        memset(fields.device_id, (int)i + 1, sizeof fields.device_id);
        assert_ok(device_add(&s, account->number, &fields, VIEW_LIT("certificate")));
        assert_ok(device_find_of(&s, account, fields.device_id, &device));
        const struct row_key key = row_key_two(device->number, 0);
        assert_ok(row_put(&s, STORE_KEY_PACKAGE, row_key_view(&key), view_str(text[0])));
        assert_ok(device_set_packages(&s, device, 0, 1, false, NULL));
    }
    settle(&t);
    core_effects_clear(&fx);
    ask_claim(&t, 1, &alice, (view){0});
    struct proto_list packages = {0};
    assert_ok(proto_claimed_read(got(&t.w, 1, PROTO_CLAIMED).body, &packages));
    assert_int_equal(packages.count,
                     8 + 1); /* eight with a package, and alice's own device, which has none */
    ask_claim(&t, 1, &alice, (view){0});
    assert_ok(proto_claimed_read(got(&t.w, 1, PROTO_CLAIMED).body, &packages));
    assert_int_equal(packages.count, 10); /* one with a package, nine without */
    person_clear(&alice);
    town_clear(&t);
}

/* --- invites of members --- */

static void ask_invite(struct town *t, uint64_t connection, uint8_t mark, uint32_t uses,
                       uint32_t ttl_s)
{
    sotto_buf frame = {0};
    struct proto_invite_create create = {.uses = uses, .ttl_s = ttl_s, .kind = LINK_CONTACT};
    memset(create.token_hash, mark, sizeof create.token_hash);
    assert_ok(proto_invite_create_write(44, &create, &frame));
    tell(t, connection, &frame);
}

static void ask_revoke(struct town *t, uint64_t connection, uint8_t mark)
{
    sotto_buf frame = {0};
    struct proto_invite_revoke revoke;
    memset(revoke.token_hash, mark, sizeof revoke.token_hash);
    assert_ok(proto_invite_revoke_write(45, &revoke, &frame));
    tell(t, connection, &frame);
}

static size_t invites_of(struct town *t, uint64_t connection, struct proto_invite *ret_last)
{
    sotto_buf frame = {0};
    struct proto_list invites = {0};
    assert_ok(proto_invites_write(46, &frame));
    tell(t, connection, &frame);
    assert_ok(proto_invite_list_read(got(&t->w, connection, PROTO_INVITE_LIST).body, &invites));
    struct rd r = rd_of(invites.bytes);
    while (rd_more(&r))
        proto_invite_read(&r, ret_last);
    return invites.count;
}

static void member_makes_lists_and_revokes_invites(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    struct proto_invite last = {0};
    sign_in(&t, &alice, 0, 1);
    sign_in(&t, &bob, 0, 2);
    ask_invite(&t, 1, 7, 3, 3600);
    got_ok(&t.w, 1, 44);
    ask_invite(&t, 1, 7, 3, 3600); /* a lost answer */
    got_ok(&t.w, 1, 44);
    ask_invite(&t, 2, 7, 3, 3600);
    got_error(&t.w, 2, SOTTO_E_EXISTS);
    assert_int_equal(invites_of(&t, 1, &last), 1);
    assert_int_equal(last.uses, 3);
    assert_int_equal(last.uses_left, 3);
    assert_int_equal(last.created_s, WALL_S);
    assert_int_equal(last.expires_s, WALL_S + 3600);
    assert_int_equal(invites_of(&t, 2, &last), 0);
    ask_revoke(&t, 2, 7);
    got_error(&t.w, 2, SOTTO_E_NOTFOUND);
    ask_revoke(&t, 1, 7);
    got_ok(&t.w, 1, 45);
    assert_int_equal(invites_of(&t, 1, &last), 0);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void invites_of_a_member_are_limited(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.invites = 2;
    limits.invites_made = 4;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_invite(&t, 1, 1, 101, 60);
    got_error(&t.w, 1, SOTTO_E_QUOTA);
    ask_invite(&t, 1, 1, 1, 2592001);
    got_error(&t.w, 1, SOTTO_E_QUOTA);
    ask_invite(&t, 1, 1, 1, 60);
    ask_invite(&t, 1, 2, 1, 3600);
    got_ok(&t.w, 1, 44);
    ask_invite(&t, 1, 3, 1, 60);
    got_error(&t.w, 1, SOTTO_E_FULL);
    later(&t, 60000); /* the first one is over */
    ask_invite(&t, 1, 3, 1, 60);
    got_ok(&t.w, 1, 44);
    later(&t, 60000);
    ask_invite(&t, 1, 4, 1, 60);
    got_ok(&t.w, 1, 44);
    later(&t, 60000);
    ask_invite(&t, 1, 5, 1, 60); /* the fifth in an hour */
    got_error(&t.w, 1, SOTTO_E_RATE);
    person_clear(&alice);
    town_clear(&t);
}

static void members_invite_only_where_they_may(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    t.config.members_invite = false;
    core_configure(t.w.core, &t.config);
    sign_in(&t, &alice, 0, 1);
    ask_invite(&t, 1, 1, 1, 60);
    got_error(&t.w, 1, SOTTO_E_DENIED);
    person_clear(&alice);
    town_clear(&t);
}

/* --- the end of an account --- */

static void ask_remove(struct town *t, const struct person *p, uint64_t connection,
                       uint64_t nonce_of, bool other_server)
{
    DEFER(buf_clear) sotto_buf record = {0};
    sotto_buf frame = {0};
    struct proto_account_remove remove;
    struct core_binding binding = binding_of(t, nonce_of);
    binding.pin[0] ^= other_server;
    assert_ok(
        proto_account_remove_signed(binding.pin, p->account.account_id, binding.nonce, &record));
    assert_ok(record_sign(t->crypto, p->key, buf_view(&record), remove.signature));
    assert_ok(proto_account_remove_write(47, &remove, &frame));
    tell(t, connection, &frame);
}

/* Rows of all tables apart from the counters. */
static size_t rows_stored(struct town *t)
{
    size_t count = 0;
    for (int table = STORE_META + 1; table < STORE_TABLE_END; table++) {
        struct row_key at = {0};
        view key, value;
        while (store_next(t->store, (enum store_table)table, (view){0}, row_key_view(&at), &key,
                          &value) == SOTTO_OK) {
            memcpy(at.bytes, key.data, key.len);
            at.len = key.len;
            count++;
        }
    }
    return count;
}

static void account_that_is_removed_leaves_nothing_behind(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person bob = member_of(&t, "bob@" HOST);
    size_t before = rows_stored(&t);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_put(&t, 1, false, abc, 3);
    ask_put(&t, 1, true, abc, 1);
    ask_invite(&t, 1, 7, 3, 3600);
    ask_remove(&t, &alice, 1, 2, false); /* signed for another connection */
    got_error(&t.w, 1, SOTTO_E_SIGNATURE);
    ask_remove(&t, &alice, 1, 1, true); /* for another server */
    got_error(&t.w, 1, SOTTO_E_SIGNATURE);
    ask_remove(&t, &bob, 1, 1, false); /* by another account */
    got_error(&t.w, 1, SOTTO_E_SIGNATURE);
    ask_remove(&t, &alice, 1, 1, false);
    assert_int_equal(effects(&t.w, CORE_SEND, 1), 2); /* ok, bye */
    assert_int_equal(effects(&t.w, CORE_CLOSE, 1), 1);
    assert_int_equal(rows_stored(&t), before);
    assert_int_equal(core_count(t.w.core).accounts, 1);
    assert_int_equal(core_count(t.w.core).prekeys_low, 1);
    arrive(&t, 3);
    ask_auth(&t, &alice, 0, 3);
    got_error(&t.w, 3, SOTTO_E_DENIED);
    struct person other = person_of(&t, "another alice");
    other.name = "alice@" HOST;
    arrive(&t, 4);
    ask_register(&t, &other, 4, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 4); /* the name is free */
    person_clear(&alice);
    person_clear(&bob);
    person_clear(&other);
    town_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(look_up_gives_all_that_a_client_checks),
        cmocka_unit_test(unknown_and_disabled_ones_look_alike),
        cmocka_unit_test(long_answer_comes_in_several_frames),
        cmocka_unit_test(answer_that_grows_too_long_leaves_the_rest_out),
        cmocka_unit_test(look_ups_of_many_names_cost_little_more),
        cmocka_unit_test(each_key_package_is_handed_out_once_the_oldest_first),
        cmocka_unit_test(key_packages_that_are_put_again_are_not_stored_again),
        cmocka_unit_test(device_that_is_not_here_has_no_key_packages),
        cmocka_unit_test(device_that_is_named_twice_in_a_claim_ends_the_connection),
        cmocka_unit_test(hundred_key_packages_are_stored_and_not_one_more),
        cmocka_unit_test(claims_are_limited_for_each_two_and_for_the_target),
        cmocka_unit_test(claim_answer_leaves_out_what_does_not_fit_a_frame),
        cmocka_unit_test(member_makes_lists_and_revokes_invites),
        cmocka_unit_test(invites_of_a_member_are_limited),
        cmocka_unit_test(members_invite_only_where_they_may),
        cmocka_unit_test(account_that_is_removed_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
