import Foundation
import IntakeAPI
import LastcallTestKit
import StrictJSON
import Testing

@Suite("The page of the API", .lastcallDatabase)
struct DocsTests {
    private func page(_ api: TestAPI) async throws -> Answer {
        let answer = await api.call("GET /docs", key: nil)
        try answer.require(200)
        return answer
    }

    /// The values of an attribute, wherever it stands.
    private func values(of attribute: String, in text: String) -> [String] {
        text.components(separatedBy: " \(attribute)=\"").dropFirst().map { String($0.prefix { $0 != "\"" }) }
    }

    @Test("everybody gets it, and it may load nothing and run nothing")
    func policy() async throws {
        let api = try TestAPI()
        let answer = try await page(api)
        #expect(answer.header("Content-Type") == ["text/html; charset=utf-8"])
        let policy = try #require(answer.header("Content-Security-Policy").first)
        #expect(policy.hasPrefix("default-src 'none'; style-src 'sha256-") && !policy.contains("unsafe"))
        #expect(answer.header("X-Content-Type-Options") == ["nosniff"])
        let text = answer.text
        for word in [
            "<script", "<link", "<img", "<iframe", "@import", "url(", "javascript:", " style=", " onclick",
        ] {
            #expect(!text.contains(word), "\(word)")
        }
        #expect(values(of: "href", in: text).allSatisfy { $0.hasPrefix("#") || $0 == "openapi.json" })
        #expect(values(of: "src", in: text).isEmpty)
        // Every schema has a type that is shown.
        #expect(!text.replacing("or null.", with: "").contains("null."))
        #expect(try await page(api).body == answer.body)
        #expect(await api.call("GET /docs?x=1", key: nil).refusal == .init(400, "invalid_request"))
    }

    @Test(
        "each operation, schema and refusal is there, under an anchor of its own, and each link leads to one"
    )
    func anchors() async throws {
        let api = try TestAPI()
        let contract = try await Contract(api)
        let text = try await page(api).text
        let ids = values(of: "id", in: text)
        #expect(Set(ids).count == ids.count)
        for (route, operation) in contract.operations {
            #expect(ids.contains(try #require(operation["operationId"]?.string)), "\(route)")
        }
        for name in contract.document["components"]?["schemas"]?.names ?? [] {
            #expect(ids.contains("schema-\(name)"), "\(name)")
        }
        let codes = contract.validator.value(at: "/components/schemas/Problem/properties/code/enum")
        for code in codes?.elements ?? [] {
            #expect(text.contains(">\(code.string ?? "?")</code>"), "\(code)")
        }
        let links = values(of: "href", in: text).filter { $0.hasPrefix("#") }
        #expect(links.count > 200 && links.allSatisfy { ids.contains(String($0.dropFirst())) })
    }

    @Test("every element is closed, in order")
    func markup() async throws {
        let text = try await page(TestAPI()).text
        var open: [Substring] = []
        for part in text.split(separator: "<").dropFirst() {
            let name = part.prefix { $0 != ">" && $0 != " " }
            if ["meta", "wbr"].contains(name) || name.hasPrefix("!") { continue }
            if name.hasPrefix("/") {
                #expect(open.popLast() == name.dropFirst(), "\(part.prefix(60))")
            } else {
                open.append(name)
            }
        }
        #expect(open.isEmpty)
    }

    @Test("its text can be read in both themes: WCAG 2.2, 1.4.3", arguments: [0, 1])
    func contrast(theme: Int) async throws {
        let text = try await page(TestAPI()).text
        let block = try #require(text.components(separatedBy: ":root{").dropFirst().dropFirst(theme).first)
        var colors: [String: Double] = [:]
        for rule in block.prefix(while: { $0 != "}" }).split(separator: ";") where rule.hasPrefix("--") {
            let parts = rule.dropFirst(2).split(separator: ":")
            colors[String(parts[0])] = try luminance(#require(parts.last))
        }
        #expect(colors.count == 11)
        for ground in ["page", "panel"] {
            for ink in ["text", "soft", "link", "get", "post", "put", "delete", "mark"] {
                let pair = [try #require(colors[ink]), try #require(colors[ground])].sorted()
                #expect((pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5, "\(ink) on \(ground)")
            }
        }
    }

    /// Of `#rrggbb`; WCAG 2.2, relative luminance.
    private func luminance(_ color: Substring) throws -> Double {
        let number = try #require(Int(color.dropFirst(), radix: 16))
        return zip([16, 8, 0], [0.2126, 0.7152, 0.0722]).map { shift, weight in
            let part = Double((number >> shift) & 0xFF) / 255
            return weight * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4))
        }.reduce(0, +)
    }
}
