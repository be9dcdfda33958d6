import StrictJSON

/// What the OpenAPI document says of one route. The route table says what a key must be allowed.
struct Operation: Sendable {
    /// `METHOD /path/{parameter}`, as in the route table.
    let route: String
    let id: String
    let tag: String
    let summary: String
    var about: String?
    var query: [Parameter] = []
    var headers: [Parameter] = []
    var body: Body?
    let answers: [Answer]
    /// The codes of refusals that not every route has, by status.
    var refusals: [Int: [String]] = [:]

    /// A parameter in the query or in a header field.
    struct Parameter: Sendable {
        let name: String
        let schema: Schema
        var about: String?

        init(_ name: String, _ schema: Schema, _ about: String? = nil) {
            self.name = name
            self.schema = schema
            self.about = about
        }
    }

    /// A body that is sent.
    struct Body: Sendable {
        let schema: Schema
        var isRequired = true
        var mediaType = "application/json"
    }

    /// An answer that is no refusal.
    struct Answer: Sendable {
        let status: Int
        let about: String
        var schema: Schema?
        var mediaType = "application/json"
        var headers: [Parameter] = []

        init(
            _ status: Int,
            _ about: String,
            _ schema: Schema? = nil,
            mediaType: String = "application/json",
            headers: [Parameter] = []
        ) {
            self.status = status
            self.about = about
            self.schema = schema
            self.mediaType = mediaType
            self.headers = headers
        }
    }

    var method: String { String(route.prefix { $0 != " " }) }

    /// The route with its parameters unnamed: what tells two routes apart.
    var shape: String { Self.shape(of: route) }

    static func shape(of route: String) -> String {
        route.split(separator: "/", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("{") ? "{}" : String($0) }.joined(separator: "/")
    }

    /// Every operation of the contract.
    static let all: [Operation] =
        ofHealth + ofIssuers + ofSigningKeys + ofClients + ofSessions + ofLogoutEvents + ofDeliveries
        + ofAudit
        + ofAccessKeys

    /// Those operations by ``shape``.
    static let byShape = Dictionary(all.map { ($0.shape, $0) }) { first, _ in first }
}

extension Operation.Parameter {
    static let limit = Self("limit", .integer(1...1_000).defaulting(to: .int(100)), "The most items.")
    static let cursor = Self("cursor", .text, "The next_cursor of the page before.")
    static let createdAfter = Self("created_after", .time, "Created then or later.")
    static let createdBefore = Self("created_before", .time, "Created before then.")
    /// What every list takes.
    static let page = [limit, cursor]
    /// What lists of events and deliveries take too.
    static let window = page + [createdAfter, createdBefore]

    /// A parameter that may be given several times.
    static func repeated(_ name: String, _ schema: Schema, _ about: String) -> Self {
        Self(name, .array(of: schema), about)
    }
}

extension Operation.Answer {
    /// One page of a list.
    static func page(of name: String) -> Self {
        Self(200, "A page of the list.", .page(of: .named(name)))
    }

    static func created(_ name: String) -> Self { Self(201, "It was made.", .named(name)) }
    static func shown(_ name: String) -> Self { Self(200, "It as it is now.", .named(name)) }
    static let gone = Self(204, "It is gone.")
}

extension Schema {
    static func page(of items: Schema) -> Schema {
        .object([.required("items", .array(of: items)), .required("next_cursor", Schema.text.orNull)])
    }
}
