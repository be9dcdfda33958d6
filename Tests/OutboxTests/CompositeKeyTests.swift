import LastcallSQL
import LastcallTestKit
import Testing

/// Every key begins with the issuer, and every statement names it, or is on a list with the reason.
@Suite("Issuers in keys and statements", .lastcallDatabase)
struct CompositeKeyTests {
    /// Statements on tables that know an issuer which name none, and why that is right.
    static let reviewed: [String: String] = [
        "api_keys_used": "one batch of a process, by ids of keys that were proven",
        "lanes_due": "a worker looks for work of all issuers, by clients",
        "operation_advance": "in the transaction that has taken the operation, by its id",
        "operation_postpone": "by the id of an operation that was taken",
        "probes_forget": "forgets by age alone",
        "seal_counts": "how much of the installation is sealed under which key-encryption key",
    ]

    /// Indexes of such tables that begin with something else, and why that is right.
    static let reviewedIndexes: [String: String] = [
        "api_keys_pkey":
            "a presented key names its id alone; its secret is compared before anything else is known",
        "audit_events_settled": "the stream's reader and the sealers follow all issuers at once",
        "clients_deleted": "of deleted clients, for the sweep",
        "clients_pkey": "a lane of the queue; a client belongs to one issuer for ever",
        "clients_sealed": "resealing goes through the webhook secrets of all issuers",
        "clients_rousing": "of clients whose breaker has closed, for the sweep",
        "delivery_queue_deadline": "the sweep ends what is overdue, of all issuers",
        "delivery_queue_lane": "a claim reads one lane; a client belongs to one issuer for ever",
        "issuers_name_key": "how an issuer is found",
        "operations_pkey": "a step holds the operation that it has taken",
        "operations_running": "steps are taken in turn, of all issuers",
        "participations_check": "the sweep looks for what has expired, of all issuers",
        "participations_client": "everyone at one client, which belongs to one issuer for ever",
        "participations_pkey": "rows that were found through the issuer are locked and deleted by it",
        "probes_pkey": "a worker finishes the probe that it has taken",
        "probes_waiting": "a worker takes what waits, of all issuers",
    ]

    /// What of a statement counts: neither comments nor what stands in quotes.
    private static func words(of text: String) -> String {
        text.replacing(/--[^\n]*/, with: "").replacing(/'[^']*'/, with: "''")
    }

    @Test("a statement on a table that knows an issuer names it, or says here why not")
    func statements() async throws {
        let bench = try await Workbench()
        let tables = try bench.tenantTables() + ["delivery_view", "event_view", "completion_webhooks"]
        var nameless: Set<String> = []
        for query in SQLText.queries {
            let words = Self.words(of: query.text)
            let touches = words.matches(of: /lastcall\.(\w+)/).contains { tables.contains(String($0.1)) }
            if touches, !words.contains("issuer_key") { nameless.insert(query.name) }
        }
        #expect(nameless == Set(Self.reviewed.keys))
    }

    @Test("a statement whose $1 is an issuer looks for that issuer's rows, or writes them")
    func firstParameter() {
        // A turn is a lock and reads no row.
        let queries = SQLText.queries.filter {
            $0.text.contains(/\$1 issuer_key int4[^\[]/) && $0.name != "audit_turn"
        }
        #expect(queries.count > 40)
        for query in queries {
            let words = Self.words(of: query.text)
            let looks = words.contains("issuer_key = $1::int4")
            #expect(looks || words.contains(/(values \(|select )\$1::int4/), "\(query.name)")
        }
    }

    @Test("each key and index of such a table begins with the issuer, or says here why not")
    func indexes() async throws {
        let bench = try await Workbench()
        let others = """
            select i.relname from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class t on t.oid = x.indrelid
            join pg_attribute a on a.attrelid = t.oid and a.attname = 'issuer_key'
            where t.relnamespace = 'lastcall'::regnamespace and not t.relispartition and x.indkey[0] <> a.attnum order by 1
            """
        #expect(try bench.texts(others) == Self.reviewedIndexes.keys.sorted())
    }
}
