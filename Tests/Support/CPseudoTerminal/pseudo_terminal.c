// forkpty with nothing but async-signal-safe calls between fork and exec.

#define _GNU_SOURCE
#include "pseudo_terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <unistd.h>
#include <utmp.h>

int pseudo_terminal_spawn(
    char *const argv[], char *const environment[], const char *folder, int *master) {
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    int slave;
    if (openpty(master, &slave, 0, 0, &size) != 0) return -1;
    // Other tests start processes at the same time; they must not keep this terminal open.
    fcntl(*master, F_SETFD, FD_CLOEXEC);
    fcntl(slave, F_SETFD, FD_CLOEXEC);
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, 0);
        signal(SIGINT, SIG_DFL);
        signal(SIGPIPE, SIG_DFL);
        if (login_tty(slave) != 0 || chdir(folder) != 0) _exit(126);
        execve(argv[0], argv, environment);
        _exit(127);
    }
    close(slave);
    if (child < 0) close(*master);
    return child;
}
