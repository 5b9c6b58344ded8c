// The register machine's instructions. a, b, c are registers of the running function unless said
// otherwise; `wide` is a constant, a slot, a jump distance or a small integer.

/// One instruction: 8 bytes.
struct Instruction {
    var op: Op
    var a: UInt8
    var b: UInt8
    var c: UInt8
    var wide: Int32
}

enum Op: UInt8 {
    // Values
    case move, take, loadConstant, loadInteger, loadNone, loadTrue, loadFalse, clear
    // Variables
    case getGlobal, setGlobal, deleteGlobal, getBuiltin
    case makeCell, getCell, setCell, getCapture, setCapture, checkAssigned, deleteLocal
    // Arithmetic: a = b op c, and with a small integer in place of c
    case add, subtract, multiply, divide, floorDivide, modulo
    case power, and, or, xor, shiftLeft, shiftRight, matrixMultiply
    case addInteger, subtractInteger, multiplyInteger, moduloInteger
    case inPlace  // a = a (operator c) b, lists extended in place
    case negate, plus, invert, not
    // Comparison: a = b op c
    case equal, notEqual, less, lessEqual, greater, greaterEqual, contains, notContains, same,
        notSame
    // Jumps by `wide`
    case jump, jumpIfFalse, jumpIfTrue
    case unlessLess, unlessLessEqual, unlessGreater, unlessGreaterEqual, unlessEqual, unlessNotEqual
    // The same with a 16-bit integer in b and c
    case unlessLessInteger, unlessLessEqualInteger, unlessGreaterInteger, unlessGreaterEqualInteger
    case unlessEqualInteger, unlessNotEqualInteger
    // Loops: a is the first of three state registers, b receives the item
    case prepareLoop, loop
    // Calls: a = result, b = callee or receiver, c = positional arguments after it
    case call, callShaped, method, methodShaped, returnValue, returnNone
    // Construction
    case newList, append, extend, newTuple, listToTuple, newDict, insert, merge, newSet, setAdd
    case makeFunction, unpack, unpackStarred, format, joinStrings
    // Items
    case getItem, setItem, deleteItem, getSlice, getAttribute
    case failAssertion
    // Errors: a = the error; b = its cause if c is 1. A test: a = b is of kind c.
    case raise, raiseAgain, matchError
    // Contexts: a = what the context gives, b = the context; and a = the context, b = the state of
    // the block's end (see `Compiler.Finally`)
    case enterContext, leaveContext
    // Other files: a... = the names of the code's load `wide`
    case load
}

/// Where an instruction comes from: the whole expression and its operands.
struct Span {
    var range: TextRange
    var left: TextRange = .none
    var right: TextRange = .none
}

/// Where the program goes on when an instruction in `start..<end` raises an error.
struct Handler {
    var start: Int
    var end: Int
    var target: Int
    /// Receives the error.
    var register: Int
    /// `finally` and `with` see an interruption as well; `except` does not.
    var takesInterruption: Bool
}

/// A function that a call met, and the parameters that the call's keywords name there.
struct KnownCall {
    var function: UnsafeMutablePointer<CodeInfo>?
    var positional: Int
    var named: Int
    var places: UnsafeMutablePointer<Int>
}

/// How a call's arguments lie behind the callee when they are not all positional.
final class CallShape {
    let positional: Int
    let keywords: [String]
    let star: Bool
    let doubleStar: Bool
    /// The method's symbol, for method calls.
    let symbol: Int
    /// What the call met last; see `bindKnown`.
    let known: UnsafeMutablePointer<KnownCall>

    init(positional: Int, keywords: [String], star: Bool, doubleStar: Bool, symbol: Int) {
        self.positional = positional
        self.keywords = keywords
        self.star = star
        self.doubleStar = doubleStar
        self.symbol = symbol
        known = .allocate(capacity: 1)
        known.initialize(
            to: KnownCall(
                function: nil, positional: positional, named: keywords.count,
                places: .allocate(capacity: max(1, keywords.count))))
    }

    deinit {
        known.pointee.places.deallocate()
        known.deallocate()
    }

    /// The same call in code of another machine.
    convenience init(copying other: CallShape) {
        self.init(
            positional: other.positional, keywords: other.keywords, star: other.star,
            doubleStar: other.doubleStar, symbol: other.symbol)
    }

    var slots: Int { positional + keywords.count + (star ? 1 : 0) + (doubleStar ? 1 : 0) }
}

/// What a call needs to know of a function, apart from the object so that calls count no references.
struct CodeInfo {
    var instructions: UnsafeMutablePointer<Instruction>
    var constants: UnsafeMutablePointer<Value>
    var registerCount: Int
    var parameterCount: Int
    /// Every parameter is ordinary, so a call with all of them needs no binding.
    var isSimple: Bool
    /// Neither `*rest` nor `**named` is among the parameters.
    var isFixed: Bool
    /// For each parameter the place of its default among the function's, or -1.
    var defaults: UnsafeMutablePointer<Int16>
    var handlers: UnsafeMutablePointer<Handler>
    var handlerCount: Int
    var shapes: UnsafeMutablePointer<Unmanaged<CallShape>>
    var knownCalls: UnsafeMutablePointer<UnsafeMutablePointer<KnownCall>>
    /// The code object, which owns this.
    var code: Unmanaged<Code>
}

/// A compiled function or program.
final class Code {
    let name: String
    let file: SourceFile
    let isModule: Bool
    let parameters: [Parameter]
    let documentation: [UInt8]?
    let instructions: UnsafeMutablePointer<Instruction>
    let count: Int
    let constants: UnsafeMutablePointer<Value>
    let constantCount: Int
    let registerCount: Int
    let spans: [Span]
    let functions: [Code]
    let shapes: [CallShape]
    /// For each capture: true and a register that holds a cell, or false and an own capture's index.
    let captures: [(isRegister: Bool, index: Int)]
    /// The innermost first.
    let handlers: [Handler]
    private let handlerTable: UnsafeMutablePointer<Handler>
    private let shapeTable: UnsafeMutablePointer<Unmanaged<CallShape>>
    private let knownTable: UnsafeMutablePointer<UnsafeMutablePointer<KnownCall>>
    private let defaultPlaces: UnsafeMutablePointer<Int16>
    let loads: [LoadNode]
    let info: UnsafeMutablePointer<CodeInfo>

    init(
        name: String, file: SourceFile, isModule: Bool, parameters: [Parameter],
        documentation: [UInt8]?, instructions: [Instruction], constants: [Value],
        registerCount: Int,
        spans: [Span], functions: [Code], shapes: [CallShape],
        captures: [(isRegister: Bool, index: Int)], handlers: [Handler], loads: [LoadNode]
    ) {
        self.name = name
        self.file = file
        self.isModule = isModule
        self.parameters = parameters
        self.documentation = documentation
        // SAFETY: both buffers are owned by this object, never resized, freed in deinit.
        count = instructions.count
        self.instructions = .allocate(capacity: max(1, instructions.count))
        self.instructions.initialize(from: instructions, count: instructions.count)
        constantCount = constants.count
        self.constants = .allocate(capacity: max(1, constants.count))
        self.constants.initialize(from: constants, count: constants.count)
        self.registerCount = registerCount
        self.spans = spans
        self.functions = functions
        self.shapes = shapes
        self.captures = captures
        self.handlers = handlers
        self.loads = loads
        info = .allocate(capacity: 1)
        let isSimple = parameters.allSatisfy { if case .ordinary = $0.kind { true } else { false } }
        let isFixed = parameters.allSatisfy(\.takesName)
        defaultPlaces = .allocate(capacity: max(1, parameters.count))
        var place: Int16 = 0
        for (i, parameter) in parameters.enumerated() {
            defaultPlaces[i] = parameter.defaultValue == nil ? -1 : place
            if parameter.defaultValue != nil { place += 1 }
        }
        handlerTable = .allocate(capacity: max(1, handlers.count))
        handlerTable.initialize(from: handlers, count: handlers.count)
        shapeTable = .allocate(capacity: max(1, shapes.count))
        knownTable = .allocate(capacity: max(1, shapes.count))
        for (i, shape) in shapes.enumerated() {
            (shapeTable + i).initialize(to: .passUnretained(shape))
            knownTable[i] = shape.known
        }
        info.initialize(
            to: CodeInfo(
                instructions: self.instructions, constants: self.constants,
                registerCount: max(registerCount, parameters.count),
                parameterCount: parameters.count,
                isSimple: isSimple, isFixed: isFixed, defaults: defaultPlaces,
                handlers: handlerTable, handlerCount: handlers.count,
                shapes: shapeTable, knownCalls: knownTable, code: .passUnretained(self)))
    }

    /// The same code with constants and inner functions of its own.
    convenience init(copying code: Code, constants: [Value], functions: [Code]) {
        self.init(
            name: code.name, file: code.file, isModule: code.isModule, parameters: code.parameters,
            documentation: code.documentation,
            instructions: Array(
                UnsafeBufferPointer(start: code.instructions, count: code.count)),
            constants: constants, registerCount: code.registerCount, spans: code.spans,
            functions: functions, shapes: code.shapes.map { CallShape(copying: $0) },
            captures: code.captures,
            handlers: code.handlers, loads: code.loads)
    }

    deinit {
        for i in 0..<constantCount { constants[i].release() }
        constants.deallocate()
        instructions.deallocate()
        defaultPlaces.deallocate()
        handlerTable.deallocate()
        shapeTable.deallocate()
        knownTable.deallocate()
        info.deallocate()
    }
}
