/* Two walls, each of which would do alone: seccomp lists the calls that may be made, Landlock (Linux 5.13; ports since 6.7) the files and
 * ports that they may be made for. What is not listed fails as if the kernel didn't know it, so that a newer C library falls back on what
 * is. Numbers of Landlock are the kernel's own (linux/landlock.h): Debian 12's header knows only half of them. */
#include "mail/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harden.h"

#define FILES_MAX 64
#define MEMORY_MAX \
    (1ULL << 30) /* of addresses; threads and their heaps reserve much and use little */
#define CPU_S 30

/* ---- before anything is read */

static void limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit both = {most, most};
    (void)setrlimit(what, &both);
}

void sandbox_begin(void)
{
    harden();
    (void)syscall(SYS_close_range, 3U, ~0U, 0U);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    limit(RLIMIT_NOFILE, FILES_MAX);
    limit(RLIMIT_FSIZE, 0);
    limit(RLIMIT_CPU, CPU_S);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they map terabytes */
    limit(RLIMIT_AS, MEMORY_MAX);
#endif
}

/* ---- Landlock */

#define FS_READ_FILE   (1ULL << 2)
#define NET_CONNECT    (1ULL << 1)
#define RULE_PATH      1
#define RULE_PORT      2
#define FROM_SIGNALS   6 /* the version that knows scopes */
#define FROM_PORTS     4
#define PORT_OF_DNS    53
#define SCOPE_ABSTRACT (1ULL << 0)
#define SCOPE_SIGNAL   (1ULL << 1)

struct ruleset {
    uint64_t fs, net, scoped;
};
struct rule_path {
    uint64_t allowed;
    int32_t fd;
} __attribute__((packed));
struct rule_port {
    uint64_t allowed, port;
};

/* What looking up a name reads. */
static const char *const files[] = {
    "/etc/resolv.conf", "/etc/hosts",     "/etc/nsswitch.conf",
    "/etc/gai.conf",    "/etc/host.conf", "/etc/services",
};

static bool rule_add(int ruleset, int type, const void *rule)
{
    return syscall(SYS_landlock_add_rule, ruleset, type, rule, 0) == 0;
}

static bool file_allow(int ruleset, const char *path)
{
    struct rule_path rule = {
        .allowed = FS_READ_FILE,
        .fd = open(path, O_PATH | O_CLOEXEC)}; /* through a link: what it names */
    if (rule.fd < 0)
        return true; /* there is none */
    bool done = rule_add(ruleset, RULE_PATH, &rule);
    close(rule.fd);
    return done;
}

static bool port_allow(int ruleset, uint16_t port)
{
    const struct rule_port rule = {.allowed = NET_CONNECT, .port = port};
    return rule_add(ruleset, RULE_PORT, &rule);
}

/* All that this version knows is forbidden. */
static struct ruleset forbidden(long version, size_t *ret_size)
{
    unsigned rights = version >= 5 ? 16 : version >= 3 ? 15 : version >= 2 ? 14 : 13;
    struct ruleset all = {.fs = (1ULL << rights) - 1};
    *ret_size = sizeof all.fs;
    if (version >= FROM_PORTS) {
        all.net = NET_CONNECT | 1ULL << 0; /* and listening */
        *ret_size = 2 * sizeof all.fs;
    }
    if (version >= FROM_SIGNALS) {
        all.scoped = SCOPE_ABSTRACT | SCOPE_SIGNAL;
        *ret_size = sizeof all;
    }
    return all;
}

static sotto_err landlock(uint16_t port)
{
    size_t size;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U /* ask for the version */);
    if (version < 1)
        return SOTTO_OK; /* not in this kernel, or forbidden to us */
    const struct ruleset all = forbidden(version, &size);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &all, size, 0U);
    if (ruleset < 0)
        return SOTTO_E_UNSUPPORTED;
    bool done = true;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        done = file_allow(ruleset, files[i]) && done;
    if (version >= FROM_PORTS)
        done = port_allow(ruleset, port) && port_allow(ruleset, PORT_OF_DNS) && done;
    done = done && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return done ? SOTTO_OK : SOTTO_E_UNSUPPORTED;
}

/* ---- seccomp */

static const int allowed[] = {
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(connect),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(fstat),
    SCMP_SYS(futex),
    SCMP_SYS(getegid),
    SCMP_SYS(geteuid),
    SCMP_SYS(getgid),
    SCMP_SYS(getpeername),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getuid),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(pread64),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rseq),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmmsg),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(stat),
    SCMP_SYS(statx),
    SCMP_SYS(time),
    SCMP_SYS(uname),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* Calls that are fine with some arguments. */
static const struct {
    int call;
    struct scmp_arg_cmp only;
} allowed_if[] = {
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET, 0}},
    {SCMP_SYS(socket), {0, SCMP_CMP_EQ, AF_INET6, 0}},
    /* curl's own, to wake a thread: connected from the start, and to nothing else */
    {SCMP_SYS(socketpair), {1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_STREAM}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FIONREAD, 0}},
    {SCMP_SYS(ioctl), {1, SCMP_CMP_EQ, FIONBIO, 0}},
    {SCMP_SYS(mmap), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(mprotect), {2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0}},
    {SCMP_SYS(openat), {2, SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY}},
    {SCMP_SYS(clone), {0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD}},
};

static sotto_err filter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (ctx == NULL)
        return SOTTO_E_UNSUPPORTED;
    int bad = 0;
    for (size_t i = 0; i < COUNT_OF(allowed); i++)
        bad |= seccomp_rule_add(ctx, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < COUNT_OF(allowed_if); i++)
        bad |=
            seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, allowed_if[i].call, 1, &allowed_if[i].only);
    if (bad == 0)
        bad = seccomp_load(ctx);
    seccomp_release(ctx);
    return bad == 0 ? SOTTO_OK : SOTTO_E_UNSUPPORTED;
}

sotto_err sandbox_enter(uint16_t port)
{
    TRY(landlock(port));
    return filter();
}
