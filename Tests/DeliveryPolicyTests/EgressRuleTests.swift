import DeliveryPolicy
import StrictJSON
import Testing

@Suite("Egress rules")
struct EgressRuleTests {
    private func read(_ egress: String) throws -> EgressRule {
        var body = try ObjectReader(JSON.parse(Array(#"{"egress": \#(egress)}"#.utf8)))
        let rule = try EgressRule(readingMember: "egress", of: &body)
        try body.finish()
        return rule
    }

    @Test("what is read is written in canonical form, and read again the same")
    func roundTrip() throws {
        let rule = try read(
            #"""
            {"allow_cidrs": ["10.0.0.0/8", "FD00::/8", "192.0.2.1"], "deny_cidrs": ["::ffff:10.1.0.0/112", "::/0"],
             "allow_ports": [443, 65535], "deny_ports": [1], "allow_hosts": ["RP.example.com", "*.Example.org"],
             "deny_hosts": ["[::1]"]}
            """#
        )
        #expect(
            rule.json == #"{"allow_cidrs":["10.0.0.0/8","fd00::/8","192.0.2.1/32"],"#
                + #""deny_cidrs":["10.1.0.0/16","::/0"],"allow_ports":[443,65535],"deny_ports":[1],"#
                + #""allow_hosts":["rp.example.com","*.example.org"],"deny_hosts":["[::1]"]}"#
        )
        #expect(try EgressRule(stored: rule.json) == rule)
    }

    @Test(
        "absent, null and empty say nothing",
        arguments: ["null", "{}", #"{"allow_cidrs": [], "deny_ports": null, "allow_hosts": []}"#]
    )
    func empty(egress: String) throws {
        #expect(try read(egress) == .none)
        #expect(try read(egress).json == "{}")
    }

    @Test(
        "an entry that breaks a rule is pointed at",
        arguments: [
            (#"{"allow_cidrs": ["10.0.0.0/8", "10.0.0.1/8"]}"#, "/egress/allow_cidrs/1"),
            (#"{"deny_cidrs": ["rp.example.com"]}"#, "/egress/deny_cidrs/0"),
            (#"{"deny_cidrs": [10]}"#, "/egress/deny_cidrs/0"),
            (#"{"deny_cidrs": [""]}"#, "/egress/deny_cidrs/0"),
            (#"{"allow_ports": [0]}"#, "/egress/allow_ports/0"),
            (#"{"allow_ports": [65536]}"#, "/egress/allow_ports/0"),
            (#"{"deny_ports": [443, -1]}"#, "/egress/deny_ports/1"),
            (#"{"deny_ports": ["443"]}"#, "/egress/deny_ports/0"),
            (#"{"deny_ports": [1.5]}"#, "/egress/deny_ports/0"),
            (#"{"allow_hosts": ["a."]}"#, "/egress/allow_hosts/0"),
            (#"{"deny_hosts": ["*"]}"#, "/egress/deny_hosts/0"),
            (#"{"deny_hosts": [null]}"#, "/egress/deny_hosts/0"),
        ]
    )
    func pointsAtEntries(egress: String, pointer: String) throws {
        let error = try #require(throws: JSONError.self) { try read(egress) }
        #expect(error.pointer == pointer)
    }

    @Test("other members, other kinds and more than 256 entries are refused")
    func refuses() throws {
        for (egress, pointer) in [
            ("[]", "/egress"), (#""""#, "/egress"), (#"{"allow_cidr": []}"#, "/egress/allow_cidr"),
            (#"{"allow_cidrs": "10.0.0.0/8"}"#, "/egress/allow_cidrs"),
            (
                #"{"deny_ports": [\#(Array(repeating: "1", count: 257).joined(separator: ","))]}"#,
                "/egress/deny_ports"
            ),
        ] {
            let error = try #require(throws: JSONError.self) { try read(egress) }
            #expect(error.pointer == pointer)
        }
        let full = Array(repeating: "1", count: 256).joined(separator: ",")
        #expect(try read(#"{"deny_ports": [\#(full)]}"#).denyPorts.count == 256)
    }

    @Test(
        "what stays closed whatever is opened cannot be asked for, unless it is stored already",
        arguments: [
            ("169.254.169.254", true), ("169.254.169.254/32", true), ("224.1.0.0/16", true),
            ("ff02::/16", true),
            ("::ffff:169.254.169.254", true), ("fd00:ec2::254", true), ("0.0.0.0/8", true),
            ("169.254.0.0/16", false), ("0.0.0.0/0", false), ("fd00:ec2::/32", false), ("::/0", false),
        ]
    )
    func closedForEver(cidr: String, isRefused: Bool) throws {
        let egress = #"{"allow_cidrs": ["\#(cidr)"]}"#
        if isRefused {
            #expect(
                try #require(throws: JSONError.self) { try read(egress) }.pointer == "/egress/allow_cidrs/0"
            )
        } else {
            #expect(try read(egress).allowCIDRs.count == 1)
        }
        #expect(try EgressRule(stored: egress).allowCIDRs.count == 1)
        #expect(try read(#"{"deny_cidrs": ["\#(cidr)"]}"#).denyCIDRs.count == 1)
    }
}
