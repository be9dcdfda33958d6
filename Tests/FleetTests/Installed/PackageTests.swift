import Foundation
import LastcallTestKit
import Testing

@Suite("The Debian package", .timeLimit(.minutes(30)))
struct PackageTests {
    @Test("installed on a copy of this machine, its units deliver a logout under their own user and filter")
    func delivers() async throws {
        let fleet = try await InstalledFleet()
        let package = try await fleet.package("deb")
        let configuration = try fleet.files(
            "etc",
            [
                "ca.pem": InstalledFleet.authorities(),
                "lastcall.toml": """
                listen = "127.0.0.1:0"
                allow_insecure_loopback = true
                ca_file = "/etc/lastcall/ca.pem"
                """,
            ]
        )
        _ = try fleet.files("etc/secrets", fleet.secrets(socketFolder: "/run/postgresql"))
        let machine = try LastcallProcess(
            [fleet.folder.path, package, configuration, fleet.socket],
            program: [InstalledFleet.source + "/scripts/support/install-package"]
        )
        try await eventually("the package to be installed", within: .seconds(60)) {
            try #require(kill(machine.id, 0) == 0, "\(machine.output)\(machine.errors)")
            return machine.output.contains("installed\n")
        }
        func start(_ unit: String) throws -> LastcallProcess {
            try LastcallProcess(
                ["\(machine.id)", fleet.folder.path + "/root", unit, "LASTCALL_ADMIN_LISTEN=127.0.0.1:0"],
                program: [InstalledFleet.source + "/scripts/support/start-unit"]
            )
        }
        let migration = try start("lastcall-migrate.service")
        #expect(await migration.end() == .exit(0), "\(migration.errors)")
        let (api, worker) = (try start("lastcall-serve.service"), try start("lastcall-work.service"))
        let port = try await fleet.port(of: "api", api)
        _ = try await fleet.port(of: "admin", worker)
        try await fleet.deliversOneLogout(port: port)
        for process in [api, worker] {
            let facts = try ProcessFacts(process)
            #expect(Set(facts.users).count == 1 && !facts.users.contains("0"))
            #expect(facts.isPowerless && facts.isFiltered && facts.isReadOnly(at: "/"))
            #expect(facts.isSelfContained)
            #expect(await process.stop() == .exit(0), "\(process.errors)")
        }
        #expect(await machine.stop() == .signal(15))
    }

    @Test("the filter that the units are tried under refuses what the units refuse, and no more")
    func filters() async throws {
        let probe = """
            import ctypes, errno, mmap, os, socket
            def attempt(name, call):
                try: call(); print(name, "allowed")
                except OSError as error: print(name, errno.errorcode[error.errno])
            attempt("inet", lambda: socket.socket(socket.AF_INET))
            attempt("unix", lambda: socket.socket(socket.AF_UNIX))
            attempt("netlink", lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))
            attempt("vsock", lambda: socket.socket(40, socket.SOCK_STREAM, 0))
            attempt("write and execute", lambda: mmap.mmap(-1, 4096, prot=mmap.PROT_WRITE | mmap.PROT_EXEC))
            attempt("change the owner", lambda: os.chown("/proc/self/comm", 0, 0))
            """
        let units = InstalledFleet.source + "/deploy/systemd"
        let files = ["\(units)/lastcall-work.service", "\(units)/lastcall-.service.d/10-hardening.conf"]
        let (end, output, errors) = try await LastcallProcess.run(
            files + ["--", "/usr/bin/python3", "-c", probe],
            program: [
                "/usr/bin/setpriv", "--no-new-privs", InstalledFleet.source + "/scripts/support/confine",
            ]
        )
        #expect(end == .exit(0), "\(errors)")
        #expect(
            output.split(separator: "\n") == [
                "inet allowed", "unix allowed", "netlink EAFNOSUPPORT", "vsock EAFNOSUPPORT",
                "write and execute EPERM", "change the owner EPERM",
            ]
        )
    }
}
