import NIOCore

/// Notices that a caller has hung up while its request is still worked on.
///
/// A connection is read on behind the request that is being answered, so its end is seen at once. What a caller that only
/// closed its own side gets is an earlier answer.
final class HangUpHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    private var hasHungUp = false
    private var listener: (@Sendable () -> Void)?

    /// Sets who is told, instead of whoever was before: a connection's requests are answered one by one.
    func listen(_ listener: @escaping @Sendable () -> Void) {
        guard !hasHungUp else { return listener() }
        self.listener = listener
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { hangUp() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hangUp()
        context.fireChannelInactive()
    }

    private func hangUp() {
        hasHungUp = true
        listener?()
        listener = nil
    }
}
