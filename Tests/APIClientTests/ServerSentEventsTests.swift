import APIClient
import Testing

@Suite("Server-sent events")
struct ServerSentEventsTests {
    private let text = """
        retry: 2000

        event: audit
        id: 01
        data: {"a":1}

        :

        event: audit
        id: 02
        data: {"b":"é"}


        """

    @Test("events are the same wherever the stream is cut", arguments: [1, 2, 3, 7, 1_000])
    func cuts(size: Int) {
        var events = ServerSentEvents()
        var rest = Array(text.utf8)[...]
        var found: [ServerSentEvents.Event] = []
        while !rest.isEmpty {
            found += events.take(rest.prefix(size))
            rest = rest.dropFirst(size)
        }
        #expect(found.map(\.id) == ["01", "02"])
        #expect(found.map { String(decoding: $0.data, as: UTF8.self) } == [#"{"a":1}"#, #"{"b":"é"}"#])
    }

    @Test("what is not complete is no event, and a comment ends none")
    func incomplete() {
        var events = ServerSentEvents()
        #expect(events.take(Array("id: 01\ndata: {}".utf8)).isEmpty)
        #expect(events.take(Array("\n".utf8)).isEmpty)
        #expect(events.take(Array(":\n".utf8)).isEmpty)
        #expect(events.take(Array("\n".utf8)).map(\.id) == ["01"])
        #expect(events.take(Array("\n\n".utf8)).isEmpty)
    }
}
