import Testing

@Suite("Architecture")
struct ArchitectureTests {
    let manifest: Manifest

    init() throws {
        manifest = try Manifest()
    }

    @Test("the manifest is understood: each layer has its targets")
    func layers() {
        let layers = Dictionary(grouping: manifest.targets.filter { $0.layer != nil }) { $0.layer ?? -1 }
            .mapValues { Set($0.map(\.name)) }
        #expect(layers.keys.sorted() == [0, 1, 2, 3, 4, 5, 6])
        #expect(layers[1] == ["LogoutModel"])
        #expect(layers[2] == ["DeliveryPolicy", "LogoutTokens", "AuditTrail"])
        #expect(layers[4] == ["Outbox"])
        #expect(layers[6] == ["lastcall"])
        #expect(manifest["Outbox"]?.dependencies.contains("PostgresClient") == true)
    }

    @Test("every arrow points down: never up, never to a neighbour")
    func arrows() {
        for target in manifest.targets {
            guard let layer = target.layer else { continue }
            for name in target.dependencies {
                guard let below = manifest[name]?.layer else {
                    Issue.record("\(target.name) depends on \(name), which is in no layer")
                    continue
                }
                #expect(
                    below < layer,
                    "\(target.name) in layer \(layer) depends on \(name) in layer \(below)"
                )
            }
        }
    }

    @Test("an arrow up, sideways, or to what stands beside the layers is seen")
    func wrongArrows() {
        let text = """
            // Layer 1: values.
            .target(name: "A", dependencies: ["B", other], swiftSettings: strict),
            // Layer 2: rules (pure).
            .target(
                name: "B",
                dependencies: [
                    "C", "Kit",
                ],
                path: "b"
            ),
            .target(name: "C"),
            // Beside the layers: tools.
            .target(name: "Kit", swiftSettings: strict),
            """
        let targets = Manifest.targets(in: text)
        #expect(targets.map(\.name) == ["A", "B", "C", "Kit"])
        #expect(targets.map(\.layer) == [1, 2, 2, nil])
        #expect(targets.map(\.dependencies) == [["B"], ["C", "Kit"], [], []])
        #expect(targets.map(\.isStrict) == [true, false, false, true])
        #expect(targets[1].folder == "b")
    }

    @Test("no source file imports a target of this package that its own does not declare")
    func declaredImports() throws {
        let names = Set(manifest.targets.map(\.name))
        for target in manifest.targets where target.isSwift {
            for source in try Source.all(below: target.folder) {
                let siblings = Set(source.imports).intersection(names)
                #expect(siblings.isSubset(of: target.dependencies), "\(source.path)")
            }
        }
    }

    @Test("values and rules are pure: no I/O, no clock, no randomness of their own")
    func pureLayers() throws {
        let words = [
            "Clock.now", "Clock()", "Clock.Instant.now", "Date()", "Date.now", "UUID()", ".random(",
            "Task.sleep", "Task {",
            "FileManager", "contentsOfFile", "ProcessInfo", "print(", "getenv",
        ]
        for target in manifest.targets where target.layer == 1 || target.layer == 2 {
            let allowed = target.dependencies.union(["FoundationEssentials"])
            for source in try Source.all(below: target.folder) {
                #expect(Set(source.imports).isSubset(of: allowed), "\(source.path) imports \(source.imports)")
                for word in words { #expect(!source.code.contains(word), "\(source.path) has \(word)") }
            }
        }
    }

    @Test("the API seals secrets and has nothing that could open one")
    func sealsOnly() throws {
        for source in try Source.all(below: "Sources/IntakeAPI") {
            for word in ["KeyEncryptionKey", "KeyRing", "SealedBytes", ".open("] {
                #expect(!source.code.contains(word), "\(source.path) has \(word)")
            }
        }
    }

    @Test("@unchecked Sendable stands only where C handles cross threads")
    func unchecked() throws {
        let allowed: Set = ["PostgresClient", "RelyingPartyClient", "LogoutTokens", "Certificates"]
        for target in manifest.targets
        where target.layer != nil && target.isSwift && !allowed.contains(target.name) {
            for source in try Source.all(below: target.folder) {
                #expect(!source.code.contains("@unchecked"), "\(source.path)")
                #expect(!source.code.contains("nonisolated(unsafe)"), "\(source.path)")
            }
        }
    }

    @Test("every Swift target is compiled by the strict settings")
    func strict() {
        for target in manifest.targets where target.isSwift { #expect(target.isStrict, "\(target.name)") }
    }

    /// A migration is history, which is never split, and the schema's snapshot is written by a script.
    @Test("no file has more than 400 lines", arguments: ["Sources", "Tests", "sql/queries", "Plugins"])
    func lengths(folder: String) throws {
        let sources = try Source.all(below: folder, [".swift", ".sql", ".h"])
        #expect(!sources.isEmpty)
        for source in sources {
            let lines = source.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
            #expect(lines <= 400, "\(source.path) has \(lines)")
        }
    }

    @Test("no source traps on data or is left unfinished")
    func unfinished() throws {
        for source in try Source.all(below: "Sources") {
            for word in ["try!", "fatalError(", "preconditionFailure(", "as!"] {
                #expect(!source.code.contains(word), "\(source.path) has \(word)")
            }
            for word in ["TODO", "FIXME"] { #expect(!source.text.contains(word), "\(source.path)") }
        }
    }
}
