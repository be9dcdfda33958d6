/// The labels of one series, in their canonical text.
struct MetricLabels {
    /// The most UTF-8 bytes of a value; longer ones are cut between two characters.
    static let longestValue = 256

    private let pairs: [(name: String, value: String)]

    /// `a="x",b="y"`, escaped and sorted by name; the identity of a series. Empty without labels.
    let text: [UInt8]

    /// Cleans and sorts dimensions. Of several with one name the first counts.
    init(_ dimensions: [(String, String)]) {
        var pairs: [(name: String, value: String)] = []
        for (label, value) in dimensions {
            let name = MetricName.label(label)
            if pairs.contains(where: { $0.name == name }) { continue }
            pairs.append((name, Self.cut(value)))
        }
        self.init(sorted: pairs.sorted { $0.name < $1.name })
    }

    private init(sorted pairs: [(name: String, value: String)]) {
        var text: [UInt8] = []
        for (name, value) in pairs {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text += "\(name)=\"".utf8
            PrometheusText.append(value, escapingQuotes: true, to: &text)
            text.append(UInt8(ascii: "\""))
        }
        self.pairs = pairs
        self.text = text
    }

    /// The same names, each with the value `other`.
    var folded: MetricLabels {
        MetricLabels(sorted: pairs.map { ($0.name, "other") })
    }

    private static func cut(_ value: String) -> String {
        guard value.utf8.count > longestValue else { return value }
        var kept = String.UnicodeScalarView()
        var bytes = 0
        for scalar in value.unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > longestValue { break }
            kept.append(scalar)
        }
        return String(kept)
    }
}
