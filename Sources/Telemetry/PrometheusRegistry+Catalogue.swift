extension PrometheusRegistry {
    /// A registry whose names mean what the catalogue says.
    public convenience init(_: MetricCatalogue.Type) {
        self.init(help: MetricCatalogue.help, buckets: MetricCatalogue.buckets)
    }

    /// Adds a number of the catalogue that is asked for whenever the page is rendered; see ``observe(_:help:labels:kind:read:)``.
    public func observe(
        _ name: String,
        labels: [(String, String)] = [],
        read: @escaping @Sendable () -> Double
    ) {
        let metric = MetricCatalogue.all.first { $0.name == name }
        observe(
            name,
            help: metric?.help ?? "",
            labels: labels,
            kind: metric?.kind == .counter ? .counter : .gauge,
            read: read
        )
    }
}
