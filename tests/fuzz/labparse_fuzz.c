/* Key files and codes: what is read, written again and read once more is the same. */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "lab/parse.h"
#include "lab/suite.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void code_again(view text)
{
    uint32_t slot = 0, again = 0;
    const struct lab_suite *suite = NULL, *other = NULL;
    char written[128];
    if (parse_code(text, &slot, &suite) != SOTTO_OK)
        return;
    must(slot > 0 && suite != NULL);
    snprintf(written, sizeof written, "%u-%s", (unsigned)slot, suite->name);
    must(parse_code(view_str(written), &again, &other) == SOTTO_OK && again == slot &&
         other == suite);
}

static void psk_again(view text)
{
    struct secret psk = {0}, again = {0};
    sotto_buf written = {0};
    if (parse_psk_file(text, &psk) == SOTTO_OK) {
        must(psk.len == LAB_PSK);
        must(buf_append(&written, VIEW_LIT("# x\npsk ")) == SOTTO_OK &&
             hex_write(secret_view(&psk), &written) == SOTTO_OK);
        must(parse_psk_file(buf_view(&written), &again) == SOTTO_OK && secret_equal(&psk, &again));
    }
    buf_clear(&written);
}

static void identity_again(view text, const struct lab_suite *suite)
{
    sotto_buf key = {0}, again = {0}, written = {0};
    if (parse_identity_file(text, suite, &key) == SOTTO_OK) {
        must(key.len > 0 && buf_append(&written, VIEW_LIT("identity ")) == SOTTO_OK &&
             buf_append(&written, view_str(suite->name)) == SOTTO_OK &&
             buf_append(&written, VIEW_LIT(" ")) == SOTTO_OK &&
             hex_write(buf_view(&key), &written) == SOTTO_OK);
        must(parse_identity_file(buf_view(&written), suite, &again) == SOTTO_OK &&
             view_equal(buf_view(&key), buf_view(&again)));
    }
    buf_clear(&key);
    buf_clear(&again);
    buf_clear(&written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    view text = view_of(data, size);
    code_again(text);
    psk_again(text);
    identity_again(text, &suite_rsa_cbc);
    identity_again(text, &suite_elgamal_cfb);
    return 0;
}
