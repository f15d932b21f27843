/* wire.h - what goes over the admin socket: one line of JSON as request, one as answer.
 *
 *   {"v":1,"command":"invite create","arguments":{"uses":1}}      a descriptor may come along (SCM_RIGHTS)
 *   {"v":1,"ok":true,"result":{...}}
 *   {"v":1,"ok":false,"code":"E_NOTFOUND","error":"...","guess":"...","do":"..."}
 *
 * Pure. A request is at most 64 KiB and 8 deep; whoever may send one is root or the server's own user, so the bounds guard against
 * mistakes. */
#ifndef ADMIN_WIRE_H
#define ADMIN_WIRE_H

#include <jansson.h>

#include "base/base.h"
#include "base/buf.h"
#include "net/failure.h"

#define ADMIN_REQUEST_MAX 65536                      /* bytes, the line feed included */
#define ADMIN_ANSWER_MAX  16777216                   /* bytes */
#define ROTATE_KEY_FILE   "the file that came along" /* whose name the server doesn't know */
#define ADMIN_DEPTH_MAX   8
#define ADMIN_SOCKET      "admin.sock" /* in the state directory */

void json_freep(json_t **json); /* for DEFER */

enum argument_kind { ARGUMENT_TEXT, ARGUMENT_NUMBER, ARGUMENT_FLAG };
/* An argument that a command takes. A name of NULL ends a table. */
struct admin_argument {
    const char *name;
    enum argument_kind kind;
    bool must;
};

/* A request as it was read; both borrow from `json`. */
struct admin_request {
    json_t *json;
    const char *command;
    const json_t *arguments;
};

/* `line` is without its line feed. VALUE, TOO_LARGE, NOMEM. The caller frees ret_request->json by json_decref(). */
SOTTO_MUST_USE sotto_err admin_request_read(view line, struct admin_request *ret_request);
/* Whether they are what the table says; null counts as absent. USAGE, with words. */
SOTTO_MUST_USE sotto_err admin_arguments_check(const json_t *arguments,
                                               const struct admin_argument *table,
                                               struct failure *ret_failure);
/* Each with its line feed. `arguments` and `result` are borrowed, and may be NULL. NOMEM, TOO_LARGE. */
SOTTO_MUST_USE sotto_err admin_request_write(const char *command, json_t *arguments,
                                             sotto_buf *out);
SOTTO_MUST_USE sotto_err admin_answer_write(json_t *result, sotto_buf *out);
SOTTO_MUST_USE sotto_err admin_refusal_write(sotto_err err, const struct failure *failure,
                                             sotto_buf *out);

/* An answer: OK and its result, which the caller frees; or the error that it tells, with its words. VALUE: no such line. */
SOTTO_MUST_USE sotto_err admin_answer_read(view line, json_t **ret_result,
                                           struct failure *ret_failure);

/* The argument, or what stands for its absence. */
const char *admin_text(const json_t *arguments, const char *name);
uint64_t admin_number(const json_t *arguments, const char *name, uint64_t standard);
bool admin_flag(const json_t *arguments, const char *name);

#endif
