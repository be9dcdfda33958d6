import PostgresClient
import Testing

@Suite("Errors")
struct PostgresErrorTests {
    @Test("a description leaves out the detail, which quotes row data")
    func descriptionIsSafe() {
        let error = PostgresError.server(
            sqlState: "23505",
            message: "duplicate key value violates unique constraint",
            detail: "Key (sub)=(alice) already exists.",
            constraint: "clients_pkey"
        )
        #expect(
            error.description
                == "server: 23505 duplicate key value violates unique constraint (constraint clients_pkey)"
        )
    }

    @Test(
        "a retry may help against what passes by itself, not against mistakes",
        arguments: [
            (PostgresError.connection("gone"), true),
            (.outcomeUnknown("gone"), true),
            (.timeout, true),
            (.poolTimeout, true),
            (.queueFull(limit: 1), true),
            (.resources(code: 11), true),
            (.server(sqlState: "40001", message: "", detail: nil, constraint: nil), true),
            (.server(sqlState: "23505", message: "", detail: nil, constraint: nil), false),
            (.closed, false),
            (.commitRolledBack, false),
            (.transactionMisuse(""), false),
            (.statementMisuse(name: ""), false),
            (.invalidText(parameter: 1), false),
            (.configuration(""), false),
            (.migration(.locked), false),
        ]
    )
    func transient(error: PostgresError, expected: Bool) {
        #expect(error.isTransient == expected)
    }
}
