import StrictJSON

/// Signing keys: their stages and ages, and their rotation.
extension OperatorConsole {
    private static let algorithms = [
        "RS256", "ES256", "EdDSA", "PS256", "RS384", "RS512", "PS384", "PS512", "ES384", "ES512",
    ]

    func keys(_ visit: Visit) async throws -> Page {
        let list = try await visit.get(
            "/signing-keys",
            [("limit", "100"), ("cursor", visit.query["cursor"])]
        )
        let keys = (list["items"]?.elements ?? []).map { key -> View in
            var view = visit.maker.view(key)
            view["is_next"] = key["stage"]?.text == "next"
            view["is_active"] = key["stage"]?.text == "active"
            return view
        }
        var view: View = [
            "keys": keys, "has_keys": !keys.isEmpty,
            "algorithms": Self.algorithms.map { ["value": $0] as View },
        ]
        if let next = visit.next(list, []) { view["next"] = next }
        return Page(template: "keys", title: "Signing keys", place: "keys", view: view)
    }

    func generateKey(_ visit: Visit) async throws -> Result {
        try await visit.act(
            "POST",
            "/signing-keys",
            .object(of: [("alg", visit.form["alg"].map(JSON.string))])
        )
        return .done("\(visit.base)/keys", .generated)
    }

    func stageKey(_ visit: Visit, _ kid: String, _ action: String, _ done: Done) async throws -> Result {
        let body = JSON.object(of: [("force", visit.form["force"] == "true" ? .bool(true) : nil)])
        try await visit.act("POST", "/signing-keys" + Visit.path(kid, action), body)
        return .done("\(visit.base)/keys", done)
    }
}
