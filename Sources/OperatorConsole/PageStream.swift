import ServiceLifecycle
import Threads

/// A page that updates itself: its main part, each time that it has changed, as server-sent events.
struct PageStream: AsyncSequence, Sendable {
    /// How long it is between two looks.
    static let interval = Duration.seconds(2)
    /// After so many looks without a change a comment is sent, so that nobody between takes the stream for dead.
    static let quietLooks = 7

    /// Held for as long as the stream is.
    let place: Places.Place
    /// The main part as it is now; `nil`: the reader may not see it any more.
    let look: @Sendable () async throws -> String?

    func makeAsyncIterator() -> Iterator { Iterator(stream: self) }

    struct Iterator: AsyncIteratorProtocol {
        let stream: PageStream
        private var last: String?
        private var quiet = 0

        init(stream: PageStream) {
            self.stream = stream
        }

        /// The next event; `nil` where the process stops, or the reader may not read any more.
        mutating func next() async throws -> [UInt8]? {
            if last == nil {
                last = ""
                return Array("retry: 3000\n\n".utf8)
            }
            while true {
                do {
                    try await cancelWhenGracefulShutdown { try await Task.sleep(for: PageStream.interval) }
                } catch {
                    return nil
                }
                guard let page = try await stream.look() else { return nil }
                guard page == last else {
                    last = page
                    quiet = 0
                    return Self.event(page)
                }
                quiet += 1
                guard quiet < PageStream.quietLooks else {
                    quiet = 0
                    return Array(":\n\n".utf8)
                }
            }
        }

        private static func event(_ page: String) -> [UInt8] {
            var bytes = Array("event: page\n".utf8)
            // A line ends at CR as well, for whoever reads the stream.
            for line in page.utf8.split(
                omittingEmptySubsequences: false,
                whereSeparator: { $0 == 0x0A || $0 == 0x0D }
            ) {
                bytes += "data: ".utf8
                bytes += line
                bytes.append(0x0A)
            }
            bytes.append(0x0A)
            return bytes
        }
    }
}
