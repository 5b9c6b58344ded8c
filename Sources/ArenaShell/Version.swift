// The one place that knows how far along the program is.

/// The version, as `arenascript version` prints it; `-dev` between releases.
package let arenaVersion = "0.1.0-dev"
