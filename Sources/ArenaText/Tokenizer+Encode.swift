// Text to ids: special tokens around it, cutting to a length, and batches over all cores. The rules for
// both are those of transformers' fast tokenizers.

import ArenaCore
import Synchronization

extension Tokenizer {
    /// How a text becomes a row of ids.
    package struct Options: Sendable {
        /// Puts the tokens around the text that the tokenizer's files ask for.
        package var addSpecialTokens: Bool
        /// Ends the row with the eos token, unless it ends so already; with special tokens only.
        package var addEOS: Bool
        /// The most tokens a row may have, special ones included; nil for no limit.
        package var maxLength: Int?
        /// Where a row is cut; nil for the tokenizer's own side.
        package var truncationSide: Side?
        /// Whether special tokens that stand in the text are parsed, as the reference does.
        package var parseSpecial: Bool
        /// Which text of a pair is cut.
        package var cut: PairCut
        /// Whether rows come with the segment of each token.
        package var wantsTypes: Bool
        /// Whether what will be cut is left unread; switched off, cuts are counted to the last token.
        package var stopsEarly: Bool

        package init(
            addSpecialTokens: Bool = true, addEOS: Bool = false, maxLength: Int? = nil,
            truncationSide: Side? = nil, parseSpecial: Bool = true,
            cut: PairCut = .longestFirst, wantsTypes: Bool = false, stopsEarly: Bool = true
        ) {
            self.stopsEarly = stopsEarly
            self.cut = cut
            self.wantsTypes = wantsTypes
            self.addSpecialTokens = addSpecialTokens
            self.addEOS = addEOS
            self.maxLength = maxLength
            self.truncationSide = truncationSide
            self.parseSpecial = parseSpecial
        }
    }

    /// Which text of a pair is cut where both are too long together.
    package enum PairCut: String, CaseIterable, Sendable {
        /// The longer one first, then both alike.
        case longestFirst = "longest_first"
        case onlyFirst = "only_first"
        case onlySecond = "only_second"
    }

    /// How many special tokens a row holds besides the text.
    /// - Throws: `noEndToken` if an eos token is asked for and not known.
    package func specialTokenCount(_ options: Options) throws(TokenizerError) -> Int {
        let frame = try frame(options)
        return frame.count
    }

    /// The ids of one text in UTF-8; ill-formed parts are read as U+FFFD.
    /// - Throws: `maxLengthTooSmall`, `noEndToken`, `textTooLong`.
    /// - Complexity: O(n) in the text's length, times a small logarithm for long unbroken stretches.
    package func encode(
        _ text: UnsafeRawBufferPointer, _ options: Options = Options()
    ) throws(TokenizerError) -> [Int32] {
        let frame = try checkedFrame(options)
        try checkLength(text.count)
        return encoders.withEncoder(for: self) { encoder in
            let cut = encoder.encode(
                text, with: self, parseSpecial: options.parseSpecial,
                wanted: wanted(options.maxLength.map { $0 - frame.count }, options),
                stopsEarly: options.stopsEarly)
            _ = encoder.takeCounts()
            return Array(frame.before) + encoder.ids.contents[cut.kept] + frame.after
        }
    }

    /// The ids of one text.
    package func encode(
        _ text: String, addSpecialTokens: Bool = true, addEOS: Bool = false, maxLength: Int? = nil
    ) throws(TokenizerError) -> [Int32] {
        let options = Options(
            addSpecialTokens: addSpecialTokens, addEOS: addEOS, maxLength: maxLength)
        let bytes = Array(text.utf8)
        return try withBytes(bytes) { (buffer) throws(TokenizerError) in try encode(buffer, options)
        }
    }

    /// The ids of many texts, over several threads; the result does not depend on their number.
    ///
    /// `bytesAt` is called once for each row, from any thread; its bytes must stay valid for the whole
    /// call.
    /// - Throws: as `encode`, before any text is encoded where the options are wrong.
    package func encodeBatch(
        count: Int, workers: Int = processorCount(), options: Options = Options(),
        bytesAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer
    ) throws(TokenizerError) -> TokenRows {
        let frame = try checkedFrame(options)
        return try inBlocks(count, workers) { [self] rows, encoder in
            encodeBlock(rows, encoder, frame, options, bytesAt)
        }
    }

    /// The ids of many pairs of texts, each as one row.
    /// - Throws: as `encode`, before any text is encoded where the options are wrong.
    package func encodePairs(
        count: Int, workers: Int = processorCount(), options: Options = Options(),
        firstAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer,
        secondAt: @escaping @Sendable (Int) -> UnsafeRawBufferPointer
    ) throws(TokenizerError) -> TokenRows {
        let frames = try checkedFrames(options)
        return try inBlocks(count, workers) { [self] rows, encoder in
            encodePairBlock(rows, encoder, frames, options, firstAt, secondAt)
        }
    }

    func inBlocks(
        _ count: Int, _ workers: Int,
        _ body: @escaping @Sendable (Range<Int>, TextEncoder) -> Result<TokenRows, TokenizerError>
    ) throws(TokenizerError) -> TokenRows {
        guard count > 0 else { return TokenRows() }
        // Blocks are handed out one by one, since texts differ in length; large enough to be cheap.
        let size = max(1, min(256, count / (max(1, workers) * 16)))
        let batch = Batch(blocks: (count + size - 1) / size)
        runWorkers(max(1, min(workers, batch.blockCount))) { [self] _ in
            encoders.withEncoder(for: self) { encoder in
                while let block = batch.takeBlock() {
                    let rows = block * size..<min(count, (block + 1) * size)
                    batch.finish(block, body(rows, encoder))
                }
            }
        }
        return try batch.joined(rows: count)
    }

    private func encodeBlock(
        _ rows: Range<Int>, _ encoder: TextEncoder, _ frame: Frame, _ options: Options,
        _ bytesAt: (Int) -> UnsafeRawBufferPointer
    ) -> Result<TokenRows, TokenizerError> {
        var block = TokenRows()
        block.offsets.reserveCapacity(rows.count + 1)
        for row in rows {
            let text = bytesAt(row)
            do { try checkLength(text.count) } catch { return .failure(error) }
            let cut = encoder.encode(
                text, with: self, parseSpecial: options.parseSpecial,
                wanted: wanted(options.maxLength.map { $0 - frame.count }, options),
                stopsEarly: options.stopsEarly)
            block.count(cut)
            block.append(
                UnsafeBufferPointer(rebasing: encoder.ids.contents[cut.kept]), in: frame,
                types: options.wantsTypes)
            block.offsets.append(block.ids.count)
        }
        block.take(encoder.takeCounts(), parsed: options.parseSpecial)
        return .success(block)
    }

    private func encodePairBlock(
        _ rows: Range<Int>, _ encoder: TextEncoder, _ frames: [Frame], _ options: Options,
        _ firstAt: (Int) -> UnsafeRawBufferPointer, _ secondAt: (Int) -> UnsafeRawBufferPointer
    ) -> Result<TokenRows, TokenizerError> {
        var block = TokenRows()
        block.offsets.reserveCapacity(rows.count + 1)
        var first = Scratch<Int32>()
        for row in rows {
            let texts = (firstAt(row), secondAt(row))
            do {
                try checkLength(texts.0.count)
                try checkLength(texts.1.count)
            } catch { return .failure(error) }
            let room = options.maxLength.map { $0 - frames[0].count - frames[1].count }
            encoder.holdCounts()
            var totals = encodeBoth(texts, encoder, &first, room, options, options.stopsEarly)
            if let room, room % 2 == 1, options.cut == .longestFirst, totals.isEstimate,
                min(totals.first, totals.second) >= room
            {
                // Which of the two is longer decides who gets the odd token.
                encoder.dropCounts()
                totals = encodeBoth(texts, encoder, &first, room, options, false)
            }
            let counts = (totals.first, totals.second)
            guard let kept = keptOfPair(counts, room, options.cut) else {
                return .failure(
                    .pairTooLong(
                        row: row, cut: options.cut.rawValue, maxLength: options.maxLength ?? 0))
            }
            if kept != counts {
                block.rowsCut += 1
                block.tokensCut += counts.0 + counts.1 - kept.0 - kept.1
                block.cutIsEstimate = block.cutIsEstimate || totals.isEstimate
            }
            block.append(
                cut(first.contents, to: kept.0, options), in: frames[0], types: options.wantsTypes)
            block.append(
                cut(encoder.ids.contents, to: kept.1, options), in: frames[1],
                types: options.wantsTypes)
            block.offsets.append(block.ids.count)
        }
        block.take(encoder.takeCounts(), parsed: options.parseSpecial)
        return .success(block)
    }

    /// Encodes both texts of a pair, each as far as it may stay: the first's tokens are left in `first`,
    /// the second's in the encoder. Returns how many tokens they have in all.
    private func encodeBoth(
        _ texts: (UnsafeRawBufferPointer, UnsafeRawBufferPointer), _ encoder: TextEncoder,
        _ first: inout Scratch<Int32>, _ room: Int?, _ options: Options, _ stopsEarly: Bool
    ) -> (first: Int, second: Int, isEstimate: Bool) {
        let wanted = wanted(room, options)
        let own = encoder.encode(
            texts.0, with: self, parseSpecial: options.parseSpecial, wanted: wanted,
            stopsEarly: stopsEarly)
        first.count = 0
        first.append(UnsafeBufferPointer(rebasing: encoder.ids.contents[own.kept]))
        let second = encoder.encode(
            texts.1, with: self, parseSpecial: options.parseSpecial, wanted: wanted,
            stopsEarly: stopsEarly)
        encoder.keepOnly(second.kept)
        return (
            own.kept.count + own.lost, second.kept.count + second.lost,
            own.isEstimate || second.isEstimate
        )
    }

    private func cut(
        _ ids: UnsafeBufferPointer<Int32>, to count: Int, _ options: Options
    ) -> UnsafeBufferPointer<Int32> {
        switch options.truncationSide ?? truncationSide {
        case .right: return UnsafeBufferPointer(rebasing: ids.prefix(count))
        case .left: return UnsafeBufferPointer(rebasing: ids.suffix(count))
        }
    }

    // MARK: - What stands around a text

    /// The special tokens that these options put around a text.
    func frame(_ options: Options) throws(TokenizerError) -> Frame {
        guard options.addSpecialTokens else { return framing.single.bare }
        var frame = framing.single
        if options.addEOS { try addEOS(to: &frame) }
        return frame
    }

    private func addEOS(to frame: inout Frame) throws(TokenizerError) {
        guard let eosID else { throw .noEndToken(path: path) }
        if frame.after.last != eosID {
            frame.append(eosID, type: frame.typesAfter.last ?? frame.type, afterText: true)
        }
    }

    /// The special tokens around the two texts of a pair.
    func checkedFrames(_ options: Options) throws(TokenizerError) -> [Frame] {
        guard options.addSpecialTokens else { return framing.pair.map(\.bare) }
        var frames = framing.pair
        if options.addEOS { try addEOS(to: &frames[1]) }
        let special = frames[0].count + frames[1].count
        if let most = options.maxLength, most < special {
            throw .maxLengthTooSmall(maxLength: most, specialTokens: special)
        }
        return frames
    }

    func checkedFrame(_ options: Options) throws(TokenizerError) -> Frame {
        let frame = try frame(options)
        let special = frame.count
        if let most = options.maxLength, most < special {
            throw .maxLengthTooSmall(maxLength: most, specialTokens: special)
        }
        return frame
    }

    func checkLength(_ bytes: Int) throws(TokenizerError) {
        if bytes > textLimit { throw .textTooLong(bytes: bytes, limit: textLimit) }
    }

    /// Which of a text's own tokens stay.
    private func wanted(_ most: Int?, _ options: Options) -> WantedTokens {
        guard let most else { return .all }
        switch options.truncationSide ?? truncationSide {
        case .right: return .first(most)
        case .left: return .last(most)
        }
    }
}

/// How many tokens of each text of a pair stay, by the rules of the reference; nil where cutting the one
/// text that may be cut is not enough.
func keptOfPair(
    _ counts: (Int, Int), _ room: Int?, _ cut: Tokenizer.PairCut
) -> (Int, Int)? {
    guard let room, counts.0 + counts.1 > room else { return counts }
    switch cut {
    case .onlyFirst: return counts.1 < room ? (room - counts.1, counts.1) : nil
    case .onlySecond: return counts.0 < room ? (counts.0, room - counts.0) : nil
    case .longestFirst:
        var short = min(counts.0, counts.1)
        var long = short > room ? short : max(short, room - short)
        if short + long > room {
            short = room / 2
            long = short + room % 2
        }
        return counts.0 > counts.1 ? (long, short) : (short, long)
    }
}

/// The blocks of one batch: handed out in order, finished in any, joined in order.
private final class Batch: Sendable {
    let blockCount: Int
    private let next = Atomic<Int>(0)
    private let results: Mutex<[Result<TokenRows, TokenizerError>?]>

    init(blocks: Int) {
        blockCount = blocks
        results = Mutex(Array(repeating: nil, count: blocks))
    }

    func takeBlock() -> Int? {
        let block = next.wrappingAdd(1, ordering: .relaxed).oldValue
        return block < blockCount ? block : nil
    }

    func finish(_ block: Int, _ result: Result<TokenRows, TokenizerError>) {
        results.withLock { $0[block] = result }
    }

    /// All rows in order; the error of the first block that has one.
    func joined(rows: Int) throws(TokenizerError) -> TokenRows {
        var blocks: [TokenRows] = []
        blocks.reserveCapacity(blockCount)
        for result in results.withLock({ $0 }) {
            if let result { blocks.append(try result.get()) }
        }
        if blocks.count == 1 { return blocks[0] }
        var all = TokenRows()
        all.offsets.reserveCapacity(rows + 1)
        all.ids.reserveCapacity(blocks.reduce(0) { $0 + $1.ids.count })
        all.types.reserveCapacity(blocks.reduce(0) { $0 + $1.types.count })
        for block in blocks {
            all.append(block)
        }
        return all
    }
}

/// Lends an array's bytes with the error type kept.
func withBytes<R>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(TokenizerError) -> R
) throws(TokenizerError) -> R {
    let result: Result<R, TokenizerError> = bytes.withUnsafeBytes { buffer in
        do throws(TokenizerError) { return .success(try body(buffer)) } catch {
            return .failure(error)
        }
    }
    return try result.get()
}
