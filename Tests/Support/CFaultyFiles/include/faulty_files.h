// A disk that fails, below whatever this test program writes: it defines the C library's calls that change
// files itself. On the files of one folder the n-th of them, and every one after it, returns an error; a
// write may first take half of its bytes. All others pass.

#ifndef FAULTY_FILES_H
#define FAULTY_FILES_H

enum { faulty_files_full, faulty_files_io, faulty_files_short };

/// Lets `operations` operations on files whose paths begin with `folder` pass and fails from then on. One
/// thread at a time: others wait here until `faulty_files_end`.
void faulty_files_begin(const char *folder, int operations, int kind);

/// Ends that; gives the number of operations since.
int faulty_files_end(void);

#endif
