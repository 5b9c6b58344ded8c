// A run that is only tried. Data statements run for real, on all rows; models are opened, look at every
// row and compute at most one; other predictions are made up; files are written into a temporary folder.

import ArenaCore
import ArenaFrame
import ArenaLanguage
import ArenaModels
import ArenaRuns
import Synchronization

/// A call of a model that a script makes.
package struct PlannedCall: Sendable {
    /// The verb and the model's folder.
    package var label: String
    package var rows: Int
    package var tokens: Int
    package var longestRow: Int
    package var devices: DeviceChoice
    /// Multiplications of the matrix products.
    package var products: Double
    /// Bytes of the weights in memory.
    package var weightBytes: Int
    /// Seconds that loading them takes, about; 0 where an earlier call has.
    package var loadSeconds: Double

    package var forecast: CallForecast {
        CallForecast(products: products, loadSeconds: loadSeconds)
    }
}

/// The trial under way; in place of the run at the machine's `host`.
package final class Rehearsal: Sendable {
    /// Rows to plan for in place of what the tables have; nil for what they have.
    package let asIf: Int?
    /// The table that those rows are taken from.
    package let like: String?
    /// Which made-up predictions a trial takes: what goes wrong with some may go right with others.
    private let draw: UInt64
    /// Weights up to this size are loaded to compute a row.
    package static let smallModel = 256 << 20

    private struct State {
        var calls: [PlannedCall] = []
        var loaded: Set<ObjectIdentifier> = []
        var leavesOut = false
        var enlarged = false
    }
    private let state = Mutex(State())

    package init(asIf: Int? = nil, like: String? = nil, draw: UInt64 = 0) {
        self.asIf = asIf
        self.like = like
        self.draw = draw
    }

    /// The calls of models so far, in order.
    package var calls: [PlannedCall] { state.withLock { $0.calls } }

    func note(_ call: PlannedCall) { state.withLock { $0.calls.append(call) } }

    /// Whether this is the first call of a model, which loads its weights.
    func loads(_ model: ModelCore) -> Bool {
        state.withLock { $0.loaded.insert(ObjectIdentifier(model)).inserted }
    }

    /// Whether tables have other rows than their files: then submissions cannot be checked.
    var isEnlarged: Bool { state.withLock { $0.enlarged } }
    func noteEnlarged() { state.withLock { $0.enlarged = true } }

    fileprivate func leaveOut() { state.withLock { $0.leavesOut = true } }

    /// Whether a builtin has ended the statement because it cannot be tried; asked once.
    package func hasLeftOut() -> Bool {
        state.withLock { state in
            defer { state.leavesOut = false }
            return state.leavesOut
        }
    }
}

extension Arguments {
    /// The trial under way; nil in a real run.
    var rehearsal: Rehearsal? { machine.host as? Rehearsal }

    /// Ends the statement in a trial: what the builtin does to the disk cannot be tried.
    func leaveOutInRehearsal() throws(Raised) {
        guard let rehearsal else { return }
        rehearsal.leaveOut()
        throw .interruption
    }
}

/// Tries a call of a model: every row is looked at, at most one computed; all others have no result.
func rehearseModel<Result>(
    _ a: Arguments, _ rehearsal: Rehearsal, _ task: ModelTask, devices: DeviceChoice,
    _ body: (RunOptions) throws(ModelError) -> Result
) throws(Raised) -> Result {
    let core = task.core
    let lengths = (0..<task.batch.count).map { task.batch[$0].count }
    let tokens = lengths.reduce(0, +)
    rehearsal.note(
        PlannedCall(
            label: "\(a.builtin.name) \(splitPath(core.path).name)", rows: lengths.count,
            tokens: tokens, longestRow: lengths.max() ?? 0, devices: devices,
            products: Double(tokens) * Double(core.productsPerToken),
            weightBytes: core.weightBytes,
            loadSeconds: rehearsal.loads(core) ? core.expectedLoadSeconds : 0))
    let room = ResidentModels.availableMemory()
    guard core.weightBytes < room else {
        throw Raised(
            .memory,
            "the weights of \(core.path) take \(byteSize(core.weightBytes)), and \(byteSize(room)) are free",
            help: "weights=\"int8\", a quantized checkpoint, or a machine with more memory")
    }
    var options = try raising { () throws(ModelError) in try RunOptions(on: devices) }
    options.memoryLimit = a.machine.memoryLimit
    if core.weightBytes <= Rehearsal.smallModel {
        options.isTrial = true
    } else {
        options.mayBegin = { _ in false }
    }
    let requests = a.machine.requests
    let cancellation = Cancellation()
    options.cancellation = cancellation
    options.progress = { _ in if requests.isStopRequested { cancellation.cancel() } }
    do throws(ModelError) { return try body(options) } catch {
        if case .cancelled = error { throw .interruption }
        throw Raised(error)
    }
}

extension Rehearsal {
    /// The table with as many rows as are to be planned for: those of the table that they shall be like,
    /// over and over, where it has all columns, and else its own. Their key counts from 0.
    func enlarged(_ frame: Frame, readFrom paths: [String]) throws(FrameError) -> Frame {
        guard let asIf, frame.rowCount < asIf, frame.rowCount > 0 else { return frame }
        var source = frame
        if let like {
            guard paths != [like] else { return frame }
            let wanted = (frame.key.map { [$0.name] } ?? []) + frame.names
            let other = try readCSV(path: like)
            guard wanted.allSatisfy({ other.names.contains($0) }), other.rowCount > 0 else {
                return frame
            }
            source = other
        }
        noteEnlarged()
        let rows = (0..<asIf).map { $0 % source.rowCount }
        var columns: [Column] = []
        for name in frame.names { columns.append(try source.column(name).taking(rows)) }
        let key = try frame.key.map { key throws(FrameError) in
            try FrameKey(name: key.name, column: Column(rows.indices.map { Int64($0) }))
        }
        return try Frame(names: frame.names, columns: columns, key: key)
    }

    /// What a model's numbers are taken for: those of rows that were not computed are made up, between -2 and 2,
    /// as different as a model's are.
    static func completed(_ values: [Float], _ a: Arguments) -> [Float] {
        guard let draw = a.rehearsal?.draw else { return values }
        return values.enumerated().map { i, x in x.isNaN ? noise(UInt64(i), draw) : x }
    }

    /// The same of the logarithms of probabilities of a row's tokens.
    static func completed(logProbabilities values: [Float], count: Int, row: Int, _ a: Arguments)
        -> [Float]
    {
        guard let draw = a.rehearsal?.draw, values.contains(where: \.isNaN) else { return values }
        return (0..<count).map { -2 + noise(UInt64(row) << 32 + UInt64($0), draw) }
    }

    /// The same of a generated text: some of the row's own tokens.
    static func completed(_ text: GeneratedText?, row: ArraySlice<Int32>, _ a: Arguments)
        -> GeneratedText?
    {
        guard let draw = a.rehearsal?.draw else { return text }
        let own = row.dropFirst(row.count / (2 + Int(draw))).prefix(8)
        return text ?? GeneratedText(ids: Array(own), end: .length)
    }

    /// A number between -2 and 2 (SplitMix64, Steele, Lea and Flood 2014).
    private static func noise(_ i: UInt64, _ draw: UInt64) -> Float {
        var x = (i &+ draw << 48 &+ 1) &* 0x9e37_79b9_7f4a_7c15
        x = (x ^ x >> 30) &* 0xbf58_476d_1ce4_e5b9
        x = (x ^ x >> 27) &* 0x94d0_49bb_1331_11eb
        return Float((x ^ x >> 31) >> 40) / Float(1 << 22) - 2
    }
}
