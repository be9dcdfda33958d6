/// The shortest decimal text that reads back as the same finite double, laid out as ECMAScript does.
///
/// Worked values: 1 is `1`, 0.5 is `0.5`, 1e21 is `1e+21`, 1e-7 is `1e-7`, -0 is `0`.
/// Source: RFC 8785 §3.2.2.3, which points at ECMA-262 Number::toString.
func shortestText(of value: Double) -> String {
    guard value != 0 else { return "0" }
    guard value > 0 else { return "-" + shortestText(of: -value) }
    let (digits, pointAt) = shortestDigits(of: value)
    switch pointAt {
    case digits.count...21:
        return digits + String(repeating: "0", count: pointAt - digits.count)
    case 1...21:
        return "\(digits.prefix(pointAt)).\(digits.dropFirst(pointAt))"
    case -5...0:
        return "0." + String(repeating: "0", count: -pointAt) + digits
    default:
        let exponent = pointAt - 1
        let fraction = digits.count == 1 ? "" : ".\(digits.dropFirst())"
        return "\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
    }
}

/// The significant digits of a positive double, and how many of them stand before the decimal point.
///
/// The digits are the standard library's shortest ones; only their layout differs from ECMAScript's.
private func shortestDigits(of value: Double) -> (digits: String, pointAt: Int) {
    let parts = value.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".")
    let exponent = parts.count == 2 ? Int(parts[1]) ?? 0 : 0
    let whole = mantissa[0]
    let all = whole + (mantissa.count == 2 ? mantissa[1] : "")
    let leading = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leading))
    while digits.last == "0" { digits.removeLast() }
    return (digits, whole.count + exponent - leading)
}
