import HTTPListener
import HTTPTypes
public import Hummingbird
import NIOCore

/// Puts the API on a socket: Hummingbird's request in, the API's answer out.
public struct HTTPFrontend: HTTPResponder {
    /// What Hummingbird keeps with a request.
    public struct Context: RequestContext {
        /// What Hummingbird keeps with every request.
        public var coreContext: CoreRequestContextStorage
        let channel: any Channel

        /// The context of a request on a connection.
        public init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    private let respondTo: @Sendable (APIRequest) async -> APIResponse

    /// A front for an API.
    public init(_ respond: @escaping @Sendable (APIRequest) async -> APIResponse) {
        respondTo = respond
    }

    /// What a server's connections need, so that it is noticed when a caller hangs up.
    public static func connectionHandlers() -> [any RemovableChannelHandler] {
        [HangUpHandler()]
    }

    /// Answers one request.
    public func respond(to request: Request, context: Context) async throws -> Response {
        let body = request.body
        // RFC 9110 section 9.3.2: HEAD is GET without the body; bytes behind the head would be the next answer.
        let isHead = request.method == .head
        var fields = request.headers.map { (name: $0.name.canonicalName, value: $0.value) }
        // The parser takes it out of the fields; whoever judges where a form comes from asks for it.
        if let authority = request.head.authority { fields.append(("host", authority)) }
        var call = APIRequest(
            method: isHead ? "GET" : request.method.rawValue,
            path: request.uri.path,
            query: request.uri.query ?? "",
            headers: fields,
            chunks: ArrivingBody(
                body: body,
                expectant: request.headers[.expect] == nil ? nil : context.channel
            )
        )
        call.whenHungUp = { [channel = context.channel] listener in
            channel.eventLoop.execute {
                try? channel.pipeline.syncOperations.handler(type: HangUpHandler.self).listen(listener)
            }
        }
        let answer = await respondTo(call)
        var headers = HTTPFields()
        headers.reserveCapacity(answer.headers.count + 2)
        for (name, value) in answer.headers {
            guard let name = HTTPField.Name(name) else { continue }
            headers.append(HTTPField(name: name, value: value))
        }
        let status = HTTPResponse.Status(code: answer.status)
        if let stream = answer.stream {
            // RFC 9110 section 9.3.2 again: nothing is begun for a HEAD.
            guard !isHead else { return Response(status: status, headers: headers) }
            return Response(
                status: status,
                headers: headers,
                body: .streaming(stream, request, context.channel)
            )
        }
        // RFC 9110 section 8.6: a 204 has no Content-Length.
        if answer.status != 204 { headers[.contentLength] = "\(answer.body.count)" }
        return Response(
            status: status,
            headers: headers,
            body: isHead ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body))
        )
    }
}

/// A request's body as the socket hands it on: the socket is not read ahead of whoever takes the pieces.
private struct ArrivingBody: AsyncSequence, Sendable {
    let body: RequestBody
    /// The connection of a caller that sends nothing until it is told to.
    let expectant: (any Channel)?

    struct Iterator: AsyncIteratorProtocol {
        var buffers: RequestBody.AsyncIterator
        var expectant: (any Channel)?

        @concurrent mutating func next() async throws -> [UInt8]? {
            if let channel = expectant {
                expectant = nil
                channel.triggerUserOutboundEvent(BodyIsWanted(), promise: nil)
            }
            do {
                return try await buffers.next().map { Array($0.readableBytesView) }
            } catch is BodyTooSlow {
                throw APIRequest.BodyTooSlow()
            } catch {
                guard !Task.isCancelled else { throw CancellationError() }
                throw APIRequest.BodyBroken()
            }
        }
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(buffers: body.makeAsyncIterator(), expectant: expectant)
    }
}

extension ResponseBody {
    /// How long a caller may take to let one chunk into its connection before that is cut.
    private static let chunkLimit = TimeAmount.seconds(5)

    /// A body of chunks, written as they come, until the caller leaves or does not read.
    fileprivate static func streaming(
        _ stream: any AsyncSequence<[UInt8], any Error> & Sendable,
        _ request: Request,
        _ channel: any Channel
    ) -> ResponseBody {
        ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                for try await chunk in stream {
                    let limit = channel.eventLoop.scheduleTask(in: chunkLimit) {
                        channel.close(promise: nil)
                    }
                    defer { limit.cancel() }
                    try await writer.write(ByteBuffer(bytes: chunk))
                }
                try await writer.finish(nil)
            }
        }
    }
}
