// `arenascript lock`: the inputs of a script's last run, by content, for `run --locked`.

import ArenaCore
import ArenaRuns

extension Session {
    /// Writes the lock of a script.
    package func lock(_ script: String, state: String?) -> ExitStatus {
        let folder = state ?? RunSettings.usualState
        do throws(ScriptError) {
            let file = try ScriptSource.file(script).load()
            return lock(script, Digest(of: file.bytes), inputs: lastInputs(of: script, folder))
        } catch {
            return refuse(error)
        }
    }

    private func lock(_ script: String, _ digest: Digest, inputs: [String]?) -> ExitStatus {
        do throws(LockError) {
            guard let inputs else { throw LockError.noRun(script: script) }
            let lock = try RunLock(script: script, digest: digest, inputs: inputs)
            do { try writeFile(lock.path, Array(lock.text.utf8)) } catch { throw .file(error) }
            return printLine("\(lock.path): \(counted(lock.inputs.count, "input"))")
        } catch {
            tell(error)
            return .input
        }
    }

    /// What the last run of a script that came to its end has read; nil if there is none.
    private func lastInputs(of script: String, _ folder: String) -> [String]? {
        guard Journal.exists(in: folder), let journal = try? Journal(folder: folder),
            let run = (try? journal.runs())?.last(where: {
                $0.script == script && ($0.status == .finished || $0.status == .cut)
            })
        else { return nil }
        return (try? journal.details(run.id))?.inputs.map(\.path)
    }
}
