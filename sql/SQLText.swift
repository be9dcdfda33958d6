/// The text of everything in `sql/`, by name. The build plugin writes ``queries``, ``migrations`` from the files.
public enum SQLText {
    /// One file under `sql/queries` or `sql/migrations`.
    public struct File: Sendable, Hashable {
        /// The file's name without its ending.
        public let name: String
        /// Its whole text.
        public let text: String

        /// A file's name and text.
        public init(name: String, text: String) {
            self.name = name
            self.text = text
        }
    }
}
