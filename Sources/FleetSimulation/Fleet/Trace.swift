/// What happened, kept only where somebody will read it.
struct Trace {
    private struct Line {
        let time: Int
        let place: Int?
        let text: String
    }

    /// The most lines that are shown.
    private static let mostLines = 80

    let isKept: Bool
    private var kept: [Line] = []

    init(isKept: Bool) {
        self.isKept = isKept
    }

    mutating func add(_ text: String, of place: Int?, at time: Int) {
        kept.append(Line(time: time, place: place, text: text))
    }

    /// The last lines about one delivery, among what happened to processes meanwhile.
    func lines(about place: Int?) -> [String] {
        let about = kept.filter { $0.place == nil || $0.place == place || place == nil }
        // What came before the delivery is somebody else's story.
        let from = place.flatMap { place in about.firstIndex { $0.place == place } } ?? about.startIndex
        return about[from...].suffix(Self.mostLines).map { line in
            let milliseconds = line.time / 1_000
            let fraction = String(1_000 + milliseconds % 1_000).dropFirst()
            let subject = line.place.map { "d\($0) " } ?? ""
            return "\(milliseconds / 1_000).\(fraction) s  \(subject)\(line.text)"
        }
    }
}
