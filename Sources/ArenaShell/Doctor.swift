// `arenascript doctor`: what this machine offers, in one screen, before a job depends on it.

import ArenaCore
import ArenaModels
import CArenaKernels
import Glibc

/// What was found, in order.
package struct Doctor {
    /// A line of the screen.
    struct Finding {
        var key: String
        var label: String
        var value: String
    }
    private(set) var findings: [Finding] = []
    private var libraries: [(name: String, version: String?)] = []
    private var devices: [String] = []
    private let features: [String]
    /// Why there are no cards, or one of them fails.
    private var noCards: String?

    var hasFailed: Bool { noCards != nil && !devices.isEmpty }

    /// - Parameter tries: compare each card's numbers with the processor's.
    package init(tries: Bool = false) {
        let processor = Self.readLines("/proc/cpuinfo")
        func field(_ name: String) -> String? {
            processor.first { $0.hasPrefix(name) }?.split(separator: ":", maxSplits: 1).last
                .map { String($0.drop { $0 == " " || $0 == "\t" }) }
        }
        let flags = Set((field("flags") ?? "").split(separator: " ").map(String.init))
        features = Self.knownFeatures.filter { flags.contains($0.flag) }.map(\.name)
        add("version", "version", "arenascript \(arenaVersion)")
        var system = utsname()
        uname(&system)
        add(
            "system", "system",
            "\(Self.text(&system.sysname)) \(Self.text(&system.release)) \(Self.text(&system.machine)), "
                + "\(Self.libraryVersion())")
        add("cpu", "processor", field("model name") ?? "unknown")
        add(
            "features", "features",
            features.isEmpty ? "none known" : features.joined(separator: " "))
        if let kernels = arena_kernels_best(), let name = kernels.pointee.name {
            add("kernels", "kernels", String(cString: name))
        }
        add("processors", "processors", Self.processors())
        add("memory", "memory", Self.memory())
        findLibraries(tries: tries)
        for device in devices { add("device", "device", device) }
        if devices.isEmpty { add("device", "devices", "processors only") }
        if let noCards { add("cards", "cards", "not used: \(noCards)") }
        addFolder()
    }

    /// The findings for a person.
    package func text() -> String {
        let width = findings.map(\.label.count).max() ?? 0
        return findings.map {
            $0.label + String(repeating: " ", count: width + 2 - $0.label.count) + $0.value + "\n"
        }.joined()
    }

    /// The findings for a program.
    package func json() -> String {
        var object = JSONLine()
        for finding in findings
        where !["library", "device", "features"].contains(finding.key) {
            object.add(finding.key, finding.value)
        }
        object.add("features", strings: features)
        var found = JSONLine()
        for library in libraries { found.add(library.name, library.version ?? "") }
        object.add("libraries", found)
        object.add("devices", strings: devices)
        return object.text + "\n"
    }

    private mutating func add(_ key: String, _ label: String, _ value: String) {
        findings.append(Finding(key: key, label: label, value: value))
    }

    // MARK: - Processor and memory

    private static let knownFeatures: [(flag: String, name: String)] = [
        ("avx2", "AVX2"), ("fma", "FMA"), ("f16c", "F16C"), ("avx512f", "AVX-512F"),
        ("avx512bw", "AVX-512BW"), ("avx512vl", "AVX-512VL"), ("avx512dq", "AVX-512DQ"),
        ("avx_vnni", "AVX-VNNI"), ("avx512_vnni", "AVX-512-VNNI"), ("avx512_bf16", "BF16"),
        ("avx512_fp16", "FP16"), ("amx_int8", "AMX-INT8"), ("amx_bf16", "AMX-BF16"),
    ]

    /// The C library, such as "glibc 2.36".
    private static func libraryVersion() -> String {
        var text = [CChar](repeating: 0, count: 64)
        guard confstr(Int32(_CS_GNU_LIBC_VERSION), &text, text.count) > 0 else { return "no glibc" }
        return String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static func processors() -> String {
        var text = "\(processorCount()) online"
        // A mask in hexadecimal groups, such as "ffff,ffffffff".
        let mask = readLines("/proc/self/status").first { $0.hasPrefix("Cpus_allowed:") }
        let usable = (mask ?? "").dropFirst("Cpus_allowed:".count).reduce(0) {
            $0 + ($1.hexDigitValue ?? 0).nonzeroBitCount
        }
        if usable > 0, usable < processorCount() { text += ", \(usable) for this process" }
        let quota = (readLines("/sys/fs/cgroup/cpu.max").first ?? "").split(separator: " ")
        if quota.count == 2, let time = Double(quota[0]), let period = Double(quota[1]), period > 0
        {
            text += ", a quota of \((time / period * 10).rounded() / 10)"
        }
        return text
    }

    private static func memory() -> String {
        let lines = readLines("/proc/meminfo")
        func kibibytes(_ key: String) -> Int? {
            lines.first { $0.hasPrefix(key) }?.split(separator: " ").dropFirst().first
                .flatMap { Int($0) }
        }
        guard let total = kibibytes("MemTotal:") else { return "unknown" }
        var text = gibibytes(total << 10)
        if let free = kibibytes("MemAvailable:") { text += ", \(gibibytes(free << 10)) available" }
        if let limit = readLines("/sys/fs/cgroup/memory.max").first.flatMap({ Int($0) }) {
            text += ", a limit of \(gibibytes(limit))"
        }
        return text
    }

    // MARK: - Libraries and devices

    private mutating func findLibraries(tries: Bool) {
        library("readline", ["libreadline.so.8", "libreadline.so.7", "libreadline.so"]) {
            dlsym($0, "rl_library_version").flatMap {
                // SAFETY: documented as a constant C string.
                $0.assumingMemoryBound(to: UnsafePointer<CChar>?.self).pointee
            }.map { String(cString: $0) }
        }
        library("OpenBLAS", ["libopenblas.so.0", "libopenblas.so"]) {
            typealias Query = @convention(c) () -> UnsafePointer<CChar>?
            // SAFETY: documented as a function without arguments that gives a constant string.
            return dlsym($0, "openblas_get_config")
                .flatMap { unsafeBitCast($0, to: Query.self)() }
                .map { String(cString: $0).split(separator: " ").prefix(2).joined(separator: " ") }
        }
        let report = CardReport(tries: tries)
        for (name, found) in report.libraries {
            libraries.append((name, found?.split(separator: " ").first.map(String.init)))
            add("library", name, found ?? "not found")
        }
        devices = report.cards.map { card in
            let test = card.passed.map { $0 ? ", gives the processor's numbers" : ", fails" } ?? ""
            return
                "\(card.ordinal): \(card.name), \(card.capability), \(Self.gibibytes(card.bytes))\(test)"
        }
        if let problem = report.problem {
            noCards = problem + (report.help.map { "; \($0)" } ?? "")
        }
    }

    private mutating func library(
        _ name: String, _ files: [String], version: (UnsafeMutableRawPointer) -> String?
    ) {
        for file in files {
            guard let handle = dlopen(file, RTLD_NOW | RTLD_LOCAL) else { continue }
            // Libraries of this kind keep threads and handlers: they stay open.
            let found = version(handle) ?? "of unknown version"
            libraries.append((name, found))
            add("library", name, "\(found) (\(file))")
            return
        }
        libraries.append((name, nil))
        add("library", name, "not found")
    }

    // MARK: - The folder

    private mutating func addFolder() {
        var buffer = [CChar](repeating: 0, count: 4097)
        guard getcwd(&buffer, 4096) != nil else {
            return add("folder", "folder", "cannot be read: \(errorText(errno))")
        }
        let path = String(
            decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        var text = path
        var info = statvfs()
        if statvfs(path, &info) == 0 {
            text += ", \(Self.gibibytes(Int(info.f_bavail) * Int(info.f_frsize))) free"
        }
        text += access(path, W_OK) == 0 ? ", writable" : ", not writable"
        add("folder", "folder", text)
    }

    private static func gibibytes(_ bytes: Int) -> String {
        let tenths = Int((Double(bytes) / Double(1 << 30) * 10).rounded())
        return "\(tenths / 10).\(tenths % 10) GiB"
    }

    /// The lines of a file of the kernel's, whose size is not known beforehand.
    private static func readLines(_ path: String) -> [String] {
        guard let bytes = try? ScriptSource.file(path).loadBytes() else { return [] }
        return bytes.split(separator: 10).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func text<T>(_ field: inout T) -> String {
        withUnsafeBytes(of: &field) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

extension Session {
    /// Prints what this machine offers.
    /// - Parameter cards: compare each card's numbers with the processor's; what fails ends in `.failed`.
    package func doctor(json: Bool, cards: Bool = false) -> ExitStatus {
        let doctor = Doctor(tries: cards)
        let status = printText(json ? doctor.json() : doctor.text())
        return status == .ok && doctor.hasFailed ? .failed : status
    }
}
