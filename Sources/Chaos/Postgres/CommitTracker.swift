/// Follows one session far enough to say which message of the client commits what.
///
/// A transaction that was begun commits with the query `commit`; outside of one, the Sync behind the statements does, or the end
/// of a simple query. A client that sends on before it has its answer is not followed.
struct CommitTracker {
    private var statements: [String: StatementClass] = [:]
    private var portals: [String: StatementClass] = [:]
    /// What has run since the last commit.
    private var executed: Set<StatementClass> = []
    private var hasRun = false
    private var isInTransaction = false

    /// Takes a message of the client.
    ///
    /// - Returns: what it commits; `nil` where it commits nothing.
    mutating func client(_ message: MessageReader.Message) -> Set<StatementClass>? {
        var body = message.body
        switch message.kind {
        case UInt8(ascii: "P"):
            let name = body.popText()
            statements[name] = StatementClass.of(name: name, text: body.popText())
        case UInt8(ascii: "B"):
            let portal = body.popText()
            portals[portal] = statements[body.popText()]
        case UInt8(ascii: "E"):
            hasRun = true
            if let known = portals[body.popText()] { executed.insert(known) }
        case UInt8(ascii: "S"):
            if !isInTransaction, hasRun { return executed }
        case UInt8(ascii: "Q"):
            return query(body.popText().lowercased())
        default: break
        }
        return nil
    }

    private mutating func query(_ text: String) -> Set<StatementClass>? {
        if isInTransaction { return text.hasPrefix("commit") ? executed : nil }
        return text.hasPrefix("begin") || text.hasPrefix("set ") ? nil : executed
    }

    /// Takes a message of the server.
    ///
    /// - Returns: whether it ends an answer.
    mutating func server(_ message: MessageReader.Message) -> Bool {
        guard message.kind == UInt8(ascii: "Z") else { return false }
        isInTransaction = message.body.first != UInt8(ascii: "I")
        if !isInTransaction { (executed, hasRun) = ([], false) }
        return true
    }
}
