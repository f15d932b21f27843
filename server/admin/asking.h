/* asking.h - a command that the core answers: one frame there (core/admin.h), one back. */
#ifndef ADMIN_ASKING_H
#define ADMIN_ASKING_H

#include "admin/admin.h"
#include "core/admin.h"
#include "net/talk.h"

/* Makes the result out of the answer's body; the call is borrowed. An error, with words or without, refuses the call. */
typedef sotto_err asking_answer(struct admin_call *call, view body, json_t *result,
                                struct failure *ret_failure);

/* Sends the frame; `answer_kind` is what is expected. The call is answered in any case. */
void asking_begin(struct admin_call *call, view frame, enum admin_kind answer_kind,
                  asking_answer *answer);

/* For commands that are told "done": the sentence becomes "text". */
sotto_err asking_done(struct admin_call *call, view body, json_t *result,
                      struct failure *ret_failure);

#endif
