// NVIDIA's libraries where machines have them: the driver, and the compiler NVRTC, which comes with the CUDA
// toolkit, with a notebook's image, or inside a package of pip. Nothing of them is linked.

import ArenaCore
import CCUDA
import Glibc

/// A library of NVIDIA's, and where it may be.
package enum CUDALibrary: String, Sendable, CaseIterable {
    case driver = "CUDA driver"
    case products = "cuBLASLt"
    case compiler = "NVRTC"

    /// Its file, the preferred version first.
    var files: [String] {
        switch self {
        case .driver: return ["libcuda.so.1"]
        case .products: return ["libcublasLt.so.13", "libcublasLt.so.12"]
        case .compiler: return ["libnvrtc.so.13", "libnvrtc.so.12"]
        }
    }

    /// Its folder in pip's `nvidia` packages: of CUDA 13 all in one, of 12 each its own.
    private var packages: [String] {
        switch self {
        case .driver: return []
        case .products: return ["cu13/lib", "cublas/lib"]
        case .compiler: return ["cu13/lib", "cuda_nvrtc/lib"]
        }
    }

    /// Every place to look, as paths; names without a folder are the system's.
    func places(_ environment: (String) -> String?) -> [String] {
        var folders: [String] = []
        for root in (environment("ARENA_CUDA_PATH") ?? "").split(separator: ":").map(String.init) {
            folders += [root, joinPath(root, "lib64"), joinPath(root, "lib")]
            folders += packages.flatMap {
                [joinPath(root, $0), joinPath(root, joinPath("nvidia", $0))]
            }
        }
        var after = ["/usr/local/nvidia/lib64", "/usr/lib/wsl/lib"]
        if self != .driver {
            after += ["CUDA_HOME", "CUDA_PATH"].compactMap(environment).filter { !$0.isEmpty }
                .map { joinPath($0, "lib64") }
            after += ["/usr/local/cuda/lib64", "/opt/cuda/lib64"]
            after += Self.pythonFolders(environment).flatMap { site in
                packages.map { joinPath(site, joinPath("nvidia", $0)) }
            }
        }
        // File by file: a newer version anywhere before an older one.
        return files.flatMap { file in
            folders.map { joinPath($0, file) } + [file] + after.map { joinPath($0, file) }
        }
    }

    /// Where pip puts packages.
    private static func pythonFolders(_ environment: (String) -> String?) -> [String] {
        let roots =
            ["VIRTUAL_ENV", "CONDA_PREFIX"].compactMap(environment).filter { !$0.isEmpty }
            + ["/usr/local", "/usr", "/opt/conda"]
            + [environment("HOME")].compactMap { $0 }.map { joinPath($0, ".local") }
        return roots.flatMap { root in
            let library = joinPath(root, "lib")
            return listDirectory(library).filter { $0.hasPrefix("python3") }.sorted().flatMap {
                [
                    joinPath(library, joinPath($0, "dist-packages")),
                    joinPath(library, joinPath($0, "site-packages")),
                ]
            }
        }
    }

    /// Opens the library everywhere it is found, in turn, until `accept` has one. Libraries of this kind keep
    /// threads and handlers, so that none is closed again.
    func open<Result>(
        _ environment: (String) -> String?,
        accept: (_ handle: UnsafeMutableRawPointer, _ path: String) -> Result?
    ) -> Result? {
        for place in places(environment) {
            // A path that is not there need not be tried.
            if place.contains("/"), access(place, R_OK) != 0 { continue }
            guard let handle = dlopen(place, RTLD_NOW | RTLD_LOCAL) else { continue }
            if let result = accept(handle, place) { return result }
        }
        return nil
    }
}

extension CUDALibrary {
    /// The first that is found, and the version that it gives.
    package func find(
        _ environment: (String) -> String? = environmentValue
    ) -> (path: String, version: String?)? {
        open(environment) { handle, path in (path, version(handle)) }
    }

    fileprivate func version(_ handle: UnsafeMutableRawPointer) -> String? {
        switch self {
        case .driver:
            typealias Query = @convention(c) (UnsafeMutablePointer<Int32>) -> Int32
            var version: Int32 = 0
            // SAFETY: cuDriverGetVersion(int *) may be called before cuInit.
            guard let query = dlsym(handle, "cuDriverGetVersion"),
                unsafeBitCast(query, to: Query.self)(&version) == 0
            else { return nil }
            return CUDAProblem.version(Int(version))
        case .products:
            typealias Query = @convention(c) () -> Int
            // SAFETY: size_t cublasLtGetVersion(void).
            return dlsym(handle, "cublasLtGetVersion").map {
                String(unsafeBitCast($0, to: Query.self)())
            }
        case .compiler:
            typealias Query =
                @convention(c) (
                    UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
                ) -> Int32
            var (major, minor): (Int32, Int32) = (0, 0)
            // SAFETY: nvrtcVersion(int *, int *).
            guard let query = dlsym(handle, "nvrtcVersion"),
                unsafeBitCast(query, to: Query.self)(&major, &minor) == 0
            else { return nil }
            return "\(major).\(minor)"
        }
    }
}

/// The process' environment.
package func environmentValue(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

/// The opened libraries.
package struct CUDALibraries: @unchecked Sendable {
    // Tables of functions, which never change.
    let driver: cuda_driver
    package let compiler: CUDACompiler
    /// cuBLASLt and its version, such as 120804; nil without it, and where no card would use it.
    let products: (library: cublas_library, version: Int)?
    /// As the driver counts versions: 12.4 is 12040.
    package let driverVersion: Int
    /// Cards that the driver finds.
    package let cards: Int

    /// The oldest driver: of CUDA 12.0, as is the oldest compiler that is looked for.
    static let oldestDriver = 12_000

    /// Opens what is needed for running on a card.
    /// - Throws: `CUDAProblem` saying what is missing.
    package init(
        environment: (String) -> String? = environmentValue
    ) throws(CUDAProblem) {
        guard environment("ARENA_CUDA_PATH") != "none" else { throw .switchedOff }
        var problem = CUDAProblem.noDriver
        let driver = CUDALibrary.driver.open(environment) { handle, path -> cuda_driver? in
            do throws(CUDAProblem) {
                return try Self.functions(handle, path, cuda_driver_symbol, cuda_driver())
            } catch {
                problem = error
                return nil
            }
        }
        guard let driver else { throw problem }
        self.driver = driver
        var version: Int32 = 0
        guard driver.version(&version) == CUDA_SUCCESS else { throw .noDriver }
        driverVersion = Int(version)
        guard driverVersion >= Self.oldestDriver else {
            throw .driverTooOld(found: driverVersion, needed: Self.oldestDriver)
        }
        let started = driver.`init`(0)
        guard started != CUDA_NO_DEVICE else { throw .noCard }
        // A driver's library without its device: a container that was not given one.
        let isBare = access("/dev/nvidiactl", F_OK) != 0 && access("/dev/dxg", F_OK) != 0
        if started != CUDA_SUCCESS, isBare { throw .noCard }
        try Self.check(driver, started, "cuInit")
        var count: Int32 = 0
        try Self.check(driver, driver.device_count(&count), "cuDeviceGetCount")
        guard count > 0 else { throw .noCard }
        cards = Int(count)
        compiler = try CUDACompiler(driver: driverVersion, environment: environment)
        var capabilities: [Int32] = []
        for card in 0..<count {
            var (number, major): (cuda_device, Int32) = (0, 0)
            guard driver.device(&number, card) == CUDA_SUCCESS,
                driver.device_attribute(&major, Int32(CUDA_CAPABILITY_MAJOR), number)
                    == CUDA_SUCCESS
            else { continue }
            capabilities.append(major)
        }
        let isWanted = capabilities.contains { $0 >= 8 }
        products =
            isWanted && environment("ARENA_CUDA_PRODUCTS") != "own"
            ? Self.products(environment, driver: driverVersion) : nil
    }

    private static func products(
        _ environment: (String) -> String?, driver: Int
    ) -> (library: cublas_library, version: Int)? {
        CUDALibrary.products.open(environment) { handle, path in
            // Libraries of a later CUDA than the driver's do not run.
            guard let version = CUDALibrary.products.version(handle).flatMap({ Int($0) }),
                version / 10_000 <= driver / 1000,
                let table = try? functions(handle, path, cublas_symbol, cublas_library())
            else { return nil }
            return (table, version)
        }
    }

    /// Fills a table of functions.
    static func functions<Table>(
        _ handle: UnsafeMutableRawPointer, _ path: String,
        _ symbol: (Int32) -> UnsafePointer<CChar>?, _ empty: Table
    ) throws(CUDAProblem) -> Table {
        var table = empty
        var missing: String?
        withUnsafeMutableBytes(of: &table) { bytes in
            let width = MemoryLayout<UnsafeRawPointer>.size
            for i in 0..<bytes.count / width {
                guard let name = symbol(Int32(i)) else { return }
                guard let function = dlsym(handle, name) else {
                    missing = missing ?? String(cString: name)
                    continue
                }
                // SAFETY: a table is an array of function pointers, one for each symbol.
                bytes.storeBytes(of: function, toByteOffset: i * width, as: UnsafeRawPointer.self)
            }
        }
        if let missing { throw .noFunction(path: path, symbol: missing) }
        return table
    }

    /// - Throws: `CUDAProblem.call` if the driver's function failed.
    static func check(
        _ driver: cuda_driver, _ code: cuda_result, _ call: String
    ) throws(CUDAProblem) {
        guard code != CUDA_SUCCESS else { return }
        throw .call(call, code: Int(code), text: text(driver, code))
    }

    /// The driver's own words for an error.
    static func text(_ driver: cuda_driver, _ code: cuda_result) -> String {
        var words: UnsafePointer<CChar>?
        guard driver.error_text(code, &words) == CUDA_SUCCESS, let words else {
            return "unknown error"
        }
        return String(cString: words)
    }
}
