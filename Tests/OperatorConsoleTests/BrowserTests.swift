import Foundation
import LastcallTestKit
import StrictJSON
import Testing

/// The console in a real browser: headless Chromium. Where `LASTCALL_CONSOLE_SCREENSHOTS` names a folder, every page is left there as an image.
@Suite("The console in a browser", .lastcallDatabase, .serialized)
struct BrowserTests {
    private enum Look: String, CaseIterable {
        case light, dark, phone
    }

    @Test(
        "every page can be read and operated in both themes and on a phone, and asks no other host for anything"
    )
    func pages() async throws {
        let demo = try await ConsoleDemo()
        defer { demo.stop() }
        let driver = try await WebDriver()
        do {
            try await look(at: demo, with: driver)
        } catch {
            await driver.stop()
            throw error
        }
        await driver.stop()
    }

    private func look(at demo: ConsoleDemo, with driver: WebDriver) async throws {
        let address = "http://127.0.0.1:\(demo.world.port)"
        for look in Look.allCases {
            try await dress(driver, as: look)
            try await driver.open("\(address)/console/sign-in")
            try await check(driver, "sign-in", look)
        }
        try await dress(driver, as: .light)
        try await signIn(driver, address)
        try await tabThrough(driver)
        for look in Look.allCases {
            try await dress(driver, as: look)
            for (name, path) in demo.pages {
                try await driver.open(address + path)
                #expect(try await driver.run("return location.pathname + location.search") == .string(path))
                try await check(driver, name, look)
            }
        }
        try await dress(driver, as: .light)
        try await live(driver, demo, address)
        // That the page which is not there is not there is none.
        let complaints = try await driver.complaints().filter { !$0.contains("/nowhere") }
        #expect(complaints == [])
    }

    private func dress(_ driver: WebDriver, as look: Look) async throws {
        let scheme = look == .dark ? "dark" : "light"
        try await driver.tell(
            "Emulation.setEmulatedMedia",
            try JSON.parse(
                Array(#"{"features": [{"name": "prefers-color-scheme", "value": "\#(scheme)"}]}"#.utf8)
            )
        )
        let size =
            look == .phone
            ? #""width": 390, "height": 844, "mobile": true"#
            : #""width": 1280, "height": 860, "mobile": false"#
        try await driver.tell(
            "Emulation.setDeviceMetricsOverride",
            try JSON.parse(Array("{\(size), \"deviceScaleFactor\": 1}".utf8))
        )
    }

    private func check(_ driver: WebDriver, _ name: String, _ look: Look) async throws {
        for script in [PageChecks.names, PageChecks.contrast, PageChecks.fits, PageChecks.hosts] {
            let wrong = try await driver.run(script).elements.compactMap(\.string)
            #expect(wrong == [], "\(name), \(look.rawValue)")
        }
        guard let folder = ProcessInfo.processInfo.environment["LASTCALL_CONSOLE_SCREENSHOTS"] else { return }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let image = try await driver.tell(
            "Page.captureScreenshot",
            try JSON.parse(Array(#"{"captureBeyondViewport": true}"#.utf8))
        )
        let bytes = try #require(image["data"]?.string.flatMap { Data(base64Encoded: $0) })
        try bytes.write(to: URL(fileURLWithPath: "\(folder)/\(name)-\(look.rawValue).png"))
    }

    /// As people do it: type, and press Enter.
    private func signIn(_ driver: WebDriver, _ address: String) async throws {
        try await driver.open("\(address)/console/sign-in?next=%2Fconsole%2Fi%2Fdemo")
        for key in ConsoleWorld.operatorKey { try await driver.press(String(key)) }
        try await driver.press("\u{E007}")
        try await eventually("the overview") {
            try await driver.run("return location.pathname").string == "/console/i/demo"
        }
        #expect(try await driver.run("return document.cookie").string == "")
    }

    /// The Tab key goes through the page from its top to its end, and one sees where it is.
    private func tabThrough(_ driver: WebDriver) async throws {
        try await eventually("the page") {
            try await driver.run("return document.readyState").string == "complete"
        }
        let count = try await driver.run(PageChecks.stops).int ?? 0
        #expect(count > 15)
        for place in 0..<min(count, 24) {
            try await driver.press("\u{E004}")
            let now = try await driver.run(PageChecks.focused).elements
            #expect(now.first?.int == place)
            #expect(now.last == .bool(true), "the focus on stop \(place) is not seen")
        }
    }

    /// What changes is seen without the page being loaded again.
    private func live(_ driver: WebDriver, _ demo: ConsoleDemo, _ address: String) async throws {
        try await driver.open("\(address)/console/i/demo/clients/crm")
        _ = try await driver.run("window.isSamePage = true")
        try await demo.world.api("POST", "/v1/issuers/demo/clients/crm/hold")
        try await eventually("the hold to be seen", within: .seconds(30)) {
            try await driver.run("return document.querySelector('main').textContent.includes('Release')")
                == .bool(true)
        }
        #expect(try await driver.run("return window.isSamePage === true") == .bool(true))
        #expect(try await driver.run("return document.getElementById('live').textContent").string == "Live")
    }
}
