#include "room/code.h"

#include <ctype.h>
#include <stdio.h>

#include "base/ct.h"
#include "room/words.h"

#define CODE_PREFIX   3       /* letters that tell a word apart */
#define CODE_SLOT_MAX 9999999 /* so that a code fits CODE_TEXT_MAX */

const char *code_word(unsigned index)
{
    return code_words[index % CODE_WORDS];
}

void room_code_clear(struct room_code *code)
{
    if (code != NULL)
        ct_wipe(code, sizeof *code);
}

sotto_err room_code_make(uint32_t slot, unsigned count, struct rng *rng, struct room_code *ret_code)
{
    if (count < CODE_WORDS_MIN || count > CODE_WORDS_MAX || slot == 0 || slot > CODE_SLOT_MAX)
        return SOTTO_E_USAGE;
    *ret_code = (struct room_code){.slot = slot, .count = (uint8_t)count};
    for (unsigned i = 0; i < count; i++)
        ret_code->words[i] = (uint16_t)rng_below(rng, CODE_WORDS);
    return SOTTO_OK;
}

/* Appends the words with hyphens between them at text + at. */
static void words_write(const struct room_code *code, char *text, size_t at)
{
    for (unsigned i = 0; i < code->count; i++)
        at += (size_t)snprintf(text + at, CODE_TEXT_MAX - at, "%s%s", i > 0 ? "-" : "",
                               code_word(code->words[i]));
}

void room_code_write(const struct room_code *code, char ret_text[CODE_TEXT_MAX])
{
    int at = snprintf(ret_text, CODE_TEXT_MAX, "%u-", code->slot);
    words_write(code, ret_text, (size_t)at);
}

void room_code_password(const struct room_code *code, char ret_text[CODE_TEXT_MAX])
{
    ret_text[0] = '\0';
    words_write(code, ret_text, 0);
}

/* By length, not as a string: what was typed may hold a NUL. */
static bool word_begins(unsigned index, view prefix)
{
    return prefix.len <= strlen(code_words[index]) &&
           (prefix.len == 0 || memcmp(code_words[index], prefix.data, prefix.len) == 0);
}

bool code_word_range(view prefix, unsigned *ret_first, unsigned *ret_last)
{
    unsigned first = 0;
    while (first < CODE_WORDS && !word_begins(first, prefix))
        first++;
    if (first == CODE_WORDS)
        return false;
    unsigned last = first;
    while (last + 1 < CODE_WORDS && word_begins(last + 1, prefix))
        last++;
    *ret_first = first;
    *ret_last = last;
    return true;
}

int code_word_find(view text)
{
    unsigned first, last;
    if (text.len < CODE_PREFIX || text.len > CODE_WORD_MAX || !code_word_range(text, &first, &last))
        return -1;
    return (int)first; /* three letters or more: first and last are one */
}

/* Levenshtein distance of a word of the list to at most CODE_TEXT_MAX typed letters. */
static unsigned distance(const char *word, view typed)
{
    unsigned row[CODE_WORD_MAX + 1];
    unsigned len = (unsigned)strlen(word);
    for (unsigned j = 0; j <= len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= typed.len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= len; j++) {
            unsigned changed = diagonal + (word[j - 1] != (char)typed.data[i - 1]);
            diagonal = row[j];
            unsigned shorter = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = changed < shorter ? changed : shorter;
        }
    }
    return row[len];
}

const char *code_word_nearest(view text)
{
    const char *nearest = NULL;
    unsigned least = 3;
    if (text.len == 0 || text.len > CODE_WORD_MAX + 2)
        return NULL;
    for (unsigned i = 0; i < CODE_WORDS; i++) {
        unsigned d = distance(code_words[i], text);
        if (d < least) {
            least = d;
            nearest = code_words[i];
        }
    }
    return nearest;
}

/* The typed code in one form: lower case, single hyphens, no white space around. VALUE if it can't be a code. */
static sotto_err code_normalise(view text, char ret_text[CODE_TEXT_MAX])
{
    size_t len = 0;
    bool gap = false;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char ch = text.data[i];
        if (isspace(ch) || ch == '-') {
            gap = len > 0;
            continue;
        }
        if (!isalnum(ch) || ch >= 0x80 || len + 2 >= CODE_TEXT_MAX)
            return SOTTO_E_VALUE;
        if (gap)
            ret_text[len++] = '-';
        gap = false;
        ret_text[len++] = (char)tolower(ch);
    }
    ret_text[len] = '\0';
    return SOTTO_OK;
}

static sotto_err slot_read(const char **at, uint32_t *ret_slot)
{
    uint32_t slot = 0;
    const char *p = *at;
    while (*p >= '0' && *p <= '9' && slot <= CODE_SLOT_MAX)
        slot = slot * 10 + (uint32_t)(*p++ - '0');
    if (p == *at || slot == 0 || slot > CODE_SLOT_MAX || *p != '-')
        return SOTTO_E_VALUE;
    *at = p + 1;
    *ret_slot = slot;
    return SOTTO_OK;
}

sotto_err room_code_read(view text, struct room_code *ret_code, struct code_problem *ret_problem)
{
    char typed[CODE_TEXT_MAX];
    const char *at = typed;
    struct room_code code = {0};
    *ret_problem = (struct code_problem){0};
    TRY(code_normalise(text, typed));
    TRY(slot_read(&at, &code.slot));
    while (*at != '\0') {
        view word = view_of(at, strcspn(at, "-"));
        int index = code_word_find(word);
        if (index < 0) {
            memcpy(ret_problem->word, word.data, word.len);
            ret_problem->nearest = code_word_nearest(word);
            return SOTTO_E_VALUE;
        }
        if (code.count == CODE_WORDS_MAX)
            return SOTTO_E_VALUE;
        code.words[code.count++] = (uint16_t)index;
        at += word.len + (at[word.len] == '-');
    }
    if (code.count < CODE_WORDS_MIN)
        return SOTTO_E_VALUE;
    *ret_code = code;
    room_code_clear(&code);
    ct_wipe(typed, sizeof typed);
    return SOTTO_OK;
}
