import IntakeAPI
import StrictJSON

/// An answer of the API, read for a test.
struct Answer: Sendable {
    /// A test asked for what is not there.
    struct Unexpected: Error, CustomStringConvertible {
        let description: String
    }

    /// How a call was refused.
    struct Refusal: Sendable, Hashable {
        let status: Int
        let code: String
        let pointer: String?

        init(_ status: Int, _ code: String, _ pointer: String? = nil) {
            self.status = status
            self.code = code
            self.pointer = pointer
        }
    }

    let status: Int
    let headers: [(name: String, value: String)]
    let body: [UInt8]

    init(_ response: APIResponse) {
        status = response.status
        headers = response.headers
        body = response.body
    }

    /// The body as JSON; `null` where it is none.
    var json: JSON { (try? JSON.parse(body, maximumBytes: 64 << 20)) ?? .null }

    /// The body as text.
    var text: String { String(decoding: body, as: UTF8.self) }

    /// The values of a header field.
    func header(_ name: String) -> [String] {
        headers.filter { $0.name.lowercased() == name.lowercased() }.map(\.value)
    }

    /// A member of the body.
    subscript(name: String) -> JSON? { json[name] }

    /// A member of the body that is a string.
    func text(_ name: String) throws -> String {
        guard case .string(let text)? = json[name] else {
            throw Unexpected(description: "no \(name): \(text)")
        }
        return text
    }

    /// Gives up unless the call was answered so.
    func require(_ status: Int) throws {
        guard self.status == status else { throw Unexpected(description: "\(self.status): \(text)") }
    }

    /// How the call was refused; a document that is no RFC 9457 problem shows as the code `no problem`.
    var refusal: Refusal {
        guard header("Content-Type") == ["application/problem+json"], case .string(let code)? = json["code"],
            json["type"] == .string("urn:lastcall:problem:\(code)"), json["status"]?.int == status,
            case .string? = json["title"], case .string? = json["detail"],
            Set(json.names).isSubset(of: ["type", "title", "status", "detail", "code", "pointer"])
        else { return Refusal(status, "no problem: \(text)") }
        return Refusal(status, code, json["pointer"]?.string)
    }
}

extension JSON {
    /// The names of an object's members, in their order.
    var names: [String] { members.map(\.name) }
}
