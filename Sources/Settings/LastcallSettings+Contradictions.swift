extension LastcallSettings {
    /// Refuses values that are each allowed and make no sense together.
    ///
    /// - Throws: ``SettingsError/contradiction(_:_:_:)``.
    func checkContradictions() throws(SettingsError) {
        if lease < Self.shortestLease {
            throw .contradiction(
                .leaseShorterThanAttempt(
                    lease: lease,
                    attemptTimeout: Self.defaultAttemptTimeout,
                    margin: Self.leaseMargin
                ),
                origin(of: SettingTable.lease),
                .standard
            )
        }
        if listen.overlaps(adminListen) {
            throw .contradiction(
                .listenersOverlap(listen, adminListen),
                origin(of: SettingTable.listen),
                origin(of: SettingTable.adminListen)
            )
        }
        if databaseLockTimeout >= databaseStatementTimeout {
            throw .contradiction(
                .lockTimeoutNeverActs(lock: databaseLockTimeout, statement: databaseStatementTimeout),
                origin(of: SettingTable.databaseLockTimeout),
                origin(of: SettingTable.databaseStatementTimeout)
            )
        }
        if databaseListenURL != nil, databaseURL == nil {
            throw .contradiction(
                .listenURLAlone,
                origin(of: SettingTable.databaseListenURL),
                origin(of: SettingTable.databaseURL)
            )
        }
    }

    private func origin<Value>(of setting: Setting<Value>) -> SettingSource {
        origins[setting.definition.name] ?? .standard
    }
}
