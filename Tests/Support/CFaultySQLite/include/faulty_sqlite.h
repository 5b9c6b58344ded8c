// A layer below SQLite whose disk fails: the n-th operation that changes a file, and every one after it,
// returns an error; a write may first leave half of its bytes.

#ifndef FAULTY_SQLITE_H
#define FAULTY_SQLITE_H

enum { faulty_full, faulty_io, faulty_short };

/// Registers the layer under the name "faulty"; 0 on success.
int faulty_register(void);

/// Lets `operations` operations pass and fails from then on; a negative number never fails.
void faulty_arm(int operations, int kind);

/// Operations since `faulty_arm`.
int faulty_count(void);

#endif
