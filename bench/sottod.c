#include "bench/sottod.h"

#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#define ARGUMENTS 8 /* without settings */

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

static bool path_find(char path[PATH_MAX])
{
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return fail("cannot find sottod");
    self[len] = 0;
    return snprintf(path, PATH_MAX, "%s/sottod", dirname(self)) < PATH_MAX;
}

bool sottod_start(struct child *child, const char *under, const struct sottod_settings *settings)
{
    char path[PATH_MAX];
    const char *argv[ARGUMENTS + 2 * SOTTOD_SETTINGS + 1] = {
        path, "serve", "--listen", "127.0.0.1:0", "--dir", "state", "--no-limits", "--quiet"};
    size_t count = ARGUMENTS;
    unsigned long port = 0;
    for (size_t i = 0; settings != NULL && settings->list[i] != NULL; i++) {
        argv[count++] = "--set";
        argv[count++] = settings->list[i];
    }
    if (!path_find(path) || (child->dir[0] == 0 && !child_dir_make(child, under)) ||
        !child_start(child, argv) || !child_log_wait(child, "listening on 127.0.0.1:", &port))
        return false;
    child->port = (uint16_t)port;
    return true;
}

bool sottod_stop(struct child *child)
{
    return child_stop(child) || fail("the server did not end well");
}
