/// Finds the known name that a misspelt one most likely meant.
enum NearestName {
    /// A name that holds the other one, such as `operator_api_key` for `api_key`, comes before a similar one.
    ///
    /// - Parameters:
    ///   - name: as it was written; only its first 80 bytes count.
    ///   - known: at least one name; of equally near ones the first wins.
    /// - Returns: one of the known names.
    static func find(_ name: String, among known: [String]) -> String {
        let written = Array(name.utf8.prefix(80))
        let related = known.filter { name.count >= 4 && ($0.contains(name) || name.contains($0)) }
        let ranked = (related.isEmpty ? known : related).map { (distance(written, Array($0.utf8)), $0) }
        return ranked.min { $0.0 < $1.0 }?.1 ?? ""
    }

    /// The least number of inserted, removed and replaced bytes (Levenshtein), by rows.
    static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (line, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, other) in right.enumerated() {
                let replaced = diagonal + (byte == other ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column + 1] + 1, row[column] + 1)
            }
        }
        return row[right.count]
    }
}
