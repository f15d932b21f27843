/* MLS over the public interface, beside its floor (mls_floor.h), in groups of N members (mls_world.h). What an operation takes in
 * primitive calls is written up for each row as a bill. Rows of messages and commits go on from epoch to epoch: making is
 * measured while the other side waits, and receiving with what was made before. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

#include "bench/mls_floor.h"
#include "bench/mls_world.h"
#include "mls/tree_math.h"
#include "mls/tree_path.h"

#define SIZES_MAX  16
#define QUEUE_MAX  65536 /* messages made before they are received */
#define SECRETS    70 /* bytes of an encoded GroupSecrets; a path secret more makes no difference */
#define LEAF_LEN   200 /* bytes that the hash of a leaf covers beside its keys */
#define PARENT_LEN 70  /* and that of a blank parent: two hashes with their lengths */
#define EPOCH      12  /* expands from joiner_secret to the last secret of an epoch */

/* One size, and what its operations work on. */
static struct {
    struct bench *bench;
    const char *only; /* rows whose names have it in them; NULL: all */
    struct mls_world world;
    struct mls_floor floor;
    struct mls_bill bill;
    sotto_group *receiver;
    sotto_buf commit; /* what cold receivers receive */
    sotto_buf *queue; /* messages on the way from `last` to `joiner` */
    size_t queued, taken;
    sotto_buf text, state;
} x;

static sotto_mls *m(void)
{
    return &x.world.m;
}

static bool done(sotto_err err, const char *what)
{
    if (err != SOTTO_OK)
        fprintf(stderr, "sotto-bench: %s: %s (check %u)\n", what, sotto_err_name(err), m()->check);
    return err == SOTTO_OK;
}

/* ---- bills ---- */

static sotto_err owe(enum mls_primitive primitive, size_t count, size_t len)
{
    return mls_bill_add(&x.floor, &x.bill, primitive, count, len);
}

static size_t leaf_len(void)
{
    return LEAF_LEN + kem_public_size(x.floor.suite->hpke.kem);
}

static size_t parent_len(bool blank)
{
    return PARENT_LEN + (blank ? 0 : 40 + kem_public_size(x.floor.suite->hpke.kem));
}

/* What is owed for a member's path, or for the part of it that a receiver follows. */
struct path_size {
    size_t nodes;   /* of the filtered direct path */
    size_t levels;  /* of the tree */
    size_t seals;   /* for the members that are there before */
    size_t derived; /* nodes that the receiver derives */
};

static struct path_size path_size(const sotto_group *g, uint32_t sender, uint32_t receiver)
{
    const struct tree *tree = g->epoch->tree;
    uint32_t meeting = tree_math_common_ancestor(2 * sender, 2 * receiver);
    struct tree_path path;
    struct path_size size = {.levels = tree_math_level(tree_math_root(tree_leaf_count(tree)))};
    tree_filtered_direct_path(tree, sender, &path);
    size.nodes = path.count;
    for (size_t i = 0; i < path.count; i++) {
        size.seals += tree_resolution_count(tree, path.steps[i].copath, NULL);
        size.derived += tree_math_level(path.steps[i].node) >= tree_math_level(meeting);
    }
    return size;
}

/* The tree after a path: the sender's leaf, its parents, and the hashes that they keep of each other (RFC 9420 7.8, 7.9). */
static sotto_err owe_path_hashes(const struct path_size *size)
{
    TRY(owe(MLS_HASH, 1, leaf_len()));
    TRY(owe(MLS_HASH, size->levels, parent_len(false)));
    return owe(MLS_HASH, size->nodes, parent_len(false));
}

/* RFC 9420 8, from one init_secret to the next, and the transcript over the commit. */
static sotto_err owe_epoch(size_t commit_len)
{
    TRY(owe(MLS_HASH, 1, commit_len));
    TRY(owe(MLS_HASH, 1, HASH_MAX));
    TRY(owe(MLS_EXTRACT, 3, 0)); /* joiner, member, confirmation_tag */
    return owe(MLS_EXPAND, EPOCH, 0);
}

/* RFC 9420 6.3: the ratchet's key and nonce, and its next secret; those of the sender data; both ciphertexts. */
static sotto_err owe_message(size_t len)
{
    TRY(owe(MLS_EXPAND, 5, 0));
    TRY(owe(MLS_AEAD, 1, len));
    return owe(MLS_AEAD, 1, 12);
}

/* The way down to a leaf's ratchets, once in an epoch (9.2). */
static sotto_err owe_ratchet(const struct path_size *size)
{
    return owe(MLS_EXPAND, 2 * size->levels + 2, 0);
}

static sotto_err owe_commit(const struct path_size *size, size_t commit_len)
{
    TRY(owe(MLS_KEY_PAIR, size->nodes + 1, 0));
    TRY(owe(MLS_EXPAND, 2 * (size->nodes + 1), 0));
    TRY(owe(MLS_EXTRACT, 2, 0)); /* of the info that all seals share */
    TRY(owe(MLS_RANDOM, size->seals + 2, 0));
    TRY(owe(MLS_SEAL, size->seals, x.floor.suite->hash_len));
    TRY(owe(MLS_SIGN, 1, leaf_len()));
    TRY(owe(MLS_SIGN, 1, commit_len));
    TRY(owe_path_hashes(size));
    TRY(owe_ratchet(size));
    TRY(owe_message(commit_len));
    return owe_epoch(commit_len);
}

static sotto_err owe_process(const struct path_size *size, size_t commit_len)
{
    TRY(owe_ratchet(size));
    TRY(owe_message(commit_len));
    TRY(owe(MLS_VERIFY, 1, commit_len));
    TRY(owe(MLS_VERIFY_LEAF, 1, 0));
    TRY(owe(MLS_PUBLIC_CHECK, size->nodes + 1, 0));
    TRY(owe_path_hashes(size));
    TRY(owe(MLS_EXTRACT, 2, 0));
    TRY(owe(MLS_OPEN, 1, x.floor.suite->hash_len));
    TRY(owe(MLS_KEY_PAIR, size->derived, 0));
    TRY(owe(MLS_EXPAND, 2 * size->derived, 0));
    return owe_epoch(commit_len);
}

/* A KeyPackage that is taken in, and what the Welcome has for it. */
static sotto_err owe_adds(size_t count)
{
    TRY(owe(MLS_VERIFY_LEAF, 2 * count, 0));
    TRY(owe(MLS_PUBLIC_CHECK, 2 * count, 0));
    TRY(owe(MLS_HASH, count, x.world.packages[0].len));
    TRY(owe(MLS_RANDOM, count, 0));
    return owe(MLS_SEAL, count, SECRETS);
}

static sotto_err owe_welcome(size_t group_info_len)
{
    TRY(owe(MLS_SIGN, 1, group_info_len));
    TRY(owe(MLS_AEAD, 1, group_info_len));
    TRY(owe(MLS_HASH, 1, group_info_len)); /* the context of its seals */
    return owe(MLS_EXPAND, 3, 0);
}

static sotto_err owe_group(void)
{
    TRY(owe(MLS_KEY_PAIR, 1, 0));
    TRY(owe(MLS_SIGN, 1, leaf_len()));
    TRY(owe(MLS_HASH, 1, leaf_len()));
    TRY(owe(MLS_HASH, 1, HASH_MAX));
    TRY(owe(MLS_EXTRACT, 1, 0));
    return owe(MLS_EXPAND, EPOCH - 2, 0);
}

static sotto_err owe_tree(uint32_t members, bool warm)
{
    TRY(owe(MLS_HASH, members, leaf_len()));
    return owe(MLS_HASH, (warm ? 2 : 1) * (size_t)members, parent_len(!warm));
}

static sotto_err owe_join(const struct path_size *size, uint32_t members, bool warm,
                          size_t group_info_len)
{
    TRY(owe(MLS_KEY_PAIR, 2 + (warm ? size->derived : 0), 0));
    TRY(owe(MLS_SIGN_KEY, 1, 0));
    TRY(owe(MLS_HASH, 1, x.world.packages[0].len));
    TRY(owe(MLS_HASH, 1, group_info_len));
    TRY(owe(MLS_OPEN, 1, SECRETS));
    TRY(owe(MLS_EXPAND, 3 + EPOCH + (warm ? 2 * size->derived : 0), 0));
    TRY(owe(MLS_EXTRACT, 4, 0));
    TRY(owe(MLS_AEAD, 1, group_info_len));
    TRY(owe(MLS_VERIFY, 1, group_info_len));
    TRY(owe(MLS_VERIFY_LEAF, members, 0));
    TRY(owe(MLS_PUBLIC_CHECK, (warm ? 2 : 1) * (size_t)members, 0));
    return owe_tree(members, warm);
}

static bool pay(void *unused)
{
    (void)unused;
    return done(mls_bill_pay(&x.floor, &x.bill), "floor");
}

/* ---- rows ---- */

static const char *const section_cold = "cold: all were added in one commit, all parents are blank";
static const char *const section_warm = "warm: every leaf has sent a path";
static const char *const section_alone = "one client";
static const char *const section_messages = "application messages";
static const char *const section_state = "one member's state";

static bool is_wanted(const char *op)
{
    return x.only == NULL || strstr(op, x.only) != NULL;
}

/* Times what the bill was written for, and drops it. */
static bool row(const char *section, const char *op, const char *unit, bench_op *ours,
                bool (*prepare)(void *, uint64_t), sotto_err billed)
{
    const struct bench_case t = {.section = section,
                                 .op = op,
                                 .n = x.world.n,
                                 .unit = unit,
                                 .ours = ours,
                                 .bare = pay,
                                 .prepare = prepare};
    bool ok = done(billed, op) && (!is_wanted(op) || bench_time(x.bench, &t, NULL));
    mls_bill_clear(&x.bill);
    return ok;
}

static bool key_package_once(void *unused)
{
    (void)unused;
    char name[24];
    DEFER(buf_clear) sotto_buf package = {0};
    DEFER(buf_clear) sotto_buf kept = {0};
    DEFER(buf_clear) sotto_buf ref = {0};
    const sotto_mls_client client = mls_world_client(&x.world, 0, name);
    return done(sotto_mls_key_package_new(m(), &client, NULL, &package, &kept, &ref), "KeyPackage");
}

static sotto_err key_package_bill(void)
{
    TRY(owe(MLS_KEY_PAIR, 2, 0));
    TRY(owe(MLS_SIGN, 2, leaf_len()));
    TRY(owe(MLS_RANDOM, 3, 0));
    return owe(MLS_HASH, 1, x.world.packages[0].len);
}

static bool group_once(void *unused)
{
    (void)unused;
    char name[24];
    DEFER(group_freep) sotto_group *g = NULL;
    const sotto_mls_client client = mls_world_client(&x.world, 0, name);
    return done(sotto_group_new(m(), &client, VIEW_LIT("a group"), (view){0}, NULL, &g), "group");
}

static sotto_err group_bill(void)
{
    TRY(owe(MLS_RANDOM, 5, 0));
    return owe_group();
}

static bool alone_rows(void)
{
    return row(section_alone, "make KeyPackage", "us", key_package_once, NULL,
               key_package_bill()) &&
           row(section_alone, "create group", "us", group_once, NULL, group_bill());
}

static bool build_once(void *unused)
{
    (void)unused;
    DEFER(group_freep) sotto_group *g = NULL;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    return done(mls_world_build(&x.world, &g, &staged), "build") &&
           done(sotto_staged_merge(m(), &g, &staged), "merge");
}

/* Bytes of the GroupInfo in a Welcome: nearly all of them are the tree. */
static size_t group_info_len(sotto_group *g)
{
    DEFER(buf_clear) sotto_buf info = {0};
    return done(sotto_group_info(m(), g, true, false, &info), "GroupInfo") ? info.len : 0;
}

static sotto_err build_bill(size_t info_len)
{
    size_t adds = x.world.n - 1, commit_len = adds * (x.world.packages[0].len + 2) + 200;
    const struct path_size size = {0};
    TRY(owe_group());
    TRY(owe_adds(adds));
    TRY(owe_tree(x.world.n, false));
    TRY(owe(MLS_SIGN, 1, commit_len));
    TRY(owe_ratchet(&size));
    TRY(owe_message(commit_len));
    TRY(owe_epoch(commit_len));
    return owe_welcome(info_len);
}

static bool join_once(uint32_t member, const sotto_buf *welcome)
{
    DEFER(group_freep) sotto_group *g = NULL;
    return done(mls_world_join(&x.world, member, buf_view(welcome), &g), "join");
}

static bool join_cold_once(void *unused)
{
    (void)unused;
    return join_once(x.world.n - 1, &x.world.welcome);
}

static bool join_warm_once(void *unused)
{
    (void)unused;
    return join_once(x.world.n, &x.world.joiner_welcome);
}

static bool create_cold_once(void *unused)
{
    (void)unused;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    return done(sotto_group_commit(m(), x.world.creator, NULL, &staged), "commit");
}

static bool receive_once(sotto_group *g, view message, sotto_mls_event_kind kind,
                         sotto_mls_event *ret_event)
{
    return done(sotto_group_receive(m(), g, message, ret_event), "receive") &&
           ret_event->kind == kind;
}

static bool process_cold_once(void *unused)
{
    (void)unused;
    sotto_mls_event event = {0};
    bool ok = receive_once(x.receiver, buf_view(&x.commit), SOTTO_MLS_EVENT_COMMIT, &event);
    sotto_mls_event_clear(&event);
    return ok;
}

/* One commit, which all rows of receivers take. */
static bool cold_commit(void)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    return done(sotto_group_commit(m(), x.world.creator, NULL, &staged), "commit") &&
           done(buf_set(&x.commit, sotto_staged_commit(staged)), "commit");
}

static bool process_cold_row(const char *op, sotto_group *receiver, uint32_t leaf)
{
    const struct path_size size = path_size(x.world.creator, 0, leaf);
    x.receiver = receiver;
    return row(section_cold, op, "us", process_cold_once, NULL, owe_process(&size, x.commit.len));
}

static size_t heap_bytes(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* What a group adds to the heap when it is joined; no row where the allocator does not count (AddressSanitizer's). */
static bool heap_row(const char *op, uint32_t member, const sotto_buf *welcome)
{
    DEFER(group_freep) sotto_group *g = NULL;
    size_t before = heap_bytes();
    if (!is_wanted(op) || before == 0)
        return true;
    if (!done(mls_world_join(&x.world, member, buf_view(welcome), &g), "join"))
        return false;
    const struct bench_row r = {.section = section_state,
                                .op = op,
                                .n = x.world.n,
                                .value = (double)(heap_bytes() - before) / 1024,
                                .unit = "KiB"};
    bench_row(x.bench, &r);
    return true;
}

static bool cold_rows(void)
{
    struct mls_world *w = &x.world;
    size_t info_len = group_info_len(w->creator);
    const struct path_size size = path_size(w->creator, 0, w->n - 1);
    return done(mls_floor_members(&x.floor, w->creator->epoch->tree, sotto_group_id(w->creator)),
                "floor") &&
           row(section_cold, "build group in one commit", "us", build_once, NULL,
               build_bill(info_len)) &&
           row(section_cold, "join, cold", "us", join_cold_once, NULL,
               owe_join(&size, w->n, false, info_len)) &&
           cold_commit() &&
           row(section_cold, "commit create, cold", "us", create_cold_once, NULL,
               owe_commit(&size, x.commit.len)) &&
           (w->near == NULL || process_cold_row("commit process, cold, near", w->near, 1)) &&
           process_cold_row("commit process, cold, far", w->last, w->n - 1) &&
           heap_row("heap, cold", w->n - 1, &w->welcome);
}

/* ---- a warm group, epoch after epoch ---- */

static bool add_once(void *unused)
{
    (void)unused;
    DEFER(staged_freep) sotto_staged *staged = NULL;
    return done(mls_world_add(&x.world, &staged), "add");
}

static sotto_err add_bill(const struct path_size *size, size_t commit_len, size_t info_len)
{
    TRY(owe_commit(size, commit_len));
    TRY(owe_adds(1));
    TRY(owe(MLS_HASH, 1, leaf_len()));
    return owe_welcome(info_len);
}

static bool send_commit(void)
{
    DEFER(staged_freep) sotto_staged *staged = NULL;
    return x.queued < QUEUE_MAX &&
           done(sotto_group_commit(m(), x.world.last, NULL, &staged), "commit") &&
           done(buf_set(&x.queue[x.queued++], sotto_staged_commit(staged)), "commit") &&
           done(sotto_staged_merge(m(), &x.world.last, &staged), "merge");
}

static bool take_commit(void)
{
    sotto_mls_event event = {0};
    bool ok = x.taken < x.queued &&
              receive_once(x.world.joiner, buf_view(&x.queue[x.taken++]), SOTTO_MLS_EVENT_COMMIT,
                           &event) &&
              done(sotto_staged_merge(m(), &x.world.joiner, &event.staged), "merge");
    sotto_mls_event_clear(&event);
    return ok;
}

static bool send_message(void)
{
    return x.queued < QUEUE_MAX && done(sotto_group_protect(m(), x.world.last, buf_view(&x.text),
                                                            (view){0}, 0, &x.queue[x.queued++]),
                                        "protect");
}

static bool take_message(void)
{
    sotto_mls_event event = {0};
    bool ok = x.taken < x.queued && receive_once(x.world.joiner, buf_view(&x.queue[x.taken++]),
                                                 SOTTO_MLS_EVENT_APPLICATION, &event);
    sotto_mls_event_clear(&event);
    return ok;
}

/* Two sides of one conversation: what is made, and what takes it. */
struct talk {
    bool (*send)(void), (*take)(void);
};
static const struct talk commits = {send_commit, take_commit};
static const struct talk messages = {send_message, take_message};

static bool take_all(const struct talk *talk)
{
    while (x.taken < x.queued)
        if (!talk->take())
            return false;
    x.taken = x.queued = 0;
    return true;
}

static bool send_many(const struct talk *talk, uint64_t count)
{
    if (!take_all(talk))
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (!talk->send())
            return false;
    return true;
}

static bool commit_create_once(void *unused)
{
    (void)unused;
    return send_commit();
}

static bool commit_create_prepare(void *unused, uint64_t count)
{
    (void)unused;
    (void)count;
    return take_all(&commits);
}

static bool commit_process_once(void *unused)
{
    (void)unused;
    return take_commit();
}

static bool commit_process_prepare(void *unused, uint64_t count)
{
    (void)unused;
    return send_many(&commits, count);
}

static bool encrypt_once(void *unused)
{
    (void)unused;
    return send_message();
}

static bool encrypt_prepare(void *unused, uint64_t count)
{
    (void)unused;
    (void)count;
    return take_all(&messages);
}

static bool decrypt_once(void *unused)
{
    (void)unused;
    return take_message();
}

static bool decrypt_prepare(void *unused, uint64_t count)
{
    (void)unused;
    return send_many(&messages, count);
}

static sotto_err encrypt_bill(void)
{
    TRY(owe(MLS_RANDOM, 2, 0));
    TRY(owe(MLS_SIGN, 1, x.text.len + sotto_group_context(x.world.last).len + 80));
    return owe_message(x.text.len + 70);
}

static sotto_err decrypt_bill(void)
{
    TRY(owe(MLS_VERIFY, 1, x.text.len + sotto_group_context(x.world.last).len + 80));
    return owe_message(x.text.len + 70);
}

static bool message_rows(size_t len, const char *encrypt, const char *decrypt)
{
    uint8_t *place;
    buf_reset(&x.text);
    if (!done(buf_extend(&x.text, len, &place), "text"))
        return false;
    memset(place, 'a', len);
    return row(section_messages, encrypt, "us", encrypt_once, encrypt_prepare, encrypt_bill()) &&
           row(section_messages, decrypt, "us", decrypt_once, decrypt_prepare, decrypt_bill()) &&
           take_all(&messages);
}

/* ---- state ---- */

static sotto_err part_count(void *context, view name, view value)
{
    *(size_t *)context += name.len + value.len;
    return SOTTO_OK;
}

/* One part behind the other: the lengths of name and value, and both. */
static sotto_err part_keep(void *context, view name, view value)
{
    sotto_buf *kept = context;
    struct wr w = wr_to(kept);
    wr_opaque(&w, name);
    wr_opaque(&w, value);
    return wr_end(&w);
}

static bool write_once(void *unused)
{
    (void)unused;
    size_t bytes = 0;
    return done(sotto_group_write(x.world.joiner, true, part_count, &bytes), "write");
}

static bool read_once(void *unused)
{
    (void)unused;
    sotto_group_reader *reader = NULL;
    DEFER(group_freep) sotto_group *g = NULL;
    bool ok = done(sotto_group_read_begin(&reader), "read");
    for (struct rd at = rd_of(buf_view(&x.state)); ok && rd_more(&at);) {
        view name = rd_opaque(&at, SIZE_MAX), value = rd_opaque(&at, SIZE_MAX);
        ok = done(sotto_group_read_part(reader, name, value), "read part");
    }
    ok = ok && done(sotto_group_read_end(m(), &reader, &g), "read end");
    sotto_group_reader_free(reader);
    return ok;
}

static void bytes_row(const char *op, size_t bytes)
{
    const struct bench_row r = {
        .section = section_state, .op = op, .n = x.world.n, .value = (double)bytes, .unit = "B"};
    if (is_wanted(op))
        bench_row(x.bench, &r);
}

/* What a store has to write of a group now; it does. */
static bool changed_bytes(sotto_group *g, size_t *bytes)
{
    size_t changed = 0;
    bool ok = done(sotto_group_write(g, false, part_count, &changed), "write");
    sotto_group_written(g);
    *bytes = changed > *bytes ? changed : *bytes;
    return ok;
}

/* After one more message or commit: that side which has to write more. */
static bool step_bytes(const struct talk *talk, size_t *ret_bytes)
{
    *ret_bytes = 0;
    return send_many(talk, 1) && take_all(talk) && changed_bytes(x.world.last, ret_bytes) &&
           changed_bytes(x.world.joiner, ret_bytes);
}

/* The first step of each kind may write what later ones find written. */
static bool state_rows(void)
{
    size_t message = 0, commit = 0;
    struct bench_case write = {.section = section_state,
                               .op = "write all",
                               .n = x.world.n,
                               .unit = "us",
                               .ours = write_once};
    struct bench_case read = write;
    read.op = "read all";
    read.ours = read_once;
    buf_reset(&x.state);
    if (!step_bytes(&commits, &commit) || !step_bytes(&messages, &message) ||
        !step_bytes(&messages, &message) || !step_bytes(&commits, &commit) ||
        !done(sotto_group_write(x.world.joiner, true, part_keep, &x.state), "write"))
        return false;
    bytes_row("written after a message", message);
    bytes_row("written after a commit", commit);
    bytes_row("all", x.state.len);
    return (!is_wanted(write.op) || bench_time(x.bench, &write, NULL)) &&
           (!is_wanted(read.op) || bench_time(x.bench, &read, NULL));
}

/* ---- all rows of a size ---- */

static bool add_row(void)
{
    struct mls_world *w = &x.world;
    const struct path_size size = path_size(w->last, w->n - 1, 0);
    DEFER(staged_freep) sotto_staged *staged = NULL;
    if (!done(mls_world_add(w, &staged), "add"))
        return false;
    size_t commit_len = sotto_staged_commit(staged).len;
    return row(section_warm, "add one, Welcome, warm", "us", add_once, NULL,
               add_bill(&size, commit_len, group_info_len(w->last)));
}

static bool update_rows(void)
{
    struct mls_world *w = &x.world;
    const struct path_size size = path_size(w->last, w->n - 1, w->n);
    if (!send_many(&commits, 1))
        return false;
    size_t commit_len = x.queue[0].len;
    return row(section_warm, "commit create, warm", "us", commit_create_once, commit_create_prepare,
               owe_commit(&size, commit_len)) &&
           row(section_warm, "commit process, warm", "us", commit_process_once,
               commit_process_prepare, owe_process(&size, commit_len)) &&
           take_all(&commits);
}

static bool warm_rows(void)
{
    struct mls_world *w = &x.world;
    if (!done(mls_world_warm(w), "warm") ||
        !done(mls_floor_members(&x.floor, w->last->epoch->tree, sotto_group_id(w->last)),
              "floor") ||
        !add_row() || !done(mls_world_grow(w), "grow") ||
        !done(mls_floor_members(&x.floor, w->joiner->epoch->tree, sotto_group_id(w->joiner)),
              "floor"))
        return false;
    const struct path_size size = path_size(w->last, w->n - 1, w->n);
    return row(section_warm, "join, warm", "us", join_warm_once, NULL,
               owe_join(&size, w->n + 1, true, group_info_len(w->joiner))) &&
           update_rows() && message_rows(64, "encrypt 64 B", "decrypt 64 B") &&
           message_rows(1024, "encrypt 1 KiB", "decrypt 1 KiB") &&
           message_rows(65536, "encrypt 64 KiB", "decrypt 64 KiB") &&
           heap_row("heap, warm", w->n, &w->joiner_welcome) && state_rows();
}

static bool size_rows(sotto_crypto *c, const struct mls_suite *suite, uint32_t n, bool first)
{
    bool ok = done(mls_world_begin(&x.world, c, suite, n), "group") && (!first || alone_rows()) &&
              cold_rows() && warm_rows();
    mls_world_end(&x.world);
    return ok;
}

/* ---- options ---- */

struct options {
    long suite;
    uint32_t sizes[SIZES_MAX];
    size_t size_count;
};

static bool sizes_read(const char *list, struct options *o)
{
    o->size_count = 0;
    for (;; list++) {
        char *end;
        unsigned long n = strtoul(list, &end, 10);
        if (end == list || n < 2 || n > 1000000 || o->size_count == SIZES_MAX)
            return false;
        o->sizes[o->size_count++] = (uint32_t)n;
        list = end;
        if (*list != ',')
            return *list == 0;
    }
}

static bool options_read(int argc, char **argv, struct options *o)
{
    for (int i = 0; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--suite") == 0)
            o->suite = strtol(argv[i + 1], NULL, 0);
        else if (strcmp(argv[i], "--op") == 0)
            x.only = argv[i + 1];
        else if (strcmp(argv[i], "--n") != 0 || !sizes_read(argv[i + 1], o))
            return false;
    }
    return o->suite > 0 && o->suite <= UINT16_MAX && mls_suite_find((uint16_t)o->suite) != NULL;
}

int bench_mls(struct bench *b, int argc, char **argv)
{
    struct options o = {.suite = 1, .sizes = {2, 8, 64, 512, 1000, 4096, 10000}, .size_count = 7};
    DEFER(crypto_freep) sotto_crypto *c = NULL;
    if (!options_read(argc, argv, &o)) {
        fprintf(
            stderr,
            "usage: sotto-bench mls [--suite NUMBER] [--n MEMBERS,...] [--op PART-OF-A-NAME]\n");
        return 2;
    }
    const struct mls_suite *suite = mls_suite_find((uint16_t)o.suite);
    x.bench = b;
    x.queue = calloc(QUEUE_MAX, sizeof *x.queue);
    bool ok = x.queue != NULL && crypto_new(&c) == SOTTO_OK &&
              done(mls_floor_begin(&x.floor, c, suite), "floor");
    b->backend = ok ? curve_backend_name(crypto_curve(c)) : NULL;
    for (size_t i = 0; ok && i < o.size_count; i++)
        ok = size_rows(c, suite, o.sizes[i], i == 0);
    mls_floor_end(&x.floor);
    for (size_t i = 0; x.queue != NULL && i < QUEUE_MAX; i++)
        buf_clear(&x.queue[i]);
    free(x.queue);
    buf_clear(&x.commit);
    buf_clear(&x.text);
    buf_clear(&x.state);
    return ok ? 0 : 1;
}
