// The members of a zip archive by its central directory, zip64 included: where each one's bytes lie.
// Format: APPNOTE.TXT of PKWARE.

/// One member's bytes in the file.
struct ZipMember: Equatable {
    let range: Range<Int>
    /// Whether the bytes are the content as it is.
    let isStored: Bool
}

/// What is wrong with an archive.
struct ZipProblem: Error {
    let what: String
}

enum ZipDirectory {
    /// - Throws: `ZipProblem` if the directory is missing or leads outside the file.
    static func read(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ZipProblem) -> [String: ZipMember] {
        func number(_ at: Int, _ width: Int) throws(ZipProblem) -> Int {
            guard at >= 0, at <= bytes.count - width else {
                throw ZipProblem(what: "the archive is cut short")
            }
            var value: UInt64 = 0
            for i in 0..<width { value |= UInt64(bytes[at + i]) << UInt64(8 * i) }
            guard let result = Int(exactly: value) else {
                throw ZipProblem(what: "the archive names a place outside the file")
            }
            return result
        }
        var (count, start) = try directory(bytes, number)
        var members: [String: ZipMember] = [:]
        while count > 0 {
            count -= 1
            guard try number(start, 4) == 0x0201_4B50 else {
                throw ZipProblem(what: "the archive's directory is damaged")
            }
            let method = try number(start + 10, 2)
            var (packed, size) = (try number(start + 20, 4), try number(start + 24, 4))
            let (nameLength, extraLength) = (try number(start + 28, 2), try number(start + 30, 2))
            let commentLength = try number(start + 32, 2)
            var local = try number(start + 42, 4)
            let extra = start + 46 + nameLength
            guard extra + extraLength <= bytes.count else {
                throw ZipProblem(what: "the archive is cut short")
            }
            let name = String(decoding: bytes[start + 46..<extra], as: UTF8.self)
            // Zip64 gives, in this order, those of the numbers that did not fit.
            var field = extra
            while field + 4 <= extra + extraLength {
                let (id, length) = (try number(field, 2), try number(field + 2, 2))
                if id == 1 {
                    var at = field + 4
                    if size == 0xFFFF_FFFF { (size, at) = (try number(at, 8), at + 8) }
                    if packed == 0xFFFF_FFFF { (packed, at) = (try number(at, 8), at + 8) }
                    if local == 0xFFFF_FFFF { local = try number(at, 8) }
                }
                field += 4 + length
            }
            guard local <= bytes.count - 30 else {
                throw ZipProblem(what: "the archive names a place outside the file")
            }
            let data = local + 30 + (try number(local + 26, 2)) + (try number(local + 28, 2))
            guard try number(local, 4) == 0x0403_4B50, data <= bytes.count,
                packed <= bytes.count - data
            else { throw ZipProblem(what: "'\(name)' lies outside the file") }
            members[name] = ZipMember(
                range: data..<data + packed, isStored: method == 0 && packed == size)
            start = extra + extraLength + commentLength
        }
        return members
    }

    /// How many members there are and where their directory starts.
    private static func directory(
        _ bytes: UnsafeRawBufferPointer, _ number: (Int, Int) throws(ZipProblem) -> Int
    ) throws(ZipProblem) -> (count: Int, start: Int) {
        var end = bytes.count - 22
        let first = max(0, end - 65_535)
        while end >= first {
            if try number(end, 4) == 0x0605_4B50 { break }
            end -= 1
        }
        guard end >= first, end >= 0 else {
            throw ZipProblem(what: "the archive has no directory: it is cut short")
        }
        let (count, start) = (try number(end + 10, 2), try number(end + 16, 4))
        guard count == 0xFFFF || start == 0xFFFF_FFFF else { return (count, start) }
        guard end >= 20, try number(end - 20, 4) == 0x0706_4B50 else { return (count, start) }
        let record = try number(end - 12, 8)
        guard try number(record, 4) == 0x0606_4B50 else {
            throw ZipProblem(what: "the archive's directory is damaged")
        }
        return (try number(record + 32, 8), try number(record + 48, 8))
    }
}
