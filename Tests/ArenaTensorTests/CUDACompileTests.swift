// The kernels' text through NVIDIA's own compiler, for every kind of card, where NVRTC is installed. No card is
// needed.

import SimulatedCard
import Testing

@testable import ArenaTensor

@Suite struct CUDACompileTests {
    /// scripts/test puts NVRTC into the build folder where it can.
    static let compiler: CUDACompiler? = {
        do throws(CUDAProblem) {
            return try CUDACompiler { name in
                guard name == "ARENA_CUDA_PATH" else { return environmentValue(name) }
                return "\(SimulatedCard.root)/.build/nvrtc"
            }
        } catch {
            print("not run: the kernels' compilation: \(error.words)")
            return nil
        }
    }()

    @Test(arguments: [75, 80, 86, 89, 90])
    func kernelsCompile(capability: Int) throws {
        guard let compiler = Self.compiler else { return }
        let program = CUDAProgram(capability: capability)
        let (image, log) = compiler.compiled(program, more: ["--ptxas-options=-v"])
        #expect(image != nil, "\(log)")
        var seen: Set<String> = []
        var kernel = ""
        for line in log.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            if line.contains("Compiling entry function"),
                let name = words.first(where: { $0.hasPrefix("'") })
            {
                kernel = name.filter { $0 != "'" }
                seen.insert(kernel)
            }
            if let at = words.firstIndex(of: "spill"), at >= 2 {
                #expect(words[at - 2] == "0", "\(kernel) spills: \(line)")
            }
        }
        #expect(seen == Set(CUDAKernel.allCases.map(\.rawValue)))
        // What a block may ask for on a card of 7.5, and on one of 8.6.
        let limit = capability == 75 ? 65_536 : 101_376
        for kernel in CUDAKernel.allCases {
            #expect(kernel.sharedBytes(capability: capability) <= limit, "\(kernel)")
        }
    }

    /// The driver's language, for cards that the compiler does not know.
    @Test func portableText() throws {
        guard let compiler = Self.compiler else { return }
        let (image, log) = compiler.compiled(CUDAProgram(capability: 75, isPortable: true))
        let text = String(decoding: image ?? [], as: UTF8.self)
        #expect(text.contains(".target sm_75") && text.contains(".entry product_wide"), "\(log)")
        #expect(text.contains("mma.sync.aligned.m16n8k8"))
    }
}
