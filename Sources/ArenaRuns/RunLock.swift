// A lock: the content of a script, of those it loads and of every file that a run of it has read, in full. A run held to it
// refuses other files, and the script itself once it has changed.

import ArenaCore

/// Why a lock cannot be used or made.
package enum LockError: ArenaFault, Equatable {
    case file(FileError)
    case json(JSONError)
    case malformed(path: String, key: String)
    case noRun(script: String)

    package var report: FaultReport {
        switch self {
        case .file(let error): return error.report
        case .json(let error): return error.report
        case .malformed(let path, let key):
            return FaultReport(
                .value, "\(path) is no lock: it lacks '\(key)'",
                help: "make it anew: arenascript lock SCRIPT")
        case .noRun(let script):
            return FaultReport(
                .value, "the journal has no finished run of \(script), so its inputs are not known",
                help: "run it once: arenascript run \(script)")
        }
    }
}

/// The files of a run by content.
package struct RunLock: Sendable, Equatable {
    /// Where it lies.
    package let path: String
    package var script: Digest
    /// Whole digests of what it reads and loads, by the path that it uses.
    package var inputs: [String: Digest]

    /// The lock of a script lies beside it.
    package static func path(for script: String) -> String { script + ".lock" }

    /// Digests the inputs of a run as they are now.
    /// - Throws: `LockError.file` for one that is gone.
    package init(script: String, digest: Digest, inputs paths: [String]) throws(LockError) {
        path = Self.path(for: script)
        self.script = digest
        inputs = [:]
        for input in paths {
            do throws(FileError) { inputs[input] = try fileFingerprint(input, .whole) } catch {
                throw .file(error)
            }
        }
    }

    /// Reads a lock.
    package init(script: String) throws(LockError) {
        path = Self.path(for: script)
        let bytes: [UInt8]
        do { bytes = try readFile(path) } catch { throw .file(error) }
        let document: JSONDocument
        do { document = try JSONDocument(bytes, name: path) } catch { throw .json(error) }
        guard let digest = document.root["script"]?.string.flatMap(Digest.init(hex:)) else {
            throw .malformed(path: path, key: "script")
        }
        guard let members = document.root["inputs"]?.members else {
            throw .malformed(path: path, key: "inputs")
        }
        self.script = digest
        inputs = [:]
        for (name, value) in members {
            guard let digest = value.string.flatMap(Digest.init(hex:)) else {
                throw .malformed(path: path, key: "inputs." + name)
            }
            inputs[name] = digest
        }
    }

    /// The file's text.
    package var text: String {
        var files = JSONLine()
        for (path, digest) in inputs.sorted(by: { $0.key < $1.key }) {
            files.add(path, "\(digest)")
        }
        var object = JSONLine()
        object.add("script", "\(script)")
        object.add("inputs", files)
        return object.text + "\n"
    }

    /// Refuses files that the lock does not know, or knows otherwise.
    package var gate: FileAccount.Gate {
        { [self] file, content throws(FileError) in
            guard let expected = inputs[file] else {
                throw .locked(path: file, lock: path, isKnown: false)
            }
            guard content() == expected else {
                throw .locked(path: file, lock: path, isKnown: true)
            }
        }
    }
}
