/* The answer is as many frames as it takes, up to ANSWER_MAX bytes: what did not fit has to be asked for again. */
#include "base/text.h"
#include "core/state.h"

#define ANSWER_MAX   1048576
#define NAMES_A_COST 50 /* names that cost as much as the asking */

sotto_err lookup_read(view body, union request_body *ret_body)
{
    return proto_lookup_read(body, &ret_body->list);
}

struct answer {
    const struct request *request;
    sotto_buf page; /* accounts that have not been sent */
    size_t count;
    size_t sent; /* bytes of frames before */
};

static sotto_err flush(struct step *s, struct answer *answer, bool more)
{
    const struct proto_found found = {.more = more,
                                      .accounts = {buf_view(&answer->page), answer->count}};
    TRY(fx_reserve(s->fx, STEP_EFFECTS, answer->page.len + STEP_BYTES));
    size_t at = s->fx->bytes.len;
    TRY(proto_found_write(answer->request->id, &found, &s->fx->bytes));
    fx_send(s->fx, answer->request->from->id, at);
    answer->sent += s->fx->bytes.len - at;
    answer->count = 0;
    buf_reset(&answer->page);
    return SOTTO_OK;
}

/* What an account's answer is put together from. */
struct parts {
    sotto_buf row, rotations, certificates, above, chain, device, item;
    size_t rotation_count, certificate_count, chain_count;
};

static void parts_clear(struct parts *parts)
{
    buf_clear(&parts->row);
    buf_clear(&parts->rotations);
    buf_clear(&parts->certificates);
    buf_clear(&parts->above);
    buf_clear(&parts->chain);
    buf_clear(&parts->device);
    buf_clear(&parts->item);
}

static sotto_err item_add(sotto_buf *list, view item)
{
    struct wr w = wr_to(list);
    wr_opaque(&w, item);
    return wr_end(&w);
}

static sotto_err rotations_gather(struct step *s, uint64_t account, uint32_t count,
                                  struct parts *parts)
{
    buf_reset(&parts->rotations);
    for (uint32_t n = 1; n <= count; n++) {
        const struct row_key key = row_key_two(account, n);
        view record;
        sotto_err err = row_get(s, STORE_ROTATION, row_key_view(&key), &record);
        if (err != SOTTO_OK)
            return err == SOTTO_E_NOTFOUND ? row_verdict(s, SOTTO_E_DAMAGED) : err;
        TRY(item_add(&parts->rotations, record));
    }
    parts->rotation_count = count;
    return SOTTO_OK;
}

static sotto_err certificates_gather(struct step *s, uint64_t account, struct parts *parts)
{
    uint8_t id[DEVICE_ID] = {0};
    uint64_t number = 0;
    struct device_row row;
    sotto_err err;
    buf_reset(&parts->certificates);
    parts->certificate_count = 0;
    while ((err = device_number_next(s, account, id, parts->certificate_count == 0, &number)) ==
           SOTTO_OK) {
        TRY(device_load(s, number, &parts->device, &row));
        TRY(item_add(&parts->certificates, row.certificate));
        parts->certificate_count++;
    }
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err chain_gather(struct step *s, view certificate, struct parts *parts)
{
    struct chain chain;
    TRY(issuer_chain(s, certificate, &parts->above, &chain));
    buf_reset(&parts->chain);
    for (size_t i = 0; i < chain.count; i++)
        TRY(item_add(&parts->chain, chain.list[i]));
    parts->chain_count = chain.count;
    return SOTTO_OK;
}

/* NOTFOUND: nobody, or somebody who is disabled. */
static sotto_err account_gather(struct step *s, uint64_t number, struct parts *parts,
                                struct proto_found_account *found)
{
    struct account_row row;
    TRY(account_load(s, number, &parts->row, &row));
    if (row.flags & ACCOUNT_DISABLED)
        return SOTTO_E_NOTFOUND;
    TRY(rotations_gather(s, number, row.key.n, parts));
    TRY(certificates_gather(s, number, parts));
    TRY(chain_gather(s, row.certificate, parts));
    found->status = FOUND_ACCOUNT;
    found->name = row.name;
    found->genesis = row.genesis;
    found->device_list = row.list;
    found->rotations = (struct proto_list){buf_view(&parts->rotations), parts->rotation_count};
    found->certificates =
        (struct proto_list){buf_view(&parts->certificates), parts->certificate_count};
    found->chain = (struct proto_list){buf_view(&parts->chain), parts->chain_count};
    return SOTTO_OK;
}

/* 0: nobody. */
static sotto_err number_of(struct step *s, const struct proto_wanted *wanted, uint64_t *ret_number)
{
    uint8_t name[X509_NAME_MAX];
    struct account *account = NULL;
    if (wanted->by == LOOKUP_NAME) {
        memcpy(name, wanted->what.data, wanted->what.len);
        text_lower(name, wanted->what.len);
        return account_by_name(s, view_of(name, wanted->what.len), ret_number);
    }
    sotto_err err = account_find(s, wanted->what.data, &account);
    if (err == SOTTO_OK)
        *ret_number = account->number;
    return err == SOTTO_E_NOTFOUND ? SOTTO_OK : err;
}

static sotto_err look_up(struct step *s, const struct proto_wanted *wanted, uint16_t index,
                         struct parts *parts)
{
    struct proto_found_account found = {.index = index};
    uint64_t number = 0;
    TRY(number_of(s, wanted, &number));
    sotto_err err = number != 0 ? account_gather(s, number, parts, &found) : SOTTO_E_NOTFOUND;
    if (err != SOTTO_OK && err != SOTTO_E_NOTFOUND)
        return err;
    buf_reset(&parts->item);
    struct wr w = wr_to(&parts->item);
    proto_found_account_write(&w, &found);
    return wr_end(&w);
}

#define PAGE_MAX (PROTO_FRAME_MAX - PROTO_HEADER - 8) /* more, and the length of the vector */

static sotto_err look_up_all(struct step *s, struct answer *answer, struct parts *parts)
{
    struct rd items = rd_of(answer->request->body.list.bytes);
    for (uint16_t index = 0; rd_more(&items); index++) {
        struct proto_wanted wanted;
        proto_wanted_read(&items, &wanted);
        TRY(look_up(s, &wanted, index, parts));
        if (answer->sent + answer->page.len + parts->item.len > ANSWER_MAX)
            break;
        if (answer->page.len + parts->item.len > PAGE_MAX)
            TRY(flush(s, answer, true));
        TRY(buf_append(&answer->page, buf_view(&parts->item)));
        answer->count++;
    }
    return flush(s, answer, false);
}

sotto_err lookup_on(struct step *s, const struct request *request)
{
    uint64_t account = request->from->device->account->number;
    uint64_t cost = 1 + request->body.list.count / NAMES_A_COST;
    struct answer answer = {.request = request};
    struct parts parts = {0};
    TRY(step_limit(s, RATE_LOOKUP, account, 0, cost, "too many look-ups"));
    step_take(s, RATE_LOOKUP, account, 0, cost);
    sotto_err err = look_up_all(s, &answer, &parts);
    parts_clear(&parts);
    buf_clear(&answer.page);
    return err;
}
