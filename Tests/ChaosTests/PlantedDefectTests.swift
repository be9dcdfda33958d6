import Foundation
import Testing

@testable import Chaos

@Suite("Planted defects")
struct PlantedDefectTests {
    private static let text = """
        a step is left out
        fault: worker-killed
        check: nothing is open
        check: no end goes back

        @@ a.swift
         first
        -second
        +other
        @@ a.swift
        -third

        """

    @Test("a defect is read, and replaces what is there once")
    func replaces() throws {
        let defect = try PlantedDefect(name: "left-out", text: Self.text)
        #expect(defect.sentence == "a step is left out")
        #expect(defect.proof == .fault("worker-killed"))
        #expect(defect.checks == ["nothing is open", "no end goes back"])
        #expect(
            try defect.planted { _ in "first\nsecond\nthird\nsecond\n" } == [
                "a.swift": "first\nother\nsecond\n"
            ]
        )
    }

    @Test(
        "what is not there, or twice, cannot be planted",
        arguments: ["first\nsecond\n", "first\nsecond\nthird\nfirst\nsecond\n", ""]
    )
    func refuses(text: String) throws {
        let defect = try PlantedDefect(name: "left-out", text: Self.text)
        #expect(throws: ChaosError.self) { try defect.planted { _ in text } }
    }

    @Test(
        "a file without sentence, proof, check or substitution is refused, and a line that says nothing",
        arguments: [
            "", "a\n", "a\nfault: b\n@@ c\n-d\n", "a\nfault: b\ncheck: c\n", "a\ncheck: c\n@@ c\n-d\n",
            "a\nnonsense\nfault: b\ncheck: c\n@@ c\n-d\n",
        ]
    )
    func misread(text: String) {
        #expect(throws: ChaosError.self) { try PlantedDefect(name: "x", text: text) }
    }

    @Test("every defect fits the sources as they are, and names a fault that there is")
    func fits() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        let defects = try PlantedTree(of: root, in: "/nowhere").defects()
        #expect(defects.count >= 12)
        for defect in defects {
            let changed = try defect.planted { try PlantedTree.text(root + "/" + $0) }
            for (path, text) in changed { #expect(try text != PlantedTree.text(root + "/" + path)) }
            if case .fault(let name) = defect.proof {
                #expect(throws: Never.self, "\(defect.name)") { try FaultList.named([name]) }
            }
        }
    }
}
