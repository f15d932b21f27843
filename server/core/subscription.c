/* Who reads which stream. A subscription stands in its stream's list `here` if its device is signed in and was seen doing something
 * with it (then it stands in the device's list, too), else in `away`. */
#include <assert.h>
#include <stdlib.h>

#include "core/streams.h"

/* --- lists --- */

static void come_here(struct subscription *sub, struct device *device)
{
    struct list *list = &device->streams.subscriptions;
    sub->device = device;
    list_add_last(&sub->stream->here, &sub->of_stream);
    sub->stream->here_count++;
    list_add_last(list, &sub->of_device);
}

static void go_away(struct subscription *sub)
{
    if (sub->device == NULL) {
        list_remove(&sub->stream->away, &sub->of_stream);
        return;
    }
    subscription_set_behind(sub, false);
    list_remove(&sub->stream->here, &sub->of_stream);
    sub->stream->here_count--;
    list_remove(&sub->device->streams.subscriptions, &sub->of_device);
    sub->device = NULL;
}

void subscription_set_behind(struct subscription *sub, bool behind)
{
    if (sub->behind == behind)
        return;
    sub->behind = behind;
    sub->stream->behind += behind ? 1 : UINT32_MAX; /* modulo 2^32: one less */
}

void subscription_link(struct core *core, struct subscription *sub)
{
    struct device *device = map_find(&core->directory.devices, sub->device_number);
    sub->stream->active += !subscription_ended(sub);
    if (device != NULL && device->session != NULL)
        come_here(sub, device);
    else
        list_add_last(&sub->stream->away, &sub->of_stream);
}

void subscription_free(struct subscription *sub)
{
    go_away(sub);
    sub->stream->active -= !subscription_ended(sub);
    free(sub);
}

static struct subscription *list_find(const struct list *list, uint64_t device_number)
{
    for (struct link *link = list->first; link != NULL; link = link->next) {
        struct subscription *sub = LIST_ROW(link, struct subscription, of_stream);
        if (sub->device_number == device_number)
            return sub;
    }
    return NULL;
}

/* Who left by itself is known for twice as long: a token that becomes the one before within the first half of that is good to its end. */
bool is_long_ended(const struct step *s, uint64_t until, uint64_t until_s, bool left)
{
    uint64_t kept_s = s->core->config.limits.retention_s * (left ? 2 : 1);
    return until > 0 && kept_s > 0 && until_s + kept_s < step_wall_ms(s) / 1000;
}

struct subscription *subscription_of(const struct stream *stream, uint64_t device_number)
{
    struct subscription *sub = list_find(&stream->here, device_number);
    return sub != NULL ? sub : list_find(&stream->away, device_number);
}

/* --- finding one's own --- */

/* The one used last stands first, so that a device which talks in one conversation finds it at once. */
static struct subscription *own_find(struct device *device, const uint8_t id[STREAM_ID])
{
    struct list *list = &device->streams.subscriptions;
    for (struct link *link = list->first; link != NULL; link = link->next) {
        struct subscription *sub = LIST_ROW(link, struct subscription, of_device);
        if (memcmp(sub->stream->id, id, STREAM_ID) != 0)
            continue;
        if (link != list->first) {
            list_remove(list, link);
            list_add_first(list, link);
        }
        return sub;
    }
    return NULL;
}

/* Without loading a stream for somebody who has no business with it. */
static sotto_err own_load(struct step *s, struct device *device, uint64_t stream_number,
                          struct subscription **ret_subscription)
{
    struct stream *stream = NULL;
    if (stream_resident(s->core, stream_number) == NULL) {
        struct row_key key = row_key_two(stream_number, device->number);
        view value;
        TRY(row_get(s, STORE_SUBSCRIPTION, row_key_view(&key), &value));
    }
    TRY(stream_get(s, stream_number, &stream));
    struct subscription *sub = subscription_of(stream, device->number);
    if (sub == NULL)
        return SOTTO_E_NOTFOUND;
    if (sub->device == NULL) {
        go_away(sub);
        come_here(sub, device);
    }
    *ret_subscription = sub;
    return SOTTO_OK;
}

static sotto_err own_get(struct step *s, struct device *device, const uint8_t stream_id[STREAM_ID],
                         struct subscription **ret_subscription)
{
    struct subscription *sub = own_find(device, stream_id);
    uint64_t number;
    if (sub != NULL) {
        stream_touch(s->core, sub->stream);
    } else {
        TRY(stream_number_find(s, stream_id, &number));
        TRY(own_load(s, device, number, &sub));
    }
    *ret_subscription = sub;
    return is_long_ended(s, sub->until, sub->until_s, sub->left) ? SOTTO_E_NOTFOUND : SOTTO_OK;
}

/* In epoch 0 there is no token of before. */
static bool may_correct(const struct subscription *sub)
{
    return sub->corrects > 0 && sub->corrects == sub->stream->epoch;
}

/* `left_too`: also what the device left, as long as it may correct the access token there. */
static sotto_err find(struct step *s, struct device *device, const uint8_t stream_id[STREAM_ID],
                      bool left_too, struct subscription **ret_subscription)
{
    struct subscription *sub = NULL;
    sotto_err err = own_get(s, device, stream_id, &sub);
    bool may = sub != NULL && (!sub->left || (left_too && may_correct(sub)));
    if (err == SOTTO_E_NOTFOUND || (err == SOTTO_OK && !may))
        return step_refuse(s, SOTTO_E_NOTFOUND, 0, "you read no such stream, or there is none");
    TRY(err);
    *ret_subscription = sub;
    return SOTTO_OK;
}

sotto_err subscription_find(struct step *s, struct device *device,
                            const uint8_t stream_id[STREAM_ID],
                            struct subscription **ret_subscription)
{
    return find(s, device, stream_id, false, ret_subscription);
}

sotto_err subscription_find_corrector(struct step *s, struct device *device,
                                      const uint8_t stream_id[STREAM_ID],
                                      struct subscription **ret_subscription)
{
    return find(s, device, stream_id, true, ret_subscription);
}

/* --- rows --- */

sotto_err subscription_put(struct step *s, struct subscription *sub)
{
    uint8_t bytes[80];
    sotto_buf value = BUF_ON(bytes); /* nine numbers and a flag */
    struct row_key key = row_key_two(sub->stream->number, sub->device_number);
    const struct subscription_row row = {
        .cursor = sub->cursor,
        .from = sub->from,
        .until = sub->until,
        .until_s = sub->until_s,
        .lost_to = sub->lost_to,
        .account = sub->account,
        .out = sub->out,
        .back = sub->back,
        .left = sub->left,
        .corrects = sub->corrects,
    };
    TRY(subscription_row_write(&row, &value));
    TRY(row_put(s, STORE_SUBSCRIPTION, row_key_view(&key), buf_view(&value)));
    sub->dirty = false;
    return SOTTO_OK;
}

sotto_err subscribed_next(struct step *s, uint64_t device_number, uint64_t after,
                          uint64_t *ret_stream)
{
    return row_next_two(s, STORE_SUBSCRIBED, device_number, after, ret_stream);
}

static sotto_err left_next(struct step *s, uint64_t device_number, uint64_t after,
                           uint64_t *ret_stream)
{
    return row_next_two(s, STORE_LEFT, device_number, after, ret_stream);
}

/* Where a device's streams are looked up. What it left stands apart, since it may be much, and is looked for only when the device goes. */
enum store_table subscription_index(bool left)
{
    return left ? STORE_LEFT : STORE_SUBSCRIBED;
}

static sotto_err left_set(struct step *s, struct subscription *sub, bool left)
{
    const struct row_key back = row_key_two(sub->device_number, sub->stream->number);
    if (sub->left == left)
        return SOTTO_OK;
    TRY(row_delete(s, subscription_index(sub->left), row_key_view(&back)));
    TRY(row_put(s, subscription_index(left), row_key_view(&back), (view){0}));
    sub->left = left;
    return SOTTO_OK;
}

/* What waits, of a stream of which up to `passed` nothing counts any more. Bytes: as many as an average entry has. A device that was
 * removed, and has not read to its end, holds back what comes after that, too. */
static void standing_measure(struct standing *standing, const struct subscription_row *sub,
                             uint64_t passed, uint64_t bytes)
{
    uint64_t at = sub->cursor > sub->lost_to ? sub->cursor : sub->lost_to;
    standing->passed = at > passed ? at : passed;
    if (standing->over || standing->passed >= standing->head ||
        (sub->until > 0 && standing->passed >= sub->until))
        return;
    standing->entries = standing->head - standing->passed;
    standing->bytes = bytes / (standing->head - passed) * standing->entries;
}

static sotto_err standing_load(struct step *s, uint64_t stream_number, uint64_t device_number,
                               struct standing *ret_standing)
{
    struct row_key stream_key = row_key_u64(stream_number);
    struct row_key key = row_key_two(stream_number, device_number);
    struct stream_row stream = {0};
    struct subscription_row sub = {0};
    view value;
    TRY(row_get(s, STORE_SUBSCRIPTION, row_key_view(&key), &value));
    TRY(row_verdict(s,
                    subscription_row_read(value, &sub) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    TRY(row_get(s, STORE_STREAM, row_key_view(&stream_key), &value));
    TRY(row_verdict(s, stream_row_read(value, &stream) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED));
    *ret_standing = (struct standing){
        .kind = stream.kind,
        .cursor = sub.cursor,
        .until = sub.until,
        .head = stream.head,
        .epoch = stream.epoch,
        .first = stream.first,
        .over = sub.left || is_long_ended(s, sub.until, sub.until_s, sub.left),
    };
    standing_measure(ret_standing, &sub, passed_to(stream.first, stream.lost_to),
                     stream.bytes - stream.passed);
    memcpy(ret_standing->stream, stream.id, STREAM_ID);
    return SOTTO_OK;
}

sotto_err subscription_standing(struct step *s, uint64_t stream_number, uint64_t device_number,
                                struct standing *ret_standing)
{
    const struct stream *stream = stream_resident(s->core, stream_number);
    if (stream == NULL)
        return standing_load(s, stream_number, device_number, ret_standing);
    const struct subscription *sub = subscription_of(stream, device_number);
    if (sub == NULL)
        return SOTTO_E_NOTFOUND;
    *ret_standing = (struct standing){
        .kind = stream->kind,
        .cursor = sub->cursor,
        .until = sub->until,
        .head = stream->head,
        .epoch = stream->epoch,
        .first = stream->first,
        .behind = sub->behind,
        .over = sub->left || is_long_ended(s, sub->until, sub->until_s, sub->left),
    };
    standing_measure(ret_standing,
                     &(struct subscription_row){
                         .cursor = sub->cursor, .until = sub->until, .lost_to = sub->lost_to},
                     passed_to(stream->first, stream->lost_to), stream->bytes - stream->passed);
    memcpy(ret_standing->stream, stream->id, STREAM_ID);
    return SOTTO_OK;
}

/* --- beginning, moving, ending --- */

static sotto_err subscription_make(struct step *s, struct stream *stream,
                                   const struct device *device)
{
    struct row_key back = row_key_two(device->number, stream->number);
    struct subscription *sub = calloc(1, sizeof *sub);
    if (sub == NULL)
        return SOTTO_E_NOMEM;
    *sub = (struct subscription){
        .stream = stream,
        .device_number = device->number,
        .account = device->account->number,
        .cursor = stream->head,
        .from = stream->head,
    };
    subscription_link(s->core, sub);
    TRY(subscription_put(s, sub));
    return row_put(s, STORE_SUBSCRIBED, row_key_view(&back), (view){0});
}

/* Who was removed still reads what it could read then, but nothing of the time between. Who is away twice before it has read what was
 * there before the first time loses what came between the two. */
static void gap_open(struct subscription *sub)
{
    bool all_read = sub->cursor >= sub->until;
    if (sub->back == 0 || sub->cursor >= sub->back) {
        sub->from = sub->back > 0 ? sub->back : sub->from;
        sub->out = sub->until;
    }
    sub->back = sub->stream->head;
    if (!all_read)
        return;
    sub->cursor = sub->stream->head;
    subscription_set_behind(sub, false);
}

static void gap_forget(struct subscription *sub)
{
    sub->from = sub->cursor = sub->stream->head;
    sub->out = sub->back = 0;
    subscription_set_behind(sub, false);
}

/* Its device may have signed in since, and said listen while there was nothing here for it: what is unread it reads first. */
static void find_home(struct subscription *sub, struct device *device)
{
    if (sub->device != NULL || device->session == NULL)
        return;
    go_away(sub);
    come_here(sub, device);
    subscription_set_behind(sub, device->streams.listening);
}

static sotto_err subscription_resume(struct step *s, struct subscription *sub)
{
    struct stream *stream = sub->stream;
    if (sub->left)
        gap_forget(sub);
    else
        gap_open(sub);
    TRY(left_set(s, sub, false));
    sub->until = sub->until_s = sub->corrects = 0;
    stream->active++;
    stream->stale = true;
    return subscription_put(s, sub);
}

sotto_err subscription_add(struct step *s, struct stream *stream, struct device *device)
{
    struct subscription *sub = subscription_of(stream, device->number);
    uint64_t account = device->account->number;
    bool comes = stream->kind == STREAM_CONVERSATION && !account_reads(stream, account);
    if (sub != NULL && !subscription_ended(sub))
        return SOTTO_OK;
    if (sub != NULL)
        find_home(sub, device);
    TRY(step_break(s, sub != NULL ? subscription_resume(s, sub)
                                  : subscription_make(s, stream, device)));
    return comes ? step_break(s, conversations_count(s, account, true)) : SOTTO_OK;
}

/* One that read it does so no more: perhaps its account's last, or the last of all. */
static sotto_err subscription_gone(struct step *s, struct stream *stream, uint64_t account)
{
    if (stream->kind == STREAM_CONVERSATION && !account_reads(stream, account))
        TRY(step_break(s, conversations_count(s, account, false)));
    return stream->active == 0 ? retention_expect_end(s, stream) : SOTTO_OK;
}

static sotto_err ends(struct step *s, struct subscription *sub)
{
    struct stream *stream = sub->stream;
    assert(stream->head > 0);
    sub->until = stream->head;
    sub->until_s = step_wall_ms(s) / 1000;
    stream->active--;
    stream->stale = true;
    TRY(step_break(s, subscription_put(s, sub)));
    return subscription_gone(s, stream, sub->account);
}

sotto_err subscription_end(struct step *s, struct subscription *sub)
{
    if (sub->left) /* it reads nothing that it could read on: without a row it has no part in the token before */
        return subscription_remove(s, sub);
    return subscription_ended(sub) ? SOTTO_OK : ends(s, sub);
}

static void moved_forget(struct streams *all, const struct subscription *sub)
{
    struct subscription **place = &all->moved;
    while (*place != NULL && *place != sub)
        place = &(*place)->next_moved;
    if (*place != NULL)
        *place = sub->next_moved;
}

sotto_err subscription_remove(struct step *s, struct subscription *sub)
{
    struct stream *stream = sub->stream;
    struct row_key key = row_key_two(stream->number, sub->device_number);
    struct row_key back = row_key_two(sub->device_number, stream->number);
    enum store_table index = subscription_index(sub->left);
    moved_forget(s->core->streams, sub);
    subscription_free(sub);
    stream->stale = true;
    TRY(step_break(s, row_delete(s, STORE_SUBSCRIPTION, row_key_view(&key))));
    return step_break(s, row_delete(s, index, row_key_view(&back)));
}

/* The last one leaves a stream that time will take away. */
static sotto_err subscription_drop(struct step *s, struct subscription *sub)
{
    struct stream *stream = sub->stream;
    uint64_t account = sub->account;
    bool was_active = !subscription_ended(sub);
    TRY(subscription_remove(s, sub));
    return was_active ? subscription_gone(s, stream, account) : SOTTO_OK;
}

/* The row of one that left by itself stays: that tells it from those that were removed, of which the token before would be good for none.
 * While the stream is empty there is no token before. */
sotto_err subscription_leave(struct step *s, struct subscription *sub)
{
    if (subscription_ended(sub) || sub->stream->head == 0)
        return subscription_drop(s, sub);
    TRY(step_break(s, left_set(s, sub, true)));
    subscription_set_behind(sub, false);
    sub->from = sub->cursor = sub->stream->head;
    return ends(s, sub);
}

sotto_err subscription_correct(struct step *s, struct subscription *sub)
{
    sub->corrects = sub->stream->epoch;
    return subscription_put(s, sub);
}

sotto_err subscription_move(struct step *s, struct subscription *sub, uint64_t seq)
{
    struct streams *all = s->core->streams;
    struct stream *stream = sub->stream;
    if (seq <= sub->cursor)
        return SOTTO_OK;
    TRY(rows_begin(s));
    stream->stale |= sub->cursor < stream->first; /* it was the slowest, or one of those */
    sub->cursor = seq;
    sub->dirty = true;
    dirty_mark(all, &stream->dirty);
    stream_touch(s->core, stream);
    if (!sub->moved) {
        sub->moved = true;
        sub->next_moved = all->moved;
        all->moved = sub;
    }
    return SOTTO_OK;
}

/* --- devices --- */

void device_streams_leave(struct core *core, struct device *device)
{
    struct list *list = &device->streams.subscriptions;
    while (list->first != NULL) {
        struct subscription *sub = LIST_ROW(list->first, struct subscription, of_device);
        go_away(sub);
        list_add_last(&sub->stream->away, &sub->of_stream);
        stream_touch(core, sub->stream);
    }
    device->streams.listening = false;
    device->streams.credit = 0;
}

sotto_err device_streams_load(struct step *s, struct device *device)
{
    const struct answers *answers = map_find(&s->core->streams->answers, device->number);
    struct device_streams *streams = &device->streams;
    struct row_key key = row_key_u64(device->number);
    struct answers stored = {0};
    if (answers == NULL) {
        view value;
        TRY(row_get(s, STORE_ANSWERS, row_key_view(&key), &value));
        TRY(answers_row_read(value, &stored));
        answers = &stored;
    }
    streams->highest_op = answers->highest_op;
    streams->inbox = answers->inbox;
    memcpy(streams->inbox_id, answers->inbox_id, STREAM_ID);
    answers_release(&stored);
    return SOTTO_OK;
}

static sotto_err inbox_row_put(struct step *s, const struct device *device)
{
    struct row_key key = row_key_u64(device->number);
    uint8_t bytes[64];
    sotto_buf value = BUF_ON(bytes);
    struct answers answers = {.inbox = device->streams.inbox};
    memcpy(answers.inbox_id, device->streams.inbox_id, STREAM_ID);
    TRY(answers_row_write(&answers, &value));
    return row_put(s, STORE_ANSWERS, row_key_view(&key), buf_view(&value));
}

sotto_err device_streams_make(struct step *s, struct device *device)
{
    static const uint8_t no_token[STREAM_TOKEN];
    struct stream *inbox = NULL;
    rng_bytes(s->rng, device->streams.inbox_id, STREAM_ID);
    TRY(step_break(s, stream_make(s, device->streams.inbox_id, STREAM_INBOX, no_token, &inbox)));
    device->streams.inbox = inbox->number;
    TRY(subscription_add(s, inbox, device));
    return step_break(s, inbox_row_put(s, device));
}

static sotto_err device_leave_stream(struct step *s, uint64_t device_number, uint64_t number)
{
    struct stream *stream = NULL;
    TRY(stream_get(s, number, &stream));
    struct subscription *sub = subscription_of(stream, device_number);
    if (stream->kind == STREAM_INBOX)
        return stream_erase(s, stream);
    return sub != NULL ? subscription_drop(s, sub) : SOTTO_OK;
}

typedef sotto_err next_fn(struct step *s, uint64_t device_number, uint64_t after,
                          uint64_t *ret_stream);

static sotto_err device_leave_each(struct step *s, const struct device *device, next_fn *next)
{
    uint64_t number = 0;
    sotto_err err;
    while ((err = next(s, device->number, number, &number)) == SOTTO_OK) {
        sotto_err left = device_leave_stream(s, device->number, number);
        if (left != SOTTO_OK && left != SOTTO_E_NOTFOUND)
            return left;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err device_leave_all(struct step *s, const struct device *device)
{
    struct row_key key = row_key_u64(device->number);
    TRY(device_leave_each(s, device, subscribed_next));
    TRY(device_leave_each(s, device, left_next));
    answers_forget(s->core->streams, device->number);
    return row_delete(s, STORE_ANSWERS, row_key_view(&key));
}

sotto_err device_streams_end(struct step *s, struct device *device)
{
    return step_break(s, device_leave_all(s, device));
}
