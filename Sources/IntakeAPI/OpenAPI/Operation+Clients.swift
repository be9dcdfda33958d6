import DeliveryPolicy
import StrictJSON

extension Operation {
    private static let client = "/v1/issuers/{issuer}/clients/{client_id}"

    static let ofClients: [Operation] = [
        Operation(
            route: "GET /v1/issuers/{issuer}/clients",
            id: "listClients",
            tag: "clients",
            summary: "The RPs, by client_id.",
            query: Parameter.page,
            answers: [.page(of: "Client")]
        ),
        Operation(
            route: "GET \(client)",
            id: "getClient",
            tag: "clients",
            summary: "An RP.",
            answers: [.shown("Client")]
        ),
        Operation(
            route: "PUT \(client)",
            id: "putClient",
            tag: "clients",
            summary: "Register an RP, or replace its metadata.",
            body: Body(schema: .named("ClientMetadata")),
            answers: [.shown("Client"), .created("Client")],
            refusals: [400: ["invalid_client_metadata"]]
        ),
        Operation(
            route: "DELETE \(client)",
            id: "deleteClient",
            tag: "clients",
            summary: "Delete an RP; its waiting deliveries fail.",
            answers: [.gone]
        ),
        Operation(
            route: "POST \(client)/hold",
            id: "holdClient",
            tag: "clients",
            summary: "Let an RP's deliveries wait; may be repeated.",
            answers: [.shown("Client")]
        ),
        Operation(
            route: "POST \(client)/release",
            id: "releaseClient",
            tag: "clients",
            summary: "Let an RP's deliveries go; may be repeated.",
            answers: [.shown("Client")]
        ),
        Operation(
            route: "POST \(client)/probe",
            id: "probeClient",
            tag: "clients",
            summary: "Send an RP a harmless logout token, and wait for its answer.",
            answers: [Answer(200, "What the attempt met.", .named("ProbeResult"))],
            refusals: [400: ["invalid_client_metadata"]]
        ),
    ]

    private static let participation = "/v1/issuers/{issuer}/sessions/{session_id}/clients/{client_id}"
    private static let sessionFilters = ["session_id", "sid", "sub", "user_id", "user_agent_id"]

    static let ofSessions: [Operation] = [
        Operation(
            route: "PUT \(participation)",
            id: "putParticipation",
            tag: "sessions",
            summary: "Record that a client is logged in through an OP session.",
            about:
                "Identified by session, client and sid: another sid is another participation, the same is changed.",
            body: Body(schema: .named("ParticipationSettings")),
            answers: [.shown("Participation"), .created("Participation")]
        ),
        Operation(
            route: "DELETE \(participation)",
            id: "deleteParticipation",
            tag: "sessions",
            summary: "End participations without telling the client.",
            query: [.init("sid", .text(.identifier), "Only the one with this sid.")],
            answers: [.gone]
        ),
        Operation(
            route: "POST /v1/issuers/{issuer}/sessions/import",
            id: "importSessions",
            tag: "sessions",
            summary: "Record participations in bulk.",
            about: """
                Each line is a ParticipationLine of at most \(SessionImport.maximumLineBytes) bytes, the whole at most \
                \(SessionImport.maximumBytes >> 20) MiB. A line that fails does not keep the others from being recorded.
                """,
            body: Body(schema: .text, mediaType: "application/x-ndjson"),
            answers: [Answer(200, "What became of the lines.", .named("ImportResult"))]
        ),
        Operation(
            route: "GET /v1/issuers/{issuer}/sessions",
            id: "listSessions",
            tag: "sessions",
            summary: "Open participations, newest first; at least one filter, and all of them hold.",
            query: Parameter.page + sessionFilters.map { .init($0, .text(.identifier)) } + [
                .init("client_id", .text(.clientID))
            ],
            answers: [.page(of: "Participation")]
        ),
    ]
}
