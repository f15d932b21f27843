#include "bench/sottod.h"

#include <libgen.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define ARGUMENTS 9 /* without settings */
#define CONFIG    "sottod.conf"

/* Clients stand still while others have their turn: that is not being dead. */
const char sottod_loose_limits[] = "[limits]\n"
                                   "connections = 100000000\n"
                                   "connections_per_address = 100000000\n"
                                   "unauthenticated = 100000000\n"
                                   "unauthenticated_per_network = 100000000\n"
                                   "idle_room_ms = 100000000\n"
                                   "frames = 100000000\n"
                                   "frames_per_s = 100000000\n"
                                   "dead_ms = 100000000\n"
                                   "stall_ms = 100000000\n"
                                   "requests = 100000000\n"
                                   "requests_per_s = 100000000\n"
                                   "rooms_per_address = 100000000\n"
                                   "room_bytes_per_s = 100000000000\n"
                                   "room_burst_bytes = 100000000000\n"
                                   "registers = 100000000\n"
                                   "groups = 100000000\n"
                                   "conversations = 100000000\n"
                                   "stream_accounts = 100000000\n"
                                   "stream_devices = 100000000\n"
                                   "commits = 100000000\n"
                                   "sends = 100000000\n"
                                   "send_kib = 100000000000\n"
                                   "queue_entries = 100000000000\n"
                                   "queue_bytes = 100000000000\n";

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
        path, "serve", "--listen", "127.0.0.1:0", "--dir", "state", "--quiet", "--config", CONFIG};
    size_t count = ARGUMENTS;
    unsigned long port = 0;
    const char *config =
        settings != NULL && settings->config != NULL ? settings->config : sottod_loose_limits;
    for (size_t i = 0; settings != NULL && settings->list[i] != NULL; i++) {
        argv[count++] = "--set";
        argv[count++] = settings->list[i];
    }
    if (!path_find(path) || (child->dir[0] == 0 && !child_dir_make(child, under)) ||
        !child_file_write(child, CONFIG, view_str(config)) || !child_start(child, argv) ||
        !child_log_wait(child, "listening on 127.0.0.1:", &port))
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
