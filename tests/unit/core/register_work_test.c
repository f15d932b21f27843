/* Whether a name, a mail address or a password is known: with a wrong secret not even the time tells. Time is not measured here: the
 * work that takes it is counted. Calls of the store, hashes and signatures come through the functions below (--wrap, tests/meson.build). */
#include "people.h"

#include "crypto/sign.h"
#include "store/store.h"

/* --- the work --- */

struct work {
    unsigned gets, nexts, puts, deletes, hashes, signatures, checks;
};

static struct work done;

sotto_err __real_store_get(struct store *store, enum store_table table, view key, view *ret_value);
sotto_err __wrap_store_get(struct store *store, enum store_table table, view key, view *ret_value);
sotto_err __wrap_store_get(struct store *store, enum store_table table, view key, view *ret_value)
{
    done.gets++;
    return __real_store_get(store, table, key, ret_value);
}

sotto_err __real_store_next(struct store *store, enum store_table table, view prefix, view after,
                            view *ret_key, view *ret_value);
sotto_err __wrap_store_next(struct store *store, enum store_table table, view prefix, view after,
                            view *ret_key, view *ret_value);
sotto_err __wrap_store_next(struct store *store, enum store_table table, view prefix, view after,
                            view *ret_key, view *ret_value)
{
    done.nexts++;
    return __real_store_next(store, table, prefix, after, ret_key, ret_value);
}

sotto_err __real_store_put(struct store *store, enum store_table table, view key, view value);
sotto_err __wrap_store_put(struct store *store, enum store_table table, view key, view value);
sotto_err __wrap_store_put(struct store *store, enum store_table table, view key, view value)
{
    done.puts++;
    return __real_store_put(store, table, key, value);
}

sotto_err __real_store_delete(struct store *store, enum store_table table, view key);
sotto_err __wrap_store_delete(struct store *store, enum store_table table, view key);
sotto_err __wrap_store_delete(struct store *store, enum store_table table, view key)
{
    done.deletes++;
    return __real_store_delete(store, table, key);
}

sotto_err __real_hash(sotto_crypto *c, enum hash_id id, view in, uint8_t *ret_digest);
sotto_err __wrap_hash(sotto_crypto *c, enum hash_id id, view in, uint8_t *ret_digest);
sotto_err __wrap_hash(sotto_crypto *c, enum hash_id id, view in, uint8_t *ret_digest)
{
    done.hashes++;
    return __real_hash(c, id, in, ret_digest);
}

sotto_err __real_hash_parts(sotto_crypto *c, enum hash_id id, const view *parts, size_t count,
                            uint8_t *ret_digest);
sotto_err __wrap_hash_parts(sotto_crypto *c, enum hash_id id, const view *parts, size_t count,
                            uint8_t *ret_digest);
sotto_err __wrap_hash_parts(sotto_crypto *c, enum hash_id id, const view *parts, size_t count,
                            uint8_t *ret_digest)
{
    done.hashes++;
    return __real_hash_parts(c, id, parts, count, ret_digest);
}

sotto_err __real_sign(sotto_crypto *c, const sotto_sign_key *key, view message,
                      sotto_buf *ret_signature);
sotto_err __wrap_sign(sotto_crypto *c, const sotto_sign_key *key, view message,
                      sotto_buf *ret_signature);
sotto_err __wrap_sign(sotto_crypto *c, const sotto_sign_key *key, view message,
                      sotto_buf *ret_signature)
{
    done.signatures++;
    return __real_sign(c, key, message, ret_signature);
}

sotto_err __real_verify(sotto_crypto *c, enum sign_id id, view public_key, view message,
                        view signature);
sotto_err __wrap_verify(sotto_crypto *c, enum sign_id id, view public_key, view message,
                        view signature);
sotto_err __wrap_verify(sotto_crypto *c, enum sign_id id, view public_key, view message,
                        view signature)
{
    done.checks++;
    return __real_verify(c, id, public_key, message, signature);
}

/* --- what is asked --- */

#define WRONG_PASSWORD VIEW_LIT("AAAAAAAAAA")
static const uint8_t wrong_token[32] = "a token that nobody has given ou";

struct crowd {
    struct town t;
    struct person alice, pretender, stranger; /* alice is here; the pretender wants her name */
    uint64_t connections;
    sotto_buf answer; /* the first */
    struct work work; /* for it */
};

/* The answers to one question are compared from here on. */
static void compare_anew(struct crowd *c)
{
    buf_clear(&c->answer);
    c->work = (struct work){0};
}

static void crowd_init(struct crowd *c)
{
    *c = (struct crowd){.connections = 10};
    c->t = town_of(limits_default());
    c->alice = member_of(&c->t, "alice@" HOST);
    c->pretender = person_of(&c->t, "eve@" HOST);
    c->pretender.name = c->alice.name;
    c->stranger = person_of(&c->t, "zoe@" HOST);
    c->t.config.registration_open = false;
    core_configure(c->t.w.core, &c->t.config);
}

static void crowd_clear(struct crowd *c)
{
    person_clear(&c->alice);
    person_clear(&c->pretender);
    person_clear(&c->stranger);
    buf_clear(&c->answer);
    town_clear(&c->t);
}

/* The work for it; takes the frame. Each is from an address of its own, or that would have to wait. */
static struct work asked(struct crowd *c, sotto_buf *frame)
{
    done = (struct work){0};
    assert_ok(prechecked(&c->t, c->connections, buf_view(frame)));
    say_buf(&c->t.w, c->connections, frame);
    struct work work = done;
    settle(&c->t);
    return work;
}

/* As the first was, in each byte and in the work. */
static void asked_like_the_first(struct crowd *c, sotto_buf *frame)
{
    struct work work = asked(c, frame);
    const view said = buf_view(&c->t.w.fx.bytes);
    if (c->answer.len == 0) {
        assert_true(said.len > 0);
        assert_ok(buf_append(&c->answer, said));
        c->work = work;
    }
    assert_true(view_equal(buf_view(&c->answer), said));
    assert_memory_equal(&c->work, &work, sizeof work);
    assert_true(work.hashes > 0);
}

static sotto_buf next_frame(struct crowd *c, const struct person *p, uint8_t how, view secret,
                            view mail)
{
    arrive(&c->t, ++c->connections);
    return register_frame(&c->t, p, c->connections, how, secret, mail);
}

/* --- */

static void without_a_good_secret_names_that_are_here_cost_what_others_do(void **state)
{
    (void)state;
    const struct {
        uint8_t how;
        view secret, mail;
    } ways[] = {
        {REGISTER_OPEN, {0}, {0}},
        {REGISTER_LINK, VIEW_OF(wrong_token), {0}},
        {REGISTER_PASSWORD, WRONG_PASSWORD, VIEW_LIT("a@mail.example")},
    };
    static struct crowd c;
    crowd_init(&c);
    const struct person *const people[] = {&c.stranger, &c.pretender};
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        compare_anew(&c);
        for (size_t k = 0; k < COUNT_OF(people); k++) {
            sotto_buf frame = next_frame(&c, people[k], ways[i].how, ways[i].secret, ways[i].mail);
            asked_like_the_first(&c, &frame);
            got_error(&c.t.w, c.connections, SOTTO_E_INVITE);
        }
        assert_true(c.work.checks > 0 && c.work.gets > 0);
    }
    crowd_clear(&c);
}

static void wrong_password_costs_the_same_for_every_mail_address(void **state)
{
    (void)state;
    static const char *const mails[] = {"a@mail.example", "b@mail.example", ("alice@" HOST)};
    static struct crowd c;
    crowd_init(&c);
    struct core_effects fx = {0};
    struct step s = {.core = c.t.w.core, .fx = &fx, .now_ms = c.t.w.now_ms, .rng = &c.t.w.rng};
    const struct password_for what = {.key = view_str(mails[0])};
    struct secret password = {0};
    uint64_t expires_s = 0;
    assert_ok(password_make(&s, &what, &password, &expires_s));
    settle(&c.t);
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        sotto_buf frame =
            next_frame(&c, &c.stranger, REGISTER_PASSWORD, WRONG_PASSWORD, view_str(mails[i]));
        asked_like_the_first(&c, &frame);
        got_error(&c.t.w, c.connections, SOTTO_E_INVITE);
    }
    assert_int_equal(c.work.puts, 1);
    core_effects_clear(&fx);
    secret_clear(&password);
    crowd_clear(&c);
}

static void asking_for_a_password_costs_the_same_for_who_is_here(void **state)
{
    (void)state;
    static const char *const mails[] = {"zoe@" HOST, "alice@" HOST};
    static struct crowd c;
    crowd_init(&c);
    for (size_t i = 0; i < COUNT_OF(mails); i++) {
        sotto_buf frame = {0};
        arrive(&c.t, ++c.connections);
        assert_ok(proto_password_request_write(5, view_str(mails[i]), &frame));
        asked_like_the_first(&c, &frame);
        got(&c.t.w, c.connections, PROTO_OK);
    }
    crowd_clear(&c);
}

/* Who may register learns that a name is taken; so the count would see it. */
static void with_a_good_secret_the_work_differs(void **state)
{
    (void)state;
    static struct crowd c;
    crowd_init(&c);
    c.t.config.registration_open = true;
    core_configure(c.t.w.core, &c.t.config);
    sotto_buf frame = next_frame(&c, &c.pretender, REGISTER_OPEN, (view){0}, (view){0});
    struct work taken = asked(&c, &frame);
    got_error(&c.t.w, c.connections, SOTTO_E_EXISTS);
    frame = next_frame(&c, &c.stranger, REGISTER_OPEN, (view){0}, (view){0});
    struct work is_free = asked(&c, &frame);
    got_registered(&c.t, c.connections);
    assert_int_equal(taken.signatures, 0);
    assert_true(is_free.signatures > 0 && is_free.puts > taken.puts);
    crowd_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_good_secret_names_that_are_here_cost_what_others_do),
        cmocka_unit_test(wrong_password_costs_the_same_for_every_mail_address),
        cmocka_unit_test(asking_for_a_password_costs_the_same_for_who_is_here),
        cmocka_unit_test(with_a_good_secret_the_work_differs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
