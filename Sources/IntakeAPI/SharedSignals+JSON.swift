package import DeliveryPolicy
package import LogoutModel
import LogoutTokens
import Outbox
package import StrictJSON

/// A client's `shared_signals` as a caller gives it: how it takes Security Event Tokens in the place of logout tokens.
package struct SharedSignalsMember {
    package let endpointURL: String
    package let terms: SharedSignals
    /// What the caller says of the `Authorization` header; it may also say nothing, or that there is to be none.
    let authorization: Authorization

    enum Authorization {
        case notGiven
        case none
        case given(AuthorizationHeader)
    }

    /// Reads the member; `nil` where the client takes logout tokens.
    ///
    /// - Throws: ``Problem`` or `JSONError`, each with a pointer.
    package init?(readingMemberOf body: inout ObjectReader, egress: EgressPolicy) throws {
        guard var members = try body.optionalObject("shared_signals") else { return nil }
        let method = try members.enumeration("method", of: SharedSignals.Method.self)
        endpointURL = try members.string("endpoint_url", maximumBytes: LogoutURI.maximumBytes)
        do throws(ClientMetadataError) {
            _ = try ClientRule(egress: egress).accept(uri: endpointURL)
        } catch {
            throw Problem.invalidClientMetadata(error.rule, pointer: "/shared_signals/endpoint_url")
        }
        let aud = try members.optionalString("aud", maximumBytes: 1_024)
        let events = try members.optionalStringArray(
            "events_requested",
            maximumCount: 100,
            maximumBytes: 1_024
        )
        guard events?.contains(SharedSignals.sessionRevoked) ?? true else {
            throw Problem.invalidClientMetadata(
                "The one event there is must be among them: \(SharedSignals.sessionRevoked)",
                pointer: "/shared_signals/events_requested"
            )
        }
        authorization = try Self.authorization(&members)
        // What is shown may be put back.
        _ = try members.optionalBool("has_authorization_header")
        try members.finish()
        terms = SharedSignals(
            method: method,
            aud: aud,
            eventsRequested: events ?? [SharedSignals.sessionRevoked]
        )
    }

    private static func authorization(_ members: inout ObjectReader) throws -> Authorization {
        guard let value = members.value("authorization_header") else { return .notGiven }
        if value == .null { return .none }
        if case .string(let text) = value, let header = AuthorizationHeader(text) { return .given(header) }
        throw Problem.invalidClientMetadata(
            """
            The value is a scheme, a space and credentials of visible ASCII, at most \
            \(AuthorizationHeader.maximumBytes) bytes; or null for none.
            """,
            pointer: "/shared_signals/authorization_header"
        )
    }

    /// What becomes of the header that is kept: a new one sealed for this client and this endpoint.
    func change(of clientID: String, issuer: String, under key: SealingKey?) throws -> AuthorizationChange {
        switch authorization {
        case .notGiven: return .keep
        case .none: return .remove
        case .given(let header):
            guard let key else {
                throw Problem.unavailable("This process has no key-encryption key, so it can keep no secret.")
            }
            let owner = AuthorizationHeader.Owner(issuer: issuer, clientID: clientID, url: endpointURL)
            do {
                return .replace(try header.sealed(for: owner, under: key).bytes)
            } catch {
                throw Problem.internalError
            }
        }
    }
}

extension JSONWriter {
    /// The terms of a receiver, with whether a header is kept for it; `null` for a client that takes logout tokens.
    mutating func sharedSignals(of client: Client.Metadata?) {
        guard let client, let terms = client.sharedSignals else {
            null()
            return
        }
        object { writer in
            writer.terms(terms, endpoint: client.backchannelLogoutURI)
            writer.member("has_authorization_header", terms.hasAuthorizationHeader)
        }
    }

    /// What an audit event says of a receiver's terms that have changed: all of them, before and after, never the header.
    mutating func sharedSignalsChange(
        from before: Client.Metadata?,
        to after: Client.Metadata,
        _ authorization: AuthorizationChange
    ) {
        let (old, new) = (Self.terms(of: before), Self.terms(of: after))
        if old != new {
            name("shared_signals")
            raw(new.utf8)
            if before != nil {
                name("old_shared_signals")
                raw(old.utf8)
            }
        }
        let had = before?.sharedSignals?.hasAuthorizationHeader ?? false
        let isChanged =
            switch authorization {
            case .replace: true
            case .remove: had
            case .keep: had && after.sharedSignals == nil
            }
        if isChanged { member("authorization_header_changed", true) }
    }

    private static func terms(of client: Client.Metadata?) -> String {
        guard let client, let terms = client.sharedSignals else { return "null" }
        return JSONWriter.text { $0.terms(terms, endpoint: client.backchannelLogoutURI) }
    }

    private mutating func terms(_ terms: SharedSignals, endpoint: String?) {
        member("method", terms.method.rawValue)
        member("endpoint_url", endpoint)
        if let aud = terms.aud { member("aud", aud) }
        member("events_requested", terms.eventsRequested)
    }
}

extension Client.Metadata {
    /// Where logout tokens go; `nil` for a receiver, whose `endpoint_url` is among its terms.
    var logoutTokenURI: String? { sharedSignals == nil ? backchannelLogoutURI : nil }
}
