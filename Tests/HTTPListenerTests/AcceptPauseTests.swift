import Glibc
import HTTPListener
import NIOCore
import NIOEmbedded
import Testing

@Suite("Connections that cannot be taken")
struct AcceptPauseTests {
    private func autoRead(_ channel: EmbeddedChannel) -> [Bool] {
        channel.options.compactMap { $0.value as? Bool }
    }

    @Test(
        "without a free descriptor a server takes nothing for a moment, once for many errors, and then goes on"
    )
    func pauses() throws {
        let channel = EmbeddedChannel(handler: AcceptPause())
        for code in [EMFILE, ENFILE, ENOBUFS, ENOMEM] {
            channel.pipeline.fireErrorCaught(IOError(errnoCode: code, reason: "accept"))
        }
        #expect(autoRead(channel) == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(99))
        #expect(autoRead(channel) == [false])
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(autoRead(channel).last == true)
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
        #expect(autoRead(channel).last == false)
    }

    @Test("an error of one connection is passed on, and stops nothing")
    func passes() {
        let channel = EmbeddedChannel(handler: AcceptPause())
        channel.pipeline.fireErrorCaught(IOError(errnoCode: ECONNABORTED, reason: "accept"))
        #expect(autoRead(channel).isEmpty)
        #expect(throws: IOError.self) { try channel.throwIfErrorCaught() }
    }
}
