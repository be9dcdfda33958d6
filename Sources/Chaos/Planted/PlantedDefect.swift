/// A deliberate defect of the product: text that is replaced, and who must notice.
///
/// ```text
/// What is wrong, as a sentence without its full stop
/// fault: worker-frozen
/// check: each POST has its attempt
///
/// @@ sql/queries/settle.sql
///  a line that stays
/// -a line that goes
/// +a line that comes
/// ```
///
/// `fault` names the scenario that must fail, or `tests` a filter of `swift test`; each `check` is the beginning of one that
/// may tell, and one of them must. What goes and stays together must be there exactly once.
package struct PlantedDefect: Sendable, Hashable {
    /// Text of one file that is replaced.
    package struct Substitution: Sendable, Hashable {
        /// The file, from the root of the sources.
        package let path: String
        /// What is there.
        package let old: String
        /// What comes there.
        package let new: String
    }

    /// What is run against the planted product.
    package enum Proof: Sendable, Hashable {
        /// A fault of the chaos harness.
        case fault(String)
        /// Tests, by a filter.
        case tests(String)
    }

    /// As its file is called.
    package let name: String
    /// What is wrong.
    package let sentence: String
    /// Who must notice.
    package let proof: Proof
    /// How the checks begin that may tell.
    package let checks: [String]
    /// What is replaced.
    package let substitutions: [Substitution]
}

extension PlantedDefect {
    /// Reads one.
    ///
    /// - Parameters:
    ///   - name: as its file is called.
    ///   - text: of the file.
    /// - Throws: where a line is not understood or something is missing.
    package init(name: String, text: String) throws(ChaosError) {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        guard let sentence = lines.popFirst(), !sentence.isEmpty else {
            throw ChaosError("\(name): no sentence")
        }
        var proof: Proof?
        var checks: [String] = []
        var hunks: [Hunk] = []
        for line in lines where !line.isEmpty {
            let rest = String(line.dropFirst())
            switch line.first {
            case "@": hunks.append(Hunk(path: String(line.dropFirst(3))))
            case " " where !hunks.isEmpty: hunks[hunks.count - 1].add(rest, isOld: true, isNew: true)
            case "-" where !hunks.isEmpty: hunks[hunks.count - 1].add(rest, isOld: true, isNew: false)
            case "+" where !hunks.isEmpty: hunks[hunks.count - 1].add(rest, isOld: false, isNew: true)
            default:
                let words = line.split(separator: ":", maxSplits: 1).map { String($0.drop { $0 == " " }) }
                switch (words.first, words.last) {
                case ("fault", let value?): proof = .fault(value)
                case ("tests", let value?): proof = .tests(value)
                case ("check", let value?): checks.append(value)
                default: throw ChaosError("\(name): \(line)")
                }
            }
        }
        guard let proof, !hunks.isEmpty else { throw ChaosError("\(name): no proof, or nothing to replace") }
        if case .fault = proof, checks.isEmpty { throw ChaosError("\(name): no check") }
        self.init(
            name: name,
            sentence: String(sentence),
            proof: proof,
            checks: checks,
            substitutions: hunks.map(\.substitution)
        )
    }

    /// The files that it changes, with their new texts.
    ///
    /// - Parameter read: gives the text of a file.
    /// - Returns: each by its path.
    /// - Throws: where what is to be replaced is not there exactly once.
    package func planted(in read: (String) throws -> String) throws -> [String: String] {
        var texts: [String: String] = [:]
        for substitution in substitutions {
            let text = try texts[substitution.path] ?? read(substitution.path)
            let places = text.ranges(of: substitution.old)
            guard let place = places.first, places.count == 1 else {
                throw ChaosError(
                    "\(name): \(substitution.path) has \(places.count) times:\n\(substitution.old)"
                )
            }
            texts[substitution.path] = text.replacingCharacters(in: place, with: substitution.new)
        }
        return texts
    }
}

/// The lines under one `@@`.
private struct Hunk {
    let path: String
    private var old: [String] = []
    private var new: [String] = []

    init(path: String) { self.path = path }

    mutating func add(_ line: String, isOld: Bool, isNew: Bool) {
        if isOld { old.append(line) }
        if isNew { new.append(line) }
    }

    var substitution: PlantedDefect.Substitution {
        PlantedDefect.Substitution(
            path: path,
            old: old.joined(separator: "\n") + "\n",
            new: new.map { $0 + "\n" }.joined()
        )
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        self[..<range.lowerBound] + text + self[range.upperBound...]
    }
}
