// The engine's own speed: rows of ids through a classifier, timed. The ids come from a file with one
// row a line (numbers with spaces between), such as `peer_ids.py` writes, so that the peer and this
// program run the same rows.
//
//     model-bench MODEL IDS [--adapter DIR] [--workers N] [--budget N] [--repeat N] [--cpu PATH]
//         [--card N [--times]] [--reference] [--bf16 | --int8 | --int8-rows | --nf4] [--out FILE]

import ArenaCore
import ArenaModels
import ArenaTensor
import Glibc

struct Options {
    var folders: [String] = []
    var adapter: String?
    var workers = 2
    var budget = RunOptions.defaultTokenBudget
    var repeats = 5
    var precision = WeightPrecision.stored
    var reference = false
    var out: String?
    /// The card's number; nil for the processor.
    var card: Int?
    var times = false

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--adapter": adapter = rest.popFirst()
            case "--workers": workers = rest.popFirst().flatMap(Int.init) ?? workers
            case "--budget": budget = rest.popFirst().flatMap(Int.init) ?? budget
            case "--repeat": repeats = rest.popFirst().flatMap(Int.init) ?? repeats
            case "--cpu": try? CPUPath.force(rest.popFirst() ?? "auto")
            case "--reference": reference = true
            case "--int8": precision = .int8
            case "--int8-rows": precision = .int8Rows
            case "--nf4": precision = .nf4
            case "--bf16": precision = .bf16
            case "--out": out = rest.popFirst()
            case "--card": card = rest.popFirst().flatMap(Int.init) ?? 0
            case "--times": times = true
            default: folders.append(argument)
            }
        }
    }
}

/// Processor seconds of all threads so far, and the peak of resident memory in MB.
func usage() -> (seconds: Double, peak: Int) {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ t: timeval) -> Double { Double(t.tv_sec) + Double(t.tv_usec) * 1e-6 }
    return (seconds(usage.ru_utime) + seconds(usage.ru_stime), usage.ru_maxrss / 1024)
}

func main() throws {
    let options = Options(Array(CommandLine.arguments.dropFirst()))
    guard options.folders.count == 2 else {
        print(
            "usage: model-bench MODEL IDS [--adapter DIR] [--workers N] [--budget N] [--repeat N]")
        exit(64)
    }
    var batch = TokenBatch()
    for line in try readFile(options.folders[1]).split(separator: 10) {
        batch.append(
            line.split(separator: 32).compactMap { Int32(String(decoding: $0, as: UTF8.self)) })
    }
    let model = try Classifier(
        modelPath: options.folders[0],
        OpeningOptions(
            adapters: try options.adapter.map { [AdapterMix(try Adapter(folder: $0))] } ?? [],
            precision: options.precision))
    let card = try options.card.map { number in
        let found = try CUDACards.found()
        return try CUDACards.open(found[min(max(number, 0), found.count - 1)])
    }
    let backend: (any Backend)? =
        card.map { CUDABackend($0) } ?? (options.reference ? ReferenceBackend() : nil)
    let began = monotonicSeconds()
    try model.load(for: backend ?? CPUBackend(), workers: options.workers)
    let loading = monotonicSeconds() - began
    var seconds: [Double] = []
    var processor: [Double] = []
    var logits: [Float] = []
    for _ in 0..<options.repeats {
        let (began, before) = (monotonicSeconds(), usage().seconds)
        logits = try model.predictLogits(
            batch,
            RunOptions(workers: options.workers, tokenBudget: options.budget, backend: backend))
        seconds.append(monotonicSeconds() - began)
        processor.append(usage().seconds - before)
    }
    seconds.sort()
    let (best, median) = (seconds[0], seconds[seconds.count / 2])
    func rounded(_ x: Double) -> String { String((x * 100).rounded() / 100) }
    print(
        "{\"rows\": \(batch.count), \"tokens\": \(batch.ids.count), \"cpu\": \"\(CPUPath.current)\", "
            + "\"weights\": \"\(options.precision.rawValue)\", "
            + "\"workers\": \(options.workers), \"budget\": \(options.budget), "
            + "\"load_s\": \(rounded(loading)), "
            + "\"rows_per_s\": {\"best\": \(rounded(Double(batch.count) / best)), "
            + "\"median\": \(rounded(Double(batch.count) / median))}, "
            + "\"tokens_per_s\": {\"best\": \(rounded(Double(batch.ids.count) / best))}, "
            + "\"cpu_s\": \(rounded(processor.min() ?? 0)), \"peak_mb\": \(usage().peak)}")
    if let card {
        let before = card.freeMemory
        if options.times {
            card.measure()
            _ = try model.predictLogits(
                batch, RunOptions(tokenBudget: options.budget, backend: backend))
            for (kernel, starts, seconds) in card.times {
                print("{\"kernel\": \"\(kernel)\", \"starts\": \(starts), \"seconds\": \(seconds)}")
            }
        }
        model.unload()
        print(
            "{\"card\": \"\(card.name)\", \"capability\": \(card.capability), \"total_mb\": "
                + "\(card.totalMemory >> 20), \"free_mb\": \(before >> 20), \"free_after_unload_mb\": "
                + "\(card.freeMemory >> 20)}")
    }
    if let out = options.out {
        var text = ""
        for r in 0..<batch.count {
            let row = logits[r * model.labelCount..<(r + 1) * model.labelCount]
            text += row.map { String($0) }.joined(separator: " ") + "\n"
        }
        try writeFile(out, Array(text.utf8))
    }
}

do {
    try main()
} catch {
    print(error)
    exit(70)
}
