import DeliveryPolicy
import IntakeAPI
import LogoutModel
import LogoutTokens
import StrictJSON

/// Terms that are taken lead to where a logout token might go too, ask for the one event there is, and survive their writing.
func readSharedSignals(_ bytes: [UInt8]) throws(BrokenProperty) {
    let policy = EgressPolicy(addressRule: AddressRule())
    guard let json = try? JSON.parse(bytes), var body = try? ObjectReader(json),
        let member = try? SharedSignalsMember(readingMemberOf: &body, egress: policy)
    else { return }
    let isAccepted = (try? ClientRule(egress: policy).accept(uri: member.endpointURL)) != nil
    try require(isAccepted, "an endpoint is one that may be called")
    let terms = member.terms
    try require(terms.eventsRequested.contains(SharedSignals.sessionRevoked), "the one event is asked for")
    try require(
        SharedSignals(stored: terms.json, hasAuthorizationHeader: false) == terms,
        "terms survive their writing"
    )
}

/// A header ends no line, and is a scheme with something behind it.
func readAuthorization(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let text = text(bytes), let header = AuthorizationHeader(text) else { return }
    try require(isSame(header.reveal(), bytes), "a header is kept byte for byte")
    try require(bytes.allSatisfy { (0x20...0x7E).contains($0) }, "a header ends no line")
    try require(bytes.count <= AuthorizationHeader.maximumBytes, "a header is not longer than allowed")
    let scheme = bytes.prefix { $0 != UInt8(ascii: " ") }
    try require(!scheme.isEmpty && scheme.count + 1 < bytes.count, "a header has a scheme and credentials")
}
