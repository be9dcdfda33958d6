internal import Benchmarks
internal import LogoutTokens
internal import StrictJSON

/// A POST as the accounts read it: what its token says, judged later.
package struct PostRecord: Sendable, Hashable {
    /// As it was received.
    package let post: ReceivedPost
    /// The claim `aud`; empty where the token cannot be read.
    package let aud: String
    /// The claim `sid`.
    package let sid: String
    /// The claim `jti`.
    package let jti: String
    /// The `kid` of the token's header.
    package let kid: String
    /// What is wrong with the token; `nil` where it verifies.
    package var defect: String?

    /// Reads a token without judging it.
    ///
    /// - Parameter post: as it was received.
    package init(_ post: ReceivedPost) {
        self.post = post
        let parts = post.token.split(separator: ".")
        let (header, claims) = parts.count == 3 ? (Self.object(parts[0]), Self.object(parts[1])) : (nil, nil)
        kid = header?["kid"]?.string ?? ""
        aud = claims?["aud"]?.string ?? ""
        sid = claims?["sid"]?.string ?? ""
        jti = claims?["jti"]?.string ?? ""
    }

    /// Makes one without a token, for what only looks at its parts.
    ///
    /// - Parameters:
    ///   - post: who got it, and when.
    ///   - aud: the `client_id` that it names.
    ///   - sid: the session.
    ///   - jti: its id.
    package init(_ post: ReceivedPost, aud: String, sid: String, jti: String) {
        (self.post, self.aud, self.sid, self.jti) = (post, aud, sid, jti)
        kid = ""
    }

    private static func object(_ part: Substring) -> JSON? {
        (try? Base64.urlDecode(String(part))).flatMap { try? JSON.parse($0) }
    }
}

/// What the relying parties received, each token read once.
package final class PostBook {
    private var known: [ReceivedPost: PostRecord] = [:]

    /// Takes in what came since, and returns everything in order of arrival.
    ///
    /// - Parameter parties: who received it.
    /// - Returns: a record for each POST.
    package func read(_ parties: LedgerParties) -> [PostRecord] {
        var records: [PostRecord] = []
        for post in parties.posts {
            let record = known[post] ?? PostRecord(post)
            known[post] = record
            records.append(record)
        }
        return records.sorted { $0.post.arrivedAt < $1.post.arrivedAt }
    }
}
