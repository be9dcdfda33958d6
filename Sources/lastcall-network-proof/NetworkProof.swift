import Foundation
import LastcallTestKit

/// Proves that no packet goes to denied space, inside a network namespace where every address is the scripted RP.
///
/// Run by `scripts/harden network`, which makes the namespace and says what there is in it.
@main
struct NetworkProof {
    static func main() async {
        for name in Stage.proxyVariables { unsafe setenv(name, Stage.deadProxy, 1) }
        let report = Report()
        do {
            try await prove(report)
        } catch {
            print("network proof: \(error)")
            exit(1)
        }
        report.end()
        exit(report.failures == 0 ? 0 : 1)
    }

    private static func prove(_ report: Report) async throws {
        guard CommandLine.arguments.count == 2 else {
            throw ProofError("usage: lastcall-network-proof FOLDER")
        }
        let folder = CommandLine.arguments[1]
        let stage = try Stage()
        try stage.control(report)
        try await SenderProof(stage: stage).run(report)
        try await ProductProof(stage: stage, title: "lastcall up, as installed", folder: folder).run(
            report
        )
        try await ProductProof(
            stage: stage,
            title: "The control: lastcall up with allow_private_networks is seen inside, and nowhere else",
            folder: folder,
            settings: ["LASTCALL_ALLOW_PRIVATE_NETWORKS": "true"],
            opensPrivate: true
        ).run(report)
        // Tunnels lead to the RP by way of an address that nothing else uses.
        let proxy = try ScriptedProxy(everywherePort: 3_128, far: 0x7f4d_4d4d)
        try await ProductProof(
            stage: stage,
            title: "lastcall up behind an egress proxy",
            folder: folder,
            settings: ["LASTCALL_EGRESS_PROXY": "http://10.99.0.1:3128", "no_proxy": "*", "NO_PROXY": "*"],
            proxy: (.init("tcp", "10.99.0.1", 3_128), proxy, "127.77.77.77")
        ).run(report)
    }
}
