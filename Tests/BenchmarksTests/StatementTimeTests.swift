import Benchmarks
import Testing

@Suite("Times of statements")
struct StatementTimeTests {
    @Test("executions of prepared statements are found by their names, with their times")
    func executions() {
        let log = """
            2026-01-01 00:00:00.000 UTC [1] LOG:  duration: 0.127 ms  bind 7_claim: -- Claim due
            2026-01-01 00:00:00.000 UTC [1] LOG:  duration: 12.5 ms  execute 7_claim: -- Claim due
            \tselect 1
            2026-01-01 00:00:00.000 UTC [1] LOG:  duration: 3.25 ms  execute 12_settle: -- Settle
            2026-01-01 00:00:00.000 UTC [1] LOG:  duration: 9 ms  statement: begin
            """
        #expect(
            StatementTime.all(in: log).map(\.statement) == ["claim", "settle"]
                && StatementTime.all(in: log).map(\.milliseconds) == [12.5, 3.25]
        )
    }
}
