public import FoundationEssentials
import LogoutModel

/// The first place where an audit trail is not what was sealed.
public enum AuditBreak: Error, Sendable, Hashable {
    /// The event was changed after it was sealed.
    case changed(UUID, seal: Int64)
    /// The event is gone, and no retention has noted that it took it.
    case missing(UUID, seal: Int64)
    /// The event stands among sealed ones and was never sealed.
    case inserted(UUID, seal: Int64)
    /// The seal of this number is gone.
    case missingSeal(Int64)
    /// The seal was changed, or does not follow the one before it.
    case brokenSeal(Int64)
    /// The chain ends before the head that was kept elsewhere.
    case cutOff(head: Int64)
    /// The seal is in itself sound, and not the one whose hash was kept elsewhere: the trail was written anew.
    case otherHead(Int64)
    /// Retention has dropped the seal whose hash was kept elsewhere, so nothing can be held against it.
    case headNotKept(Int64)

    /// What is wrong in one word, for programs.
    public var code: String {
        switch self {
        case .changed: "changed"
        case .missing: "missing"
        case .inserted: "inserted"
        case .missingSeal: "missing_seal"
        case .brokenSeal: "broken_seal"
        case .cutOff: "cut_off"
        case .otherHead: "other_head"
        case .headNotKept: "head_not_kept"
        }
    }

    /// The seal where it is.
    public var seal: Int64 {
        switch self {
        case .changed(_, let seal), .missing(_, let seal), .inserted(_, let seal), .missingSeal(let seal),
            .brokenSeal(let seal), .cutOff(let seal), .otherHead(let seal),
            .headNotKept(let seal):
            seal
        }
    }

    /// The event that is wrong, where one is.
    public var entry: UUID? {
        switch self {
        case .changed(let id, _), .missing(let id, _), .inserted(let id, _): id
        case .missingSeal, .brokenSeal, .cutOff, .otherHead, .headNotKept: nil
        }
    }

    /// One line for people.
    public var explanation: String {
        let id = entry?.lowercased ?? ""
        return switch self {
        case .changed: "entry \(id) was changed after it was sealed (seal \(seal))"
        case .missing: "entry \(id) is missing (seal \(seal))"
        case .inserted: "entry \(id) was inserted among sealed ones (seal \(seal))"
        case .missingSeal: "seal \(seal) is missing"
        case .brokenSeal: "seal \(seal) was changed, or does not follow the one before it"
        case .cutOff: "the chain ends before seal \(seal), the head that was kept"
        case .otherHead: "seal \(seal) is not the one that was kept: the trail was written anew"
        case .headNotKept: "seal \(seal), the head that was kept, is older than all that retention has left"
        }
    }
}
