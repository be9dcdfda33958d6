import NIOCore

/// Tells the gate of bytes before they are parsed: a head that is never completed is known to have begun.
final class FirstByteWatch: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let gate: RequestGate

    init(_ gate: RequestGate) {
        self.gate = gate
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        gate.bytesCome()
        context.fireChannelRead(data)
    }
}
