/* Requests about accounts when memory runs out: each is asked until no allocation fails any more, with the first one failing, then the
 * second, and so on. Between the tries the core is treated as the shell does: what was half done is rolled back, and the client comes
 * again. */
#include "../allocations.h"
#include "people.h"

#include "crypto/record.h"
#include "proto/blob.h"
#include "proto/stream.h"

#define ADMIN_CONNECTION 1000

typedef void make_fn(struct town *t, const struct person *p, sotto_buf *frame);

static void make_register(struct town *t, const struct person *p, sotto_buf *frame)
{
    *frame = register_frame(t, p, 1, REGISTER_OPEN, (view){0}, (view){0});
}

static void make_auth(struct town *t, const struct person *p, sotto_buf *frame)
{
    *frame = auth_frame(t, p, 0, 1);
}

static void make_devices_put(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t;
    DEFER(buf_clear) sotto_buf list = list_of(p);
    DEFER(buf_clear) sotto_buf certificates = {0};
    struct wr w = wr_to(&certificates);
    wr_opaque(&w, buf_view(&p->gadgets[1].certificate));
    assert_ok(wr_end(&w));
    const struct proto_devices_put put = {buf_view(&list), {buf_view(&certificates), 1}};
    assert_ok(proto_devices_put_write(1, &put, frame));
}

static void make_packages(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t, (void)p;
    const struct proto_key_packages_put put = {.packages = {VIEW_LIT("\1a\1b"), 2}};
    assert_ok(proto_key_packages_put_write(1, &put, frame));
}

static void make_lookup(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t;
    DEFER(buf_clear) sotto_buf wanted = {0};
    struct wr w = wr_to(&wanted);
    proto_wanted_write(&w, &(struct proto_wanted){LOOKUP_NAME, view_str(p->name)});
    assert_ok(wr_end(&w));
    assert_ok(proto_lookup_write(1, &(struct proto_list){buf_view(&wanted), 1}, frame));
}

static void make_claim(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t;
    struct proto_key_packages_claim claim = {.devices = {0}};
    memcpy(claim.account_id, p->account.account_id, sizeof claim.account_id);
    assert_ok(proto_key_packages_claim_write(1, &claim, frame));
}

static void make_invite(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t, (void)p;
    const struct proto_invite_create create = {.uses = 1, .ttl_s = 60, .kind = LINK_CONTACT};
    assert_ok(proto_invite_create_write(1, &create, frame));
}

static void make_invites(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t, (void)p;
    assert_ok(proto_invites_write(1, frame));
}

static void make_blob_put(struct town *t, const struct person *p, sotto_buf *frame)
{
    (void)t, (void)p;
    assert_ok(proto_blob_put_write(1, &(struct proto_blob_put){.size = 1}, frame));
}

static void make_renew(struct town *t, const struct person *p, sotto_buf *frame)
{
    DEFER(buf_clear) sotto_buf request = request_of(t, p, 1);
    assert_ok(proto_renew_write(1, buf_view(&request), frame));
}

static void make_remove(struct town *t, const struct person *p, sotto_buf *frame)
{
    DEFER(buf_clear) sotto_buf record = {0};
    struct proto_account_remove remove;
    const struct core_binding binding = binding_of(t, 1);
    assert_ok(
        proto_account_remove_signed(binding.pin, p->account.account_id, binding.nonce, &record));
    assert_ok(record_sign(t->crypto, p->key, buf_view(&record), remove.signature));
    assert_ok(proto_account_remove_write(1, &remove, frame));
}

/* What only reads is answered even then. */
static sotto_err refused(const struct town *t)
{
    struct proto_frame answer = {0};
    struct proto_error error = {0};
    assert_int_equal(t->w.fx.count, 1);
    assert_ok(proto_frame_read(effect_bytes(&t->w, &t->w.fx.list[0]), &answer));
    assert_int_equal(answer.kind, PROTO_ERROR);
    assert_ok(proto_error_read(answer.body, &error));
    return (sotto_err)error.code;
}

static bool somebody_is_told(const struct town *t)
{
    for (size_t i = 0; i < t->w.fx.count; i++)
        if (t->w.fx.list[i].kind == CORE_SEND)
            return true;
    return false;
}

/* Asks once, with the n-th allocation failing. Where nothing has to be undone nothing was done, and the next commit tells nobody that it was. */
static sotto_err try(struct town *t, uint64_t connection, view frame, size_t n)
{
    const struct core_event event = {.kind = CORE_FRAME, .connection = connection, .frame = frame};
    core_effects_clear(&t->w.fx);
    allocation_failed = false;
    allocations_left = n;
    sotto_err err = core_step(t->w.core, &event, t->w.now_ms, &t->w.rng, &t->w.fx);
    if (err == SOTTO_OK)
        err = core_commit(t->w.core, t->w.now_ms, &t->w.fx);
    else
        assert_true(core_is_broken(t->w.core) || !somebody_is_told(t));
    allocations_left = SIZE_MAX;
    return err == SOTTO_OK && allocation_failed ? refused(t) : err;
}

static void come_again(struct town *t, const struct person *p, bool signed_in)
{
    core_effects_reset(&t->w.fx);
    if (core_is_dirty(t->w.core))
        assert_ok(core_rollback(t->w.core, SOTTO_E_NOMEM, t->w.now_ms, &t->w.fx));
    leave(t, 1);
    arrive(t, 1);
    if (!signed_in)
        return;
    ask_auth(t, p, 0, 1);
    got_auth_ok(t, 1);
}

/* The request is done in the end, and its answer is no refusal. */
static void ask_without_memory(struct town *t, const struct person *p, make_fn *make,
                               bool signed_in)
{
    sotto_err err;
    struct proto_frame answer = {0};
    size_t n = 0;
    for (;; n++) {
        sotto_buf frame = {0};
        make(t, p, &frame);
        err = try(t, 1, buf_view(&frame), n);
        buf_clear(&frame);
        if (err == SOTTO_OK)
            break;
        assert_err(err, NOMEM);
        assert_true(n < 1000);
        come_again(t, p, signed_in);
    }
    assert_true(n > 0 && t->w.fx.count > 0);
    assert_ok(proto_frame_read(effect_bytes(&t->w, &t->w.fx.list[0]), &answer));
    assert_int_not_equal(answer.kind, PROTO_ERROR);
    assert_int_not_equal(answer.kind, PROTO_BYE);
}

static void request_that_finds_no_memory_can_be_asked_again(void **state)
{
    (void)state;
    struct limits limits = limits_default();
    limits.account_changes = limits.claims = limits.target_claims = limits.registers = 0;
    limits.invites_made = limits.lookups = limits.links = 0;
    struct town t = town_of(limits);
    struct person alice = person_of(&t, "alice@" HOST);
    arrive(&t, 1);
    ask_without_memory(&t, &alice, make_register, false);
    ask_without_memory(&t, &alice, make_auth, false);
    gadget_make(&t, &alice, 1);
    list_next(&t, &alice);
    list_set(&t, &alice, 1, DEVICE_ACTIVE);
    list_sign(&t, &alice);
    ask_without_memory(&t, &alice, make_devices_put, true);
    ask_without_memory(&t, &alice, make_packages, true);
    ask_without_memory(&t, &alice, make_lookup, true);
    ask_without_memory(&t, &alice, make_claim, true);
    ask_without_memory(&t, &alice, make_invite, true);
    ask_without_memory(&t, &alice, make_invites, true);
    ask_without_memory(&t, &alice, make_blob_put, true);
    later(&t, UINT64_C(1000) * ACCOUNT_TTL_S);
    ask_without_memory(&t, &alice, make_renew, true);
    assert_int_equal(core_count(t.w.core).accounts, 1);
    ask_without_memory(&t, &alice, make_remove, true);
    assert_int_equal(core_count(t.w.core).accounts, 0);
    assert_int_equal(core_count(t.w.core).prekeys_low, 0);
    person_clear(&alice);
    town_clear(&t);
}

/* What was answered is read again with the next sign-in: once time has taken it out of memory. */
static void make_stream(struct town *t, uint64_t connection)
{
    sotto_buf frame = {0};
    assert_ok(proto_stream_create_write(1, &(struct proto_stream_create){.op = 1}, &frame));
    tell(t, connection, &frame);
    got(&t->w, connection, PROTO_APPENDED);
    for (uint64_t end_ms = t->w.now_ms + 60000; core_next_ms(t->w.core) < end_ms;) {
        tick(&t->w, core_next_ms(t->w.core));
        settle(t);
    }
}

static void sit_elsewhere(struct town *t, const struct person *p)
{
    sign_in(t, p, 0, 2);
    opened(&t->w, 2);
}

/* Who is signed in already stays so until the other sign-in can be done, unless all have to come again. */
static void sign_in_elsewhere_that_finds_no_memory_ends_no_session(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    sotto_err err;
    size_t n = 0;
    sign_in(&t, &alice, 0, 2);
    make_stream(&t, 2);
    leave(&t, 2);
    sit_elsewhere(&t, &alice);
    arrive(&t, 1);
    for (;; n++) {
        sotto_buf frame = auth_frame(&t, &alice, 0, 1);
        err = try(&t, 1, buf_view(&frame), n);
        buf_clear(&frame);
        if (err == SOTTO_OK)
            break;
        assert_err(err, NOMEM);
        assert_true(n < 1000);
        if (!core_is_broken(t.w.core))
            assert_non_null(connection_find(t.w.core, 2));
        come_again(&t, &alice, false);
        if (connection_find(t.w.core, 2) == NULL)
            sit_elsewhere(&t, &alice);
    }
    assert_true(n > 0);
    got_bye(&t.w, 2, SOTTO_E_CLOSED);
    got_auth_ok(&t, 1);
    person_clear(&alice);
    town_clear(&t);
}

/* --- the admin's --- */

static void account_is_as_stored(struct town *t, const struct person *p)
{
    DEFER(buf_clear) sotto_buf bytes = {0};
    struct core_effects fx = {0};
    struct step s = {.core = t->w.core, .fx = &fx, .now_ms = t->w.now_ms};
    struct account *account = NULL;
    struct account_row row;
    assert_ok(account_find(&s, p->account.account_id, &account));
    assert_ok(account_load(&s, account->number, &bytes, &row));
    assert_int_equal(account->disabled, (row.flags & ACCOUNT_DISABLED) != 0);
    assert_int_equal(account->quota_bytes, row.quota_bytes);
}

static void admin_comes(struct town *t)
{
    step(&t->w, (struct core_event){.kind = CORE_OPEN_ADMIN, .connection = ADMIN_CONNECTION});
}

static void all_come_again(struct town *t, const struct person *p)
{
    core_effects_reset(&t->w.fx);
    if (core_is_dirty(t->w.core))
        assert_ok(core_rollback(t->w.core, SOTTO_E_NOMEM, t->w.now_ms, &t->w.fx));
    account_is_as_stored(t, p);
    leave(t, ADMIN_CONNECTION);
    admin_comes(t);
    if (connection_find(t->w.core, 1) == NULL)
        sign_in(t, p, 0, 1);
}

/* Of an account that is signed in, and so in memory. */
static void admin_asks_without_memory(struct town *t, const struct person *p, enum admin_kind kind)
{
    const struct admin_user user = {.who = {LOOKUP_NAME, view_str(p->name)}, .bytes = 12345};
    sotto_err err;
    size_t n = 0;
    for (;; n++) {
        sotto_buf frame = {0};
        assert_ok(admin_user_write(1, kind, &user, &frame));
        err = try(t, ADMIN_CONNECTION, buf_view(&frame), n);
        buf_clear(&frame);
        if (err == SOTTO_OK)
            break;
        assert_err(err, NOMEM);
        assert_true(n < 1000);
        all_come_again(t, p);
    }
    assert_true(n > 0);
    got(&t->w, ADMIN_CONNECTION, (enum proto_kind)ADMIN_DONE);
    account_is_as_stored(t, p);
}

static void admin_s_request_that_finds_no_memory_changes_nothing(void **state)
{
    (void)state;
    struct town t = town_of(limits_default());
    struct person alice = member_of(&t, "alice@" HOST);
    admin_comes(&t);
    sign_in(&t, &alice, 0, 1);
    admin_asks_without_memory(&t, &alice, ADMIN_USER_ENABLE);
    admin_asks_without_memory(&t, &alice, ADMIN_USER_QUOTA);
    admin_asks_without_memory(&t, &alice, ADMIN_USER_DISABLE);
    person_clear(&alice);
    town_clear(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sign_in_elsewhere_that_finds_no_memory_ends_no_session),
        cmocka_unit_test(admin_s_request_that_finds_no_memory_changes_nothing),
        cmocka_unit_test(request_that_finds_no_memory_can_be_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
