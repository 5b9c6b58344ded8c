// What an ELF executable asks of the machine it starts on: shared libraries and the versions of
// their symbols, read from its dynamic section (System V gABI; GNU symbol versions,
// `.gnu.version_r`).

import ArenaCore

enum ELFError: Error { case notELF64, noDynamicSection, damaged }

/// The dynamic needs of an executable.
struct DynamicNeeds {
    /// `DT_NEEDED`, in the file's order.
    private(set) var libraries: [String] = []
    /// Symbol versions by library, such as `libc.so.6: [GLIBC_2.34, ...]`.
    private(set) var versions: [String: [String]] = [:]

    private let bytes: [UInt8]
    /// Loaded segments: where in memory, where in the file, how long.
    private var segments: [(address: UInt64, offset: UInt64, size: UInt64)] = []

    init(_ path: String) throws {
        bytes = try readFile(path)
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { throw ELFError.notELF64 }
        try readDynamicSection()
    }

    /// The highest version of one name, such as `GLIBC` or `GLIBCXX`, that any library must have.
    func highest(_ name: String) -> [Int] {
        versions.values.joined()
            .filter { $0.hasPrefix(name + "_") }
            .map { $0.dropFirst(name.count + 1).split(separator: ".").map { Int($0) ?? Int.max } }
            .max { $0.lexicographicallyPrecedes($1) } ?? []
    }

    private mutating func readDynamicSection() throws {
        var dynamic: (offset: Int, size: Int)?
        let table = Int(try word(32))
        let (entrySize, count) = (Int(try half(54)), Int(try half(56)))
        for i in 0..<count {
            let at = table + i * entrySize
            let (offset, address, size) = (try word(at + 8), try word(at + 16), try word(at + 32))
            switch try int(at) {
            case 1: segments.append((address, offset, size))
            case 2: dynamic = (Int(offset), Int(size))
            default: break
            }
        }
        guard let dynamic else { throw ELFError.noDynamicSection }
        var tags: [UInt64: UInt64] = [:]
        var needed: [UInt64] = []
        for at in stride(from: dynamic.offset, to: dynamic.offset + dynamic.size, by: 16) {
            let (tag, value) = (try word(at), try word(at + 8))
            if tag == 0 { break }
            if tag == 1 { needed.append(value) } else { tags[tag] = value }
        }
        let (stringTable, versionNeeds, versionNeedCount): (UInt64, UInt64, UInt64) =
            (5, 0x6FFF_FFFE, 0x6FFF_FFFF)
        let strings = try fileOffset(tags[stringTable] ?? 0)
        libraries = try needed.map { try string(strings + Int($0)) }
        guard let first = tags[versionNeeds] else { return }
        var at = try fileOffset(first)
        for _ in 0..<(tags[versionNeedCount] ?? 0) {
            let library = try string(strings + Int(try int(at + 4)))
            var one = at + Int(try int(at + 8))
            for _ in 0..<(try half(at + 2)) {
                versions[library, default: []].append(try string(strings + Int(try int(one + 8))))
                one += Int(try int(one + 12))
            }
            at += Int(try int(at + 12))
        }
    }

    private func fileOffset(_ address: UInt64) throws -> Int {
        for s in segments where address >= s.address && address - s.address < s.size {
            return Int(address - s.address + s.offset)
        }
        throw ELFError.damaged
    }

    private func string(_ at: Int) throws -> String {
        guard at < bytes.count, let end = bytes[at...].firstIndex(of: 0) else {
            throw ELFError.damaged
        }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    private func half(_ at: Int) throws -> UInt16 { UInt16(truncatingIfNeeded: try number(at, 2)) }
    private func int(_ at: Int) throws -> UInt32 { UInt32(truncatingIfNeeded: try number(at, 4)) }
    private func word(_ at: Int) throws -> UInt64 { try number(at, 8) }

    private func number(_ at: Int, _ size: Int) throws -> UInt64 {
        guard at >= 0, at + size <= bytes.count else { throw ELFError.damaged }
        return bytes[at..<at + size].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
