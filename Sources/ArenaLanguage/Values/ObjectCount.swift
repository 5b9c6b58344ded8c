// How many objects live, for the fuzzers: built with ARENA_COUNT_OBJECTS, every object is counted when
// it is made and freed. Otherwise nothing of this is left in the program.

import Glibc
import Synchronization

#if ARENA_COUNT_OBJECTS
    private let liveObjects = Atomic<Int>(0)

    /// The objects that live in this process; nil where they are not counted.
    package func countLiveObjects() -> Int? { liveObjects.load(ordering: .relaxed) }

    func countObjects(_ n: Int) { liveObjects.wrappingAdd(n, ordering: .relaxed) }
#else
    /// The objects that live in this process; nil where they are not counted.
    package func countLiveObjects() -> Int? { nil }

    @inline(__always) func countObjects(_ n: Int) {}
#endif

/// Gives an object's memory back.
@inline(__always)
func freeObject(_ h: UnsafeMutablePointer<ObjectHeader>) {
    countObjects(-1)
    free(h)
}
