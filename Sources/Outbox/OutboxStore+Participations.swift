public import LogoutModel
import PostgresClient

/// What became of one participation in a batch.
public enum Recording: Sendable {
    /// It is new.
    case created(RecordedParticipation)
    /// It was there, and says this now.
    case changed(RecordedParticipation)
    /// Its issuer has no such client.
    case noClient
    /// Its `expires_at` is past, on the database clock.
    case expired
}

extension OutboxStore {
    /// Records a batch in one commit; of two for one participation the later one holds.
    ///
    /// - Returns: an answer for each in its place.
    /// - Throws: ``PostgresError``; with `outcomeUnknown` the batch may have been recorded, and a repetition is harmless.
    public func record(_ batch: [Participation]) async throws -> [Recording] {
        let parameters: [PostgresValue] = [
            .int4Array(batch.map(\.issuerKey)),
            .textArray(batch.map(\.sessionID)),
            .textArray(batch.map(\.clientID)),
            .textArray(batch.map(\.sid)),
            .textArray(batch.map(\.sub)),
            .textArray(batch.map(\.userID)),
            .textArray(batch.map(\.userAgentID)),
            .timestampArray(batch.map { $0.expiresAt?.microseconds }),
        ]
        return try await repeating { connection in
            let rows = try connection.query(.participationsRecord, parameters: parameters)
            return try zip(batch, rows).map { participation, row in
                var columns = ColumnReader(row)
                return try columns.recording(of: participation)
            }
        }
    }

    /// Ends a batch in one commit, without telling the RPs.
    ///
    /// - Returns: how many each has ended, in its place.
    /// - Throws: ``PostgresError``; with `outcomeUnknown` they may have ended.
    public func end(_ batch: [ParticipationEnd]) async throws -> [Int] {
        let parameters: [PostgresValue] = [
            .int4Array(batch.map(\.issuerKey)),
            .textArray(batch.map(\.sessionID)),
            .textArray(batch.map(\.clientID)),
            .textArray(batch.map(\.sid)),
        ]
        return try await repeating { connection in
            var ended = [Int](repeating: 0, count: batch.count)
            for row in try connection.query(.participationsEnd, parameters: parameters) {
                var columns = ColumnReader(row)
                let place = try columns.int() - 1
                ended[place] = try columns.int()
            }
            return ended
        }
    }

    /// Open participations, newest first, each with its place in the list.
    ///
    /// `before`: the place where the page before ended.
    public func participations(
        _ filter: ParticipationFilter,
        before place: Int64?,
        limit: Int,
        of issuer: Int32
    ) async throws -> [(place: Int64, recorded: RecordedParticipation)] {
        try await reading(for: issuer) { connection in
            try connection.query(
                .participationsList,
                .optionalText(filter.sessionID),
                .optionalText(filter.sid),
                .optionalText(filter.sub),
                .optionalText(filter.userID),
                .optionalText(filter.userAgentID),
                .optionalText(filter.clientID),
                .optionalInt8(place),
                .int4(Int32(limit))
            ).map { row in
                var columns = ColumnReader(row)
                return (try columns.int8(), try columns.participation(of: issuer))
            }
        }
    }
}

extension ColumnReader {
    fileprivate mutating func recording(of participation: Participation) throws -> Recording {
        switch try text() {
        case "created": .created(RecordedParticipation(participation, createdAt: try time()))
        case "changed": .changed(RecordedParticipation(participation, createdAt: try time()))
        case "no_client": .noClient
        case "expired": .expired
        case let word: throw OutboxError.unknownWord(word)
        }
    }

    fileprivate mutating func participation(of issuer: Int32) throws -> RecordedParticipation {
        let sessionID = try text()
        let clientID = try text()
        let sub = try text()
        let participation = Participation(
            issuerKey: issuer,
            sessionID: sessionID,
            clientID: clientID,
            sub: sub,
            sid: try optionalText(),
            userID: try optionalText(),
            userAgentID: try optionalText(),
            expiresAt: try optionalTime()
        )
        return RecordedParticipation(participation, createdAt: try time())
    }
}
