internal import Benchmarks
internal import FoundationEssentials
internal import Glibc
internal import LastcallTestKit

/// Plays faults, each in a world of its own, and draws up the accounts.
package struct ChaosRun: Sendable {
    /// Whether worlds are small, phases short, and times only told.
    package let isQuick: Bool
    /// The folder for worlds.
    package let base: String
    private let tell: @Sendable (String) -> Void

    /// - Parameters:
    ///   - isQuick: whether worlds are small, phases short, and times only told.
    ///   - base: the folder for worlds, where Postgres's user may pass through.
    ///   - tell: hears what is going on.
    package init(isQuick: Bool, base: String = "/var/tmp", tell: @escaping @Sendable (String) -> Void) {
        (self.isQuick, self.base, self.tell) = (isQuick, base, tell)
    }

    /// Plays one fault under one seed.
    ///
    /// - Parameters:
    ///   - fault: which.
    ///   - seed: of every choice.
    /// - Returns: what it came to.
    /// - Throws: where the machine has no thread.
    package func play(_ fault: any Fault, seed: UInt64) async throws -> FaultReport {
        let thread = try RunnerThread()
        tell("\(fault.name), seed \(seed): \(fault.sentence)")
        return await withTaskExecutorPreference(thread) { await report(fault, seed) }
    }

    private func report(_ fault: any Fault, _ seed: UInt64) async -> FaultReport {
        var report = FaultReport(name: fault.name, sentence: fault.sentence, seed: seed)
        let start = ContinuousClock.now
        do {
            let setup = isQuick ? fault.setup.quick : fault.setup
            let world = try World(setup, seed: seed, isQuick: isQuick, below: base, tell: tell)
            do {
                try await play(fault, in: world, into: &report)
            } catch {
                report.failure = "\(error)"
            }
            report.notes = world.notes
            if !report.isBalanced { report.notes += lastWords(of: world) }
            await world.close()
        } catch {
            report.failure = "\(error)"
        }
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        return report
    }

    private func play(_ fault: any Fault, in world: World, into report: inout FaultReport) async throws {
        try await world.begin()
        let watcher = try EndWatcher(world.postgres)
        do {
            var evidence = Evidence()
            try world.load.start()
            await world.pause(isQuick ? .milliseconds(500) : .seconds(4))
            evidence.baselineBegan = Moment.now
            await world.pause(isQuick ? .seconds(2) : .seconds(12))
            evidence.usage.before = ProcessUsage.read(world)
            tell("\(fault.name): begins")
            world.faultBegan = Moment.now
            try await fault.play(in: world)
            if !fault.expectations.mayEnd { report.checks.append(world.unaskedEnds()) }
            try await world.fleet.start()
            world.faultEnded = Moment.now
            tell(
                "\(fault.name): healed after \(Figures.short(Double(world.faultEnded - world.faultBegan) / 1e9)) s"
            )
            (evidence.faultBegan, evidence.faultEnded) = (world.faultBegan, world.faultEnded)
            await recover(world, &evidence)
            evidence.usage.after = ProcessUsage.read(world)
            evidence.loadEnded = Moment.now
            await world.load.stop()
            await quiet(world, fault.expectations.quiet)
            try Task.checkCancellation()
            await watcher.stop()
            report.checks.append(world.unaskedEnds())
            try await EvidenceReader(world: world).read(into: &evidence, watcher)
            report.checks += world.checks
            let troubles = world.parties.troubles
            report.checks.append(
                Check(
                    "the relying parties did as they were told",
                    troubles.isEmpty,
                    detail: troubles.prefix(3).joined(separator: "; ")
                )
            )
            report.accounts = Accounts(evidence, fault.expectations, judgesTimes: !isQuick)
        } catch {
            await watcher.stop()
            throw error
        }
    }

    /// Load goes on until two windows in a row are as before, for a minute and a bit at most.
    private func recover(_ world: World, _ evidence: inout Evidence) async {
        if isQuick { return await world.pause(.seconds(1)) }
        let book = PostBook()
        let deadline = world.faultEnded + 75_000_000_000
        repeat {
            await world.pause(.milliseconds(2_500))
            evidence.calls = world.load.calls
            evidence.posts = book.read(world.parties)
            evidence.loadEnded = Moment.now
            if Timeline(evidence).recovery(of: evidence) != nil { return }
        } while Moment.now < deadline && !Task.isCancelled
    }

    private func quiet(_ world: World, _ patience: Duration) async {
        let deadline = ContinuousClock.now + patience
        var reader: DatabaseReader?
        while ContinuousClock.now < deadline, !Task.isCancelled {
            if reader == nil { reader = try? DatabaseReader(world.postgres) }
            do { if try reader?.openCount() == 0 { return } } catch { reader = nil }
            await world.pause(.milliseconds(100))
        }
    }

    private func lastWords(of world: World) -> [String] {
        world.fleet.members.flatMap { member in
            member.lines.filter { !$0.contains("\"level\":\"info\"") }.suffix(2)
                .map { "\(member.label): \($0.prefix(300))" }
        }
    }
}

extension World {
    /// That no process has ended that nobody has ended.
    func unaskedEnds() -> Check {
        let ended = fleet.members.filter(\.endedByItself)
        return Check(
            "no process ends by itself",
            ended.isEmpty,
            detail: ended.map { "\($0.label): \($0.lines.suffix(2))" }.joined(separator: "; ")
        )
    }
}
