import StrictJSON

extension APIResponse {
    /// An answer whose body is written straight into bytes.
    init(status: Int, _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter(reservingCapacity: 1_024)
        write(&writer)
        self.init(status: status, body: writer.bytes)
    }

    /// A page of a list.
    init<Item>(page: Page<Item>, _ write: (inout JSONWriter, Item) -> Void) {
        self.init(status: 200) { writer in
            writer.object { writer in
                writer.arrayMember("items") { writer in
                    for item in page.items { write(&writer, item) }
                }
                writer.member("next_cursor", page.nextCursor)
            }
        }
    }
}

extension JSONWriter {
    /// The text of one object.
    static func text(_ members: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter()
        writer.object(members)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
