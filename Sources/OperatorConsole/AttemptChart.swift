import Outbox

/// How long attempts took, the newest on the right, as SVG.
struct AttemptChart {
    let attempts: [ClientAttempt]

    private static let count = 60
    private static let height = 100.0

    /// What it shows, for those who do not see it.
    var text: String {
        let times = attempts.prefix(Self.count).compactMap(\.latencyMilliseconds)
        guard let most = times.max() else { return "No attempt was made of late." }
        let failed = attempts.prefix(Self.count).count { $0.outcome != "delivered" }
        return
            "The last \(min(attempts.count, Self.count)) attempts took at most \(most) ms; \(failed) of them failed."
    }

    /// The drawing, and what stands beside it.
    var view: View {
        let shown = Array(attempts.prefix(Self.count).reversed())
        let most = Double(max(shown.compactMap(\.latencyMilliseconds).max() ?? 0, 1))
        var drawing = BarDrawing(count: Self.count, height: Self.height)
        drawing.line(at: Self.height / 2)
        for (index, attempt) in shown.enumerated() {
            let height = max(3, Self.height * Double(attempt.latencyMilliseconds ?? 0) / most)
            let kind = attempt.outcome == "delivered" ? "good" : "bad"
            drawing.bar(kind, Self.count - shown.count + index, above: 0, height: height)
        }
        return [
            "svg": drawing.svg, "most": "\(ViewMaker.grouped(Int(most))) ms", "begin": "older",
            "end": "newest",
        ]
    }
}
