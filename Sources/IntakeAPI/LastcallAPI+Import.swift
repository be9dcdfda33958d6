import Outbox
import StrictJSON

extension LastcallAPI {
    /// Reads the body as it arrives: while a batch is being committed, the sender waits.
    @Sendable func importSessions(_ call: Call) async throws -> APIResponse {
        try call.query().finish()
        try call.requireMediaType("application/x-ndjson")
        let limit = SessionImport.maximumBytes
        if let length = try call.request.single("content-length").flatMap({ Int($0) }), length > limit {
            throw Problem.tooLarge(limit)
        }
        var work = SessionImport(issuer: try call.issuerKey(), registry: sessions)
        var size = 0
        for try await chunk in call.request.chunks {
            size += chunk.count
            // Without a length this is known too late to undo what came before; to repeat it is harmless.
            guard size <= limit else { throw Problem.tooLarge(limit) }
            try await work.take(chunk)
        }
        let report = try await work.finish()
        return APIResponse(status: 200) { writer in
            writer.object { writer in
                writer.member("imported", report.imported)
                writer.member("failed", report.failed)
                writer.arrayMember("errors") { writer in
                    for error in report.errors {
                        writer.object { writer in
                            writer.member("line", error.line)
                            writer.member("code", error.code)
                            writer.member("detail", error.detail)
                        }
                    }
                }
            }
        }
    }
}
