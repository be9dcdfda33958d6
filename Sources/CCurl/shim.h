// libcurl for Swift: its headers, and a typed function for each use of a variadic one.
#ifndef LASTCALL_CCURL_SHIM_H
#define LASTCALL_CCURL_SHIM_H

#include <curl/curl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

/// What the library that is loaded can do.
static inline const curl_version_info_data *lastcall_curl_version(void) {
    return curl_version_info(CURLVERSION_NOW);
}

// `curl_easy_setopt`, one function for each type of argument.

static inline CURLcode lastcall_easy_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

/// libcurl copies the text. Null unsets it, which for some options differs from their default.
static inline CURLcode lastcall_easy_set_text(CURL *easy, CURLoption option, const char *text) {
    return curl_easy_setopt(easy, option, text);
}

/// libcurl keeps the pointer: context for a callback, private data, a buffer for the error.
static inline CURLcode lastcall_easy_set_pointer(CURL *easy, CURLoption option, void *pointer) {
    return curl_easy_setopt(easy, option, pointer);
}

/// libcurl keeps the list: it lives for as long as the handle uses it.
static inline CURLcode lastcall_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(easy, option, list);
}

/// libcurl copies the bytes. Null unsets them.
static inline CURLcode lastcall_easy_set_blob(CURL *easy, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(easy, option, bytes ? &blob : NULL);
}

/// libcurl copies the body.
static inline CURLcode lastcall_easy_set_body(CURL *easy, const void *bytes, curl_off_t count) {
    CURLcode code = curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, count);
    return code != CURLE_OK ? code : curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, bytes);
}

/// `CURLOPT_WRITEFUNCTION` and `CURLOPT_HEADERFUNCTION` have one type.
typedef size_t (*lastcall_receive)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode lastcall_easy_set_receive(CURL *easy, CURLoption option, lastcall_receive function) {
    return curl_easy_setopt(easy, option, function);
}

static inline CURLcode lastcall_easy_set_open_socket(CURL *easy, curl_opensocket_callback function) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

/// Called about once a second while a transfer is under way; anything but zero ends it.
static inline CURLcode lastcall_easy_set_progress(CURL *easy, curl_xferinfo_callback function) {
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}

static inline CURLcode lastcall_easy_set_before_request(CURL *easy, curl_prereq_callback function) {
    return curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, function);
}

// `curl_easy_getinfo`, likewise; what cannot be told reads as zero or null.

static inline long lastcall_easy_long(CURL *easy, CURLINFO info) {
    long value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline curl_off_t lastcall_easy_microseconds(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : 0;
}

static inline const char *lastcall_easy_text(CURL *easy, CURLINFO info) {
    char *value = NULL;
    return curl_easy_getinfo(easy, info, &value) == CURLE_OK ? value : NULL;
}

static inline void *lastcall_easy_private(CURL *easy) {
    void *value = NULL;
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, &value) == CURLE_OK ? value : NULL;
}

// `curl_multi_setopt` and the message, whose payload is a union.

static inline CURLMcode lastcall_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// Which sockets and when: what libcurl asks for where it is told of events, and does not wait by itself.
static inline void lastcall_multi_set_callbacks(
    CURLM *multi, curl_socket_callback socket, curl_multi_timer_callback timer, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

/// The next transfer that is done and how it ended; null when there is none.
static inline CURL *lastcall_multi_next_done(CURLM *multi, CURLcode *code) {
    int left = 0;
    for (CURLMsg *message = curl_multi_info_read(multi, &left); message != NULL;
         message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) {
            *code = message->data.result;
            return message->easy_handle;
        }
    }
    return NULL;
}

/// The address that a socket is about to connect to; it is longer than the member's declared type.
static inline const struct sockaddr *lastcall_socket_address(const struct curl_sockaddr *address) {
    return &address->addr;
}

#endif
