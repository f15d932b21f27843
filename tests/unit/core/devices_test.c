/* Device lists, rotations and certificates: what changes them, and that the server can't. Where cryptography shall fail, it does so in the
 * functions below (--wrap, tests/meson.build). */
#include "people.h"

static bool list_hash_fails, x509_read_fails;

sotto_err __real_device_list_hash(sotto_crypto *c, const struct device_list *list,
                                  uint8_t ret_hash[IDENTITY_HASH]);
sotto_err __wrap_device_list_hash(sotto_crypto *c, const struct device_list *list,
                                  uint8_t ret_hash[IDENTITY_HASH]);
sotto_err __wrap_device_list_hash(sotto_crypto *c, const struct device_list *list,
                                  uint8_t ret_hash[IDENTITY_HASH])
{
    return list_hash_fails ? SOTTO_E_CRYPTO : __real_device_list_hash(c, list, ret_hash);
}

sotto_err __real_x509_read(sotto_crypto *c, enum x509_kind kind, view der, struct x509 *ret_cert);
sotto_err __wrap_x509_read(sotto_crypto *c, enum x509_kind kind, view der, struct x509 *ret_cert);
sotto_err __wrap_x509_read(sotto_crypto *c, enum x509_kind kind, view der, struct x509 *ret_cert)
{
    return x509_read_fails ? SOTTO_E_CRYPTO : __real_x509_read(c, kind, der, ret_cert);
}

static const size_t none[1], second[] = {1}, third[] = {2};

static void listed_device_with_a_certificate_may_sign_in(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    arrive(&t, 2);
    ask_auth(&t, &alice, 1, 2);
    assert_int_equal(got_auth_ok(&t, 2).list_number, 2);
    person_clear(&alice);
    town_clear(&t);
}

static void device_that_is_new_needs_its_certificate(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_error(&t.w, 1, SOTTO_E_CERTIFICATE);
    arrive(&t, 2);
    ask_auth(&t, &alice, 1, 2);
    got_error(&t.w, 2, SOTTO_E_DENIED);
    person_clear(&alice);
    town_clear(&t);
}

static void certificate_must_be_of_an_active_device_by_the_account_key(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    sotto_sign_key *own = alice.key;
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    alice.key = bob.key;
    gadget_make(&t, &alice, 1); /* signed by another key */
    alice.key = own;
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_CERTIFICATE);
    gadget_make(&t, &alice, 2); /* of a device that is not listed */
    gadget_make(&t, &alice, 1);
    ask_devices_put(&t, &alice, 1, (const size_t[]){1, 2}, 2);
    got_error(&t.w, 1, SOTTO_E_CERTIFICATE);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void list_must_be_the_next_one(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct device_list first = alice.list;
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    struct device_list right = alice.list;
    alice.list.number = 3;
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_CONFLICT);
    alice.list = right;
    alice.list.previous_hash[0] ^= 1;
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_CONFLICT);
    alice.list = right;
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    alice.list = first; /* the loser of two that were made at one time */
    list_next(&t, &alice);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_error(&t.w, 1, SOTTO_E_CONFLICT);
    person_clear(&alice);
    town_clear(&t);
}

static void list_that_another_key_signed_is_refused(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = person_of(&t, "bob@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    assert_ok(device_list_sign(t.crypto, bob.key, &alice.list));
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_SIGNATURE);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void device_that_is_revoked_loses_its_session_for_good(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    sign_in(&t, &alice, 1, 2);
    list_next(&t, &alice);
    list_set(&t, &alice, 1, DEVICE_REVOKED);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_ok(&t.w, 1, 31);
    got_bye(&t.w, 2, SOTTO_E_DENIED);
    arrive(&t, 3);
    ask_auth(&t, &alice, 1, 3);
    got_error(&t.w, 3, SOTTO_E_DENIED);
    list_next(&t, &alice); /* nobody is un-revoked, not even by the account's own key */
    list_set(&t, &alice, 1, DEVICE_ACTIVE);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_DENIED);
    person_clear(&alice);
    town_clear(&t);
}

static void device_that_revokes_itself_hears_ok_and_then_bye(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    list_set(&t, &alice, 0, DEVICE_REVOKED);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    assert_int_equal(effects(&t.w, CORE_SEND, 1), 2);
    assert_int_equal(effects(&t.w, CORE_CLOSE, 1), 1);
    sign_in(&t, &alice, 1, 2);
    person_clear(&alice);
    town_clear(&t);
}

static void while_the_disk_is_full_devices_go_and_none_comes(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    step(&t.w, (struct core_event){.kind = CORE_SPACE, .full = true});
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_DISK_FULL);
    step(&t.w, (struct core_event){.kind = CORE_SPACE, .full = false});
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    step(&t.w, (struct core_event){.kind = CORE_SPACE, .full = true});
    list_next(&t, &alice);
    list_set(&t, &alice, 1, DEVICE_REVOKED);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_ok(&t.w, 1, 31);
    person_clear(&alice);
    town_clear(&t);
}

static void account_has_as_many_devices_as_the_limit_says(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.devices = 1;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_FULL);
    list_set(&t, &alice, 0, DEVICE_REVOKED); /* in place of the other one it may come */
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    sign_in(&t, &alice, 1, 2);
    person_clear(&alice);
    town_clear(&t);
}

static void account_has_as_many_sessions_as_the_limit_says(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.sessions_per_account = 1;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    arrive(&t, 2);
    ask_auth(&t, &alice, 1, 2);
    got_error(&t.w, 2, SOTTO_E_FULL);
    sign_in(&t, &alice, 0, 3); /* in place of the older one it may */
    leave(&t, 3);
    ask_auth(&t, &alice, 1, 2);
    got_auth_ok(&t, 2);
    person_clear(&alice);
    town_clear(&t);
}

static void who_is_signed_in_may_go_on_though_memory_is_short(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    arrive(&t, 1);
    step(&t.w, (struct core_event){.kind = CORE_MEMORY, .pressure = CORE_PRESSURE_STRANGERS});
    ask_auth(&t, &alice, 0, 1);
    got_auth_ok(&t, 1);
    step(&t.w, (struct core_event){.kind = CORE_MEMORY, .pressure = CORE_PRESSURE_SESSIONS});
    sign_in(&t, &alice, 0, 2); /* in place of the older one */
    leave(&t, 2);
    arrive(&t, 3);
    ask_auth(&t, &alice, 0, 3);
    got_error(&t.w, 3, SOTTO_E_RATE);
    step(&t.w, (struct core_event){.kind = CORE_MEMORY, .pressure = CORE_PRESSURE_NONE});
    ask_auth(&t, &alice, 0, 3);
    got_auth_ok(&t, 3);
    person_clear(&alice);
    town_clear(&t);
}

/* --- rotation --- */

static sotto_buf rotate_frame(const struct person *p, const struct rotation *rotation, size_t count)
{
    DEFER(buf_clear) sotto_buf list = list_of(p);
    DEFER(buf_clear) sotto_buf certificates = {0};
    DEFER(buf_clear) sotto_buf record = {0};
    sotto_buf frame = {0};
    struct wr w = wr_to(&certificates);
    for (size_t i = 0; i < count; i++)
        wr_opaque(&w, buf_view(&p->gadgets[i].certificate));
    assert_ok(wr_end(&w));
    assert_ok(rotation_write(rotation, &record));
    const struct proto_rotate rotate = {
        buf_view(&record), buf_view(&list), {buf_view(&certificates), count}};
    assert_ok(proto_rotate_write(32, &rotate, &frame));
    return frame;
}

static void ask_rotate(struct town *t, const struct person *p, const struct rotation *rotation,
                       uint64_t connection, size_t count)
{
    sotto_buf frame = rotate_frame(p, rotation, count);
    tell(t, connection, &frame);
}

/* The person has a new account key, list and certificates. */
static struct rotation rotated(struct town *t, struct person *p)
{
    struct rotation rotation = {.n = p->account.n + 1};
    sotto_sign_key *next_recovery = key_of(t->crypto, "the next recovery key");
    sotto_sign_key *key = key_of(t->crypto, "the next account key");
    memcpy(rotation.account_id, p->account.account_id, sizeof rotation.account_id);
    memcpy(rotation.account_key, sign_key_public(key).data, sizeof rotation.account_key);
    assert_ok(
        hash(t->crypto, HASH_SHA256, sign_key_public(next_recovery), rotation.next_recovery_hash));
    assert_ok(rotation_sign(t->crypto, p->recovery, &rotation));
    assert_ok(account_key_rotate(t->crypto, &rotation, &p->account));
    sign_key_free(p->key);
    sign_key_free(p->recovery);
    p->key = key;
    p->recovery = next_recovery;
    gadget_make(t, p, 0);
    list_next(t, p);
    list_sign(t, p);
    return rotation;
}

static struct proto_found_account looked_up(struct town *t, uint64_t connection,
                                            const struct person *p)
{
    DEFER(buf_clear) sotto_buf wanted = {0};
    sotto_buf frame = {0};
    struct wr w = wr_to(&wanted);
    proto_wanted_write(&w, &(struct proto_wanted){LOOKUP_NAME, view_str(p->name)});
    assert_ok(wr_end(&w));
    const struct proto_list list = {buf_view(&wanted), 1};
    assert_ok(proto_lookup_write(7, &list, &frame));
    tell(t, connection, &frame);
    struct proto_found found = {0};
    struct proto_found_account account = {0};
    assert_ok(proto_found_read(got(&t->w, connection, PROTO_FOUND).body, &found));
    struct rd r = rd_of(found.accounts.bytes);
    proto_found_account_read(&r, &account);
    assert_ok(rd_end(&r));
    return account;
}

/* What a client makes of a look-up: the identity statement holds, and the certificates of so many devices, the first ones, with it. */
static void identity_holds(struct town *t, uint64_t connection, const struct person *p,
                           size_t devices)
{
    static struct statement statement;
    const struct proto_found_account found = looked_up(t, connection, p);
    struct rd rotations = rd_of(found.rotations.bytes),
              certificates = rd_of(found.certificates.bytes);
    struct account_key key = {0};
    size_t seen = 0;
    memset(&statement, 0, sizeof statement);
    assert_ok(genesis_read(found.genesis, &statement.genesis));
    while (rd_more(&rotations))
        assert_ok(rotation_read(rd_opaque(&rotations, ACCOUNT_RECORD_MAX),
                                &statement.rotations[statement.rotation_count++]));
    assert_ok(device_list_read(found.device_list, &statement.list));
    assert_ok(statement_verify(t->crypto, &statement, &key));
    assert_memory_equal(&key, &p->account, sizeof key);
    assert_int_equal(found.certificates.count, devices);
    for (; rd_more(&certificates); seen++) {
        struct x509 device = {0};
        view der = rd_opaque(&certificates, X509_MAX);
        assert_ok(statement_check_device(t->crypto, &statement, &key, der, &device));
        for (size_t i = 0; i < devices; i++)
            if (memcmp(device.device_id, p->gadgets[i].id, DEVICE_ID) == 0)
                assert_true(view_equal(der, buf_view(&p->gadgets[i].certificate)));
    }
    assert_int_equal(seen, devices);
}

static void rotation_replaces_the_key_and_all_certificates(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    identity_holds(&t, 1, &alice, 2);
    struct rotation rotation = rotated(&t, &alice);
    gadget_make(&t, &alice, 1);
    ask_rotate(&t, &alice, &rotation, 1, 2);
    got_ok(&t.w, 1, 32);
    identity_holds(&t, 1, &alice, 2);
    town_crash(&t);
    sign_in(&t, &alice, 0, 2); /* the same account and device */
    gadget_make(&t, &alice, 2);
    list_next(&t, &alice);
    list_set(&t, &alice, 2, DEVICE_ACTIVE);
    list_sign(&t, &alice); /* by the new key */
    ask_devices_put(&t, &alice, 2, third, 1);
    got_ok(&t.w, 2, 31);
    identity_holds(&t, 2, &alice, 3);
    person_clear(&alice);
    town_clear(&t);
}

static void rotation_without_certificates_or_by_another_key_is_refused(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    struct rotation rotation = rotated(&t, &alice);
    ask_rotate(&t, &alice, &rotation, 1, 0);
    got_error(&t.w, 1, SOTTO_E_CERTIFICATE);
    struct rotation forged = rotation;
    assert_ok(rotation_sign(t.crypto, alice.key, &forged)); /* not the recovery key */
    ask_rotate(&t, &alice, &forged, 1, 1);
    got_error(&t.w, 1, SOTTO_E_SIGNATURE);
    ask_rotate(&t, &alice, &rotation, 1, 1);
    got_ok(&t.w, 1, 32);
    ask_rotate(&t, &alice, &rotation, 1, 1); /* n was there */
    got_error(&t.w, 1, SOTTO_E_CONFLICT);
    person_clear(&alice);
    town_clear(&t);
}

/* As the shell has it: nothing of the step is heard, and who asked comes again. */
static void fails_and_is_undone(struct town *t, sotto_buf frame, bool *fails)
{
    struct world *w = &t->w;
    const struct core_event event = {
        .kind = CORE_FRAME, .connection = 1, .frame = buf_view(&frame)};
    *fails = true;
    assert_err(core_step(w->core, &event, w->now_ms, &w->rng, &w->fx), CRYPTO);
    *fails = false;
    core_effects_reset(&w->fx);
    if (core_is_dirty(w->core))
        assert_ok(core_rollback(w->core, SOTTO_E_CRYPTO, w->now_ms, &w->fx));
    leave(t, 1);
    buf_clear(&frame);
}

static void change_that_fails_half_way_is_undone(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    fails_and_is_undone(&t, devices_put_frame(&alice, second, 1), &list_hash_fails);
    sign_in(&t, &alice, 0, 1);
    fails_and_is_undone(&t, devices_put_frame(&alice, second, 1), &x509_read_fails);
    sign_in(&t, &alice, 0, 1);
    ask_devices_put(&t, &alice, 1, second, 1); /* it is the next one still */
    got_ok(&t.w, 1, 31);
    struct rotation rotation = rotated(&t, &alice);
    gadget_make(&t, &alice, 1);
    fails_and_is_undone(&t, rotate_frame(&alice, &rotation, 2), &list_hash_fails);
    sign_in(&t, &alice, 0, 1);
    ask_rotate(&t, &alice, &rotation, 1, 2);
    got_ok(&t.w, 1, 32);
    person_clear(&alice);
    town_clear(&t);
}

static void account_counts_once_however_many_of_its_devices_are_short_of_key_packages(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    assert_int_equal(core_count(t.w.core).prekeys_low, 2);
    list_next(&t, &alice);
    list_set(&t, &alice, 1, DEVICE_REVOKED);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_ok(&t.w, 1, 31);
    assert_int_equal(core_count(t.w.core).prekeys_low, 2);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

/* --- renewal --- */

static void ask_renew(struct town *t, const struct person *p, uint64_t connection)
{
    DEFER(buf_clear) sotto_buf request = request_of(t, p, connection);
    sotto_buf frame = {0};
    assert_ok(proto_renew_write(33, buf_view(&request), &frame));
    tell(t, connection, &frame);
}

static void renewal_comes_when_a_third_of_the_life_is_left(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    DEFER(buf_clear) sotto_buf first = {0};
    sign_in(&t, &alice, 0, 1);
    ask_renew(&t, &alice, 1);
    assert_ok(buf_append(&first, got_registered(&t, 1).chain[0]));
    later(&t, UINT64_C(1000) * ACCOUNT_TTL_S / 2);
    ask_renew(&t, &alice, 1);
    assert_true(view_equal(got_registered(&t, 1).chain[0], buf_view(&first)));
    later(&t, UINT64_C(1000) * ACCOUNT_TTL_S / 4);
    ask_renew(&t, &alice, 1);
    struct x509 fresh;
    assert_ok(x509_read(t.crypto, X509_ACCOUNT, got_registered(&t, 1).chain[0], &fresh));
    assert_true(fresh.not_after_s > (int64_t)WALL_S + ACCOUNT_TTL_S);
    assert_true(view_equal(fresh.name, view_str(alice.name)));
    person_clear(&alice);
    town_clear(&t);
}

/* An intermediate of the root. */
struct stand_in {
    sotto_sign_key *key;
    sotto_buf certificate;
};

static struct stand_in stand_in_of(struct town *t, const char *name, int64_t ttl_s)
{
    struct stand_in s = {.key = key_of(t->crypto, name)};
    struct x509 fields = {.kind = X509_INTERMEDIATE,
                          .not_before_s = 1700000000,
                          .not_after_s = (int64_t)WALL_S + ttl_s};
    memcpy(fields.public_key, sign_key_public(s.key).data, sizeof fields.public_key);
    assert_ok(x509_issue(t->crypto, &fields, t->root, &s.certificate));
    return s;
}

static void stand_in_use(struct town *t, const struct stand_in *s)
{
    t->config.authority = s->key;
    t->config.authority_is_root = false;
    t->config.chain[0] = buf_view(&s->certificate);
    t->config.chain[1] = buf_view(&t->root_certificate);
    t->config.chain_count = 2;
    core_configure(t->w.core, &t->config);
}

static void stand_in_clear(struct stand_in *s)
{
    sign_key_free(s->key);
    buf_clear(&s->certificate);
}

static void name_vouched(const struct town *t, const struct person *p,
                         const struct proto_registered *answer, int64_t later_s)
{
    view path[X509_CHAIN_MAX] = {buf_view(&p->gadgets[0].certificate)};
    struct x509 account, device;
    memcpy(path + 1, answer->chain, answer->chain_count * sizeof *path);
    assert_ok(x509_verify_name_path(t->crypto, path, answer->chain_count + 1, t->config.pin,
                                    (int64_t)WALL_S + later_s, &account, &device));
    assert_true(view_equal(account.name, view_str(p->name)));
}

/* What a look-up says; `above`: the intermediate that must be in it, or NULL. */
static void name_vouched_found(struct town *t, uint64_t connection, const struct person *p,
                               const struct stand_in *above)
{
    const struct proto_found_account account = looked_up(t, connection, p);
    struct proto_registered answer = {.chain_count = account.chain.count};
    struct rd chain = rd_of(account.chain.bytes);
    assert_int_equal(answer.chain_count, above != NULL ? 3 : 2);
    for (size_t i = 0; i < answer.chain_count; i++)
        answer.chain[i] = rd_opaque(&chain, X509_MAX);
    if (above != NULL)
        assert_true(view_equal(answer.chain[1], buf_view(&above->certificate)));
    name_vouched(t, p, &answer, 0);
}

static void renewal_under_another_authority_is_a_fresh_certificate(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    struct stand_in stand_in = stand_in_of(&t, "intermediate", ACCOUNT_TTL_S);
    stand_in_use(&t, &stand_in);
    sign_in(&t, &alice, 0, 1);
    ask_renew(&t, &alice, 1);
    struct proto_registered answer = got_registered(&t, 1);
    assert_int_equal(answer.chain_count, 3);
    assert_true(view_equal(answer.chain[1], buf_view(&stand_in.certificate)));
    name_vouched(&t, &alice, &answer, 0);
    stand_in_clear(&stand_in);
    person_clear(&alice);
    town_clear(&t);
}

/* Who doesn't come back for months still has a name: the intermediate that made the certificate goes along with it until it ends. */
static void certificate_chains_though_its_intermediate_was_replaced(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct stand_in early_one = stand_in_of(&t, "first", 100000),
                    later_one = stand_in_of(&t, "second", ACCOUNT_TTL_S);
    stand_in_use(&t, &early_one);
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    stand_in_use(&t, &later_one);
    town_crash(&t);
    sign_in(&t, &alice, 0, 1);
    name_vouched_found(&t, 1, &bob, &early_one);
    ask_renew(&t, &alice, 1);
    struct proto_registered answer = got_registered(&t, 1);
    assert_true(view_equal(answer.chain[1], buf_view(&later_one.certificate)));
    name_vouched(&t, &alice, &answer, 0);
    name_vouched_found(&t, 1, &alice, &later_one);
    name_vouched_found(&t, 1, &bob, &early_one);
    stand_in_clear(&early_one);
    stand_in_clear(&later_one);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

static void certificate_of_the_root_needs_no_intermediate_that_came_later(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    struct stand_in stand_in = stand_in_of(&t, "intermediate", ACCOUNT_TTL_S);
    stand_in_use(&t, &stand_in);
    sign_in(&t, &alice, 0, 1);
    name_vouched_found(&t, 1, &bob, NULL);
    stand_in_clear(&stand_in);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

/* No certificate outlives the one above it, and an intermediate that has ended is forgotten when the next one begins. */
static void certificate_ends_with_its_intermediate(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct stand_in early_one = stand_in_of(&t, "first", 1000),
                    later_one = stand_in_of(&t, "second", 5000);
    struct x509 fresh;
    view ignored;
    const view key = VIEW_LIT("issuer ");
    stand_in_use(&t, &early_one);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_renew(&t, &alice, 1);
    assert_ok(x509_read(t.crypto, X509_ACCOUNT, got_registered(&t, 1).chain[0], &fresh));
    assert_int_equal(fresh.not_after_s, (int64_t)WALL_S + 1000);
    later(&t, 1001 * UINT64_C(1000));
    ask_renew(&t, &alice, 1);
    got_error(&t.w, 1, SOTTO_E_NOT_NOW);
    stand_in_use(&t, &later_one);
    ask_renew(&t, &alice, 1);
    struct proto_registered answer = got_registered(&t, 1);
    name_vouched(&t, &alice, &answer, 1001);
    size_t count = 0;
    struct row_key at = {0};
    for (view found;
         store_next(t.store, STORE_META, key, row_key_view(&at), &found, &ignored) == SOTTO_OK;
         count++) {
        at.len = found.len;
        memcpy(at.bytes, found.data, found.len);
    }
    assert_int_equal(count, 1);
    stand_in_clear(&early_one);
    stand_in_clear(&later_one);
    person_clear(&alice);
    town_clear(&t);
}

static void account_that_the_admin_renames_gets_a_certificate_for_its_new_name(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sotto_buf frame = {0};
    struct x509 fresh;
    sign_in(&t, &alice, 0, 1);
    step(&t.w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = 1000});
    const struct admin_user user = {.who = {LOOKUP_NAME, VIEW_LIT("alice")},
                                    .name = VIEW_LIT("Anna")};
    assert_ok(admin_user_write(9, ADMIN_USER_RENAME, &user, &frame));
    say_buf(&t.w, 1000, &frame);
    settle(&t);
    got(&t.w, 1000, (enum proto_kind)ADMIN_DONE);
    ask_renew(&t, &alice, 1); /* the old name */
    got_error(&t.w, 1, SOTTO_E_DENIED);
    alice.name = "anna@" HOST;
    ask_renew(&t, &alice, 1);
    struct proto_registered answer = got_registered(&t, 1);
    assert_ok(x509_read(t.crypto, X509_ACCOUNT, answer.chain[0], &fresh));
    assert_true(view_equal(fresh.name, view_str(alice.name)));
    name_vouched(&t, &alice, &answer, 0);
    name_vouched_found(&t, 1, &alice, NULL);
    struct person other = person_of(&t, "another alice"); /* the old name is free */
    other.name = "alice@" HOST;
    arrive(&t, 4);
    ask_register(&t, &other, 4, REGISTER_OPEN, (view){0}, (view){0});
    got_registered(&t, 4);
    person_clear(&other);
    person_clear(&alice);
    town_clear(&t);
}

static void renewal_after_a_rotation_is_for_the_new_key(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    struct rotation rotation = rotated(&t, &alice);
    ask_rotate(&t, &alice, &rotation, 1, 1);
    ask_renew(&t, &alice, 1);
    struct x509 fresh;
    assert_ok(x509_read(t.crypto, X509_ACCOUNT, got_registered(&t, 1).chain[0], &fresh));
    assert_memory_equal(fresh.public_key, rotation.account_key, sizeof fresh.public_key);
    person_clear(&alice);
    town_clear(&t);
}

static void renewal_is_for_the_own_account_and_name(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST), bob = member_of(&t, "bob@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_renew(&t, &bob, 1);
    got_error(&t.w, 1, SOTTO_E_DENIED);
    alice.name = "carol@" HOST;
    ask_renew(&t, &alice, 1);
    got_error(&t.w, 1, SOTTO_E_DENIED);
    person_clear(&alice);
    person_clear(&bob);
    town_clear(&t);
}

/* A server can't put anybody out by not renewing: years later, with nobody to sign certificates, all goes on. */
static void expired_certificate_keeps_nobody_out(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    t.config.authority = NULL;
    core_configure(t.w.core, &t.config);
    later(&t, UINT64_C(1000) * ACCOUNT_TTL_S * 10);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    sign_in(&t, &alice, 1, 2);
    ask_renew(&t, &alice, 1);
    got_error(&t.w, 1, SOTTO_E_NOT_NOW);
    person_clear(&alice);
    town_clear(&t);
}

static void changes_of_one_account_are_limited(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.account_changes = 2;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    ask_renew(&t, &alice, 1);
    ask_renew(&t, &alice, 1);
    got_registered(&t, 1);
    ask_renew(&t, &alice, 1);
    got_error(&t.w, 1, SOTTO_E_RATE);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_error(&t.w, 1, SOTTO_E_RATE);
    person_clear(&alice);
    town_clear(&t);
}

static void an_account_may_add_devices_so_often(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    assert_true(limits.links == 6 && limits.link_ms == 120000);
    limits.links = 1;
    struct town t = town_of(limits);
    struct person alice = member_of(&t, "alice@" HOST);
    sign_in(&t, &alice, 0, 1);
    second_device(&t, &alice);
    ask_devices_put(&t, &alice, 1, second, 1);
    got_ok(&t.w, 1, 31);
    struct device_list kept = alice.list;
    gadget_make(&t, &alice, 2);
    list_next(&t, &alice);
    list_set(&t, &alice, 2, DEVICE_ACTIVE);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, third, 1);
    assert_int_equal(got_error(&t.w, 1, SOTTO_E_RATE).retry_ms, 120000);
    alice.list = kept;
    list_next(&t, &alice);
    list_set(&t, &alice, 1, DEVICE_REVOKED); /* that may be done at once */
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, none, 0);
    got_ok(&t.w, 1, 31);
    later(&t, 120000);
    list_next(&t, &alice);
    list_set(&t, &alice, 2, DEVICE_ACTIVE);
    list_sign(&t, &alice);
    ask_devices_put(&t, &alice, 1, third, 1);
    got_ok(&t.w, 1, 31);
    sign_in(&t, &alice, 2, 2);
    person_clear(&alice);
    town_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listed_device_with_a_certificate_may_sign_in),
        cmocka_unit_test(device_that_is_new_needs_its_certificate),
        cmocka_unit_test(certificate_must_be_of_an_active_device_by_the_account_key),
        cmocka_unit_test(list_must_be_the_next_one),
        cmocka_unit_test(list_that_another_key_signed_is_refused),
        cmocka_unit_test(device_that_is_revoked_loses_its_session_for_good),
        cmocka_unit_test(who_is_signed_in_may_go_on_though_memory_is_short),
        cmocka_unit_test(device_that_revokes_itself_hears_ok_and_then_bye),
        cmocka_unit_test(while_the_disk_is_full_devices_go_and_none_comes),
        cmocka_unit_test(account_has_as_many_devices_as_the_limit_says),
        cmocka_unit_test(account_has_as_many_sessions_as_the_limit_says),
        cmocka_unit_test(rotation_replaces_the_key_and_all_certificates),
        cmocka_unit_test(rotation_without_certificates_or_by_another_key_is_refused),
        cmocka_unit_test(change_that_fails_half_way_is_undone),
        cmocka_unit_test(account_counts_once_however_many_of_its_devices_are_short_of_key_packages),
        cmocka_unit_test(renewal_comes_when_a_third_of_the_life_is_left),
        cmocka_unit_test(renewal_under_another_authority_is_a_fresh_certificate),
        cmocka_unit_test(certificate_chains_though_its_intermediate_was_replaced),
        cmocka_unit_test(certificate_of_the_root_needs_no_intermediate_that_came_later),
        cmocka_unit_test(certificate_ends_with_its_intermediate),
        cmocka_unit_test(account_that_the_admin_renames_gets_a_certificate_for_its_new_name),
        cmocka_unit_test(renewal_after_a_rotation_is_for_the_new_key),
        cmocka_unit_test(renewal_is_for_the_own_account_and_name),
        cmocka_unit_test(expired_certificate_keeps_nobody_out),
        cmocka_unit_test(changes_of_one_account_are_limited),
        cmocka_unit_test(an_account_may_add_devices_so_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
