// One card: its context, a stream in which everything happens in order, memory, and the compiled kernels.
//
// A card fails for good or for want of memory, and both show late, so calls give no results: after a failure
// the device does nothing more until `takeFailure` has been asked. What was computed since the last asking is
// to be thrown away then.

import ArenaCore
import CArenaKernels
import CCUDA
import Synchronization

/// Why what was asked of a device did not come about.
package enum DeviceFailure: Error, Sendable, Equatable {
    /// There was no room for so many bytes; smaller work may do.
    case outOfMemory(bytes: Int)
    /// The host had no room for so many bytes that cards read by themselves.
    case hostMemory(bytes: Int)
    /// The device is of no use any more.
    case lost(call: String, code: Int, text: String)
}

/// A card that is ready to compute.
package final class CUDADevice: DeviceMemory, @unchecked Sendable {
    package let ordinal: Int
    package let name: String
    /// The compute capability, such as 75 for 7.5.
    package let capability: Int
    /// Bytes that may be used: the card's, or those of `ARENA_CUDA_MEMORY`.
    package let totalMemory: Int
    package let libraries: CUDALibraries
    /// Products by cuBLASLt, where there is one for this card.
    let products: CUDAProducts?
    package var slab: Int { max(1 << 16, totalMemory / 64 / MemoryLayout<Float>.size) }

    // The driver's handles never change and may be used from any thread.
    private let device: cuda_device
    private let context: cuda_context?
    private let stream: cuda_stream?
    private let module: cuda_module?
    private let functions: [cuda_function?]

    private struct State: Sendable {
        var failure: DeviceFailure?
        var lists = Lists()
        /// Bytes that are allocated.
        var used = 0
        /// Of each kernel, if they are measured: starts and seconds.
        var times: [String: (starts: Int, seconds: Double)]?
    }
    /// Where lists on their way to kernels are put, one after another and around again: on the card, and in
    /// memory of the host's that the card reads by itself.
    private struct Lists: @unchecked Sendable {
        var address: UInt64 = 0
        var host: UnsafeMutableRawPointer?
        var room = 0
        /// Bytes on the card, also where the host had none.
        var bytes = 0
        var used = 0
    }
    private let state = Mutex(State())
    let stages = CopyStages()
    private static let listBytes = 1 << 20

    /// Opens a card and compiles the kernels for it.
    /// - Parameter memory: bytes that may be used, if that is fewer than the card has.
    /// - Throws: `CUDAProblem` saying what stands against it.
    package init(
        _ libraries: CUDALibraries, ordinal: Int, memory: Int = .max
    ) throws(CUDAProblem) {
        let driver = libraries.driver
        func check(_ code: cuda_result, _ call: String) throws(CUDAProblem) {
            try CUDALibraries.check(driver, code, call)
        }
        self.libraries = libraries
        self.ordinal = ordinal
        var device: cuda_device = 0
        try check(driver.device(&device, Int32(ordinal)), "cuDeviceGet")
        self.device = device
        let about = try CUDACard(libraries, ordinal: ordinal)
        (name, capability) = (about.name, about.capability)
        totalMemory = min(about.memory, memory)
        let program =
            about.isOlder
            ? CUDAProgram(capability: about.capability, isPortable: true)
            : try libraries.compiler.program(card: about.name, capability: about.capability)
        let image = try libraries.compiler.image(program, card: about.name)
        var context: cuda_context?
        try check(driver.context_retain(&context, device), "cuDevicePrimaryCtxRetain")
        self.context = context
        var (stream, module): (cuda_stream?, cuda_module?)
        var functions: [cuda_function?] = []
        var products: CUDAProducts?
        do throws(CUDAProblem) {
            try check(driver.context_set(context), "cuCtxSetCurrent")
            try check(
                driver.stream_create(&stream, UInt32(CUDA_STREAM_NON_BLOCKING)), "cuStreamCreate")
            if driver.module_load(&module, image) != CUDA_SUCCESS {
                let fresh = try libraries.compiler.image(program, card: about.name, isFresh: true)
                try check(driver.module_load(&module, fresh), "cuModuleLoadData")
            }
            for kernel in CUDAKernel.allCases {
                var function: cuda_function?
                try check(
                    driver.module_function(&function, module, kernel.rawValue),
                    "cuModuleGetFunction(\(kernel.rawValue))")
                let shared = kernel.sharedBytes(capability: about.capability)
                if shared > 48 << 10 {
                    try check(
                        driver.function_set(
                            function, Int32(CUDA_DYNAMIC_SHARED_MEMORY), Int32(shared)),
                        "cuFuncSetAttribute(\(kernel.rawValue))")
                }
                functions.append(function)
            }
            if about.capability >= 80 { products = try CUDAProducts(libraries) }
        } catch {
            if let module { _ = driver.module_unload(module) }
            if let stream { _ = driver.stream_destroy(stream) }
            _ = driver.context_release(device)
            throw error
        }
        (self.stream, self.module, self.functions) = (stream, module, functions)
        self.products = products
    }

    // What is in its memory keeps it alive, so that nothing is any more.
    deinit {
        give(state.withLock { $0.lists })
        stages.clear(self)
        let driver = libraries.driver
        _ = driver.context_set(context)
        products?.end()
        _ = driver.module_unload(module)
        _ = driver.stream_destroy(stream)
        _ = driver.context_release(device)
    }

    // MARK: - Failures

    package var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// What went wrong since the last asking; a card that is lost stays so.
    package func takeFailure() -> DeviceFailure? {
        state.withLock { state in
            let failure = state.failure
            switch failure {
            case .outOfMemory, .hostMemory: state.failure = nil
            case .lost, nil: break
            }
            return failure
        }
    }

    func note(_ failure: DeviceFailure) {
        state.withLock { $0.failure = $0.failure ?? failure }
    }

    /// Calls a library in the card's context and stream unless the card has failed.
    func withStream(_ body: (cuda_stream?) -> Void) {
        guard !hasFailed, libraries.driver.context_set(context) == CUDA_SUCCESS else { return }
        body(stream)
    }

    /// Calls the driver for this card unless it has failed.
    /// - Parameter bytes: what there was no room for, if that is what fails.
    @discardableResult
    private func call(
        _ what: String, fullWith bytes: Int = 0, _ body: (cuda_driver) -> cuda_result
    ) -> Bool {
        guard !hasFailed else { return false }
        let driver = libraries.driver
        var code = driver.context_set(context)
        if code == CUDA_SUCCESS { code = body(driver) }
        guard code != CUDA_SUCCESS else { return true }
        // The driver loads code at its first use, for which a full card has no room.
        guard code != CUDA_OUT_OF_MEMORY else {
            note(.outOfMemory(bytes: bytes))
            return false
        }
        note(
            .lost(call: what, code: Int(code), text: CUDALibraries.text(driver, code)))
        return false
    }

    // MARK: - Memory

    /// Bytes that are free on the card; 0 after a failure.
    package var freeMemory: Int {
        var (free, total) = (0, 0)
        guard call("cuMemGetInfo", { $0.memory_info(&free, &total) }) else { return 0 }
        return min(free, max(0, totalMemory - state.withLock { $0.used }))
    }

    /// Bytes that everything together may take beside what is always there: what is free and what is allocated.
    package var wholeMemory: Int { freeMemory + usedMemory - Self.listBytes }

    /// Bytes that are allocated.
    package var usedMemory: Int { state.withLock { $0.used } }

    package func allocate(bytes: Int) -> UInt64 {
        let size = max(bytes, 256)
        var address: cuda_address = 0
        let fits = state.withLock { state in
            guard size <= totalMemory - state.used else { return false }
            state.used += size
            return true
        }
        if !fits { note(.outOfMemory(bytes: bytes)) }
        let isDone =
            fits
            && call("cuMemAlloc", fullWith: bytes) { $0.allocate(&address, size) }
        if fits, !isDone { state.withLock { $0.used -= size } }
        return isDone ? address : 0
    }

    package func release(_ address: UInt64, bytes: Int) {
        state.withLock { $0.used -= max(bytes, 256) }
        // Also after a failure: what can be given back is.
        let driver = libraries.driver
        guard driver.context_set(context) == CUDA_SUCCESS else { return }
        _ = driver.stream_synchronize(stream)
        _ = driver.release(address)
    }

    package func copyOut(_ address: UInt64, count: Int, to host: UnsafeMutablePointer<Float>) {
        let isDone = call("cuMemcpyDtoH") { driver in
            let code = driver.copy_out(host, address, count * MemoryLayout<Float>.size, stream)
            return code == CUDA_SUCCESS ? driver.stream_synchronize(stream) : code
        }
        if !isDone { host.update(repeating: .nan, count: count) }
    }

    func copyIn(_ bytes: UnsafeRawPointer, count: Int, to address: UInt64) {
        copyIn(bytes, count: count, to: address, on: stream)
    }

    func copyIn(
        _ bytes: UnsafeRawPointer, count: Int, to address: UInt64, on stream: cuda_stream?
    ) {
        guard count > 0 else { return }
        call("cuMemcpyHtoD") { $0.copy_in(address, bytes, count, stream) }
    }

    /// Memory of the host's that all cards read by themselves; nil, and a failure, if there is no room.
    func allocateHost(bytes: Int) -> UnsafeMutableRawPointer? {
        let memory = tryAllocateHost(bytes: bytes)
        if memory == nil { note(.hostMemory(bytes: bytes)) }
        return memory
    }

    /// The same where having none is no failure.
    func tryAllocateHost(bytes: Int) -> UnsafeMutableRawPointer? {
        var memory: UnsafeMutableRawPointer?
        var isFull = false
        call("cuMemHostAlloc") {
            let code = $0.host_allocate(
                &memory, max(bytes, 1), UInt32(CUDA_HOST_MEMORY_OF_ALL_CARDS))
            isFull = code == CUDA_OUT_OF_MEMORY
            return isFull ? 0 : code
        }
        return isFull ? nil : memory
    }

    func releaseHost(_ memory: UnsafeMutableRawPointer) {
        let driver = libraries.driver
        if driver.context_set(context) == CUDA_SUCCESS { _ = driver.host_release(memory) }
    }

    /// Waits as `synchronize` does, also after a failure.
    func finishStream() {
        let driver = libraries.driver
        if driver.context_set(context) == CUDA_SUCCESS { _ = driver.stream_synchronize(stream) }
    }

    /// Gives back what only loading needs.
    package func endLoading() { stages.clear(self) }

    // MARK: - What happens beside the stream

    func makeStream() -> cuda_stream? {
        var stream: cuda_stream?
        call("cuStreamCreate") { $0.stream_create(&stream, UInt32(CUDA_STREAM_NON_BLOCKING)) }
        return stream
    }

    func makeEvent() -> cuda_event? {
        var event: cuda_event?
        call("cuEventCreate") { $0.event_create(&event, UInt32(CUDA_EVENT_WITHOUT_TIME)) }
        return event
    }

    /// Notes in an event what was asked so far of a stream, by default the card's own.
    func record(_ event: cuda_event?, on other: cuda_stream? = nil) {
        call("cuEventRecord") { $0.event_record(event, other ?? stream) }
    }

    /// Lets a stream, by default the card's own, go on only after what an event notes.
    func wait(for event: cuda_event?, on other: cuda_stream? = nil) {
        call("cuStreamWaitEvent") { $0.stream_wait(other ?? stream, event, 0) }
    }

    /// Waits until what an event notes is done.
    func synchronize(_ event: cuda_event?) {
        call("cuEventSynchronize") { $0.event_wait(event) }
    }

    /// Ends a stream once all is done that it was asked for.
    func endStream(_ other: cuda_stream?) {
        let driver = libraries.driver
        guard let other, driver.context_set(context) == CUDA_SUCCESS else { return }
        _ = driver.stream_synchronize(other)
        _ = driver.stream_destroy(other)
    }

    func endEvent(_ event: cuda_event?) {
        let driver = libraries.driver
        guard let event, driver.context_set(context) == CUDA_SUCCESS else { return }
        _ = driver.event_destroy(event)
    }

    func clear(_ address: UInt64, bytes: Int) {
        call("cuMemsetD8") { $0.clear(address, 0, bytes, stream) }
    }

    /// Waits until everything that was asked of the card is done.
    package func synchronize() {
        call("cuStreamSynchronize") { $0.stream_synchronize(stream) }
    }

    /// Puts a list where kernels find it until some lists later; the card's places are written in the order of
    /// its stream, so that they may be used again at once.
    func upload<Number>(_ list: [Number]) -> UInt64 {
        let bytes = list.count * MemoryLayout<Number>.stride
        guard bytes > 0 else { return 0 }
        var lists = state.withLock { $0.lists }
        // Lists of one operation must not lie over each other.
        if 3 * bytes > lists.room { lists = makeLists(room: max(Self.listBytes, 4 * bytes), lists) }
        guard let host = lists.host, lists.address != 0 else { return 0 }
        if lists.used + bytes > lists.room {
            // What stands in the host's places may not have been read yet.
            synchronize()
            lists.used = 0
        }
        let offset = lists.used
        lists.used += (bytes + 255) / 256 * 256
        state.withLock { [lists] in $0.lists = lists }
        list.withUnsafeBytes { from in
            guard let base = from.baseAddress else { return }
            // SAFETY: `offset` and the list's bytes lie in the room that was made.
            (host + offset).copyMemory(from: base, byteCount: bytes)
        }
        copyIn(host + offset, count: bytes, to: lists.address + UInt64(offset))
        return lists.address + UInt64(offset)
    }

    private func makeLists(room: Int, _ old: Lists) -> Lists {
        give(old)
        var fresh = Lists(address: allocate(bytes: room))
        fresh.bytes = room
        fresh.host = allocateHost(bytes: room)
        fresh.room = fresh.address != 0 && fresh.host != nil ? room : 0
        state.withLock { [fresh] in $0.lists = fresh }
        return fresh
    }

    private func give(_ lists: Lists) {
        if lists.address != 0 { release(lists.address, bytes: lists.bytes) }
        if let host = lists.host { releaseHost(host) }
    }

    // MARK: - Kernels

    /// Measures every kernel from here on, one after another, which takes longer than they take together.
    package func measure() { state.withLock { $0.times = [:] } }

    /// The seconds of each kernel since `measure`, longest first.
    package var times: [(kernel: String, starts: Int, seconds: Double)] {
        (state.withLock { $0.times } ?? [:]).map {
            ($0.key, $0.value.starts, $0.value.seconds)
        }
        .sorted { $0.seconds > $1.seconds }
    }

    /// Starts a kernel.
    func launch(
        _ kernel: CUDAKernel, grid: (Int, Int), threads: Int, _ arguments: [any KernelArgument]
    ) {
        guard grid.0 > 0, grid.1 > 0 else { return }
        // Every argument on a multiple of 8 bytes, whatever its size.
        var words: [UInt64] = []
        var places: [Int] = []
        for argument in arguments { Self.append(argument, to: &words, &places) }
        let index = kernel.index
        measured(kernel.rawValue) {
            words.withUnsafeMutableBytes { bytes in
                // SAFETY: the driver copies the arguments before it returns.
                var pointers = places.map { bytes.baseAddress?.advanced(by: $0 * 8) }
                call(kernel.rawValue) { driver in
                    driver.launch(
                        functions[index], UInt32(grid.0), UInt32(grid.1), 1, UInt32(threads), 1, 1,
                        UInt32(kernel.sharedBytes(capability: capability)), stream, &pointers, nil)
                }
            }
        }
    }

    /// Does what starts a kernel, and adds up its seconds if kernels are measured.
    func measured(_ kernel: String, _ start: () -> Void) {
        guard state.withLock({ $0.times != nil }) else { return start() }
        synchronize()
        let began = monotonicSeconds()
        start()
        synchronize()
        let seconds = monotonicSeconds() - began
        state.withLock { state in
            state.times?[kernel, default: (0, 0)].starts += 1
            state.times?[kernel, default: (0, 0)].seconds += seconds
        }
    }

    private static func append<Argument: KernelArgument>(
        _ argument: Argument, to words: inout [UInt64], _ places: inout [Int]
    ) {
        places.append(words.count)
        var own = [UInt64](repeating: 0, count: (MemoryLayout<Argument>.size + 7) / 8)
        own.withUnsafeMutableBytes { to in
            withUnsafeBytes(of: argument) { to.copyMemory(from: $0) }
        }
        words += own
    }
}
