/// A table for people: columns as wide as their widest value, two spaces apart. On a terminal it fits; anywhere else nothing
/// is cut off.
struct Table {
    let columns: [String]
    let rows: [[String]]
    var screen = Screen.output

    /// No column is cut to less.
    private static let narrowest = 8

    var text: String {
        guard !rows.isEmpty else { return "none\n" }
        let rows = screen.columns == nil ? rows : rows.map { $0.map(Screen.shortened) }
        let lines = [columns.map { $0.uppercased() }] + rows
        let widths = fitted(columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 })
        return lines.enumerated().map { place, line in
            let cells = line.indices.map { column in
                let cut = Self.cut(line[column], to: widths[column])
                let colored = place == 0 ? cut : screen.colored(cut, of: columns[column])
                return column == line.indices.last
                    ? colored : colored + String(repeating: " ", count: widths[column] - cut.count + 2)
            }
            var text = cells.joined()
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }.joined()
    }

    /// The widths, the widest ones taken from until the whole fits.
    private func fitted(_ widths: [Int]) -> [Int] {
        guard let room = screen.columns else { return widths }
        var widths = widths
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - room
        while excess > 0, let widest = widths.max(), widest > Self.narrowest,
            let column = widths.firstIndex(of: widest)
        {
            widths[column] -= 1
            excess -= 1
        }
        return widths
    }

    private static func cut(_ text: String, to width: Int) -> String {
        text.count > width ? String(text.prefix(width - 1)) + "…" : text
    }
}
