import NIOCore
import NIOHTTP1

/// Stands between the parser and everybody else, one a connection.
///
/// It lets a request through once its head is complete and means one thing, keeps the deadlines, and sees to it that
/// there is one answer for each request, in order, and none behind a request that cannot be trusted. Where a request is
/// refused, the answers to those before it come first.
final class RequestGate: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// Where in the stream of requests the connection is.
    private enum Reading {
        case between, head, body
        /// Whatever comes is dropped.
        case nothing
    }

    private let limits: ListenerLimits
    private var deadlines: ConnectionDeadlines?
    private var timer: (task: Scheduled<Void>, at: NIODeadline)?
    private var reading = Reading.between
    /// Requests whose answer has not ended.
    private var unanswered = 0
    /// Whether the answer to the oldest of them has begun.
    private var isAnswering = false
    /// Whether the connection ends behind the last of them.
    private var isEnding = false
    /// What is said behind the last of them, in the place of an answer.
    private var refusal: Refusal?
    /// Whether the last answer is on its way, so that nothing else is written.
    private var isOver = false
    private var isInputClosed = false
    private var expectsContinue = false
    private var version = HTTPVersion.http1_1

    init(_ limits: ListenerLimits) {
        self.limits = limits
    }

    // MARK: - What comes

    func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { open(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        open(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.task.cancel()
        timer = nil
        deadlines = nil
        context.fireChannelInactive()
    }

    /// Bytes have come that the parser has not seen yet.
    func bytesCome() {
        if reading == .between { reading = .head }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard reading != .nothing else { return }
        switch unwrapInboundIn(data) {
        case .head(let head): begin(head, data, context)
        case .body(let bytes):
            deadlines?.bodyComes(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end(let trailers):
            deadlines?.bodyEnds()
            expectsContinue = false
            reading = isEnding ? .nothing : .between
            // Nobody asks for trailer fields, and merging them is dangerous (RFC 9110 section 6.5.1).
            context.fireChannelRead(trailers == nil ? data : wrapInboundOut(.end(nil)))
        }
    }

    private func begin(_ head: HTTPRequestHead, _ data: NIOAny, _ context: ChannelHandlerContext) {
        deadlines?.headEnds()
        guard unanswered < ListenerLimits.pipelined else {
            return refuse(.malformed("Too many requests are sent ahead of their answers."), context)
        }
        do throws(Refusal) {
            let checked = try RequestHead(head, limits: limits)
            version = head.version
            unanswered += 1
            reading = .body
            isEnding = checked.endsConnection
            expectsContinue = checked.expectsContinue
            guard let target = checked.rewrittenTarget else { return context.fireChannelRead(data) }
            var rewritten = head
            rewritten.uri = target
            context.fireChannelRead(wrapInboundOut(.head(rewritten)))
        } catch {
            if head.version == .http1_0 { version = .http1_0 }
            refuse(error, context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        switch reading {
        case .head where unanswered == 0:
            deadlines?.headBegins(at: context.eventLoop.now)
            arm(context)
        case .body: deadlines?.bodyIsHandedOn(at: context.eventLoop.now)
        default: break
        }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if reading == .body, deadlines?.isBodyPaused == true {
            deadlines?.bodyIsRead(at: context.eventLoop.now)
            arm(context)
        }
        context.read()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.fireErrorCaught(error)
            return context.close(promise: nil)
        }
        guard reading == .body else {
            if reading != .nothing { refuse(Refusal(error), context) }
            return
        }
        // The request is with its receiver already, which reads the body to this error and answers.
        breakBody(error, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return quiesce(context) }
        if let event = event as? ChannelEvent, event == .inputClosed {
            isInputClosed = true
            if isOver { return context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    private func quiesce(_ context: ChannelHandlerContext) {
        isEnding = true
        if reading != .body { reading = .nothing }
        if unanswered == 0 { context.close(promise: nil) }
    }

    // MARK: - What goes

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !isOver else {
            promise?.fail(ChannelError.outputClosed)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(var head):
            isAnswering = true
            // A body that was not read to its end would be read as the next request.
            if unanswered == 1, reading == .body { isEnding = true }
            let isLast = isEnding && unanswered == 1 && refusal == nil
            guard isLast || version == .http1_0 else { return context.write(data, promise: promise) }
            if isLast { head.headers.replaceOrAdd(name: "Connection", value: "close") }
            head.version = version
            context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            context.write(data, promise: promise)
            isAnswering = false
            unanswered -= 1
            if unanswered == 0 { allIsAnswered(context) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        deadlines?.reads(isBehind: !context.channel.isWritable, at: context.eventLoop.now)
        arm(context)
        context.fireChannelWritabilityChanged()
    }

    func triggerUserOutboundEvent(
        context: ChannelHandlerContext,
        event: Any,
        promise: EventLoopPromise<Void>?
    ) {
        guard event is BodyIsWanted else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        promise?.succeed()
        guard expectsContinue, !isOver, !isAnswering, unanswered == 1, reading == .body else { return }
        expectsContinue = false
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))),
            promise: nil
        )
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output else { return context.close(mode: mode, promise: promise) }
        finish(context)
        promise?.succeed()
    }

    // MARK: - How it ends

    private func allIsAnswered(_ context: ChannelHandlerContext) {
        let now = context.eventLoop.now
        guard !isEnding else { return finish(context) }
        if reading == .head { deadlines?.headBegins(at: now) } else { deadlines?.isIdle(at: now) }
        arm(context)
    }

    private func refuse(_ refusal: Refusal, _ context: ChannelHandlerContext) {
        deadlines?.headEnds()
        self.refusal = refusal
        isEnding = true
        reading = .nothing
        if unanswered == 0 { finish(context) }
    }

    /// Lets whoever reads the body meet an error instead of its rest.
    private func breakBody(_ error: any Error, _ context: ChannelHandlerContext) {
        deadlines?.bodyEnds()
        isEnding = true
        reading = .nothing
        context.fireErrorCaught(error)
    }

    /// Nothing is written behind this. What still comes is dropped, until the caller is gone or has had its time:
    /// closing at once would make the kernel throw the answer away where unread bytes are left.
    private func finish(_ context: ChannelHandlerContext) {
        guard !isOver else { return }
        if let refusal {
            let body = refusal.body
            context.write(wrapOutboundOut(.head(refusal.head(version, length: body.count))), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))), promise: nil)
            context.write(wrapOutboundOut(.end(nil)), promise: nil)
        }
        isOver = true
        reading = .nothing
        deadlines?.lastAnswer(at: context.eventLoop.now)
        context.flush()
        let left = context.eventLoop.makePromise(of: Void.self)
        left.futureResult.assumeIsolated().whenComplete { [self] _ in
            if isInputClosed { return context.close(promise: nil) }
            deadlines?.lastAnswerLeft(at: context.eventLoop.now)
            arm(context)
        }
        context.close(mode: .output, promise: left)
        arm(context)
        // Whoever reads requests is told that there are no more.
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    // MARK: - Time

    private func open(_ context: ChannelHandlerContext) {
        guard deadlines == nil else { return }
        deadlines = ConnectionDeadlines(limits, now: context.eventLoop.now)
        arm(context)
    }

    /// Keeps one timer, and moves it only where something is due before it: most that are set are never needed.
    private func arm(_ context: ChannelHandlerContext) {
        guard let due = deadlines?.due else { return }
        if let timer {
            guard due < timer.at else { return }
            timer.task.cancel()
        }
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: due) { [self] in
            timer = nil
            timeIsUp(context)
        }
        timer = (task, due)
    }

    private func timeIsUp(_ context: ChannelHandlerContext) {
        switch deadlines?.lateness(at: context.eventLoop.now) {
        case nil: break
        case .head: refuse(.headTooSlow, context)
        case .body where !isAnswering: breakBody(BodyTooSlow(), context)
        case .silence, .body, .reading, .end:
            context.close(promise: nil)
            return
        }
        arm(context)
    }
}

/// Sent down a connection when its request's body is about to be read: a caller that waits for a `100 Continue` gets it.
public struct BodyIsWanted: Sendable {
    /// Says so.
    public init() {}
}

/// What the reader of a body meets when the body does not come in time.
public struct BodyTooSlow: Error {}
