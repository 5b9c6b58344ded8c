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

        package init(
            addSpecialTokens: Bool = true, addEOS: Bool = false, maxLength: Int? = nil,
            truncationSide: Side? = nil, parseSpecial: Bool = true
        ) {
            self.addSpecialTokens = addSpecialTokens
            self.addEOS = addEOS
            self.maxLength = maxLength
            self.truncationSide = truncationSide
            self.parseSpecial = parseSpecial
        }
    }

    /// How many special tokens a row holds besides the text.
    /// - Throws: `noEndToken` if an eos token is asked for and not known.
    package func specialTokenCount(_ options: Options) throws(TokenizerError) -> Int {
        let frame = try frame(options)
        return frame.before.count + frame.after.count
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
            encoder.encode(text, with: self, parseSpecial: options.parseSpecial)
            _ = encoder.takeCounts()
            let kept = self.kept(encoder.ids.count, frame, options)
            return Array(frame.before) + encoder.ids.contents[kept] + frame.after
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
        guard count > 0 else { return TokenRows() }
        // Blocks are handed out one by one, since texts differ in length; large enough to be cheap.
        let size = max(1, min(256, count / (max(1, workers) * 16)))
        let batch = Batch(blocks: (count + size - 1) / size)
        runWorkers(max(1, min(workers, batch.blockCount))) { [self] _ in
            encoders.withEncoder(for: self) { encoder in
                while let block = batch.takeBlock() {
                    let rows = block * size..<min(count, (block + 1) * size)
                    batch.finish(block, encodeBlock(rows, encoder, frame, options, bytesAt))
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
            encoder.encode(text, with: self, parseSpecial: options.parseSpecial)
            let kept = kept(encoder.ids.count, frame, options)
            if kept.count < encoder.ids.count {
                block.rowsCut += 1
                block.tokensCut += encoder.ids.count - kept.count
            }
            block.ids.append(contentsOf: frame.before)
            block.ids.append(contentsOf: UnsafeBufferPointer(rebasing: encoder.ids.contents[kept]))
            block.ids.append(contentsOf: frame.after)
            block.offsets.append(block.ids.count)
        }
        let counts = encoder.takeCounts()
        block.unknownCount = counts.unknown
        block.repairCount = counts.repairs
        return .success(block)
    }

    // MARK: - What stands around a text

    /// The special tokens that these options put around a text.
    private func frame(_ options: Options) throws(TokenizerError) -> Frame {
        guard options.addSpecialTokens else { return Frame() }
        var frame = frame
        if options.addEOS {
            guard let eosID else { throw .noEndToken(path: path) }
            if frame.after.last != eosID { frame.after.append(eosID) }
        }
        return frame
    }

    private func checkedFrame(_ options: Options) throws(TokenizerError) -> Frame {
        let frame = try frame(options)
        let special = frame.before.count + frame.after.count
        if let most = options.maxLength, most < special {
            throw .maxLengthTooSmall(maxLength: most, specialTokens: special)
        }
        return frame
    }

    private func checkLength(_ bytes: Int) throws(TokenizerError) {
        if bytes > textLimit { throw .textTooLong(bytes: bytes, limit: textLimit) }
    }

    /// Which of a text's own tokens stay.
    private func kept(_ count: Int, _ frame: Frame, _ options: Options) -> Range<Int> {
        guard let most = options.maxLength else { return 0..<count }
        let room = min(count, most - frame.before.count - frame.after.count)
        switch options.truncationSide ?? truncationSide {
        case .right: return 0..<room
        case .left: return count - room..<count
        }
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
        for block in blocks {
            let start = all.ids.count
            all.ids.append(contentsOf: block.ids)
            for offset in block.offsets.dropFirst() { all.offsets.append(start + offset) }
            all.rowsCut += block.rowsCut
            all.tokensCut += block.tokensCut
            all.unknownCount += block.unknownCount
            all.repairCount += block.repairCount
        }
        return all
    }
}

/// Lends an array's bytes with the error type kept.
private func withBytes<R>(
    _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(TokenizerError) -> R
) throws(TokenizerError) -> R {
    let result: Result<R, TokenizerError> = bytes.withUnsafeBytes { buffer in
        do throws(TokenizerError) { return .success(try body(buffer)) } catch {
            return .failure(error)
        }
    }
    return try result.get()
}
