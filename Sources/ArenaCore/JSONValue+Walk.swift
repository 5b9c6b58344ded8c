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

/// A document's values as bytes and a flat list, for loops over 100,000s of them: nothing is counted,
/// copied or decoded.
package struct JSONCursor {
    /// Every value, containers before their content.
    package let nodes: UnsafePointer<JSONNode>
    package let bytes: UnsafePointer<UInt8>

    /// The bytes of a number, or of a string between its quotes.
    @inline(__always)
    package func text(_ node: JSONNode) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: bytes + Int(node.offset), count: Int(node.length))
    }
}

extension JSONValue {
    /// The value's index in the flat list; its content follows.
    package var nodeIndex: Int { index }

    /// The value at an index of the flat list.
    package func value(at index: Int) -> JSONValue { JSONValue(document: document, index: index) }

    /// The document's flat list, valid while any of its values lives; nil for a document without bytes.
    package var cursor: JSONCursor? {
        guard let bytes = document.bytes.baseAddress else { return nil }
        return JSONCursor(
            nodes: UnsafePointer(document.nodes.base),
            bytes: bytes.assumingMemoryBound(to: UInt8.self))
    }
}
