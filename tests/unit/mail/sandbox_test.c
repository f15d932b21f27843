/* Each attempt is made by a process of its own that has shut itself in; its exit status tells how it went. */
#include "unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mail/sandbox.h"

enum { CAN = 10, CAN_NOT = 11, NO_SANDBOX = 12 };

static uint16_t port_ours, port_other;
static char dir[] = "/tmp/sotto-sandbox-XXXXXX", secret[64];
static pid_t parent;

/* The status of a process that makes the attempt: CAN, CAN_NOT, or 128 + its signal. */
static int inside(bool (*attempt)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        sandbox_begin();
        if (sandbox_enter(port_ours) != SOTTO_OK)
            _exit(NO_SANDBOX);
        _exit(attempt() ? CAN : CAN_NOT);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool outside(bool (*attempt)(void))
{
    return attempt();
}

/* --- attempts --- */

static bool opens(const char *path, int flags)
{
    int fd = open(path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool read_the_secret(void)
{
    return opens(secret, O_RDONLY);
}

static bool write_the_secret(void)
{
    return opens(secret, O_WRONLY);
}

static bool list_a_directory(void)
{
    return opens("/etc", O_RDONLY | O_DIRECTORY);
}

static bool read_passwd(void)
{
    return opens("/etc/passwd", O_RDONLY);
}

static bool make_a_file(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/new", dir);
    return opens(path, O_WRONLY | O_CREAT);
}

static bool make_a_directory(void)
{
    char path[80];
    snprintf(path, sizeof path, "%s/dir", dir);
    return mkdir(path, 0700) == 0 && rmdir(path) == 0;
}

static bool read_our_parent_s_memory(void)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)parent);
    return opens(path, O_RDONLY);
}

static bool look_into_our_parent(void)
{
    uint8_t byte;
    struct iovec to = {&byte, 1}, from = {&port_ours, 1};
    return process_vm_readv(parent, &to, 1, &from, 1, 0) == 1;
}

static bool signal_our_parent(void)
{
    return kill(parent, 0) == 0;
}

static bool be_another_process(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return pid > 0;
}

static bool map_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool make_code_of_data(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool open_a_unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool connects(uint16_t port)
{
    const struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool connect_to_the_mail_server(void)
{
    return connects(port_ours);
}

static bool connect_elsewhere(void)
{
    return connects(port_other);
}

static bool listen_somewhere(void)
{
    const struct sockaddr_in at = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
}

static bool look_up_a_name(void)
{
    struct addrinfo *list = NULL;
    if (getaddrinfo("localhost", NULL, NULL, &list) != 0)
        return false;
    freeaddrinfo(list);
    return true;
}

static void *nothing(void *user)
{
    return user;
}

static bool run_a_thread(void)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static bool run_a_program(void)
{
    char *const args[] = {secret, NULL}, *const environment[] = {NULL};
    (void)execve("/bin/true", args, environment);
    return false; /* else the status is that of /bin/true */
}

/* --- tests --- */

static void what_a_mailer_needs_it_can_do(void **state)
{
    (void)state;
    bool (*const needed[])(void) = {connect_to_the_mail_server, look_up_a_name, run_a_thread};
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        assert_int_equal(inside(needed[i]), CAN);
}

static void what_it_does_not_need_it_can_not_do(void **state)
{
    (void)state;
    bool (*const attempts[])(void) = {
        write_the_secret,     make_a_file,        make_a_directory,
        signal_our_parent,    be_another_process, map_code,
        make_code_of_data,    open_a_unix_socket, listen_somewhere,
        look_into_our_parent, run_a_program,
    };
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        assert_int_equal(inside(attempts[i]), CAN_NOT);
}

static void without_the_walls_all_of_it_can_be_done(void **state)
{
    (void)state;
    bool (*const attempts[])(void) = {
        write_the_secret,     make_a_file,
        make_a_directory,     signal_our_parent,
        be_another_process,   map_code,
        make_code_of_data,    open_a_unix_socket,
        listen_somewhere,     read_passwd,
        list_a_directory,     read_the_secret,
        connect_elsewhere,    read_our_parent_s_memory,
        look_into_our_parent,
    };
    for (size_t i = 0; i < COUNT_OF(attempts); i++)
        assert_true(outside(attempts[i]));
}

static void files_and_ports_are_landlock_s(void **state)
{
    (void)state;
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1U);
    if (version < 1)
        skip();
    assert_int_equal(inside(read_the_secret), CAN_NOT);
    assert_int_equal(inside(read_passwd), CAN_NOT);
    assert_int_equal(inside(list_a_directory), CAN_NOT);
    assert_int_equal(inside(read_our_parent_s_memory), CAN_NOT);
    if (version >= 4)
        assert_int_equal(inside(connect_elsewhere), CAN_NOT);
}

static bool keeps_a_descriptor(void)
{
    for (int fd = 3; fd < 1024; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            return true;
    return false;
}

static void no_descriptor_comes_along(void **state)
{
    (void)state;
    assert_true(outside(keeps_a_descriptor)); /* the listeners */
    assert_int_equal(inside(keeps_a_descriptor), CAN_NOT);
}

static int listen_on(uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_walls_all_of_it_can_be_done),
        cmocka_unit_test(what_a_mailer_needs_it_can_do),
        cmocka_unit_test(what_it_does_not_need_it_can_not_do),
        cmocka_unit_test(files_and_ports_are_landlock_s),
        cmocka_unit_test(no_descriptor_comes_along),
    };
    parent = getpid();
    (void)listen_on(&port_ours);
    (void)listen_on(&port_other);
    if (mkdtemp(dir) == NULL)
        return 1;
    snprintf(secret, sizeof secret, "%s/root.key", dir);
    if (!opens(secret, O_WRONLY | O_CREAT))
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char more[80];
    snprintf(more, sizeof more, "%s/new", dir);
    unlink(more);
    unlink(secret);
    rmdir(dir);
    return failed;
}
