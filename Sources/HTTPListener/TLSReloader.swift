public import Logging
public import ServiceLifecycle
import UnixSignals

/// Takes new certificates in without a restart: on SIGHUP, and when the files have changed.
public struct TLSReloader: Service {
    private let identity: ServerTLS
    private let interval: Duration
    private let logger: Logger

    /// - Parameters:
    ///   - identity: what the listener shows.
    ///   - interval: the time between two looks at the files.
    ///   - logger: hears of every change, and of files that cannot be used.
    public init(_ identity: ServerTLS, every interval: Duration, logger: Logger) {
        self.identity = identity
        self.interval = interval
        self.logger = logger
    }

    /// Runs until the process stops.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskGroup(of: Void.self) { group in
                group.addTask {
                    for await _ in await UnixSignalsSequence(trapping: .sighup) { look(isForced: true) }
                }
                group.addTask {
                    while (try? await Task.sleep(for: interval)) != nil { look(isForced: false) }
                }
            }
        }
    }

    private func look(isForced: Bool) {
        switch identity.reload(isForced: isForced) {
        case .unchanged: break
        case .loaded:
            logger.notice(
                "new TLS certificate in use",
                metadata: ["not_valid_after_unix_seconds": "\(identity.notValidAfter)"]
            )
        case .failed(let problem):
            logger.error(
                "new TLS files cannot be used, the old ones stay in use",
                metadata: ["error": "\(problem)"]
            )
        }
    }
}
