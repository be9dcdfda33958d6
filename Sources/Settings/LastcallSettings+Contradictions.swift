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
        try checkTLS()
        let lastToken = max(lease, Self.longestClientLease) + Self.longestTokenLifetime
        if retiredKeyPublication < lastToken {
            throw .contradiction(
                .retiredKeyLeavesEarly(publication: retiredKeyPublication, least: lastToken),
                origin(of: SettingTable.retiredKeyPublication),
                origin(of: SettingTable.lease)
            )
        }
        if previousKeyEncryptionKeys != nil, keyEncryptionKey == nil {
            throw .contradiction(
                .previousKeysAlone,
                origin(of: SettingTable.previousKeyEncryptionKeys),
                origin(of: SettingTable.keyEncryptionKey)
            )
        }
        if databaseListenURL != nil, databaseURL == nil {
            throw .contradiction(
                .listenURLAlone,
                origin(of: SettingTable.databaseListenURL),
                origin(of: SettingTable.databaseURL)
            )
        }
        if egressProxy == nil {
            if egressProxyCredentials != nil { throw aloneWithoutProxy(SettingTable.egressProxyCredentials) }
            if egressProxyResolvesNames { throw aloneWithoutProxy(SettingTable.egressProxyResolvesNames) }
        }
    }

    private func aloneWithoutProxy<Value>(_ setting: Setting<Value>) -> SettingsError {
        .contradiction(
            .proxySettingAlone(setting.definition.name),
            origin(of: setting),
            origin(of: SettingTable.egressProxy)
        )
    }

    private func checkTLS() throws(SettingsError) {
        let certificate = origin(of: SettingTable.tlsCertificate)
        let mode = origin(of: SettingTable.tlsClientCertificates)
        guard (tlsCertificate == nil) == (tlsPrivateKey == nil) else {
            throw .contradiction(.halfOfTLS, certificate, origin(of: SettingTable.tlsPrivateKey))
        }
        guard (tlsClientCA == nil) == (tlsClientCertificates == "none") else {
            throw .contradiction(.clientAuthorities, origin(of: SettingTable.tlsClientCA), mode)
        }
        guard tlsCertificate != nil || tlsClientCertificates == "none" else {
            throw .contradiction(.noTLS, mode, certificate)
        }
    }

    private func origin<Value>(of setting: Setting<Value>) -> SettingSource {
        origins[setting.definition.name] ?? .standard
    }
}
