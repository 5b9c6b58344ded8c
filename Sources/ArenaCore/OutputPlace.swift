// Where an output goes: its name may be a link, a folder, a file that may not be written, or no file at
// all but a device, a pipe or a stream of this process.

import Glibc

/// What an output's name leads to.
enum OutputPlace: Equatable {
    /// A regular file, through all links; with its mode if it is there.
    case file(String, mode: mode_t?)
    /// A character device or a pipe: bytes go into it, and its name stays.
    case device(String)
    /// An open descriptor of this process, such as `/dev/stdout` names one. Opened anew it would begin
    /// at the front of the file that it leads to.
    case descriptor(Int32)

    /// - Parameters:
    ///   - path: the name that the user knows.
    ///   - place: where it lies, if not there.
    /// - Throws: `FileError` for folders, files that may not be written, and what takes no bytes.
    init(_ path: String, at place: String) throws(FileError) {
        let target = try Self.followed(place, named: path)
        if let number = Self.descriptor(target) {
            self = .descriptor(number)
            return
        }
        var info = stat()
        guard stat(target, &info) == 0 else {
            self = .file(target, mode: nil)
            return
        }
        switch info.st_mode & S_IFMT {
        case S_IFREG: self = .file(target, mode: info.st_mode & 0o777)
        case S_IFCHR, S_IFIFO: self = .device(target)
        case S_IFDIR: throw .isDirectory(path: path)
        // Over a disk or a socket nobody means to write a table.
        default: throw .notRegular(path: path)
        }
        // A rename would replace a file that its owner has protected.
        guard access(target, W_OK) == 0 else {
            throw .system(path: path, doing: "writing", code: errno)
        }
    }

    /// What would keep a new file from being made there; nil if nothing does.
    func obstacle(named path: String) -> FileError? {
        guard case .file(let target, _) = self else { return nil }
        let folder = splitPath(target).folder
        let place = folder.isEmpty ? "." : folder
        guard fileExists(place) else { return .missingFolder(path: target) }
        return access(place, W_OK) == 0 ? nil : .system(path: path, doing: "writing", code: errno)
    }

    /// The end of a chain of links, also where nothing is there yet.
    private static func followed(_ place: String, named path: String) throws(FileError) -> String {
        var target = place
        for _ in 0..<40 {
            guard descriptor(target) == nil, let link = link(target) else { return target }
            target = link.hasPrefix("/") ? link : joinPath(splitPath(target).folder, link)
        }
        throw .system(path: path, doing: "writing", code: ELOOP)
    }

    private static func link(_ path: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4097)
        let n = readlink(path, &buffer, 4096)
        guard n > 0 else { return nil }
        return String(decoding: buffer.prefix(n).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The number of this process's descriptor that a path names.
    private static func descriptor(_ path: String) -> Int32? {
        let (folder, name) = splitPath(path)
        guard ["/proc/self/fd", "/dev/fd", "/proc/\(getpid())/fd"].contains(folder) else {
            return nil
        }
        return Int32(name)
    }
}
