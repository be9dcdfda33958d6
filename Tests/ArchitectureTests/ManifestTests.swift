import Testing

@Suite("Architecture")
struct ManifestTests {}
