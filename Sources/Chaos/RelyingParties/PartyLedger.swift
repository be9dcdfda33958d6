import Synchronization

/// All that relying parties have received, in the order in which they read it.
final class PartyLedger: Sendable {
    private struct Kept {
        var posts: [ReceivedPost] = []
        var connections: [ReceivedConnection] = []
        var troubles: [String] = []
    }

    private let kept = Mutex(Kept())

    var posts: [ReceivedPost] { kept.withLock { $0.posts } }
    var connections: [ReceivedConnection] { kept.withLock { $0.connections } }
    /// What parties could not do as they were told.
    var troubles: [String] { kept.withLock { $0.troubles } }
    var postCount: Int { kept.withLock { $0.posts.count } }

    /// Keeps a POST.
    ///
    /// - Returns: its number.
    func note(_ body: String, to party: Int, at moment: UInt64) -> Int {
        kept.withLock { kept in
            let number = kept.posts.count
            kept.posts.append(ReceivedPost(number: number, party: party, arrivedAt: moment, body: body))
            return number
        }
    }

    /// The head of an answer to a POST has gone out whole.
    func note(_ status: Int, answeredTo number: Int) {
        kept.withLock { $0.posts[number].answer = status }
    }

    /// A party could not do as it was told.
    func note(trouble: String) {
        kept.withLock { $0.troubles.append(trouble) }
    }

    /// Keeps a connection.
    func note(_ connection: ReceivedConnection) {
        kept.withLock { $0.connections.append(connection) }
    }
}
