// A card as the driver describes it.

import CCUDA

/// What can be told of a card without opening it.
package struct CUDACard: Sendable, Equatable {
    package let ordinal: Int
    package let name: String
    /// The compute capability, such as 75 for 7.5; that of `ARENA_CUDA_AS` where it is older.
    package let capability: Int
    /// Whether it is used as an older card, with kernels that the driver translates: to try what old cards run.
    package let isOlder: Bool
    /// Bytes; of a share, its part of the card's.
    package private(set) var memory: Int
    /// Which share of the card it is, 0 where the card is one device.
    package private(set) var share = 0
    package let processors: Int

    package init(_ libraries: CUDALibraries, ordinal: Int) throws(CUDAProblem) {
        let driver = libraries.driver
        var device: cuda_device = 0
        try CUDALibraries.check(driver, driver.device(&device, Int32(ordinal)), "cuDeviceGet")
        func attribute(_ number: Int) throws(CUDAProblem) -> Int {
            var value: Int32 = 0
            try CUDALibraries.check(
                driver, driver.device_attribute(&value, Int32(number), device),
                "cuDeviceGetAttribute")
            return Int(value)
        }
        self.ordinal = ordinal
        var text = [CChar](repeating: 0, count: 257)
        try CUDALibraries.check(driver, driver.device_name(&text, 256, device), "cuDeviceGetName")
        name = String(
            decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let own = try attribute(CUDA_CAPABILITY_MAJOR) * 10 + attribute(CUDA_CAPABILITY_MINOR)
        let wanted = environmentValue("ARENA_CUDA_AS").flatMap { Int($0.filter { $0 != "." }) }
        capability = min(own, max(75, wanted ?? own))
        isOlder = capability < own
        processors = try attribute(CUDA_PROCESSORS)
        var bytes = 0
        try CUDALibraries.check(driver, driver.device_memory(&bytes, device), "cuDeviceTotalMem")
        let most = environmentValue("ARENA_CUDA_MEMORY").flatMap { Int($0) } ?? .max
        memory = min(bytes, max(0, most))
    }

    /// The card as so many devices, each with its part of the memory: as many as `ARENA_CUDA_SHARES` says, to try on
    /// one card what several do.
    var shares: [CUDACard] {
        let count = max(1, min(8, environmentValue("ARENA_CUDA_SHARES").flatMap { Int($0) } ?? 1))
        return (0..<count).map { share in
            var card = self
            card.share = share
            card.memory = memory / count
            return card
        }
    }
}
