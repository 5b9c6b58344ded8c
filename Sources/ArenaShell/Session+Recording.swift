// A script's run as the journal keeps it: what it is called, what it has read and written, how it ended.

import ArenaCore
import ArenaLanguage
import ArenaRuns
import Glibc

extension Session {
    /// What refuses files that the lock of a script does not know; nil for a run that is held to none.
    /// - Throws: `LockError` if the lock does not fit the script.
    func gate(_ file: SourceFile, _ settings: RunSettings?) throws(LockError) -> FileAccount.Gate? {
        guard let settings, settings.isLocked else { return nil }
        let lock = try RunLock(script: file.name)
        guard lock.script == Digest(of: file.bytes) else {
            throw .file(.locked(path: file.name, lock: lock.path, isKnown: true))
        }
        return lock.gate
    }

    /// The record of a run that is about to begin; files are accounted for from here on.
    /// - Parameter gate: refuses files that the run may not read.
    func beginRun(
        _ file: SourceFile, _ arguments: [String], _ parameters: [String: String],
        _ settings: RunSettings, _ gate: FileAccount.Gate?, began: Moment
    ) -> Run {
        FileAccount.begin(gate: gate)
        EventLog.write("start") { line in
            line.add("script", file.name)
            line.add("arguments", strings: arguments)
        }
        var record = RunRecord(
            script: file.name, folder: workingFolder(), scriptDigest: Digest(of: file.bytes),
            began: began)
        record.arguments = arguments
        record.settings = parameters
        record.version = arenaVersion
        record.machine = machineName()
        let manner = manner
        return Run(record, settings, tell: { tellNote($0, manner) })
    }

    /// Closes the record of a run, sums the run up, and says what its end means for the process.
    func end(_ run: Run, _ failure: RunFailure?, _ signal: Int32?) -> ExitStatus {
        let status: RunStatus
        switch failure {
        case nil: status = run.isCut ? .cut : .finished
        case .interrupted: status = signal == SIGTERM ? .terminated : .interrupted
        case .rejected, .raised: status = .failed
        }
        EventLog.write("end") { $0.add("status", status.rawValue) }
        do throws(JournalError) {
            try run.finish(
                status, inputs: inputRecords,
                outputs: { FileAccount.written.compactMap(outputRecord) })
        } catch {
            // A script that failed has most likely failed of this.
            if case .raised = failure { return .failed }
            tell(error)
            return .output
        }
        if !manner.isQuiet, !manner.isJSON, let summary = run.summary(status) { say(summary) }
        return status == .cut ? .cut : .ok
    }

    func refuse(_ error: JournalError) -> ExitStatus {
        tell(error)
        return .output
    }
}

/// What the run has read, and the scripts that it has loaded.
private func inputRecords() -> [InputRecord] {
    let read = FileAccount.read.compactMap { file in
        (try? fileFingerprint(file.path)).map {
            InputRecord(path: file.path, size: file.size, digest: $0)
        }
    }
    return read
        + FileAccount.scripts.map { InputRecord(path: $0.path, size: $0.size, digest: $0.digest) }
}

private func outputRecord(_ path: String) -> OutputRecord? {
    guard let file = try? MappedFile(path, purpose: .fingerprint) else { return nil }
    return OutputRecord(
        path: path, size: file.bytes.count, digest: fingerprint(of: file, .whole), summary: "")
}

func workingFolder() -> String {
    guard let path = getcwd(nil, 0) else { return "" }
    defer { free(path) }
    return String(cString: path)
}

/// The machine in a few words: its name and its processors.
private func machineName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, 255)
    let host = String(
        decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return "\(host), \(counted(processorCount(), "processor"))"
}
