// Which bytes of a piece each of its tokens stands for, from the ids alone, as the reference counts them.

/// A token within a piece.
struct TokenSpan {
    var id: Int32
    /// Bytes of the piece.
    var range: Range<Int>
}

extension Tokenizer {
    /// The spans of a piece's tokens.
    func spans(of ids: UnsafeBufferPointer<Int32>, in piece: TracedText) -> [TokenSpan] {
        switch model {
        case let bpe as BPE: return bpe.spans(of: ids, in: piece)
        case let unigram as Unigram: return unigram.spans(of: ids, in: piece)
        case let words as WordPiece: return words.spans(of: ids, in: piece)
        default: return ids.map { TokenSpan(id: $0, range: 0..<piece.count) }
        }
    }
}

extension BPE {
    /// Tokens lie one after another, each as long as its text. Unknown tokens are as long as what they
    /// stand for and come when the reference writes them, which may be after bytes that are fallen back on.
    fileprivate func spans(
        of ids: UnsafeBufferPointer<Int32>, in piece: TracedText
    ) -> [TokenSpan] {
        var unknown = unknownID == nil || spellsBytes ? [] : unknownLengths(piece)
        unknown.reverse()
        let bytes = symbols.fallbackTokens
        var at = 0
        return ids.map { id in
            var length: Int
            if UInt32(bitPattern: id) == unknownID, let next = unknown.popLast() {
                length = next
            } else if bytes.contains(UInt32(bitPattern: id)) {
                length = 1
            } else {
                let token = vocabulary.bytes(of: Int(id)) ?? Bytes(start: nil, count: 0)
                // In the byte alphabet a character stands for a byte.
                length = spellsBytes ? token.count { $0 & 0xC0 != 0x80 } : token.count
            }
            let start = min(at, piece.count)
            at += length
            return TokenSpan(id: id, range: start..<min(at, piece.count))
        }
    }

    private func unknownLengths(_ piece: TracedText) -> [Int] {
        var lengths: [Int] = []
        var pending: Int?
        for (code, at, length) in piece.scalars {
            if symbols.id(of: code) != SymbolTable.none {
                if let done = pending { lengths.append(done) }
                pending = nil
                continue
            }
            let fallsBack =
                symbols.fallsBack
                && (at..<at + length).allSatisfy {
                    symbols.fallbackID(of: piece.bytes[$0]) != SymbolTable.none
                }
            if fallsBack { continue }
            if fuseUnknown {
                pending = (pending ?? 0) + length
            } else {
                if let done = pending { lengths.append(done) }
                pending = length
            }
        }
        if let done = pending { lengths.append(done) }
        return lengths
    }
}

extension WordPiece {
    fileprivate func spans(
        of ids: UnsafeBufferPointer<Int32>, in piece: TracedText
    ) -> [TokenSpan] {
        if ids.count == 1, ids[0] == unknownID {
            return [TokenSpan(id: ids[0], range: 0..<piece.count)]
        }
        var at = 0
        return ids.map { id in
            var length = vocabulary.bytes(of: Int(id))?.count ?? 0
            if at > 0 { length -= prefix.count }
            let start = min(at, piece.count)
            at += max(0, length)
            return TokenSpan(id: id, range: start..<min(at, piece.count))
        }
    }
}

extension Unigram {
    /// An unknown stretch goes up to where the next token stands; its bytes, where they are fallen back on,
    /// each stand for all of it.
    fileprivate func spans(
        of ids: UnsafeBufferPointer<Int32>, in piece: TracedText
    ) -> [TokenSpan] {
        var spans: [TokenSpan] = []
        var at = 0
        var i = 0
        func stands(_ id: Int32, at place: Int) -> Int? {
            guard let token = vocabulary.bytes(of: Int(id)), place + token.count <= piece.count,
                token.elementsEqual(piece.bytes[place..<place + token.count])
            else { return nil }
            return token.count
        }
        while i < ids.count {
            if ids[i] != unknownID, let length = stands(ids[i], at: at) {
                spans.append(TokenSpan(id: ids[i], range: at..<at + length))
                at += length
                i += 1
                continue
            }
            var end = at
            var count = 0
            if let byteIDs, ids[i] != unknownID {
                while i + count < ids.count, end < piece.count,
                    byteIDs[Int(piece.bytes[end])] == ids[i + count]
                {
                    end += 1
                    count += 1
                }
            }
            if count == 0 {
                // The unknown token: up to the first place where the next one stands.
                count = 1
                end = piece.count
                if i + 1 < ids.count {
                    var place = at
                    repeat {
                        place += 1
                    } while place < piece.count
                        && (piece.bytes[place] & 0xC0 == 0x80
                            || stands(ids[i + 1], at: place) == nil)
                    end = place
                }
            }
            for k in 0..<count { spans.append(TokenSpan(id: ids[i + k], range: at..<end)) }
            at = end
            i += count
        }
        return spans
    }
}
