import Outbox

/// The queue's health: what `lastcall doctor` finds.
extension OperatorConsole {
    func health(_ visit: Visit) async throws -> Page {
        guard visit.visitor.isOperator else { throw ConsoleProblem.notFound }
        let findings = try await backend.examine()
        let worst = findings.map(\.severity).max() ?? .ok
        var view: View = [
            "worst": visit.maker.word(worst.rawValue), "is_well": worst == .ok,
            "problem_count": findings.count { $0.severity > .ok },
        ]
        view["findings"] = findings.sorted { $0.severity > $1.severity }.map { finding -> View in
            var view: View = [
                "check": finding.check.rawValue.split(separator: "_").joined(separator: " "),
                "severity": visit.maker.word(finding.severity.rawValue), "figure": finding.figure,
            ]
            view["remedy"] = finding.remedy
            return view
        }
        return Page(template: "health", title: "Health", place: "", view: view)
    }
}
