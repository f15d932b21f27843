#include "part_store.h"

#define SUITE 1

static sotto_crypto *crypto;

static int crypto_begin(void **state)
{
    (void)state;
    return sotto_crypto_new(&crypto) == SOTTO_OK ? 0 : -1;
}

static int crypto_end(void **state)
{
    (void)state;
    sotto_crypto_free(crypto);
    return 0;
}

#define WORLD 12

/* Members, each with its store. */
struct world {
    struct peer peers[WORLD];
    struct part_store stores[WORLD];
    size_t count;
};

static struct world *world_new(uint16_t suite, size_t founders, const sotto_mls_settings *settings)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->count = founders;
    for (size_t i = 0; i < WORLD; i++)
        peer_init(&w->peers[i], crypto, suite, (unsigned)i);
    peers_found(w->peers, founders, settings);
    for (size_t i = 0; i < founders; i++)
        store_write(&w->stores[i], w->peers[i].group);
    return w;
}

static void world_free(struct world *w)
{
    for (size_t i = 0; i < WORLD; i++) {
        peer_clear(&w->peers[i]);
        store_clear(&w->stores[i]);
    }
    free(w);
}

/* Writes what changed, and goes on with what is read back. */
static void world_restart(struct world *w, size_t i)
{
    sotto_group *back = NULL;
    struct part_store *s = &w->stores[i];
    struct peer *p = &w->peers[i];
    store_write(s, p->group);
    store_is_whole(s, p->group);
    assert_ok(store_read(s, &p->m, &back));
    store_is_whole(s, back);
    store_begin(s);
    assert_ok(sotto_group_write(back, false, store_take, s));
    assert_int_equal(s->told, 0);
    sotto_group_free(p->group);
    p->group = back;
}

static void world_restart_all(struct world *w)
{
    for (size_t i = 0; i < w->count; i++)
        world_restart(w, i);
}

static void world_talks(struct world *w, size_t from)
{
    sotto_buf message = peer_say(&w->peers[from], "hello");
    for (size_t i = 0; i < w->count; i++)
        if (i != from && sotto_group_is_active(w->peers[i].group))
            peer_hears(&w->peers[i], buf_view(&message), "hello",
                       sotto_group_own_leaf(w->peers[from].group));
    sotto_buf_clear(&message);
}

static void a_group_goes_on_from_what_was_written(void **state)
{
    (void)state;
    uint16_t suite;
    for (size_t i = 0; (suite = sotto_suite_at(i)) != 0; i++) {
        struct world *w = world_new(suite, 3, NULL);
        world_restart_all(w);
        for (size_t by = 0; by < 3; by++) {
            world_talks(w, by);
            world_restart_all(w);
            peers_commit(w->peers, 3, (by + 1) % 3, NULL, 0);
            world_restart_all(w);
            world_talks(w, by);
        }
        world_free(w);
    }
}

static uint32_t draw(uint64_t *random, uint32_t below)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*random >> 33) % below;
}

static void step_propose(struct world *w, size_t by, uint64_t *random)
{
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    const sotto_mls_proposal psk_like = {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS};
    const sotto_mls_proposal *proposal = draw(random, 3) > 0 ? &update : &psk_like;
    sotto_buf message = {0};
    if (sotto_group_propose(&w->peers[by].m, w->peers[by].group, proposal, (view){0}, &message) !=
        SOTTO_OK)
        return; /* the same once more */
    for (size_t i = 0; i < w->count; i++)
        if (i != by)
            peer_hears_proposal(&w->peers[i], buf_view(&message), proposal->type);
    sotto_buf_clear(&message);
}

/* The last one goes, or another comes. */
static void step_membership(struct world *w, size_t by, uint64_t *random)
{
    struct peer *last = &w->peers[w->count - 1];
    bool grows = w->count < 4 || (w->count < WORLD && draw(random, 2) == 0);
    if (!grows && by == w->count - 1)
        return;
    if (grows) {
        struct peer *new = &w->peers[w->count];
        const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD, .key_package = peer_publish(new)};
        sotto_staged *staged = peer_commit(&w->peers[by], &add, 1);
        for (size_t i = 0; i < w->count; i++)
            if (i != by)
                peer_process(&w->peers[i], sotto_staged_commit(staged));
        peer_join(new, sotto_staged_welcome(staged), NULL);
        peer_merge(&w->peers[by], &staged);
        w->count++;
        return;
    }
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE,
                                       .removed = sotto_group_own_leaf(last->group)};
    peers_commit(w->peers, w->count, by, &remove, 1);
    assert_false(sotto_group_is_active(last->group));
    world_restart(w, w->count - 1);
    assert_false(sotto_group_is_active(last->group));
    sotto_group_free(MOVE(last->group));
    store_clear(&w->stores[--w->count]);
}

static void step(struct world *w, uint64_t *random)
{
    sotto_buf secret = {0};
    size_t by = draw(random, (uint32_t)w->count);
    sotto_mls_proposed proposed;
    switch (draw(random, 8)) {
    case 0:
        peers_commit(w->peers, w->count, by, NULL, 0);
        break;
    case 1:
        step_membership(w, by, random);
        break;
    case 2:
        step_propose(w, by, random);
        break;
    case 3:
        (void)!sotto_group_safe_export(&w->peers[by].m, w->peers[by].group,
                                       (uint16_t)draw(random, 65536), &secret);
        sotto_buf_clear(&secret);
        break;
    case 4:
        for (size_t i = 0; i < w->count; i++)
            sotto_group_drop_pending(w->peers[i].group);
        break;
    default:
        if (!sotto_group_pending(w->peers[by].group, 0, &proposed))
            world_talks(w, by);
    }
}

/* Some write after each step, some not for a while; some start again. */
static void what_is_written_in_pieces_is_what_is_written_as_a_whole(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        uint64_t random = seed;
        const sotto_mls_settings settings = {.past_epochs = (uint32_t)seed % 3,
                                             .public_handshakes = seed % 2 == 0};
        struct world *w = world_new(SUITE, 5, &settings);
        for (int i = 0; i < 60; i++) {
            step(w, &random);
            for (size_t k = 0; k < w->count; k++) {
                if (draw(&random, 4) == 0)
                    world_restart(w, k);
                else if (draw(&random, 2) == 0)
                    store_write(&w->stores[k], w->peers[k].group);
            }
        }
        peers_commit(w->peers, w->count, 0, NULL, 0);
        world_restart_all(w);
        world_talks(w, 1);
        world_free(w);
    }
}

static void a_write_that_fails_is_made_again(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 4, NULL);
    world_talks(w, 0);
    peers_commit(w->peers, 4, 1, NULL, 0);
    world_talks(w, 2);
    struct part_store *s = &w->stores[3];
    for (size_t n = 1;; n++) {
        store_begin(s);
        s->stop_after = n;
        if (sotto_group_write(w->peers[3].group, false, store_take, s) == SOTTO_OK)
            break;
        sotto_group_written(w->peers[3].group); /* of nothing that was told */
        assert_true(n < 100);
    }
    s->stop_after = 0;
    sotto_group_written(w->peers[3].group);
    store_is_whole(s, w->peers[3].group);
    world_free(w);
}

static void keys_that_were_used_up_are_not_in_the_store(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 5, NULL);
    sotto_buf message = peer_say(&w->peers[0], "once");
    sotto_mls_event event = {0};
    peer_hears(&w->peers[1], buf_view(&message), "once", 0);
    world_restart(w, 1);
    assert_true(w->stores[1].kinds[PART_MESSAGES] == 0); /* all was told before */
    assert_err(sotto_group_receive(&w->peers[1].m, w->peers[1].group, buf_view(&message), &event),
               REPLAYED);
    world_restart(w, 0);
    sotto_buf other = peer_say(&w->peers[0], "twice");
    peer_hears(&w->peers[1], buf_view(&other), "twice", 0);
    sotto_buf exported = {0};
    assert_ok(sotto_group_safe_export(&w->peers[1].m, w->peers[1].group, 7, &exported));
    world_restart(w, 1);
    assert_err(sotto_group_safe_export(&w->peers[1].m, w->peers[1].group, 7, &exported), EXPIRED);
    sotto_buf_clear(&message);
    sotto_buf_clear(&other);
    sotto_buf_clear(&exported);
    world_free(w);
}

static size_t parts_of_epoch(const struct part_store *s, uint64_t epoch)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct group_part_name name;
        struct rd r = rd_of(part_name(&s->parts[i]));
        group_part_name_read(&r, &name);
        assert_ok(rd_end(&r));
        count += (name.kind == PART_PAST || name.kind == PART_MESSAGES) && name.epoch == epoch;
    }
    return count;
}

/* In which it was said stands in the names alone. */
static void an_epoch_that_is_not_kept_leaves_nothing(void **state)
{
    (void)state;
    const uint32_t keep[] = {2, UINT32_MAX};
    for (size_t k = 0; k < COUNT_OF(keep); k++) {
        const sotto_mls_settings settings = {.past_epochs = keep[k], .public_handshakes = true};
        struct world *w = world_new(SUITE, 4, &settings);
        size_t kept = keep[k] == UINT32_MAX ? 0 : keep[k];
        for (uint64_t epoch = 1; epoch < 6; epoch++) {
            world_talks(w, 0);
            world_talks(w, 1);
            store_write(&w->stores[2], w->peers[2].group);
            assert_true(parts_of_epoch(&w->stores[2], epoch) > 2);
            peers_commit(w->peers, 4, 3, NULL, 0);
            store_write(&w->stores[2], w->peers[2].group);
            for (uint64_t old = 1; old <= epoch; old++)
                assert_int_equal(parts_of_epoch(&w->stores[2], old) > 0, epoch - old < kept);
        }
        world_restart(w, 2);
        w->peers[2].m.now_s += 8 * 24 * 3600;
        world_talks(w, 0);
        store_write(&w->stores[2], w->peers[2].group);
        assert_int_equal(parts_of_epoch(&w->stores[2], 5), 0);
        world_free(w);
    }
}

static void an_epoch_that_is_over_is_not_written_again(void **state)
{
    (void)state;
    const sotto_mls_settings settings = {.public_handshakes = true};
    struct world *w = world_new(SUITE, 8, &settings);
    for (size_t i = 0; i < 8; i++)
        world_talks(w, i);
    store_write(&w->stores[0], w->peers[0].group);
    peers_commit(w->peers, 8, 5, NULL, 0);
    store_write(&w->stores[0], w->peers[0].group);
    assert_int_equal(w->stores[0].kinds[PART_MESSAGES], 1); /* the root of the new one */
    assert_int_equal(w->stores[0].kinds[PART_PAST], 1);
    world_free(w);
}

static void late_messages_are_read_after_a_restart(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 5, NULL);
    sotto_buf late = peer_say(&w->peers[4], "late");
    sotto_buf later = peer_say(&w->peers[1], "later");
    const sotto_mls_proposal remove = {.type = SOTTO_MLS_REMOVE, .removed = 4};
    peers_commit(w->peers, 5, 0, &remove, 1);
    world_restart_all(w);
    peer_hears(&w->peers[2], buf_view(&late), "late", 4);
    peer_hears(&w->peers[4], buf_view(&later), "later", 1);
    world_restart(w, 2);
    world_restart(w, 4);
    sotto_mls_event event = {0};
    assert_err(sotto_group_receive(&w->peers[2].m, w->peers[2].group, buf_view(&late), &event),
               REPLAYED);
    assert_err(sotto_group_receive(&w->peers[4].m, w->peers[4].group, buf_view(&later), &event),
               REPLAYED);
    sotto_buf_clear(&late);
    sotto_buf_clear(&later);
    world_free(w);
}

static void an_own_update_survives_a_restart(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 3, NULL);
    sotto_mls_client client = w->peers[1].client;
    client.sign_key = w->peers[9].key;
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE, .update = &client};
    sotto_buf message = peer_propose(&w->peers[1], &update);
    peer_hears_proposal(&w->peers[0], buf_view(&message), SOTTO_MLS_UPDATE);
    peer_hears_proposal(&w->peers[2], buf_view(&message), SOTTO_MLS_UPDATE);
    world_restart_all(w);
    peers_commit(w->peers, 3, 2, NULL, 0);
    world_restart_all(w);
    world_talks(w, 1);
    peers_commit(w->peers, 3, 1, NULL, 0);
    sotto_buf_clear(&message);
    world_free(w);
}

static void a_group_that_has_ended_is_kept(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 2, NULL);
    const sotto_mls_proposal reinit = {
        .type = SOTTO_MLS_REINIT, .group_id = VIEW_LIT("next"), .suite = SUITE};
    sotto_mls_proposal by = {0};
    peers_commit(w->peers, 2, 0, &reinit, 1);
    world_restart_all(w);
    assert_false(sotto_group_is_active(w->peers[1].group));
    assert_ok(sotto_group_ended_by(w->peers[1].group, &by));
    assert_true(view_equal(by.group_id, VIEW_LIT("next")));
    world_free(w);
}

static void settings_are_kept(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 2, NULL);
    const sotto_mls_settings settings = {3, 4, 5, true, 6};
    sotto_group_set_settings(w->peers[0].group, &settings);
    store_write(&w->stores[0], w->peers[0].group);
    assert_int_equal(w->stores[0].told, 1);
    world_restart(w, 0);
    const sotto_mls_settings back = sotto_group_settings(w->peers[0].group);
    assert_int_equal(back.past_epochs, 3);
    assert_int_equal(back.past_age_s, 4);
    assert_int_equal(back.lifetime_max_s, 5);
    assert_true(back.public_handshakes);
    assert_int_equal(back.handshake_pad, 6);
    world_free(w);
}

/* The first adds all others, of whom two join. */
static void thousand_found(struct peer *peers, size_t count)
{
    sotto_mls_proposal *adds = calloc(count, sizeof *adds);
    sotto_buf *packages = calloc(count, sizeof *packages);
    struct peer other;
    peer_create(&peers[0], NULL);
    for (size_t i = 1; i < count; i++) {
        if (i < 3) {
            adds[i].key_package = peer_publish(&peers[i]);
        } else {
            peer_init(&other, crypto, SUITE, (unsigned)i);
            assert_ok(buf_set(&packages[i], peer_publish(&other)));
            adds[i].key_package = buf_view(&packages[i]);
            peer_clear(&other);
        }
        adds[i].type = SOTTO_MLS_ADD;
    }
    sotto_staged *staged = peer_commit(&peers[0], adds + 1, count - 1);
    peer_join(&peers[1], sotto_staged_welcome(staged), NULL);
    peer_join(&peers[2], sotto_staged_welcome(staged), NULL);
    peer_merge(&peers[0], &staged);
    for (size_t i = 0; i < count; i++)
        buf_clear(&packages[i]);
    free(packages);
    free(adds);
}

static void small_changes_of_large_groups_are_small_writes(void **state)
{
    (void)state;
    struct world *w = calloc(1, sizeof *w);
    w->count = 3;
    for (size_t i = 0; i < WORLD; i++)
        peer_init(&w->peers[i], crypto, SUITE, (unsigned)i);
    thousand_found(w->peers, 1000);
    for (size_t i = 0; i < 3; i++)
        store_write(&w->stores[i], w->peers[i].group);
    size_t message = 0, commit = 0;
    for (size_t round = 0; round < 3; round++) {
        for (size_t twice = 0; twice < 2; twice++) {
            world_talks(w, round);
            for (size_t i = 0; i < 3; i++) {
                store_write(&w->stores[i], w->peers[i].group);
                message = w->stores[i].bytes > message ? w->stores[i].bytes : message;
            }
        }
        peers_commit(w->peers, 3, round, NULL, 0);
        for (size_t i = 0; i < 3; i++) {
            store_write(&w->stores[i], w->peers[i].group);
            commit = w->stores[i].bytes > commit ? w->stores[i].bytes : commit;
        }
    }
    print_message("1000 members: at most %zu bytes after a message, %zu after a commit\n", message,
                  commit);
    assert_true(message < 1024);
    assert_true(commit < 16 * 1024);
    world_restart_all(w);
    world_talks(w, 1);
    world_free(w);
}

/* ---- What is not read back ---- */

static sotto_err read_result(struct world *w, const struct part_store *s)
{
    sotto_group *g = NULL;
    sotto_err err = store_read(s, &w->peers[0].m, &g);
    assert_int_equal(err == SOTTO_OK, g != NULL);
    sotto_group_free(g);
    return err;
}

/* One that has parts of each kind, and a key for a message that was passed by. */
static struct world *varied_world(void)
{
    struct world *w = world_new(SUITE, 5, NULL);
    const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
    world_talks(w, 1);
    peers_commit(w->peers, 5, 1, NULL, 0);
    sotto_buf passed = peer_say(&w->peers[2], "passed by");
    world_talks(w, 2);
    sotto_buf first = peer_propose(&w->peers[0], &update);
    sotto_buf second = peer_propose(&w->peers[3], &update);
    peer_hears_proposal(&w->peers[0], buf_view(&second), SOTTO_MLS_UPDATE);
    store_write(&w->stores[0], w->peers[0].group);
    sotto_buf_clear(&passed);
    sotto_buf_clear(&first);
    sotto_buf_clear(&second);
    return w;
}

static bool is_skipped_key(const struct kept_part *part)
{
    return part->name[0] == PART_MESSAGES && part->name[9] == SECRET_TREE_SKIPPED;
}

static void a_store_that_lost_a_part_is_refused(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    bool seen[PART_MESSAGES + 1] = {false};
    assert_ok(read_result(w, s));
    for (size_t i = 0; i < s->count; i++) {
        struct kept_part part = s->parts[i];
        seen[part.name[0]] = true;
        memmove(&s->parts[i], &s->parts[i + 1], (s->count - i - 1) * sizeof *s->parts);
        s->count--;
        sotto_err err = read_result(w, s);
        assert_int_equal(err, is_skipped_key(&part) ? SOTTO_OK : SOTTO_E_VALUE);
        memmove(&s->parts[i + 1], &s->parts[i], (s->count - i) * sizeof *s->parts);
        s->parts[i] = part;
        s->count++;
    }
    for (size_t kind = PART_HEAD; kind <= PART_MESSAGES; kind++)
        assert_true(seen[kind]);
    world_free(w);
}

static void a_part_of_another_length_is_refused(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    for (size_t i = 0; i < s->count; i++) {
        sotto_buf *value = &s->parts[i].value;
        size_t len = value->len;
        assert_ok(buf_append(value, VIEW_LIT("\0")));
        assert_int_not_equal(read_result(w, s), SOTTO_OK);
        for (value->len = 0; value->len < len; value->len += len < 100 ? 1 : 1 + len / 50)
            assert_int_not_equal(read_result(w, s), SOTTO_OK);
        value->len = len;
    }
    assert_ok(read_result(w, s));
    world_free(w);
}

/* Or it is another state, which is written as it was read. */
static void a_part_with_other_bytes_is_refused_or_read_as_what_it_says(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    uint64_t random = 1;
    for (int i = 0; i < 3000; i++) {
        struct kept_part *part = &s->parts[draw(&random, (uint32_t)s->count)];
        uint8_t *byte = &part->value.data[draw(&random, (uint32_t)part->value.len)];
        uint8_t before = *byte;
        *byte ^= (uint8_t)(1u << draw(&random, 8));
        sotto_group *g = NULL;
        if (store_read(s, &w->peers[0].m, &g) == SOTTO_OK)
            store_is_whole(s, g);
        sotto_group_free(g);
        *byte = before;
    }
    world_free(w);
}

static void parts_of_different_times_are_refused(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    struct part_store old = {0};
    for (size_t i = 0; i < s->count; i++)
        store_put(&old, part_name(&s->parts[i]), buf_view(&s->parts[i].value));
    peers_commit(w->peers, 1, 0, NULL, 0);
    store_write(s, w->peers[0].group);
    size_t mixed = 0;
    for (size_t i = 0; i < s->count; i++) {
        DEFER(buf_clear) sotto_buf now = {0};
        const struct kept_part *before = store_find(&old, part_name(&s->parts[i]));
        if (before == NULL || view_equal(buf_view(&before->value), buf_view(&s->parts[i].value)) ||
            before->name[0] == PART_EXPORTER || before->name[0] == PART_MESSAGES)
            continue;
        assert_ok(buf_set(&now, buf_view(&s->parts[i].value)));
        assert_ok(buf_set(&s->parts[i].value, buf_view(&before->value)));
        assert_int_not_equal(read_result(w, s), SOTTO_OK);
        assert_ok(buf_set(&s->parts[i].value, buf_view(&now)));
        mixed++;
    }
    assert_true(mixed >= 4); /* head, epoch, keys, nodes */
    assert_ok(read_result(w, s));
    store_clear(&old);
    world_free(w);
}

static void names_that_are_none_are_refused(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    const view names[] = {VIEW_LIT("\x09"),
                          VIEW_LIT("\x01\0"),
                          VIEW_LIT("\x05\0\0"),
                          VIEW_LIT("\x05\0\0\0\0"),
                          VIEW_LIT("\x05\0\0\1\0"),
                          VIEW_LIT("\x06\0\0\0\x09"),
                          VIEW_LIT("\x07\0\0\0\0\0\0\0\x09"),
                          VIEW_LIT("\x08\0\0\0\0\0\0\0\x09\1\0\0\0\0")};
    sotto_group_reader *reader = NULL;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (store_find(s, names[i]) != NULL)
            continue;
        store_put(s, names[i], VIEW_LIT("\0"));
        assert_int_not_equal(read_result(w, s), SOTTO_OK);
        store_remove(s, store_find(s, names[i]));
    }
    assert_ok(sotto_group_read_begin(&reader));
    assert_err(sotto_group_read_part(reader, (view){0}, VIEW_LIT("x")), VALUE);
    assert_err(sotto_group_read_part(reader, VIEW_LIT("a name of twenty-five byte"), VIEW_LIT("x")),
               VALUE);
    assert_err(sotto_group_read_part(reader, VIEW_LIT("\x01"), (view){0}), TRUNCATED);
    for (size_t twice = 0; twice < 2; twice++)
        for (size_t i = 0; i < s->count; i++)
            assert_ok(sotto_group_read_part(reader, part_name(&s->parts[i]),
                                            buf_view(&s->parts[i].value)));
    sotto_group *g = NULL;
    assert_err(sotto_group_read_end(&w->peers[0].m, &reader, &g), VALUE);
    assert_null(g);
    assert_null(reader);
    world_free(w);
}

/* Where a part says of which group it is. */
static uint8_t *group_id_in(const struct kept_part *part)
{
    for (size_t i = 0; i + 5 < part->value.len; i++)
        if (memcmp(part->value.data + i, "\x05group", 6) == 0)
            return part->value.data + i + 1;
    return NULL;
}

static void what_is_of_another_group_is_refused(void **state)
{
    (void)state;
    struct world *w = varied_world();
    struct part_store *s = &w->stores[0];
    size_t changed = 0;
    for (size_t i = 0; i < s->count; i++) {
        uint8_t kind = s->parts[i].name[0], *id = group_id_in(&s->parts[i]);
        if ((kind != PART_PAST && kind != PART_PENDING) || id == NULL)
            continue;
        id[0] ^= 1;
        assert_err(read_result(w, s), VALUE);
        id[0] ^= 1;
        if (kind == PART_PENDING) {
            id[5 + 7] ^= 1; /* of another epoch */
            assert_err(read_result(w, s), VALUE);
            id[5 + 7] ^= 1;
        }
        changed++;
    }
    assert_true(changed >= 3);
    assert_ok(read_result(w, s));
    world_free(w);
}

static void a_later_version_is_told(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 2, NULL);
    w->stores[0].parts[0].value.data[0]++;
    store_put(&w->stores[0], VIEW_LIT("\xf0"), VIEW_LIT("what it has besides"));
    assert_err(read_result(w, &w->stores[0]), VERSION);
    world_free(w);
}

static void no_parts_are_no_group(void **state)
{
    (void)state;
    sotto_group_reader *reader = NULL;
    sotto_group *g = NULL;
    sotto_mls m = {.crypto = crypto, .seed = {1}};
    assert_ok(sotto_group_read_begin(&reader));
    assert_err(sotto_group_read_end(&m, &reader, &g), VALUE);
    sotto_group_reader_free(NULL);
    assert_ok(sotto_group_read_begin(&reader));
    assert_ok(sotto_group_read_part(reader, VIEW_LIT("\x01"), VIEW_LIT("x")));
    sotto_group_reader_free(reader);
}

/* ---- Staged commits ---- */

static void leaves_equal(const sotto_mls_leaf *a, const sotto_mls_leaf *b)
{
    assert_int_equal(a->index, b->index);
    assert_true(view_equal(a->encoded, b->encoded));
}

static void proposals_equal(const sotto_mls_proposed *a, const sotto_mls_proposed *b)
{
    assert_int_equal(a->proposal.type, b->proposal.type);
    assert_int_equal(a->sender_type, b->sender_type);
    assert_int_equal(a->sender, b->sender);
    assert_int_equal(a->by_reference, b->by_reference);
    assert_true(view_equal(a->ref, b->ref));
    assert_true(view_equal(a->proposal.key_package, b->proposal.key_package));
    assert_true(view_equal(a->proposal.extensions, b->proposal.extensions));
    assert_true(view_equal(a->proposal.psk.id, b->proposal.psk.id));
    assert_true(view_equal(a->proposal.psk.nonce, b->proposal.psk.nonce));
    assert_true(view_equal(a->proposal.group_id, b->proposal.group_id));
    assert_int_equal(a->proposal.removed, b->proposal.removed);
    leaves_equal(&a->before, &b->before);
    leaves_equal(&a->after, &b->after);
}

static void changes_equal(const sotto_mls_change *a, const sotto_mls_change *b)
{
    assert_true(view_equal(a->group_id, b->group_id));
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->suite, b->suite);
    assert_int_equal(a->own, b->own);
    assert_int_equal(a->sender_type, b->sender_type);
    assert_int_equal(a->sender, b->sender);
    assert_int_equal(a->has_path, b->has_path);
    leaves_equal(&a->committer_before, &b->committer_before);
    leaves_equal(&a->committer_after, &b->committer_after);
    assert_true(view_equal(a->extensions_before, b->extensions_before));
    assert_true(view_equal(a->extensions_after, b->extensions_after));
    assert_int_equal(a->removes_us, b->removes_us);
    assert_int_equal(a->ends_group, b->ends_group);
    assert_true(view_equal(a->authenticated_data, b->authenticated_data));
    assert_int_equal(a->proposal_count, b->proposal_count);
    for (size_t i = 0; i < a->proposal_count; i++)
        proposals_equal(&a->proposals[i], &b->proposals[i]);
}

/* Writes it, starts the group again, and goes on with what is read back. */
static void staged_restart(struct world *w, size_t by, sotto_staged **staged)
{
    struct peer *p = &w->peers[by];
    sotto_buf bytes = {0}, again = {0};
    sotto_staged *back = NULL;
    sotto_mls_leaf a, b;
    uint32_t at = 0, at_back = 0;
    assert_ok(sotto_staged_write(*staged, &bytes));
    world_restart(w, by);
    assert_ok(sotto_staged_read(&p->m, p->group, buf_view(&bytes), &back));
    assert_ptr_equal(sotto_staged_change(back)->group, p->group);
    changes_equal(sotto_staged_change(*staged), sotto_staged_change(back));
    assert_true(view_equal(sotto_staged_commit(*staged), sotto_staged_commit(back)));
    assert_true(view_equal(sotto_staged_welcome(*staged), sotto_staged_welcome(back)));
    while (sotto_staged_next_member(*staged, &at, &a)) {
        assert_true(sotto_staged_next_member(back, &at_back, &b));
        leaves_equal(&a, &b);
    }
    assert_ok(sotto_staged_write(back, &again));
    assert_true(view_equal(buf_view(&bytes), buf_view(&again)));
    sotto_staged_free(*staged);
    *staged = back;
    buf_clear(&bytes);
    buf_clear(&again);
}

static sotto_err psk_of_test(void *context, const sotto_mls_psk_id *id, sotto_buf *ret_psk)
{
    (void)context;
    return view_equal(id->id, VIEW_LIT("known")) ? sotto_buf_set(ret_psk, VIEW_LIT("the secret"))
                                                 : SOTTO_E_NOTFOUND;
}

static void a_commit_on_its_way_survives_a_restart(void **state)
{
    (void)state;
    static const sotto_mls_rules rules = {.psk = psk_of_test};
    for (int open = 0; open < 2; open++) {
        const sotto_mls_settings settings = {.public_handshakes = open};
        struct world *w = world_new(SUITE, 4, &settings);
        for (size_t i = 0; i < WORLD; i++)
            w->peers[i].m.rules = &rules;
        const sotto_mls_proposal update = {.type = SOTTO_MLS_UPDATE};
        sotto_buf message = peer_propose(&w->peers[1], &update);
        for (size_t i = 0; i < 4; i++)
            if (i != 1)
                peer_hears_proposal(&w->peers[i], buf_view(&message), SOTTO_MLS_UPDATE);
        const sotto_mls_proposal by_value[] = {
            {.type = SOTTO_MLS_PSK,
             .psk = {.type = SOTTO_MLS_PSK_EXTERNAL, .id = VIEW_LIT("known")}},
            {.type = SOTTO_MLS_REMOVE, .removed = 3},
            {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&w->peers[4])},
            {.type = SOTTO_MLS_ADD, .key_package = peer_publish(&w->peers[5])},
            {.type = SOTTO_MLS_GROUP_CONTEXT_EXTENSIONS}};
        sotto_mls_commit_options options = {.proposals = by_value,
                                            .proposal_count = COUNT_OF(by_value),
                                            .authenticated_data = VIEW_LIT("seen by all")};
        sotto_staged *staged = NULL;
        assert_ok(sotto_group_commit(&w->peers[0].m, w->peers[0].group, &options, &staged));
        assert_int_equal(sotto_staged_change(staged)->proposal_count, 6);
        staged_restart(w, 0, &staged);
        for (size_t i = 1; i < 4; i++)
            peer_process(&w->peers[i], sotto_staged_commit(staged));
        w->count = 6;
        peer_join(&w->peers[4], sotto_staged_welcome(staged), &settings);
        peer_join(&w->peers[5], sotto_staged_welcome(staged), &settings);
        peer_merge(&w->peers[0], &staged);
        peers_agree(&w->peers[0], &w->peers[1]);
        world_restart_all(w);
        world_talks(w, 0);
        world_talks(w, 4);
        peers_commit(w->peers, 6, 0, NULL, 0);
        world_restart_all(w);
        sotto_buf_clear(&message);
        world_free(w);
    }
}

/* From five members to four, to one, and back. */
static void a_tree_shrinks_and_grows_on_its_way(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 5, NULL);
    sotto_mls_proposal removes[3];
    for (uint32_t i = 0; i < 3; i++)
        removes[i] = (sotto_mls_proposal){.type = SOTTO_MLS_REMOVE, .removed = i + 1};
    const sotto_mls_proposal last = {.type = SOTTO_MLS_REMOVE, .removed = 4};
    sotto_staged *staged = peer_commit(&w->peers[0], &last, 1);
    staged_restart(w, 0, &staged);
    peer_process(&w->peers[1], sotto_staged_commit(staged));
    peer_merge(&w->peers[0], &staged);
    peers_agree(&w->peers[0], &w->peers[1]);
    staged = peer_commit(&w->peers[0], removes, 3);
    staged_restart(w, 0, &staged);
    peer_merge(&w->peers[0], &staged);
    assert_int_equal(sotto_group_member_count(w->peers[0].group), 1);
    sotto_mls_proposal adds[3];
    for (size_t i = 0; i < 3; i++)
        adds[i] = (sotto_mls_proposal){.type = SOTTO_MLS_ADD,
                                       .key_package = peer_publish(&w->peers[5 + i])};
    staged = peer_commit(&w->peers[0], adds, 3);
    staged_restart(w, 0, &staged);
    peer_join(&w->peers[6], sotto_staged_welcome(staged), NULL);
    peer_merge(&w->peers[0], &staged);
    peers_agree(&w->peers[0], &w->peers[6]);
    world_restart(w, 0);
    world_free(w);
}

static void a_commit_is_read_in_its_epoch_alone(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 3, NULL);
    struct world *other = world_new(2, 2, NULL);
    sotto_buf bytes = {0};
    sotto_staged *staged = peer_commit(&w->peers[0], NULL, 0), *back = NULL;
    assert_ok(sotto_staged_write(staged, &bytes));
    sotto_staged_free(staged);
    assert_err(sotto_staged_read(&w->peers[0].m, other->peers[0].group, buf_view(&bytes), &back),
               NOT_NOW);
    peers_commit(w->peers, 3, 1, NULL, 0);
    assert_err(sotto_staged_read(&w->peers[0].m, w->peers[0].group, buf_view(&bytes), &back),
               NOT_NOW);
    bytes.data[0]++;
    assert_err(sotto_staged_read(&w->peers[0].m, w->peers[0].group, buf_view(&bytes), &back),
               VERSION);
    assert_null(back);
    buf_clear(&bytes);
    world_free(w);
    world_free(other);
}

static void what_is_no_commit_of_ours_is_not_written(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 2, NULL);
    sotto_buf bytes = {0};
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = peer_publish(&w->peers[2])};
    sotto_staged *own = peer_commit(&w->peers[0], &add, 1), *joined = NULL;
    sotto_mls_event event = peer_receive(&w->peers[1], sotto_staged_commit(own));
    assert_err(sotto_staged_write(event.staged, &bytes), USAGE);
    assert_ok(sotto_mls_join(&w->peers[2].m, sotto_staged_welcome(own),
                             buf_view(&w->peers[2].private_part), NULL, &joined));
    assert_err(sotto_staged_write(joined, &bytes), USAGE);
    sotto_staged_free(own);
    sotto_staged_free(joined);
    sotto_mls_event_clear(&event);
    world_free(w);
}

static void other_bytes_are_no_staged_commit(void **state)
{
    (void)state;
    struct world *w = world_new(SUITE, 4, NULL);
    struct peer *p = &w->peers[0];
    sotto_buf bytes = {0};
    uint64_t random = 1;
    const sotto_mls_proposal add = {.type = SOTTO_MLS_ADD,
                                    .key_package = peer_publish(&w->peers[5])};
    sotto_staged *staged = peer_commit(p, &add, 1), *back = NULL;
    assert_ok(sotto_staged_write(staged, &bytes));
    sotto_staged_free(staged);
    for (size_t len = 0; len < bytes.len; len += len < 200 ? 1 : 7)
        assert_int_not_equal(sotto_staged_read(&p->m, p->group, view_of(bytes.data, len), &back),
                             SOTTO_OK);
    for (int i = 0; i < 2000; i++) {
        uint8_t *byte = &bytes.data[draw(&random, (uint32_t)bytes.len)], before = *byte;
        *byte ^= (uint8_t)(1u << draw(&random, 8));
        if (sotto_staged_read(&p->m, p->group, buf_view(&bytes), &back) == SOTTO_OK)
            sotto_staged_free(MOVE(back));
        *byte = before;
    }
    assert_ok(buf_append(&bytes, VIEW_LIT("\0")));
    assert_err(sotto_staged_read(&p->m, p->group, buf_view(&bytes), &back), TRAILING);
    assert_null(back);
    buf_clear(&bytes);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_goes_on_from_what_was_written),
        cmocka_unit_test(what_is_written_in_pieces_is_what_is_written_as_a_whole),
        cmocka_unit_test(a_write_that_fails_is_made_again),
        cmocka_unit_test(keys_that_were_used_up_are_not_in_the_store),
        cmocka_unit_test(an_epoch_that_is_not_kept_leaves_nothing),
        cmocka_unit_test(an_epoch_that_is_over_is_not_written_again),
        cmocka_unit_test(late_messages_are_read_after_a_restart),
        cmocka_unit_test(an_own_update_survives_a_restart),
        cmocka_unit_test(a_group_that_has_ended_is_kept),
        cmocka_unit_test(settings_are_kept),
        cmocka_unit_test(small_changes_of_large_groups_are_small_writes),
        cmocka_unit_test(a_store_that_lost_a_part_is_refused),
        cmocka_unit_test(a_part_of_another_length_is_refused),
        cmocka_unit_test(a_part_with_other_bytes_is_refused_or_read_as_what_it_says),
        cmocka_unit_test(parts_of_different_times_are_refused),
        cmocka_unit_test(names_that_are_none_are_refused),
        cmocka_unit_test(what_is_of_another_group_is_refused),
        cmocka_unit_test(a_later_version_is_told),
        cmocka_unit_test(no_parts_are_no_group),
        cmocka_unit_test(a_commit_on_its_way_survives_a_restart),
        cmocka_unit_test(a_tree_shrinks_and_grows_on_its_way),
        cmocka_unit_test(a_commit_is_read_in_its_epoch_alone),
        cmocka_unit_test(what_is_no_commit_of_ours_is_not_written),
        cmocka_unit_test(other_bytes_are_no_staged_commit),
    };
    return cmocka_run_group_tests(tests, crypto_begin, crypto_end);
}
