internal import Glibc
public import NIOCore

/// Leaves new connections in the kernel's backlog for a moment where none can be taken: no descriptor is free, or no memory.
///
/// NIO's own handler for that waits with its next read, but the socket stays readable meanwhile: its loop called `accept` again
/// and again, and used up a core.
public final class AcceptPause: ChannelInboundHandler, RemovableChannelHandler {
    /// A connection that was taken.
    public typealias InboundIn = any Channel

    /// How long nothing is taken.
    static let length = TimeAmount.milliseconds(100)
    private static let passing = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

    private var isPausing = false

    /// For one server's socket.
    public init() {}

    /// Puts one in front of a server's socket that has just been bound.
    public static func add(to channel: any Channel) {
        channel.eventLoop.execute {
            // A socket that is closed already needs none.
            try? channel.pipeline.syncOperations.addHandler(AcceptPause(), position: .first)
        }
    }

    /// An error of the server's socket: what says that nothing can be taken now stays here.
    public func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? IOError, Self.passing.contains(error.errnoCode) else {
            return context.fireErrorCaught(error)
        }
        guard !isPausing else { return }
        isPausing = true
        set(autoRead: false, context)
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.length) {
            self.isPausing = false
            self.set(autoRead: true, context)
        }
    }

    private func set(autoRead: Bool, _ context: ChannelHandlerContext) {
        try? context.channel.syncOptions?.setOption(.autoRead, value: autoRead)
    }
}
