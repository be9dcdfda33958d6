import ArgumentParser
import Chaos

@main
struct ChaosCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lastcall-chaos",
        abstract: "Break a fleet of Lastcall on purpose and draw up the accounts."
    )

    func run() async throws {}
}
