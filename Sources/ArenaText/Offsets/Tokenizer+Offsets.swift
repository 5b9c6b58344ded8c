// Token offsets, word numbers and sequences: characters of the text as it was given, through every
// normalizer, as the reference has them.

import ArenaCore

/// What a token stands for.
package struct TokenPlace: Sendable, Equatable, BitwiseCopyable {
    /// Characters (Unicode scalars) of the text; 0 and 0 for tokens that are not of a text.
    package var start: Int32
    package var end: Int32
    /// The word (piece before the model) within its text; -1 for tokens that are not of a text.
    package var word: Int32
    /// Which text of a pair; -1 for tokens that are not of a text.
    package var sequence: Int32

    /// For tokens that are put around texts.
    static let none = TokenPlace(start: 0, end: 0, word: -1, sequence: -1)
}

/// A token of a traced text: bytes of the original.
struct TracedToken {
    var id: Int32
    var place: Place
    var word: Int32
}

/// How a post-processor narrows offsets: white space at a token's ends is not its own.
struct OffsetTrim: Sendable, Equatable {
    let addsPrefixSpace: Bool
}

/// The trims of a `post_processor` section, in order.
func readOffsetTrims(_ part: FilePart) throws(TokenizerError) -> [OffsetTrim] {
    switch try part.type() {
    case "Sequence":
        var trims: [OffsetTrim] = []
        for inner in try part.member("processors").elements() {
            trims += try readOffsetTrims(inner)
        }
        return trims
    case ByteLevelOffsets.type, RobertaProcessing.type:
        guard try part.flag("trim_offsets", or: true) else { return [] }
        return [OffsetTrim(addsPrefixSpace: try part.flag("add_prefix_space", or: true))]
    default: return []
    }
}

extension Tokenizer {
    /// The tokens of many texts with what they stand for; rows have `places`.
    /// - Throws: as `encodeBatch`.
    package func encodeWithPlaces(
        count: Int, workers: Int = processorCount(), options: Options = Options(),
        bytesAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer
    ) throws(TokenizerError) -> TokenRows {
        let frame = try checkedFrame(options)
        return try inBlocks(count, workers) { [self] rows, encoder in
            var block = TokenRows()
            for row in rows {
                let text = bytesAt(row)
                do throws(TokenizerError) { try checkLength(text.count) } catch {
                    return .failure(error)
                }
                let traced = trace(text, encoder, parseSpecial: options.parseSpecial)
                let places = self.places(traced, sequence: 0)
                let kept = keptOf(
                    traced.tokens.count, options.maxLength.map { $0 - frame.count }, options)
                append(traced, places, kept, frame, options, &block)
                block.offsets.append(block.ids.count)
            }
            block.take(encoder.takeCounts(), parsed: options.parseSpecial)
            return .success(block)
        }
    }

    /// The same for pairs of texts.
    package func encodePairsWithPlaces(
        count: Int, workers: Int = processorCount(), options: Options = Options(),
        firstAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer,
        secondAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer
    ) throws(TokenizerError) -> TokenRows {
        let frames = try checkedFrames(options)
        return try inBlocks(count, workers) { [self] rows, encoder in
            var block = TokenRows()
            for row in rows {
                let texts = [firstAt(row), secondAt(row)]
                var traced: [Traced] = []
                for text in texts {
                    do throws(TokenizerError) { try checkLength(text.count) } catch {
                        return .failure(error)
                    }
                    traced.append(trace(text, encoder, parseSpecial: options.parseSpecial))
                }
                let counts = (traced[0].tokens.count, traced[1].tokens.count)
                let room = options.maxLength.map { $0 - frames[0].count - frames[1].count }
                guard let kept = keptOfPair(counts, room, options.cut) else {
                    return .failure(
                        .pairTooLong(
                            row: row, cut: options.cut.rawValue, maxLength: options.maxLength ?? 0))
                }
                for (i, most) in [kept.0, kept.1].enumerated() {
                    append(
                        traced[i], self.places(traced[i], sequence: Int32(i)),
                        keptOf(traced[i].tokens.count, most, options), frames[i], options, &block)
                }
                block.offsets.append(block.ids.count)
            }
            block.take(encoder.takeCounts(), parsed: options.parseSpecial)
            return .success(block)
        }
    }

    private func keptOf(_ count: Int, _ most: Int?, _ options: Options) -> Range<Int> {
        let most = min(count, most ?? count)
        switch options.truncationSide ?? truncationSide {
        case .right: return 0..<most
        case .left: return count - most..<count
        }
    }

    private func append(
        _ traced: Traced, _ places: [TokenPlace], _ kept: Range<Int>, _ frame: Frame,
        _ options: Options, _ block: inout TokenRows
    ) {
        block.count(TextCut(kept: kept, lost: traced.tokens.count - kept.count))
        let ids = traced.tokens[kept].map(\.id)
        ids.withUnsafeBufferPointer { block.append($0, in: frame, types: options.wantsTypes) }
        block.places += repeatElement(.none, count: frame.before.count)
        block.places += places[kept]
        block.places += repeatElement(.none, count: frame.after.count)
    }

    // MARK: - The traced way

    /// A text and its tokens.
    struct Traced {
        /// Well-formed; offsets are of this.
        var text: [UInt8]
        var tokens: [TracedToken]
    }

    /// The tokens of a text with the bytes of it that each stands for.
    func trace(
        _ bytes: UnsafeRawBufferPointer, _ encoder: TextEncoder, parseSpecial: Bool
    ) -> Traced {
        let text = encoder.repaired(bytes)
        var tokens: [TracedToken] = []
        var word: Int32 = 0
        func cutAtTokens(_ bytes: [UInt8], _ finder: TokenFinder) -> [TextPart] {
            // The finder reads some bytes behind the text.
            var copy = Scratch<UInt8>(capacity: bytes.count)
            bytes.withUnsafeBufferPointer { copy.append($0) }
            var parts: [TextPart] = []
            let found = finder.forEachPart(of: copy.contents, parseSpecial: parseSpecial) {
                parts.append($0)
            }
            encoder.specials += found
            return parts
        }
        func add(_ stretch: TracedText) {
            var stretch = stretch
            for step in normalizers { step.normalize(&stretch) }
            guard let finder = added.normalized, stretch.count > 0 else {
                return addPieces(stretch)
            }
            let parts = cutAtTokens(stretch.bytes, finder)
            for part in parts {
                switch part {
                case .token(let token, let range):
                    addToken(token, stretch.original(range))
                case .text(let range): addPieces(stretch.part(range))
                }
            }
        }
        func addToken(_ token: AddedToken, _ place: Place?) {
            tokens.append(
                TracedToken(
                    id: Int32(token.id), place: place ?? Place(start: 0, end: 0), word: word))
            word += 1
        }
        func addPieces(_ stretch: TracedText) {
            guard stretch.count > 0 else { return }
            var pieces = [stretch]
            for step in preTokenizers {
                pieces = pieces.flatMap { $0.cut(step) }.filter { $0.count > 0 }
            }
            for piece in pieces {
                encoder.begin()
                var copy = Scratch<UInt8>(capacity: piece.count)
                piece.withBytes { copy.append($0) }
                encoder.spell(piece: copy.contents)
                for span in spans(of: encoder.ids.contents, in: piece) {
                    tokens.append(
                        TracedToken(
                            id: span.id,
                            place: piece.original(span.range)
                                ?? Place(
                                    start: Int32(span.range.lowerBound),
                                    end: Int32(span.range.upperBound)), word: word))
                }
                word += 1
            }
        }
        if let finder = added.raw {
            let parts = cutAtTokens(text, finder)
            for part in parts {
                switch part {
                case .token(let token, let range):
                    addToken(
                        token,
                        Place(start: Int32(range.lowerBound), end: Int32(range.upperBound)))
                case .text(let range):
                    add(TracedText(text[range]))
                }
            }
        } else {
            add(TracedText(text[...]))
        }
        return Traced(text: text, tokens: tokens)
    }

    /// What tokens stand for in characters, narrowed as the post-processor asks.
    private func places(_ traced: Traced, sequence: Int32) -> [TokenPlace] {
        // The character at each byte, and behind the text their number.
        var characters = [Int32](repeating: 0, count: traced.text.count + 1)
        var count: Int32 = -1
        for (i, byte) in traced.text.enumerated() {
            if byte & 0xC0 != 0x80 { count += 1 }
            characters[i] = count
        }
        characters[traced.text.count] = count + 1
        func character(_ byte: Int32) -> Int32 {
            characters[min(max(0, Int(byte)), characters.count - 1)]
        }
        return traced.tokens.enumerated().map { i, token in
            var place = TokenPlace(
                start: character(token.place.start), end: character(token.place.end),
                word: token.word, sequence: sequence)
            for trim in offsetTrims { self.trim(&place, token.id, trim, isFirst: i == 0) }
            return place
        }
    }

    private func trim(_ place: inout TokenPlace, _ id: Int32, _ trim: OffsetTrim, isFirst: Bool) {
        let space = ByteAlphabet.shared.scalarOf[0x20]
        let token = (idToToken(id) ?? "").unicodeScalars
        func isSpace(_ scalar: UnicodeScalar) -> Bool {
            scalar.value == space || scalar.properties.isWhitespace
        }
        var leading = Int32(token.prefix(while: isSpace).count)
        let trailing = Int32(token.reversed().prefix(while: isSpace).count)
        if leading > 0 {
            if isFirst || place.start == 0, trim.addsPrefixSpace { leading -= 1 }
            place.start = min(place.start + leading, place.end)
        }
        if trailing > 0, place.end >= trailing {
            place.end = max(place.end - trailing, place.start)
        }
    }
}
