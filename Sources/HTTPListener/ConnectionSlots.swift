import Synchronization

/// How many connections one listener holds.
///
/// A connection beyond the limit is answered at once with 503 and closed (without a word where it speaks TLS), instead
/// of waiting unseen in the kernel's backlog; beyond a few hundred of those, closed without an answer.
public final class ConnectionSlots: Sendable {
    /// What a new connection gets.
    package enum Place {
        case taken
        /// It is told that there is no room.
        case refused
        /// It is closed without a word.
        case dropped
    }

    /// Connections that may be held at once while they are told that there is no room.
    package static let refusalLimit = 256

    private let limit: Int
    private let open = Atomic(0)
    private let refusing = Atomic(0)
    private let refused = Atomic(0)

    /// Room for so many.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Connections that are open now.
    public var openCount: Int { open.load(ordering: .relaxed) }

    /// Connections that were turned away since the start.
    public var refusedCount: Int { refused.load(ordering: .relaxed) }

    /// A place for a connection that has just been made.
    package func take() -> Place {
        if open.add(1, ordering: .relaxed).newValue <= limit { return .taken }
        open.subtract(1, ordering: .relaxed)
        refused.add(1, ordering: .relaxed)
        if refusing.add(1, ordering: .relaxed).newValue <= Self.refusalLimit { return .refused }
        refusing.subtract(1, ordering: .relaxed)
        return .dropped
    }

    /// The connection is over that had this place.
    package func giveBack(_ place: Place) {
        switch place {
        case .taken: open.subtract(1, ordering: .relaxed)
        case .refused: refusing.subtract(1, ordering: .relaxed)
        case .dropped: break
        }
    }
}
