#include "talk.h"

/* --- the epoch --- */

static void of_two_commits_of_one_epoch_the_first_wins(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    struct commit_header header = {0};
    sotto_buf late = commit_frame(&c, 1, &(struct wish){.delta = "another"}, &header);
    commits(&c, 0, (struct wish){0});
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_COMMIT);
    tell(&c.town, connection_of(1), &late);
    heard_error(&c, 1, SOTTO_E_EPOCH);
    assert_int_equal(heard(&c, 0, PROTO_ENTRY), 0);
    assert_int_equal(says(&c, 0, "nothing came of it"), 3);
    commits(&c, 1, (struct wish){0});
    chat_clear(&c);
}

static void the_entry_carries_header_and_commit(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    struct commit_header header = {0}, got = {0};
    struct proto_commit_entry commit = {0};
    sotto_buf frame = commit_frame(&c, 0, &(struct wish){0}, &header);
    tell(&c.town, connection_of(0), &frame);
    assert_ok(proto_commit_entry_read(heard_entry(&c, 1, 0).body, &commit));
    assert_ok(commit_header_read(commit.header, &got));
    assert_memory_equal(&got, &header, sizeof got);
    assert_true(view_equal(commit.body, VIEW_LIT("a commit")));
    chat_clear(&c);
}

static void a_header_must_fit(void **state)
{
    (void)state;
    static const struct {
        struct wish wish;
        sotto_err wanted;
    } cases[] = {
        {{.false_signature = true}, SOTTO_E_SIGNATURE},
        {{.false_previous = true}, SOTTO_E_CONFLICT},
        {{.false_hash = true}, SOTTO_E_DENIED},
        {{.other_stream = true}, SOTTO_E_DENIED},
        {{.other_op = true}, SOTTO_E_DENIED},
        {{.other_device = true}, SOTTO_E_DENIED},
        {{.other_account = true}, SOTTO_E_DENIED},
        {{.epoch = 1}, SOTTO_E_EPOCH},
        {{.epoch = 3}, SOTTO_E_EPOCH},
    };
    struct chat c = talk_of(no_limits(), 2);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        ask_commit(&c, 0, cases[i].wish);
        heard_error(&c, 0, cases[i].wanted);
        assert_int_equal(heard(&c, 1, PROTO_ENTRY), 0);
    }
    commits(&c, 0, (struct wish){0});
    chat_clear(&c);
}

static void commits_are_limited_for_each_member(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.commits = 2;
    struct chat c = talk_of(limits, 2); /* one so far */
    commits(&c, 0, (struct wish){0});
    ask_commit(&c, 0, (struct wish){0});
    heard_error(&c, 0, SOTTO_E_RATE);
    assert_int_equal(limited(&c.town.w, RATE_COMMIT), 1);
    commits(&c, 1, (struct wish){0});
    later(&c.town, 10000);
    commits(&c, 0, (struct wish){0});
    chat_clear(&c);
}

static void ask_state(struct chat *c, size_t who, view token, uint64_t from)
{
    sotto_buf frame = {0};
    struct proto_state_get get = {.token = token, .from_epoch = from};
    memcpy(get.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_get_write(41, &get, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static struct proto_state heard_state(struct chat *c, size_t who)
{
    struct proto_state state = {0};
    assert_ok(proto_state_read(nth(c, who, PROTO_STATE, 0).body, &state));
    return state;
}

static void ask_state_put(struct chat *c, size_t who, uint8_t kind, uint64_t epoch, view body)
{
    sotto_buf frame = {0};
    struct proto_state_put put = {
        .epoch = epoch, .kind = kind, .state_key_epoch = epoch, .body = body};
    memcpy(put.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_put_write(42, &put, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static void heard_rate(struct chat *c, size_t who, uint32_t retry_ms)
{
    struct proto_error error = {0};
    heard_error(c, who, SOTTO_E_RATE);
    assert_ok(proto_error_read(nth(c, who, PROTO_ERROR, 0).body, &error));
    assert_int_equal(error.retry_ms, retry_ms);
}

static void welcomes_count_as_bytes_of_the_commit(void **state)
{
    (void)state;
    static const uint8_t two_kib[2048];
    struct limits limits = no_limits();
    limits.handshake_kib = 6;
    limits.handshake_kib_ms = 1000;
    struct chat c = talk_of(limits, 2); /* one */
    const struct wish again = {.add = {1}, .add_count = 1, .welcome = VIEW_OF(two_kib)};
    commits(&c, 0, again); /* four */
    ask_commit(&c, 0, again);
    heard_rate(&c, 0, 1000);
    commits(&c, 0, (struct wish){0}); /* five */
    chat_clear(&c);
}

static const uint8_t four_kib[PROTO_HASH] = {4}; /* the hash of a blob */

/* Whatever names it, and one that is everybody's welcome once. */
static void blobs_count_as_bytes_of_the_commit(void **state)
{
    (void)state;
    const struct wish wishes[] = {
        {.blob = VIEW_OF(four_kib)},
        {.delta_blob = VIEW_OF(four_kib)},
        {.add = {1, 2}, .add_count = 2, .welcome_blob = VIEW_OF(four_kib)},
    };
    struct limits limits = no_limits();
    limits.handshake_kib = 8;
    limits.handshake_kib_ms = 1000;
    struct chat c = talk_of(limits, 3);
    blob_store(&c, four_kib, 4096);
    for (size_t i = 0; i < COUNT_OF(wishes); i++) {
        later(&c.town, 8000);
        commits(&c, 0, wishes[i]); /* five */
        ask_commit(&c, 0, wishes[i]);
        heard_rate(&c, 0, 2000);
    }
    chat_clear(&c);
}

static void ask_state_put_blob(struct chat *c, size_t who, uint8_t kind)
{
    sotto_buf frame = {0};
    struct proto_state_put put = {.epoch = c->epoch, .kind = kind, .blob = VIEW_OF(four_kib)};
    memcpy(put.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_put_write(42, &put, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static void blobs_of_deltas_count_and_those_of_snapshots_do_not(void **state)
{
    (void)state;
    static const size_t who = 1;
    struct limits limits = no_limits();
    limits.handshake_kib = 8;
    limits.handshake_kib_ms = 1000;
    struct chat c = talk_of(limits, 2);
    blob_store(&c, four_kib, 4096);
    for (int i = 0; i < 3; i++) {
        ask_state_put_blob(&c, who, STATE_SNAPSHOT); /* three in all */
        got_ok(world(&c), connection_of(who), 42);
    }
    ask_state_put_blob(&c, who, STATE_DELTA); /* eight */
    got_ok(world(&c), connection_of(who), 42);
    ask_state_put_blob(&c, who, STATE_DELTA);
    heard_rate(&c, who, 5000);
    ask_state_put_blob(&c, who, STATE_SNAPSHOT);
    heard_rate(&c, who, 1000);
    chat_clear(&c);
}

/* Four KiB for each in a conversation: what is never lost, by whichever request. */
static void what_is_never_lost_is_limited_for_each_member(void **state)
{
    (void)state;
    static const char two_kib[2048] = {0};
    static const size_t who = 1;
    struct limits limits = no_limits();
    limits.handshake_kib = 4;
    limits.handshake_kib_ms = 1000;
    struct chat c = talk_of(limits, 2);
    commits(&c, who, (struct wish){0});                               /* one */
    ask_append_kind(&c, who, ENTRY_PROPOSAL, view_of(two_kib, 2048)); /* three */
    heard_appended(&c, who);
    ask_state_put(&c, who, STATE_DELTA, c.epoch, VIEW_LIT("one, and one for the row"));
    heard_rate(&c, who, 1000);
    ask_append_kind(&c, who, ENTRY_PROPOSAL, view_of(two_kib, 2048));
    heard_rate(&c, who, 1000);
    assert_int_equal(heard(&c, 0, PROTO_ENTRY), 0);
    commits(&c, who, (struct wish){0}); /* four */
    ask_commit(&c, who, (struct wish){0});
    heard_rate(&c, who, 1000);
    says(&c, who, "a message may be lost");
    commits(&c, 0, (struct wish){0}); /* another member */
    later(&c.town, 1000);
    ask_append_kind(&c, who, ENTRY_PROPOSAL, VIEW_LIT("small"));
    heard_appended(&c, who);
    ask_append_kind(&c, who, ENTRY_PROPOSAL, VIEW_LIT("small"));
    heard_rate(&c, who, 1000);
    chat_clear(&c);
}

static void ask_headers(struct chat *c, size_t who, uint64_t from_epoch)
{
    struct proto_headers wanted = {.from_epoch = from_epoch};
    sotto_buf frame = {0};
    memcpy(wanted.stream, c->stream, STREAM_ID);
    assert_ok(proto_headers_write(40, &wanted, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static void headers_can_be_read_again(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    struct proto_header_list list = {0};
    struct commit_header header = {0};
    for (int i = 0; i < 3; i++)
        commits(&c, 0, (struct wish){0});
    ask_headers(&c, 1, 2);
    assert_ok(proto_header_list_read(nth(&c, 1, PROTO_HEADER_LIST, 0).body, &list));
    assert_int_equal(list.headers.count, 3);
    struct rd r = rd_of(list.headers.bytes);
    for (uint64_t epoch = 2; epoch <= 4; epoch++) {
        assert_ok(commit_header_read(proto_header_next(&r), &header));
        assert_int_equal(header.epoch, epoch);
    }
    uint8_t last[PROTO_HASH];
    assert_ok(commit_header_hash(c.town.crypto, &header, last));
    assert_memory_equal(last, c.header_hash, sizeof last);
    chat_clear(&c);
}

/* --- who reads --- */

static void who_is_added_gets_a_welcome_and_reads_from_there(void **state)
{
    (void)state;
    struct chat c = talk_without_one(no_limits(), 3);
    struct proto_welcome_entry welcome = {0};
    says(&c, 0, "before");
    ask_listen(&c, 2, 100000);
    uint64_t seq = commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1); /* the welcome, not the commit */
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    struct proto_entry entry = heard_entry(&c, 2, 0);
    assert_int_equal(entry.kind, ENTRY_WELCOME);
    assert_ok(proto_welcome_entry_read(entry.body, &welcome));
    assert_memory_equal(welcome.stream, c.stream, STREAM_ID);
    assert_int_equal(welcome.seq, seq);
    says(&c, 1, "welcome");
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    ask_read(&c, 2, 0, 100000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1); /* nothing from before its time */
    chat_clear(&c);
}

static void who_is_removed_reads_up_to_that_and_is_told(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    struct notice notice = {0};
    says(&c, 0, "before");
    uint64_t seq = commits(&c, 0, (struct wish){.remove = {2}, .remove_count = 1});
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 2); /* the commit, and the notice */
    assert_int_equal(heard_entry(&c, 2, 0).kind, ENTRY_COMMIT);
    struct proto_entry entry = heard_entry(&c, 2, 1);
    assert_int_equal(entry.kind, ENTRY_NOTICE);
    assert_ok(notice_read(entry.body, &notice));
    assert_int_equal(notice.seq, seq);
    assert_memory_equal(notice.device_id, gadget_of(&c.voices[2])->id, DEVICE_ID);
    assert_memory_equal(notice.account_id, c.voices[2].person.account.account_id, ACCOUNT_ID);
    assert_ok(notice_verify(c.town.crypto, &notice, sign_key_public(c.town.root).data));
    says(&c, 0, "after");
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 0);
    ask_append(&c, 2, "I am still here");
    heard_error(&c, 2, SOTTO_E_DENIED);
    ask_commit(&c, 2, (struct wish){0});
    heard_error(&c, 2, SOTTO_E_DENIED);
    ask_read(&c, 2, 1, 100000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 2);
    assert_int_equal(heard_end(&c, 2).head, seq);
    ask_headers(&c, 2, 1);
    heard_error(&c, 2, SOTTO_E_DENIED); /* who commits later is none of its business */
    crash(&c);
    for (size_t who = 0; who < 3; who++)
        come_in(&c, who);
    ask_ack(&c, 0, seq + 1);
    ask_ack(&c, 1, seq + 1); /* the others have done with it */
    ask_read(&c, 2, 1, 100000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 2, 0).kind, ENTRY_APPLICATION);
    ask_ack(&c, 2, seq);
    assert_int_equal(core_count(world(&c)->core).queued, 3); /* two welcomes and a notice */
    chat_clear(&c);
}

static void who_is_removed_and_added_in_one_commit_goes_on(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    commits(&c, 0, (struct wish){.add = {1}, .add_count = 1, .remove = {1}, .remove_count = 1});
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2); /* the commit and a welcome, no notice */
    says(&c, 0, "hello again");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    says(&c, 1, "hello");
    chat_clear(&c);
}

/* 1: it is added; 2: "read"; 3: "unread"; 4: it is removed; 5: "secret"; 6: it is added again; 7: "welcome". */
static void go_and_return(struct chat *c, size_t who)
{
    go_out(c, who);
    says(c, 0, "unread");
    commits(c, 0, (struct wish){.remove = {who}, .remove_count = 1});
    says(c, 0, "secret");
    commits(c, 0, (struct wish){.add = {who}, .add_count = 1});
    says(c, 0, "welcome");
    come_in(c, who);
}

static void who_returns_reads_what_was_unread_and_nothing_that_was_said_meanwhile(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_ack(&c, 1, says(&c, 0, "read"));
    go_and_return(&c, 1);
    wait_for(&c, 60000);
    ask_read(&c, 1, 2, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 4);
    struct proto_entry unread = heard_entry(&c, 1, 0), gap = heard_entry(&c, 1, 2),
                       welcome = heard_entry(&c, 1, 3);
    uint64_t lost_from = 0;
    assert_true(text_is(&unread, "unread"));
    assert_int_equal(heard_entry(&c, 1, 1).kind, ENTRY_COMMIT); /* that removed it */
    assert_int_equal(gap.kind, ENTRY_LOST);
    assert_int_equal(gap.seq, 6);
    assert_ok(proto_lost_entry_read(gap.body, &lost_from));
    assert_int_equal(lost_from, 5);
    assert_true(text_is(&welcome, "welcome"));
    ask_read(&c, 1, 4, 100000); /* from the edge, and from inside */
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    ask_read(&c, 1, 5, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_LOST);
    chat_clear(&c);
}

static void a_page_may_end_anywhere_about_a_gap(void **state)
{
    (void)state;
    static const uint64_t seqs[] = {2, 3, 4, 6, 7};
    struct chat c = talk_of(no_limits(), 2);
    ask_ack(&c, 1, 1);
    says(&c, 0, "read");
    go_and_return(&c, 1);
    uint64_t after = 1;
    size_t told = 0;
    while (after < 7) {
        ask_read(&c, 1, after, 1); /* an entry a page, and marks with it */
        for (size_t i = 0; i < heard(&c, 1, PROTO_ENTRY); i++)
            assert_int_equal(heard_entry(&c, 1, i).seq, seqs[told++]);
        assert_true(heard_end(&c, 1).next > after);
        after = heard_end(&c, 1).next;
    }
    assert_int_equal(told, COUNT_OF(seqs));
    chat_clear(&c);
}

static void who_returns_announces_no_branch_from_an_entry_of_meanwhile(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}); /* 2 */
    commits(&c, 0, (struct wish){0});                                /* 3 */
    commits(&c, 0, (struct wish){.add = {1}, .add_count = 1});       /* 4 */
    sotto_buf branch = branch_of(&c, 1, 3);
    ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&branch));
    heard_error(&c, 1, SOTTO_E_DENIED);
    buf_clear(&branch);
    branch = branch_of(&c, 1, 2);
    ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&branch));
    heard_appended(&c, 1);
    buf_clear(&branch);
    chat_clear(&c);
}

static void who_returns_and_has_unread_entries_reads_them_before_it_is_pushed_more(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    go_out(&c, 2);
    come_in(&c, 2);
    ask_listen(&c, 2, 10);
    says(&c, 0, "too much for one of them");
    assert_int_equal(heard(&c, 2, PROTO_BEHIND), 1);
    commits(&c, 0, (struct wish){.remove = {1, 2}, .remove_count = 2});
    go_out(&c, 1);
    come_and_listen(&c, 1); /* another session: what was pushed in the one before is unread */
    ask_listen(&c, 2, 1000000);
    commits(&c, 0, (struct wish){.add = {1, 2}, .add_count = 2});
    says(&c, 0, "later");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY) + heard(&c, 2, PROTO_ENTRY), 0);
    for (size_t who = 1; who < 3; who++) {
        ask_read(&c, who, 1, 100000);
        assert_int_equal(heard(&c, who, PROTO_ENTRY), 4);
        assert_true(heard_end(&c, who).live);
    }
    says(&c, 0, "now");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void who_read_to_its_end_is_pushed_what_follows_its_return(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (size_t who = 1; who < 3; who++) {
        go_out(&c, who);
        come_in(&c, who);
        ask_listen(&c, who, 10);
    }
    says(&c, 0, "too much for them");
    uint64_t end = commits(&c, 0, (struct wish){.remove = {1, 2}, .remove_count = 2});
    ask_ack(&c, 1, end); /* one has read it in an earlier session, the other one reads it now */
    ask_read(&c, 2, 1, 100000);
    assert_int_equal(heard_end(&c, 2).next, end);
    assert_false(heard_end(&c, 2).live);
    for (size_t who = 1; who < 3; who++)
        ask_listen(&c, who, 1000000);
    commits(&c, 0, (struct wish){.add = {1, 2}, .add_count = 2});
    says(&c, 0, "welcome");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

/* 1 to 7 as above, and: 8: "unread"; 9: removed; 10: "secret"; 11: added; 12: "welcome". */
static void who_is_away_twice_reads_nothing_of_either_time(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_ack(&c, 1, says(&c, 0, "read"));
    go_and_return(&c, 1);
    go_and_return(&c, 1); /* it has read nothing in between: that is lost to it, and told */
    ask_read(&c, 1, 2, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 4);
    assert_int_equal(heard_entry(&c, 1, 1).seq, 4);
    assert_int_equal(heard_entry(&c, 1, 2).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 2).seq, 11);
    ask_ack(&c, 1, 12);
    go_and_return(&c, 1);
    crash(&c);
    for (size_t i = 0; i < c.count; i++)
        come_in(&c, i);
    ask_read(&c, 1, 12, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 4);
    struct proto_entry unread = heard_entry(&c, 1, 0);
    assert_int_equal(unread.seq, 13);
    assert_true(text_is(&unread, "unread"));
    assert_int_equal(heard_entry(&c, 1, 2).kind, ENTRY_LOST);
    assert_int_equal(heard_entry(&c, 1, 2).seq, 16);
    chat_clear(&c);
}

static void what_was_read_to_the_end_holds_nothing_back_later(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_ack(&c, 1, commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}));
    says(&c, 0, "secret");
    uint64_t back = commits(&c, 0, (struct wish){.add = {1}, .add_count = 1});
    wait_for(&c, 60000);
    assert_int_equal(core_count(world(&c)->core).queued, 3); /* in its inbox */
    says(&c, 0, "welcome");
    ask_read(&c, 1, back, 100000);
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void unknown_devices_and_doubles_are_not_added(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    c.voices[3].person = person_of(&c.town, "nobody@" HOST);
    ask_commit(&c, 0, (struct wish){.add = {3}, .add_count = 1});
    heard_error(&c, 0, SOTTO_E_NOTFOUND);
    ask_commit(&c, 0, (struct wish){.add = {1, 1}, .add_count = 2});
    heard_error(&c, 0, SOTTO_E_DENIED);
    commits(&c, 0, (struct wish){0});
    person_clear(&c.voices[3].person);
    chat_clear(&c);
}

/* Two are in it, and the third finds no room. */
static struct chat full_talk_of(struct limits limits)
{
    struct chat c = talk_without_one(limits, 3);
    ask_commit(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    heard_error(&c, 0, SOTTO_E_FULL);
    return c;
}

static void a_conversation_has_so_many_devices(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.stream_devices = 2;
    struct chat c = full_talk_of(limits);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1});
    commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    chat_clear(&c);
}

static void a_conversation_has_so_many_accounts(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    limits.stream_accounts = 2;
    struct chat c = full_talk_of(limits);
    ask_subscribe(&c, 2, c.token);
    heard_error(&c, 2, SOTTO_E_FULL);
    commits(&c, 0, (struct wish){.add = {1}, .add_count = 1, .remove = {1}, .remove_count = 1});
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1});
    commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    chat_clear(&c);
}

static void an_account_is_in_so_many_conversations(void **state)
{
    (void)state;
    static const uint8_t third[STREAM_ID] = {3};
    struct limits limits = no_limits();
    limits.conversations = 2;
    struct chat c = talk_of(limits, 2);
    struct talk first = talk_change(&c, (struct talk){.stream = {2}, .token = 50});
    converse(&c);
    ask_create(&c, 0, third);
    heard_error(&c, 0, SOTTO_E_FULL);
    c.voices[2].person = member_of(&c.town, "carol@" HOST);
    c.count = 3;
    come_in(&c, 2);
    struct talk second = talk_change(&c, (struct talk){.stream = {4}, .token = 70});
    ask_create(&c, 2, c.stream);
    ask_commit(&c, 2, (struct wish){.add = {1}, .add_count = 1}); /* by others neither */
    heard_error(&c, 2, SOTTO_E_FULL);
    struct talk fourth = talk_change(&c, second);
    commits(&c, 0, (struct wish){.remove = {1}, .remove_count = 1}); /* it is in one less */
    talk_change(&c, fourth);
    commits(&c, 2, (struct wish){.add = {1}, .add_count = 1});
    talk_change(&c, first);
    ask_unsubscribe(&c, 0);
    ask_create(&c, 0, third);
    heard_appended(&c, 0);
    ask_subscribe(&c, 0, c.token);
    heard_error(&c, 0, SOTTO_E_FULL);
    chat_clear(&c);
}

/* --- tokens --- */

static void the_token_of_the_epoch_lets_one_read_again(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    ask_unsubscribe(&c, 2);
    says(&c, 0, "while away");
    ask_subscribe(&c, 2, 99);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_subscribe(&c, 2, c.token);
    assert_int_equal(heard_appended(&c, 2).seq, 2);
    says(&c, 0, "hello");
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    ask_read(&c, 2, 0, 1000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

/* The store has no memory left to begin: what the core changed in its own is undone. */
static void a_return_that_was_not_stored_did_not_happen(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    struct world *w = world(&c);
    sotto_buf frame = {0};
    uint8_t token[32];
    ask_unsubscribe(&c, 2);
    memset(token, c.token, sizeof token);
    struct proto_subscribe subscribe = {.op = ++c.voices[2].op, .token = VIEW_OF(token)};
    memcpy(subscribe.stream, c.stream, STREAM_ID);
    assert_ok(proto_subscribe_write(36, &subscribe, &frame));
    core_effects_reset(&w->fx);
    store_memory_fail(c.town.store, SOTTO_E_NOMEM, 0);
    const struct core_event event = {
        .kind = CORE_FRAME, .connection = connection_of(2), .frame = buf_view(&frame)};
    assert_int_equal(core_step(w->core, &event, w->now_ms, &w->rng, &w->fx), SOTTO_E_NOMEM);
    assert_true(core_is_dirty(w->core));
    store_memory_fail(c.town.store, SOTTO_OK, 0);
    assert_ok(core_rollback(w->core, SOTTO_E_NOMEM, w->now_ms, &w->fx));
    come_in(&c, 2);
    tell(&c.town, connection_of(2), &frame);
    heard_appended(&c, 2);
    crash(&c);
    come_and_listen(&c, 2);
    come_in(&c, 0);
    says(&c, 0, "hello");
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

static void who_was_removed_gets_in_by_no_token_that_it_knows(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 4);
    uint8_t known = c.token;
    ask_unsubscribe(&c, 3); /* before it is removed */
    commits(&c, 0, (struct wish){.remove = {2, 3}, .remove_count = 2});
    ask_subscribe(&c, 2, known);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_unsubscribe(&c, 2); /* after it */
    got_ok(world(&c), connection_of(2), 35);
    for (size_t who = 2; who < 4; who++) {
        ask_subscribe(&c, who, known);
        heard_error(&c, who, SOTTO_E_NOTFOUND);
        sotto_buf correction = correction_of(&c, who, c.epoch, known);
        ask_append_kind(&c, who, ENTRY_TOKEN, buf_view(&correction));
        heard_error(&c, who, SOTTO_E_NOTFOUND);
        buf_clear(&correction);
    }
    ask_subscribe(&c, 2, c.token); /* told by a member: it is in again */
    heard_appended(&c, 2);
    chat_clear(&c);
}

static void who_never_read_it_gets_in_by_no_token_of_before(void **state)
{
    (void)state;
    struct chat c = talk_without_one(no_limits(), 4);
    commits(&c, 0, (struct wish){.remove = {2}, .remove_count = 1});
    ask_subscribe(&c, 3, (uint8_t)(c.token - 1)); /* told by the one that was removed */
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    chat_clear(&c);
}

static void the_token_before_is_good_for_correcting_alone(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 4);
    ask_unsubscribe(&c, 3);
    commits(&c, 0, (struct wish){0});
    sotto_buf correction = correction_of(&c, 3, c.epoch, 77);
    ask_append_kind(&c, 3, ENTRY_TOKEN, buf_view(&correction));
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    buf_clear(&correction);
    ask_subscribe(&c, 3, (uint8_t)(c.token - 1));
    heard_appended(&c, 3);
    says(&c, 0, "not for you");
    assert_int_equal(heard(&c, 3, PROTO_ENTRY), 0);
    ask_read(&c, 3, 0, 1000);
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    ask_append(&c, 3, "not from you");
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    ask_append_kind(&c, 3, ENTRY_READD, VIEW_LIT("my key package"));
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    ask_commit(&c, 3, (struct wish){0});
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    crash(&c);
    for (size_t i = 0; i < c.count; i++)
        come_in(&c, i);
    correction = correction_of(&c, 3, c.epoch, 77);
    ask_append_kind(&c, 3, ENTRY_TOKEN, buf_view(&correction));
    heard_appended(&c, 3);
    buf_clear(&correction);
    ask_subscribe(&c, 3, 77);
    heard_appended(&c, 3);
    says(&c, 3, "here again");
    chat_clear(&c);
}

static void the_token_before_is_good_in_one_epoch_and_for_a_month(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    commits(&c, 0, (struct wish){0});
    ask_unsubscribe(&c, 1);
    ask_subscribe(&c, 1, (uint8_t)(c.token - 1));
    heard_appended(&c, 1);
    commits(&c, 0, (struct wish){0});
    sotto_buf correction = correction_of(&c, 1, c.epoch, 77);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_error(&c, 1, SOTTO_E_NOTFOUND);
    buf_clear(&correction);
    later(&c.town, UINT64_C(31) * 86400 * 1000);
    ask_subscribe(&c, 1, (uint8_t)(c.token - 1));
    heard_error(&c, 1, SOTTO_E_NOTFOUND);
    ask_subscribe(&c, 1, c.token);
    heard_appended(&c, 1);
    chat_clear(&c);
}

/* The row that would tell it goes two months after that, the token a month after the commit. */
static void who_left_two_months_ago_is_as_one_who_never_read_it(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    ask_unsubscribe(&c, 1);
    ask_unsubscribe(&c, 2);
    later(&c.town, UINT64_C(29) * 86400 * 1000);
    commits(&c, 0, (struct wish){0});
    wait_for(&c, UINT64_C(29) * 86400 * 1000); /* the stream is in memory no more */
    ask_subscribe(&c, 1, (uint8_t)(c.token - 1));
    heard_appended(&c, 1);
    sotto_buf correction = correction_of(&c, 1, c.epoch, 77);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_appended(&c, 1);
    buf_clear(&correction);
    commits(&c, 0, (struct wish){0});
    wait_for(&c, UINT64_C(3) * 86400 * 1000);
    ask_subscribe(&c, 2, 77);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    chat_clear(&c);
}

/* The creator's conversation before its first commit. */
static void in_epoch_0_nobody_corrects_a_token_unseen(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 2);
    ask_create(&c, 0, c.stream);
    ask_subscribe(&c, 1, c.token);
    heard_appended(&c, 1);
    says(&c, 0, "hello");
    ask_unsubscribe(&c, 1);
    sotto_buf correction = correction_of(&c, 1, 0, 77);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_error(&c, 1, SOTTO_E_NOTFOUND);
    buf_clear(&correction);
    chat_clear(&c);
}

static void who_left_is_told_of_no_stream_and_may_be_added_again(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    sotto_buf frame = {0};
    uint8_t none[STREAM_ID] = {0};
    ask_unsubscribe(&c, 2);
    assert_ok(proto_streams_write(50, none, &frame));
    tell(&c.town, connection_of(2), &frame);
    struct proto_stream_list list = {0};
    assert_ok(proto_stream_list_read(nth(&c, 2, PROTO_STREAM_LIST, 0).body, &list));
    assert_int_equal(list.streams.count, 1); /* its inbox */
    ask_unsubscribe(&c, 2);
    assert_int_equal(heard(&c, 2, PROTO_ERROR), 1);
    says(&c, 0, "while away");
    uint64_t added = commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    says(&c, 0, "welcome");
    ask_read(&c, 2, 0, 1000);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    assert_int_equal(heard_entry(&c, 2, 0).seq, added + 1);
    chat_clear(&c);
}

/* Those who left have no part in a listen of theirs, wherever the stream is then. */
static void who_left_and_came_in_again_is_pushed_what_follows_its_return(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    for (size_t who = 1; who < 3; who++) {
        ask_unsubscribe(&c, who);
        go_out(&c, who);
    }
    says(&c, 0, "while away");
    for (size_t who = 1; who < 3; who++)
        come_and_listen(&c, who);
    ask_subscribe(&c, 1, c.token);
    heard_appended(&c, 1);
    says(&c, 0, "one is back");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    commits(&c, 0, (struct wish){.add = {2}, .add_count = 1});
    says(&c, 0, "both are");
    assert_int_equal(heard(&c, 1, PROTO_ENTRY), 1);
    assert_int_equal(heard(&c, 2, PROTO_ENTRY), 1);
    chat_clear(&c);
}

/* Wrong ones, too, and with whichever request they are tried. */
static void tokens_are_limited_for_each_device(void **state)
{
    (void)state;
    struct limits limits = no_limits();
    uint8_t token[32];
    limits.subscribes = 3;
    limits.subscribe_ms = 10000;
    struct chat c = talk_without_one(limits, 4);
    ask_unsubscribe(&c, 2);
    memset(token, 99, sizeof token);
    for (int i = 0; i < 2; i++) {
        ask_subscribe(&c, 3, 99);
        heard_error(&c, 3, SOTTO_E_NOTFOUND);
    }
    ask_state(&c, 3, VIEW_OF(token), 0);
    heard_error(&c, 3, SOTTO_E_NOTFOUND);
    memset(token, c.token, sizeof token);
    ask_subscribe(&c, 3, c.token);
    heard_rate(&c, 3, 10000);
    ask_state(&c, 3, VIEW_OF(token), 0);
    heard_rate(&c, 3, 10000);
    ask_subscribe(&c, 2, c.token); /* another device */
    heard_appended(&c, 2);
    later(&c.town, 10000);
    ask_subscribe(&c, 3, c.token);
    heard_appended(&c, 3);
    chat_clear(&c);
}

static void a_member_corrects_a_wrong_token(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    ask_unsubscribe(&c, 2);
    sotto_buf correction = correction_of(&c, 1, c.epoch, 77);
    ask_append_kind(&c, 0, ENTRY_TOKEN, buf_view(&correction)); /* of another device */
    heard_error(&c, 0, SOTTO_E_DENIED);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_appended(&c, 1);
    assert_int_equal(heard_entry(&c, 0, 0).kind, ENTRY_TOKEN);
    ask_subscribe(&c, 2, c.token);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_subscribe(&c, 2, 77);
    heard_appended(&c, 2);
    buf_clear(&correction);
    correction = correction_of(&c, 1, c.epoch - 1, 78);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_error(&c, 1, SOTTO_E_EPOCH);
    buf_clear(&correction);
    correction = correction_of(&c, 1, c.epoch, 78);
    correction.data[correction.len - 1] ^= 1;
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&correction));
    heard_error(&c, 1, SOTTO_E_SIGNATURE);
    buf_clear(&correction);
    chat_clear(&c);
}

/* Well signed, but for one field. */
static void a_correction_names_its_stream_operation_and_device(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    for (size_t i = 0; i < 4; i++) {
        DEFER(buf_clear) sotto_buf right = correction_of(&c, 1, c.epoch, 77);
        DEFER(buf_clear) sotto_buf body = {0};
        struct token_correction wrong = {0};
        assert_ok(token_correction_read(buf_view(&right), &wrong));
        wrong.stream[0] ^= i == 0;
        wrong.op += i == 1;
        wrong.account_id[0] ^= i == 2;
        wrong.device_id[0] ^= i == 3;
        assert_ok(token_correction_sign(c.town.crypto, gadget_of(&c.voices[1])->key, &wrong));
        assert_ok(token_correction_write(&wrong, &body));
        ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&body));
        heard_error(&c, 1, SOTTO_E_DENIED);
        assert_int_equal(heard(&c, 0, PROTO_ENTRY), 0);
    }
    DEFER(buf_clear) sotto_buf right = correction_of(&c, 1, c.epoch, 77);
    ask_append_kind(&c, 1, ENTRY_TOKEN, buf_view(&right));
    heard_appended(&c, 1);
    chat_clear(&c);
}

/* --- readd, branch --- */

static void a_device_asks_once_in_ten_minutes_to_be_added_again(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    c.epoch = 0; /* it may have lost its state */
    ask_append_kind(&c, 1, ENTRY_READD, VIEW_LIT("my key package"));
    heard_appended(&c, 1);
    assert_int_equal(heard_entry(&c, 0, 0).kind, ENTRY_READD);
    ask_append_kind(&c, 1, ENTRY_READD, VIEW_LIT("my key package"));
    heard_error(&c, 1, SOTTO_E_RATE);
    later(&c.town, 600000);
    c.voices[1].op--;
    ask_append_kind(&c, 1, ENTRY_READD, VIEW_LIT("my key package"));
    heard_appended(&c, 1);
    chat_clear(&c);
}

static void who_read_before_a_bad_entry_may_branch_even_if_it_removed_him(void **state)
{
    (void)state;
    struct chat c = talk_without_one(no_limits(), 4);
    uint64_t bad = commits(&c, 0, (struct wish){.remove = {2}, .remove_count = 1});
    commits(&c, 0, (struct wish){.add = {3}, .add_count = 1});
    sotto_buf branch = branch_of(&c, 2, bad);
    ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&branch)); /* not his */
    heard_error(&c, 1, SOTTO_E_DENIED);
    ask_append_kind(&c, 2, ENTRY_BRANCH, buf_view(&branch));
    heard_appended(&c, 2);
    assert_int_equal(heard_entry(&c, 1, 0).kind, ENTRY_BRANCH);
    buf_clear(&branch);
    branch = branch_of(&c, 3, bad); /* came later */
    ask_append_kind(&c, 3, ENTRY_BRANCH, buf_view(&branch));
    heard_error(&c, 3, SOTTO_E_DENIED);
    buf_clear(&branch);
    branch = branch_of(&c, 1, bad + 100);
    ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&branch));
    heard_error(&c, 1, SOTTO_E_DENIED);
    buf_clear(&branch);
    branch = branch_of(&c, 1, bad);
    branch.data[branch.len - 1] ^= 1;
    ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&branch));
    heard_error(&c, 1, SOTTO_E_SIGNATURE);
    buf_clear(&branch);
    wait_for(&c, UINT64_C(31) * 86400 * 1000); /* a month later who was removed is forgotten */
    branch = branch_of(&c, 2, bad);
    ask_append_kind(&c, 2, ENTRY_BRANCH, buf_view(&branch));
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    buf_clear(&branch);
    chat_clear(&c);
}

static void ask_branch(struct chat *c, size_t who, uint64_t bad_seq)
{
    DEFER(buf_clear) sotto_buf branch = branch_of(c, who, bad_seq);
    ask_append_kind(c, who, ENTRY_BRANCH, buf_view(&branch));
}

static void a_branch_is_announced_of_a_commit_within_a_month(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    uint64_t talk = says(&c, 0, "no commit"), bad = commits(&c, 0, (struct wish){0});
    ask_branch(&c, 1, talk);
    heard_error(&c, 1, SOTTO_E_DENIED);
    later(&c.town, UINT64_C(29) * 86400 * 1000);
    uint64_t late = commits(&c, 0, (struct wish){0});
    wait_for(&c, 60000); /* read by all: the bad one is gone */
    ask_branch(&c, 1, bad);
    heard_appended(&c, 1);
    later(&c.town, UINT64_C(2) * 86400 * 1000);
    ask_branch(&c, 1, bad);
    heard_error(&c, 1, SOTTO_E_EXPIRED);
    for (int i = 0; i < 20; i++) /* it is found among many */
        commits(&c, 0, (struct wish){0});
    ask_branch(&c, 1, late);
    heard_appended(&c, 1);
    chat_clear(&c);
}

static void a_branch_names_its_stream_and_device(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    uint64_t bad = commits(&c, 0, (struct wish){0});
    for (size_t i = 0; i < 3; i++) {
        DEFER(buf_clear) sotto_buf right = branch_of(&c, 1, bad);
        DEFER(buf_clear) sotto_buf body = {0};
        struct branch wrong = {0};
        assert_ok(branch_read(buf_view(&right), &wrong));
        wrong.stream[0] ^= i == 0;
        wrong.account_id[0] ^= i == 1;
        wrong.device_id[0] ^= i == 2;
        assert_ok(branch_sign(c.town.crypto, gadget_of(&c.voices[1])->key, &wrong));
        assert_ok(branch_write(&wrong, &body));
        ask_append_kind(&c, 1, ENTRY_BRANCH, buf_view(&body));
        heard_error(&c, 1, SOTTO_E_DENIED);
        assert_int_equal(heard(&c, 0, PROTO_ENTRY), 0);
    }
    ask_branch(&c, 1, bad);
    heard_appended(&c, 1);
    chat_clear(&c);
}

static void ask_branch_from(struct chat *c, size_t who, uint64_t bad_seq, uint64_t good_epoch)
{
    DEFER(buf_clear) sotto_buf made = branch_of(c, who, bad_seq);
    DEFER(buf_clear) sotto_buf body = {0};
    struct branch branch = {0};
    assert_ok(branch_read(buf_view(&made), &branch));
    branch.good_epoch = good_epoch;
    assert_ok(branch_sign(c->town.crypto, gadget_of(&c->voices[who])->key, &branch));
    assert_ok(branch_write(&branch, &body));
    ask_append_kind(c, who, ENTRY_BRANCH, buf_view(&body));
}

static void the_last_good_epoch_is_one_before_the_bad_commit(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    says(&c, 0, "so that seq and epoch differ");
    commits(&c, 0, (struct wish){0});
    uint64_t bad = commits(&c, 0, (struct wish){0}); /* makes epoch 3 */
    commits(&c, 0, (struct wish){0});
    ask_branch_from(&c, 1, bad, 3);
    heard_error(&c, 1, SOTTO_E_DENIED);
    ask_branch_from(&c, 1, bad, UINT64_MAX);
    heard_error(&c, 1, SOTTO_E_DENIED);
    for (uint64_t good = 0; good < 3; good++) {
        ask_branch_from(&c, 1, bad, good);
        heard_appended(&c, 1);
    }
    chat_clear(&c);
}

/* Also if the stream is in memory all the time. */
static void who_was_removed_a_month_ago_has_no_part_in_it_any_more(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 3);
    go_out(&c, 1);
    come_in(&c, 1);
    ask_listen(&c, 1, 10);
    says(&c, 0, "too much for it: who is behind keeps the stream in memory");
    assert_int_equal(heard(&c, 1, PROTO_BEHIND), 1);
    uint64_t bad = commits(&c, 0, (struct wish){.remove = {2}, .remove_count = 1});
    later(&c.town, UINT64_C(31) * 86400 * 1000);
    ask_read(&c, 2, 0, 1000);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_branch(&c, 2, bad);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    ask_append_kind(&c, 2, ENTRY_READD, VIEW_LIT("my key package"));
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    chat_clear(&c);
}

/* --- group state --- */

static void a_snapshot_ends_the_deltas_before_it(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    for (int i = 0; i < 3; i++)
        commits(&c, 0, (struct wish){0});
    ask_state(&c, 1, (view){0}, 0);
    struct proto_state got = heard_state(&c, 1);
    assert_int_equal(got.epoch, 4);
    assert_int_equal(got.deltas.count, 4);
    assert_int_equal(got.snapshot.len, 0);
    ask_state_put(&c, 1, STATE_SNAPSHOT, 4, VIEW_LIT("all of it"));
    got_ok(world(&c), connection_of(1), 42);
    commits(&c, 0, (struct wish){.delta = "what changed"});
    ask_state(&c, 1, (view){0}, 0);
    got = heard_state(&c, 1);
    assert_int_equal(got.snapshot_epoch, 4);
    assert_true(view_equal(got.snapshot, VIEW_LIT("all of it")));
    assert_int_equal(got.deltas.count, 1);
    struct rd r = rd_of(got.deltas.bytes);
    struct proto_state_delta delta = proto_state_delta_next(&r);
    assert_int_equal(delta.epoch, 5);
    assert_true(view_equal(delta.body, VIEW_LIT("what changed")));
    ask_state_put(&c, 1, STATE_DELTA, 4, VIEW_LIT("late"));
    heard_error(&c, 1, SOTTO_E_EPOCH);
    ask_state_put(&c, 1, STATE_DELTA, 5, VIEW_LIT("the right one"));
    got_ok(world(&c), connection_of(1), 42);
    ask_state(&c, 0, (view){0}, 5);
    got = heard_state(&c, 0);
    assert_int_equal(got.snapshot.len, 0);
    r = rd_of(got.deltas.bytes);
    assert_true(view_equal(proto_state_delta_next(&r).body, VIEW_LIT("the right one")));
    chat_clear(&c);
}

static size_t pieces_kept(const struct chat *c)
{
    size_t count = 0;
    struct row_key after = {0};
    view key, value;
    for (; store_next(c->town.store, STORE_STATE, (view){0}, row_key_view(&after), &key, &value) ==
           SOTTO_OK;
         count++) {
        after.len = key.len;
        memcpy(after.bytes, key.data, key.len);
    }
    return count;
}

static void deltas_are_kept_of_the_last_256_epochs_though_later_commits_bring_none(void **state)
{
    (void)state;
    struct chat c = chat_of(no_limits(), 1);
    ask_create(&c, 0, c.stream);
    ask_state_put(&c, 0, STATE_DELTA, 0, VIEW_LIT("of epoch 0"));
    got_ok(world(&c), connection_of(0), 42);
    commits(&c, 0, (struct wish){.delta = "of epoch 1"});
    while (c.epoch < 255)
        commits(&c, 0, (struct wish){.delta = ""});
    assert_int_equal(pieces_kept(&c), 2);
    commits(&c, 0, (struct wish){.delta = ""});
    assert_int_equal(pieces_kept(&c), 1);
    commits(&c, 0, (struct wish){.delta = ""});
    assert_int_equal(pieces_kept(&c), 0);
    chat_clear(&c);
}

static void large_states_come_in_pages(void **state)
{
    (void)state;
    static uint8_t large[40000];
    struct chat c = talk_of(no_limits(), 2);
    ask_state_put(&c, 1, STATE_SNAPSHOT, 1, VIEW_OF(large));
    for (int i = 0; i < 3; i++) {
        commits(&c, 0, (struct wish){0});
        ask_state_put(&c, 1, STATE_DELTA, c.epoch, VIEW_OF(large));
        got_ok(world(&c), connection_of(1), 42);
    }
    uint64_t from = 0;
    size_t deltas = 0, pages = 0;
    for (uint8_t more = 1; more != 0; pages++) {
        ask_state(&c, 0, (view){0}, from);
        struct proto_state got = heard_state(&c, 0);
        assert_int_equal(got.snapshot.len, from == 0 ? sizeof large : 0);
        struct rd r = rd_of(got.deltas.bytes);
        from = got.snapshot_epoch + 1 > from ? got.snapshot_epoch + 1 : from;
        while (rd_more(&r)) {
            from = proto_state_delta_next(&r).epoch + 1;
            deltas++;
        }
        more = got.more;
    }
    assert_int_equal(deltas, 3);
    assert_int_equal(pages, 4);
    chat_clear(&c);
}

static void ask_state_key(struct chat *c, size_t who, uint64_t state_key_epoch)
{
    sotto_buf frame = {0};
    struct proto_state_put put = {.epoch = c->epoch,
                                  .kind = STATE_SNAPSHOT,
                                  .state_key_epoch = state_key_epoch,
                                  .body = VIEW_LIT("all of it")};
    memcpy(put.stream, c->stream, STREAM_ID);
    assert_ok(proto_state_put_write(42, &put, &frame));
    tell(&c->town, connection_of(who), &frame);
}

static void the_key_of_the_state_is_of_no_later_epoch(void **state)
{
    (void)state;
    struct chat c = talk_of(no_limits(), 2);
    ask_commit(&c, 0, (struct wish){.state_key_epoch = 3});
    heard_error(&c, 0, SOTTO_E_DENIED);
    commits(&c, 0, (struct wish){.state_key_epoch = 2});
    ask_state_key(&c, 1, 3);
    heard_error(&c, 1, SOTTO_E_DENIED);
    ask_state(&c, 1, (view){0}, 0);
    assert_int_equal(heard_state(&c, 1).state_key_epoch, 2);
    ask_state_key(&c, 1, 1);
    got_ok(world(&c), connection_of(1), 42);
    ask_state(&c, 1, (view){0}, 0);
    assert_int_equal(heard_state(&c, 1).state_key_epoch, 1);
    chat_clear(&c);
}

static void the_state_is_for_members_and_for_who_has_the_token(void **state)
{
    (void)state;
    struct chat c = talk_without_one(no_limits(), 3);
    uint8_t token[32];
    ask_state(&c, 2, (view){0}, 0);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    memset(token, c.token - 1, sizeof token);
    ask_state(&c, 2, VIEW_OF(token), 0);
    heard_error(&c, 2, SOTTO_E_NOTFOUND);
    memset(token, c.token, sizeof token);
    ask_state(&c, 2, VIEW_OF(token), 0);
    assert_int_equal(heard_state(&c, 2).deltas.count, 1);
    chat_clear(&c);
}

/* --- blobs --- */

static struct blob_row blob_now(struct chat *c, const uint8_t hash[PROTO_HASH])
{
    struct blob_row row = {0};
    view value;
    assert_ok(store_get(c->town.store, STORE_BLOB, view_of(hash, PROTO_HASH), &value));
    assert_ok(blob_row_read(value, &row));
    return row;
}

static void a_blob_must_be_there_and_is_kept(void **state)
{
    (void)state;
    static const uint8_t hash[PROTO_HASH] = {1, 2, 3};
    struct chat c = talk_of(no_limits(), 2);
    ask_commit(&c, 0, (struct wish){.blob = VIEW_OF(hash)});
    heard_error(&c, 0, SOTTO_E_NOTFOUND);
    blob_store(&c, hash, HANDSHAKE_BLOB_MAX + 1);
    ask_commit(&c, 0, (struct wish){.blob = VIEW_OF(hash)});
    heard_error(&c, 0, SOTTO_E_QUOTA);
    blob_store(&c, hash, HANDSHAKE_BLOB_MAX);
    commits(&c, 0, (struct wish){.blob = VIEW_OF(hash)});
    assert_true(blob_now(&c, hash).named_s > WALL_S + 30 * 86400);
    chat_clear(&c);
}

static void the_group_state_counts_its_blobs(void **state)
{
    (void)state;
    static const uint8_t hash[PROTO_HASH] = {1, 2, 3};
    struct chat c = talk_of(no_limits(), 2);
    sotto_buf frame = {0};
    struct proto_state_put put = {.epoch = 1, .kind = STATE_SNAPSHOT, .blob = VIEW_OF(hash)};
    memcpy(put.stream, c.stream, STREAM_ID);
    blob_store(&c, hash, 1000);
    for (int i = 0; i < 2; i++) {
        assert_ok(proto_state_put_write(42, &put, &frame));
        tell(&c.town, connection_of(1), &frame);
        got_ok(world(&c), connection_of(1), 42);
        assert_int_equal(blob_now(&c, hash).refs, 1);
    }
    ask_state_put(&c, 1, STATE_SNAPSHOT, 1, VIEW_LIT("small enough now"));
    assert_int_equal(blob_now(&c, hash).refs, 0);
    chat_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_two_commits_of_one_epoch_the_first_wins),
        cmocka_unit_test(the_entry_carries_header_and_commit),
        cmocka_unit_test(a_header_must_fit),
        cmocka_unit_test(commits_are_limited_for_each_member),
        cmocka_unit_test(what_is_never_lost_is_limited_for_each_member),
        cmocka_unit_test(welcomes_count_as_bytes_of_the_commit),
        cmocka_unit_test(blobs_count_as_bytes_of_the_commit),
        cmocka_unit_test(blobs_of_deltas_count_and_those_of_snapshots_do_not),
        cmocka_unit_test(headers_can_be_read_again),
        cmocka_unit_test(who_is_added_gets_a_welcome_and_reads_from_there),
        cmocka_unit_test(who_is_removed_reads_up_to_that_and_is_told),
        cmocka_unit_test(who_is_removed_and_added_in_one_commit_goes_on),
        cmocka_unit_test(who_returns_reads_what_was_unread_and_nothing_that_was_said_meanwhile),
        cmocka_unit_test(a_page_may_end_anywhere_about_a_gap),
        cmocka_unit_test(who_returns_announces_no_branch_from_an_entry_of_meanwhile),
        cmocka_unit_test(who_returns_and_has_unread_entries_reads_them_before_it_is_pushed_more),
        cmocka_unit_test(who_read_to_its_end_is_pushed_what_follows_its_return),
        cmocka_unit_test(who_is_away_twice_reads_nothing_of_either_time),
        cmocka_unit_test(what_was_read_to_the_end_holds_nothing_back_later),
        cmocka_unit_test(unknown_devices_and_doubles_are_not_added),
        cmocka_unit_test(a_conversation_has_so_many_devices),
        cmocka_unit_test(a_conversation_has_so_many_accounts),
        cmocka_unit_test(an_account_is_in_so_many_conversations),
        cmocka_unit_test(the_token_of_the_epoch_lets_one_read_again),
        cmocka_unit_test(a_return_that_was_not_stored_did_not_happen),
        cmocka_unit_test(who_was_removed_gets_in_by_no_token_that_it_knows),
        cmocka_unit_test(who_never_read_it_gets_in_by_no_token_of_before),
        cmocka_unit_test(the_token_before_is_good_for_correcting_alone),
        cmocka_unit_test(the_token_before_is_good_in_one_epoch_and_for_a_month),
        cmocka_unit_test(who_left_two_months_ago_is_as_one_who_never_read_it),
        cmocka_unit_test(in_epoch_0_nobody_corrects_a_token_unseen),
        cmocka_unit_test(who_left_is_told_of_no_stream_and_may_be_added_again),
        cmocka_unit_test(who_left_and_came_in_again_is_pushed_what_follows_its_return),
        cmocka_unit_test(tokens_are_limited_for_each_device),
        cmocka_unit_test(a_member_corrects_a_wrong_token),
        cmocka_unit_test(a_correction_names_its_stream_operation_and_device),
        cmocka_unit_test(a_device_asks_once_in_ten_minutes_to_be_added_again),
        cmocka_unit_test(who_read_before_a_bad_entry_may_branch_even_if_it_removed_him),
        cmocka_unit_test(a_branch_names_its_stream_and_device),
        cmocka_unit_test(a_branch_is_announced_of_a_commit_within_a_month),
        cmocka_unit_test(the_last_good_epoch_is_one_before_the_bad_commit),
        cmocka_unit_test(who_was_removed_a_month_ago_has_no_part_in_it_any_more),
        cmocka_unit_test(a_snapshot_ends_the_deltas_before_it),
        cmocka_unit_test(deltas_are_kept_of_the_last_256_epochs_though_later_commits_bring_none),
        cmocka_unit_test(large_states_come_in_pages),
        cmocka_unit_test(the_key_of_the_state_is_of_no_later_epoch),
        cmocka_unit_test(the_state_is_for_members_and_for_who_has_the_token),
        cmocka_unit_test(a_blob_must_be_there_and_is_kept),
        cmocka_unit_test(the_group_state_counts_its_blobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
