import StrictJSON

extension Operator {
    /// Prints an object: JSON for programs, a line per member for people.
    func show(_ object: JSON) {
        guard !printsJSON, case .object(let members) = object else { return print(object.line) }
        let width = members.members.map(\.name.count).max() ?? 0
        for member in members.members {
            let name = member.name.padding(to: width)
            print("\(name)  \(Screen.output.colored(member.value.shown, of: member.name))")
        }
    }

    /// Prints an object without some of its members, which are shown otherwise.
    func show(_ object: JSON, without names: Set<String>) {
        guard !printsJSON else { return show(object) }
        show(.object(of: object.members.filter { !names.contains($0.name) }.map { ($0.name, $0.value) }))
    }

    /// Prints a list: JSON lines for programs, a table for people.
    func show(_ items: [JSON], columns: [String]) {
        if printsJSON { return items.forEach { print($0.line) } }
        let rows = items.map { item in columns.map { item[$0]?.shown ?? "" } }
        print(Table(columns: columns, rows: rows).text, terminator: "")
    }
}

extension String {
    func padding(to width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
