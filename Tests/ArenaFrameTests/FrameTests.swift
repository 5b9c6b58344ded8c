import Testing
@testable import ArenaFrame
