/// What is still to happen, by virtual time: a binary heap. Of two things at one time the earlier written goes first.
struct Agenda {
    private struct Entry {
        let time: Int
        let number: Int
        let body: () -> Void

        func isBefore(_ other: Entry) -> Bool {
            time != other.time ? time < other.time : number < other.number
        }
    }

    private var heap: [Entry] = []
    private var written = 0

    mutating func add(at time: Int, _ body: @escaping () -> Void) {
        written += 1
        heap.append(Entry(time: time, number: written, body: body))
        var place = heap.count - 1
        while place > 0, heap[place].isBefore(heap[(place - 1) / 2]) {
            heap.swapAt(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    mutating func next() -> (time: Int, body: () -> Void)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return (first.time, first.body) }
        heap[0] = last
        var place = 0
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != place else { return (first.time, first.body) }
            heap.swapAt(place, least)
            place = least
        }
    }
}
