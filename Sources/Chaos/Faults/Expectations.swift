/// What the accounts of one fault may find, and by when.
package struct Expectations: Sendable, Hashable {
    /// Second POSTs of one delivery.
    package enum Duplicates: Sendable, Hashable {
        /// None at all.
        case none
        /// Where an earlier attempt's outcome was unknown, or one that is retried.
        case explained
    }

    /// How deliveries may end; anything else is a difference.
    package var ends: Set<String> = ["delivered"]
    /// Which second POSTs there may be.
    package var duplicates = Duplicates.explained
    /// Whether accepted events may be missing after the fault: only where an asynchronous standby takes over. They are counted.
    package var mayLose = false
    /// Whether claims may be undone: they commit asynchronously, so where Postgres itself crashes, a POST can be left without its
    /// attempt, and made again.
    package var mayLoseClaims = false
    /// Whether ends may be gone that were seen: where a standby takes over that did not have them. What was answered is owed all the same.
    package var mayForget = false
    /// Whether processes may end by themselves: who can open no file at all is ended by Swift's runtime. They are started again.
    package var mayEnd = false
    /// How soon after the fault a delivery must arrive; `nil` where that is not judged.
    package var firstDelivery: Duration? = .seconds(5)
    /// How soon after the fault p99 must be back; `nil` where that is not judged.
    package var recovery: Duration? = .seconds(60)
    /// How soon a lost worker's delivery must be with another one; `nil` where that is not judged.
    package var takeover: Duration? = .seconds(15)
    /// How long it may take after the load has stopped until nothing is open.
    package var quiet: Duration = .seconds(120)

    /// What most faults expect.
    package static let standard = Expectations()

    /// - Parameter change: what is different from ``standard``.
    package init(_ change: (inout Expectations) -> Void = { _ in }) { change(&self) }
}
