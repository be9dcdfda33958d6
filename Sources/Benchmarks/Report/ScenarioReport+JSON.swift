internal import StrictJSON

extension ScenarioReport {
    /// The report for programs.
    ///
    /// - Parameter scale: how much the run did.
    /// - Returns: one object; figures that are withheld are not in it.
    public func json(_ scale: Scale) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("scenario", name)
            writer.member("sentence", sentence)
            writer.member("scale", scale.rawValue)
            writer.member("seconds", seconds)
            writer.member("sound", isSound)
            writer.member("failure", failure)
            writer.arrayMember("figures") { writer in
                for figure in figures { writer.object { figure.write(to: &$0) } }
            }
            writer.member("withheld_figures", withheld)
            writer.arrayMember("checks") { writer in
                for check in checks {
                    writer.object { writer in
                        writer.member("sentence", check.sentence)
                        writer.member("holds", check.holds)
                        writer.member("detail", check.detail)
                    }
                }
            }
        }
        return writer.bytes
    }
}

extension Figure {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("name", name)
        writer.member("value", value.isFinite ? value : nil)
        writer.member("unit", unit)
        guard let aim else { return }
        writer.objectMember("aim") { writer in
            writer.member(aim.direction == .higher ? "at_least" : "at_most", aim.bound)
        }
        writer.member("met", isMet)
    }
}
