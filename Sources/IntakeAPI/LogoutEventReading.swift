package import LogoutModel
import StrictJSON

/// What the intake makes of a body alone, as an operator's that has no headers.
package enum LogoutEventReading {
    /// It is a logout.
    case accepted(LogoutEventRequest)
    /// It is refused, with this status and, where one member is at fault, its pointer.
    case refused(status: Int, pointer: String?)

    /// Reads a body.
    package init(_ body: [UInt8]) {
        let call = Call(
            request: APIRequest(method: "POST", path: "/") { _ in body },
            parameters: [:],
            principal: .ofOperator("operator"),
            issuer: nil,
            bodyLimit: body.count,
            authenticate: { .ofOperator("operator") }
        )
        do {
            let object = try ObjectReader(JSON.parse(body, maximumBytes: call.bodyLimit))
            self = .accepted(try LogoutEventRequest(reading: object, of: call, issuer: 1))
        } catch {
            let problem = Problem(error) ?? .internalError
            self = .refused(status: problem.status, pointer: problem.pointer)
        }
    }
}
