// Logits to probabilities, with the engine's own softmax so that the bits are the same everywhere.

import ArenaTensor

extension Classifier {
    /// The softmax of each row of logits (rows, labels).
    package static func probabilities(_ logits: [Float], labels: Int) -> [Float] {
        guard labels > 0, !logits.isEmpty else { return [] }
        let buffer = FloatBuffer(count: logits.count)
        // SAFETY: the buffer was made with room for exactly these numbers.
        for (i, x) in logits.enumerated() { buffer.base[i] = x }
        let rows = Tensor(
            buffer: buffer, rows: logits.count / labels, columns: labels, stride: labels)
        CPUBackend().softmax(rows)
        return rows.values
    }
}
