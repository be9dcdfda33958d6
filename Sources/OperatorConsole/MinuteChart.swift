/// Bars by the minute, as SVG. Numbers alone go in, so nothing has to be escaped; colours are the stylesheet's.
struct MinuteChart {
    /// One minute; its place counts from the left.
    struct Bar {
        let place: Int
        let good: Int
        let bad: Int
    }

    let bars: [Bar]
    let count: Int

    private static let height = 100.0

    /// The drawing, and what stands beside it: text in it would be stretched with it.
    var view: View {
        let most = Self.rounded(bars.map { $0.good + $0.bad }.max() ?? 0)
        var drawing = BarDrawing(count: count, height: Self.height)
        drawing.line(at: Self.height / 2)
        for bar in bars {
            let good = Self.height * Double(bar.good) / Double(most)
            let bad = Self.height * Double(bar.bad) / Double(most)
            if bar.good > 0 { drawing.bar("good", bar.place, above: 0, height: good) }
            if bar.bad > 0 { drawing.bar("bad", bar.place, above: good, height: bad) }
        }
        return [
            "svg": drawing.svg, "most": ViewMaker.grouped(most), "begin": "-\(count) min",
            "middle": "-\(count / 2) min",
            "end": "now",
        ]
    }

    /// The next number that people like: what the axis ends at.
    private static func rounded(_ most: Int) -> Int {
        var scale = 1
        while scale * 10 < most { scale *= 10 }
        return [2, 4, 6, 8, 10].map { $0 * scale }.first { $0 >= most } ?? most
    }
}
