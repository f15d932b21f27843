/* code.h - the spoken code of a room: `7-aardvark-zucchini`, a slot and two to four words of a list of 1,024. Every word is
 * known by its first three letters, and any two differ in at least two letters, so that a slip of the tongue or of a finger
 * is told apart here, before a guess is spent. */
#ifndef ROOM_CODE_H
#define ROOM_CODE_H

#include "base/base.h"
#include "crypto/rng.h"

#define CODE_WORDS     1024 /* in the list: 10 bits each */
#define CODE_WORDS_MIN 2
#define CODE_WORDS_MAX 4
#define CODE_WORD_MAX  8  /* letters of the longest word */
#define CODE_TEXT_MAX  48 /* bytes of a code as text, NUL included */

/* The word of that index, in alphabetical order; index is below CODE_WORDS. */
const char *code_word(unsigned index);

/* A code is a secret: clear it as soon as it has been used. By value. */
struct room_code {
    uint32_t slot;
    uint8_t count; /* words */
    uint16_t words[CODE_WORDS_MAX];
};
void room_code_clear(struct room_code *code);

/* Words for a slot, at random. USAGE: count out of range. */
SOTTO_MUST_USE sotto_err room_code_make(uint32_t slot, unsigned count, struct rng *rng,
                                        struct room_code *ret_code);

/* "7-aardvark-zucchini". */
void room_code_write(const struct room_code *code, char ret_text[CODE_TEXT_MAX]);

/* The words alone, "aardvark-zucchini": what CPace takes as the password. */
void room_code_password(const struct room_code *code, char ret_text[CODE_TEXT_MAX]);

/* What is wrong with a code that was typed, so that it can be said without asking the server. */
struct code_problem {
    char word
        [CODE_TEXT_MAX]; /* the word that is not in the list; empty: the form as a whole is wrong */
    const char *nearest; /* the word that was most likely meant, or NULL */
};

/* Reads what somebody typed: either case, white space around it, spaces for hyphens, words cut to three letters or more.
 * VALUE: not a code; *ret_problem says why, *ret_code is untouched. */
SOTTO_MUST_USE sotto_err room_code_read(view text, struct room_code *ret_code,
                                        struct code_problem *ret_problem);

/* The index of a word, given whole or by three letters or more of its beginning; -1 if it isn't in the list. */
int code_word_find(view text);

/* The word nearest to a mistyped one (fewest letters changed, at most two), or NULL. */
const char *code_word_nearest(view text);

/* For Tab: the range of words that begin with `prefix` (lower case), last included; false if none do. */
bool code_word_range(view prefix, unsigned *ret_first, unsigned *ret_last);

#endif
