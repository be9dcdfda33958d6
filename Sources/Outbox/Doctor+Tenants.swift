import PostgresClient

/// What stands in the way of single issuers and clients.
extension Doctor {
    /// Waiting deliveries of one client are counted so far.
    private static let maximumWaiting: Int32 = 100_000

    func keys() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorKeys, .float8(limits.nextKeyDays)) { columns in
            (
                isMissing: try columns.text() == "missing", issuer: try columns.text(),
                alg: try columns.text(),
                kid: try columns.optionalText(), amount: try columns.optionalFloat8() ?? 0
            )
        }
        let missing = found.filter(\.isMissing)
        let waiting = found.filter { !$0.isMissing }
        return [
            DoctorFinding(
                .signingKeys,
                missing.isEmpty ? .ok : .error,
                missing.isEmpty
                    ? "every client has an active key of its alg"
                    : missing.map { "\(Int($0.amount)) clients of \($0.issuer) ask for \($0.alg)" }.firstFew
                        + ", and no such key is active",
                "lastcall keys generate ISSUER --alg ALG, or import the OP's key."
            ),
            DoctorFinding(
                .nextKeys,
                waiting.isEmpty ? .ok : .warning,
                waiting.isEmpty
                    ? "none waits"
                    : waiting.map {
                        "\($0.kid ?? "") of \($0.issuer) has been published for \(Int($0.amount)) days"
                    }
                    .firstFew,
                "lastcall keys activate ISSUER KID, or retire it."
            ),
        ]
    }

    func clients() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorClients, .int4(Self.maximumWaiting)) { columns in
            (
                isHeld: try columns.text() == "held", name: try columns.text() + "/" + (try columns.text()),
                waiting: try columns.int8(), seconds: try columns.optionalFloat8() ?? 0
            )
        }
        let held = found.filter(\.isHeld)
        let broken = found.filter { !$0.isHeld }
        return [
            DoctorFinding(
                .breakers,
                broken.isEmpty ? .ok : .warning,
                broken.isEmpty
                    ? "all closed"
                    : "\(broken.count) not closed: "
                        + broken.map { "\($0.name) (\($0.waiting) waiting)" }.firstFew,
                "lastcall clients probe ISSUER CLIENT says what the RP answers; deliveries go on when it is up again."
            ),
            DoctorFinding(
                .heldClients,
                held.isEmpty ? .ok : .warning,
                held.isEmpty
                    ? "none has deliveries that wait"
                    : held.map { "\($0.name): \($0.waiting) waiting, held for \($0.seconds.asTime)" }
                        .firstFew,
                "lastcall clients release ISSUER CLIENT, before its deliveries expire."
            ),
        ]
    }

    func apiKeys() async throws -> [DoctorFinding] {
        let found = try await rows(.doctorAPIKeys, .float8(limits.apiKeyDays)) { columns in
            columns.skip(1)
            let name = try columns.text()
            let issuer = try columns.optionalText()
            let days = try columns.optionalFloat8() ?? 0
            return "\(name) (\(issuer ?? "operator")) in \((days * 86_400).asTime)"
        }
        return [
            DoctorFinding(
                .apiKeys,
                found.isEmpty ? .ok : .warning,
                found.isEmpty
                    ? "none ends within \(Int(limits.apiKeyDays)) days" : "end soon: \(found.firstFew)",
                "lastcall api-keys create, and give the new key to its holder."
            )
        ]
    }
}
