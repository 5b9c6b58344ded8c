// A lock for what cannot live inside a `Mutex`: C handles and bodies that throw typed errors.

import Glibc

package final class Lock: @unchecked Sendable {
    // SAFETY: allocated once, destroyed with the object, used through pthread's functions alone.
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>

    package init() {
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Waits for the lock, which this thread gives back with `unlock`.
    package func lock() { pthread_mutex_lock(mutex) }

    package func unlock() { pthread_mutex_unlock(mutex) }

    /// Runs `body` while no other thread holds the lock; not to be nested.
    package func holding<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }
}
