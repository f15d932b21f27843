/* The state directory on a real disk, with the time given: what a running server can't be made to show in a test. */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net/keeper.h"
#include "net/tls_cert.h"
#include "net/upkeep.h"
#include "store/store.h"

#define NOW INT64_C(1800000000)
#define DAY INT64_C(86400)

struct world {
    sotto_crypto *c;
    char dir[64];
    struct state state;
    struct failure failure;
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    assert_ok(crypto_new(&w->c));
    strcpy(w->dir, "/tmp/sotto-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    assert_ok(state_open(w->dir, identity_files, &w->state, &w->failure));
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    DIR *list = fdopendir(dup(w->state.dir));
    rewinddir(list);
    for (struct dirent *e; (e = readdir(list)) != NULL;)
        (void)unlinkat(w->state.dir, e->d_name, 0);
    closedir(list);
    state_close(&w->state);
    rmdir(w->dir);
    crypto_free(w->c);
    free(w);
    return 0;
}

static sotto_err load(struct world *w, int64_t now_s, struct identity *ret_id)
{
    w->failure = (struct failure){0};
    return identity_load(w->c, &w->state, "localhost", now_s, ret_id, &w->failure);
}

static void an_empty_directory_gets_an_identity_that_stays(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity first = {0};
    DEFER(identity_clear) struct identity again = {0};
    assert_ok(load(w, NOW, &first));
    assert_true(first.fresh);
    assert_ok(load(w, NOW + DAY, &again));
    assert_false(again.fresh || again.renewed);
    assert_memory_equal(first.pin, again.pin, sizeof first.pin);
    assert_true(secret_equal(&first.server_key, &again.server_key));
    assert_true(view_equal(buf_view(&first.server_cert), buf_view(&again.server_cert)));
    assert_true(view_equal(buf_view(&first.tls), buf_view(&again.tls)));
}

static void the_chain_is_one_that_clients_accept_until_its_end(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    uint8_t key[32], pin[X509_PIN];
    assert_ok(load(w, NOW, &id));
    const view chain[] = {buf_view(&id.server_cert), buf_view(&id.root_cert)};
    assert_ok(x509_verify_server_chain(w->c, chain, 2, id.pin, NOW, key, pin));
    assert_ok(x509_verify_server_chain(w->c, chain, 2, NULL, NOW + 89 * DAY, key, pin));
    assert_err(x509_verify_server_chain(w->c, chain, 2, NULL, NOW + 91 * DAY, key, pin), EXPIRED);
    sotto_sign_key *server;
    assert_ok(sign_key_import(w->c, SIGN_ED25519, &id.server_key, &server));
    assert_memory_equal(sign_key_public(server).data, key, sizeof key);
    sign_key_free(server);
}

static void it_is_renewed_in_the_last_thirty_days_and_not_before(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    DEFER(identity_clear) struct identity early = {0};
    DEFER(identity_clear) struct identity late = {0};
    assert_ok(load(w, NOW, &id));
    assert_ok(load(w, NOW + 59 * DAY, &early));
    assert_false(early.renewed);
    assert_ok(load(w, NOW + 61 * DAY, &late));
    assert_true(late.renewed);
    assert_int_equal(late.not_after_s, NOW + (61 + 90) * DAY);
    assert_true(secret_equal(&id.server_key, &late.server_key));
    assert_memory_equal(id.pin, late.pin, sizeof id.pin);
}

static void an_expired_one_is_renewed_too_if_the_root_key_is_there(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    DEFER(identity_clear) struct identity late = {0};
    assert_ok(load(w, NOW, &id));
    assert_ok(load(w, NOW + 400 * DAY, &late));
    assert_true(late.renewed);
}

static void without_the_root_key_it_serves_until_it_expires(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    DEFER(identity_clear) struct identity late = {0};
    assert_ok(load(w, NOW, &id));
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    assert_ok(load(w, NOW + 80 * DAY, &late));
    assert_false(late.renewed);
    DEFER(identity_clear) struct identity none = {0};
    assert_err(load(w, NOW + 91 * DAY, &none), EXPIRED);
    assert_non_null(strstr(w->failure.todo, "root.key"));
    assert_int_equal(none.server_key.len, 0);
}

static sotto_err change(struct world *w, int64_t now_s, struct identity_change change,
                        struct identity *ret_id)
{
    w->failure = (struct failure){0};
    identity_clear(ret_id);
    return identity_change(w->c, &w->state, "localhost", now_s, &change, ret_id, &w->failure);
}

static void assert_chain(struct world *w, const struct identity *id, int64_t now_s, sotto_err want)
{
    uint8_t key[32], pin[X509_PIN];
    view chain[3] = {buf_view(&id->server_cert)};
    size_t count = 1;
    if (id->intermediate_cert.len > 0)
        chain[count++] = buf_view(&id->intermediate_cert);
    chain[count++] = buf_view(&id->root_cert);
    assert_int_equal(x509_verify_server_chain(w->c, chain, count, id->pin, now_s, key, pin), want);
}

static void an_intermediate_stands_in_for_a_root_key_that_is_away(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity first = {0};
    DEFER(identity_clear) struct identity id = {0};
    assert_ok(load(w, NOW, &first));
    assert_int_equal(first.intermediate_cert.len, 0);
    assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
    assert_true(id.intermediate_cert.len > 0);
    assert_memory_equal(first.pin, id.pin, sizeof id.pin);
    assert_true(secret_equal(&first.server_key, &id.server_key));
    assert_chain(w, &id, NOW, SOTTO_OK);
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    for (int day = 60; day < 720; day += 61) { /* it renews itself for two years */
        DEFER(identity_clear) struct identity later = {0};
        assert_ok(load(w, NOW + day * DAY, &later));
        assert_chain(w, &later, NOW + day * DAY, SOTTO_OK);
        assert_true(later.not_after_s <= NOW + 730 * DAY);
    }
    DEFER(identity_clear) struct identity end = {0};
    assert_ok(load(w, NOW + 729 * DAY, &end));
    assert_false(end.renewed); /* it can't live longer than the intermediate */
    assert_err(load(w, NOW + 731 * DAY, &end), EXPIRED);
    assert_non_null(strstr(w->failure.todo, "--root FILE"));
}

static void a_root_key_that_is_here_takes_over_before_the_intermediate_ends(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    DEFER(identity_clear) struct identity early = {0};
    DEFER(identity_clear) struct identity late = {0};
    assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
    assert_false(id.issuer_is_root);
    assert_ok(load(w, NOW + 700 * DAY, &early)); /* thirty days are left */
    assert_true(early.intermediate_cert.len > 0);
    assert_false(early.issuer_is_root);
    assert_int_equal(early.not_after_s, NOW + 730 * DAY);
    assert_ok(load(w, NOW + 701 * DAY, &late));
    assert_true(late.renewed && late.issuer_is_root);
    assert_int_equal(late.intermediate_cert.len, 0);
    assert_int_equal(late.not_after_s, NOW + (701 + 90) * DAY);
    assert_chain(w, &late, NOW + 731 * DAY, SOTTO_OK);
    assert_ok(change(w, NOW + 702 * DAY, (struct identity_change){.new_intermediate = true}, &id));
    assert_false(id.issuer_is_root); /* the next one stands in again */
    assert_chain(w, &id, NOW + 702 * DAY, SOTTO_OK);
}

static void a_root_key_that_was_here_leaves_its_place_to_the_intermediate(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0}, with = {0}, without = {0};
    assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
    assert_ok(load(w, NOW + 701 * DAY, &with));
    assert_true(with.issuer_is_root);
    assert_int_equal(with.issuer_cert.len, 0);
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    assert_ok(load(w, NOW + 702 * DAY, &without));
    assert_int_equal(without.intermediate_cert.len, 0); /* the server's own is still the root's */
    assert_false(without.issuer_is_root);
    assert_true(view_equal(buf_view(&without.issuer_cert), buf_view(&id.intermediate_cert)));
}

static void a_root_key_that_is_shown_for_once_takes_nothing_over(void **state)
{
    struct world *w = *state;
    DEFER(secret_clear) struct secret root = {0};
    DEFER(identity_clear) struct identity id = {0}, next = {0};
    char path[128];
    snprintf(path, sizeof path, "%s/elsewhere", w->dir);
    assert_ok(identity_root_make(w->c, path, &root, &w->failure));
    assert_ok(
        change(w, NOW, (struct identity_change){.root = &root, .new_intermediate = true}, &id));
    assert_ok(change(w, NOW + 702 * DAY,
                     (struct identity_change){.root = &root, .new_server_key = true}, &next));
    assert_false(next.issuer_is_root);
    assert_int_equal(next.not_after_s, NOW + 730 * DAY);
}

static void a_root_key_elsewhere_makes_the_next_intermediate(void **state)
{
    struct world *w = *state;
    DEFER(secret_clear) struct secret root = {0}, again = {0}, other = {0};
    DEFER(identity_clear) struct identity id = {0}, next = {0};
    char path[128], path2[128];
    snprintf(path, sizeof path, "%s/elsewhere", w->dir);
    snprintf(path2, sizeof path2, "%s/other", w->dir);
    assert_ok(identity_root_make(w->c, path, &root, &w->failure));
    assert_err(identity_root_make(w->c, path, &other, &w->failure), EXISTS);
    assert_ok(identity_root_read(w->c, path, &again, &w->failure));
    assert_true(secret_equal(&root, &again));
    assert_err(identity_root_read(w->c, "/dev/null", &again, &w->failure), KEY);
    assert_err(identity_root_read(w->c, "/nonexistent/x", &again, &w->failure), NOTFOUND);
    assert_ok(
        change(w, NOW, (struct identity_change){.root = &root, .new_intermediate = true}, &id));
    assert_true(id.fresh);
    assert_int_equal(faccessat(w->state.dir, "root.key", F_OK, 0), -1);
    assert_chain(w, &id, NOW, SOTTO_OK);
    assert_err(change(w, NOW, (struct identity_change){.new_intermediate = true}, &next), NOTFOUND);
    assert_non_null(strstr(w->failure.todo, "--root"));
    assert_ok(identity_root_make(w->c, path2, &other, &w->failure));
    assert_err(
        change(w, NOW, (struct identity_change){.root = &other, .new_intermediate = true}, &next),
        KEY);
    assert_ok(load(w, NOW, &next)); /* nothing was changed by either */
    assert_true(view_equal(buf_view(&id.server_cert), buf_view(&next.server_cert)));
    int64_t late = NOW + 800 * DAY; /* long expired */
    assert_ok(
        change(w, late, (struct identity_change){.root = &root, .new_intermediate = true}, &next));
    assert_chain(w, &next, late, SOTTO_OK);
    assert_memory_equal(id.pin, next.pin, sizeof id.pin);
}

static void a_new_server_key_keeps_the_pin(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity first = {0}, id = {0};
    struct keeper k;
    assert_ok(load(w, NOW, &first));
    assert_ok(keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, NOW, &w->failure));
    const struct identity_change both = {.new_intermediate = true, .new_server_key = true};
    assert_ok(keeper_change(&k, NOW, &both, &w->failure));
    assert_false(secret_equal(&first.server_key, &keeper_identity(&k)->server_key));
    assert_chain(w, keeper_identity(&k), NOW, SOTTO_OK);
    assert_memory_equal(first.pin, keeper_identity(&k)->pin, sizeof first.pin);
    keeper_clear(&k);
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    assert_ok(change(w, NOW, (struct identity_change){.new_server_key = true}, &id));
    assert_chain(w, &id, NOW, SOTTO_OK);
    assert_int_equal(unlinkat(w->state.dir, "intermediate.key", 0), 0);
    assert_err(change(w, NOW, (struct identity_change){.new_server_key = true}, &first), NOTFOUND);
    assert_ok(load(w, NOW, &first)); /* the one before still serves */
    assert_true(secret_equal(&first.server_key, &id.server_key));
}

/* After each of its steps the power may go: the directory is loaded again, or the change is made once more. */
static void a_change_that_was_cut_off_does_no_harm(void **state)
{
    struct world *w = *state;
    static const char *const gone[][3] = {{"server.der"},
                                          {"server.der", "intermediate.der"},
                                          {"server.der", "intermediate.der", "server.key"}};
    DEFER(identity_clear) struct identity first = {0};
    assert_ok(load(w, NOW, &first));
    for (size_t i = 0; i < COUNT_OF(gone); i++) {
        DEFER(identity_clear) struct identity id = {0};
        assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
        for (size_t n = 0; n < COUNT_OF(gone[i]) && gone[i][n] != NULL; n++)
            assert_ok(state_remove(&w->state, gone[i][n]));
        identity_clear(&id);
        assert_ok(load(w, NOW, &id));
        assert_chain(w, &id, NOW, SOTTO_OK);
        assert_memory_equal(first.pin, id.pin, sizeof id.pin);
    }
}

/* Each byte of each file of ours flipped: never taken for the same identity, never overwritten. */
static void no_flipped_byte_goes_unnoticed(void **state)
{
    struct world *w = *state;
    DEFER(identity_clear) struct identity id = {0};
    static const char *const names[] = {"root.key",         "root.der",   "intermediate.key",
                                        "intermediate.der", "server.key", "server.der"};
    assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
    for (size_t f = 0; f < COUNT_OF(names); f++) {
        DEFER(buf_clear) sotto_buf good = {0};
        assert_ok(state_read(&w->state, names[f], &good));
        for (size_t i = 0; i < good.len; i++) {
            DEFER(buf_clear) sotto_buf after = {0};
            DEFER(identity_clear) struct identity bad = {0};
            good.data[i] ^= 0x40;
            assert_ok(state_write(&w->state, names[f], buf_view(&good)));
            assert_int_not_equal(load(w, NOW, &bad), SOTTO_OK);
            assert_non_null(strstr(w->failure.what, names[f]));
            assert_ok(state_read(&w->state, names[f], &after));
            assert_true(view_equal(buf_view(&good), buf_view(&after)));
            good.data[i] ^= 0x40;
        }
        assert_ok(state_write(&w->state, names[f], buf_view(&good)));
    }
    DEFER(identity_clear) struct identity again = {0};
    assert_ok(load(w, NOW, &again));
}

static void a_second_server_is_kept_out(void **state)
{
    struct world *w = *state;
    struct state second = {.dir = -1, .lock = -1};
    assert_err(state_open(w->dir, identity_files, &second, &w->failure), IN_USE);
    assert_int_equal(second.dir, -1);
}

static void a_file_is_written_whole_with_mode_0600_and_no_rest(void **state)
{
    struct world *w = *state;
    struct stat st;
    DEFER(buf_clear) sotto_buf got = {0};
    assert_ok(state_write(&w->state, "file", VIEW_LIT("a long first content")));
    assert_ok(state_write(&w->state, "file", VIEW_LIT("second")));
    assert_ok(state_read(&w->state, "file", &got));
    assert_true(view_equal(buf_view(&got), VIEW_LIT("second")));
    assert_int_equal(fstatat(w->state.dir, "file", &st, 0), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(faccessat(w->state.dir, "new", F_OK, 0), -1);
    assert_err(state_read(&w->state, "none", &got), NOTFOUND);
}

static void what_root_makes_is_for_who_owns_the_directory(void **state)
{
    struct world *w = *state;
    struct stat st;
    if (chown(w->dir, 12345, 12346) != 0) { /* EINVAL: in a namespace without that user */
        assert_true(errno == EPERM || errno == EINVAL);
        skip();
    }
    assert_int_equal(unlinkat(w->state.dir, "lock", 0), 0);
    state_close(&w->state);
    assert_ok(state_open(w->dir, identity_files, &w->state, &w->failure));
    assert_ok(state_write(&w->state, "file", VIEW_LIT("x")));
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(fstatat(w->state.dir, i == 0 ? "file" : "lock", &st, 0), 0);
        assert_int_equal(st.st_uid, 12345);
        assert_int_equal(st.st_gid, 12346);
    }
}

static void a_link_is_not_followed(void **state)
{
    struct world *w = *state;
    DEFER(buf_clear) sotto_buf got = {0};
    assert_int_equal(symlinkat("/etc/hostname", w->state.dir, "link"), 0);
    assert_int_not_equal(state_read(&w->state, "link", &got), SOTTO_OK);
    assert_int_equal(symlinkat("/tmp/sotto-test-elsewhere", w->state.dir, "new"), 0);
    assert_ok(state_write(&w->state, "file", VIEW_LIT("x")));
    assert_int_equal(access("/tmp/sotto-test-elsewhere", F_OK), -1);
}

static void a_file_too_large_is_refused(void **state)
{
    struct world *w = *state;
    DEFER(buf_clear) sotto_buf big = {0};
    uint8_t *place;
    assert_ok(buf_extend(&big, STATE_FILE_MAX + 1, &place));
    memset(place, 'x', big.len);
    assert_ok(state_write(&w->state, "file", buf_view(&big)));
    assert_err(state_read(&w->state, "file", &big), TOO_LARGE);
}

static void a_running_server_renews_its_certificate_under_the_same_key(void **state)
{
    struct world *w = *state;
    struct keeper k;
    bool renewed = true;
    assert_ok(keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, NOW, &w->failure));
    struct kept *held = keeper_hold(&k);
    const struct identity *first = &held->identity;
    assert_ok(keeper_check(&k, NOW + 59 * DAY, &renewed, &w->failure));
    assert_false(renewed);
    assert_true(keeper_is_newest(&k, held));
    assert_ok(keeper_check(&k, NOW + 61 * DAY, &renewed, &w->failure));
    assert_true(renewed);
    assert_false(keeper_is_newest(&k, held));
    const struct identity *second = keeper_identity(&k);
    assert_memory_equal(second->pin, first->pin,
                        sizeof first->pin); /* the old one can still be read */
    assert_true(secret_equal(&second->server_key, &first->server_key));
    assert_int_equal(keeper_days(&k, NOW + 61 * DAY), 90);
    keeper_clear(&k);
    assert_int_equal(atomic_load(&held->holders), 1); /* nobody but us */
    kept_drop(held);
}

static void without_the_root_key_a_running_server_keeps_what_it_has(void **state)
{
    struct world *w = *state;
    struct keeper k;
    bool renewed = true;
    assert_ok(keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, NOW, &w->failure));
    const struct identity *first = keeper_identity(&k);
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    assert_ok(keeper_check(&k, NOW + 61 * DAY, &renewed, &w->failure));
    assert_false(renewed);
    assert_err(keeper_check(&k, NOW + 91 * DAY, &renewed, &w->failure), EXPIRED);
    assert_false(renewed);
    assert_ptr_equal(keeper_identity(&k), first);
    assert_true(keeper_days(&k, NOW + 92 * DAY) < 0);
    keeper_clear(&k);
}

/* A root key in the server's place, as if it had never been away. */
static void root_key_put_back(struct world *w, const sotto_buf *root_key)
{
    assert_ok(state_write(&w->state, "root.key", buf_view(root_key)));
}

static void root_key_taken_away(struct world *w, sotto_buf *ret_root_key)
{
    assert_ok(state_read(&w->state, "root.key", ret_root_key));
    assert_ok(state_remove(&w->state, "root.key"));
}

/* The server's own certificate is the root's, and outlives the intermediate that certifies accounts. */
static void the_end_of_what_certifies_accounts_is_looked_after_too(void **state)
{
    struct world *w = *state;
    struct keeper k;
    bool renewed = true;
    DEFER(buf_clear) sotto_buf root_key = {0};
    DEFER(identity_clear) struct identity id = {0}, with = {0};
    assert_ok(change(w, NOW, (struct identity_change){.new_intermediate = true}, &id));
    assert_int_equal(id.issuer_not_after_s, NOW + 730 * DAY);
    assert_ok(load(w, NOW + 701 * DAY, &with));
    assert_int_equal(with.issuer_not_after_s, X509_FOREVER_S);
    root_key_taken_away(w, &root_key);
    assert_ok(keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, NOW + 702 * DAY,
                          &w->failure));
    assert_int_equal(keeper_identity(&k)->not_after_s, NOW + 791 * DAY);
    assert_int_equal(keeper_days(&k, NOW + 702 * DAY), 28);
    assert_ok(keeper_check(&k, NOW + 702 * DAY, &renewed, &w->failure));
    assert_false(renewed);
    root_key_put_back(w, &root_key);
    assert_ok(keeper_check(&k, NOW + 703 * DAY, &renewed, &w->failure));
    assert_true(renewed && keeper_identity(&k)->issuer_is_root);
    assert_int_equal(keeper_days(&k, NOW + 703 * DAY), 88);
    keeper_clear(&k);
}

static void a_root_key_that_is_put_back_certifies_accounts_again(void **state)
{
    struct world *w = *state;
    struct keeper k;
    bool renewed;
    DEFER(buf_clear) sotto_buf root_key = {0};
    DEFER(identity_clear) struct identity id = {0};
    assert_ok(load(w, NOW, &id));
    root_key_taken_away(w, &root_key);
    assert_ok(keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, NOW, &w->failure));
    assert_int_equal(keeper_identity(&k)->issuer_not_after_s, 0);
    root_key_put_back(w, &root_key);
    assert_ok(keeper_check(&k, NOW, &renewed, &w->failure));
    assert_true(renewed && keeper_identity(&k)->issuer_key.len > 0);
    assert_ok(keeper_check(&k, NOW, &renewed, &w->failure));
    assert_false(renewed);
    keeper_clear(&k);
}

/* Of key and certificate the one alone. */
static view pem_part(const sotto_buf *pem, bool certificate)
{
    const uint8_t *begin = memmem(pem->data, pem->len, "-----BEGIN CERT", 15);
    size_t len = (size_t)(begin - pem->data);
    return certificate ? (view){begin, pem->len - len} : (view){pem->data, len};
}

static void files_that_change_are_noticed_and_bad_ones_not_taken(void **state)
{
    struct world *w = *state;
    struct keeper k;
    DEFER(buf_clear) sotto_buf pem = {0}, next = {0};
    struct keeper_files files = {0};
    snprintf(files.key, sizeof files.key, "%s/k.pem", w->dir);
    snprintf(files.certificate, sizeof files.certificate, "%s/c.pem", w->dir);
    assert_ok(tls_cert_make("one", &pem));
    assert_ok(tls_cert_make("another", &next));
    assert_err(keeper_init(&k, &w->state, "localhost", &files, NOW, &w->failure), NOTFOUND);
    keeper_clear(&k);
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
    assert_ok(keeper_init(&k, &w->state, "localhost", &files, NOW, &w->failure));
    assert_false(keeper_changed(&k));
    const struct identity *first = keeper_identity(&k);
    const view cert = pem_part(&pem, true), cert2 = pem_part(&next, true);
    assert_non_null(memmem(first->tls.data, first->tls.len, cert.data, cert.len));
    assert_ok(
        state_write(&w->state, "c.pem", pem_part(&next, true))); /* the key comes a moment later */
    assert_true(keeper_changed(&k));
    assert_err(keeper_take(&k, &files, NOW, &w->failure), CERTIFICATE);
    assert_ptr_equal(keeper_identity(&k), first);
    assert_ok(state_write(&w->state, "k.pem", pem_part(&next, false)));
    assert_ok(keeper_take(&k, &files, NOW, &w->failure));
    assert_false(keeper_changed(&k));
    assert_non_null(
        memmem(keeper_identity(&k)->tls.data, keeper_identity(&k)->tls.len, cert2.data, cert2.len));
    assert_ok(state_remove(&w->state, "c.pem"));
    assert_false(keeper_changed(&k)); /* it is being replaced */
    keeper_clear(&k);
}

/* What was read on the way to a certificate that is no better was not taken. */
static void a_look_at_the_certificate_leaves_files_that_changed_to_be_noticed(void **state)
{
    struct world *w = *state;
    struct keeper k;
    bool renewed = true;
    DEFER(buf_clear) sotto_buf pem = {0}, next = {0};
    struct keeper_files files = {0};
    snprintf(files.key, sizeof files.key, "%s/k.pem", w->dir);
    snprintf(files.certificate, sizeof files.certificate, "%s/c.pem", w->dir);
    assert_ok(tls_cert_make("one", &pem));
    assert_ok(tls_cert_make("another", &next));
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
    assert_ok(keeper_init(&k, &w->state, "localhost", &files, NOW, &w->failure));
    assert_int_equal(unlinkat(w->state.dir, "root.key", 0), 0);
    assert_ok(state_write(&w->state, "k.pem", pem_part(&next, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&next, true)));
    assert_ok(keeper_check(&k, NOW + 61 * DAY, &renewed, &w->failure));
    assert_false(renewed);
    assert_true(keeper_changed(&k));
    assert_ok(keeper_take(&k, &files, NOW + 61 * DAY, &w->failure));
    assert_false(keeper_changed(&k));
    keeper_clear(&k);
}

/* What could not be taken over is not begun. */
static void new_keys_are_not_made_while_the_files_cannot_be_read(void **state)
{
    struct world *w = *state;
    struct keeper k;
    DEFER(buf_clear) sotto_buf pem = {0}, before = {0}, now = {0};
    struct keeper_files files = {0};
    snprintf(files.key, sizeof files.key, "%s/k.pem", w->dir);
    snprintf(files.certificate, sizeof files.certificate, "%s/c.pem", w->dir);
    assert_ok(tls_cert_make("one", &pem));
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
    assert_ok(keeper_init(&k, &w->state, "localhost", &files, NOW, &w->failure));
    assert_ok(state_remove(&w->state, "k.pem"));
    assert_ok(state_read(&w->state, "server.key", &before));
    const struct identity_change fresh = {.new_server_key = true};
    const struct identity *first = keeper_identity(&k);
    assert_err(keeper_change(&k, NOW, &fresh, &w->failure), NOTFOUND);
    assert_ptr_equal(keeper_identity(&k), first);
    assert_ok(state_read(&w->state, "server.key", &now));
    assert_true(view_equal(buf_view(&now), buf_view(&before)));
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(keeper_change(&k, NOW, &fresh, &w->failure));
    const view cert = pem_part(&pem, true);
    const sotto_buf *tls = &keeper_identity(&k)->tls;
    assert_non_null(memmem(tls->data, tls->len, cert.data, cert.len));
    keeper_clear(&k);
}

/* Whether TLS asks for this certificate after the next look. */
static bool is_taken(struct upkeep *u, view certificate)
{
    upkeep_minute(u);
    const sotto_buf *tls = &keeper_identity(u->server->keeper)->tls;
    return memmem(tls->data, tls->len, certificate.data, certificate.len) != NULL;
}

/* A server with as much of it as its upkeep needs. */
static struct server *server_of(struct keeper *k, int nowhere)
{
    struct server *server = calloc(1, sizeof *server);
    struct server_config *config = calloc(1, sizeof *config);
    assert_non_null(server);
    assert_non_null(config);
    assert_ok(log_new(nowhere, LOG_TEXT, &server->log));
    assert_ok(mailbox_init(&server->core, 10, 1000));
    assert_ok(store_memory_new(&server->config.store));
    config->store = server->config.store;
    config->limits = limits_default();
    server->keeper = k;
    assert_ok(live_push(config, k, &server->lives));
    atomic_store(&server->live, server->lives);
    free(config);
    return server;
}

static void server_gone(struct server *server)
{
    live_clear(server->lives);
    store_free(server->config.store);
    mailbox_clear(&server->core);
    log_free(server->log);
    free(server);
}

/* How often the core was told of other settings. */
static size_t told(struct server *server)
{
    struct batch batch = {0};
    (void)mailbox_take(&server->core, &batch);
    size_t count = batch.count;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(batch.list[i].kind, POST_CONFIG);
    batch_clear(&batch);
    return count;
}

static void the_core_signs_with_what_a_running_server_renewed(void **state)
{
    struct world *w = *state;
    struct keeper k;
    int nowhere = open("/dev/null", O_WRONLY);
    int64_t now_s = (int64_t)time(NULL), then_s = now_s - 710 * DAY; /* twenty days are left */
    assert_ok(
        keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, then_s, &w->failure));
    assert_ok(keeper_change(&k, then_s, &(struct identity_change){.new_intermediate = true},
                            &w->failure));
    struct server *server = server_of(&k, nowhere);
    struct upkeep u = {.server = server};
    assert_false(server_live(server)->core.authority_is_root);
    assert_int_equal(server_live(server)->core.chain_count, 2);
    for (unsigned minute = 1; minute < 60; minute++)
        upkeep_minute(&u);
    assert_int_equal(told(server), 0);
    upkeep_minute(&u);
    assert_int_equal(told(server), 1);
    assert_true(server_live(server)->core.authority_is_root);
    assert_int_equal(server_live(server)->core.chain_count, 1);
    assert_true(server_live(server)->config.store == server->config.store);
    server_gone(server);
    keeper_clear(&k);
    close(nowhere);
}

static void a_running_server_looks_after_the_files_by_itself(void **state)
{
    struct world *w = *state;
    struct keeper k;
    DEFER(buf_clear) sotto_buf pem = {0}, next = {0};
    struct keeper_files files = {0};
    int nowhere = open("/dev/null", O_WRONLY);
    snprintf(files.key, sizeof files.key, "%s/k.pem", w->dir);
    snprintf(files.certificate, sizeof files.certificate, "%s/c.pem", w->dir);
    assert_ok(tls_cert_make("one", &pem));
    assert_ok(tls_cert_make("another", &next));
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
    assert_ok(keeper_init(&k, &w->state, "localhost", &files, (int64_t)time(NULL), &w->failure));
    struct server *server = server_of(&k, nowhere);
    struct upkeep u = {.server = server};
    assert_true(is_taken(&u, pem_part(&pem, true)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&next, true)));
    assert_true(is_taken(&u, pem_part(&pem, true))); /* it doesn't fit the key */
    assert_ok(state_write(&w->state, "k.pem", pem_part(&next, false)));
    assert_true(is_taken(&u, pem_part(&next, true)));
    /* the core has nothing to do with it: what it was told, which stays until the end, does not grow */
    assert_int_equal(told(server), 0);
    assert_null(server->lives->before);
    server_gone(server);
    keeper_clear(&k);
    close(nowhere);
}

/* A minute in which the keys, which can't be read, are not taken. */
static void a_look_in_vain(struct upkeep *u, struct secret *key, const int pipe[2])
{
    char said[256] = "";
    uint8_t len = key->len;
    key->len = 0;
    upkeep_minute(u);
    key->len = len;
    assert_int_equal(told(u->server), 0);
    assert_int_equal(poll(&(struct pollfd){.fd = pipe[0], .events = POLLIN}, 1, 60000), 1);
    assert_true(read(pipe[0], said, sizeof said - 1) > 0);
    assert_non_null(strstr(said, "keys of before"));
}

static void keys_that_could_not_be_taken_are_tried_again(void **state)
{
    struct world *w = *state;
    struct keeper k;
    int pipe[2];
    int64_t now_s = (int64_t)time(NULL);
    const struct identity_change fresh = {.new_server_key = true};
    assert_int_equal(pipe2(pipe, O_CLOEXEC), 0);
    assert_ok(
        keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, now_s, &w->failure));
    struct server *server = server_of(&k, pipe[1]);
    struct upkeep u = {.server = server};
    const sotto_sign_key *before = server_live(server)->core.server_key;
    assert_ok(keeper_change(&k, now_s, &fresh, &w->failure));
    struct kept *held = keeper_hold(&k);
    a_look_in_vain(&u, &held->identity.server_key, pipe);
    a_look_in_vain(&u, &held->identity.server_key, pipe);
    assert_ptr_equal(server_live(server)->core.server_key, before);
    upkeep_minute(&u);
    assert_int_equal(told(server), 1);
    assert_ptr_not_equal(server_live(server)->core.server_key, before);
    upkeep_minute(&u);
    assert_int_equal(told(server), 0);
    kept_drop(held);
    server_gone(server);
    keeper_clear(&k);
    close(pipe[0]);
    close(pipe[1]);
}

/* How often the log, which has ended, says so. */
static size_t logged(int log, const char *words)
{
    static char text[65536];
    ssize_t len = pread(log, text, sizeof text - 1, 0);
    size_t count = 0;
    assert_true(len >= 0);
    text[len] = 0;
    for (const char *at = text; (at = strstr(at, words)) != NULL; at++)
        count++;
    return count;
}

static void files_that_stay_bad_are_told_of_once(void **state)
{
    struct world *w = *state;
    struct keeper k;
    DEFER(buf_clear) sotto_buf pem = {0}, next = {0};
    struct keeper_files files = {0};
    int log = memfd_create("log", MFD_CLOEXEC);
    snprintf(files.key, sizeof files.key, "%s/k.pem", w->dir);
    snprintf(files.certificate, sizeof files.certificate, "%s/c.pem", w->dir);
    assert_ok(tls_cert_make("one", &pem));
    assert_ok(tls_cert_make("another", &next));
    assert_ok(state_write(&w->state, "k.pem", pem_part(&pem, false)));
    assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
    assert_ok(keeper_init(&k, &w->state, "localhost", &files, (int64_t)time(NULL), &w->failure));
    struct server *server = server_of(&k, log);
    struct upkeep u = {.server = server};
    for (unsigned round = 0; round < 2; round++) {
        assert_ok(state_write(&w->state, "c.pem", pem_part(&next, true)));
        for (unsigned minute = 0; minute < 3; minute++)
            assert_true(is_taken(&u, pem_part(&pem, true)));
        assert_ok(state_write(&w->state, "c.pem", pem_part(&pem, true)));
        assert_true(is_taken(&u, pem_part(&pem, true)));
    }
    server_gone(server);
    assert_int_equal(logged(log, "the old TLS certificate stays: "), 2);
    assert_int_equal(logged(log, "was read again"), 2);
    keeper_clear(&k);
    close(log);
}

/* Once a day, from the first hour on. */
static void the_log_warns_before_accounts_can_not_be_certified(void **state)
{
    struct world *w = *state;
    struct keeper k;
    DEFER(buf_clear) sotto_buf root_key = {0};
    DEFER(identity_clear) struct identity id = {0}, with = {0};
    int log = memfd_create("log", MFD_CLOEXEC);
    int64_t now_s = (int64_t)time(NULL), then_s = now_s - 705 * DAY + 3600;
    assert_ok(change(w, then_s, (struct identity_change){.new_intermediate = true}, &id));
    assert_ok(load(w, now_s - DAY, &with));
    root_key_taken_away(w, &root_key);
    assert_ok(
        keeper_init(&k, &w->state, "localhost", &(struct keeper_files){0}, now_s, &w->failure));
    struct server *server = server_of(&k, log);
    struct upkeep u = {.server = server};
    for (unsigned minute = 0; minute < 1400; minute++)
        upkeep_minute(&u);
    root_key_put_back(w, &root_key);
    for (unsigned minute = 0; minute < 200; minute++)
        upkeep_minute(&u);
    assert_true(server_live(server)->core.authority_is_root);
    server_gone(server);
    assert_int_equal(logged(log, "accounts can be certified for 25 days only: the root key"), 1);
    assert_int_equal(logged(log, "certifies accounts from now on"), 1);
    assert_int_equal(logged(log, "\n"), 2);
    keeper_clear(&k);
    close(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_directory_gets_an_identity_that_stays),
        TEST(the_chain_is_one_that_clients_accept_until_its_end),
        TEST(it_is_renewed_in_the_last_thirty_days_and_not_before),
        TEST(an_expired_one_is_renewed_too_if_the_root_key_is_there),
        TEST(without_the_root_key_it_serves_until_it_expires),
        TEST(an_intermediate_stands_in_for_a_root_key_that_is_away),
        TEST(a_root_key_that_is_here_takes_over_before_the_intermediate_ends),
        TEST(a_root_key_that_was_here_leaves_its_place_to_the_intermediate),
        TEST(a_root_key_that_is_shown_for_once_takes_nothing_over),
        TEST(a_root_key_elsewhere_makes_the_next_intermediate),
        TEST(a_new_server_key_keeps_the_pin),
        TEST(a_change_that_was_cut_off_does_no_harm),
        TEST(no_flipped_byte_goes_unnoticed),
        TEST(a_running_server_renews_its_certificate_under_the_same_key),
        TEST(without_the_root_key_a_running_server_keeps_what_it_has),
        TEST(the_end_of_what_certifies_accounts_is_looked_after_too),
        TEST(a_root_key_that_is_put_back_certifies_accounts_again),
        TEST(files_that_change_are_noticed_and_bad_ones_not_taken),
        TEST(a_look_at_the_certificate_leaves_files_that_changed_to_be_noticed),
        TEST(new_keys_are_not_made_while_the_files_cannot_be_read),
        TEST(the_core_signs_with_what_a_running_server_renewed),
        TEST(a_running_server_looks_after_the_files_by_itself),
        TEST(files_that_stay_bad_are_told_of_once),
        TEST(the_log_warns_before_accounts_can_not_be_certified),
        TEST(keys_that_could_not_be_taken_are_tried_again),
        TEST(a_second_server_is_kept_out),
        TEST(a_file_is_written_whole_with_mode_0600_and_no_rest),
        TEST(what_root_makes_is_for_who_owns_the_directory),
        TEST(a_link_is_not_followed),
        TEST(a_file_too_large_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
