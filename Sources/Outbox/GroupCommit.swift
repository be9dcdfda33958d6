import PostgresClient
import Synchronization

/// How much a gate takes in, and how much of it becomes one commit.
public struct GroupLimits: Sendable, Hashable {
    /// The most requests in one commit.
    public var requests = 256
    /// The most that the requests of one commit may weigh, unless a single one weighs more.
    public var weight = Int.max
    /// More requests than this are refused rather than queued.
    public var waiting: Int
    /// How many commits may be under way at once: one as a rule, more where a full group waits or one takes long.
    public var commits = 2
    /// How long a commit is under way before another begins beside it, though no full group waits.
    public var overlap = Duration.milliseconds(20)
    /// How many requests of a refused batch are tried alone at once.
    public var alone = 4
    /// How long a batch that met a lock goes on trying its requests alone; those whose turn has not come by then share
    /// its fate. Callers wait about two seconds for an answer.
    public var patience = Duration.milliseconds(1_500)
    /// How long a request waits for its answer, in the queue and in commits together; as long as it takes where nothing is said.
    public var answerWithin: Duration?

    /// The usual limits.
    public init(waiting: Int) {
        self.waiting = waiting
    }
}

/// Commits requests in groups: those that arrive while a commit is under way share the next one.
///
/// Each request is answered after the commit that holds it. At light load a request commits at once and alone; under
/// load one commit carries many of them, which costs a fraction of a transaction each. Most of what a commit costs does
/// not depend on how much it carries, so a second one beside it, which would halve the groups, begins only where it
/// helps. A request that the database refuses, or whose row somebody else has locked, does not take its neighbours
/// with it.
public final class GroupCommit<Request: Sendable, Answer: Sendable>: Sendable {
    private struct Waiting: Sendable {
        let request: Request
        let reply: Reply<Answer>
        /// When it is answered at the latest.
        let end: ContinuousClock.Instant?

        func answer(_ result: Result<Answer, any Error>) { reply.give(result) }

        func isLate(at now: ContinuousClock.Instant) -> Bool { end.map { $0 <= now } ?? false }
    }

    private enum Step { case refuse(Int), wait, watch(Int), start }

    private struct State {
        var waiting: [Waiting] = []
        var committing = 0
        /// How many commits have begun so far.
        var begun = 0
        /// Whether somebody sees to it that nobody waits for too long.
        var isWatched = false
    }

    private let limits: GroupLimits
    private let weight: @Sendable (Request) -> Int
    private let commit: @Sendable ([Request]) async throws -> [Answer?]
    private let state = Mutex(State())

    /// A gate in front of a commit.
    ///
    /// `weight`: what a request counts towards ``GroupLimits/weight``.
    /// `commit`: commits a batch as a whole or not at all; an answer for each request in its place, `nil` where it
    /// must be asked again.
    public init(
        limits: GroupLimits,
        weight: @escaping @Sendable (Request) -> Int = { _ in 1 },
        commit: @escaping @Sendable ([Request]) async throws -> [Answer?]
    ) {
        self.limits = limits
        self.weight = weight
        self.commit = commit
    }

    /// Commits one request together with whatever else waits; returns once it is durable.
    ///
    /// `spent`: of ``GroupLimits/answerWithin``, what the caller has waited elsewhere already.
    /// - Throws: ``OutboxError/overloaded(waiting:)``, or what the commit threw. Where its time is over before that,
    ///   `PostgresError.poolTimeout` if no commit had begun, else `PostgresError.outcomeUnknown`: the commit goes on.
    public func submit(_ request: Request, spent: Duration = .zero) async throws -> Answer {
        let end = limits.answerWithin.map { ContinuousClock.now + $0 - spent }
        return try await withCheckedThrowingContinuation { continuation in
            enqueue(Waiting(request: request, reply: Reply { continuation.resume(with: $0) }, end: end))
        }
    }

    /// Commits the requests of one caller as a batch of their own, behind nobody; each is answered for itself.
    public func submit(all requests: [Request]) async -> [Result<Answer, any Error>] {
        let answers = Answers<Answer>(count: requests.count)
        let batch = requests.enumerated().map { place, request in
            Waiting(request: request, reply: Reply { answers.put($0, at: place) }, end: nil)
        }
        await settle(batch)
        return answers.all
    }

    /// How many requests wait for a commit to begin.
    public var waiting: Int { state.withLock { $0.waiting.count } }

    private func enqueue(_ waiting: Waiting) {
        let step: Step = state.withLock { state in
            guard state.waiting.count < limits.waiting else { return .refuse(state.waiting.count) }
            state.waiting.append(waiting)
            if state.committing == 0 || state.waiting.count >= limits.requests, begin(&state) {
                return .start
            }
            return state.waiting.count == 1 ? .watch(state.begun) : .wait
        }
        switch step {
        case .refuse(let count): waiting.answer(.failure(OutboxError.overloaded(waiting: count)))
        case .wait: watch()
        case .watch(let begun):
            Task { await self.commitBeside(begun) }
            watch()
        case .start: Task { await self.commitUntilDone() }
        }
    }

    /// Takes a place among the commits, where one is free.
    private func begin(_ state: inout State) -> Bool {
        guard state.committing < limits.commits else { return false }
        state.committing += 1
        return true
    }

    /// Commits what still waits behind the commit of this number when that has been under way for long.
    private func commitBeside(_ begun: Int) async {
        guard limits.commits > 1 else { return }
        try? await Task.sleep(for: limits.overlap)
        let isLate = state.withLock { $0.begun == begun && !$0.waiting.isEmpty && begin(&$0) }
        if isLate { await commitUntilDone(isLate: true) }
    }

    /// Answers those whose time is over while they wait for a commit to begin.
    private func watch() {
        guard limits.answerWithin != nil else { return }
        let isFirst = state.withLock { state in
            defer { state.isWatched = true }
            return !state.isWatched
        }
        guard isFirst else { return }
        Task {
            while true {
                let (late, next) = state.withLock { state -> ([Waiting], ContinuousClock.Instant?) in
                    let now = ContinuousClock.now
                    let late = state.waiting.filter { $0.isLate(at: now) }
                    if !late.isEmpty { state.waiting.removeAll { $0.isLate(at: now) } }
                    let next = state.waiting.lazy.compactMap(\.end).min()
                    state.isWatched = next != nil
                    return (late, next)
                }
                for waiting in late { waiting.answer(.failure(PostgresError.poolTimeout)) }
                guard let next else { return }
                // Whoever comes meanwhile may have less time left.
                try? await Task.sleep(until: min(next, .now + .milliseconds(50)))
            }
        }
    }

    /// Settles a batch whose requests are answered in time, whatever becomes of it.
    private func settleInTime(_ batch: [Waiting]) async {
        guard limits.answerWithin != nil else { return await settle(batch) }
        let clock = Task {
            let ends = batch.compactMap { waiting in waiting.end.map { (waiting, $0) } }
            for (waiting, end) in ends.sorted(by: { $0.1 < $1.1 }) {
                do { try await Task.sleep(until: end) } catch { return }
                waiting.answer(.failure(PostgresError.outcomeUnknown("no answer before the deadline")))
            }
        }
        await settle(batch)
        clock.cancel()
    }

    /// What is committed next; nothing where nobody waits, or too few for a commit beside another that is not late.
    /// `rest`: the number of the last commit, where others wait on behind it.
    private func nextBatch(isLate: Bool) -> (batch: [Waiting], rest: Int?) {
        state.withLock { state in
            let isWorthIt = isLate || state.committing == 1 || state.waiting.count >= limits.requests
            guard isWorthIt, !state.waiting.isEmpty else {
                state.committing -= 1
                return ([], state.waiting.isEmpty ? nil : state.begun)
            }
            state.begun += 1
            var sum = 0
            let batch = state.waiting.prefix(limits.requests).prefix { waiting in
                sum += weight(waiting.request)
                return sum <= limits.weight
            }
            let count = max(1, batch.count)
            let taken = Array(state.waiting.prefix(count))
            state.waiting.removeFirst(count)
            return (taken, state.waiting.isEmpty ? nil : state.begun)
        }
    }

    private func commitUntilDone(isLate: Bool = false) async {
        var isLate = isLate
        while true {
            let (batch, rest) = nextBatch(isLate: isLate)
            if let rest { Task { await self.commitBeside(rest) } }
            guard !batch.isEmpty else { return }
            isLate = false
            await settleInTime(batch)
        }
    }

    private func settle(_ batch: [Waiting], round: Int = 1) async {
        var twins: [Waiting] = []
        do {
            let answers = try await commit(batch.map(\.request))
            for (waiting, answer) in zip(batch, answers) {
                if let answer { waiting.answer(.success(answer)) } else { twins.append(waiting) }
            }
        } catch let error as PostgresError where batch.count > 1 && error.isAboutOneRequest {
            await settleAlone(batch, error)
        } catch {
            for waiting in batch { waiting.answer(.failure(error)) }
        }
        guard !twins.isEmpty else { return }
        // The next statement sees the first of the twins, unless that one failed: a few rounds are plenty.
        guard round < 5 else { return twins.forEach { $0.answer(.failure(PostgresError.timeout)) } }
        await settle(twins, round: round + 1)
    }

    /// One request that the database refuses, or whose row is locked, must not take its neighbours with it.
    private func settleAlone(_ batch: [Waiting], _ error: PostgresError) async {
        let end = error.isLock ? ContinuousClock.now + limits.patience : nil
        await withTaskGroup(of: Void.self) { group in
            for (index, waiting) in batch.enumerated() {
                if index >= limits.alone { await group.next() }
                if let end, ContinuousClock.now >= end {
                    waiting.answer(.failure(error))
                } else {
                    group.addTask { await self.settle([waiting]) }
                }
            }
        }
    }
}

/// Answers one request, once.
private final class Reply<Answer: Sendable>: Sendable {
    private let answer: Mutex<(@Sendable (Result<Answer, any Error>) -> Void)?>

    init(_ answer: @escaping @Sendable (Result<Answer, any Error>) -> Void) {
        self.answer = Mutex(answer)
    }

    func give(_ result: Result<Answer, any Error>) {
        let answer = answer.withLock { answer in
            defer { answer = nil }
            return answer
        }
        answer?(result)
    }
}

/// The answers to one caller's requests, as they come in.
private final class Answers<Answer: Sendable>: Sendable {
    private let places: Mutex<[Result<Answer, any Error>?]>

    init(count: Int) {
        places = Mutex(Array(repeating: nil, count: count))
    }

    func put(_ answer: Result<Answer, any Error>, at place: Int) {
        places.withLock { $0[place] = answer }
    }

    /// Each of them; every request is answered by the time that its batch is settled.
    var all: [Result<Answer, any Error>] {
        places.withLock { $0.map { $0 ?? .failure(PostgresError.timeout) } }
    }
}

extension PostgresError {
    /// Whether nothing was committed, and a request of the batch may be the cause.
    fileprivate var isAboutOneRequest: Bool {
        switch self {
        case .server, .invalidText, .invalidTimestamp, .parameterTooLarge: isLock || !isTransient
        default: false
        }
    }

    /// Whether a row was locked by somebody else for longer than a batch waits (55P03).
    fileprivate var isLock: Bool {
        if case .server("55P03", _, _, _) = self { true } else { false }
    }
}

private func ~= (code: String, state: SQLState) -> Bool {
    state.code == code
}
