// Where `load` and `import` find other scripts: beside the one that names them.

import ArenaBuiltins
import ArenaCore
import ArenaLanguage

/// The file that `load("helpers.as")` or `import a.helpers` in another file means.
func loadScript(_ path: String, from file: SourceFile) throws(Raised) -> SourceFile {
    var name = path
    if !name.hasSuffix(".as") {
        name =
            name.contains("/")
            ? name + ".as" : name.split(separator: ".").joined(separator: "/") + ".as"
    }
    if !name.hasPrefix("/"), let slash = file.name.lastIndex(of: "/") {
        name = file.name[...slash] + name
    }
    do throws(ScriptError) {
        let source = try ScriptSource.file(name).load()
        do { try FileAccount.noteScript(name, source.bytes) } catch { throw .file(error) }
        return source
    } catch {
        let report = error.report
        // `import jsn`: a module of the library may be meant.
        let module = nearestName(to: path, in: allModules.map(\.name))
        throw Raised(
            report.kind, "'\(path)' cannot be loaded: \(report.message)",
            help: module.map { "did you mean '\($0)'?" } ?? report.help
                ?? "it is looked for beside the script: \(name)")
    }
}
