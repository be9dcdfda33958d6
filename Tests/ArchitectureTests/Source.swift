import FoundationEssentials

/// A file of this package.
struct Source {
    /// From the package's folder.
    let path: String
    let text: String

    private static let root = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }

    /// The text of one file.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    /// Every file with one of these endings below a folder, in order.
    static func all(below folder: String, _ endings: [String] = [".swift"]) throws -> [Source] {
        try FileManager.default.subpathsOfDirectory(atPath: "\(root)/\(folder)").sorted()
            .filter { path in endings.contains(where: path.hasSuffix) }
            .map { Source(path: "\(folder)/\($0)", text: try text("\(folder)/\($0)")) }
    }

    /// The modules that it imports.
    var imports: [String] {
        text.split(separator: "\n").compactMap { line in
            let pattern =
                /^(?:@\w+ )?(?:public |internal |package )?import (?:struct |class |enum |func )?(\w+)/
            return line.firstMatch(of: pattern).map { String($0.output.1) }
        }
    }

    /// Its lines without comments.
    var code: String {
        text.split(separator: "\n").map { line in
            line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
        }
        .joined(separator: "\n")
    }
}
