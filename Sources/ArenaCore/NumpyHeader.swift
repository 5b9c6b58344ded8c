// The header of a .npy file (NumPy's format 1.0 to 3.0): a Python dict of three members in front of the
// numbers. It is read as data, never as code.

/// What the numbers of a .npy file are and how they lie.
package struct NumpyHeader: Equatable {
    /// `<f8`, `|b1`, `<U12` ...
    package var descr: String
    package var isFortran: Bool
    package var shape: [Int]
    /// Where the numbers begin.
    package var dataStart = 0

    package static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// NumPy itself refuses longer ones unless told otherwise.
    private static let longestHeader = 1 << 20

    /// Reads the header.
    /// - Throws: `NumpyProblem`.
    package init(_ bytes: UnsafeRawBufferPointer) throws(NumpyProblem) {
        guard bytes.count >= 10, bytes.prefix(6).elementsEqual(Self.magic) else {
            throw .notNumpy
        }
        let version = bytes[6]
        guard (1...3).contains(version) else {
            throw .header("it is of version \(version).\(bytes[7]), known are 1 to 3")
        }
        let lengthBytes = version == 1 ? 2 : 4
        guard bytes.count >= 8 + lengthBytes else { throw .cut }
        let length = (0..<lengthBytes).reduce(0) { $0 | Int(bytes[8 + $1]) << (8 * $1) }
        let start = 8 + lengthBytes
        guard length <= Self.longestHeader else {
            throw .header("its header claims \(length) bytes")
        }
        guard start + length <= bytes.count else { throw .cut }
        var parser = NumpyHeaderParser(
            bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<start + length]))
        (descr, isFortran, shape) = try parser.parse()
        dataStart = start + length
    }

    package init(descr: String, isFortran: Bool = false, shape: [Int]) {
        self.descr = descr
        self.isFortran = isFortran
        self.shape = shape
    }

    /// The header as bytes, padded so that the numbers begin at a multiple of 64.
    package var bytes: [UInt8] {
        let sizes = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
        var text =
            "{'descr': '\(descr)', 'fortran_order': \(isFortran ? "True" : "False"), 'shape': (\(sizes)), }"
        let total = (10 + text.utf8.count + 1 + 63) / 64 * 64
        text += String(repeating: " ", count: total - 10 - text.utf8.count - 1) + "\n"
        let length = text.utf8.count
        return Self.magic + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
    }
}

/// What is wrong with a .npy file.
package enum NumpyProblem: Error, Equatable {
    case notNumpy
    case cut
    case header(String)
    /// A Python object a cell: only unpickling could read it, and that would run code.
    case objects
    case type(String)
    case shape([Int])
    case tooShort(expected: Int, found: Int)
    case value(row: Int, what: String)
}

extension NumpyProblem {
    /// What a script is told.
    package var words: String {
        switch self {
        case .notNumpy: "it does not begin as a .npy file does"
        case .cut: "it ends within its header"
        case .header(let what): what
        case .objects: "it is an array of Python objects, a pickle, and reading it would run code"
        case .type(let type): "its elements are of type \(type)"
        case .shape(let shape):
            "its shape is (\(shape.map(String.init).joined(separator: ", "))); one or two dimensions are read"
        case .tooShort(let expected, let found):
            "its shape takes \(expected) bytes, there are \(found)"
        case .value(let row, let what): "row \(row) holds \(what)"
        }
    }
}

/// Reads the dict of a header: strings, True, False, tuples of whole numbers.
private struct NumpyHeaderParser {
    let bytes: UnsafeRawBufferPointer
    var at = 0

    init(bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func parse() throws(NumpyProblem) -> (String, Bool, [Int]) {
        var descr: String?
        var fortran: Bool?
        var shape: [Int]?
        try expect("{")
        while !take("}") {
            let key = try string()
            try expect(":")
            switch key {
            case "descr":
                // A list describes the fields of records.
                if peek == UInt8(ascii: "[") { throw .type("records (a structured type)") }
                descr = try string()
            case "fortran_order": fortran = try truth()
            case "shape": shape = try tuple()
            default: throw .header("its header has a member '\(key.prefix(20))'")
            }
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpace()
        guard at == bytes.count else { throw .header("its header goes on behind the dict") }
        guard let descr, let fortran, let shape else {
            throw .header("its header lacks descr, fortran_order or shape")
        }
        return (descr, fortran, shape)
    }

    private var peek: UInt8? {
        mutating get {
            skipSpace()
            return at < bytes.count ? bytes[at] : nil
        }
    }

    private mutating func skipSpace() {
        while at < bytes.count, [32, 9, 10, 13].contains(bytes[at]) { at += 1 }
    }

    private mutating func take(_ mark: Character) -> Bool {
        guard peek == mark.asciiValue else { return false }
        at += 1
        return true
    }

    private mutating func expect(_ mark: Character) throws(NumpyProblem) {
        guard take(mark) else { throw .header("its header lacks a '\(mark)'") }
    }

    private mutating func string() throws(NumpyProblem) -> String {
        guard let open = peek, open == UInt8(ascii: "'") || open == UInt8(ascii: "\"") else {
            throw .header("its header lacks a name")
        }
        at += 1
        let start = at
        while at < bytes.count, bytes[at] != open, bytes[at] != UInt8(ascii: "\\") { at += 1 }
        guard at < bytes.count, bytes[at] == open else {
            throw .header("a name in its header does not end")
        }
        at += 1
        return String(decoding: bytes[start..<at - 1], as: UTF8.self)
    }

    private mutating func truth() throws(NumpyProblem) -> Bool {
        _ = peek
        for (word, value) in [("True", true), ("False", false)]
        where bytes[at...].starts(with: word.utf8) {
            at += word.utf8.count
            return value
        }
        throw .header("fortran_order is neither True nor False")
    }

    private mutating func tuple() throws(NumpyProblem) -> [Int] {
        var sizes: [Int] = []
        try expect("(")
        while !take(")") {
            let start = at
            var size = 0
            while at < bytes.count, bytes[at] >= 48, bytes[at] <= 57 {
                let (times, over) = size.multipliedReportingOverflow(by: 10)
                let (sum, more) = times.addingReportingOverflow(Int(bytes[at] - 48))
                if over || more { throw .header("its shape has a size beyond 64 bits") }
                size = sum
                at += 1
            }
            guard at > start else { throw .header("its shape holds something but whole numbers") }
            // Python 2 wrote long integers so.
            if at < bytes.count, bytes[at] == UInt8(ascii: "L") { at += 1 }
            sizes.append(size)
            guard sizes.count <= 32 else { throw .header("its shape has more than 32 sizes") }
            if !take(",") {
                try expect(")")
                break
            }
        }
        return sizes
    }
}
