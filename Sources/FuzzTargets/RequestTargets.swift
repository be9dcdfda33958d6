import DeliveryPolicy
import IntakeAPI
import LogoutModel
import StrictJSON

/// A logout is within every bound that the tables rely on; every other body is the caller's fault, with a pointer into it.
func readLogoutEvent(_ bytes: [UInt8]) throws(BrokenProperty) {
    let request: LogoutEventRequest
    switch LogoutEventReading(bytes) {
    case .accepted(let accepted): request = accepted
    case .refused(let status, let pointer):
        try require(status == 400 || status == 413, "a bad body is the caller's fault")
        try require(pointer.map { $0.isEmpty || $0.hasPrefix("/") } ?? true, "a pointer is one")
        return
    }
    switch request.scope {
    case .targets(let targets):
        try require(Set(targets).count == targets.count, "no target is there twice")
        for target in targets {
            try require(target.sub != nil || target.sid != nil, "a target names somebody")
            try check([target.clientID, target.sub, target.sid])
        }
    case .filter(let filter):
        try require(!filter.isEmpty, "a filter names something")
        try check(filter.members.map(\.value))
    }
    try check([request.initiatingClientID])
    try require(
        !request.excludesInitiatingClient || request.initiatingClientID != nil,
        "who is left out is named"
    )
    if case .within(let seconds)? = request.deadline {
        try require((1...2_592_000).contains(seconds), "a deadline is within 30 days")
    }
}

private func check(_ identifiers: [String?]) throws(BrokenProperty) {
    for case let identifier? in identifiers {
        try require((1...255).contains(identifier.utf8.count), "an identifier has 1 to 255 bytes")
        try require(!identifier.utf8.contains(0), "an identifier has no NUL")
    }
}

/// A rule survives its writing and opens none of what is closed for good; what it denies is denied.
func readEgress(_ bytes: [UInt8]) throws(BrokenProperty) {
    guard let json = try? JSON.parse(bytes), var body = try? ObjectReader(json),
        let rule = try? EgressRule(readingMember: "egress", of: &body)
    else { return }
    try require((try? EgressRule(stored: rule.json)) == rule, "a rule survives its writing")
    let lists = [rule.allowCIDRs.count, rule.denyCIDRs.count, rule.allowPorts.count, rule.denyPorts.count]
    try require(
        (lists + [rule.allowHosts.count, rule.denyHosts.count]).allSatisfy {
            $0 <= EgressRule.maximumEntries
        },
        "no list is longer than allowed"
    )
    let open = EgressPolicy(
        addressRule: AddressRule(allowPrivateNetworks: true, allowLoopback: true),
        issuer: rule
    )
    for block in SpecialPurposeTable.alwaysDenied {
        try require(
            open.addressRule.verdict(on: block.base, port: 443).isDenied,
            "\(block) is closed for good"
        )
    }
    for block in rule.denyCIDRs {
        try require(open.addressRule.verdict(on: block.base, port: 443).isDenied, "what is denied is denied")
    }
    for port in rule.denyPorts {
        guard let uri = try? LogoutURI("https://rp.example:\(port)/") else { continue }
        try require(open.refusal(of: uri) != nil, "a port that is denied is not called")
    }
}
