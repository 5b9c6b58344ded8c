// What a journal knows of a run, its steps, inputs, metrics and outputs, as plain values.

import ArenaCore

/// How a run stands.
package enum RunStatus: String, Sendable, CaseIterable {
    case running
    /// To its end, with all its rows.
    case finished
    /// To its end, at its deadline or with rows filled.
    case cut
    case failed
    /// By Ctrl-C.
    case interrupted
    /// By SIGTERM.
    case terminated
    /// Killed, or the machine went down: its process is gone, and nobody said so.
    case lost

    /// Whether the same command goes on with this run's clock.
    var isUnfinished: Bool {
        switch self {
        case .failed, .interrupted, .terminated, .lost: true
        case .running, .finished, .cut: false
        }
    }
}

/// A run as the journal has it. Times are seconds since 1970.
package struct RunRecord: Sendable, Equatable {
    package var id = 0
    /// The script as it was named, and its folder.
    package var script: String
    package var folder: String
    package var scriptDigest: Digest
    package var arguments: [String] = []
    /// What `--set` gave.
    package var settings: [String: String] = [:]
    package var version = ""
    /// The machine and its processor, in words.
    package var machine = ""
    package var process = ProcessMark.own
    package var began: Moment
    /// Seconds that the runs which it goes on with had taken of their time when it began.
    package var spent = 0.0
    /// When the first of the runs that this one goes on with began.
    package var firstStarted: Double
    /// The run that this one goes on with.
    package var continues: Int?
    package var finished: Double?
    package var status = RunStatus.running
    /// When it must be over.
    package var deadline: Double?

    package init(
        script: String, folder: String, scriptDigest: Digest, began: Moment = .now()
    ) {
        self.script = script
        self.folder = folder
        self.scriptDigest = scriptDigest
        self.began = began
        firstStarted = began.wall
    }

    package var started: Double { began.wall }

    /// Seconds since the first start, at a moment of this run.
    package func elapsed(at now: Moment) -> Double { spent + began.seconds(to: now) }

    /// What makes two runs the same command: the script's place, its arguments and settings.
    var command: Digest {
        var hash = SHA256()
        hash.add(joinPath(folder, script))
        for argument in arguments { hash.add(argument) }
        hash.add(-1)
        for (key, value) in settings.sorted(by: { $0.key < $1.key }) {
            hash.add(key)
            hash.add(value)
        }
        return hash.finish()
    }
}

/// One computation of a run: what it was, and where its rows came from.
package struct StepRecord: Sendable, Equatable {
    /// From 1 within the run.
    package var number: Int
    /// In words: "predict_proba gemma-2-9b".
    package var label: String
    package var computation: Digest
    package var facts: [StepFact]
    package var rows = 0
    /// Rows whose results were in the journal.
    package var found = 0
    package var computed = 0
    /// Rows without a result.
    package var missing = 0
    package var tokens = 0
    package var seconds = 0.0
    /// The most memory the process has held by its end.
    package var peakBytes = 0
}

/// A number that a script reports.
package struct MetricRecord: Sendable, Equatable {
    package var name: String
    package var value: Double

    package init(_ name: String, _ value: Double) {
        self.name = name
        self.value = value
    }
}

/// Where the random choices of a run come from.
package struct SeedRecord: Sendable, Equatable {
    /// What has drawn: "train_test_split".
    package var name: String
    package var value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A file that was read, or a script that was loaded.
package struct InputRecord: Sendable, Equatable {
    package var path: String
    package var size: Int
    package var digest: Digest

    package init(path: String, size: Int, digest: Digest) {
        self.path = path
        self.size = size
        self.digest = digest
    }
}

/// A file that was written.
package struct OutputRecord: Sendable, Equatable {
    package var path: String
    package var size: Int
    package var digest: Digest
    /// A submission in a line; empty for other files.
    package var summary: String

    package init(path: String, size: Int, digest: Digest, summary: String) {
        self.path = path
        self.size = size
        self.digest = digest
        self.summary = summary
    }
}

/// A run with all that belongs to it.
package struct RunDetails: Sendable, Equatable {
    package var run: RunRecord
    package var steps: [StepRecord]
    package var metrics: [MetricRecord]
    package var seeds: [SeedRecord]
    package var inputs: [InputRecord]
    package var outputs: [OutputRecord]
}
