import APIClient
import ArgumentParser
import Foundation

/// How an API that runs elsewhere is reached. Each option is also a variable of the environment.
struct RemoteOptions: ParsableArguments {
    @Option(
        name: .customLong("api"),
        help: ArgumentHelp("Call this API instead of the database (or LASTCALL_API_URL).", valueName: "url")
    )
    var api: String?
    @Option(
        name: .customLong("api-key-file"),
        help: "A file with the API key (or LASTCALL_API_KEY_FILE; the key itself: LASTCALL_API_KEY).",
        completion: .file()
    )
    var keyFile: String?
    @Option(
        name: .customLong("api-ca-file"),
        help: "Authorities of the API's certificate (or LASTCALL_API_CA_FILE).",
        completion: .file()
    )
    var caFile: String?
    @Option(
        name: .customLong("api-certificate-file"),
        help: "Certificate and key for an API that asks for one, in PEM (or LASTCALL_API_CERTIFICATE_FILE).",
        completion: .file()
    )
    var certificateFile: String?

    /// The variables that these options read.
    private static let variables: Set = [
        "LASTCALL_API_URL", "LASTCALL_API_KEY", "LASTCALL_API_KEY_FILE", "LASTCALL_API_CA_FILE",
        "LASTCALL_API_CERTIFICATE_FILE",
    ]

    /// The environment without them: they are no settings of a process that serves.
    static func others(in environment: [String: String]) -> [String: String] {
        environment.filter { !variables.contains($0.key) }
    }

    /// What is not given comes from the environment.
    func filled(from environment: [String: String]) throws -> Filled {
        let file = keyFile ?? environment["LASTCALL_API_KEY_FILE"]
        let key =
            try file.map { String(decoding: try readInput($0), as: UTF8.self) }
            ?? environment["LASTCALL_API_KEY"]
        return Filled(
            url: api ?? environment["LASTCALL_API_URL"],
            key: key?.trimmingCharacters(in: .whitespacesAndNewlines),
            caFile: caFile ?? environment["LASTCALL_API_CA_FILE"],
            certificateFile: certificateFile ?? environment["LASTCALL_API_CERTIFICATE_FILE"]
        )
    }

    /// The options, wherever they came from.
    struct Filled {
        let url: String?
        let key: String?
        let caFile: String?
        let certificateFile: String?

        /// The API; `nil`: the database is used.
        func server() throws -> APIServer? {
            guard let url else { return nil }
            guard key?.contains(where: { $0 < " " || $0 > "~" }) != true else {
                throw Failure("the API key has characters that no key has", code: Failure.misconfigured)
            }
            var server = try APIServer(url: url, key: key, userAgent: "lastcall-cli/\(Version.text)")
            server.caFile = caFile
            server.certificateFile = certificateFile
            if server.isExposed, key != nil {
                FileHandle.standardError.write(
                    Data("lastcall: the API key can be read on the way to \(url)\n".utf8)
                )
            }
            return server
        }
    }
}
