/* suggest.c - the nearest word. Edits are counted by the optimal string alignment distance, on
 * three rows of the table. */
#include "cli/cli.h"

#define WORD_MAX 63

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

unsigned cli_distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1] = {0};
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;
    for (unsigned j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned replaced = last[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = min3(last[j] + 1, now[j - 1] + 1, replaced);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < now[j])
                now[j] = before[j - 2] + 1;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *cli_suggest(const char *word, const char *(*next)(void *state), void *state)
{
    const char *nearest = NULL;
    unsigned least = 3;
    for (const char *candidate; (candidate = next(state)) != NULL;) {
        unsigned edits = cli_distance(word, candidate);
        /* Of a short word not much may be left over, or anything would resemble it. */
        if (edits < least && edits * 2 < strlen(candidate)) {
            least = edits;
            nearest = candidate;
        }
    }
    return nearest;
}
