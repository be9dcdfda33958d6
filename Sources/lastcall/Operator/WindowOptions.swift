import ArgumentParser

/// Which part of a list is shown.
struct WindowOptions: ParsableArguments {
    @Option(help: "Created at this RFC 3339 time or later.") var createdAfter: String?
    @Option(help: "Created before this RFC 3339 time.") var createdBefore: String?
    @Option(help: "At most this many.") var limit = 100

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be positive.") }
    }

    /// What the API is asked with; the limit is for all pages together.
    var query: [(String, String?)] {
        [("created_after", createdAfter), ("created_before", createdBefore)]
    }
}
