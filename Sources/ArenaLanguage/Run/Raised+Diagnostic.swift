// What a person sees of an error that nobody has handled: its place as exact as it can be told, and
// the operands labelled with their types.

import ArenaCore

/// An argument of a builtin's call: which one it is, and what was given.
struct ArgumentMark {
    var function: String
    /// Among the positional arguments, the receiver not counted; -1 is the receiver.
    var index: Int
    var name: String
    var label: String
    /// The place is the argument's name, not its value.
    var isName = false
}

extension Raised {
    var diagnostic: Diagnostic {
        var d = Diagnostic(kind, message, in: place?.file, help: help)
        d.input = input
        if let place { d.labels = labels(place) }
        d.trace = trace.reversed()
        if let cause { d.causes = [cause.diagnostic] }
        return d
    }

    /// The place first, then the operands.
    private func labels(_ place: Place) -> [Diagnostic.Label] {
        let (file, span) = (place.file, place.span)
        if let argument, let range = argumentRange(argument, file, span.range) {
            return [.init(range: range, text: argument.label)]
        }
        var operands: [Diagnostic.Label] = []
        for (range, text) in [(span.left, left), (span.right, right)] {
            guard let text, range != .none, inside(range, file) else { continue }
            // What the source says itself needs no label, however it is quoted.
            let isSaid = unquoted(file.text(range)) == unquoted(text)
            operands.append(.init(range: range, text: isSaid ? "" : text))
        }
        if isCall(span, file), !concernsCallee {
            guard kind == .attribute, let left else { return [.init(range: span.range, text: "")] }
            return member(span, file, left)
        }
        guard let first = operands.first else {
            // A host's own error about an item is about its key.
            let isItem = kind == .key || kind == .index
            if isItem, span.right != .none, inside(span.right, file),
                symbol(file, span.left.end, span.right.start).map({ file.text($0) }) == "["
            {
                return [.init(range: span.right, text: "")]
            }
            return [.init(range: span.range, text: "")]
        }
        let whole = Diagnostic.Label(range: span.range, text: "")
        if span.left != .none, span.right != .none, span.left.end <= span.right.start {
            // Between two operands stands the operator, or the bracket of an index.
            let between = symbol(file, span.left.end, span.right.start)
            let isIndex = between.map { file.text($0) == "[" } ?? false
            if isIndex, right != nil {
                return [operands[operands.count - 1]] + (operands.count > 1 ? [first] : [])
            }
            if isIndex { return [first] }
            return [between.map { .init(range: $0, text: "") } ?? whole]
                + operands.filter { !$0.text.isEmpty }
        }
        if first.range.start == span.range.start { return [first] }
        if first.range.start > span.range.start,
            let sign = symbol(file, span.range.start, first.range.start)
        {
            if isNameByte(file.bytes[Int(sign.start)]) { return [first] }
            return [.init(range: sign, text: ""), first]
        }
        return [whole] + operands
    }

    private func unquoted(_ text: String) -> String {
        text.count > 1 && (text.hasPrefix("\"") || text.hasPrefix("'"))
            ? String(text.dropFirst().dropLast()) : text
    }

    /// Whether the place is a call; its left part is then the function's name.
    private func isCall(_ span: Span, _ file: SourceFile) -> Bool {
        guard span.left != .none, span.right == .none, inside(span.left, file),
            span.left.end < span.range.end
        else { return false }
        var at = Int(span.left.end)
        while at < Int(span.range.end), file.bytes[at] <= 32 { at += 1 }
        return at < Int(span.range.end) && file.bytes[at] == UInt8(ascii: "(")
    }

    /// The name of a member that is not there, and what it was asked of.
    private func member(_ span: Span, _ file: SourceFile, _ label: String) -> [Diagnostic.Label] {
        var dot = Int(span.left.start)
        while dot > Int(span.range.start), file.bytes[dot - 1] <= 32 { dot -= 1 }
        dot -= 1
        let name = Diagnostic.Label(range: span.left, text: "")
        guard dot > Int(span.range.start), file.bytes[dot] == UInt8(ascii: ".") else {
            return [name]
        }
        return [name, .init(range: TextRange(Int(span.range.start), dot), text: label)]
    }

    private func inside(_ range: TextRange, _ file: SourceFile) -> Bool {
        range.start <= range.end && Int(range.end) <= file.bytes.count
    }

    /// The operator between two places: a stretch without space, or `not in` and `is not`.
    private func symbol(_ file: SourceFile, _ from: UInt32, _ to: UInt32) -> TextRange? {
        var start = Int(from)
        while start < Int(to), file.bytes[start] <= 32 || file.bytes[start] == UInt8(ascii: "\\") {
            start += 1
        }
        var end = start
        while end < Int(to), file.bytes[end] > 32 { end += 1 }
        guard start < end, file.bytes[start] != UInt8(ascii: "#") else { return nil }
        var last = Int(to)
        while last > end, file.bytes[last - 1] <= 32 { last -= 1 }
        let words = file.text(TextRange(start, last))
        return TextRange(start, words == "not in" || words == "is not" ? last : end)
    }

    /// Where an argument stands in the call at a place, which must be a call of that builtin. The
    /// source is parsed again: an error is rare, and calls need not remember their arguments.
    private func argumentRange(
        _ argument: ArgumentMark, _ file: SourceFile, _ range: TextRange
    ) -> TextRange? {
        var parser = Parser(file)
        guard case .call(let callee, let arguments)? = call(at: range, in: parser.parse())?.node
        else { return nil }
        switch callee.node {
        case .name(let node):
            guard node.name == argument.function else { return nil }
        case .attribute(let receiver, let name, _):
            guard name == argument.function else { return nil }
            if argument.index < 0 { return receiver.range }
        default: return nil
        }
        var index = 0
        for given in arguments {
            switch given.kind {
            case .positional:
                if index == argument.index { return given.range }
                index += 1
            case .keyword(let name):
                guard name == argument.name else { break }
                let start = Int(given.range.start)
                return argument.isName
                    ? TextRange(start, start + name.utf8.count) : given.value.range
            case .star: return nil
            case .doubleStar: break
            }
        }
        return nil
    }

    private func call(at range: TextRange, in body: [Statement]) -> Expression? {
        for statement in body
        where statement.range.start <= range.start && range.end <= statement.range.end {
            for e in statement.expressions {
                if let found = call(at: range, in: e) { return found }
            }
            if case .function(let node) = statement.node {
                if let found = call(at: range, in: node.body) { return found }
            }
            for block in statement.blocks {
                if let found = call(at: range, in: block) { return found }
            }
        }
        return nil
    }

    private func call(at range: TextRange, in e: Expression) -> Expression? {
        if e.range == range, case .call = e.node { return e }
        var parts = e.children
        if case .lambda(let node) = e.node,
            case .returnValue(let body?)? = node.body.first?.node
        {
            parts.append(body)
        }
        for part in parts { if let found = call(at: range, in: part) { return found } }
        return nil
    }
}
