#include "bench/sottod.h"

#include <libgen.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 7 /* without settings */
#define CONFIG    "sottod.conf"

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
    const char *argv[ARGUMENTS + 2 * (SOTTOD_SETTINGS + 1) + 1] = {
        path, "serve", "--listen", "127.0.0.1:0", "--dir", "state", "--quiet"};
    size_t count = ARGUMENTS;
    unsigned long port = 0;
    const char *config = settings != NULL ? settings->config : NULL;
    argv[count++] = config != NULL ? "--config" : "--no-limits";
    if (config != NULL)
        argv[count++] = CONFIG;
    for (size_t i = 0; settings != NULL && settings->list[i] != NULL; i++) {
        argv[count++] = "--set";
        argv[count++] = settings->list[i];
    }
    if (!path_find(path) || (child->dir[0] == 0 && !child_dir_make(child, under)) ||
        (config != NULL && !child_file_write(child, CONFIG, view_str(config))) ||
        !child_start(child, argv) || !child_log_wait(child, "listening on 127.0.0.1:", &port))
        return false;
    child->port = (uint16_t)port;
    return true;
}

/* The server is asked over its admin socket, so that it has read all of it when the command ends. */
bool sottod_configure(const struct child *child, const char *config)
{
    char path[PATH_MAX];
    int status = -1;
    if (!path_find(path) || !child_file_write(child, CONFIG, view_str(config)))
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        if (chdir(child->dir) == 0)
            execl(path, path, "reload", "--quiet", "--dir", "state", (char *)NULL);
        _exit(127);
    }
    bool done =
        pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return done || fail("the server did not read its settings again");
}

bool sottod_stop(struct child *child)
{
    return child_stop(child) || fail("the server did not end well");
}
