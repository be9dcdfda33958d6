import FoundationEssentials
import LogoutModel
import LogoutTokens
import Outbox
import StrictJSON

/// "Still logged in where?", and finding things by whatever somebody has in hand.
extension OperatorConsole {
    func whereabouts(_ visit: Visit) async throws -> Page {
        let names = ["sub", "user_id", "session_id"]
        let by = visit.query["by"].flatMap { names.contains($0) ? $0 : nil } ?? "sub"
        var view: View = [
            "names": Self.choices(names, chosen: by).map { choice -> View in
                choice.merging(["label": choice["value"] ?? ""]) { $1 }
            }
        ]
        if let value = visit.query["value"] {
            let list = try await visit.get(
                "/logout-status",
                [(by, value), ("limit", "100"), ("cursor", visit.query["cursor"])]
            )
            view["asked"] = value
            view["asked_by"] = by
            view["logins"] = visit.maker.views(list["items"])
            view["has_logins"] = !(list["items"]?.elements.isEmpty ?? true)
            view["summary"] = (list["summary"]?.members ?? []).map { member -> View in
                ["count": ViewMaker.grouped(member.value.int ?? 0), "state": visit.maker.word(member.name)]
            }
            view["is_incomplete"] = list["complete"] == .bool(false)
            if let next = visit.next(list, ["by", "value"]) { view["next"] = next }
        }
        return Page(template: "where", title: "Still logged in where?", place: "where", view: view)
    }

    /// Looks everywhere at once; what is found is shown with what it was found by.
    func search(_ visit: Visit) async throws -> Page {
        let wanted = visit.query["q"] ?? ""
        var view: View = ["q": wanted]
        guard !wanted.isEmpty else {
            return Page(template: "search", title: "Search", place: "search", view: view)
        }
        var found: [View] = []
        if let id = UUID(uuidString: wanted), wanted.utf8.count == 36 {
            found += try await finds(of: id, visit)
            let search = try await store.searchToken(
                id,
                below: Self.place(in: visit.query),
                of: visit.issuerKey()
            )
            if let delivery = search.delivery {
                found.append(
                    Self.find(
                        "Delivery, by the jti of its token",
                        delivery.lowercased,
                        "\(visit.base)/deliveries/\(delivery.lowercased)"
                    )
                )
            }
            view["looked"] = ViewMaker.grouped(search.looked)
            if search.delivery == nil, let next = search.next {
                view["further"] =
                    "?"
                    + FormFields.query([
                        ("q", wanted), ("back", next.delivery.lowercased), ("attempt", "\(next.number)"),
                    ])
            }
        }
        if let client = try await visit.find("/clients" + Visit.path(wanted)) {
            found.append(
                Self.find(
                    "Client",
                    client["client_id"]?.text ?? wanted,
                    "\(visit.base)/clients\(Visit.path(wanted))"
                )
            )
        }
        let key = Digests.sha256(Array(wanted.utf8))
        if let event = try await store.event(underKeyHash: key, of: visit.issuerKey()) {
            found.append(
                Self.find(
                    "Logout event, by its Idempotency-Key",
                    event.lowercased,
                    "\(visit.base)/events/\(event.lowercased)"
                )
            )
        }
        for name in ["sub", "sid", "session_id", "user_id"] {
            found += try await finds(by: name, wanted, visit)
        }
        view["found"] = found
        view["has_found"] = !found.isEmpty
        view["is_answered"] = true
        return Page(template: "search", title: "Search", place: "search", view: view)
    }

    /// Where a search by `jti` goes on.
    private static func place(in query: FormFields) -> AttemptPlace? {
        query["back"].flatMap(UUID.init(uuidString:)).map { delivery in
            AttemptPlace(delivery: delivery, number: query["attempt"].flatMap { Int($0) } ?? .max)
        }
    }

    private func finds(of id: UUID, _ visit: Visit) async throws -> [View] {
        let text = id.lowercased
        if try await visit.find("/logout-events/\(text)") != nil {
            return [Self.find("Logout event", text, "\(visit.base)/events/\(text)")]
        }
        if try await visit.find("/deliveries/\(text)") != nil {
            return [Self.find("Delivery", text, "\(visit.base)/deliveries/\(text)")]
        }
        return []
    }

    private func finds(by name: String, _ value: String, _ visit: Visit) async throws -> [View] {
        guard let list = try await visit.find("/logout-events", [(name, value), ("limit", "5")]) else {
            return []
        }
        let items = list["items"]?.elements ?? []
        guard !items.isEmpty else { return [] }
        let all = "\(visit.base)/events?" + FormFields.query([(name, value)])
        let events = items.compactMap { $0["id"]?.text }.map {
            Self.find("Logout event, by \(name)", $0, "\(visit.base)/events/\($0)")
        }
        let query = FormFields.query([("by", name), ("value", value)])
        let whereabouts = Self.find("Still logged in where?", value, "\(visit.base)/where?\(query)")
        return events + [Self.find("All logout events, by \(name)", value, all)]
            + (name == "sid" ? [] : [whereabouts])
    }

    private static func find(_ kind: String, _ text: String, _ href: String) -> View {
        ["kind": kind, "text": text, "href": href]
    }
}
