// Text of few different values: a small number for each row and the list of the values, which keeps
// those that no row has.

/// Rows that each hold one of a list of texts.
package struct CategoricalStorage: Sendable {
    /// For each row the place of its text among the categories; nothing may be read under a missing
    /// row.
    package let codes: [Int32]
    /// The texts, in order and each once.
    package let categories: TextStorage

    package init(codes: [Int32], categories: TextStorage) {
        self.codes = codes
        self.categories = categories
    }

    /// The number of rows.
    package var count: Int { codes.count }

    /// A row's text as a string.
    package func string(at row: Int) -> String { categories.string(at: Int(codes[row])) }

    /// The rows in the order given.
    /// - Precondition: every row is in range.
    package func taking(_ rows: some Collection<Int>) -> CategoricalStorage {
        CategoricalStorage(codes: gathered(codes, Array(rows)), categories: categories)
    }

    /// The rows as text, sharing the bytes; a missing row's is empty.
    package func texts(_ validity: Validity?) -> TextStorage {
        let views = codes.indices.map { row in
            validity.map { !$0[row] } ?? false ? TextView.empty : categories.views[Int(codes[row])]
        }
        return TextStorage(views: views, chunks: categories.chunks)
    }
}
