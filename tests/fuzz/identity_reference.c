#include "tests/fuzz/identity_reference.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is left of the bytes; once wrong, everything stays wrong and nothing is read any more. Sizes and limits are written out once
 * more, as numbers. */
struct reference {
    const uint8_t *at;
    size_t left;
    bool wrong;
};

static uint64_t number(struct reference *r, unsigned bytes)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < bytes; i++) {
        if (r->wrong || r->left == 0) {
            r->wrong = true;
            return 0;
        }
        sum = sum * 256 + *r->at++;
        r->left--;
    }
    return sum;
}

static const uint8_t *skip(struct reference *r, size_t len)
{
    const uint8_t *start = r->at;
    for (size_t i = 0; i < len; i++)
        number(r, 1);
    return start;
}

/* The content behind a length of 1, 2 or 4 bytes. */
static struct reference content(struct reference *r)
{
    uint64_t first = number(r, 1), len = first % 64, form = first / 64;
    if (form == 1)
        len = len * 256 + number(r, 1);
    if (form == 2)
        len = len * 16777216 + number(r, 3);
    if (form == 3 || (form == 1 && len < 64) || (form == 2 && len < 16384) || len > r->left)
        r->wrong = true;
    struct reference inside = {r->at, r->wrong ? 0 : len, r->wrong};
    skip(r, inside.left);
    return inside;
}

static void demand(struct reference *r, bool holds)
{
    if (!holds)
        r->wrong = true;
}

static void head(struct reference *r, const char *label)
{
    struct reference got = content(r);
    demand(r, !got.wrong && got.left == strlen(label) && memcmp(got.at, label, got.left) == 0);
    demand(r, number(r, 1) == 1);
}

static void genesis(struct reference *r)
{
    head(r, "sotto genesis");
    demand(r, number(r, 1) == 1);
    skip(r, 32 + 32);
}

static void rotation(struct reference *r)
{
    head(r, "sotto rotation");
    skip(r, 32);
    uint64_t n = number(r, 4);
    demand(r, n >= 1 && n <= 64);
    skip(r, 32 + 32 + 32 + 64);
}

static void device_list(struct reference *r)
{
    static const uint8_t zeros[32];
    head(r, "sotto devices");
    skip(r, 32);
    demand(r, number(r, 4) <= 64);
    uint64_t list = number(r, 8);
    const uint8_t *previous = skip(r, 32);
    if (r->wrong)
        return;
    demand(r, list > 0 && (list == 1) == (memcmp(previous, zeros, 32) == 0));
    uint64_t issued = number(r, 8), expires = number(r, 8);
    demand(r, expires <= 253402300799 && expires >= 2592000 && expires - 2592000 == issued);
    struct reference devices = content(r);
    demand(r,
           !devices.wrong && devices.left > 0 && devices.left % 49 == 0 && devices.left / 49 <= 64);
    const uint8_t *before = NULL;
    while (!r->wrong && devices.left > 0) {
        const uint8_t *id = skip(&devices, 16);
        skip(&devices, 32);
        uint64_t state = number(&devices, 1);
        demand(r, (state == 1 || state == 2) && (before == NULL || memcmp(before, id, 16) < 0));
        before = id;
    }
    skip(r, 64);
}

/* Exactly one record inside a part of another. */
static void part(struct reference *r, void (*record)(struct reference *))
{
    struct reference inside = content(r);
    record(&inside);
    demand(r, !inside.wrong && inside.left == 0);
}

static void statement(struct reference *r)
{
    head(r, "sotto identity");
    part(r, genesis);
    struct reference rotations = content(r);
    size_t count = 0;
    for (; !rotations.wrong && rotations.left > 0; count++)
        part(&rotations, rotation);
    demand(r, !rotations.wrong && count <= 64);
    part(r, device_list);
}

static bool matches(const char *pattern, const uint8_t *text, size_t len, regmatch_t *groups,
                    size_t count)
{
    char copy[1024];
    regex_t regex;
    if (len >= sizeof copy || memchr(text, 0, len) != NULL)
        return false;
    memcpy(copy, text, len);
    copy[len] = 0;
    if (regcomp(&regex, pattern, REG_EXTENDED) != 0)
        abort();
    bool found = regexec(&regex, copy, count, groups, 0) == 0;
    regfree(&regex);
    return found;
}

static void account_request(struct reference *r)
{
    head(r, "sotto account request");
    skip(r, 32 + 32);
    struct reference name = content(r);
    demand(r, !name.wrong && name.left > 0 &&
                  matches("^[a-z0-9._-]{1,64}@[]a-z0-9.:[-]{1,253}$", name.at, name.left, NULL, 0));
    skip(r, 15 + 32 + 64);
}

static void commit_header(struct reference *r)
{
    head(r, "sotto commit header");
    skip(r, 16);
    demand(r, number(r, 8) > 0);
    skip(r, 32 + 32 + 8 + 16 + 32 + 64);
}

static void branch(struct reference *r)
{
    head(r, "sotto branch");
    const uint8_t *from = skip(r, 16);
    demand(r, number(r, 8) > 0);
    number(r, 8);
    const uint8_t *to = skip(r, 16);
    if (!r->wrong)
        demand(r, memcmp(from, to, 16) != 0);
    skip(r, 32 + 32 + 16 + 64);
}

static void token_correction(struct reference *r)
{
    head(r, "sotto token");
    skip(r, 16 + 8 + 32 + 8 + 16 + 32 + 64);
}

static void notice(struct reference *r)
{
    head(r, "sotto notice");
    skip(r, 16);
    demand(r, number(r, 8) > 0);
    skip(r, 16 + 32 + 64);
}

/* The value of a character of base64url that is known to be one. */
static unsigned sextet(uint8_t c)
{
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return (unsigned)(strchr(alphabet, c) - alphabet);
}

static bool is_white(uint8_t c)
{
    return c != 0 && strchr(" \t\n\v\f\r", c) != NULL;
}

static void link_text(struct reference *r)
{
    regmatch_t groups[6];
    while (r->left > 0 && is_white(r->at[0]))
        skip(r, 1);
    while (r->left > 0 && is_white(r->at[r->left - 1]))
        r->left--;
    if (!matches("^[Hh][Tt][Tt][Pp][Ss]://"
                 "([A-Za-z0-9.][A-Za-z0-9.-]*|\\[([0-9A-Fa-f.]*:[0-9A-Fa-f.:]*)\\])"
                 "(:([1-9][0-9]{0,4}))?/[Ii]#([A-Za-z0-9_-]{64})$",
                 r->at, r->left, groups, 6)) {
        r->wrong = true;
        return;
    }
    const regmatch_t *host = &groups[groups[2].rm_so >= 0 ? 2 : 1];
    const uint8_t *data = r->at + groups[5].rm_so;
    demand(r, host->rm_eo - host->rm_so <= 253);
    if (groups[4].rm_so >= 0)
        demand(r, atoi((const char *)r->at + groups[4].rm_so) <= 65535);
    unsigned version = sextet(data[0]) / 4, kind = sextet(data[0]) % 4 * 4 + sextet(data[1]) / 16;
    bool nobody = sextet(data[22]) % 4 == 0; /* bytes 17 to 32: two bits of character 22, to 43 */
    for (size_t i = 23; i < 44; i++)
        nobody = nobody && sextet(data[i]) == 0;
    demand(r, version == 1 && kind >= 1 && kind <= 3 && (kind == 1 || !nobody));
    skip(r, r->left);
}

static const struct {
    const char *name;
    void (*decode)(struct reference *r);
} decoders[] = {
    {"genesis", genesis},
    {"rotation", rotation},
    {"device_list", device_list},
    {"statement", statement},
    {"account_request", account_request},
    {"commit_header", commit_header},
    {"branch", branch},
    {"link", link_text},
    {"token_correction", token_correction},
    {"notice", notice},
};

bool identity_reference_is(const char *name, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++)
        if (strcmp(decoders[i].name, name) == 0) {
            struct reference r = {bytes, len, false};
            decoders[i].decode(&r);
            return !r.wrong && r.left == 0;
        }
    fprintf(stderr, "identity_reference: no %s\n", name);
    abort();
}
