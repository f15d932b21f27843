/* A code that can be read is written in one form, and that form reads as the same code. */
#include <stdlib.h>

#include "room/code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct room_code code, again;
    struct code_problem problem;
    char text[CODE_TEXT_MAX];
    if (room_code_read(view_of(data, size), &code, &problem) != SOTTO_OK) {
        if (problem.word[sizeof problem.word - 1] != '\0')
            abort();
        return 0;
    }
    room_code_write(&code, text);
    if (room_code_read(view_str(text), &again, &problem) != SOTTO_OK || again.slot != code.slot ||
        again.count != code.count ||
        memcmp(again.words, code.words, code.count * sizeof code.words[0]) != 0)
        abort();
    return 0;
}
