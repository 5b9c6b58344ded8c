// A script's run as the journal keeps it: what it is called, what it has read and written, how it ended.

import ArenaCore
import ArenaLanguage
import ArenaRuns
import Glibc

extension Session {
    /// The record of a run that is about to begin; files are accounted for from here on.
    /// - Throws: `LockError` if the run is held to a lock that does not fit the script.
    func beginRun(
        _ file: SourceFile, _ arguments: [String], _ parameters: [String: String],
        _ settings: RunSettings, started: Double
    ) throws(LockError) -> Run {
        let digest = Digest(of: file.bytes)
        var gate: FileAccount.Gate?
        if settings.isLocked {
            let lock = try RunLock(script: file.name)
            guard lock.script == digest else {
                throw .file(.locked(path: file.name, lock: lock.path, isKnown: true))
            }
            gate = lock.gate
        }
        FileAccount.begin(gate: gate)
        EventLog.write("start") { line in
            line.add("script", file.name)
            line.add("arguments", strings: arguments)
        }
        var record = RunRecord(
            script: file.name, folder: workingFolder(), scriptDigest: digest, started: started)
        record.arguments = arguments
        record.settings = parameters
        record.version = arenaVersion
        record.machine = machineName()
        let manner = manner
        return Run(record, settings) { tellNote($0, manner) }
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
                status, inputs: { FileAccount.read.compactMap(inputRecord) },
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

private func inputRecord(_ file: FileRead) -> InputRecord? {
    guard let digest = try? fileFingerprint(file.path) else { return nil }
    return InputRecord(path: file.path, size: file.size, digest: digest)
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
