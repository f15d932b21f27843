/* In how many conversations an account is, by all its devices together, and how many accounts a conversation has. The first is counted in
 * a row of its own; the second is looked up when it could be too many, since that is hardly ever. */
#include <stdlib.h>

#include "core/streams.h"

static bool list_has(const struct list *list, uint64_t account)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        const struct subscription *sub = LIST_ROW(link, const struct subscription, of_stream);
        if (sub->account == account && !subscription_ended(sub))
            return true;
    }
    return false;
}

bool account_reads(const struct stream *stream, uint64_t account)
{
    return list_has(&stream->here, account) || list_has(&stream->away, account);
}

/* --- conversations of an account --- */

static sotto_err count_load(struct step *s, uint64_t account, uint64_t *ret_count)
{
    struct row_key key = row_key_u64(account);
    view value;
    *ret_count = 0;
    sotto_err err = row_get(s, STORE_CONVERSATIONS, row_key_view(&key), &value);
    if (err != SOTTO_OK)
        return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
    struct rd r = rd_of(value);
    *ret_count = rd_u64(&r);
    return row_verdict(s, rd_end(&r) == SOTTO_OK ? SOTTO_OK : SOTTO_E_DAMAGED);
}

sotto_err conversations_count(struct step *s, uint64_t account, bool more)
{
    struct row_key key = row_key_u64(account);
    uint64_t count;
    TRY(count_load(s, account, &count));
    if (!more && count <= 1)
        return row_delete(s, STORE_CONVERSATIONS, row_key_view(&key));
    struct row_key value = row_key_u64(more ? count + 1 : count - 1);
    return row_put(s, STORE_CONVERSATIONS, row_key_view(&key), row_key_view(&value));
}

sotto_err conversations_check(struct step *s, uint64_t account)
{
    uint64_t limit = s->core->config.limits.conversations, count;
    TRY(count_load(s, account, &count));
    if (limit_reached(count, limit))
        return step_bound(s, BOUND_CONVERSATIONS, SOTTO_E_FULL,
                          "an account may be in %llu conversations: it has to leave one first",
                          (unsigned long long)limit);
    return SOTTO_OK;
}

/* --- accounts of a conversation --- */

static void list_collect(const struct list *list, uint64_t *accounts, size_t *count)
{
    for (const struct link *link = list->first; link != NULL; link = link->next) {
        const struct subscription *sub = LIST_ROW(link, const struct subscription, of_stream);
        if (!subscription_ended(sub))
            accounts[(*count)++] = sub->account;
    }
}

static int by_number(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static sotto_err accounts_count(const struct stream *stream, uint64_t *ret_count)
{
    uint64_t *accounts = calloc((size_t)stream->active + 1, sizeof *accounts);
    size_t count = 0;
    uint64_t different = 0;
    if (accounts == NULL)
        return SOTTO_E_NOMEM;
    list_collect(&stream->here, accounts, &count);
    list_collect(&stream->away, accounts, &count);
    qsort(accounts, count, sizeof *accounts, by_number);
    for (size_t i = 0; i < count; i++)
        different += i == 0 || accounts[i] != accounts[i - 1];
    free(accounts);
    *ret_count = different;
    return SOTTO_OK;
}

sotto_err stream_check_size(struct step *s, const struct stream *stream, uint64_t devices,
                            uint64_t accounts)
{
    const struct limits *limits = &s->core->config.limits;
    uint64_t all_devices = stream->active + devices, all_accounts;
    if (devices > 0 && limits->stream_devices > 0 && all_devices > limits->stream_devices)
        return step_bound(s, BOUND_STREAM_DEVICES, SOTTO_E_FULL,
                          "a conversation has at most %llu devices",
                          (unsigned long long)limits->stream_devices);
    if (accounts == 0 || limits->stream_accounts == 0 || all_devices <= limits->stream_accounts)
        return SOTTO_OK;
    TRY(accounts_count(stream, &all_accounts));
    if (all_accounts + accounts > limits->stream_accounts)
        return step_bound(s, BOUND_STREAM_ACCOUNTS, SOTTO_E_FULL,
                          "a conversation has at most %llu accounts",
                          (unsigned long long)limits->stream_accounts);
    return SOTTO_OK;
}
