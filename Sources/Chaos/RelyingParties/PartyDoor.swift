import Benchmarks
import Glibc

/// Where one relying party listens, does not, or lets the kernel drop those who knock.
struct PartyDoor {
    let party: Int
    let port: UInt16
    var behaviour = PartyBehaviour.ok
    private(set) var listener: Int32?
    /// Connections of our own that fill the backlog.
    private var fillers: [Int32] = []

    /// Listens at a port that the system chooses.
    ///
    /// - Throws: `WireError`.
    init(of party: Int) throws(WireError) {
        guard let socket = try Loopback.listen(at: 0) else { throw .portsTaken(wanted: 1, free: 0) }
        (self.party, listener, port) = (party, socket.descriptor, socket.port)
    }

    /// Listens again, at the same port; without effect where it does.
    ///
    /// - Throws: `WireError`, such as where somebody else has taken the port.
    mutating func open() throws(WireError) {
        if let listener {
            drain(listener)
            return
        }
        guard let socket = try Loopback.listen(at: port) else { throw .portsTaken(wanted: 1, free: 0) }
        listener = socket.descriptor
    }

    /// Listens no more.
    mutating func shut() {
        fillers.forEach { close($0) }
        fillers = []
        if let listener { close(listener) }
        listener = nil
    }

    /// Lets the backlog be full: the kernel then drops each SYN, and answers none with a reset.
    ///
    /// - Throws: `WireError`.
    mutating func fill() throws(WireError) {
        try open()
        guard let listener, fillers.isEmpty else { return }
        listen(listener, 0)
        while let waiting = Loopback.accept(listener) { close(waiting) }
        // A backlog of 0 holds one; the second one is there for the case that the first was not queued in time.
        fillers = [
            try Loopback.connect(to: port, waits: false), try Loopback.connect(to: port, waits: false),
        ]
    }

    /// Takes our own connections out of the backlog again.
    private mutating func drain(_ listener: Int32) {
        guard !fillers.isEmpty else { return }
        for filler in fillers {
            if let queued = Loopback.accept(listener) { close(queued) }
            close(filler)
        }
        fillers = []
        listen(listener, Loopback.backlog)
    }
}
