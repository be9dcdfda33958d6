package import Certificates
internal import LastcallTestKit

/// The relying parties of a world, each at a port of its own of 127.0.0.1, and the ledger of all they received.
package final class LedgerParties: Sendable {
    private let parties: [ScriptedRelyingParty]

    /// Starts to listen.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - authority: issues their certificates.
    /// - Throws: what sockets and OpenSSL say.
    package init(count: Int, authority: CertificateAuthority) throws {
        parties = try (0..<count).map { _ in try ScriptedRelyingParty(authority: authority) }
    }

    /// How many there are.
    package var count: Int { parties.count }

    /// Where a party takes logout tokens.
    ///
    /// - Parameter index: from 0.
    /// - Returns: the address.
    package func uri(_ index: Int) -> String { parties[index].uri() }

    /// Changes what parties do, from their next request or connection on.
    ///
    /// - Parameters:
    ///   - behaviour: what they do.
    ///   - indices: which.
    package func set(_ behaviour: PartyBehaviour, for indices: some Sequence<Int>) {
        for index in indices { parties[index].always(Self.step(behaviour)) }
    }

    /// Everything received up to now, in order of arrival.
    package var posts: [ReceivedPost] {
        var posts: [ReceivedPost] = []
        for (index, party) in parties.enumerated() {
            for request in party.received {
                let token = String(decoding: request.body, as: UTF8.self).split(separator: "=").last ?? ""
                posts.append(
                    ReceivedPost(
                        party: index,
                        arrivedAt: request.receivedAt,
                        token: String(token),
                        answer: nil
                    )
                )
            }
        }
        return posts.sorted { $0.arrivedAt < $1.arrivedAt }
    }

    /// Ends every connection and every thread.
    package func close() { for party in parties { party.stop() } }

    private static func step(_ behaviour: PartyBehaviour) -> ScriptedStep {
        switch behaviour {
        case .ok(let status): .status(status)
        case .status(let status, let headers): .status(status, headers: headers)
        case .hang, .slow, .stallTLS: .hang
        case .resetOnAccept, .closedPort: .resetBeforeReading
        case .resetAfterRequest, .resetMidAnswer: .resetAfterReading
        case .answerLost: .closeAfterReading
        case .drip(let bytes): .drip("HTTP/1.1 200 OK\r\n", every: .seconds(1) / max(1, bytes))
        case .endlessBody: .hugeBody(chunked: true)
        case .hugeHeaders: .endlessHeaders
        }
    }
}
