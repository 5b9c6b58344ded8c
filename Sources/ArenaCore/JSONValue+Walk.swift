// Walking large JSON containers without building arrays or strings: vocabularies of 100,000s of entries.

extension JSONValue {
    /// Calls `body` with each element of an array, in order; nothing for other kinds.
    package func forEachElement<E: Error>(
        _ body: (_ index: Int, _ element: JSONValue) throws(E) -> Void
    ) throws(E) {
        guard node.kind == .array else { return }
        var at = index + 1
        var number = 0
        while at < contentEnd {
            try body(number, JSONValue(document: document, index: at))
            at = document.nodes.next(at)
            number += 1
        }
    }

    /// Calls `body` with each member of an object, in the text's order; nothing for other kinds.
    package func forEachMember<E: Error>(
        _ body: (_ key: JSONValue, _ value: JSONValue) throws(E) -> Void
    ) throws(E) {
        guard node.kind == .object else { return }
        var at = index + 1
        while at < contentEnd {
            try body(
                JSONValue(document: document, index: at),
                JSONValue(document: document, index: at + 1))
            at = document.nodes.next(at + 1)
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
        UnsafeBufferPointer(start: bytes + Int(node.offset), count: node.length)
    }

    /// The index after the value at `index` and everything inside it.
    @inline(__always)
    package func next(_ index: Int) -> Int {
        let node = nodes[index]
        return node.isContainer ? Int(node.extent) : index &+ 1
    }
}

extension JSONValue {
    /// The value's index in the flat list; its content follows.
    package var nodeIndex: Int { index }

    /// The value at an index of the flat list.
    package func value(at index: Int) -> JSONValue { JSONValue(document: document, index: index) }

    /// Gives back the memory of a container's content, which must not be looked at again: it reads as nulls.
    package func discard() {
        document.nodes.release(index + 1..<max(index + 1, contentEnd))
    }

    /// The document's flat list, valid while any of its values lives; nil for a document without bytes.
    package var cursor: JSONCursor? {
        guard let bytes = document.bytes.baseAddress else { return nil }
        return JSONCursor(
            nodes: UnsafePointer(document.nodes.base),
            bytes: bytes.assumingMemoryBound(to: UInt8.self))
    }
}
