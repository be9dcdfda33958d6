import LastcallTestKit

/// One RP that is called, and what has to come of it.
struct Case {
    /// What has to come of it.
    enum Verdict: Hashable {
        /// The RP at one of these addresses gets the token.
        case delivered(at: [String])
        /// Nobody gets anything; the delivery ends with this reason, or its attempt with this outcome.
        case ended(String)
        /// It cannot be registered.
        case refused
    }

    /// What kind of thing is tried, for the table.
    let group: String
    /// The exact thing.
    let title: String
    let url: String
    let verdict: Verdict
    /// Whether `allow_private_networks` opens where it leads.
    var isPrivate = false
    /// How the RP answers, by its path.
    var step: ScriptedStep = .ok
}

/// A case with a name for itself: its client, its path, and its label below `rp.test`.
struct NamedCase {
    let name: String
    let it: Case

    /// The path of its URL, by which the RP tells cases apart.
    var path: String { "/\(name)" }
}

/// The table of cases, and what the name server says of their names.
struct CaseTable {
    static let domain = "rp.test"
    /// Public addresses; inside the namespace they are the scripted RP, as every address is.
    static let (publicV4, publicV6) = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946")

    private(set) var cases: [NamedCase] = []
    private(set) var names: [String: [ScriptedNameServer.Answer]] = [:]

    /// Adds a case for a name with these answers. `{path}` stands for the case's own path.
    mutating func name(
        _ group: String,
        _ title: String,
        _ answers: [ScriptedNameServer.Answer],
        _ verdict: Case.Verdict,
        isPrivate: Bool = false,
        port: Int = 443,
        step: ScriptedStep = .ok
    ) {
        let name = "c\(cases.count)"
        names["\(name).\(Self.domain)"] = answers
        let port = port == 443 ? "" : ":\(port)"
        let url = "https://\(name).\(Self.domain)\(port)/\(name)"
        cases.append(
            NamedCase(
                name: name,
                it: Case(
                    group: group,
                    title: title,
                    url: url,
                    verdict: verdict,
                    isPrivate: isPrivate,
                    step: step
                )
            )
        )
    }

    /// Adds a case for a URL as it is written; the path is added.
    mutating func url(_ group: String, _ url: String, _ verdict: Case.Verdict) {
        let name = "c\(cases.count)"
        cases.append(
            NamedCase(name: name, it: Case(group: group, title: url, url: "\(url)/\(name)", verdict: verdict))
        )
    }

    /// What other names stand for.
    mutating func also(_ name: String, _ answers: [ScriptedNameServer.Answer]) {
        names["\(name).\(Self.domain)"] = answers
    }
}
