/* Requests about accounts when memory runs out: each is asked until no allocation fails any more, with the first one failing, then the
 * second, and so on. Between the tries the core is treated as the shell does: what was half done is rolled back, and the client comes
 * again. */
#include "../allocations.h"
#include "people.h"

#include "crypto/record.h"
#include "proto/blob.h"

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

/* Asks once, with the n-th allocation failing. */
static sotto_err try(struct town *t, view frame, size_t n)
{
    const struct core_event event = {.kind = CORE_FRAME, .connection = 1, .frame = frame};
    core_effects_clear(&t->w.fx);
    allocation_failed = false;
    allocations_left = n;
    sotto_err err = core_step(t->w.core, &event, t->w.now_ms, &t->w.rng, &t->w.fx);
    if (err == SOTTO_OK)
        err = core_commit(t->w.core, t->w.now_ms, &t->w.fx);
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
        err = try(t, buf_view(&frame), n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_that_finds_no_memory_can_be_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
