/// A table for people: columns as wide as their widest value, two spaces apart.
struct Table {
    let columns: [String]
    let rows: [[String]]

    var text: String {
        guard !rows.isEmpty else { return "none\n" }
        let lines = [columns.map { $0.uppercased() }] + rows
        let widths = columns.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        return lines.map { line in
            let cells = zip(line, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            var text = cells.joined(separator: "  ")
            while text.last == " " { text.removeLast() }
            return text + "\n"
        }.joined()
    }
}
