/* The lines of the admin socket. What is taken for a request stays one when it is written again, with the same command and arguments;
 * any table of arguments judges it without harm; what is taken for an answer has a result or an error. */
#include <assert.h>

#include "admin/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void request_check(view line)
{
    static const struct admin_argument table[] = {{"name", ARGUMENT_TEXT, true},
                                                  {"uses", ARGUMENT_NUMBER, false},
                                                  {"all", ARGUMENT_FLAG, false},
                                                  {0}};
    DEFER(buf_clear) sotto_buf again = {0};
    struct admin_request first, second;
    struct failure failure = {0};
    if (admin_request_read(line, &first) != SOTTO_OK)
        return;
    if (admin_arguments_check(first.arguments, table, &failure) == SOTTO_OK) {
        assert(admin_text(first.arguments, "name") != NULL);
        assert(admin_number(first.arguments, "uses", 0) <= INT64_MAX);
    }
    if (admin_request_write(first.command, (json_t *)(uintptr_t)first.arguments, &again) ==
        SOTTO_OK) {
        assert(admin_request_read((view){again.data, again.len - 1}, &second) == SOTTO_OK);
        assert(strcmp(first.command, second.command) == 0);
        assert(json_object_size(first.arguments) == 0 ||
               json_equal(first.arguments, second.arguments));
        json_decref(second.json);
    }
    json_decref(first.json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct failure failure = {0};
    json_t *result = NULL;
    request_check((view){data, size});
    if (admin_answer_read((view){data, size}, &result, &failure) == SOTTO_OK)
        assert(json_is_object(result));
    else
        assert(result == NULL);
    json_decref(result);
    return 0;
}
