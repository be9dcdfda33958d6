import StrictJSON

/// What an import has come to, over the calls that it took.
struct ImportReport {
    /// More failures than this are only counted, as in one call.
    static let maximumErrors = 1_000

    private(set) var imported = 0
    private(set) var failed = 0
    private(set) var errors: [JSON] = []

    /// Adds a call's answer, whose lines are counted from the beginning of its part.
    mutating func add(_ answer: JSON, linesBefore: Int) {
        imported += answer["imported"]?.int ?? 0
        failed += answer["failed"]?.int ?? 0
        for error in (answer["errors"]?.elements ?? []).prefix(Self.maximumErrors - errors.count) {
            errors.append(
                JSON.object(of: [
                    ("line", error["line"]?.int.map { .int($0 + linesBefore) }),
                    ("code", error["code"]), ("detail", error["detail"]),
                ])
            )
        }
    }

    /// Prints it: JSON for programs, a table of what failed for people.
    func show(_ api: Operator) {
        if api.printsJSON {
            return api.show(
                JSON.object(of: [
                    ("imported", .int(imported)), ("failed", .int(failed)),
                    ("errors", .array(errors)),
                ])
            )
        }
        print("\(imported) imported, \(failed) failed")
        if !errors.isEmpty { api.show(errors, columns: ["line", "code", "detail"]) }
    }
}
