public import CoreMetrics

extension PrometheusRegistry {
    /// Finds or makes a counter of whole amounts.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        counter(label, dimensions)
    }

    /// Finds or makes a counter; one of whole amounts with the same labels is the same.
    public func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        counter(label, dimensions)
    }

    /// Finds or makes a gauge.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(label, dimensions)
    }

    /// Finds or makes a histogram, or a gauge where only the last value counts.
    public func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return gauge(label, dimensions) }
        return histogram(label, dimensions, unlessTold: .quantities)
    }

    /// Finds or makes a histogram in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(label, dimensions, unlessTold: .seconds)
    }

    /// Takes a counter off the page and makes room for another.
    public func destroyCounter(_ handler: any CounterHandler) {
        remove(handler, .counter)
    }

    /// Takes a counter off the page and makes room for another.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        remove(handler, .counter)
    }

    /// Takes a gauge off the page and makes room for another.
    public func destroyMeter(_ handler: any MeterHandler) {
        remove(handler, .gauge)
    }

    /// Takes a histogram or gauge off the page and makes room for another.
    public func destroyRecorder(_ handler: any RecorderHandler) {
        remove(handler, handler is GaugeSeries ? .gauge : .histogram)
    }

    /// Takes a histogram off the page and makes room for another.
    public func destroyTimer(_ handler: any TimerHandler) {
        remove(handler, .histogram)
    }
}
