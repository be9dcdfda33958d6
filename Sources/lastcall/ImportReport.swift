import StrictJSON

/// What an import has come to, over the calls that it took.
struct ImportReport {
    /// More failures than this are only counted, as in one call.
    static let maximumErrors = 1_000

    private(set) var imported: Int64 = 0
    private(set) var failed: Int64 = 0
    private(set) var errors: [JSON] = []

    /// Adds a call's answer, whose lines are counted from the beginning of its part.
    mutating func add(_ answer: JSON, linesBefore: Int) {
        imported += answer["imported"]?.whole ?? 0
        failed += answer["failed"]?.whole ?? 0
        for error in (answer["errors"]?.elements ?? []).prefix(Self.maximumErrors - errors.count) {
            errors.append(
                JSON.members([
                    ("line", error["line"]?.whole.map { .number(JSONNumber($0 + Int64(linesBefore))) }),
                    ("code", error["code"]), ("detail", error["detail"]),
                ])
            )
        }
    }

    /// Prints it: JSON for programs, a table of what failed for people.
    func show(_ api: Operator) {
        if api.printsJSON {
            return api.show(
                JSON.members([
                    ("imported", .number(JSONNumber(imported))), ("failed", .number(JSONNumber(failed))),
                    ("errors", .array(errors)),
                ])
            )
        }
        print("\(imported) imported, \(failed) failed")
        if !errors.isEmpty { api.show(errors, columns: ["line", "code", "detail"]) }
    }
}
