// What a run of a fuzzer is given, and what each worker process does with it.

import ArenaCore
import FuzzSupport
import Glibc

struct Job {
    var mode: String
    var seed: UInt64
    var first: Int
    var count: Int
    var corpus: String
    var output: String
    /// Seconds an input may stand still before its process is ended.
    var hang: Int
    var statements: Int

    func scripts() -> [[UInt8]] {
        var found: [[UInt8]] = []
        for folder in ["language", "library", "regression"] {
            let path = joinPath(corpus, folder)
            for name in listDirectory(path).sorted() where name.hasSuffix(".as") {
                if let bytes = try? readFile(joinPath(path, name)), !bytes.isEmpty {
                    found.append(bytes)
                }
            }
        }
        return found.isEmpty ? [Array("x = 1\n".utf8)] : found
    }

    /// The input of an index.
    func text(_ mode: String, _ index: Int) -> [UInt8] {
        mode == "source"
            ? SourceFuzzer(seed: seed, corpus: scripts()).input(index)
            : Array(ProgramFuzzer(seed: seed).program(index, statements: statements).utf8)
    }
}

/// What a worker tells the others, in shared memory: the input it is at, and counts.
struct Slot {
    var index = 0
    var done = 0
    var faults = 0
    var raised = 0
    var stopped = 0
    var rejected = 0
    var slowest = 0
}

/// The page of a run's slots; it is as large as a machine page, whoever opens it first.
func sharedSlots(_ path: String, _ count: Int) -> UnsafeMutablePointer<Slot> {
    let size = 4096
    precondition(count * MemoryLayout<Slot>.stride <= size, "too many workers")
    let descriptor = open(path, O_RDWR | O_CREAT, 0o600)
    precondition(descriptor >= 0 && ftruncate(descriptor, size) == 0, "\(path) cannot be written")
    let p = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    close(descriptor)
    guard let p, p != MAP_FAILED else { preconditionFailure("\(path) cannot be mapped") }
    // SAFETY: a mapping of the slots' size that lives as long as the process; zeroes are a slot.
    return p.assumingMemoryBound(to: Slot.self)
}

/// Microseconds of this thread on a processor.
private func processorTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// Works through the job's inputs and ends the process.
func work(_ job: Job, page: String, worker: Int) -> Never {
    let slot = sharedSlots(page, worker + 1) + worker
    let source = job.mode == "source" ? SourceFuzzer(seed: job.seed, corpus: job.scripts()) : nil
    let programs = ProgramFuzzer(seed: job.seed)
    for index in job.first..<job.first + job.count {
        slot.pointee.index = index
        let start = processorTime()
        var fault: String?
        if let source {
            fault = source.check(source.input(index))
        } else {
            let text = programs.program(index, statements: job.statements)
            switch programs.run(text, mayLeak: index % 4 == 0) {
            case .ended: break
            case .raised: slot.pointee.raised += 1
            case .stopped: slot.pointee.stopped += 1
            case .rejected(let why):
                slot.pointee.rejected += 1
                if slot.pointee.rejected <= 5 { print("rejected \(index): \(why)") }
            case .fault(let text): fault = text
            }
        }
        let time = processorTime() - start
        if time > slot.pointee.slowest { slot.pointee.slowest = time }
        if fault == nil, time > 1_000_000, source != nil { fault = "it takes \(time / 1000) ms" }
        if let fault {
            slot.pointee.faults += 1
            if slot.pointee.faults <= 40 { keep(job, index, fault) }
        }
        slot.pointee.done += 1
    }
    exit(0)
}

/// Starts the workers, keeps them going, and says what came of it.
func supervise(_ job: Job, workers: Int) -> Int32 {
    mkdir(job.output, 0o755)
    let page = joinPath(job.output, "\(job.mode).\(getpid()).page")
    let slots = sharedSlots(page, workers)
    defer { unlink(page) }
    let share = (job.count + workers - 1) / workers
    struct Child {
        var process: pid_t = 0
        var end = 0
        var last = -1
        var still = 0
        var isDone = false
    }
    var children = (0..<workers).map { _ in Child() }
    func start(_ i: Int, at first: Int) {
        guard first < children[i].end else {
            children[i].isDone = true
            return
        }
        children[i].process = spawn([
            "/proc/self/exe", job.mode, "--worker", page, "--slot", "\(i)", "--seed", "\(job.seed)",
            "--first",
            "\(first)", "--count", "\(children[i].end - first)", "--corpus", job.corpus,
            "--statements",
            "\(job.statements)", "--output", job.output,
        ])
        children[i].still = 0
    }
    var began = timespec()
    clock_gettime(CLOCK_MONOTONIC, &began)
    for i in 0..<workers {
        children[i].end = min(job.first + (i + 1) * share, job.first + job.count)
        start(i, at: job.first + i * share)
    }
    var crashes = 0
    while children.contains(where: { !$0.isDone }) {
        usleep(100_000)
        for i in 0..<workers where !children[i].isDone {
            var status: Int32 = 0
            if waitpid(children[i].process, &status, WNOHANG) == children[i].process {
                if status == 0 {
                    children[i].isDone = true
                    continue
                }
                crashes += 1
                keep(
                    job, slots[i].index,
                    status & 127 == 9 ? "it does not end" : "wait status \(status)")
                start(i, at: slots[i].index + 1)
            } else if slots[i].done == children[i].last {
                children[i].still += 1
                if children[i].still == job.hang * 10 { kill(children[i].process, SIGKILL) }
            } else {
                (children[i].last, children[i].still) = (slots[i].done, 0)
            }
        }
    }
    var ended = timespec()
    clock_gettime(CLOCK_MONOTONIC, &ended)
    let seconds = Double(ended.tv_sec - began.tv_sec) + Double(ended.tv_nsec - began.tv_nsec) / 1e9
    func total(_ path: KeyPath<Slot, Int>) -> Int {
        (0..<workers).reduce(0) { $0 + slots[$1][keyPath: path] }
    }
    let slowest = (0..<workers).map { slots[$0].slowest }.max() ?? 0
    print(
        "\(job.mode): seed \(job.seed), \(total(\.done)) inputs in \(Int(seconds)) s (\(Int(Double(total(\.done)) / seconds))/s), "
            + "\(crashes) crashes or hangs, \(total(\.faults)) faults, slowest \(slowest / 1000) ms"
    )
    if job.mode == "program" {
        print(
            "  raised \(total(\.raised)), stopped \(total(\.stopped)), rejected \(total(\.rejected))"
        )
    }
    return crashes + total(\.faults) == 0 ? 0 : 1
}

/// Writes an input that ended a process to a file.
private func keep(_ job: Job, _ index: Int, _ what: String) {
    let path = joinPath(job.output, "\(job.mode)-\(job.seed)-\(index).as")
    print("\(job.mode) \(index): \(what); the input is in \(path)")
    fflush(nil)
    do { try writeFile(path, job.text(job.mode, index)) } catch {
        print("it cannot be written: \(error)")
    }
}

private func spawn(_ words: [String]) -> pid_t {
    var process: pid_t = 0
    var list: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for word in list { free(word) } }
    let code = posix_spawn(&process, words[0], nil, nil, &list, environ)
    precondition(code == 0, "a worker cannot be started")
    return process
}
