import PostgresClient
import Testing

@Suite("SQLSTATE")
struct SQLStateTests {
    @Test(
        "a code belongs to the class of its first two characters",
        arguments: [
            ("08006", SQLState.Category.connectionException),
            ("22P05", .dataException),
            ("23505", .integrityConstraint),
            ("25006", .readOnly),
            ("25P02", .invalidTransactionState),
            ("40P01", .transactionRollback),
            ("42601", .syntaxOrAccess),
            ("53300", .insufficientResources),
            ("54000", .programLimit),
            ("55P03", .objectState),
            ("57014", .operatorIntervention),
            ("LC400", .other),
            ("", .other),
        ]
    )
    func category(code: String, expected: SQLState.Category) {
        #expect(SQLState(code).category == expected)
    }

    @Test(
        "only trouble that passes by itself is worth a retry",
        arguments: [
            ("08006", true), ("25006", true), ("25P02", false), ("25P03", true), ("40001", true),
            ("40P01", true), ("53100", true), ("53300", true), ("55006", true), ("55000", false),
            ("55P03", true), ("57014", true), ("57P01", true), ("57P03", true), ("57P04", false),
            ("58030", true), ("58P01", false), ("22003", false), ("23505", false), ("42P01", false),
            ("54000", false), ("LC409", false),
        ]
    )
    func transient(code: String, expected: Bool) {
        #expect(SQLState(code).isTransient == expected)
    }
}
