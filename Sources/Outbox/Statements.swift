import LastcallSQL
public import PostgresClient

/// Every statement that the outbox sends as itself, by the name of its file in `sql/queries`; those that act for one issuer are
/// ``IssuerStatement``s.
extension PostgresStatement {
    private static func reading(_ file: SQLText.File) -> PostgresStatement {
        PostgresStatement(name: file.name, text: file.text, access: .readOnly)
    }

    private static func writing(_ file: SQLText.File) -> PostgresStatement {
        PostgresStatement(name: file.name, text: file.text, access: .readWrite)
    }

    static let accept = writing(SQLText.accept)
    static let expandStep = writing(SQLText.expand_step)
    static let expireStep = writing(SQLText.expire_step)
    static let sqlDoorOpen = writing(SQLText.sql_door_open)
    static let sqlDoorClose = writing(SQLText.sql_door_close)
    static let claim = writing(SQLText.claim)
    static let settle = writing(SQLText.settle)
    static let settleLate = writing(SQLText.settle_late)
    static let release = writing(SQLText.release)
    static let seize = writing(SQLText.seize)
    static let lanesDue = reading(SQLText.lanes_due)
    static let registerWorker = writing(SQLText.register_worker)
    static let keepPartitions = writing(SQLText.keep_partitions)
    static let choreTake = writing(SQLText.chore_take)
    static let choreFinish = writing(SQLText.chore_finish)
    static let retentionPlan = reading(SQLText.retention_plan)
    static let retentionDrop = writing(SQLText.retention_drop)
    static let retentionDelete = writing(SQLText.retention_delete)
    static let retentionSeals = writing(SQLText.retention_seals)
    static let retentionOperations = writing(SQLText.retention_operations)
    static let retentionIssuers = writing(SQLText.retention_issuers)
    static let analyzeList = reading(SQLText.analyze_list)
    static let partitionState = reading(SQLText.partition_state)
    static let doctorServer = reading(SQLText.doctor_server)
    static let doctorHolders = reading(SQLText.doctor_holders)
    static let doctorStandbys = reading(SQLText.doctor_standbys)
    static let doctorQueue = reading(SQLText.doctor_queue)
    static let doctorLeases = reading(SQLText.doctor_leases)
    static let doctorAudit = reading(SQLText.doctor_audit)
    static let doctorKeys = reading(SQLText.doctor_keys)
    static let doctorClients = reading(SQLText.doctor_clients)
    static let doctorAPIKeys = reading(SQLText.doctor_api_keys)
    static let doctorChores = reading(SQLText.doctor_chores)
    static let queuePulse = reading(SQLText.queue_pulse)
    static let eventTraces = reading(SQLText.event_traces)
    static let notifyDue = writing(SQLText.notify_due)
    static let databaseClock = reading(SQLText.database_clock)
    static let databaseUser = reading(SQLText.database_user)
    static let workerClients = reading(SQLText.worker_clients)
    static let workerIssuers = reading(SQLText.worker_issuers)
    static let workerKeys = reading(SQLText.worker_keys)
    static let eventsEnded = reading(SQLText.events_ended)
    static let auditAdd = writing(SQLText.audit_add)
    static let auditHorizon = reading(SQLText.audit_horizon)
    static let auditFeed = reading(SQLText.audit_feed)
    static let auditTurn = reading(SQLText.audit_turn)
    static let auditSeal = writing(SQLText.audit_seal)
    static let auditUnsealed = reading(SQLText.audit_unsealed)
    static let auditBacklog = reading(SQLText.audit_backlog)
    static let auditSealNext = reading(SQLText.audit_seal_next)
    static let auditBetween = reading(SQLText.audit_between)
    static let auditUnsealedCount = reading(SQLText.audit_unsealed_count)
    static let auditChains = reading(SQLText.audit_chains)
    static let installation = reading(SQLText.installation)
    static let issuerGet = reading(SQLText.issuer_get)
    static let issuersList = reading(SQLText.issuers_list)
    static let issuerPut = writing(SQLText.issuer_put)
    static let issuerLock = writing(SQLText.issuer_lock)
    static let issuerDelete = writing(SQLText.issuer_delete)
    static let issuerTouch = writing(SQLText.issuer_touch)
    static let webhookPut = writing(SQLText.webhook_put)
    static let webhookDelete = writing(SQLText.webhook_delete)
    static let webhookEvents = reading(SQLText.webhook_events)
    static let signalInitiators = reading(SQLText.signal_initiators)
    static let probeTake = writing(SQLText.probe_take)
    static let probeFinish = writing(SQLText.probe_finish)
    static let probesForget = writing(SQLText.probes_forget)
    static let breakerOpen = writing(SQLText.breaker_open)
    static let breakerClose = writing(SQLText.breaker_close)
    static let rouse = writing(SQLText.rouse)
    static let keysList = reading(SQLText.keys_list)
    static let keyAdd = writing(SQLText.key_add)
    static let keyActivate = writing(SQLText.key_activate)
    static let keyRetire = writing(SQLText.key_retire)
    static let sealCounts = reading(SQLText.seal_counts)
    static let resealKeys = writing(SQLText.reseal_keys)
    static let resealKeysPut = writing(SQLText.reseal_keys_put)
    static let resealSecrets = writing(SQLText.reseal_secrets)
    static let resealSecretsPut = writing(SQLText.reseal_secrets_put)
    static let apiKeyFind = reading(SQLText.api_key_find)
    static let apiKeyAdd = writing(SQLText.api_key_add)
    static let apiKeysList = reading(SQLText.api_keys_list)
    static let apiKeyRevoke = writing(SQLText.api_key_revoke)
    static let apiKeysUsed = writing(SQLText.api_keys_used)
    static let redeliver = writing(SQLText.redeliver)
    static let redeliveryStart = writing(SQLText.redelivery_start)
    static let redeliveryPick = reading(SQLText.redelivery_pick)
    static let operationTake = writing(SQLText.operation_take)
    static let operationAdvance = writing(SQLText.operation_advance)
    static let operationPostpone = writing(SQLText.operation_postpone)
    static let cancelMark = writing(SQLText.cancel_mark)
    static let participationsRecord = writing(SQLText.participations_record)
    static let participationsEnd = writing(SQLText.participations_end)
    static let consoleSessionOpen = writing(SQLText.console_session_open)
    static let consoleSessionFind = writing(SQLText.console_session_find)
    static let consoleSessionEnd = writing(SQLText.console_session_end)
}

/// The numbered migrations of `sql/migrations`, ready for the migrator.
public enum OutboxSchema {
    /// Every migration, in order.
    ///
    /// - Throws: ``PostgresError`` where a file's name or header is not understood.
    public static func migrations() throws -> [Migration] {
        try SQLText.migrations.enumerated().map { index, file in
            try Migration(number: index + 1, name: file.name, text: file.text)
        }
    }
}
