// Layouts: what stands in a row of tokens, piece by piece, and what gives way when it is too long. This
// file is the description; LayoutPlan.swift makes it ready for one tokenizer, Tokenizer+Layout.swift lays
// rows out.

/// The pieces of a row in order, and how many tokens they may have.
package struct Layout: Sendable, Equatable {
    /// A part of a row that comes from the data.
    package struct Part: Sendable, Equatable {
        /// Text before the cell: tokenized with it where the cell is one text, by itself where the cell
        /// is a list of turns.
        package var prefix: String
        /// Which of the columns given to `encodeLayout`.
        package var column: Int
        /// The most tokens of this part, special ones included.
        package var maxTokens: Int?
        /// The part's share of the tokens that there are, from 0 to 1.
        package var share: Double?
        /// What joins turns to one text; nil tokenizes each turn by itself.
        package var separator: String?
        /// Whether the tokenizer's own special tokens stand around the part.
        package var addsSpecial: Bool

        package init(
            prefix: String, column: Int, maxTokens: Int? = nil, share: Double? = nil,
            separator: String? = nil, addsSpecial: Bool = false
        ) {
            self.prefix = prefix
            self.column = column
            self.maxTokens = maxTokens
            self.share = share
            self.separator = separator
            self.addsSpecial = addsSpecial
        }
    }

    /// Texts that take turns: every round has a turn of each column.
    package struct Rounds: Sendable, Equatable {
        /// The text before each turn of a round, and its column.
        package var parts: [(prefix: String, column: Int)]
        /// What stands between rounds.
        package var separator: String
        package var maxTokens: Int?
        package var share: Double?

        package init(
            parts: [(prefix: String, column: Int)], separator: String, maxTokens: Int? = nil,
            share: Double? = nil
        ) {
            self.parts = parts
            self.separator = separator
            self.maxTokens = maxTokens
            self.share = share
        }

        package static func == (a: Rounds, b: Rounds) -> Bool {
            a.separator == b.separator && a.maxTokens == b.maxTokens && a.share == b.share
                && a.parts.elementsEqual(b.parts) { $0 == $1 }
        }
    }

    package enum Piece: Sendable, Equatable {
        /// Text that is never cut.
        case fixed(String)
        /// A special token by its text, or by the name that the tokenizer's files give it, such as
        /// `bos_token`.
        case special(String)
        /// A token by its id.
        case token(Int32)
        case part(Part)
        case rounds(Rounds)
        /// One token a row: the first of the text in a column.
        case label(column: Int)
    }

    /// What stays of a row that is too long.
    package enum Keep: String, CaseIterable, Sendable {
        /// The beginnings of texts.
        case head
        /// Their ends.
        case tail
        /// The last rounds of turns, whole; of the one that no longer fits, the beginning.
        case lastTurns = "last_turns"
        /// The last turn of each part, within the part's own limit; limits hold only then.
        case lastTurn = "last_turn"
    }

    /// Where a row gives way.
    package enum Overflow: String, CaseIterable, Sendable {
        /// At its end: the last part first.
        case tail
        /// At every part, by its length.
        case proportionalTail = "proportional_tail"
    }

    /// What shares are shares of.
    package enum Budget: String, CaseIterable, Sendable {
        /// Of all tokens there are for parts.
        case total
        /// Of what the parts before have left.
        case ofTheRest = "of_the_rest"
        /// Of all, and what a part does not use goes to the next.
        case handedOn = "handed_on"
    }

    /// Which tokens `maxTokens` counts.
    package enum Counts: String, CaseIterable, Sendable {
        /// All of a row: no row is longer.
        case all
        /// Those of the parts, as notebooks count: fixed pieces come on top, and cuts by shares of a
        /// length are rounded down, so that rows may be longer.
        case parts
    }

    /// How pieces become tokens.
    package enum Join: String, CaseIterable, Sendable {
        /// Put together as one text first.
        case text
        /// Each by itself.
        case tokens
    }

    package var pieces: [Piece]
    package var maxTokens: Int?
    package var keep = Keep.head
    package var overflow = Overflow.tail
    package var budget = Budget.total
    package var counts = Counts.all
    /// Nil for what the pieces suggest: texts alone are one text.
    package var join: Join?
    /// The segment (token type) of each piece.
    package var segments: [UInt8]?

    package init(_ pieces: [Piece], maxTokens: Int? = nil) {
        self.pieces = pieces
        self.maxTokens = maxTokens
    }

    /// Whether a piece places special tokens, so that none are put around the row.
    package var placesSpecial: Bool {
        pieces.contains {
            switch $0 {
            case .special, .token, .label: true
            case .part(let part): part.addsSpecial
            case .fixed, .rounds: false
            }
        }
    }

    /// How the pieces become tokens: those of a layout of texts alone as one text, like a template's.
    package var effectiveJoin: Join {
        if let join { return join }
        return placesSpecial || keep == .lastTurns || keep == .lastTurn || counts == .parts
            ? .tokens : .text
    }
}

/// A column that a layout draws on.
package struct LayoutColumn: Sendable {
    package let name: String
    /// Whether cells are lists of turns.
    package let isTurns: Bool
    /// Calls its second argument with the bytes of each text of a row's cell, in order; one for a text
    /// column. They stay valid for the whole of the encoding.
    package let forEachText: @Sendable (Int, (UnsafeRawBufferPointer) -> Void) -> Void

    package init(
        name: String, isTurns: Bool,
        forEachText: @escaping @Sendable (Int, (UnsafeRawBufferPointer) -> Void) -> Void
    ) {
        self.name = name
        self.isTurns = isTurns
        self.forEachText = forEachText
    }

    /// The texts of a row's cell.
    func texts(at row: Int) -> [UnsafeRawBufferPointer] {
        var texts: [UnsafeRawBufferPointer] = []
        forEachText(row) { texts.append($0) }
        return texts
    }
}
