public import FoundationEssentials
public import LogoutModel
import PostgresClient

/// A probe that waits to be taken.
public struct AskedProbe: Sendable {
    /// Its row.
    public let id: UUID
    /// How long its attempt may take, in seconds.
    public let timeoutSeconds: Double
}

/// A probe that this worker has taken.
public struct TakenProbe: Sendable {
    /// Its row.
    public let id: UUID
    /// The client's row.
    public let clientKey: Int32
    /// The version of the client's row when it was taken.
    public let clientVersion: Int64
    /// The version of the issuer's row when it was taken.
    public let issuerVersion: Int64
}

/// What a probe met.
public struct ProbeResult: Sendable, Hashable {
    /// As an attempt's.
    public let outcome: AttemptOutcome
    /// The status of the RP's answer.
    public let httpStatus: Int?
    /// From beginning to end, in milliseconds.
    public let latencyMilliseconds: Int?
    /// The `error` of the RP's answer, bounded.
    public let error: String?
    /// The `error_description` of the RP's answer, bounded.
    public let errorDescription: String?

    /// A result of these parts.
    public init(
        outcome: AttemptOutcome,
        httpStatus: Int? = nil,
        latencyMilliseconds: Int? = nil,
        error: String? = nil,
        errorDescription: String? = nil
    ) {
        self.outcome = outcome
        self.httpStatus = httpStatus
        self.latencyMilliseconds = latencyMilliseconds
        self.error = error
        self.errorDescription = errorDescription
    }
}

/// How a probe stands.
public enum ProbeState: Sendable, Hashable {
    /// No worker has it.
    case waiting
    /// A worker has it.
    case taken
    /// It is over.
    case finished(ProbeResult)
}

extension OutboxStore {
    /// Asks for a probe of a client.
    ///
    /// `patience`: how long a worker has to take it, in seconds.
    /// - Returns: `nil` where the client has no `backchannel_logout_uri`.
    /// - Throws: ``OutboxError/notFound`` without the client.
    public func askForProbe(
        of clientID: String,
        issuer: Int32,
        actor: String,
        usualTimeout: Double,
        patience: Double
    ) async throws -> AskedProbe? {
        try await changing(for: issuer) { connection in
            let rows = try connection.query(
                .probeAdd,
                .text(clientID),
                .text(actor),
                .float8(usualTimeout),
                .float8(patience)
            )
            guard let row = rows.first else { throw OutboxError.notFound }
            var columns = ColumnReader(row)
            guard let id = try columns.optionalUUID() else { return nil }
            return AskedProbe(id: id, timeoutSeconds: try row.float8(1))
        }
    }

    /// How a probe stands; `nil` where it is gone.
    public func probe(_ id: UUID, of issuer: Int32) async throws -> ProbeState? {
        try await reading(for: issuer) { connection in
            try connection.query(.probeGet, .uuid(id)).first.map { row in
                var columns = ColumnReader(row)
                let isTaken = try columns.bool()
                guard let text = try columns.optionalText() else { return isTaken ? .taken : .waiting }
                guard let outcome = AttemptOutcome(rawValue: text) else {
                    throw OutboxError.unknownWord(text)
                }
                return .finished(
                    ProbeResult(
                        outcome: outcome,
                        httpStatus: try columns.optionalInt2(),
                        latencyMilliseconds: try columns.optionalInt(),
                        error: try columns.optionalText(),
                        errorDescription: try columns.optionalText()
                    )
                )
            }
        }
    }

    /// Withdraws a probe that nobody has taken.
    ///
    /// - Returns: whether it was withdrawn, and so is never sent; otherwise a worker has it.
    public func withdrawProbe(_ id: UUID, of issuer: Int32) async throws -> Bool {
        try await changing(for: issuer) { connection in
            try !connection.query(.probeWithdraw, .uuid(id)).isEmpty
        }
    }

    /// Takes probes that wait; each is taken once.
    public func takeProbes(limit: Int, worker: Int32, usualTimeout: Double) async throws -> [TakenProbe] {
        try await perform { connection in
            try connection.query(.probeTake, .int4(worker), .int4(Int32(limit)), .float8(usualTimeout)).map {
                row in
                var columns = ColumnReader(row)
                return TakenProbe(
                    id: try columns.uuid(),
                    clientKey: try columns.int4(),
                    clientVersion: try columns.int8(),
                    issuerVersion: try columns.int8()
                )
            }
        }
    }

    /// Writes down what a probe met, with its audit event.
    ///
    /// `worker`: who took it; `nil` where that worker never said what became of it.
    /// - Returns: whether it was open until now.
    @discardableResult
    public func finishProbe(_ id: UUID, worker: Int32?, _ result: ProbeResult) async throws -> Bool {
        try await repeating { connection in
            try !connection.query(
                .probeFinish,
                .uuid(id),
                worker.map { .int4($0) } ?? .null,
                .text(result.outcome.rawValue),
                result.httpStatus.map { .int2(Int16(clamping: $0)) } ?? .null,
                result.latencyMilliseconds.map { .int4(Int32(clamping: $0)) } ?? .null,
                .optionalText(result.error),
                .optionalText(result.errorDescription)
            ).isEmpty
        }
    }

    /// Deletes probes of more than a day ago.
    ///
    /// - Returns: how many went; fewer than `limit` means that none is left.
    public func forgetProbes(limit: Int = 1_000) async throws -> Int {
        try await perform { connection in try connection.query(.probesForget, .int4(Int32(limit))).count }
    }
}
