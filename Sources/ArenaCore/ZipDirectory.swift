// The members of a zip archive by its central directory, zip64 included: where each one's bytes lie.
// Nothing is unpacked here. Format: APPNOTE.TXT of PKWARE.

/// A file or a folder in a zip archive.
package struct ZipMember: Sendable, Equatable {
    package var name: String
    /// Whether the name's bytes are UTF-8; others are read as well as can be.
    package var hasReadableName: Bool
    /// How it is packed: 0 not at all, 8 by deflate.
    package var method: Int
    package var isEncrypted: Bool
    /// The checksum of the content.
    package var crc: UInt32
    /// The packed bytes in the archive.
    package var packed: Range<Int>
    /// The bytes of the content, as the directory says.
    package var size: Int
    /// The mode that Unix gave it; 0 if the archive was made elsewhere.
    package var mode: Int

    /// Whether the bytes in the archive are the content as it is.
    package var isStored: Bool { method == 0 && packed.count == size }
}

/// What is wrong with an archive.
package struct ZipProblem: Error {
    package let what: String
}

/// The members of an archive, in the directory's order.
/// - Throws: `ZipProblem` if the directory is missing or leads outside the file.
/// - Complexity: O(members), and O(64 KiB) to find the directory
package func zipMembers(_ bytes: UnsafeRawBufferPointer) throws(ZipProblem) -> [ZipMember] {
    let archive = ZipBytes(bytes)
    var (count, at) = try archive.directory()
    guard count <= bytes.count / 46 else { throw ZipProblem(what: "its directory is broken") }
    var members: [ZipMember] = []
    members.reserveCapacity(count)
    while count > 0 {
        count -= 1
        members.append(try archive.member(&at))
    }
    return members
}

private struct ZipBytes {
    private let bytes: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    private func number(_ at: Int, _ width: Int) throws(ZipProblem) -> Int {
        guard at >= 0, at <= bytes.count - width else { throw ZipProblem(what: "it is cut short") }
        var value: UInt64 = 0
        for i in 0..<width { value |= UInt64(bytes[at + i]) << UInt64(8 * i) }
        guard let result = Int(exactly: value) else {
            throw ZipProblem(what: "it names a place outside the file")
        }
        return result
    }

    /// How many members there are, and where their directory starts.
    func directory() throws(ZipProblem) -> (count: Int, start: Int) {
        // Behind the end record there may be a comment of up to 64 KiB.
        var end = bytes.count - 22
        let first = max(0, end - 65_535)
        while end >= first, try number(end, 4) != 0x0605_4B50 { end -= 1 }
        guard end >= first else { throw ZipProblem(what: "the directory at its end is missing") }
        let (count, start) = (try number(end + 10, 2), try number(end + 16, 4))
        guard count == 0xFFFF || start == 0xFFFF_FFFF, end >= 20,
            try number(end - 20, 4) == 0x0706_4B50
        else { return (count, start) }
        let record = try number(end - 12, 8)
        guard try number(record, 4) == 0x0606_4B50 else {
            throw ZipProblem(what: "its directory is broken")
        }
        return (try number(record + 32, 8), try number(record + 48, 8))
    }

    /// The member whose entry stands at an offset, which moves behind it.
    func member(_ at: inout Int) throws(ZipProblem) -> ZipMember {
        guard try number(at, 4) == 0x0201_4B50 else {
            throw ZipProblem(what: "its directory is broken")
        }
        let (nameLength, extraLength) = (try number(at + 28, 2), try number(at + 30, 2))
        let commentLength = try number(at + 32, 2)
        let extra = at + 46 + nameLength
        guard extra + extraLength + commentLength <= bytes.count else {
            throw ZipProblem(what: "it is cut short")
        }
        let name = UnsafeRawBufferPointer(rebasing: bytes[at + 46..<extra])
        var (packed, size) = (try number(at + 20, 4), try number(at + 24, 4))
        var local = try number(at + 42, 4)
        // Zip64 gives, in this order, those of the numbers that did not fit.
        var field = extra
        while field + 4 <= extra + extraLength {
            let (id, length) = (try number(field, 2), try number(field + 2, 2))
            if id == 1 {
                var place = field + 4
                if size == 0xFFFF_FFFF { (size, place) = (try number(place, 8), place + 8) }
                if packed == 0xFFFF_FFFF { (packed, place) = (try number(place, 8), place + 8) }
                if local == 0xFFFF_FFFF { local = try number(place, 8) }
            }
            field += 4 + length
        }
        guard local <= bytes.count - 30, try number(local, 4) == 0x0403_4B50 else {
            throw ZipProblem(what: "its directory leads to where no member is")
        }
        let start = local + 30 + (try number(local + 26, 2)) + (try number(local + 28, 2))
        guard start <= bytes.count, packed <= bytes.count - start else {
            throw ZipProblem(what: "it is cut short")
        }
        let isFromUnix = try number(at + 5, 1) == 3
        let member = ZipMember(
            name: String(decoding: name, as: UTF8.self),
            hasReadableName: firstInvalidUTF8(name) == nil, method: try number(at + 10, 2),
            isEncrypted: try number(at + 8, 2) & 1 != 0, crc: UInt32(try number(at + 16, 4)),
            packed: start..<start + packed, size: size,
            mode: isFromUnix ? try number(at + 40, 2) : 0)
        at = extra + extraLength + commentLength
        return member
    }
}
