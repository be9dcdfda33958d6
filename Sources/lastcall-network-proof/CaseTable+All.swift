import LastcallTestKit

extension CaseTable {
    private static let blocked = Case.Verdict.ended("blocked_address")
    private static let noAddress = Case.Verdict.ended("dns_failure")

    /// Everything that is tried.
    static func all() -> CaseTable {
        var table = CaseTable()
        table.addBlocks()
        table.addTransitionForms()
        table.addMixedAnswers()
        table.addAliases()
        table.addNameServers()
        table.addSpellings()
        table.addAnswers()
        return table
    }

    /// Both ends of each denied block, and both neighbours.
    private mutating func addBlocks() {
        var seen: Set<Address> = []
        for block in AddressSpace.blocks {
            for address in [block.first, block.last] where seen.insert(address).inserted {
                let isPrivate =
                    AddressSpace.privateBlocks.contains { $0.contains(address) }
                    && !["100.100.100.200", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254"].contains(
                        "\(address)"
                    )
                name(
                    "edge of \(block.text)",
                    "\(address)",
                    [.addresses(["\(address)"])],
                    Self.blocked,
                    isPrivate: isPrivate
                )
            }
            for address in AddressSpace.neighbours(of: block) where seen.insert(address).inserted {
                let text = "\(address)"
                name("beside \(block.text)", text, [.addresses([text])], .delivered(at: [text]))
            }
        }
    }

    private mutating func addTransitionForms() {
        let forms = [
            ("IPv4-mapped", "::ffff:10.0.0.1"), ("IPv4-mapped", "::ffff:169.254.169.254"),
            ("IPv4-mapped", "::ffff:127.0.0.1"), ("IPv4-mapped", "::ffff:0.0.0.0"),
            ("IPv4-translated", "::ffff:0:10.0.0.1"), ("IPv4-translated", "::ffff:0:93.184.216.34"),
            ("IPv4-compatible", "::10.0.0.1"), ("IPv4-compatible", "::169.254.169.254"),
            ("NAT64", "64:ff9b::10.0.0.1"), ("NAT64", "64:ff9b::169.254.169.254"),
            ("NAT64", "64:ff9b::93.184.216.34"),
            ("NAT64, local", "64:ff9b:1::10.0.0.1"), ("NAT64, local", "64:ff9b:1:a00:0:100::"),
            ("6to4", "2002:0a00:0001::1"), ("6to4", "2002:a9fe:a9fe::1"), ("6to4", "2002:5db8:d822::1"),
            ("Teredo", "2001:0:5db8:d822:0:0:f5ff:fffe"), ("ISATAP", "fe80::5efe:10.0.0.1"),
            ("ISATAP, unique local", "fd00::5efe:10.0.0.1"), ("loopback", "::1"), ("unspecified", "::"),
            ("unspecified", "0.0.0.0"), ("broadcast", "255.255.255.255"), ("multicast", "ff02::1"),
            ("link-local", "fe80::1"), ("site-local", "fec0::1"), ("discard-only", "100::1"),
        ]
        for (form, text) in forms {
            let isPrivate = ["::ffff:10.0.0.1", "fd00::5efe:10.0.0.1"].contains(text)
            name(form, text, [.addresses([text])], Self.blocked, isPrivate: isPrivate)
        }
        let mapped = "::ffff:\(Self.publicV4)"
        name("IPv4-mapped", mapped, [.addresses([mapped])], .delivered(at: [Self.publicV4]))
    }

    private mutating func addMixedAnswers() {
        let (v4, v6) = (Self.publicV4, Self.publicV6)
        let either = Case.Verdict.delivered(at: [v4, v6])
        for answers in [
            [v4, "10.0.0.1"], ["10.0.0.1", v4], ["169.254.169.254", v4, "127.0.0.1"], [v4, "::1"],
            ["10.0.0.1", v6],
            ["fd00::1", v4], [v6, "::ffff:10.0.0.1"], [v4, "64:ff9b::a00:1"],
            (1...15).map { "10.0.0.\($0)" } + [v4], (1...40).map { "192.168.0.\($0)" } + [v6],
        ] {
            name("mixed answer", answers.prefix(3).joined(separator: " "), [.addresses(answers)], either)
        }
        // An RP that is down does not make the forbidden address the next best one.
        for answers in [[v4, "10.0.0.1"], ["127.0.0.1", v4], ["::1", v6]] {
            name(
                "mixed, nobody listens",
                answers.joined(separator: " "),
                [.addresses(answers)],
                .ended("unreachable"),
                port: 444
            )
        }
        let inside = ["10.0.0.1", "fd00::1", "127.0.0.1"]
        name("all inside", inside.joined(separator: " "), [.addresses(inside)], Self.blocked, isPrivate: true)
        also("hook", [.addresses(["10.0.0.1"])])
    }

    private mutating func addAliases() {
        also("inside", [.addresses(["10.0.0.1"])])
        also("metadata", [.addresses(["169.254.169.254"])])
        // Outside at the first query, inside at the second, and so on.
        let (out, into) = ([Self.publicV4], ["10.0.0.1"])
        also("rebound", (0..<40).map { .addresses($0 % 2 == 0 ? out : into) })
        also("outside", [.addresses([Self.publicV4])])
        also("hop1", [.alias("hop2.\(Self.domain)")])
        also("hop2", [.alias("metadata.\(Self.domain)")])
        also("loop", [.alias("loop.\(Self.domain)")])
        let said: [(String, ScriptedNameServer.Answer, Case.Verdict, Bool)] = [
            ("inside", .alias("inside.\(Self.domain)"), Self.blocked, true),
            ("metadata, three hops", .alias("hop1.\(Self.domain)"), Self.blocked, false),
            ("outside", .alias("outside.\(Self.domain)"), .delivered(at: [Self.publicV4]), false),
            ("a loop", .alias("loop.\(Self.domain)"), Self.noAddress, false),
            ("localhost", .bareAlias("localhost"), Self.noAddress, false),
            ("a number", .bareAlias("127.0.0.1"), Self.noAddress, false),
        ]
        for (title, answer, verdict, isPrivate) in said {
            name("CNAME to", title, [answer], verdict, isPrivate: isPrivate)
        }
    }

    private mutating func addNameServers() {
        let outside = ScriptedNameServer.Answer.addresses([Self.publicV4])
        name("name server", "no such name", [.noSuchName], Self.noAddress)
        name("name server", "no address", [.addresses([])], Self.noAddress)
        name("name server", "SERVFAIL", [.serverFailure], Self.noAddress)
        name("name server", "REFUSED", [.refused], Self.noAddress)
        name("name server", "silence", [.silence], Self.noAddress)
        name("name server", "garbage", [.garbage], Self.noAddress)
        name("name server", "truncated, outside", [.truncated(outside)], .delivered(at: [Self.publicV4]))
        name(
            "name server",
            "truncated, inside",
            [.truncated(.addresses(["10.0.0.1"]))],
            Self.blocked,
            isPrivate: true
        )
        name(
            "name server",
            "a day to live, inside",
            [.addresses(["10.0.0.1"], ttl: 86_400)],
            Self.blocked,
            isPrivate: true
        )
        name(
            "name server",
            "a day to live, outside",
            [.addresses([Self.publicV4], ttl: 86_400)],
            .delivered(at: [Self.publicV4])
        )
    }

    /// Hosts and schemes as they may be written; most cannot even be registered.
    private mutating func addSpellings() {
        url("public address", "https://\(Self.publicV4)", .delivered(at: [Self.publicV4]))
        url("public address", "https://[\(Self.publicV6)]", .delivered(at: [Self.publicV6]))
        for text in [
            "https://127.0.0.1", "https://10.0.0.1", "https://169.254.169.254", "https://[::1]",
            "https://[fd00::1]",
            "https://[::ffff:10.0.0.1]", "https://[::ffff:a00:1]", "https://[64:ff9b::a00:1]",
            "https://[2002:a00:1::]",
            "https://0", "https://0.0.0.0", "https://[::]", "https://2130706433", "https://0x7f000001",
            "https://017700000001", "https://127.1", "https://0177.0.0.1", "https://0x7f.0.0.1",
            "https://127.0.0.0x1",
            "https://10.0.0.1.", "https://127.0.0.1.", "https://localhost.",
            "https://outside.\(Self.domain).",
            "https://[fe80::1%25lo]", "https://[fe80::1%lo]", "https://[10.0.0.1]", "https://%31%30.0.0.1",
            "https://１０.0.0.1", "https://ⓛocalhost", "https://10。0。0。1", "https://user@10.0.0.1",
            "https://\(Self.publicV4)@10.0.0.1",
            "https://\(Self.publicV4)\\@10.0.0.1", "https://\(Self.publicV4):443:80",
            "https://\(Self.publicV4):0", "https://\(Self.publicV4):65979",
            "https://10.0.0.1#@\(Self.publicV4)", "https:10.0.0.1", "https:///10.0.0.1", "//10.0.0.1",
            "http://10.0.0.1", "http://\(Self.publicV4)", "http://outside.\(Self.domain)", "http://127.0.0.1",
            "file://",
            "file:///etc/passwd", "ftp://10.0.0.1", "gopher://10.0.0.1", "dict://10.0.0.1", "ldap://10.0.0.1",
            "unix:///run/x",
            "socks5://10.0.0.1", "HTTPS+unix://x", "data:text/plain", "telnet://10.0.0.1", "scp://10.0.0.1",
        ] {
            url("spelling", text, .refused)
        }
        for name in ["localhost", "LocalHost", "rp.localhost", "metadata.google.internal", "metadata.goog"] {
            url("closed name", "https://\(name)", .refused)
        }
        for name in ["ip6-localhost", "ip6-loopback"] { url("this machine", "https://\(name)", Self.blocked) }
    }

    /// What an RP outside may answer to lead somewhere else.
    private mutating func addAnswers() {
        let outside = [ScriptedNameServer.Answer.addresses([Self.publicV4])]
        for status in [301, 302, 303, 307, 308] {
            for target in [
                "http://169.254.169.254/latest/meta-data/", "https://10.0.0.1/", "file:///etc/passwd",
            ] {
                let step = ScriptedStep.status(status, headers: ["Location: \(target)"])
                name("redirect", "\(status) \(target)", outside, .ended("redirect_refused"), step: step)
            }
        }
        let headers = [
            "Location: https://10.0.0.1/", "Content-Location: https://10.0.0.1/",
            "Refresh: 0; url=https://10.0.0.1/",
            "Alt-Svc: h2=\"10.0.0.1:443\"; ma=86400, h3=\"10.0.0.1:443\"",
            "Link: <https://10.0.0.1/>; rel=preload",
            "Connection: close",
        ]
        let delivered = Case.Verdict.delivered(at: [Self.publicV4])
        name(
            "headers",
            "200 with Alt-Svc and others",
            outside,
            delivered,
            step: .status(200, headers: headers)
        )
        for scheme in ["Negotiate", "NTLM", "Basic realm=x"] {
            let step = ScriptedStep.status(401, headers: ["WWW-Authenticate: \(scheme)"])
            name("headers", "401 \(scheme)", outside, .ended("rejected"), step: step)
        }
        let early =
            "HTTP/1.1 103 Early Hints\r\nLink: <https://10.0.0.1/>; rel=preconnect\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
        name("headers", "103 with a preconnect", outside, delivered, step: .raw(early))
    }
}
