// Two things that need nothing of each other, on two threads: what takes long while loading.

/// Runs both and returns what they give.
package func atOnce<A: Sendable, B: Sendable>(
    _ first: () -> A, and second: @escaping @Sendable () -> B
) -> (A, B) {
    let other = Future(second)
    let value = first()
    return (value, other.value())
}
