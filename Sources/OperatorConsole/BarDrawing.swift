/// Bars on a line, as SVG that is stretched to whatever room there is.
struct BarDrawing {
    private static let step = 10.0

    private let width: Double
    private let height: Double
    private var shapes = ""

    init(count: Int, height: Double) {
        width = Double(count) * Self.step
        self.height = height
    }

    /// A faint line across.
    mutating func line(at y: Double) {
        shapes += "<line class=\"grid\" x1=\"0\" x2=\"\(width)\" y1=\"\(y)\" y2=\"\(y)\"/>"
    }

    /// A bar; whatever happened is seen, however little it was beside the rest.
    mutating func bar(_ kind: String, _ place: Int, above base: Double, height: Double) {
        let shown = max(height, 2)
        let top = max(0, self.height - base - shown)
        let numbers = [Double(place) * Self.step + 1, top, Self.step - 2, shown].map {
            ($0 * 100).rounded() / 100
        }
        shapes +=
            "<rect class=\"\(kind)\" x=\"\(numbers[0])\" y=\"\(numbers[1])\" width=\"\(numbers[2])\" height=\"\(numbers[3])\"/>"
    }

    var svg: String {
        "<svg class=\"chart\" viewBox=\"0 0 \(width) \(height)\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">"
            + shapes + "</svg>"
    }
}
