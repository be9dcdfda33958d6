/// The document behind the OP's `jwks_uri`.
///
/// Source: RFC 7517 §5.
public enum JWKSet {
    /// Writes the document.
    ///
    /// - Parameter keys: the keys in the order to publish them; none is a valid, empty set.
    /// - Returns: `{"keys":[...]}`, UTF-8 without whitespace; the same keys give the same bytes.
    public static func document(_ keys: [PublicJWK]) -> [UInt8] {
        var document = Array(#"{"keys":["#.utf8)
        for (index, key) in keys.enumerated() {
            if index > 0 { document.append(UInt8(ascii: ",")) }
            document.append(contentsOf: key.json)
        }
        document.append(contentsOf: "]}".utf8)
        return document
    }
}
