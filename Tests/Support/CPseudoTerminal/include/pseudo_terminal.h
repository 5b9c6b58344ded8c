// Starts a program on a pseudo-terminal of its own; Swift's Glibc module lacks what that takes.

#ifndef PSEUDO_TERMINAL_H
#define PSEUDO_TERMINAL_H

/// Runs argv in the folder with the environment, its three streams on a new terminal of 24 x 80 that
/// is also its controlling terminal. Gives the master side. Returns the process, or -1.
int pseudo_terminal_spawn(
    char *const argv[], char *const environment[], const char *folder, int *master);

#endif
