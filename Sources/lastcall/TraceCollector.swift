import DeliveryPolicy
import Foundation
import RelyingPartyClient
import ServiceLifecycle
import Settings
import StrictJSON
import Telemetry

/// The operator's collector of traces, and what is on the way to it.
///
/// It has a client of its own: however slow it is, no request to an RP is behind it. Its address is the operator's word,
/// so private and loopback ones are as good as any; TLS is verified.
final class TraceCollector: Service {
    /// How long one call may take.
    private static let timeout = Duration.seconds(10)
    /// How long a process that ends waits for its last spans.
    private static let patience = Duration.seconds(2)
    private static let rule = AddressRule(allowPrivateNetworks: true, allowLoopback: true)

    let exporter: SpanExporter
    private let client: RelyingPartyClient

    /// Readies a client; `nil` where nothing is traced.
    init?(_ settings: LastcallSettings, role: String) throws {
        guard let url = settings.tracesEndpoint else { return nil }
        guard (try? ClientRule(egress: EgressPolicy(addressRule: Self.rule)).accept(uri: url)) != nil else {
            throw Failure(
                "traces_endpoint must be an https URL, or http to loopback, and not that of a cloud's metadata service",
                code: Failure.misconfigured
            )
        }
        var configuration = ClientConfiguration(userAgent: "Lastcall/\(Version.text)")
        configuration.caFile = settings.tracesCAFile ?? settings.caFile
        configuration.keepsBody = true
        configuration.maximumConnections = 2
        configuration.lookupThreads = 1
        let client = try RelyingPartyClient(configuration)
        let headers = try Self.headers(settings.tracesHeadersFile)
        self.client = client
        exporter = SpanExporter(
            capacity: settings.tracesBuffer,
            attributes: [
                ("service.name", "lastcall"), ("service.version", Version.text),
                ("service.instance.id", Self.instance),
                ("lastcall.role", role),
            ],
            version: Version.text
        ) { document in
            let request = LogoutRequest(
                lane: 0,
                url: url,
                body: document,
                signer: headers,
                timeout: Self.timeout,
                rule: Self.rule,
                allowHTTP: true
            )
            return SpanExporter.Ending(await client.post(request))
        }
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { [client] in try await client.run() }
            await withGracefulShutdownHandler {
                await exporter.run()
            } onGracefulShutdown: { [exporter, client] in
                exporter.finish()
                // A client that shuts down takes no more requests: the last spans go first.
                Task {
                    try? await Task.sleep(for: Self.patience)
                    client.shutdown(grace: .zero)
                }
            }
            client.shutdown(grace: .zero)
            try await group.waitForAll()
        }
    }

    private static let instance =
        "\(ProcessInfo.processInfo.hostName)-\(ProcessInfo.processInfo.processIdentifier)"

    /// The operator's headers, one on each line.
    private static func headers(_ path: String?) throws -> SignerHeaders {
        var fields: [(name: String, value: String)] = []
        if let path {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Failure("traces_headers_file cannot be read: \(path)", code: Failure.misconfigured)
            }
            for line in String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline) {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                fields.append(
                    (String(parts[0]), parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : "")
                )
            }
        }
        guard let headers = SignerHeaders(fields: fields) else {
            throw Failure(
                "traces_headers_file must have lines of Name: value, in ASCII, without headers that every call has",
                code: Failure.misconfigured
            )
        }
        return headers
    }
}

extension SpanExporter.Ending {
    /// Source: OpenTelemetry Protocol Specification 1, "OTLP/HTTP Response": which answers may be tried again, and what of
    /// a batch was refused.
    fileprivate init(_ answer: Answer) {
        switch answer.ending {
        case .status(200..<300): self = .taken(refused: Self.rejected(in: answer.document?.body ?? []))
        case .status(429), .status(502), .status(503), .status(504), .failure: self = .notNow
        case .status: self = .refused
        }
    }

    private static func rejected(in body: [UInt8]) -> Int {
        let rejected = (try? JSON.parse(body))?["partialSuccess"]?["rejectedSpans"]?.string
        return max(0, rejected.flatMap { Int($0) } ?? 0)
    }
}
