// Walking large JSON containers without building arrays or strings: vocabularies of 100,000s of entries.

extension JSONValue {
    /// Calls `body` with each element of an array, in order; nothing for other kinds.
    package func forEachElement<E: Error>(
        _ body: (_ index: Int, _ element: JSONValue) throws(E) -> Void
    ) throws(E) {
        guard node.kind == .array else { return }
        var at = index + 1
        for i in 0..<count {
            let element = JSONValue(document: document, index: at)
            try body(i, element)
            at = Int(element.node.next)
        }
    }

    /// Calls `body` with each member of an object, in the text's order; nothing for other kinds.
    package func forEachMember<E: Error>(
        _ body: (_ key: JSONValue, _ value: JSONValue) throws(E) -> Void
    ) throws(E) {
        guard node.kind == .object else { return }
        var at = index + 1
        for _ in 0..<count {
            let value = JSONValue(document: document, index: at + 1)
            try body(JSONValue(document: document, index: at), value)
            at = Int(value.node.next)
        }
    }

    /// Lends a string's bytes, decoded, for the call; nil for other kinds.
    package func withStringBytes<R, E: Error>(
        _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R? {
        switch node.kind {
        case .string:
            // SAFETY: inside the document's bytes, which the document keeps alive during the call.
            return try body(raw)
        case .escapedString:
            let decoded = stringBytes ?? []
            let copy = UnsafeMutableRawBufferPointer.allocate(
                byteCount: decoded.count, alignment: 1)
            defer { copy.deallocate() }
            copy.copyBytes(from: decoded)
            return try body(UnsafeRawBufferPointer(copy))
        default: return nil
        }
    }
}
