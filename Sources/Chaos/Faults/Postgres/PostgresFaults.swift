/// Every fault of the database, in the order of the tables.
package enum PostgresFaults {
    /// All of them.
    package static let all: [any Fault] =
        [PostgresCrash(), BackendsTerminated(), StatementsCancelled()] + cuts
        + [
            HalfDeadConnections(), DatabaseBlackhole(), DatabaseSlow(), ConnectionsRefused(),
            TooManyConnections(),
            RowsLocked(), TablesLocked(), Deadlocks(), SerializationFailures(), ReadOnlyServer(),
            ReadOnlySessions(),
            SnapshotHeld(), LogDiskFull(), DataDiskFull(), SynchronousFailover(), AsynchronousFailover(),
            SynchronousStandbyGone(), SynchronousStandbyGoneThenFailover(), PoolerCrash(),
        ]

    private static let cuts: [any Fault] = [StatementClass.accept, .claim, .settle, .audit].flatMap {
        statement in
        CutPlace.allCases.map { place in ConnectionsCut(place: place, statement: statement) }
    }
}
