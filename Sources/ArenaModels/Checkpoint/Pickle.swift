// Python's pickle (protocols 0 to 5) as far as PyTorch's files need it: a stack machine that builds plain
// values and descriptions of tensors. It looks nothing up and calls nothing: a global is a name, and
// only names that are known to be harmless are let through.
// Format: https://github.com/python/cpython/blob/main/Lib/pickletools.py

import ArenaCore

/// What is wrong with a pickle.
package enum PickleProblem: Error, Sendable, Equatable {
    case cutShort
    case opcode(UInt8, at: Int)
    /// The stack or the memo does not hold what an opcode takes.
    case stack(at: Int)
    /// A global that is not let through.
    case global(String)
    /// A tensor or storage described in a way that is not known.
    case tensor(String)
}

/// A value of a pickle. Containers are references, as in Python.
enum PickleValue {
    final class List { var items: [PickleValue] = [] }
    final class Dict { var items: [(key: PickleValue, value: PickleValue)] = [] }

    case none
    case bool(Bool)
    case int(Int)
    case float(Double)
    case text(String)
    case list(List)
    case tuple(List)
    case dict(Dict)
    /// A name, such as `torch FloatStorage`.
    case global(String)
    case storage(TorchStorage)
    case tensor(TorchTensor)
    /// Something that is not looked into.
    case opaque

    var int: Int? { if case .int(let n) = self { n } else { nil } }
    var text: String? { if case .text(let s) = self { s } else { nil } }
    var items: [PickleValue]? {
        switch self {
        case .list(let list), .tuple(let list): return list.items
        default: return nil
        }
    }
}

/// Numbers of one type in a file, by the key that says where.
struct TorchStorage: Equatable {
    let key: String
    /// The type as safetensors names it.
    let type: String
    let count: Int
}

/// A view of a storage.
struct TorchTensor: Equatable {
    let storage: TorchStorage
    let offset: Int
    let shape: [Int]
    let strides: [Int]
}

/// Reads one pickle after another from the same bytes.
struct PickleReader {
    private let bytes: UnsafeRawBufferPointer
    private(set) var at: Int
    private var stack: [PickleValue] = []
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    /// Every container, so that cycles can be cut when the values are no longer needed.
    private var lists: [PickleValue.List] = []
    private var dicts: [PickleValue.Dict] = []

    init(_ bytes: UnsafeRawBufferPointer, from start: Int = 0) {
        self.bytes = bytes
        at = start
    }

    /// Empties all containers: values read so far must not be used afterwards.
    mutating func release() {
        for list in lists { list.items = [] }
        for dict in dicts { dict.items = [] }
        (stack, memo, lists, dicts) = ([], [:], [], [])
    }

    // MARK: - Bytes

    private mutating func byte() throws(PickleProblem) -> UInt8 {
        guard at < bytes.count else { throw .cutShort }
        defer { at += 1 }
        return bytes[at]
    }

    private mutating func number(_ width: Int) throws(PickleProblem) -> Int {
        guard width <= bytes.count - at else { throw .cutShort }
        var value: UInt64 = 0
        for i in 0..<width { value |= UInt64(bytes[at + i]) << UInt64(8 * i) }
        at += width
        return Int(truncatingIfNeeded: value)
    }

    private mutating func text(_ count: Int) throws(PickleProblem) -> String {
        guard count >= 0, count <= bytes.count - at else { throw .cutShort }
        defer { at += count }
        return String(decoding: bytes[at..<at + count], as: UTF8.self)
    }

    private mutating func line() throws(PickleProblem) -> String {
        var end = at
        while end < bytes.count, bytes[end] != 10 { end += 1 }
        guard end < bytes.count else { throw .cutShort }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    // MARK: - Stack

    private func broken() -> PickleProblem { .stack(at: at) }

    private mutating func pop() throws(PickleProblem) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else { throw broken() }
        return value
    }

    private func top() throws(PickleProblem) -> PickleValue {
        guard let value = stack.last else { throw broken() }
        return value
    }

    private mutating func popMark() throws(PickleProblem) -> [PickleValue] {
        guard let mark = marks.popLast(), mark <= stack.count else { throw broken() }
        defer { stack.removeSubrange(mark...) }
        return Array(stack[mark...])
    }

    private mutating func list(_ items: [PickleValue]) -> PickleValue.List {
        let list = PickleValue.List()
        list.items = items
        lists.append(list)
        return list
    }

    private mutating func dict(_ items: [PickleValue]) -> PickleValue.Dict {
        let dict = PickleValue.Dict()
        dict.items = Self.pairs(items)
        dicts.append(dict)
        return dict
    }

    private static func pairs(
        _ items: [PickleValue]
    ) -> [(key: PickleValue, value: PickleValue)] {
        stride(from: 0, to: items.count - 1, by: 2).map { (items[$0], items[$0 + 1]) }
    }

    // MARK: - Opcodes

    /// The value of the next pickle.
    mutating func read() throws(PickleProblem) -> PickleValue {
        (stack, marks, memo) = ([], [], [:])
        while true {
            let op = try byte()
            if op == UInt8(ascii: ".") { return try pop() }
            if try scalar(op) { continue }
            if try container(op) { continue }
            try machine(op)
        }
    }

    /// Numbers and texts; false for other opcodes.
    private mutating func scalar(_ op: UInt8) throws(PickleProblem) -> Bool {
        switch op {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "J"): stack.append(.int(Int(Int32(truncatingIfNeeded: try number(4)))))
        case UInt8(ascii: "K"): stack.append(.int(try number(1)))
        case UInt8(ascii: "M"): stack.append(.int(try number(2)))
        case 0x8A: try long(try number(1))
        case 0x8B: try long(Int(Int32(truncatingIfNeeded: try number(4))))
        case UInt8(ascii: "I"), UInt8(ascii: "L"):
            var digits = try line()
            if digits.hasSuffix("L") { digits.removeLast() }
            switch digits {
            case "00": stack.append(.bool(false))
            case "01": stack.append(.bool(true))
            default: stack.append(Int(digits).map { .int($0) } ?? .opaque)
            }
        case UInt8(ascii: "G"):
            let little = UInt64(bitPattern: Int64(try number(8)))
            stack.append(.float(Double(bitPattern: little.byteSwapped)))
        case UInt8(ascii: "F"): stack.append(Double(try line()).map { .float($0) } ?? .opaque)
        case UInt8(ascii: "X"), UInt8(ascii: "T"), UInt8(ascii: "B"):
            stack.append(.text(try text(try number(4))))
        case 0x8C, UInt8(ascii: "U"), UInt8(ascii: "C"):
            stack.append(.text(try text(try number(1))))
        case 0x8D, 0x8E, 0x96: stack.append(.text(try text(try number(8))))
        case UInt8(ascii: "V"), UInt8(ascii: "S"): stack.append(.text(try line()))
        default: return false
        }
        return true
    }

    /// A whole number of so many bytes, which may be larger than any that is needed.
    private mutating func long(_ count: Int) throws(PickleProblem) {
        guard count >= 0, count <= bytes.count - at else { throw .cutShort }
        guard count <= 8 else {
            at += count
            stack.append(.opaque)
            return
        }
        let value = try number(count)
        let unused = 64 - 8 * count
        stack.append(.int(count == 0 ? 0 : (value << unused) >> unused))
    }

    /// Lists, tuples, dicts and sets; false for other opcodes.
    private mutating func container(_ op: UInt8) throws(PickleProblem) -> Bool {
        switch op {
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "]"), 0x8F: stack.append(.list(list([])))
        case UInt8(ascii: ")"): stack.append(.tuple(list([])))
        case UInt8(ascii: "}"): stack.append(.dict(dict([])))
        case UInt8(ascii: "l"), 0x91: stack.append(.list(list(try popMark())))
        case UInt8(ascii: "t"): stack.append(.tuple(list(try popMark())))
        case UInt8(ascii: "d"): stack.append(.dict(dict(try popMark())))
        case 0x85, 0x86, 0x87:
            var items: [PickleValue] = []
            for _ in 0..<Int(op) - 0x84 { items.append(try pop()) }
            stack.append(.tuple(list(items.reversed())))
        case UInt8(ascii: "a"):
            let item = try pop()
            try extend([item])
        case UInt8(ascii: "e"), UInt8(ascii: "u"), 0x90:
            let items = try popMark()
            try extend(items)
        case UInt8(ascii: "s"):
            let value = try pop()
            let key = try pop()
            try extend([key, value])
        default: return false
        }
        return true
    }

    /// Adds to the container on top; what is added to something opaque is gone.
    private func extend(_ items: [PickleValue]) throws(PickleProblem) {
        switch try top() {
        case .list(let list): list.items += items
        case .dict(let dict): dict.items += Self.pairs(items)
        case .opaque: return
        default: throw broken()
        }
    }

    /// Memo, globals, and what is made of them.
    private mutating func machine(_ op: UInt8) throws(PickleProblem) {
        switch op {
        case 0x80: _ = try byte()
        case 0x95: _ = try number(8)
        case UInt8(ascii: "0"): _ = try pop()
        case UInt8(ascii: "1"): _ = try popMark()
        case UInt8(ascii: "2"): stack.append(try top())
        case UInt8(ascii: "q"): memo[try number(1)] = try top()
        case UInt8(ascii: "r"): memo[try number(4)] = try top()
        case UInt8(ascii: "p"): memo[Int(try line()) ?? -1] = try top()
        case 0x94: memo[memo.count] = try top()
        case UInt8(ascii: "h"): try recall(try number(1))
        case UInt8(ascii: "j"): try recall(try number(4))
        case UInt8(ascii: "g"): try recall(Int(try line()) ?? -1)
        case UInt8(ascii: "c"):
            let module = try line()
            stack.append(.global(try Self.checked(module, try line())))
        case 0x93:
            let (name, module) = (try pop(), try pop())
            guard let name = name.text, let module = module.text else { throw broken() }
            stack.append(.global(try Self.checked(module, name)))
        case UInt8(ascii: "Q"): stack.append(try storage(try pop()))
        case UInt8(ascii: "R"), 0x81:
            let (arguments, callee) = (try pop(), try pop())
            stack.append(try made(callee, arguments.items ?? []))
        case UInt8(ascii: "b"):
            // The state of an object: attributes, which no tensor needs.
            _ = try pop()
            _ = try top()
        default: throw .opcode(op, at: at - 1)
        }
    }

    private mutating func recall(_ key: Int) throws(PickleProblem) {
        guard let value = memo[key] else { throw broken() }
        stack.append(value)
    }

    // MARK: - Globals

    /// Modules whose names are inert here: none of what they name is ever called.
    private static let inert = [
        "torch", "collections", "numpy", "_codecs", "argparse", "datetime", "pathlib", "omegaconf",
        "transformers", "pytorch_lightning", "lightning", "lightning_fabric", "typing", "enum",
        "peft", "accelerate",
    ]
    private static let builtins: Set<String> = [
        "set", "frozenset", "dict", "list", "tuple", "int", "float", "bool", "str", "bytes",
        "bytearray", "complex", "slice", "range", "object",
    ]

    private static func checked(
        _ module: String, _ name: String
    ) throws(PickleProblem) -> String {
        let root = module.split(separator: ".").first.map(String.init) ?? module
        let isBuiltin = ["builtins", "__builtin__"].contains(module)
        guard isBuiltin ? builtins.contains(name) : inert.contains(root) else {
            throw .global(module + "." + name)
        }
        return module + " " + name
    }

    /// What a known constructor makes of its arguments; anything else is opaque.
    private mutating func made(
        _ callee: PickleValue, _ arguments: [PickleValue]
    ) throws(PickleProblem) -> PickleValue {
        guard case .global(let name) = callee else { return .opaque }
        switch name {
        case "collections OrderedDict", "collections defaultdict", "builtins dict":
            // Old files give the items as a list of pairs.
            let pairs = arguments.first?.items ?? []
            return .dict(dict(pairs.flatMap { $0.items ?? [] }))
        case "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_tensor":
            return .tensor(try Self.tensor(arguments))
        case "torch._utils _rebuild_parameter", "torch._utils _rebuild_parameter_with_state":
            return arguments.first ?? .opaque
        case "torch Size": return arguments.first ?? .opaque
        default: return .opaque
        }
    }

    private static func tensor(_ arguments: [PickleValue]) throws(PickleProblem) -> TorchTensor {
        guard arguments.count >= 4, case .storage(let storage) = arguments[0],
            let offset = arguments[1].int, offset >= 0,
            let shape = arguments[2].items?.map(\.int), let strides = arguments[3].items?.map(\.int)
        else { throw .tensor("a tensor is not storage, offset, size and strides") }
        let (known, steps) = (shape.compactMap { $0 }, strides.compactMap { $0 })
        guard known.count == shape.count, steps.count == strides.count, known.count == steps.count,
            known.allSatisfy({ $0 >= 0 }), steps.allSatisfy({ $0 >= 0 })
        else { throw .tensor("a tensor's size or strides are no whole numbers") }
        return TorchTensor(storage: storage, offset: offset, shape: known, strides: steps)
    }

    /// Storages by the name of their class.
    private static let storageTypes: [String: String] = [
        "FloatStorage": "F32", "HalfStorage": "F16", "BFloat16Storage": "BF16",
        "DoubleStorage": "F64", "LongStorage": "I64", "IntStorage": "I32", "ShortStorage": "I16",
        "CharStorage": "I8", "ByteStorage": "U8", "BoolStorage": "BOOL",
    ]

    /// A persistent id: ("storage", class, key, place, count).
    private func storage(_ id: PickleValue) throws(PickleProblem) -> PickleValue {
        guard let parts = id.items, parts.count >= 5, parts[0].text == "storage",
            case .global(let name) = parts[1], let key = parts[2].text, let count = parts[4].int,
            count >= 0
        else { throw .tensor("a storage is not class, key, place and count") }
        let type = name.split(separator: " ").last.map(String.init) ?? name
        guard let known = Self.storageTypes[type] else { throw .tensor("a storage is a \(type)") }
        return .storage(TorchStorage(key: key, type: known, count: count))
    }
}
