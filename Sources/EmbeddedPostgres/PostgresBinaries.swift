internal import Glibc

/// The folder of Postgres's server programs.
struct PostgresBinaries: Sendable, Hashable {
    let directory: String

    func path(of program: String) -> String { directory + "/" + program }

    /// Finds the programs.
    ///
    /// - Parameters:
    ///   - configuration: may name the folder; then no other is looked at.
    ///   - version: the major version that made the data folder, preferred where several are installed.
    /// - Returns: the first folder that has all of them.
    /// - Throws: ``EmbeddedPostgresError/binariesMissing(searched:)``.
    static func find(
        _ configuration: EmbeddedClusterConfiguration,
        version: String?
    ) throws(EmbeddedPostgresError) -> PostgresBinaries {
        if let explicit = configuration.binariesDirectory {
            let folder = ClusterFolder(dataDirectory: explicit).path
            guard isComplete(folder) else { throw .binariesMissing(searched: [explicit]) }
            return PostgresBinaries(directory: folder)
        }
        let installed = "/usr/lib/postgresql"
        let versions = FileSystem.names(in: installed).compactMap { Int($0) }.sorted(by: >)
        let preferred = versions.filter { "\($0)" == version } + versions
        let found = configuration.searchPath.split(separator: ":").map { String($0) }
        // A folder of the path may hold links; the other programs are beside what they point to.
        let linked = found.compactMap { folder in
            unsafe access(folder + "/postgres", X_OK) == 0
                ? ClusterFolder.parent(ofReal: folder + "/postgres") : nil
        }
        let candidates = preferred.map { "\(installed)/\($0)/bin" } + linked
        guard let directory = candidates.first(where: isComplete) else {
            throw .binariesMissing(searched: [installed + "/*/bin"] + found)
        }
        return PostgresBinaries(directory: directory)
    }

    /// The major version in what `postgres --version` prints: `postgres (PostgreSQL) 15.14 (Debian ...)` is `15`.
    static func majorVersion(in output: String) -> String? {
        let number = output.split(separator: " ").first { $0.first?.isNumber == true }
        let digits = number.map { $0.prefix { $0.isNumber } } ?? ""
        return digits.isEmpty ? nil : String(digits)
    }

    private static func isComplete(_ directory: String) -> Bool {
        ["initdb", "postgres", "createdb"].allSatisfy { unsafe access(directory + "/" + $0, X_OK) == 0 }
    }
}
