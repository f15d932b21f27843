/* A half: digest = SHA-512(struct { opaque label<V> = "sotto safety number"; uint8 version = 1; opaque account_id[32]; }), then
 * 5,199 times digest = SHA-512(digest | account_id); of its first 30 bytes each five are a number, of which the last five decimal
 * digits count. The rounds make it dear to look for an account id whose number comes near another's. */
#include <stdio.h>

#include "identity/identity_local.h"

#define ROUNDS      5200
#define GROUPS      6 /* of five digits, in a half */
#define GROUP_BYTES 5
#define HALF_TEXT   (GROUPS * 6) /* five digits and a space each; a NUL in the place of the last */

static sotto_err half_digest(sotto_crypto *c, const uint8_t account_id[ACCOUNT_ID],
                             uint8_t ret_digest[HASH_MAX])
{
    const view id = view_of(account_id, ACCOUNT_ID);
    const view head[] = {VIEW_LIT("\x13sotto safety number\x01"), id};
    const view again[] = {view_of(ret_digest, HASH_MAX), id};
    TRY(hash_parts(c, HASH_SHA512, head, COUNT_OF(head), ret_digest));
    for (int round = 1; round < ROUNDS; round++)
        TRY(hash_parts(c, HASH_SHA512, again, COUNT_OF(again), ret_digest));
    return SOTTO_OK;
}

static sotto_err half_write(sotto_crypto *c, const uint8_t account_id[ACCOUNT_ID],
                            char ret_text[HALF_TEXT])
{
    uint8_t digest[HASH_MAX];
    char text[HALF_TEXT + 1];
    TRY(half_digest(c, account_id, digest));
    for (size_t group = 0; group < GROUPS; group++) {
        uint64_t number = 0;
        for (size_t i = 0; i < GROUP_BYTES; i++)
            number = number << 8 | digest[group * GROUP_BYTES + i];
        snprintf(text + 6 * group, 7, "%05u ", (unsigned)(number % 100000));
    }
    memcpy(ret_text, text, HALF_TEXT);
    ret_text[HALF_TEXT - 1] = '\0';
    return SOTTO_OK;
}

sotto_err safety_number(sotto_crypto *c, const uint8_t ours[ACCOUNT_ID],
                        const uint8_t theirs[ACCOUNT_ID], char ret_text[SAFETY_NUMBER_TEXT])
{
    char our_half[HALF_TEXT], their_half[HALF_TEXT];
    TRY(half_write(c, ours, our_half));
    TRY(half_write(c, theirs, their_half));
    bool first = strcmp(our_half, their_half) <= 0;
    snprintf(ret_text, SAFETY_NUMBER_TEXT, "%s %s", first ? our_half : their_half,
             first ? their_half : our_half);
    return SOTTO_OK;
}
