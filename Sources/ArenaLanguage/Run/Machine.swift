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

/// What a call needs to know of a builtin, without counting references to it.
struct BuiltinEntry {
    var builtin: Unmanaged<Builtin>
    var body: @Sendable (Arguments) throws(Raised) -> Value
    var parameterCount: Int32
    var requiredCount: Int32
    var isSimple: Bool
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
    /// Whether a slot belongs to a loaded file.
    let frozenSlots: UnsafeMutablePointer<Bool>
    static let globalLimit = 1 << 16

    @exclusivity(unchecked) var top: UnsafeMutablePointer<Value>
    @exclusivity(unchecked) var frameCount = 0
    @exclusivity(unchecked) var nativeDepth = 0
    /// Not zero while something is requested from outside.
    let interruptFlag: UnsafeMutablePointer<Int32>
    package let requests: Requests
    /// Bytes the program may use, where there is a limit.
    package var memoryLimit: Int?
    /// Collects times if the run is profiled.
    package var profile: Profile?

    let symbols: SymbolTable
    /// Whether it runs a part of another machine's par_map.
    let isWorker: Bool
    /// Whether something frozen was to be changed.
    var hasMetFrozen = false
    /// Reads the file that a `load` names; given by whoever knows of files.
    var loader: ((String, SourceFile) throws(Raised) -> SourceFile)?
    @exclusivity(unchecked) var closures = ClosureCycles()
    /// Loaded files by their names, and those being run, outermost first.
    var modules: [String: Module] = [:]
    var loading: [String] = []
    var mainFile = ""
    let slotNames: SlotNames
    let globalNames: GlobalNames
    /// Functions, then methods of the language's own types, then methods of host types as they come.
    @exclusivity(unchecked) var builtins: [Builtin] = []
    var builtinNames: [String: Int] = [:]
    var builtinValues: [Value] = []
    /// For each object kind, the builtin of each symbol.
    @exclusivity(unchecked) var methods: [[Int: Int]]
    /// The same as a flat table, kind by kind over the symbols known at the start; -1 for none.
    let methodTable: UnsafeMutablePointer<Int32>
    let methodSymbols: Int
    /// `builtins` as the calls of the loop need them.
    let entries: UnsafeMutablePointer<BuiltinEntry>
    @exclusivity(unchecked) var entryCount = 0
    static let entryLimit = 4096
    /// Room for a call's named arguments while they are put in their places.
    let scratch: UnsafeMutablePointer<Value>
    /// The strings of one ASCII character, as they are first wanted.
    let characters: UnsafeMutablePointer<Value>
    /// Of `builtins`: the methods that change their receiver.
    var mutators: Set<Int> = []
    @exclusivity(unchecked) var hostMethods: [ObjectIdentifier: [Int: Int]] = [:]
    /// Methods as functions, `str.lower`: by symbol and kind of object.
    var unboundMethods: [Int: Int] = [:]
    /// Writes a script's output.
    package let output: (String) -> Void
    /// Tells the person something that is no output: what was cut, counted, written.
    package var note: (String) -> Void = { _ in }
    /// What the program around the language has for its builtins; the language does not know it.
    package var host: (any AnyObject & Sendable)?
    /// The width that displays are made for.
    package var displayWidth = 100
    /// Whether the script has asked for its parameters.
    package var hasReadParameters = false
    /// Values from `--set key=value`.
    package let parameters: [String: String]

    package init(
        builtins functions: [Builtin], values: [NamedValue] = [], parameters: [String: String],
        output: @escaping (String) -> Void
    ) {
        self.output = output
        self.parameters = parameters
        symbols = SymbolTable()
        slotNames = SlotNames()
        isWorker = false
        stack = mapped(Machine.stackSize)
        stackEnd = stack + Machine.stackSize - 300
        top = stack
        frames = mapped(Machine.frameLimit + 1)
        globals = mapped(Machine.globalLimit)
        frozenSlots = mapped(Machine.globalLimit)
        interruptFlag = .allocate(capacity: 1)
        interruptFlag.initialize(to: 0)
        requests = Requests(word: interruptFlag)
        globalNames = GlobalNames(in: slotNames)
        methods = Array(repeating: [:], count: ObjectKind.allCases.count)
        for f in coreFunctions + functions {
            builtinNames[f.name] = builtins.count
            builtinValues.append(.builtin(builtins.count))
            builtins.append(f)
        }
        for kind in ErrorKind.allCases {
            builtinNames[kind.rawValue] = builtinValues.count
            builtinValues.append(.errorType(kind))
        }
        // After the functions, whose places in both lists are the same.
        for named in values {
            builtinNames[named.name] = builtinValues.count
            builtinValues.append(named.make())
        }
        for (kind, list) in coreMethods {
            for method in list {
                methods[Int(kind.rawValue)][symbols.id(method.name)] = builtins.count
                if mutatingMethods.contains(method.name) { mutators.insert(builtins.count) }
                builtins.append(method)
            }
        }
        (methodTable, methodSymbols) = Self.flatTable(methods, symbols.names.count)
        entries = .allocate(capacity: Self.entryLimit)
        scratch = .allocate(capacity: 256)
        characters = .allocate(capacity: 128)
        characters.initialize(repeating: .unset, count: 128)
        addUnboundMethods()
        enterBuiltins()
    }

    private static func flatTable(
        _ methods: [[Int: Int]], _ symbols: Int
    ) -> (UnsafeMutablePointer<Int32>, Int) {
        let table = UnsafeMutablePointer<Int32>.allocate(capacity: methods.count * symbols)
        table.initialize(repeating: -1, count: methods.count * symbols)
        for (kind, list) in methods.enumerated() {
            for (symbol, index) in list where symbol < symbols {
                table[kind * symbols + symbol] = Int32(index)
            }
        }
        return (table, symbols)
    }

    /// Brings the table of entries up to the list of builtins, which never loses one.
    private func enterBuiltins() {
        while entryCount < min(builtins.count, Self.entryLimit) {
            let builtin = builtins[entryCount]
            (entries + entryCount).initialize(
                to: BuiltinEntry(
                    builtin: .passUnretained(builtin), body: builtin.body,
                    parameterCount: Int32(builtin.parameters.count),
                    requiredCount: Int32(builtin.requiredCount), isSimple: builtin.isSimple))
            entryCount += 1
        }
    }

    /// A machine for one thread of a par_map: the same builtins and names, no globals, and the same
    /// request to stop. Assigning globals is refused.
    init(
        workerOf main: Machine, output: @escaping (String) -> Void,
        note: @escaping (String) -> Void
    ) {
        self.output = output
        self.note = note
        parameters = main.parameters
        symbols = SymbolTable(copying: main.symbols)
        slotNames = SlotNames(main.slotNames.names)
        isWorker = true
        stack = mapped(Machine.stackSize)
        stackEnd = stack + Machine.stackSize - 300
        top = stack
        frames = mapped(Machine.frameLimit + 1)
        globals = mapped(Machine.globalLimit)
        frozenSlots = mapped(Machine.globalLimit)
        frozenSlots.initialize(repeating: true, count: main.slotNames.names.count)
        interruptFlag = main.interruptFlag
        requests = main.requests
        memoryLimit = main.memoryLimit
        globalNames = GlobalNames(in: slotNames)
        methods = main.methods
        hostMethods = main.hostMethods
        unboundMethods = main.unboundMethods
        mutators = main.mutators
        builtinNames = main.builtinNames
        builtins = main.builtins.map { Builtin(copying: $0) }
        displayWidth = main.displayWidth
        host = main.host
        (methodTable, methodSymbols) = Self.flatTable(methods, main.methodSymbols)
        entries = .allocate(capacity: Self.entryLimit)
        scratch = .allocate(capacity: 256)
        characters = .allocate(capacity: 128)
        characters.initialize(repeating: .unset, count: 128)
        for value in main.builtinValues {
            if value.isKind(.builtin) {
                builtinValues.append(.builtin(value.cast(BuiltinObject.self).pointee.index))
            } else if value.isKind(.errorType) {
                builtinValues.append(
                    .errorType(value.cast(ErrorTypeObject.self).pointee.kind))
            } else if let host = value.asHost?.forWorker() {
                builtinValues.append(.host(host))
            } else {
                builtinValues.append(.none)
            }
        }
        enterBuiltins()
    }

    deinit {
        for slot in 0..<slotNames.names.count { globals[slot].release() }
        closures.end()
        for value in builtinValues { value.release() }
        if !isWorker { interruptFlag.deallocate() }
        methodTable.deallocate()
        entries.deinitialize(count: entryCount)
        entries.deallocate()
        scratch.deallocate()
        for i in 0..<128 { characters[i].release() }
        characters.deallocate()
        munmap(stack, Machine.stackSize * MemoryLayout<Value>.stride)
        munmap(frames, (Machine.frameLimit + 1) * MemoryLayout<Frame>.stride)
        munmap(frozenSlots, Machine.globalLimit)
        munmap(globals, Machine.globalLimit * MemoryLayout<Value>.stride)
    }

    /// The builtin that is the method `symbol` of a value, if there is one.
    func method(_ receiver: Value, _ symbol: Int) -> Int? {
        guard receiver.isObject else { return nil }
        let kind = receiver.header.pointee.kind
        if kind != .host {
            if symbol >= methodSymbols { return nil }
            let index = methodTable[Int(kind.rawValue) * methodSymbols + symbol]
            return index < 0 ? nil : Int(index)
        }
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
            enterBuiltins()
            return table[symbol]
        }
        return nil
    }

    /// The method names of a value, for suggestions.
    func memberNames(_ receiver: Value) -> [String] {
        guard receiver.isObject else { return [] }
        if receiver.isKind(.error) { return ["args", "help", "line", "message"] }
        if let object = receiver.asHost {
            return object.type.methods.map(\.name) + object.attributeNames
        }
        return methods[Int(receiver.header.pointee.kind.rawValue)].keys.map { symbols.names[$0] }
            .sorted()
    }
}

/// The methods of lists, dicts and sets that change them.
let mutatingMethods: Set<String> = [
    "add", "append", "clear", "difference_update", "discard", "extend", "insert",
    "intersection_update", "pop", "popitem", "remove", "reverse", "setdefault", "sort",
    "symmetric_difference_update", "update",
]

/// Zeroed memory from the system: pages cost nothing until touched. All-zero bytes are `Value.unset`.
private func mapped<T>(_ count: Int) -> UnsafeMutablePointer<T> {
    let size = count * MemoryLayout<T>.stride
    // SAFETY: an anonymous mapping of fresh pages; failing it at start-up leaves nothing to run.
    let p = mmap(
        nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
    precondition(p != MAP_FAILED, "no address space for the interpreter's stack")
    return p.unsafelyUnwrapped.assumingMemoryBound(to: T.self)
}
