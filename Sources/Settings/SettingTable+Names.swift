extension SettingTable {
    /// The settings under headings, in the order that operators read them.
    static let groups: [(title: String, settings: [SettingDefinition])] = [
        ("Where everything is", [config.definition, dataDir.definition, postgresBinDir.definition]),
        (
            "The database",
            [
                databaseURL.definition, databaseListenURL.definition, databasePoolSize.definition,
                databasePreparedStatements.definition, databaseStatementTimeout.definition,
                databaseLockTimeout.definition,
            ]
        ),
        (
            "The servers",
            [
                listen.definition, adminListen.definition, apiConnectionLimit.definition,
                bodyLimit.definition,
                intakeQueueLimit.definition, waitLimit.definition, auditStreamLimit.definition,
                apiInProgressLimit.definition, apiHeaderDeadline.definition, apiBodyDeadline.definition,
                apiBodyFloor.definition, apiIdle.definition, apiWriteDeadline.definition,
                apiHeaderLimit.definition, apiHeaderFieldLimit.definition, apiTargetLimit.definition,
            ]
        ),
        (
            "The console",
            [
                console.definition, consoleBehindTLS.definition, consoleIdle.definition,
                consoleSession.definition, consoleStreamLimit.definition,
            ]
        ),
        (
            "TLS of the API",
            [
                tlsCertificate.definition, tlsPrivateKey.definition, tlsMinimumVersion.definition,
                tlsClientCA.definition, tlsClientCertificates.definition, tlsReload.definition,
            ]
        ),
        (
            "Keys",
            [
                operatorAPIKey.definition, apiKeyCallsPerSecond.definition, apiKeyBurstCalls.definition,
                failedAuthenticationsPerSecond.definition, keyEncryptionKey.definition,
                previousKeyEncryptionKeys.definition,
                keyPublication.definition, retiredKeyPublication.definition, clockSkewLimit.definition,
                signerThreads.definition, pkcs11Module.definition, pkcs11PIN.definition,
                remoteSignerURL.definition, remoteSignerToken.definition, remoteSignerCAFile.definition,
                remoteSignerTimeout.definition, remoteSignerMaxInFlight.definition,
            ]
        ),
        (
            "Relying parties",
            [
                allowPrivateNetworks.definition, allowInsecureLoopback.definition,
                allowCIDRs.definition, denyCIDRs.definition, allowPorts.definition, denyPorts.definition,
                allowHosts.definition, denyHosts.definition, caFile.definition,
                authoritiesDir.definition, tlsClientCertificatesDir.definition, minimumTLSVersion.definition,
                clientKeysStale.definition, egressProxy.definition, egressProxyCredentials.definition,
                egressProxyResolvesNames.definition, propagateTraceContext.definition,
            ]
        ),
        (
            "Deliveries",
            [
                lease.definition, slots.definition, keptConnections.definition, pollInterval.definition,
                settleBatchSize.definition, settleInterval.definition, replayRate.definition,
                drain.definition,
                partitionDaysAhead.definition,
                retentionInterval.definition, installationRetentionDays.definition,
                analyzeInterval.definition,
            ]
        ),
        (
            "Logs",
            [logLevel.definition, logSubjects.definition, logBuffer.definition, coreDumps.definition]
        ),
        (
            "Metrics and traces",
            [
                metricsClients.definition, tracesEndpoint.definition, tracesHeadersFile.definition,
                tracesCAFile.definition, tracesSampleOneIn.definition, tracesBuffer.definition,
            ]
        ),
    ].map { group in (group.0, group.1.flatMap { $0.isSecret ? [$0, $0.fileForm] : [$0] }) }

    /// Every setting, the `..._file` forms of secrets among them.
    static let all: [SettingDefinition] = groups.flatMap(\.settings)

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    /// Finds a setting by the name it has in the file, and checks that it may be given in this place.
    ///
    /// - Throws: ``SettingsError/unknownName(_:nearest:)``, ``SettingsError/notAllowedHere(setting:source:instead:)``.
    static func definition(
        named name: String,
        place: SettingDefinition.Places,
        source: SettingSource
    ) throws(SettingsError) -> SettingDefinition {
        guard let definition = byName[name] else {
            let known = all.filter { $0.places.contains(place) }
            let nearest = NearestName.find(name, among: known.map(\.name))
            throw .unknownName(source, nearest: byName[nearest].map { spelling($0, in: place) } ?? nearest)
        }
        guard definition.places.contains(place) else {
            let flag = (definition.isSecret ? definition.fileForm : definition).flagName
            throw .notAllowedHere(
                setting: name,
                source: source,
                instead: "\(definition.environmentName) or \(flag)"
            )
        }
        return definition
    }

    private static func spelling(_ definition: SettingDefinition, in place: SettingDefinition.Places)
        -> String
    {
        switch place {
        case .flag: definition.flagName
        case .environment: definition.environmentName
        default: definition.name
        }
    }
}
