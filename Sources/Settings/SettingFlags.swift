public import ArgumentParser

/// The settings as flags, for a command to take in: `@OptionGroup(title: "Settings") var settings: SettingFlags`.
///
/// Secrets have only their `...-file` flag: every user of a machine sees the flags of all processes in `ps`.
public struct SettingFlags: ParsableArguments {
    @Option(SettingTable.config) var config: String?
    @Option(SettingTable.dataDir) var dataDir: String?
    @Option(SettingTable.postgresBinDir) var postgresBinDir: String?
    @Option(fileOf: SettingTable.databaseURL) var databaseURLFile: String?
    @Option(fileOf: SettingTable.databaseListenURL) var databaseListenURLFile: String?
    @Option(SettingTable.databasePoolSize) var databasePoolSize: String?
    @Option(SettingTable.databasePreparedStatements) var databasePreparedStatements: String?
    @Option(SettingTable.databaseStatementTimeout) var databaseStatementTimeout: String?
    @Option(SettingTable.databaseLockTimeout) var databaseLockTimeout: String?
    @Option(SettingTable.listen) var listen: String?
    @Option(SettingTable.adminListen) var adminListen: String?
    @Option(SettingTable.apiConnectionLimit) var apiConnectionLimit: String?
    @Option(SettingTable.bodyLimit) var bodyLimit: String?
    @Option(SettingTable.intakeQueueLimit) var intakeQueueLimit: String?
    @Option(SettingTable.waitLimit) var waitLimit: String?
    @Option(SettingTable.auditStreamLimit) var auditStreamLimit: String?
    @Option(SettingTable.console) var console: String?
    @Option(SettingTable.consoleBehindTLS) var consoleBehindTLS: String?
    @Option(SettingTable.consoleIdle) var consoleIdle: String?
    @Option(SettingTable.consoleSession) var consoleSession: String?
    @Option(SettingTable.consoleStreamLimit) var consoleStreamLimit: String?
    @Option(SettingTable.apiInProgressLimit) var apiInProgressLimit: String?
    @Option(SettingTable.apiHeaderDeadline) var apiHeaderDeadline: String?
    @Option(SettingTable.apiBodyDeadline) var apiBodyDeadline: String?
    @Option(SettingTable.apiBodyFloor) var apiBodyFloor: String?
    @Option(SettingTable.apiIdle) var apiIdle: String?
    @Option(SettingTable.apiWriteDeadline) var apiWriteDeadline: String?
    @Option(SettingTable.apiHeaderLimit) var apiHeaderLimit: String?
    @Option(SettingTable.apiHeaderFieldLimit) var apiHeaderFieldLimit: String?
    @Option(SettingTable.apiTargetLimit) var apiTargetLimit: String?
    @Option(SettingTable.tlsCertificate) var tlsCertificate: String?
    @Option(SettingTable.tlsPrivateKey) var tlsPrivateKey: String?
    @Option(SettingTable.tlsMinimumVersion) var tlsMinimumVersion: String?
    @Option(SettingTable.tlsClientCA) var tlsClientCA: String?
    @Option(SettingTable.tlsClientCertificates) var tlsClientCertificates: String?
    @Option(SettingTable.tlsReload) var tlsReload: String?
    @Option(fileOf: SettingTable.operatorAPIKey) var operatorAPIKeyFile: String?
    @Option(SettingTable.apiKeyCallsPerSecond) var apiKeyCallsPerSecond: String?
    @Option(SettingTable.apiKeyBurstCalls) var apiKeyBurstCalls: String?
    @Option(SettingTable.failedAuthenticationsPerSecond) var failedAuthenticationsPerSecond: String?
    @Option(fileOf: SettingTable.keyEncryptionKey) var keyEncryptionKeyFile: String?
    @Option(fileOf: SettingTable.previousKeyEncryptionKeys) var previousKeyEncryptionKeysFile: String?
    @Option(SettingTable.keyPublication) var keyPublication: String?
    @Option(SettingTable.retiredKeyPublication) var retiredKeyPublication: String?
    @Option(SettingTable.clockSkewLimit) var clockSkewLimit: String?
    @Option(SettingTable.signerThreads) var signerThreads: String?
    @Option(SettingTable.pkcs11Module) var pkcs11Module: String?
    @Option(fileOf: SettingTable.pkcs11PIN) var pkcs11PINFile: String?
    @Option(SettingTable.remoteSignerURL) var remoteSignerURL: String?
    @Option(fileOf: SettingTable.remoteSignerToken) var remoteSignerTokenFile: String?
    @Option(SettingTable.remoteSignerCAFile) var remoteSignerCAFile: String?
    @Option(SettingTable.remoteSignerTimeout) var remoteSignerTimeout: String?
    @Option(SettingTable.remoteSignerMaxInFlight) var remoteSignerMaxInFlight: String?
    @Option(SettingTable.allowPrivateNetworks) var allowPrivateNetworks: String?
    @Option(SettingTable.allowInsecureLoopback) var allowInsecureLoopback: String?
    @Option(SettingTable.allowCIDRs) var allowCIDRs: String?
    @Option(SettingTable.denyCIDRs) var denyCIDRs: String?
    @Option(SettingTable.allowPorts) var allowPorts: String?
    @Option(SettingTable.denyPorts) var denyPorts: String?
    @Option(SettingTable.allowHosts) var allowHosts: String?
    @Option(SettingTable.denyHosts) var denyHosts: String?
    @Option(SettingTable.caFile) var caFile: String?
    @Option(SettingTable.authoritiesDir) var authoritiesDir: String?
    @Option(SettingTable.tlsClientCertificatesDir) var tlsClientCertificatesDir: String?
    @Option(SettingTable.minimumTLSVersion) var minimumTLSVersion: String?
    @Option(SettingTable.clientKeysStale) var clientKeysStale: String?
    @Option(SettingTable.egressProxy) var egressProxy: String?
    @Option(fileOf: SettingTable.egressProxyCredentials) var egressProxyCredentialsFile: String?
    @Option(SettingTable.egressProxyResolvesNames) var egressProxyResolvesNames: String?
    @Option(SettingTable.propagateTraceContext) var propagateTraceContext: String?
    @Option(SettingTable.lease) var lease: String?
    @Option(SettingTable.slots) var slots: String?
    @Option(SettingTable.keptConnections) var keptConnections: String?
    @Option(SettingTable.pollInterval) var pollInterval: String?
    @Option(SettingTable.settleBatchSize) var settleBatchSize: String?
    @Option(SettingTable.settleInterval) var settleInterval: String?
    @Option(SettingTable.replayRate) var replayRate: String?
    @Option(SettingTable.drain) var drain: String?
    @Option(SettingTable.partitionDaysAhead) var partitionDaysAhead: String?
    @Option(SettingTable.retentionInterval) var retentionInterval: String?
    @Option(SettingTable.installationRetentionDays) var installationRetentionDays: String?
    @Option(SettingTable.analyzeInterval) var analyzeInterval: String?
    @Option(SettingTable.logLevel) var logLevel: String?
    @Option(SettingTable.logSubjects) var logSubjects: String?
    @Option(SettingTable.logBuffer) var logBuffer: String?
    @Option(SettingTable.coreDumps) var coreDumps: String?
    @Option(SettingTable.metricsClients) var metricsClients: String?
    @Option(SettingTable.tracesEndpoint) var tracesEndpoint: String?
    @Option(SettingTable.tracesHeadersFile) var tracesHeadersFile: String?
    @Option(SettingTable.tracesCAFile) var tracesCAFile: String?
    @Option(SettingTable.tracesSampleOneIn) var tracesSampleOneIn: String?
    @Option(SettingTable.tracesBuffer) var tracesBuffer: String?

    /// For the argument parser.
    public init() {}

    /// The flags that were given, by setting name, for ``LastcallSettings/load(flags:environment:readFile:)``.
    public var values: [String: String] {
        let given: [(SettingDefinition, String?)] = [
            (SettingTable.config.definition, config),
            (SettingTable.dataDir.definition, dataDir),
            (SettingTable.postgresBinDir.definition, postgresBinDir),
            (SettingTable.databaseURL.definition.fileForm, databaseURLFile),
            (SettingTable.databaseListenURL.definition.fileForm, databaseListenURLFile),
            (SettingTable.databasePoolSize.definition, databasePoolSize),
            (SettingTable.databasePreparedStatements.definition, databasePreparedStatements),
            (SettingTable.databaseStatementTimeout.definition, databaseStatementTimeout),
            (SettingTable.databaseLockTimeout.definition, databaseLockTimeout),
            (SettingTable.listen.definition, listen),
            (SettingTable.adminListen.definition, adminListen),
            (SettingTable.apiConnectionLimit.definition, apiConnectionLimit),
            (SettingTable.bodyLimit.definition, bodyLimit),
            (SettingTable.intakeQueueLimit.definition, intakeQueueLimit),
            (SettingTable.waitLimit.definition, waitLimit),
            (SettingTable.auditStreamLimit.definition, auditStreamLimit),
            (SettingTable.console.definition, console),
            (SettingTable.consoleBehindTLS.definition, consoleBehindTLS),
            (SettingTable.consoleIdle.definition, consoleIdle),
            (SettingTable.consoleSession.definition, consoleSession),
            (SettingTable.consoleStreamLimit.definition, consoleStreamLimit),
            (SettingTable.apiInProgressLimit.definition, apiInProgressLimit),
            (SettingTable.apiHeaderDeadline.definition, apiHeaderDeadline),
            (SettingTable.apiBodyDeadline.definition, apiBodyDeadline),
            (SettingTable.apiBodyFloor.definition, apiBodyFloor),
            (SettingTable.apiIdle.definition, apiIdle),
            (SettingTable.apiWriteDeadline.definition, apiWriteDeadline),
            (SettingTable.apiHeaderLimit.definition, apiHeaderLimit),
            (SettingTable.apiHeaderFieldLimit.definition, apiHeaderFieldLimit),
            (SettingTable.apiTargetLimit.definition, apiTargetLimit),
            (SettingTable.tlsCertificate.definition, tlsCertificate),
            (SettingTable.tlsPrivateKey.definition, tlsPrivateKey),
            (SettingTable.tlsMinimumVersion.definition, tlsMinimumVersion),
            (SettingTable.tlsClientCA.definition, tlsClientCA),
            (SettingTable.tlsClientCertificates.definition, tlsClientCertificates),
            (SettingTable.tlsReload.definition, tlsReload),
            (SettingTable.operatorAPIKey.definition.fileForm, operatorAPIKeyFile),
            (SettingTable.apiKeyCallsPerSecond.definition, apiKeyCallsPerSecond),
            (SettingTable.apiKeyBurstCalls.definition, apiKeyBurstCalls),
            (SettingTable.failedAuthenticationsPerSecond.definition, failedAuthenticationsPerSecond),
            (SettingTable.keyEncryptionKey.definition.fileForm, keyEncryptionKeyFile),
            (SettingTable.previousKeyEncryptionKeys.definition.fileForm, previousKeyEncryptionKeysFile),
            (SettingTable.keyPublication.definition, keyPublication),
            (SettingTable.retiredKeyPublication.definition, retiredKeyPublication),
            (SettingTable.clockSkewLimit.definition, clockSkewLimit),
            (SettingTable.signerThreads.definition, signerThreads),
            (SettingTable.pkcs11Module.definition, pkcs11Module),
            (SettingTable.pkcs11PIN.definition.fileForm, pkcs11PINFile),
            (SettingTable.remoteSignerURL.definition, remoteSignerURL),
            (SettingTable.remoteSignerToken.definition.fileForm, remoteSignerTokenFile),
            (SettingTable.remoteSignerCAFile.definition, remoteSignerCAFile),
            (SettingTable.remoteSignerTimeout.definition, remoteSignerTimeout),
            (SettingTable.remoteSignerMaxInFlight.definition, remoteSignerMaxInFlight),
            (SettingTable.allowPrivateNetworks.definition, allowPrivateNetworks),
            (SettingTable.allowInsecureLoopback.definition, allowInsecureLoopback),
            (SettingTable.allowCIDRs.definition, allowCIDRs),
            (SettingTable.denyCIDRs.definition, denyCIDRs),
            (SettingTable.allowPorts.definition, allowPorts),
            (SettingTable.denyPorts.definition, denyPorts),
            (SettingTable.allowHosts.definition, allowHosts),
            (SettingTable.denyHosts.definition, denyHosts),
            (SettingTable.caFile.definition, caFile),
            (SettingTable.authoritiesDir.definition, authoritiesDir),
            (SettingTable.tlsClientCertificatesDir.definition, tlsClientCertificatesDir),
            (SettingTable.minimumTLSVersion.definition, minimumTLSVersion),
            (SettingTable.clientKeysStale.definition, clientKeysStale),
            (SettingTable.egressProxy.definition, egressProxy),
            (SettingTable.egressProxyCredentials.definition.fileForm, egressProxyCredentialsFile),
            (SettingTable.egressProxyResolvesNames.definition, egressProxyResolvesNames),
            (SettingTable.propagateTraceContext.definition, propagateTraceContext),
            (SettingTable.lease.definition, lease),
            (SettingTable.slots.definition, slots),
            (SettingTable.keptConnections.definition, keptConnections),
            (SettingTable.pollInterval.definition, pollInterval),
            (SettingTable.settleBatchSize.definition, settleBatchSize),
            (SettingTable.settleInterval.definition, settleInterval),
            (SettingTable.replayRate.definition, replayRate),
            (SettingTable.drain.definition, drain),
            (SettingTable.partitionDaysAhead.definition, partitionDaysAhead),
            (SettingTable.retentionInterval.definition, retentionInterval),
            (SettingTable.installationRetentionDays.definition, installationRetentionDays),
            (SettingTable.analyzeInterval.definition, analyzeInterval),
            (SettingTable.logLevel.definition, logLevel),
            (SettingTable.logSubjects.definition, logSubjects),
            (SettingTable.logBuffer.definition, logBuffer),
            (SettingTable.coreDumps.definition, coreDumps),
            (SettingTable.metricsClients.definition, metricsClients),
            (SettingTable.tracesEndpoint.definition, tracesEndpoint),
            (SettingTable.tracesHeadersFile.definition, tracesHeadersFile),
            (SettingTable.tracesCAFile.definition, tracesCAFile),
            (SettingTable.tracesSampleOneIn.definition, tracesSampleOneIn),
            (SettingTable.tracesBuffer.definition, tracesBuffer),
        ]
        return Dictionary(given.compactMap { pair in pair.1.map { (pair.0.name, $0) } }) { first, _ in first }
    }
}

extension Option where Value == String? {
    fileprivate init<Other>(_ setting: Setting<Other>) { self.init(definition: setting.definition) }

    fileprivate init<Other>(fileOf setting: Setting<Secret<Other>>) {
        self.init(definition: setting.definition.fileForm)
    }

    private init(definition: SettingDefinition) {
        self.init(
            name: .customLong(definition.flagWord),
            help: ArgumentHelp(
                "\(definition.help) (\(definition.allowed); \(definition.fallback))",
                valueName: definition.kind.placeholder
            )
        )
    }
}

extension SettingDefinition.Kind {
    fileprivate var placeholder: String {
        switch self {
        case .text: "text"
        case .boolean: "true|false"
        case .integer: "number"
        case .decimal: "seconds"
        }
    }
}
