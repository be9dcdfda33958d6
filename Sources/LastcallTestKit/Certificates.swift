// Every test of TLS makes certificates: whoever imports the test kit has them.
@_exported public import Certificates
