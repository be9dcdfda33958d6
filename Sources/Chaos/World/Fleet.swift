/// The processes of the product in a world.
package final class Fleet: Sendable {
    /// Processes of `lastcall serve`.
    package let apis: [Member]
    /// Processes of `lastcall work`.
    package let workers: [Member]

    /// Describes a fleet; starts nothing.
    ///
    /// - Parameters:
    ///   - setup: how many of each.
    ///   - environment: the settings of all.
    package init(_ setup: WorldSetup, environment: [String: String]) {
        apis = (0..<setup.apis).map { Member(.api, $0, environment: environment) }
        workers = (0..<setup.workers).map { Member(.worker, $0, environment: environment) }
    }

    /// All of them.
    package var members: [Member] { apis + workers }

    /// Starts those that do not run, side by side, and waits until all are ready.
    ///
    /// - Throws: where one is not.
    package func start() async throws {
        for member in members where !member.isRunning { try member.launch() }
        for member in members { try await member.waitUntilReady() }
    }

    /// Ends all of them at once as a power failure would.
    package func kill() async {
        for member in members { member.signal(9) }
        for member in members { await member.kill() }
    }

    /// Asks all of them to stop, and waits for that.
    ///
    /// - Returns: those that did not end with exit status 0.
    @discardableResult
    package func stop() async -> [Member] {
        for member in members { member.signal(15) }
        var unclean: [Member] = []
        for member in members where await !member.stop() { unclean.append(member) }
        return unclean
    }
}
