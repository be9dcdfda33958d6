public import Outbox
import StrictJSON

/// What `/readyz` says.
public struct Readiness: Sendable, Hashable {
    /// Whether the process should be given work.
    public var isReady: Bool
    /// `ok` or `unavailable`.
    public var database: String
    /// `current`, `pending`, `incompatible`, `role_missing`, `role_forbidden` or `unknown`.
    public var schema: String
    /// What an acknowledged commit survives; `nil` while the database is away.
    public var durability: DatabaseHealth.Durability?
    /// How much of the past a failover would lose now, in seconds; `nil` while that is not known, or there is no standby.
    public var lossWindowSeconds: Double?
    /// How long the oldest outcome has waited to be recorded; zero where no deliveries are made.
    public var settlerLagSeconds: Double
    /// For how many days after today every partitioned table is prepared; `nil` while that is not known.
    public var partitionDaysAhead: Int?
    /// Rows in default partitions, counted so far; `nil` while that is not known.
    public var defaultPartitionRows: Int?

    /// A state to be shown.
    public init(
        isReady: Bool,
        database: String,
        schema: String,
        durability: DatabaseHealth.Durability?,
        settlerLagSeconds: Double
    ) {
        self.isReady = isReady
        self.database = database
        self.schema = schema
        self.durability = durability
        self.settlerLagSeconds = settlerLagSeconds
    }

    /// The answer to `/readyz`: 200, or 503 with `Retry-After`.
    public var response: APIResponse {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("status", isReady ? "ready" : "unavailable")
            writer.member("database", database)
            writer.member("schema", schema)
            writer.member("durability", durability?.rawValue)
            writer.member("loss_window_seconds", lossWindowSeconds)
            writer.member("settler_lag_seconds", settlerLagSeconds)
            writer.member("partition_days_ahead", partitionDaysAhead)
            writer.member("default_partition_rows", defaultPartitionRows)
        }
        var response = APIResponse(status: isReady ? 200 : 503, body: writer.bytes)
        if !isReady { response.headers.append(("Retry-After", "1")) }
        return response
    }

    /// The answer to `/healthz`: the process is alive.
    public static let alive = APIResponse(status: 200, body: Array(#"{"status":"ok"}"#.utf8))
}

extension LastcallAPI {
    var healthRoutes: [Route] {
        [
            Route("GET", "/healthz", .everyone) { _ in Readiness.alive },
            Route("GET", "/readyz", .everyone) { [readiness] _ in await readiness().response },
        ]
    }
}
