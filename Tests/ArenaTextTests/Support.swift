// Shared by the tests of this folder: fixtures beside the sources, temporary folders, small tokenizers.

import ArenaCore
import Glibc

@testable import ArenaText

/// The path of a fixture, wherever the package lies.
func fixture(_ name: String) -> String {
    let here = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    return "/" + here + "/Fixtures/" + name
}

func readFixture(_ name: String) throws -> JSONValue { try JSONDocument(file: fixture(name)).root }

func ids(_ value: JSONValue) -> [Int32] {
    (value.elements ?? []).compactMap { $0.int.map { Int32($0) } }
}

extension Tokenizer {
    /// The ids of a text with any options.
    func ids(_ text: String, _ options: Options = Options()) throws(TokenizerError) -> [Int32] {
        let texts = Texts([Array(text.utf8)])
        return try encode(texts.buffers[0], options)
    }

    convenience init(_ json: String, config: String? = nil) throws {
        try self.init(json: Array(json.utf8), config: config.map { Array($0.utf8) }, name: "t.json")
    }
}

/// Texts that stay where they are while a batch reads them.
final class Texts: Sendable {
    nonisolated(unsafe) let buffers: [UnsafeRawBufferPointer]

    init(_ texts: [[UInt8]]) {
        buffers = texts.map { text in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: text.count, alignment: 1)
            copy.copyBytes(from: text)
            return UnsafeRawBufferPointer(copy)
        }
    }

    deinit { for buffer in buffers { buffer.deallocate() } }
}

/// Runs a body with a folder that is removed afterwards.
func withTemporaryFolder<R>(_ body: (String) throws -> R) throws -> R {
    var name = Array("/tmp/arena-text-XXXXXX".utf8CString)
    guard mkdtemp(&name) != nil else {
        throw FileError.system(path: "/tmp", doing: "making a folder in", code: errno)
    }
    let folder = String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
        for file in listDirectory(folder) { unlink(joinPath(folder, file)) }
        rmdir(folder)
    }
    return try body(folder)
}

func write(_ text: String, to path: String) throws {
    guard let file = fopen(path, "w") else {
        throw FileError.system(path: path, doing: "writing", code: errno)
    }
    fputs(text, file)
    fclose(file)
}

func writeBytes(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else {
        throw FileError.system(path: path, doing: "writing", code: errno)
    }
    _ = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    fclose(file)
}

/// The report of the error that a body throws.
func report(_ body: () throws -> Void) -> FaultReport? {
    do { try body() } catch let error as TokenizerError { return error.report } catch { return nil }
    return nil
}

/// Seeded and the same everywhere.
struct Random {
    var state: UInt64

    mutating func next(_ n: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(n))
    }
}

/// A tokenizer.json of bytes without merges but `ab`, for tests of everything around the model.
func byteTokenizer(
    model: String = "", added: String = "", normalizer: String = "null",
    preTokenizer: String? = nil,
    post: String = "null", decoder: String = #"{"type":"ByteLevel"}"#
) -> String {
    var vocabulary = (0..<256).map { byte -> String in
        let scalar = ByteAlphabet.shared.scalarOf[byte]
        let text =
            scalar == 0x22 || scalar == 0x5C
            ? "\\" + String(UnicodeScalar(UInt8(scalar)))
            : String(
                String.UnicodeScalarView([UnicodeScalar(scalar) ?? " "]))
        return "\"\(text)\":\(byte)"
    }
    vocabulary.append("\"ab\":256")
    let pre = preTokenizer ?? #"{"type":"ByteLevel","add_prefix_space":false,"use_regex":true}"#
    return """
        {"version":"1.0","added_tokens":[\(added)],"normalizer":\(normalizer),"pre_tokenizer":\(pre),\
        "post_processor":\(post),"decoder":\(decoder),\
        "model":{"type":"BPE",\(model)"vocab":{\(vocabulary.joined(separator: ","))},"merges":["a b"]}}
        """
}
