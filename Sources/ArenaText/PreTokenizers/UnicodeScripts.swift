// `UnicodeScripts`: cuts where the script changes. Spaces and characters without a script go with what is
// before them; at the start of a piece they go altogether, as in the reference.

import CArenaText

struct UnicodeScripts: PreTokenizer {
    static let type = "UnicodeScripts"

    init(_ part: FilePart) throws(TokenizerError) {}

    func cut(_ pieces: inout Pieces) {
        pieces.keep { p, start, end, keeper in
            var from = start
            var last: UInt32 = 0
            var i = start
            var length = 0
            while i < end {
                let script = arena_text_script(scalar(p, i, &length))
                if script != 0, script != last {
                    if last != 0 { keeper.keep(p, from, i) }
                    from = i
                    last = script
                }
                i += length
            }
            if last != 0 { keeper.keep(p, from, end) }
        }
    }
}
