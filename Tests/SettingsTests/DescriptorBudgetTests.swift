import Settings
import Testing

@Suite("Descriptors")
struct DescriptorBudgetTests {
    @Test(
        "connections are shared out in proportion where the system allows fewer descriptors than the settings ask for",
        arguments: [
            // limit, API, kept, others; then API and kept
            (20_000, 10_000, 2_500, 600, 10_000, 2_500), (13_356, 10_000, 2_500, 600, 10_000, 2_500),
            (13_355, 10_000, 2_500, 600, 9_999, 2_499), (1_024, 10_000, 0, 16, 752, 0),
            (1_024, 0, 2_500, 528, 0, 240), (256, 10_000, 2_500, 600, 1, 1), (16, 0, 2_500, 600, 0, 1),
        ]
    )
    func shares(limit: Int, api: Int, kept: Int, others: Int, apiShare: Int, keptShare: Int) {
        let budget = DescriptorBudget(
            limit: limit,
            apiConnections: api,
            keptConnections: kept,
            others: others
        )
        #expect(budget.apiConnections == apiShare && budget.keptConnections == keptShare)
        #expect(budget.isShort == (budget.wanted > limit))
        #expect(budget.wanted == api + kept + others + DescriptorBudget.reserve)
    }
}
