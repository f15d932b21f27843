#include "harden.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

void harden(void)
{
    const struct rlimit none = {0, 0};
    umask(077);
    (void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is a full disk, and no end */
    (void)setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__) /* their own checks at the end need it */
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}
