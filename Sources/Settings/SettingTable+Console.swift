/// The operator's pages.
extension SettingTable {
    static let console = Setting.boolean(
        "console",
        default: true,
        "Whether the operator's pages are served at /console beside the API."
    )
    static let consoleBehindTLS = Setting.boolean(
        "console_behind_tls",
        default: false,
        "Whether TLS ends in front of Lastcall: the console's cookies are then for TLS alone, and it is served beyond this machine."
    )
    static let consoleIdle = Setting.seconds(
        "console_idle_seconds",
        default: 1_800,
        from: 60,
        to: 86_400,
        "How long somebody stays signed in to the console without using it."
    )
    static let consoleSession = Setting.seconds(
        "console_session_seconds",
        default: 43_200,
        from: 60,
        to: 604_800,
        "How long somebody stays signed in to the console at all."
    )
    static let consoleStreamLimit = Setting.integer(
        "console_stream_limit",
        default: 32,
        0...10_000,
        unit: "pages",
        "Pages of the console that may update themselves at once in one process; more are shown as they were."
    )
}
