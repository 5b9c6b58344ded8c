// The kernels' text compiled for a card, once: the result is kept in the user's cache folder under a name that
// says what it was made of.

import ArenaCore
import CArenaKernels
import CCUDA
import Glibc
import Synchronization

/// The kernels' text and the compiler's options for one kind of card.
package struct CUDAProgram: Sendable, Equatable {
    /// Text for the driver in place of the card's own code.
    package let isPortable: Bool
    /// The compute capability it is made for, such as 75.
    package let capability: Int

    package init(capability: Int, isPortable: Bool = false) {
        self.capability = capability
        self.isPortable = isPortable
    }

    package var options: [String] {
        ["-arch=\(isPortable ? "compute" : "sm")_\(capability)", "-std=c++17"]
    }

    /// All files in one, each named for messages.
    package static let text: String = {
        var text = ""
        var file = arena_cuda_texts()
        while let name = file?.pointee.name, let own = file?.pointee.text {
            text += "#line 1 \"\(String(cString: name))\"\n" + String(cString: own)
            file = file?.advanced(by: 1)
        }
        return text
    }()

    /// Says what is compiled, by what.
    fileprivate func fileName(_ compiler: Int) -> String {
        let parts = [Self.text, String(compiler)] + options
        let digest = Digest(of: parts.joined(separator: "\0"))
        return "\(digest).\(isPortable ? "ptx" : "cubin")"
    }
}

/// NVRTC, opened.
package struct CUDACompiler: @unchecked Sendable {
    // A table of functions, which never changes.
    private let library: nvrtc_library
    /// As the driver counts versions: 12.4 is 12040.
    package let version: Int
    package let path: String
    /// The driver that loads what it makes.
    private let driver: Int

    /// A compiler of the driver's CUDA or an older one: what newer ones make the driver may not take.
    /// - Parameter driver: the driver's version; nil where nothing is to be loaded.
    /// - Throws: `CUDAProblem` saying what is missing.
    package init(
        driver: Int? = nil, environment: (String) -> String? = environmentValue
    ) throws(CUDAProblem) {
        let limit = driver ?? .max
        var problem = CUDAProblem.noCompiler
        let found = CUDALibrary.compiler.open(environment) {
            handle, path -> (nvrtc_library, Int, String)? in
            do throws(CUDAProblem) {
                let library = try CUDALibraries.functions(
                    handle, path, nvrtc_symbol, nvrtc_library())
                var (major, minor): (Int32, Int32) = (0, 0)
                guard library.version(&major, &minor) == 0 else { return nil }
                let version = Int(major) * 1000 + Int(minor) * 10
                guard version / 1000 <= limit / 1000 else {
                    throw .compilerTooNew(path: path, found: version, driver: limit)
                }
                Self.openBuiltins(beside: path)
                return (library, version, path)
            } catch {
                problem = error
                return nil
            }
        }
        guard let found else { throw problem }
        (library, version, path) = found
        self.driver = limit
    }

    /// Opens the library that NVRTC opens by its bare name when it compiles, so that it finds it wherever it is.
    private static func openBuiltins(beside path: String) {
        let folder = splitPath(path).folder
        for name in listDirectory(folder).sorted()
        where name.hasPrefix("libnvrtc-builtins.so.") {
            dlopen(joinPath(folder, name), RTLD_NOW | RTLD_LOCAL)
        }
    }

    /// How the kernels are made for a card: its own code where the compiler knows the card, else the driver's
    /// language for the newest that it knows, if the driver is no older than the compiler.
    package func program(card: String, capability: Int) throws(CUDAProblem) -> CUDAProgram {
        guard capability >= 75 else { throw .cardTooOld(card: card, capability: capability) }
        var count: Int32 = 0
        var known: [Int32] = []
        if library.architecture_count(&count) == 0, count > 0 {
            known = [Int32](repeating: 0, count: Int(count))
            if library.architectures(&known) != 0 { known = [] }
        }
        if known.contains(Int32(capability)) { return CUDAProgram(capability: capability) }
        guard let nearest = known.filter({ $0 < capability }).max(), nearest >= 75,
            version <= driver
        else {
            throw .cardTooNew(card: card, capability: capability, compiler: version)
        }
        return CUDAProgram(capability: Int(nearest), isPortable: true)
    }

    /// The compiled kernels, from the cache where it has them.
    /// - Parameter isFresh: compile them anew: what the cache has does not do.
    func image(
        _ program: CUDAProgram, card: String, isFresh: Bool = false
    ) throws(CUDAProblem) -> [UInt8] {
        let place = Self.cacheFolder(environmentValue).map {
            joinPath($0, program.fileName(version))
        }
        if !isFresh, let place, let kept = try? readFile(place), let image = Self.opened(kept) {
            return image
        }
        let (image, log) = compiled(program)
        guard let image else { throw .compile(card: card, log: log) }
        // A cache that cannot be written costs the next run some seconds, no more.
        if let place {
            try? makeFolders(splitPath(place).folder)
            try? writeFile(place, Self.sealed(image))
        }
        return image
    }

    /// The compiled kernels, or nil, and what the compiler said.
    package func compiled(
        _ program: CUDAProgram, more: [String] = []
    ) -> (image: [UInt8]?, log: String) {
        // The compiler needs a deep stack, which not every thread has, and has crashed where two threads
        // began with it at once.
        Self.oneAtATime.withLock { _ in Future { make(program, more) }.value() }
    }

    private static let oneAtATime = Mutex(())

    private func make(
        _ program: CUDAProgram, _ more: [String]
    ) -> (image: [UInt8]?, log: String) {
        var handle: nvrtc_program?
        guard library.create(&handle, CUDAProgram.text, "kernels.cu", 0, nil, nil) == 0 else {
            return (nil, "no program could be made")
        }
        defer { _ = library.destroy(&handle) }
        let options = (program.options + more).map { strdup($0) }
        defer { for option in options { free(option) } }
        let pointers = options.map { UnsafePointer($0) }
        let result = library.compile(handle, Int32(pointers.count), pointers)
        var size = 0
        var log = ""
        if library.log_size(handle, &size) == 0, size > 1 {
            var text = [CChar](repeating: 0, count: size + 1)
            if library.log(handle, &text) == 0 {
                log = String(
                    decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
        }
        guard result == 0 else { return (nil, log.isEmpty ? "NVRTC error \(result)" : log) }
        let (measure, read) =
            program.isPortable
            ? (library.ptx_size, library.ptx) : (library.cubin_size, library.cubin)
        var bytes = 0
        guard measure?(handle, &bytes) == 0, bytes > 0 else { return (nil, log) }
        var image = [CChar](repeating: 0, count: bytes + 1)
        guard read?(handle, &image) == 0 else { return (nil, log) }
        return (image.map { UInt8(bitPattern: $0) }, log)
    }

    // MARK: - The cache

    /// `$XDG_CACHE_HOME/arenascript`, or `~/.cache/arenascript`.
    private static func cacheFolder(_ environment: (String) -> String?) -> String? {
        if let cache = environment("XDG_CACHE_HOME"), cache.hasPrefix("/") {
            return joinPath(cache, "arenascript")
        }
        guard let home = environment("HOME"), home.hasPrefix("/") else { return nil }
        return joinPath(home, ".cache/arenascript")
    }

    /// An image behind its hash, so that a damaged file is not given to a driver.
    private static func sealed(_ image: [UInt8]) -> [UInt8] {
        Array("\(Digest(of: image))\n".utf8) + image
    }

    private static func opened(_ file: [UInt8]) -> [UInt8]? {
        guard let end = file.prefix(128).firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let image = Array(file[(end + 1)...])
        return "\(Digest(of: image))" == String(decoding: file[..<end], as: UTF8.self)
            ? image : nil
    }
}
