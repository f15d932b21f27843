#include "bench/child.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PREFIX     "sotto-bench-" /* of directories; then the pid, and six letters of mkdtemp() */
#define START_MS   10000
#define STOP_MS    20000
#define STEP_MS    2
#define LOG_MAX    4096 /* bytes of its beginning that are looked at */
#define PROC_STAT  256  /* bytes of /proc/stat: its first line */
#define WALK_FDS   16   /* descriptors that the removal of a directory may take */
#define PORT_MIN   20000
#define PORT_END   32768 /* from here on the system gives them to connections */
#define PORT_TRIES 1000

static bool fail(const char *what)
{
    fprintf(stderr, "sotto-bench: %s\n", what);
    return false;
}

static void nap(void)
{
    (void)poll(NULL, 0, STEP_MS);
}

/* ---- the directory */

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info;
    (void)type;
    (void)where;
    return remove(path);
}

static void tree_remove(const char *path)
{
    (void)nftw(path, remove_one, WALK_FDS, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* A directory of ours, or of who runs in our place. */
static bool is_ours(const char *path)
{
    struct stat info;
    const struct passwd *nobody = geteuid() == 0 ? getpwnam("nobody") : NULL;
    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode) &&
           (info.st_uid == geteuid() || (nobody != NULL && info.st_uid == nobody->pw_uid));
}

/* Its maker has ended. */
static bool is_left_behind(const char *name)
{
    if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
        return false;
    char *end = NULL;
    long pid = strtol(name + strlen(PREFIX), &end, 10);
    return *end == '-' && strlen(end) == strlen("-XXXXXX") && pid > 0 && pid <= INT_MAX &&
           kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}

static void left_behind_remove(const char *under)
{
    char path[PATH_MAX];
    DIR *dir = opendir(under);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        if (is_left_behind(entry->d_name) &&
            snprintf(path, sizeof path, "%s/%s", under, entry->d_name) < PATH_MAX && is_ours(path))
            tree_remove(path);
    if (dir != NULL)
        closedir(dir);
}

bool child_dir_make(struct child *child, const char *under)
{
    child_interrupts_catch();
    left_behind_remove(under);
    int len = snprintf(child->dir, sizeof child->dir, "%s/" PREFIX "%d-XXXXXX", under, getpid());
    if (len < (int)sizeof child->dir && mkdtemp(child->dir) != NULL)
        return true;
    fprintf(stderr, "sotto-bench: cannot make a directory below %s: %s\n", under, strerror(errno));
    child->dir[0] = 0;
    return false;
}

static bool path_of(const struct child *child, const char *name, char path[PATH_MAX])
{
    return snprintf(path, PATH_MAX, "%s/%s", child->dir, name) < PATH_MAX;
}

/* Nobody's ids where we are root: peers are ordinary programs. */
static const struct passwd *other(const struct child *child)
{
    return child->plain && geteuid() == 0 ? getpwnam("nobody") : NULL;
}

bool child_file_write(const struct child *child, const char *name, view content)
{
    char path[PATH_MAX];
    const struct passwd *user = other(child);
    int fd = path_of(child, name, path) ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
                                        : -1;
    bool written = fd >= 0 && write(fd, content.data, content.len) == (ssize_t)content.len &&
                   (user == NULL || fchown(fd, user->pw_uid, user->pw_gid) == 0);
    if (!written)
        fprintf(stderr, "sotto-bench: cannot write %s/%s: %s\n", child->dir, name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return written;
}

void child_dir_remove(struct child *child)
{
    if (child->dir[0] != 0)
        tree_remove(child->dir);
    child->dir[0] = 0;
}

/* ---- the process */

static volatile sig_atomic_t interrupted;

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* Without SA_RESTART: who waits, wakes up. */
void child_interrupts_catch(void)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
    const struct sigaction action = {.sa_handler = interrupt};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        (void)sigaction(numbers[i], &action, NULL);
}

bool child_interrupted(void)
{
    return interrupted != 0;
}

void child_files_raise(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

static void become(const struct passwd *user)
{
    if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        _exit(126);
}

static void child_exec(const struct child *child, const struct passwd *user, int log,
                       const char *const argv[])
{
    (void)setpgid(0, 0); /* Ctrl-C is for the bench, which ends its children */
    if (user != NULL)
        become(user);
    if (chdir(child->dir) != 0)
        _exit(126);
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM); /* a bench that is killed leaves no server behind */
    dup2(log, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

bool child_start(struct child *child, const char *const argv[])
{
    char path[PATH_MAX];
    const struct passwd *user = other(child);
    if (user != NULL && chown(child->dir, user->pw_uid, user->pw_gid) != 0)
        return fail("cannot hand over the temporary directory");
    int log = path_of(child, "log", path)
                  ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600)
                  : -1;
    if (log < 0)
        return fail("cannot write into the temporary directory");
    child_files_raise();
    child_interrupts_catch();
    child->pid = fork();
    if (child->pid == 0)
        child_exec(child, user, log, argv);
    close(log);
    return child->pid > 0 || fail("cannot start a process");
}

static bool file_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, size - 1);
    close(fd);
    text[n > 0 ? n : 0] = 0;
    return n > 0;
}

static bool ended(const struct child *child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
}

static bool not_started(const struct child *child)
{
    char path[PATH_MAX], text[LOG_MAX];
    fprintf(stderr, "sotto-bench: the server did not start\n");
    if (path_of(child, "log", path) && file_text(path, text, sizeof text))
        fprintf(stderr, "%s\n", text);
    return false;
}

bool child_log_wait(const struct child *child, const char *mark, unsigned long *ret_number)
{
    char path[PATH_MAX], text[LOG_MAX];
    if (!path_of(child, "log", path))
        return false;
    for (unsigned waited_ms = 0; waited_ms < START_MS && !interrupted && !ended(child);
         waited_ms += STEP_MS) {
        const char *at = file_text(path, text, sizeof text) ? strstr(text, mark) : NULL;
        if (at != NULL && strchr(at, '\n') != NULL) {
            *ret_number = strtoul(at + strlen(mark), NULL, 10);
            return true;
        }
        nap();
    }
    return not_started(child);
}

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

bool child_port_wait(const struct child *child)
{
    const struct sockaddr_in to = loopback(child->port);
    for (unsigned waited_ms = 0; waited_ms < START_MS && !interrupted && !ended(child);
         waited_ms += STEP_MS) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool open = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
        if (fd >= 0)
            close(fd);
        if (open)
            return true;
        nap();
    }
    return not_started(child);
}

static bool port_is_free(uint16_t port)
{
    const struct sockaddr_in at = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

uint16_t child_port_free(void)
{
    for (unsigned i = 0; i < PORT_TRIES; i++) {
        uint16_t drawn = 0;
        bool random = getrandom(&drawn, sizeof drawn, 0) == sizeof drawn;
        uint16_t port = (uint16_t)(PORT_MIN + drawn % (PORT_END - PORT_MIN));
        if (random && port_is_free(port))
            return port;
    }
    return 0;
}

bool child_end(struct child *child)
{
    int status = -1;
    if (child->pid > 0) {
        kill(child->pid, SIGTERM);
        for (unsigned waited_ms = 0; waited_ms < STOP_MS && !ended(child); waited_ms += STEP_MS)
            nap();
        if (!ended(child))
            kill(child->pid, SIGKILL);
        (void)waitpid(child->pid, &status, 0);
    }
    child->pid = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void child_kill(struct child *child)
{
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        (void)waitpid(child->pid, NULL, 0);
    }
    child->pid = 0;
}

bool child_stop(struct child *child)
{
    bool well = child_end(child);
    child_dir_remove(child);
    *child = (struct child){0};
    return well;
}

/* ---- what it takes */

double child_cpu_us(const struct child *child)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(child->pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        return 0;
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* proc(5): "cpu user nice system idle iowait irq softirq steal", in ticks. */
double child_machine_cpu_us(void)
{
    static const bool counts[] = {true, true, true, false, false, false, false, true};
    char text[PROC_STAT];
    double ticks = 0;
    char *at = text + strlen("cpu");
    if (!file_text("/proc/stat", text, sizeof text) || strncmp(text, "cpu ", 4) != 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        unsigned long long number = strtoull(at, &at, 10);
        ticks += counts[i] ? (double)number : 0;
    }
    return ticks / (double)sysconf(_SC_CLK_TCK) * 1e6;
}

double child_memory(const struct child *child)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)child->pid);
    const char *pss = file_text(path, text, sizeof text) ? strstr(text, "\nPss:") : NULL;
    if (pss != NULL)
        return strtod(pss + 5, NULL) * 1024;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)child->pid);
    const char *rss = file_text(path, text, sizeof text) ? strchr(text, ' ') : NULL;
    return rss != NULL ? strtod(rss, NULL) * (double)sysconf(_SC_PAGESIZE) : 0;
}

unsigned child_files(const struct child *child)
{
    char path[64];
    unsigned count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)child->pid);
    DIR *dir = opendir(path);
    for (const struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    if (dir != NULL)
        closedir(dir);
    return count;
}
