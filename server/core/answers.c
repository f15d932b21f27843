/* A writing request names an operation: a number that rises for each device. The device's last answers are kept, with a hash of what
 * was asked, so that whoever did not hear the answer asks again and hears the same; nothing is done twice.
 * They are in memory while they are newer than their row, and are read in again when the device writes the next time. */
#include <stdlib.h>

#include "core/streams.h"
#include "crypto/hash.h"

#define ANSWER_SIZE   42 /* bytes of one in the row */
#define AGAIN_EIGHTHS 2  /* who comes back may ask again for ANSWERS_MAX: that is 64 requests */

static struct answer *ring_at(const struct answers *answers, uint32_t index)
{
    return &answers->ring[(answers->first + index) % answers->cap];
}

static sotto_err ring_grow(struct answers *answers)
{
    uint32_t cap = answers->cap > 0 ? answers->cap * 2 : 8;
    struct answer *ring = malloc(cap * sizeof *ring);
    if (ring == NULL)
        return SOTTO_E_NOMEM;
    for (uint32_t i = 0; i < answers->count; i++)
        ring[i] = *ring_at(answers, i);
    free(answers->ring);
    answers->ring = ring;
    answers->first = 0;
    answers->cap = cap;
    return SOTTO_OK;
}

sotto_err answers_add(struct answers *answers, const struct answer *answer)
{
    if (answers->count == answers->cap && answers->cap < ANSWERS_MAX)
        TRY(ring_grow(answers));
    if (answers->count == ANSWERS_MAX) {
        answers->first = (answers->first + 1) % answers->cap;
        answers->count--;
    }
    *ring_at(answers, answers->count++) = *answer;
    answers->highest_op = answer->op;
    return SOTTO_OK;
}

/* --- rows --- */

static void answer_read(struct rd *r, struct answer *out)
{
    out->op = rd_u64(r);
    out->seq = rd_u64(r);
    out->at_ms = rd_u64(r);
    rd_copy(r, out->hash, sizeof out->hash);
    out->verdict = rd_u16(r);
}

static void answer_write(struct wr *w, const struct answer *answer)
{
    wr_u64(w, answer->op);
    wr_u64(w, answer->seq);
    wr_u64(w, answer->at_ms);
    wr_bytes(w, VIEW_OF(answer->hash));
    wr_u16(w, answer->verdict);
}

sotto_err answers_row_read(view value, struct answers *ret_answers)
{
    struct rd r = rd_of(value);
    struct answers answers = {0};
    answers.inbox = rd_u64(&r);
    rd_copy(&r, answers.inbox_id, sizeof answers.inbox_id);
    uint64_t highest_op = rd_u64(&r);
    struct rd list = rd_vector(&r, ANSWERS_MAX * ANSWER_SIZE);
    sotto_err err = SOTTO_OK;
    while (err == SOTTO_OK && rd_more(&list)) {
        struct answer answer = {0};
        answer_read(&list, &answer);
        if (answer.op <= answers.highest_op)
            rd_fail(&list, SOTTO_E_VALUE);
        if (rd_ok(&list))
            err = answers_add(&answers, &answer);
    }
    rd_join(&r, &list);
    if (highest_op < answers.highest_op)
        rd_fail(&r, SOTTO_E_VALUE);
    if (err == SOTTO_OK)
        err = rd_end(&r);
    if (err != SOTTO_OK) {
        answers_release(&answers);
        return err;
    }
    answers.highest_op = highest_op;
    *ret_answers = answers;
    return SOTTO_OK;
}

sotto_err answers_row_write(const struct answers *answers, sotto_buf *out)
{
    struct wr w = wr_to(out);
    wr_u64(&w, answers->inbox);
    wr_bytes(&w, VIEW_OF(answers->inbox_id));
    wr_u64(&w, answers->highest_op);
    size_t mark = wr_vector_begin(&w);
    for (uint32_t i = 0; i < answers->count; i++)
        answer_write(&w, ring_at(answers, i));
    wr_vector_end(&w, mark);
    return wr_end(&w);
}

void journal_answer_read(struct rd *r, struct answer *out)
{
    answer_read(r, out);
}

void journal_answer_write(struct wr *w, const struct answer *answer)
{
    answer_write(w, answer);
}

/* --- memory --- */

void answers_release(struct answers *answers)
{
    free(answers->ring);
    answers->ring = NULL;
}

void answers_free(struct answers *answers)
{
    answers_release(answers);
    free(answers);
}

void answers_forget(struct streams *all, uint64_t device_number)
{
    struct answers *answers = map_take(&all->answers, device_number);
    if (answers == NULL)
        return;
    dirty_unmark(all, &answers->dirty);
    answers_free(answers);
}

static sotto_err answers_load(struct step *s, uint64_t device_number, struct answers **ret_answers)
{
    struct row_key key = row_key_u64(device_number);
    struct answers stored = {0};
    view value;
    TRY(row_get(s, STORE_ANSWERS, row_key_view(&key), &value));
    TRY(map_reserve(&s->core->streams->answers, 1));
    TRY(answers_row_read(value, &stored));
    struct answers *answers = malloc(sizeof *answers);
    if (answers == NULL) {
        answers_release(&stored);
        return SOTTO_E_NOMEM;
    }
    *answers = stored;
    answers->device_number = device_number;
    answers->dirty.is_answers = true;
    map_put(&s->core->streams->answers, device_number, answers);
    *ret_answers = answers;
    return SOTTO_OK;
}

sotto_err answers_get(struct step *s, uint64_t device_number, struct answers **ret_answers)
{
    struct answers *answers = map_find(&s->core->streams->answers, device_number);
    if (answers == NULL)
        return answers_load(s, device_number, ret_answers);
    *ret_answers = answers;
    return SOTTO_OK;
}

/* --- operations --- */

/* What will be the same however often it is asked uses up the number; what may go well later does not. */
static bool is_definite(sotto_err err)
{
    sotto_err_class class = sotto_err_class_of(err);
    return class != SOTTO_CLASS_LIMIT && class != SOTTO_CLASS_HOST && class != SOTTO_CLASS_WIRE;
}

static void say_appended(struct step *s, const struct request *request, uint64_t op, uint64_t seq,
                         uint64_t at_ms)
{
    const struct proto_appended appended = {op, seq, at_ms};
    size_t at = s->fx->bytes.len;
    fx_must(proto_appended_write(request->id, &appended, &s->fx->bytes));
    fx_send(s->fx, request->from->id, at);
}

static const struct answer *answer_find(const struct answers *answers, uint64_t op)
{
    for (uint32_t i = answers->count; i > 0; i--)
        if (ring_at(answers, i - 1)->op == op)
            return ring_at(answers, i - 1);
    return NULL;
}

static sotto_err say_again(struct step *s, const struct request *request,
                           const struct answers *answers, const struct answer *asked)
{
    const struct answer *answer = answer_find(answers, asked->op);
    s->eighths += AGAIN_EIGHTHS;
    if (answer == NULL)
        return SOTTO_E_OLD_OP;
    if (memcmp(answer->hash, asked->hash, sizeof asked->hash) != 0)
        return step_refuse(s, SOTTO_E_CONFLICT, 0,
                           "this number was used for another operation: take a new one");
    if (answer->verdict == SOTTO_OK)
        say_appended(s, request, answer->op, answer->seq, answer->at_ms);
    return (sotto_err)answer->verdict;
}

static sotto_err answer_keep(struct step *s, struct device *device, struct answers *answers,
                             const struct answer *answer)
{
    TRY(answers_add(answers, answer));
    device->streams.highest_op = answer->op;
    return journal_answer(s, answers, answer);
}

sotto_err operation_run(struct step *s, const struct request *request, uint64_t op, operation *run)
{
    struct device *device = request->from->device;
    struct proto_appended appended = {.op = op};
    struct answer answer = {.op = op};
    struct answers *answers = NULL;
    uint8_t digest[PROTO_HASH];
    TRY(hash(s->core->crypto, HASH_SHA256, request->bytes, digest));
    memcpy(answer.hash, digest, sizeof answer.hash);
    TRY(answers_get(s, device->number, &answers));
    dirty_mark(s->core->streams, &answers->dirty); /* so that it stays, and goes later */
    if (op <= answers->highest_op)
        return say_again(s, request, answers, &answer);
    sotto_err err = run(s, request, &appended);
    if (s->broken || !is_definite(err))
        return err;
    answer.verdict = (uint16_t)err;
    answer.seq = appended.seq;
    answer.at_ms = appended.at_ms;
    TRY(step_break(s, answer_keep(s, device, answers, &answer)));
    if (err == SOTTO_OK)
        say_appended(s, request, op, answer.seq, answer.at_ms);
    return err;
}
