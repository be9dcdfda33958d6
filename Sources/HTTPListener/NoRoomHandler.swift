import NIOCore

/// Turns a connection away that there is no room for.
final class NoRoomHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// How long the caller has to read why.
    private static let patience = TimeAmount.seconds(1)

    private static let answer: [UInt8] = {
        let body = """
            {"type":"urn:lastcall:problem:unavailable","title":"Unavailable","status":503,\
            "detail":"Too many connections are open.","code":"unavailable"}
            """
        let head = """
            HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\n\
            Content-Length: \(body.utf8.count)\r\nRetry-After: 1\r\nConnection: close\r\n\r\n
            """
        return Array((head + body).utf8)
    }()

    private let isTold: Bool

    /// - Parameter isTold: whether it gets an answer; otherwise it is closed without a word.
    init(isTold: Bool) {
        self.isTold = isTold
    }

    func channelActive(context: ChannelHandlerContext) {
        guard isTold else { return context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.answer)), promise: nil)
        context.close(mode: .output, promise: nil)
        _ = context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) {
            context.close(promise: nil)
        }
        context.fireChannelActive()
    }

    /// What it asks for is not read.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if let event = event as? ChannelEvent, event == .inputClosed { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}
