import HTTPTypes
public import HummingbirdCore
import Logging
public import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOSSL

/// A connection of the listener: TLS where it is on, the parser, the gate, and then whoever answers.
struct GuardedChannel: ServerChildChannel, HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: Responder
    let limits: ListenerLimits
    let slots: ConnectionSlots
    let tls: ServerTLS?
    let handlers: @Sendable () -> [any RemovableChannelHandler]

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        channel.eventLoop.makeCompletedFuture {
            let place = slots.take()
            channel.closeFuture.whenComplete { [slots] _ in slots.giveBack(place) }
            let pipeline = channel.pipeline.syncOperations
            if place == .taken {
                try fill(pipeline)
            } else {
                try pipeline.addHandler(NoRoomHandler(isTold: place == .refused && tls == nil))
            }
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel,
                configuration: .init(isOutboundHalfClosureEnabled: true)
            )
        }
    }

    private func fill(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls.context)) }
        let gate = RequestGate(limits)
        try pipeline.addHandler(FirstByteWatch(gate))
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderFieldSize = limits.headerBytes
        decoder.maxHeaderListSize = limits.headerBytes
        decoder.maxHeaderFieldCount = limits.headerFields
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false,
            withErrorHandling: false,
            withOutboundHeaderValidation: false,
            withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: decoder
        )
        try pipeline.addHandler(gate)
        try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: tls != nil))
        try pipeline.addHandlers(handlers())
    }

    func handle(value: Value, logger: Logger) async {
        await handleHTTP(asyncChannel: value, logger: logger)
    }
}

extension HTTPServerBuilder {
    /// HTTP/1.1 behind the gate: only complete, unambiguous and timely requests come through.
    ///
    /// - Parameters:
    ///   - limits: what a caller may send and how long it may take.
    ///   - slots: how many connections there may be.
    ///   - tls: what to show; `nil`: plain HTTP.
    ///   - handlers: what else a connection needs, behind the gate.
    /// - Returns: what Hummingbird's application takes as its server.
    public static func guarded(
        limits: ListenerLimits,
        slots: ConnectionSlots,
        tls: ServerTLS? = nil,
        handlers: @escaping @Sendable () -> [any RemovableChannelHandler] = { [] }
    ) -> HTTPServerBuilder {
        HTTPServerBuilder { responder in
            GuardedChannel(responder: responder, limits: limits, slots: slots, tls: tls, handlers: handlers)
        }
    }
}
