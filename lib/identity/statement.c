/* struct { opaque label<V> = "sotto identity"; uint8 version = 1; opaque genesis<V>; opaque rotations<V><V>; opaque device_list<V>; }
 * statement;    each part is that record, whole. */
#include <assert.h>
#include <stdlib.h>

#include "identity/identity_local.h"

#define LABEL VIEW_LIT("sotto identity")
#define ROTATIONS_LEN \
    (ROTATIONS_MAX * (2 + ROTATION_SIZE)) /* bytes of all, each behind its length */

static_assert(1 + 14 + 1 + 2 + GENESIS_SIZE + 2 + ROTATIONS_LEN + 2 + DEVICE_LIST_MAX <=
                  STATEMENT_MAX,
              "a statement has room for all that an account can have");

static void genesis_part(struct rd *r, struct statement *out)
{
    struct rd part = rd_vector(r, GENESIS_SIZE);
    genesis_parse(&part, &out->genesis);
    rd_join(r, &part);
}

static void rotations_part(struct rd *r, struct statement *out)
{
    struct rd rotations = rd_vector(r, ROTATIONS_LEN);
    while (rd_more(&rotations) && out->rotation_count < ROTATIONS_MAX) {
        struct rd part = rd_vector(&rotations, ROTATION_SIZE);
        rotation_parse(&part, &out->rotations[out->rotation_count++]);
        rd_join(&rotations, &part);
    }
    rd_join(r, &rotations);
}

static void list_part(struct rd *r, struct statement *out)
{
    struct rd part = rd_vector(r, DEVICE_LIST_MAX);
    device_list_parse(&part, &out->list);
    rd_join(r, &part);
}

static void statement_freep(struct statement **statement)
{
    free(*statement);
}

sotto_err statement_read(view bytes, struct statement *ret_statement)
{
    DEFER(statement_freep) struct statement *statement = calloc(1, sizeof *statement);
    struct rd r = rd_of(bytes);
    if (statement == NULL)
        return SOTTO_E_NOMEM;
    record_read_head(&r, LABEL);
    genesis_part(&r, statement);
    rotations_part(&r, statement);
    list_part(&r, statement);
    TRY(rd_end(&r));
    *ret_statement = *statement;
    return SOTTO_OK;
}

static void rotations_put(struct wr *w, const struct statement *statement)
{
    if (statement->rotation_count > ROTATIONS_MAX) {
        wr_fail(w, SOTTO_E_TOO_LARGE);
        return;
    }
    size_t all = wr_vector_begin(w);
    for (size_t i = 0; i < statement->rotation_count; i++) {
        size_t part = wr_vector_begin(w);
        rotation_put(w, &statement->rotations[i]);
        wr_vector_end(w, part);
    }
    wr_vector_end(w, all);
}

sotto_err statement_write(const struct statement *statement, sotto_buf *out)
{
    struct wr w = wr_to(out);
    record_write_head(&w, LABEL);
    size_t genesis = wr_vector_begin(&w);
    genesis_put(&w, &statement->genesis);
    wr_vector_end(&w, genesis);
    rotations_put(&w, statement);
    size_t list = wr_vector_begin(&w);
    device_list_put(&w, &statement->list);
    wr_vector_end(&w, list);
    return wr_end(&w);
}

sotto_err statement_verify(sotto_crypto *c, const struct statement *statement,
                           struct account_key *ret_key)
{
    struct account_key key;
    TRY(account_key_begin(c, &statement->genesis, &key));
    for (size_t i = 0; i < statement->rotation_count; i++)
        TRY(account_key_rotate(c, &statement->rotations[i], &key));
    TRY(device_list_verify(c, &statement->list, &key));
    *ret_key = key;
    return SOTTO_OK;
}

/* ---- which of two counts ---- */

static bool rotation_same(const struct rotation *a, const struct rotation *b)
{
    uint8_t bytes_a[ROTATION_SIZE], bytes_b[ROTATION_SIZE];
    sotto_buf record_a = BUF_ON(bytes_a), record_b = BUF_ON(bytes_b);
    return rotation_write(a, &record_a) == SOTTO_OK && rotation_write(b, &record_b) == SOTTO_OK &&
           view_equal(buf_view(&record_a), buf_view(&record_b));
}

static bool list_same(const struct device_list *a, const struct device_list *b)
{
    uint8_t bytes_a[DEVICE_LIST_MAX], bytes_b[DEVICE_LIST_MAX];
    sotto_buf record_a = BUF_ON(bytes_a), record_b = BUF_ON(bytes_b);
    return device_list_write(a, &record_a) == SOTTO_OK &&
           device_list_write(b, &record_b) == SOTTO_OK &&
           view_equal(buf_view(&record_a), buf_view(&record_b));
}

/* Of one account, hence with one genesis, and with equally many rotations. */
static bool statement_same(const struct statement *a, const struct statement *b)
{
    for (size_t i = 0; i < a->rotation_count; i++)
        if (!rotation_same(&a->rotations[i], &b->rotations[i]))
            return false;
    return list_same(&a->list, &b->list);
}

enum statement_order statement_compare(const struct statement *a, const struct statement *b)
{
    if (a->rotation_count != b->rotation_count)
        return a->rotation_count < b->rotation_count ? STATEMENT_LOWER : STATEMENT_HIGHER;
    if (a->list.number != b->list.number)
        return a->list.number < b->list.number ? STATEMENT_LOWER : STATEMENT_HIGHER;
    return statement_same(a, b) ? STATEMENT_SAME : STATEMENT_FORKED;
}

/* ---- a device ---- */

sotto_err statement_check_device(sotto_crypto *c, const struct statement *statement,
                                 const struct account_key *key, view device_certificate,
                                 struct x509 *ret_device)
{
    struct x509 device;
    uint8_t key_hash[IDENTITY_HASH];
    TRY(x509_verify_device(c, device_certificate, key->key, &device));
    if (!view_equal(VIEW_OF(device.account_id), VIEW_OF(key->account_id)))
        return SOTTO_E_CERTIFICATE;
    const struct listed_device *listed = device_list_find(&statement->list, device.device_id);
    if (listed == NULL)
        return SOTTO_E_NOTFOUND;
    TRY(hash(c, HASH_SHA256, VIEW_OF(device.public_key), key_hash));
    if (!view_equal(VIEW_OF(key_hash), VIEW_OF(listed->key_hash)))
        return SOTTO_E_CERTIFICATE;
    if (listed->state != DEVICE_ACTIVE)
        return SOTTO_E_DENIED;
    *ret_device = device;
    return SOTTO_OK;
}
