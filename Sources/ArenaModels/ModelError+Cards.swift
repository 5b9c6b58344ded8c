// What goes wrong on a graphics card in the middle of a run.

import ArenaCore
import ArenaTensor

extension ModelError {
    init(_ failure: DeviceFailure, on card: CUDADevice) {
        let name = "\(card.name) (card \(card.ordinal))"
        switch failure {
        case .outOfMemory(let bytes): self = .cardMemory(card: name, bytes: bytes)
        case .hostMemory(let bytes): self = .pinnedMemory(card: name, bytes: bytes)
        case .lost(let call, let code, let text):
            self = .cardLost(card: name, call: call, code: code, text: text)
        }
    }

    var cardReport: FaultReport {
        switch self {
        case .cards(let what, let help):
            return FaultReport(
                .runtime, "the graphics card cannot be used: \(what)",
                help: (help.map { $0 + "; " } ?? "") + "devices=\"cpu\" runs on the processor")
        case .cardMemory(let card, let bytes):
            return FaultReport(
                .value, "\(card) has no room for another \(byteSize(bytes))",
                help: "set token_budget or max_length lower, or devices=\"cpu\"")
        case .pinnedMemory(let card, let bytes):
            return FaultReport(
                .value,
                "weights that pass through \(card) need another \(byteSize(bytes)) of page-locked memory, which this machine does not give",
                help: "weights=\"nf4\" takes about a quarter of 16-bit weights; devices=\"cpu\"")
        case .cardWeights(let card, let bytes, let room, let available):
            return FaultReport(
                .value,
                "the weights take \(byteSize(bytes)) on \(card), which has room for \(byteSize(room)), and of this machine's memory \(byteSize(available)) are free for the rest",
                help: "weights=\"nf4\" takes about a quarter of 16-bit weights")
        case .cardLost(let card, let call, let code, let text):
            return FaultReport(
                .value, "\(card) failed at \(call): \(text) (\(code))",
                help:
                    "rows that were done are in the journal: run the script again, with devices=\"cpu\" if it fails again"
            )
        default: return FaultReport(.runtime, "no report")
        }
    }
}
