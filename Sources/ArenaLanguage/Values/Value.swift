// A script's value: a trivially copyable tag and payload. Objects live on the module's own heap with
// a reference count that is not atomic; whoever stores a value retains it, whoever drops it releases.
//
// Convention everywhere in this module: arguments are borrowed, results are owned by the receiver.

import ArenaCore
import Glibc

/// A value of a script: 16 bytes, copied freely; see the file's head for who owns objects.
package struct Value: BitwiseCopyable {
    var tag: UInt64
    var bits: UInt64

    enum Tag {
        /// No value: an unassigned variable or an argument that was left out. Zero, as fresh memory is.
        static let unset: UInt64 = 0
        static let bool: UInt64 = 1
        static let int: UInt64 = 2
        static let float: UInt64 = 3
        static let none: UInt64 = 4
        static let object: UInt64 = 8
    }

    @inline(__always) init(tag: UInt64, bits: UInt64) {
        self.tag = tag
        self.bits = bits
    }

    @inline(__always) package static var none: Value { Value(tag: Tag.none, bits: 0) }
    @inline(__always) static var unset: Value { Value(tag: Tag.unset, bits: 0) }
    @inline(__always) package static func int(_ i: Int) -> Value {
        Value(tag: Tag.int, bits: UInt64(bitPattern: Int64(i)))
    }
    @inline(__always) package static func bool(_ b: Bool) -> Value {
        Value(tag: Tag.bool, bits: b ? 1 : 0)
    }
    @inline(__always) package static func float(_ x: Double) -> Value {
        Value(tag: Tag.float, bits: x.bitPattern)
    }
    @inline(__always) static func object<T>(_ p: UnsafeMutablePointer<T>) -> Value {
        Value(tag: Tag.object, bits: UInt64(UInt(bitPattern: p)))
    }

    @inline(__always) package var isNone: Bool { tag == Tag.none }
    @inline(__always) package var isUnset: Bool { tag == Tag.unset }
    @inline(__always) var isInt: Bool { tag == Tag.int }
    @inline(__always) var isFloat: Bool { tag == Tag.float }
    @inline(__always) var isBool: Bool { tag == Tag.bool }
    @inline(__always) var isObject: Bool { tag == Tag.object }

    /// The payload of an int, unchecked.
    @inline(__always) var i: Int { Int(bitPattern: UInt(bits)) }
    /// The payload of a float, unchecked.
    @inline(__always) var d: Double { Double(bitPattern: bits) }
    /// The payload of a bool, unchecked.
    @inline(__always) var b: Bool { bits != 0 }

    // SAFETY: a value tagged as an object always holds the address of a live object's header.
    @inline(__always) var header: UnsafeMutablePointer<ObjectHeader> {
        UnsafeMutablePointer(bitPattern: UInt(bits)).unsafelyUnwrapped
    }
    @inline(__always) func isKind(_ kind: ObjectKind) -> Bool {
        tag == Tag.object && header.pointee.kind == kind
    }
    /// The object as the type its kind says, unchecked.
    @inline(__always) func cast<T>(_ type: T.Type) -> UnsafeMutablePointer<T> {
        UnsafeMutableRawPointer(header).assumingMemoryBound(to: type)
    }

    /// Counts one more owner.
    @inline(__always) @discardableResult package func retain() -> Value {
        if tag == Tag.object { header.pointee.owners &+= 1 }
        return self
    }

    /// Counts one owner less and frees the object if it was the last.
    @inline(__always) package func release() {
        if tag == Tag.object {
            let h = header
            h.pointee.owners &-= 1
            if h.pointee.owners == 0 { destroy(h) }
        }
    }
}

/// The kinds of object.
enum ObjectKind: UInt8, CaseIterable {
    case string, bytes, list, tuple, dict, set, range, function, builtin, boundMethod, cell, host
    case integer, error, errorType
}

/// The head of every object.
struct ObjectHeader {
    var owners: Int
    /// Of strings and tuples, 0 until computed.
    var hash: UInt32
    var kind: ObjectKind
    /// Neither it nor what it holds may change.
    var isFrozen = false
}

struct StringObject {
    var header: ObjectHeader
    var count: Int
    /// Code points; -1 until counted. Equal to `count` for ASCII.
    var scalars: Int
    // UTF-8 bytes follow.
}

struct ListObject {
    var header: ObjectHeader
    var count: Int
    var capacity: Int
    var items: UnsafeMutablePointer<Value>
}

struct TupleObject {
    var header: ObjectHeader
    var count: Int
    // Values follow.
}

struct RangeObject {
    var header: ObjectHeader
    var start: Int
    var stop: Int
    var step: Int

    /// How many integers; made so that it fits (see `range`).
    var count: Int { Int(clamping: Self.count(start, stop, step)) }

    static func count(_ start: Int, _ stop: Int, _ step: Int) -> UInt {
        let (low, high) = step > 0 ? (start, stop) : (stop, start)
        guard low < high else { return 0 }
        return (UInt(bitPattern: high &- low) - 1) / step.magnitude + 1
    }
}

struct FunctionObject {
    var header: ObjectHeader
    var info: UnsafeMutablePointer<CodeInfo>
    var captures: UnsafeMutablePointer<Value>
    var captureCount: Int
    var defaults: UnsafeMutablePointer<Value>
    var defaultCount: Int
}

struct BuiltinObject {
    var header: ObjectHeader
    var index: Int
}

struct BoundMethodObject {
    var header: ObjectHeader
    var receiver: Value
    var index: Int
}

struct CellObject {
    var header: ObjectHeader
    var value: Value
}

/// An error as a script handles it.
struct ErrorObject {
    var header: ObjectHeader
    var raised: Unmanaged<Raised>
    var kind: ErrorKind
}

/// A kind of error: `ValueError`.
struct ErrorTypeObject {
    var header: ObjectHeader
    var kind: ErrorKind
}

struct HostBox {
    var header: ObjectHeader
    var holder: Unmanaged<HostHolder>
}

/// Memory from the system. Where there is none, the process ends with words: a machine watches its
/// use and refuses with an error long before (`Machine.memoryLimit`), so this is for limits it cannot
/// see.
@inline(__always)
func allocated(_ size: Int) -> UnsafeMutableRawPointer {
    if let p = malloc(size) { return p }
    outOfMemory()
}

@inline(__always)
func reallocated(_ p: UnsafeMutableRawPointer?, _ size: Int) -> UnsafeMutableRawPointer {
    if let p = realloc(p, size) { return p }
    outOfMemory()
}

@inline(never)
private func outOfMemory() -> Never {
    let text: StaticString =
        "MemoryError: the system gives no more memory\n  help: raise ulimit -v, or set --max-memory below it\n"
    _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
    _exit(70)
}

/// Memory for one object of type `T` with `extra` bytes behind it.
@inline(__always)
func allocate<T>(_ type: T.Type, _ kind: ObjectKind, extra: Int = 0) -> UnsafeMutablePointer<T> {
    // SAFETY: memory of at least a header's size, which every object begins with.
    let p = allocated(MemoryLayout<T>.size + extra).assumingMemoryBound(to: T.self)
    UnsafeMutableRawPointer(p).assumingMemoryBound(to: ObjectHeader.self).pointee =
        ObjectHeader(owners: 1, hash: 0, kind: kind)
    countObjects(1)
    return p
}

/// Frees an object and what it alone owns, with a list of work in place of recursion so that deep
/// nesting cannot exhaust the stack. What holds nothing is freed at once.
@inline(never)
func destroy(_ first: UnsafeMutablePointer<ObjectHeader>) {
    if isLeaf(first.pointee.kind) { return freeObject(first) }
    var work: [UnsafeMutablePointer<ObjectHeader>] = []
    dismantle(first, &work)
    while let h = work.popLast() { dismantle(h, &work) }
}

/// Whether objects of the kind hold no others.
@inline(__always)
private func isLeaf(_ kind: ObjectKind) -> Bool {
    switch kind {
    case .string, .bytes, .range, .builtin, .integer, .errorType: return true
    case .list, .tuple, .dict, .set, .function, .boundMethod, .cell, .host, .error: return false
    }
}

/// Frees one object; what it held and nobody else holds is freed too or added to the work.
private func dismantle(
    _ h: UnsafeMutablePointer<ObjectHeader>,
    _ work: inout [UnsafeMutablePointer<ObjectHeader>]
) {
    @inline(__always) func drop(_ v: Value) {
        guard v.isObject else { return }
        let h = v.header
        h.pointee.owners &-= 1
        if h.pointee.owners == 0 {
            if isLeaf(h.pointee.kind) { freeObject(h) } else { work.append(h) }
        }
    }
    let v = Value.object(h)
    switch h.pointee.kind {
    case .string, .bytes, .range, .builtin, .integer, .errorType: break
    case .list:
        let list = v.cast(ListObject.self)
        for i in 0..<list.pointee.count { drop(list.pointee.items[i]) }
        free(list.pointee.items)
    case .tuple:
        let items = tupleItems(v)
        for i in 0..<v.cast(TupleObject.self).pointee.count { drop(items[i]) }
    case .dict, .set:
        let table = v.cast(TableObject.self)
        for i in 0..<table.pointee.used where !table.pointee.entries[i].key.isUnset {
            drop(table.pointee.entries[i].key)
            drop(table.pointee.entries[i].value)
        }
        free(table.pointee.entries)
        free(table.pointee.slots)
    case .function:
        let f = v.cast(FunctionObject.self)
        for i in 0..<f.pointee.captureCount { drop(f.pointee.captures[i]) }
        for i in 0..<f.pointee.defaultCount { drop(f.pointee.defaults[i]) }
        free(f.pointee.captures)
        free(f.pointee.defaults)
        f.pointee.info.pointee.code.release()
    case .boundMethod: drop(v.cast(BoundMethodObject.self).pointee.receiver)
    case .cell: drop(v.cast(CellObject.self).pointee.value)
    case .host:
        let holder = v.cast(HostBox.self).pointee.holder
        for value in holder.takeUnretainedValue().object.giveUpValues() { drop(value) }
        holder.release()
    case .error: v.cast(ErrorObject.self).pointee.raised.release()
    }
    freeObject(h)
}

/// The items of a tuple.
@inline(__always)
func tupleItems(_ v: Value) -> UnsafeMutablePointer<Value> {
    (UnsafeMutableRawPointer(v.header) + MemoryLayout<TupleObject>.size).assumingMemoryBound(
        to: Value.self)
}

/// The bytes of a string or bytes object.
@inline(__always)
func stringBytes(_ v: Value) -> UnsafeMutablePointer<UInt8> {
    (UnsafeMutableRawPointer(v.header) + MemoryLayout<StringObject>.size).assumingMemoryBound(
        to: UInt8.self)
}
