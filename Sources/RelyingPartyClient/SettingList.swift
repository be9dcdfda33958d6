import CCurl

/// A list of texts in libcurl's form; it lives for as long as any transfer that uses it.
///
/// `@unchecked Sendable`: neither this class nor libcurl changes the list once it is made.
@safe
final class SettingList: @unchecked Sendable {
    let list: UnsafeMutablePointer<curl_slist>

    /// `nil` for want of memory, or for no texts.
    init?(_ texts: [String]) {
        var head: UnsafeMutablePointer<curl_slist>?
        for text in texts {
            guard let longer = unsafe curl_slist_append(head, text) else {
                unsafe curl_slist_free_all(head)
                return nil
            }
            unsafe head = longer
        }
        guard let list = unsafe head else { return nil }
        unsafe self.list = list
    }

    deinit {
        unsafe curl_slist_free_all(list)
    }
}
