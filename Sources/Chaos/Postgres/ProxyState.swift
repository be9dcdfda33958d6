/// What a ``CuttingProxy`` does now, and what it has done; its threads share it under a lock.
struct ProxyState {
    /// What happens to new connections and to the bytes of all.
    enum Mode {
        case open
        /// Nothing is read and nothing is sent, on either side.
        case silent
        /// Nobody listens.
        case refusing
    }

    private struct Order {
        let place: CutPlace
        let statement: StatementClass
        var left: Int
    }

    var upstream: String
    var mode = Mode.open
    var delay: Duration = .zero
    var links: [Int: ProxyLink] = [:]
    /// Links that will never move a byte again.
    var dead: Set<Int> = []
    var isClosed = false
    var failure: (any Error)?
    private(set) var made: [CuttingProxy.Cut] = []
    private var orders: [Order] = []
    private var lastLink = 0

    init(upstream: String) { self.upstream = upstream }

    mutating func nextLink() -> Int {
        lastLink += 1
        return lastLink
    }

    mutating func order(_ place: CutPlace, _ statement: StatementClass, _ count: Int) {
        orders.append(Order(place: place, statement: statement, left: count))
    }

    mutating func forgetOrders() { orders = [] }

    /// How many cuts are still to be made.
    var ordered: Int { orders.reduce(0) { $0 + $1.left } }

    /// Whether the connection that is about to commit this is to be cut, and where.
    mutating func takeOrder(for commit: Set<StatementClass>) -> CutPlace? {
        guard
            let index = orders.firstIndex(where: { order in
                order.left > 0 && (order.statement == .any || commit.contains(order.statement))
            })
        else { return nil }
        orders[index].left -= 1
        let order = orders[index]
        made.append(CuttingProxy.Cut(place: order.place, statement: order.statement, at: .now))
        if order.left == 0 { orders.remove(at: index) }
        return order.place
    }
}
