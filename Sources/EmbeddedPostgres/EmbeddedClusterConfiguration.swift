/// Where the embedded Postgres lives and how long it may take.
public struct EmbeddedClusterConfiguration: Sendable, Hashable {
    /// The data folder of Lastcall; made where it is missing. Relative paths are of the working folder.
    public var dataDirectory: String
    /// The folder of `initdb`, `postgres` and `createdb`; `nil`: the installed version that made the data folder,
    /// else the newest, else what is in ``searchPath``.
    public var binariesDirectory: String?
    /// Folders to search last, with colons between them, as in the variable `PATH`.
    public var searchPath: String
    /// How long the server may take to be ready, crash recovery included.
    public var startTimeout: Duration
    /// How long a fast shutdown may take before an immediate one.
    public var stopTimeout: Duration

    /// Describes an embedded Postgres; touches nothing.
    ///
    /// - Parameters:
    ///   - dataDirectory: see ``dataDirectory``.
    ///   - binariesDirectory: see ``binariesDirectory``.
    ///   - searchPath: see ``searchPath``.
    ///   - startTimeout: 120 s unless told.
    ///   - stopTimeout: 30 s unless told.
    public init(
        dataDirectory: String,
        binariesDirectory: String? = nil,
        searchPath: String = "/usr/local/bin:/usr/bin:/bin",
        startTimeout: Duration = .seconds(120),
        stopTimeout: Duration = .seconds(30)
    ) {
        self.dataDirectory = dataDirectory
        self.binariesDirectory = binariesDirectory
        self.searchPath = searchPath
        self.startTimeout = startTimeout
        self.stopTimeout = stopTimeout
    }
}
