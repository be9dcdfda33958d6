/// How grave a word of the API is: its colour and its sign on a page. The word itself always stands beside them.
enum Tone: String {
    case good, busy, warn, bad, idle

    var sign: String {
        switch self {
        case .good: "✓"
        case .busy: "●"
        case .warn: "▲"
        case .bad: "✕"
        case .idle: "–"
        }
    }

    init(of word: String) {
        self =
            switch word {
            case "delivered", "completed", "closed", "active", "ok", "done", "confirmed_out", "intact",
                "durable":
                .good
            case "pending", "delivering", "in_progress", "running", "logged_in", "next": .busy
            case "retrying", "partial", "half_open", "held", "warning", "rate_limited", "unknown", "volatile",
                "server_error",
                "timeout", "unreachable":
                .warn
            case "failed", "expired", "open", "error", "refused", "rejected", "redirect_refused",
                "blocked_address",
                "dns_failure", "tls_failure", "protocol_error", "signing_failed", "attempts_exhausted",
                "deadline_passed",
                "client_not_found", "session_required_no_sid":
                .bad
            default: .idle
            }
    }
}
