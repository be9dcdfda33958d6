import Glibc
import Threads

/// One GET of `/readyz` over plain HTTP, on a socket of its own: a health check must need neither certificates nor a pool.
struct HealthCall: Sendable {
    let host: String
    let port: Int
    let timeout: Duration

    /// Where a listener on every interface is reached.
    private var reachable: String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    /// The answer; `nil` where there is none in time.
    func send() async -> (status: Int, body: String)? {
        let bytes = try? await DedicatedThread.run(named: "lc-health") { exchange() }
        guard let bytes else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        let parts = text.split(separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
        let words = text.prefix { !$0.isNewline }.split(separator: " ")
        guard parts.count == 2, words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1])
        else {
            return nil
        }
        return (status, String(parts[1]))
    }

    private func exchange() -> [UInt8] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(reachable, String(port), &hints, &found) == 0 else { return [] }
        defer { unsafe freeaddrinfo(found) }
        var next = unsafe found
        while let address = unsafe next {
            let answer = unsafe exchange(with: address.pointee)
            if !answer.isEmpty { return answer }
            unsafe next = address.pointee.ai_next
        }
        return []
    }

    private func exchange(with address: addrinfo) -> [UInt8] {
        let kind = unsafe address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = unsafe socket(address.ai_family, kind, 0)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        let end = ContinuousClock.now + timeout
        limit(descriptor, to: timeout)
        guard unsafe connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else { return [] }
        let name = reachable.contains(":") ? "[\(reachable)]" : reachable
        let request = Array("GET /readyz HTTP/1.1\r\nHost: \(name):\(port)\r\nConnection: close\r\n\r\n".utf8)
        guard unsafe Glibc.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
        else { return [] }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while ContinuousClock.now < end, answer.count < 65_536 {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return count == 0 ? answer : [] }
            answer += buffer.prefix(count)
        }
        return []
    }

    /// Ends every single call on the socket in time.
    private func limit(_ descriptor: Int32, to timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, size)
    }
}
