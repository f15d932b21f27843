/* A ticket that is read and written again is the same bytes; with a byte changed it is a ticket no more. */
#include "fuzz.h"

#include "core/blob_ticket.h"

#define NOW_S 1800000000

static sotto_crypto *crypto;

static void key_make(struct secret *key)
{
    secret_resize(key, BLOB_TICKET_KEY);
    for (uint8_t i = 0; i < BLOB_TICKET_KEY; i++)
        key->data[i] = i;
    if (crypto == NULL)
        HOLDS(sotto_crypto_new(&crypto) == SOTTO_OK);
}

/* What the bytes say, with a tag that holds: so the fields behind the tag are reached, too. */
static void check_signed(const struct secret *key, const uint8_t *data)
{
    DEFER(buf_clear) sotto_buf out = {0};
    struct blob_ticket ticket = {.op = data[0]}, again = {0};
    memcpy(ticket.hash, data + 1, sizeof ticket.hash);
    for (size_t i = 0; i < 8; i++) {
        ticket.size = ticket.size << 8 | data[33 + i];
        ticket.account = ticket.account << 8 | data[41 + i];
        ticket.expires_s = ticket.expires_s << 8 | data[49 + i];
    }
    HOLDS(blob_ticket_write(crypto, key, &ticket, &out) == SOTTO_OK);
    HOLDS(out.len == BLOB_TICKET_BYTES && memcmp(out.data, data, 57) == 0);
    sotto_err err = blob_ticket_read(crypto, key, buf_view(&out), NOW_S, &again);
    bool right = (ticket.op == BLOB_PUT || ticket.op == BLOB_GET) && ticket.expires_s > NOW_S;
    HOLDS((err == SOTTO_OK) == right);
    HOLDS(!right || (again.size == ticket.size && again.account == ticket.account));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct secret key = {0};
    struct blob_ticket ticket = {0};
    DEFER(buf_clear) sotto_buf out = {0};
    key_make(&key);
    uint8_t *copy = fuzz_copy(view_of(data, size));
    if (blob_ticket_read(crypto, &key, view_of(copy, size), NOW_S, &ticket) == SOTTO_OK) {
        HOLDS(blob_ticket_write(crypto, &key, &ticket, &out) == SOTTO_OK);
        HOLDS(out.len == size && memcmp(out.data, data, size) == 0);
        copy[ticket.account % size] ^= 1;
        HOLDS(blob_ticket_read(crypto, &key, view_of(copy, size), NOW_S, &ticket) == SOTTO_E_MAC);
    }
    free(copy);
    if (size >= BLOB_TICKET_BYTES)
        check_signed(&key, data);
    return 0;
}
