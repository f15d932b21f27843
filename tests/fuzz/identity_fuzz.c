/* Each record that says who somebody is, and invite links: the first byte picks a row, the rest is its bytes. What is read is written as
 * the same bytes, a record that could be read can't when a byte is added or missing, a second decoder says the same of all, and
 * checking what was read, whatever it says, ends with a verdict. */
#include "fuzz.h"

#include "identity/identity.h"
#include "proto/branch.h"
#include "proto/commit_header.h"
#include "proto/notice.h"
#include "proto/token_correction.h"
#include "tests/fuzz/identity_reference.h"

static sotto_crypto *crypto;

static sotto_err genesis_recode(view bytes, sotto_buf *out)
{
    struct genesis genesis;
    struct account_key key;
    TRY(genesis_read(bytes, &genesis));
    sotto_err err = account_key_begin(crypto, &genesis, &key);
    HOLDS(err == SOTTO_OK || err == SOTTO_E_KEY);
    return genesis_write(&genesis, out);
}

static sotto_err rotation_recode(view bytes, sotto_buf *out)
{
    struct rotation rotation;
    TRY(rotation_read(bytes, &rotation));
    struct account_key key = {.n = rotation.n - 1}, before;
    memcpy(key.account_id, rotation.account_id, sizeof key.account_id);
    before = key;
    HOLDS(account_key_rotate(crypto, &rotation, &key) == SOTTO_E_SIGNATURE);
    HOLDS(memcmp(&key, &before, sizeof key) == 0);
    return rotation_write(&rotation, out);
}

static sotto_err device_list_recode(view bytes, sotto_buf *out)
{
    struct device_list list;
    TRY(device_list_read(bytes, &list));
    struct account_key key = {.n = list.rotation};
    uint8_t digest[IDENTITY_HASH];
    memcpy(key.account_id, list.account_id, sizeof key.account_id);
    HOLDS(device_list_hash(crypto, &list, digest) == SOTTO_OK);
    HOLDS(device_list_verify(crypto, &list, &key) == SOTTO_E_SIGNATURE);
    HOLDS(device_list_follows(crypto, &list, &list) == SOTTO_E_CONFLICT);
    for (size_t i = 0; i < list.device_count; i++)
        HOLDS(device_list_find(&list, list.devices[i].id) == &list.devices[i]);
    return device_list_write(&list, out);
}

static sotto_err statement_recode(view bytes, sotto_buf *out)
{
    static struct statement statement;
    struct account_key key;
    TRY(statement_read(bytes, &statement));
    sotto_err err = statement_verify(crypto, &statement, &key);
    HOLDS(sotto_err_class_of(err) != SOTTO_CLASS_HOST);
    HOLDS(statement_compare(&statement, &statement) == STATEMENT_SAME);
    HOLDS(bytes.len <= STATEMENT_MAX);
    return statement_write(&statement, out);
}

static sotto_err account_request_recode(view bytes, sotto_buf *out)
{
    struct account_request request;
    TRY(account_request_read(bytes, &request));
    sotto_err err = account_request_verify(crypto, &request);
    HOLDS(err == SOTTO_OK || err == SOTTO_E_SIGNATURE);
    return account_request_write(&request, out);
}

static sotto_err commit_header_recode(view bytes, sotto_buf *out)
{
    struct commit_header header;
    uint8_t digest[COMMIT_HEADER_HASH];
    TRY(commit_header_read(bytes, &header));
    HOLDS(commit_header_hash(crypto, &header, digest) == SOTTO_OK);
    return commit_header_write(&header, out);
}

static sotto_err branch_recode(view bytes, sotto_buf *out)
{
    struct branch branch;
    TRY(branch_read(bytes, &branch));
    return branch_write(&branch, out);
}

static sotto_err token_correction_recode(view bytes, sotto_buf *out)
{
    struct token_correction correction;
    TRY(token_correction_read(bytes, &correction));
    return token_correction_write(&correction, out);
}

static sotto_err notice_recode(view bytes, sotto_buf *out)
{
    struct notice notice;
    TRY(notice_read(bytes, &notice));
    return notice_write(&notice, out);
}

/* A link has more spellings than one; the one that is written is read as the same link, and written as the same text. */
static sotto_err link_recode(view bytes, sotto_buf *out)
{
    DEFER(link_invite_clear) struct link_invite link = {0}, again = {0};
    char text[LINK_TEXT_MAX], once_more[LINK_TEXT_MAX];
    TRY(link_read(bytes, &link));
    HOLDS(link_write(&link, text) == SOTTO_OK);
    HOLDS(link_read(view_str(text), &again) == SOTTO_OK);
    HOLDS(link_write(&again, once_more) == SOTTO_OK);
    HOLDS(strcmp(text, once_more) == 0 && secret_equal(&link.secret, &again.secret));
    return buf_append(out, bytes);
}

static const struct kind {
    const char *name;
    sotto_err (*recode)(view bytes, sotto_buf *out);
    bool exact; /* a byte more or less is another thing */
} kinds[] = {
    {"genesis", genesis_recode, true},
    {"rotation", rotation_recode, true},
    {"device_list", device_list_recode, true},
    {"statement", statement_recode, true},
    {"account_request", account_request_recode, true},
    {"commit_header", commit_header_recode, true},
    {"branch", branch_recode, true},
    {"link", link_recode, false},
    {"token_correction", token_correction_recode, true},
    {"notice", notice_recode, true},
};

static void check_neighbours(const struct kind *kind, view bytes)
{
    sotto_buf out = {0};
    uint8_t *more = malloc(bytes.len + 1);
    HOLDS(more != NULL);
    memcpy(more, bytes.data, bytes.len);
    more[bytes.len] = 0;
    HOLDS(kind->recode(view_of(more, bytes.len + 1), &out) == SOTTO_E_TRAILING);
    free(more);
    uint8_t *less = fuzz_copy(view_of(bytes.data, bytes.len - 1));
    HOLDS(kind->recode(view_of(less, bytes.len - 1), &out) == SOTTO_E_TRUNCATED);
    free(less);
    HOLDS(out.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || data[0] >= COUNT_OF(kinds))
        return 0;
    if (crypto == NULL)
        HOLDS(crypto_new(&crypto) == SOTTO_OK);
    const struct kind *kind = &kinds[data[0]];
    const view bytes = {data + 1, size - 1};
    sotto_buf out = {0};
    bool right = kind->recode(bytes, &out) == SOTTO_OK;
    HOLDS(right == identity_reference_is(kind->name, bytes.data, bytes.len));
    HOLDS(right ? view_equal(buf_view(&out), bytes) : out.len == 0);
    if (right && kind->exact)
        check_neighbours(kind, bytes);
    buf_clear(&out);
    return 0;
}
