// What a call must fit, of a builtin or of a script's function, and the words for one that does not:
// the same before a program runs and while it does.

import ArenaCore

struct CallSignature {
    struct Slot: ParameterShape {
        var name: String
        var kind: Parameter.Kind
        var isRequired: Bool
        /// The types it takes, in words; empty for a script's function.
        var type = ""
    }

    /// Why a call does not fit.
    enum Misfit {
        /// More positional arguments than there is room for.
        case surplus(given: Int)
        case twice(String)
        case unknown(String)
        case missing([Slot])
    }

    let name: String
    /// Without the receiver of a method.
    let slots: [Slot]
    /// `name(a, b=..., *rest)`.
    let text: String

    init(_ builtin: Builtin) {
        name = builtin.name
        text = builtin.signature
        let parameters = builtin.parameters
        slots = parameters.dropFirst(parameters.first?.name == "self" ? 1 : 0).map {
            Slot(name: $0.name, kind: $0.kind, isRequired: $0.isRequired, type: $0.type)
        }
    }

    init(_ name: String, _ parameters: [Parameter], in file: SourceFile) {
        self.name = name
        slots = parameters.map { p in
            Slot(
                name: p.name, kind: p.kind,
                isRequired: p.defaultValue == nil && (p.kind == .ordinary || p.kind == .keywordOnly)
            )
        }
        var parts: [String] = []
        var starred = false
        for p in parameters {
            switch p.kind {
            case .star: parts.append("*\(p.name)")
            case .doubleStar: parts.append("**\(p.name)")
            case .ordinary, .keywordOnly:
                if p.kind == .keywordOnly, !starred { parts.append("*") }
                guard let value = p.defaultValue else { parts.append(p.name); break }
                let text = file.text(value.range)
                parts.append(
                    "\(p.name)=\(text.utf8.count > 20 || text.contains("\n") ? "..." : text)")
            }
            if p.kind == .star || p.kind == .keywordOnly { starred = true }
        }
        text = "\(name)(\(parts.joined(separator: ", ")))"
    }

    /// Why a call with these arguments does not fit, if it does not.
    func misfit(positional: Int, keywords: [String]) -> Misfit? {
        let ordinary = slots.filter { $0.kind == .ordinary }
        if positional > ordinary.count, !slots.contains(where: { $0.kind == .star }) {
            return .surplus(given: positional)
        }
        var given = Set(ordinary.prefix(positional).map(\.name))
        for name in keywords {
            if slots.contains(where: { $0.takesName && $0.name == name }) {
                if !given.insert(name).inserted { return .twice(name) }
            } else if !slots.contains(where: { $0.kind == .doubleStar }) {
                return .unknown(name)
            }
        }
        let missing = slots.filter { $0.isRequired && !given.contains($0.name) }
        return missing.isEmpty ? nil : .missing(missing)
    }

    /// The misfit in words.
    func report(_ misfit: Misfit) -> (message: String, help: String) {
        switch misfit {
        case .surplus(let given):
            let ordinary = slots.filter { $0.kind == .ordinary }
            let bound = ordinary.allSatisfy(\.isRequired) ? "" : "at most "
            let most =
                ordinary.isEmpty
                ? "no positional arguments" : bound + counted(ordinary.count, "positional argument")
            return ("\(name)() takes \(most), not \(given)", text)
        case .twice(let argument): return ("\(name)(): '\(argument)' is given twice", text)
        case .unknown(let argument):
            let known = slots.filter(\.takesName).map(\.name)
            if let habit = argumentHabit(argument, of: name, known: known) {
                return ("\(name)() has no argument '\(argument)'", habit)
            }
            let near = nearestName(to: argument, in: known).map { "did you mean '\($0)='?" }
            return ("\(name)() has no argument '\(argument)'", near ?? text)
        case .missing(let slots):
            let names = slots.map { "'\($0.name)'" + ($0.type.isEmpty ? "" : " (\($0.type))") }
            let list =
                names.count < 3
                ? names.joined(separator: " and ")
                : names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
            return ("\(name)() needs \(list)", text)
        }
    }

    func raised(_ misfit: Misfit) -> Raised {
        let (message, help) = report(misfit)
        let error = Raised(.type, message, help: help)
        switch misfit {
        case .surplus:
            error.argument = ArgumentMark(
                function: name, index: slots.filter { $0.kind == .ordinary }.count, name: "",
                label: "")
        case .twice(let argument), .unknown(let argument):
            error.argument = ArgumentMark(
                function: name, index: Int.max, name: argument, label: "", isName: true)
        case .missing: break
        }
        return error
    }
}
