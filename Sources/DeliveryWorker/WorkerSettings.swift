public import DeliveryPolicy
public import LogoutTokens
public import RelyingPartyClient

/// What the operator decides about deliveries.
public struct WorkerSettings: Sendable {
    /// What attempts of this process are signed with in the records: host and process.
    public var name: String
    /// How many deliveries this process holds at once.
    public var slots = 512
    /// How long a lease lasts on the database clock, unless a client's timeout lengthens it.
    public var lease = Duration.seconds(10)
    /// By how much a lease outlasts its attempt: to sign, to settle, and to spare.
    public var leaseMargin = Duration.seconds(3)
    /// How often the queue is looked through for what nobody announced.
    public var pollInterval = Duration.milliseconds(250)
    /// How many outcomes make a batch that need not wait for more.
    public var settleBatchSize = 128
    /// How long an outcome waits for others before it is recorded.
    public var settleInterval = Duration.milliseconds(5)
    /// How many deliveries a second a client that was down is sent at least of what waits for it.
    public var replayRate = 1
    /// How many threads sign.
    public var signerThreads = 1
    /// How long attempts in flight may go on after the process was asked to stop.
    public var drain = Duration.seconds(25)
    /// How far this machine's clock may be from the database's before it signs nothing.
    public var clockSkewLimit = Duration.seconds(5)
    /// How many days ahead partitions are kept.
    public var partitionDaysAhead = 3
    /// How often it is looked for history that is past.
    public var retentionInterval = Duration.seconds(21_600)
    /// For how many days the installation's own audit trail is kept.
    public var installationRetentionDays = 30
    /// How often the planner's statistics of partitioned tables are brought up to date.
    public var analyzeInterval = Duration.seconds(21_600)
    /// So many clients have metrics of their own.
    public var metricsClients = 20
    /// Which addresses may be called.
    public var addressRule: AddressRule
    /// The installation's lists of hosts, ports and blocks.
    public var egress = EgressRule.none
    /// The certificates and authorities that clients may name.
    public var tlsFolders = TLSFolders()
    /// How long the last good keys of a client serve while its `jwks_uri` gives none.
    public var clientKeysStale = Duration.seconds(86_400)
    /// How the log names the subjects of deliveries.
    public var logSubjects = SubjectLabels.Form.hashed
    /// What opens the signing keys.
    public var keyEncryptionKey: KeyEncryptionKey
    /// What opens those that are not sealed anew yet.
    public var previousKeyEncryptionKeys: [KeyEncryptionKey] = []

    /// The defaults of every setting.
    public init(name: String, addressRule: AddressRule, keyEncryptionKey: KeyEncryptionKey) {
        self.name = name
        self.addressRule = addressRule
        self.keyEncryptionKey = keyEncryptionKey
    }
}
