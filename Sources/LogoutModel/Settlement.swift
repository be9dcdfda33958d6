/// What an attempt makes of its delivery.
public enum Settlement: Sendable, Hashable {
    /// The RP accepted it.
    case delivered(DeliveryFlags)
    /// It ends otherwise; the reason says as what.
    case ended(EndReason, DeliveryFlags)
    /// It is tried again after a wait, counted from when this is recorded. An excused attempt counts against nobody.
    case retry(after: Duration, isExcused: Bool)

    /// Where it leaves the delivery.
    public var status: DeliveryStatus {
        switch self {
        case .delivered: .delivered
        case .ended(let reason, _): reason.status
        case .retry: .retrying
        }
    }

    /// An end without flags.
    public init(endingWith reason: EndReason) {
        self = .ended(reason, [])
    }
}
