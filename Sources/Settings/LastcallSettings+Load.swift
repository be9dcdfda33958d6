internal import DeliveryPolicy

extension LastcallSettings {
    /// Reads the settings: flags come before the environment, the environment before the file, the file before
    /// the defaults.
    ///
    /// Unknown flags, keys, and variables that begin with `LASTCALL_` stop the start: a misspelt setting that is
    /// ignored is found out too late.
    ///
    /// - Parameters:
    ///   - flags: the flags that were given, by setting name; see ``SettingFlags/values``.
    ///   - environment: all variables; only those that begin with `LASTCALL_` count.
    ///   - readFile: reads the settings file and the files of secrets.
    /// - Returns: settings that fit together.
    /// - Throws: ``SettingsError``, the first thing that is wrong.
    public static func load(
        flags: [String: String],
        environment: [String: String],
        readFile: @escaping (_ path: String) throws(FileProblem) -> String = TextFile.read
    ) throws(SettingsError) -> LastcallSettings {
        var layers = [try SettingLayer.flags(flags), try SettingLayer.environment(environment)]
        var given = SettingReader(layers: layers, readFile: readFile)
        if let path = try given.optional(SettingTable.config) {
            let text: String
            do {
                text = try readFile(path)
            } catch {
                let source = given.origins[SettingTable.config.definition.name] ?? .standard
                throw .unreadableFile(setting: "config", source: source, path: path, error)
            }
            layers.append(try SettingLayer.file(text, path: path))
        }
        var reader = SettingReader(layers: layers, readFile: readFile)
        let settings = try LastcallSettings(&reader)
        try settings.checkContradictions()
        return settings
    }

    private init(_ reader: inout SettingReader) throws(SettingsError) {
        config = try reader.optional(SettingTable.config)
        dataDirectory = try reader.value(SettingTable.dataDir)
        postgresBinDirectory = try reader.optional(SettingTable.postgresBinDir)
        let database = try reader.secret(SettingTable.databaseURL)
        databaseURL = database
        databaseListenURL = try reader.secret(SettingTable.databaseListenURL) ?? database
        databasePoolSize = try reader.value(SettingTable.databasePoolSize)
        databasePreparedStatements = try reader.value(SettingTable.databasePreparedStatements)
        databaseStatementTimeout = try reader.value(SettingTable.databaseStatementTimeout)
        databaseLockTimeout = try reader.value(SettingTable.databaseLockTimeout)
        listen = try reader.value(SettingTable.listen)
        adminListen = try reader.value(SettingTable.adminListen)
        apiConnectionLimit = try reader.value(SettingTable.apiConnectionLimit)
        bodyLimit = try reader.value(SettingTable.bodyLimit)
        intakeQueueLimit = try reader.value(SettingTable.intakeQueueLimit)
        waitLimit = try reader.value(SettingTable.waitLimit)
        auditStreamLimit = try reader.value(SettingTable.auditStreamLimit)
        console = try reader.value(SettingTable.console)
        consoleBehindTLS = try reader.value(SettingTable.consoleBehindTLS)
        consoleIdle = try reader.value(SettingTable.consoleIdle)
        consoleSession = try reader.value(SettingTable.consoleSession)
        consoleStreamLimit = try reader.value(SettingTable.consoleStreamLimit)
        apiInProgressLimit = try reader.value(SettingTable.apiInProgressLimit)
        apiHeaderDeadline = try reader.value(SettingTable.apiHeaderDeadline)
        apiBodyDeadline = try reader.value(SettingTable.apiBodyDeadline)
        apiBodyFloor = try reader.value(SettingTable.apiBodyFloor)
        apiIdle = try reader.value(SettingTable.apiIdle)
        apiWriteDeadline = try reader.value(SettingTable.apiWriteDeadline)
        apiHeaderLimit = try reader.value(SettingTable.apiHeaderLimit)
        apiHeaderFieldLimit = try reader.value(SettingTable.apiHeaderFieldLimit)
        apiTargetLimit = try reader.value(SettingTable.apiTargetLimit)
        tlsCertificate = try reader.optional(SettingTable.tlsCertificate)
        tlsPrivateKey = try reader.optional(SettingTable.tlsPrivateKey)
        tlsMinimumVersion = try reader.value(SettingTable.tlsMinimumVersion)
        tlsClientCA = try reader.optional(SettingTable.tlsClientCA)
        tlsClientCertificates = try reader.value(SettingTable.tlsClientCertificates)
        tlsReload = try reader.value(SettingTable.tlsReload)
        apiKeyCallsPerSecond = try reader.value(SettingTable.apiKeyCallsPerSecond)
        apiKeyBurstCalls = try reader.value(SettingTable.apiKeyBurstCalls)
        failedAuthenticationsPerSecond = try reader.value(SettingTable.failedAuthenticationsPerSecond)
        operatorAPIKey = try reader.secret(SettingTable.operatorAPIKey)
        keyEncryptionKey = try reader.secret(SettingTable.keyEncryptionKey)
        previousKeyEncryptionKeys = try reader.secret(SettingTable.previousKeyEncryptionKeys)
        keyPublication = try reader.value(SettingTable.keyPublication)
        retiredKeyPublication = try reader.value(SettingTable.retiredKeyPublication)
        clockSkewLimit = try reader.value(SettingTable.clockSkewLimit)
        signerThreads = try reader.value(SettingTable.signerThreads)
        pkcs11Module = try reader.optional(SettingTable.pkcs11Module)
        pkcs11PIN = try reader.secret(SettingTable.pkcs11PIN)
        remoteSignerURL = try reader.optional(SettingTable.remoteSignerURL)
        remoteSignerToken = try reader.secret(SettingTable.remoteSignerToken)
        remoteSignerCAFile = try reader.optional(SettingTable.remoteSignerCAFile)
        remoteSignerTimeout = try reader.value(SettingTable.remoteSignerTimeout)
        remoteSignerMaxInFlight = try reader.value(SettingTable.remoteSignerMaxInFlight)
        allowPrivateNetworks = try reader.value(SettingTable.allowPrivateNetworks)
        allowInsecureLoopback = try reader.value(SettingTable.allowInsecureLoopback)
        egress = try EgressRule(&reader)
        caFile = try reader.optional(SettingTable.caFile)
        authoritiesDirectory = try reader.optional(SettingTable.authoritiesDir)
        tlsClientCertificatesDirectory = try reader.optional(SettingTable.tlsClientCertificatesDir)
        minimumTLSVersion = try reader.value(SettingTable.minimumTLSVersion)
        clientKeysStale = try reader.value(SettingTable.clientKeysStale)
        egressProxy = try reader.optional(SettingTable.egressProxy)
        egressProxyCredentials = try reader.secret(SettingTable.egressProxyCredentials)
        egressProxyResolvesNames = try reader.value(SettingTable.egressProxyResolvesNames)
        propagateTraceContext = try reader.value(SettingTable.propagateTraceContext)
        lease = try reader.value(SettingTable.lease)
        slots = try reader.value(SettingTable.slots)
        keptConnections = try reader.value(SettingTable.keptConnections)
        pollInterval = try reader.value(SettingTable.pollInterval)
        settleBatchSize = try reader.value(SettingTable.settleBatchSize)
        settleInterval = try reader.value(SettingTable.settleInterval)
        replayRate = try reader.value(SettingTable.replayRate)
        drain = try reader.value(SettingTable.drain)
        partitionDaysAhead = try reader.value(SettingTable.partitionDaysAhead)
        retentionInterval = try reader.value(SettingTable.retentionInterval)
        installationRetentionDays = try reader.value(SettingTable.installationRetentionDays)
        analyzeInterval = try reader.value(SettingTable.analyzeInterval)
        logLevel = try reader.value(SettingTable.logLevel)
        logSubjects = try reader.value(SettingTable.logSubjects)
        logBuffer = try reader.value(SettingTable.logBuffer)
        coreDumps = try reader.value(SettingTable.coreDumps)
        metricsClients = try reader.value(SettingTable.metricsClients)
        tracesEndpoint = try reader.optional(SettingTable.tracesEndpoint)
        tracesHeadersFile = try reader.optional(SettingTable.tracesHeadersFile)
        tracesCAFile = try reader.optional(SettingTable.tracesCAFile)
        tracesSampleOneIn = try reader.value(SettingTable.tracesSampleOneIn)
        tracesBuffer = try reader.value(SettingTable.tracesBuffer)
        origins = reader.origins
    }
}
