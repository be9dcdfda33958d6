/// One named fault, played through while load runs.
package protocol Fault: Sendable {
    /// As it is typed on the command line: kebab-case.
    var name: String { get }
    /// What happens, for tables; without a full stop.
    var sentence: String { get }
    /// What it is played in.
    var setup: WorldSetup { get }
    /// What the accounts may find beyond what they always demand.
    var expectations: Expectations { get }

    /// Injects, holds and heals; returns when healed.
    ///
    /// Every choice is drawn from ``World/random``, and time passes in ``World/pause(_:)``, while load goes on.
    ///
    /// - Parameter world: where it happens.
    /// - Throws: where the fault could not be made; a finding is a check of ``World/check(_:)`` instead.
    func play(in world: World) async throws
}

extension Fault {
    /// ``WorldSetup/standard``.
    package var setup: WorldSetup { .standard }
    /// ``Expectations/standard``.
    package var expectations: Expectations { .standard }
}
