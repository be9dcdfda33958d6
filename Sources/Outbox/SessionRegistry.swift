public import LogoutModel

/// Who is logged in where: writes of participations, committed in groups.
public final class SessionRegistry: Sendable {
    /// The most participations in one commit of an import.
    public static let importBatch = 500

    private let recording: GroupCommit<Participation, Recording>
    private let ending: GroupCommit<ParticipationEnd, Int>
    private let importing: GroupCommit<[Participation], [Result<Recording, any Error>]>

    /// A registry in front of a store.
    ///
    /// `maximumWaiting`: more calls of a kind than this are refused rather than queued.
    public init(store: OutboxStore, maximumWaiting: Int) {
        var limits = GroupLimits(waiting: maximumWaiting)
        limits.answerWithin = store.deadline
        let recording = GroupCommit<Participation, Recording>(limits: limits) { try await store.record($0) }
        self.recording = recording
        ending = GroupCommit(limits: limits) { try await store.end($0) }
        // However many imports run, two connections at most are theirs.
        var batches = limits
        batches.requests = 1
        batches.answerWithin = nil
        importing = GroupCommit(limits: batches) { batches in
            var answers: [[Result<Recording, any Error>]] = []
            for batch in batches { answers.append(await recording.submit(all: batch)) }
            return answers
        }
    }

    /// Records one participation; returns once it is durable.
    ///
    /// `spent`: what the caller has waited already, of the time in which it is answered.
    /// - Throws: ``OutboxError/overloaded(waiting:)``, or ``PostgresError``.
    public func record(_ participation: Participation, spent: Duration = .zero) async throws -> Recording {
        try await recording.submit(participation, spent: spent)
    }

    /// Ends participations without telling their RPs; returns how many, once that is durable.
    ///
    /// `spent`: as with ``record(_:spent:)``.
    /// - Throws: ``OutboxError/overloaded(waiting:)``, or ``PostgresError``.
    public func end(_ end: ParticipationEnd, spent: Duration = .zero) async throws -> Int {
        try await ending.submit(end, spent: spent)
    }

    /// Records up to ``importBatch`` participations of one caller, when it is their turn; each is answered for itself.
    ///
    /// - Throws: ``OutboxError/overloaded(waiting:)``.
    public func `import`(_ batch: [Participation]) async throws -> [Result<Recording, any Error>] {
        try await importing.submit(batch)
    }
}
