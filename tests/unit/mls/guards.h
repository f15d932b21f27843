/* guards.h - for each check of mls/check.h an attempt that it refuses. The build of this test can switch one check off (base/guard.h):
 * then the attempt must get past it, which shows that nothing else made it fail, and that the check is there for a reason. A
 * kind of checks has a file of its own, guards_<kind>.c, with a table of rows. */
#ifndef TESTS_UNIT_MLS_GUARDS_H
#define TESTS_UNIT_MLS_GUARDS_H

#include "unit.h"

#include "crypto/crypto.h"
#include "mls/check.h"

struct guard_row {
    enum mls_check check;
    /* Makes the attempt, and gives its error and the check that refused it. Everything that it is made of passes every check
     * but one. */
    sotto_err (*attempt)(sotto_crypto *c, const void *argument, struct fault *ret_fault);
    const void *argument;
};

struct guard_rows {
    const struct guard_row *rows;
    size_t count;
};

/* One for each file. A check may have several rows. */
extern const struct guard_rows guards_app_data, guards_commit, guards_form, guards_key_package,
    guards_message, guards_path, guards_proposals, guards_receive, guards_tree, guards_welcome;

#endif
