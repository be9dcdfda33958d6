import StrictJSON

/// Why there is no page, as people are told.
struct ConsoleProblem: Error, Hashable {
    let status: Int
    let title: String
    let detail: String

    static let notFound = ConsoleProblem(
        status: 404,
        title: "Not found",
        detail: "There is nothing here, or not for the API key that you have signed in with."
    )
    static let wrongToken = ConsoleProblem(
        status: 403,
        title: "Form out of date",
        detail:
            "The form does not belong to this session, or came from another page. Nothing was done: open the page again and repeat."
    )
    static let unavailable = ConsoleProblem(
        status: 503,
        title: "Not available",
        detail: "The database does not answer. Nothing was done; try again in a moment."
    )
    static let busy = ConsoleProblem(
        status: 503,
        title: "Busy",
        detail: "Too many pages update themselves, or the trail is being verified already."
    )
    static let tooLarge = ConsoleProblem(status: 413, title: "Too large", detail: "The form is too large.")

    init(status: Int, title: String, detail: String) {
        self.status = status
        self.title = title
        self.detail = detail
    }

    /// What the API answered instead of doing it: its problem document (RFC 9457).
    init(_ answer: ConsoleBackend.Answer) {
        let body = try? JSON.parse(answer.body)
        status = answer.status
        title = body?["title"]?.text ?? "Not done"
        detail = body?["detail"]?.text ?? "The call was not answered as it should have been."
    }
}
