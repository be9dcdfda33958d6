import COpenSSL
import Glibc

/// One connection of a scripted RP, on a thread of its own: reads requests and does their steps in turn.
struct ScriptedConnection {
    let server: ScriptedServer
    let descriptor: Int32
    let number: Int

    /// Returns when the connection is to be closed; its stream is gone by then.
    func run() {
        switch server.transport {
        case .stalled:
            ByteStream(descriptor: descriptor).waitForEnd()
        case .garbage:
            let stream = ByteStream(descriptor: descriptor)
            _ = stream.read()
            _ = stream.write(Array("220 mail.test ESMTP\r\n".utf8))
            stream.waitForEnd()
        case .plain:
            serve(ByteStream(descriptor: descriptor))
        case .tls, .wrongHost, .expired, .unknownAuthority, .selfSigned, .tls11Only, .tls12Only, .mutual,
            .mutualTLS12:
            guard let tls = server.tls, let stream = ByteStream(descriptor: descriptor, server: tls) else {
                return
            }
            serve(stream)
        }
    }

    private func serve(_ stream: ByteStream) {
        var reader = RequestReader()
        while true {
            stream.waitForBytes()
            if server.takesReset() {
                reset()
                return
            }
            guard let parts = reader.next(from: stream) else { return }
            let request = ReceivedRequest(parts, from: stream, connection: number, at: Self.now())
            guard perform(server.record(request), for: request, on: stream) else { return }
        }
    }

    /// Does one step. Returns whether the connection goes on.
    private func perform(_ step: ScriptedStep, for request: ReceivedRequest, on stream: ByteStream) -> Bool {
        switch step {
        case .status(let code, let headers, let body):
            let closes = headers.contains { $0.lowercased() == "connection: close" }
            let written = stream.write(Self.answer(code, headers: headers, body: body))
            if closes { stream.sayGoodbye() }
            return written && !closes
        case .redirect(let location):
            return stream.write(Self.answer(302, headers: ["Location: \(location)"], body: ""))
        case .raw(let text):
            _ = stream.write(Array(text.utf8))
            stream.sayGoodbye()
        case .hang:
            stream.waitForEnd()
        case .drip(let text, let pause):
            drip(Array(text.utf8), pause, on: stream)
        case .resetBeforeReading, .resetAfterReading:
            reset()
        case .closeAfterReading:
            stream.sayGoodbye()
        case .hugeBody(let chunked):
            let framing = chunked ? "Transfer-Encoding: chunked\r\n" : ""
            let block = String(repeating: "x", count: 4_096)
            pour(
                "HTTP/1.1 200 OK\r\n\(framing)\r\n",
                then: chunked ? "1000\r\n\(block)\r\n" : block,
                on: stream
            )
        case .endlessHeaders:
            pour(
                "HTTP/1.1 200 OK\r\n",
                then: "X-Padding: \(String(repeating: "x", count: 1_000))\r\n",
                on: stream
            )
        case .endlessInterim:
            pour("", then: "HTTP/1.1 103 Early Hints\r\nX-Padding: x\r\n\r\n", on: stream)
        case .gate(let gate, let step):
            return stream.wait(at: gate) && perform(step, for: request, on: stream)
        case .decide(let choose):
            return perform(choose(request), for: request, on: stream)
        }
        return false
    }

    private static func answer(_ code: Int, headers: [String], body: String) -> [UInt8] {
        let framed = headers.contains { header in
            ["content-length:", "transfer-encoding:"].contains { header.lowercased().hasPrefix($0) }
        }
        var lines = ["HTTP/1.1 \(code) Scripted"] + headers
        if !framed, code != 204, code >= 200 { lines.append("Content-Length: \(body.utf8.count)") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }

    /// Writes until the client has had enough.
    private func pour(_ start: String, then block: String, on stream: ByteStream) {
        let block = Array(block.utf8)
        guard stream.write(Array(start.utf8)) else { return }
        while stream.write(block) {}
    }

    private func drip(_ bytes: [UInt8], _ pause: Duration, on stream: ByteStream) {
        let milliseconds = Int32(max(1, pause / .milliseconds(1)))
        var index = 0
        while !bytes.isEmpty, stream.write([bytes[min(index, bytes.count - 1)]]) {
            index += 1
            guard stream.waitOut(milliseconds: milliseconds) else { return }
        }
    }

    /// Makes the close that follows a reset.
    private func reset() {
        var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &linger,
            socklen_t(MemoryLayout<Glibc.linger>.size)
        )
    }

    private static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
