import CCurl
import Glibc

/// libcurl refused an option of a handle, which for known options means that memory is short.
struct SettingRefused: Error {
    let code: CURLcode

    /// What it means for the request.
    var failure: TransportFailure { TransportFailure(code, sent: false, systemError: 0) }
}

/// The options of one easy handle, set one by one, each result looked at.
@safe
struct EasyOptions {
    private let easy: UnsafeMutableRawPointer

    init(_ easy: UnsafeMutableRawPointer) {
        unsafe self.easy = easy
    }

    func set(_ option: CURLoption, _ value: Int) throws(SettingRefused) {
        try check(unsafe lastcall_easy_set_long(easy, option, value))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ text: String?) throws(SettingRefused) {
        if let text {
            try check(unsafe lastcall_easy_set_text(easy, option, text))
        } else {
            try check(unsafe lastcall_easy_set_text(easy, option, nil))
        }
    }

    /// The list has to outlive its use.
    func set(_ option: CURLoption, _ list: SettingList?) throws(SettingRefused) {
        try check(unsafe lastcall_easy_set_list(easy, option, list?.list))
    }

    /// The pointer has to outlive its use.
    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(SettingRefused) {
        try unsafe check(lastcall_easy_set_pointer(easy, option, pointer))
    }

    /// libcurl copies the bytes.
    func set(_ option: CURLoption, blob bytes: [UInt8]?) throws(SettingRefused) {
        if let bytes {
            try check(unsafe lastcall_easy_set_blob(easy, option, bytes, bytes.count))
        } else {
            try check(unsafe lastcall_easy_set_blob(easy, option, nil, 0))
        }
    }

    /// libcurl copies the body.
    func setBody(_ body: [UInt8]) throws(SettingRefused) {
        try check(unsafe lastcall_easy_set_body(easy, body, curl_off_t(body.count)))
    }

    func check(_ code: CURLcode) throws(SettingRefused) {
        guard code == CURLE_OK else { throw SettingRefused(code: code) }
    }
}

/// Whether this process may read a file.
func isReadable(_ path: String) -> Bool {
    unsafe access(path, R_OK) == 0
}
