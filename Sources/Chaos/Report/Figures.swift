/// Numbers as tables show them.
package enum Figures {
    /// A number of seconds or milliseconds; `-` where there is none.
    ///
    /// - Parameter value: the number.
    /// - Returns: with two digits behind the point where it is below 10, one below 100.
    package static func short(_ value: Double?) -> String {
        guard let value, value.isFinite else { return "-" }
        let scale = value.magnitude < 10 ? 100.0 : value.magnitude < 100 ? 10 : 1
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() ? "\(Int(rounded))" : "\(rounded)"
    }
}
