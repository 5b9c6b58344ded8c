// What a checkpoint holds and what can be made of it, from headers alone.

import ArenaCore

/// The tensors of a folder or file, and remarks on the model they make.
package struct CheckpointInspection: Sendable {
    package struct Tensor: Sendable, Equatable {
        package let name: String
        package let type: String
        package let shape: [Int]
        package let bytes: Int
    }

    package let tensors: [Tensor]
    package let remarks: [String]

    /// - Throws: `ModelError` if there are no weights, or a file's description is wrong.
    package init(_ path: String) throws(ModelError) {
        let isAdapter = fileExists(joinPath(path, "adapter_config.json"))
        let isFolder = isDirectory(path)
        let checkpoint =
            isFolder
            ? try Checkpoint(folder: path, name: isAdapter ? "adapter_model" : "model")
            : try Checkpoint(file: path, prefix: "")
        tensors = checkpoint.names.compactMap { name in
            checkpoint.entry(of: name).map {
                Tensor(name: name, type: $0.type, shape: $0.shape, bytes: $0.range.count)
            }
        }
        var remarks: [String] = []
        var sizes: [String: Int] = [:]
        for tensor in tensors { sizes[tensor.type, default: 0] += tensor.bytes }
        let parts = sizes.sorted { $0.value > $1.value }.map { type, bytes in
            "\(type) \(byteSize(bytes))"
        }
        remarks.append("\(counted(tensors.count, "tensor")): " + parts.joined(separator: ", "))
        if isAdapter {
            remarks.append(
                Self.attempt("adapter") { () throws(ModelError) in
                    _ = try Adapter(folder: path)
                })
        } else if isFolder, fileExists(joinPath(path, "config.json")) {
            remarks.append(
                Self.attempt("classifier") { () throws(ModelError) in
                    _ = try Classifier(modelPath: path)
                })
            remarks.append(
                Self.attempt("embedder") { () throws(ModelError) in
                    _ = try Embedder(modelPath: path)
                })
            if checkpoint.contains(SpanReader.key + ".weight") {
                remarks.append(
                    Self.attempt("span_reader") { () throws(ModelError) in
                        _ = try SpanReader(modelPath: path)
                    })
            }
            for (name, causal) in [("causal_lm", true), ("masked_lm", false)] {
                do throws(ModelError) {
                    _ = try VocabularyModel(modelPath: path, causal: causal)
                    remarks.append("\(name): complete")
                } catch {
                    if case .wrongKind = error { continue }
                    remarks.append("\(name): \(error.report.message)")
                }
            }
        } else {
            remarks.append("there is no config.json: weights alone")
        }
        self.remarks = remarks
    }

    private static func attempt(
        _ name: String, _ body: () throws(ModelError) -> Void
    ) -> String {
        do throws(ModelError) {
            try body()
            return "\(name): complete"
        } catch { return "\(name): \(error.report.message)" }
    }
}
