// Chat templates: how a model wants a conversation written, in the part of Jinja2 that the known families'
// templates use, rendered as transformers does (blocks take their line, output is as it is).

import ArenaCore

/// A template that has been read.
package struct ChatTemplate: Sendable {
    private let nodes: [ChatNode]

    /// - Throws: `ChatTemplateError` with the line of what is wrong or not supported.
    package init(_ source: String) throws(ChatTemplateError) {
        nodes = try ChatParser.parse(source)
    }

    /// The text for some variables, such as `messages` and `add_generation_prompt`.
    /// - Throws: `ChatTemplateError`, also where the template raises an error itself.
    package func render(_ variables: [String: ChatValue]) throws(ChatTemplateError) -> String {
        var run = ChatRun(variables)
        _ = try run.run(nodes)
        return run.output
    }
}

extension Tokenizer {
    /// The text of a conversation by the tokenizer's own template, or the one of a name.
    /// - Throws: `TokenizerError.chatTemplate`.
    package func renderChat(
        _ variables: [String: ChatValue], template name: String? = nil
    ) throws(TokenizerError) -> String {
        let names = chatTemplates.keys.sorted()
        guard let source = chatTemplates[name ?? "default"] else {
            throw .noChatTemplate(path: path, name: name, known: names)
        }
        var variables = variables
        for (key, token) in namedTokens where variables[key] == nil {
            variables[key] = .string(token)
        }
        do throws(ChatTemplateError) { return try ChatTemplate(source).render(variables) } catch {
            throw .chatTemplate(path: path, line: error.line, message: error.message)
        }
    }
}
