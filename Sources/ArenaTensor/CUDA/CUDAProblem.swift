// Why a machine's graphics cards cannot be used, as facts and in words. Having none is an ordinary state.

import ArenaCore

/// What stands between the engine and a card.
package enum CUDAProblem: Error, Sendable, Equatable {
    /// `ARENA_CUDA_PATH=none`.
    case switchedOff
    case noDriver
    /// A library that lacks a function: it is of another kind or too old.
    case noFunction(path: String, symbol: String)
    /// Versions as the driver counts them: 12.4 is 12040.
    case driverTooOld(found: Int, needed: Int)
    case noCard
    case noCompiler
    /// Only compilers of a later CUDA than the driver's were found.
    case compilerTooNew(path: String, found: Int, driver: Int)
    case cardTooOld(card: String, capability: Int)
    /// The compiler does not know the card, and the driver not the compiler's language.
    case cardTooNew(card: String, capability: Int, compiler: Int)
    case compile(card: String, log: String)
    /// A call of a library that failed.
    case call(String, code: Int, text: String)
    /// Not even room for some small tensors: other programs have the card's memory.
    case noRoom(card: String, bytes: Int)
    /// The card's numbers are not those of the processor.
    case wrongNumbers(card: String, what: String)
}

extension CUDAProblem {
    /// A clause that says what is wrong.
    package var words: String {
        switch self {
        case .switchedOff: return "switched off by ARENA_CUDA_PATH=none"
        case .noDriver: return "no CUDA driver (libcuda.so.1) on this machine"
        case .noFunction(let path, let symbol): return "\(path) has no function \(symbol)"
        case .driverTooOld(let found, let needed):
            return
                "the driver is for CUDA \(Self.version(found)), and \(Self.version(needed)) is the oldest that will do"
        case .noCard: return "the CUDA driver finds no card"
        case .noCompiler: return "no CUDA compiler (libnvrtc.so.12 or .13)"
        case .compilerTooNew(let path, let found, let driver):
            return
                "\(path) is of CUDA \(Self.version(found)), newer than the driver's \(Self.version(driver))"
        case .cardTooOld(let card, let capability):
            return
                "\(card) has compute capability \(Self.capability(capability)), and 7.5 is the oldest that will do"
        case .cardTooNew(let card, let capability, let compiler):
            return
                "\(card) has compute capability \(Self.capability(capability)), which the compiler of CUDA \(Self.version(compiler)) does not know"
        case .compile(let card, let log): return "the kernels do not compile for \(card): \(log)"
        case .call(let call, let code, let text): return "\(call) failed: \(text) (\(code))"
        case .noRoom(let card, let bytes):
            return "\(card) has no room for \(byteSize(bytes))"
        case .wrongNumbers(let card, let what):
            return "\(card) gives other numbers than the processor: \(what)"
        }
    }

    /// What can be done about it; nil where nothing is known.
    package var help: String? {
        switch self {
        case .switchedOff, .noCard, .compile, .call, .cardTooOld: return nil
        case .noRoom: return "see with nvidia-smi what else uses the card"
        case .noDriver: return "where there is a card, install its driver"
        case .noFunction, .driverTooOld: return "update the driver"
        case .noCompiler:
            return
                "install the package nvidia-cuda-nvrtc-cu12, or name a folder that has the library with ARENA_CUDA_PATH"
        case .compilerTooNew(_, _, let driver):
            return
                "update the driver, or name a folder with NVRTC of CUDA \(driver / 1000) with ARENA_CUDA_PATH"
        case .cardTooNew: return "install a newer NVRTC and driver"
        case .wrongNumbers: return "report it, and run on the processor: ARENA_CUDA_PATH=none"
        }
    }

    /// A version as the driver counts them, such as "12.4".
    package static func version(_ number: Int) -> String {
        "\(number / 1000).\(number % 1000 / 10)"
    }

    /// A capability such as 75 as "7.5".
    package static func capability(_ number: Int) -> String { "\(number / 10).\(number % 10)" }
}
