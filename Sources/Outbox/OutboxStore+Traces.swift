public import LogoutModel
import PostgresClient

extension OutboxStore {
    /// Where in their traces some events were accepted; one without a trace is left out.
    public func traces(of events: Set<IssuerEvent>) async throws -> [IssuerEvent: TraceContext] {
        let asked = Array(events)
        return try await perform { connection in
            let rows = try connection.query(
                .eventTraces,
                .int4Array(asked.map(\.issuerKey)),
                .uuidArray(asked.map(\.id.uuid))
            )
            var traces: [IssuerEvent: TraceContext] = [:]
            for row in rows {
                var columns = ColumnReader(row)
                let issuer = try columns.int4()
                guard let id = LogoutEventID(try columns.uuid()), let text = try columns.optionalText() else {
                    continue
                }
                traces[IssuerEvent(issuerKey: issuer, id: id)] = TraceContext(stored: text)
            }
            return traces
        }
    }
}
