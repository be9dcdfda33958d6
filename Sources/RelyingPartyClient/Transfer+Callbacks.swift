import CCurl
import Glibc

/// The C functions that libcurl calls during a transfer, on the client's thread; `context` is the transfer.
extension Transfer {
    /// Tells libcurl the functions and the context of each.
    func setCallbacks() throws(SettingRefused) {
        let context = unsafe Unmanaged.passUnretained(self).toOpaque()
        let options = unsafe EasyOptions(easy)
        try options.check(unsafe lastcall_easy_set_receive(easy, CURLOPT_WRITEFUNCTION, receiveBody))
        try unsafe options.set(CURLOPT_WRITEDATA, pointer: context)
        try options.check(unsafe lastcall_easy_set_receive(easy, CURLOPT_HEADERFUNCTION, receiveHeader))
        try unsafe options.set(CURLOPT_HEADERDATA, pointer: context)
        try options.check(unsafe lastcall_easy_set_open_socket(easy, openSocket))
        try unsafe options.set(CURLOPT_OPENSOCKETDATA, pointer: context)
        try options.check(unsafe lastcall_easy_set_before_request(easy, beforeRequest))
        try unsafe options.set(CURLOPT_PREREQDATA, pointer: context)
        try unsafe options.set(CURLOPT_PRIVATE, pointer: context)
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    unsafe context.map { unsafe Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

/// A count other than the one offered ends the transfer.
private let receiveBody: lastcall_receive = { bytes, size, count, context in
    guard let transfer = unsafe transfer(context) else { return 0 }
    let all = size * count
    return unsafe transfer.reader.body(UnsafeRawBufferPointer(start: bytes, count: all)) ? all : all ^ 1
}

private let receiveHeader: lastcall_receive = { bytes, size, count, context in
    guard let transfer = unsafe transfer(context) else { return 0 }
    let all = size * count
    return unsafe transfer.reader.header(UnsafeRawBufferPointer(start: bytes, count: all)) ? all : all ^ 1
}

private let openSocket: curl_opensocket_callback = { context, purpose, target in
    guard let transfer = unsafe transfer(context), let target = unsafe target else { return -1 }
    guard purpose == CURLSOCKTYPE_IPCXN,
        let pointer = unsafe lastcall_socket_address(target),
        let address = unsafe SocketAddress(pointer)
    else {
        transfer.socketGuard.refuseFamily(unsafe target.pointee.family)
        return -1
    }
    let socket = transfer.socketGuard.open(
        address,
        family: unsafe target.pointee.family,
        type: unsafe target.pointee.socktype,
        proto: unsafe target.pointee.protocol
    )
    if socket >= 0 { transfer.sockets.opened(socket) }
    return socket
}

private let beforeRequest: curl_prereq_callback = { context, address, _, port, _ in
    guard let transfer = unsafe transfer(context), let address = unsafe address,
        let port = UInt16(exactly: port)
    else { return CURL_PREREQFUNC_ABORT }
    let mayWrite = unsafe transfer.socketGuard.mayWrite(to: String(cString: address), port: port)
    return mayWrite ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
}
