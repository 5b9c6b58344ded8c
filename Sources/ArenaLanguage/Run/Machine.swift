// The state of a running program: stack, globals, builtins, method tables. The loop is in
// Machine+Run.swift, calls in Machine+Calls.swift, operators in Operators.swift.

import ArenaCore
import Glibc

/// A call that is under way.
struct Frame {
    /// The next instruction of the caller, where the call returns to.
    var pc: UnsafeMutablePointer<Instruction>
    var base: UnsafeMutablePointer<Value>
    var info: UnsafeMutablePointer<CodeInfo>
    /// The caller's register that receives the result.
    var destination: Int
}

/// Whether the person has asked to stop; may be read from any thread while the machine lives.
package struct InterruptFlag: @unchecked Sendable {
    // SAFETY: one aligned word that is only set and read, never depended on for order.
    fileprivate let flag: UnsafeMutablePointer<Int32>
    package var isRequested: Bool { flag.pointee != 0 }
}

/// Executes compiled code. One machine runs on one thread at a time.
package final class Machine {
    static let stackSize = 1 << 20
    static let frameLimit = 20_000
    static let nativeLimit = 100

    // SAFETY: both areas are mapped once, owned by this object, and live as long as it does. Values
    // between `stack` and `top` of the innermost frame are owned by their slots.
    let stack: UnsafeMutablePointer<Value>
    let stackEnd: UnsafeMutablePointer<Value>
    let frames: UnsafeMutablePointer<Frame>
    /// Globals by slot; room for every slot the resolver can hand out.
    let globals: UnsafeMutablePointer<Value>
    static let globalLimit = 1 << 16

    @exclusivity(unchecked) var top: UnsafeMutablePointer<Value>
    @exclusivity(unchecked) var frameCount = 0
    @exclusivity(unchecked) var nativeDepth = 0
    /// Set from a signal handler to stop the program.
    let interruptFlag: UnsafeMutablePointer<Int32>
    /// The same, for engines to look at while they work.
    package var interrupt: InterruptFlag { InterruptFlag(flag: interruptFlag) }

    let symbols = SymbolTable()
    let globalNames = GlobalNames()
    /// Functions, then methods of the language's own types, then methods of host types as they come.
    @exclusivity(unchecked) var builtins: [Builtin] = []
    var builtinNames: [String: Int] = [:]
    var builtinValues: [Value] = []
    /// For each object kind, the builtin of each symbol.
    @exclusivity(unchecked) var methods: [[Int: Int]]
    @exclusivity(unchecked) var hostMethods: [ObjectIdentifier: [Int: Int]] = [:]
    /// Writes a script's output.
    package let output: (String) -> Void
    /// Tells the person something that is no output: what was cut, counted, written.
    package var note: (String) -> Void = { _ in }
    /// The width that displays are made for.
    package var displayWidth = 100
    /// Whether the script has asked for its parameters.
    package var hasReadParameters = false
    /// Values from `--set key=value`.
    package let parameters: [String: String]

    package init(
        builtins functions: [Builtin], parameters: [String: String],
        output: @escaping (String) -> Void
    ) {
        self.output = output
        self.parameters = parameters
        stack = mapped(Machine.stackSize)
        stackEnd = stack + Machine.stackSize - 300
        top = stack
        frames = mapped(Machine.frameLimit + 1)
        globals = mapped(Machine.globalLimit)
        interruptFlag = .allocate(capacity: 1)
        interruptFlag.initialize(to: 0)
        methods = Array(repeating: [:], count: 12)
        for f in coreFunctions + functions {
            builtinNames[f.name] = builtins.count
            builtinValues.append(.builtin(builtins.count))
            builtins.append(f)
        }
        for (kind, list) in coreMethods {
            for method in list {
                methods[Int(kind.rawValue)][symbols.id(method.name)] = builtins.count
                builtins.append(method)
            }
        }
    }

    deinit {
        for slot in 0..<globalNames.names.count { globals[slot].release() }
        for value in builtinValues { value.release() }
        interruptFlag.deallocate()
        munmap(stack, Machine.stackSize * MemoryLayout<Value>.stride)
        munmap(frames, (Machine.frameLimit + 1) * MemoryLayout<Frame>.stride)
        munmap(globals, Machine.globalLimit * MemoryLayout<Value>.stride)
    }

    /// The builtin that is the method `symbol` of a value, if there is one.
    func method(_ receiver: Value, _ symbol: Int) -> Int? {
        guard receiver.isObject else { return nil }
        let kind = receiver.header.pointee.kind
        if kind == .host, let object = receiver.asHost {
            let type = object.type
            let id = ObjectIdentifier(type)
            if let table = hostMethods[id] { return table[symbol] }
            var table: [Int: Int] = [:]
            for method in type.methods {
                table[symbols.id(method.name)] = builtins.count
                builtins.append(method)
            }
            hostMethods[id] = table
            return table[symbol]
        }
        return methods[Int(kind.rawValue)][symbol]
    }

    /// The method names of a value, for suggestions.
    func memberNames(_ receiver: Value) -> [String] {
        guard receiver.isObject else { return [] }
        if let object = receiver.asHost {
            return object.type.methods.map(\.name) + object.attributeNames
        }
        return methods[Int(receiver.header.pointee.kind.rawValue)].keys.map { symbols.names[$0] }
            .sorted()
    }
}

/// Zeroed memory from the system: pages cost nothing until touched. All-zero bytes are `Value.unset`.
private func mapped<T>(_ count: Int) -> UnsafeMutablePointer<T> {
    let size = count * MemoryLayout<T>.stride
    // SAFETY: an anonymous mapping of fresh pages; failing it at start-up leaves nothing to run.
    let p = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    precondition(p != MAP_FAILED, "no address space for the interpreter's stack")
    return p.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
}
