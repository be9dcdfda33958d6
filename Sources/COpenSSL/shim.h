// OpenSSL 3.0 for Swift: its headers, and a function for each macro or variadic call that Swift cannot import.
#ifndef LASTCALL_COPENSSL_SHIM_H
#define LASTCALL_COPENSSL_SHIM_H

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// `EVP_PKEY_Q_keygen` is variadic: one function for each kind of key.

/// A new RSA key of this many bits, or null.
static inline EVP_PKEY *lastcall_generate_rsa(size_t bits) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
}

/// A new key on this named curve ("P-256"), or null.
static inline EVP_PKEY *lastcall_generate_ec(const char *curve) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}

/// A new Ed25519 key, or null.
static inline EVP_PKEY *lastcall_generate_ed25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}

/// A new X25519 key, or null.
static inline EVP_PKEY *lastcall_generate_x25519(void) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
}

// Macros.

/// The bytes that a memory BIO holds; they belong to the BIO. Negative when there are none.
static inline long lastcall_bio_bytes(BIO *bio, const unsigned char **bytes) {
    char *start = NULL;
    long length = BIO_get_mem_data(bio, &start);
    *bytes = (const unsigned char *)start;
    return length;
}

/// Which parts `EVP_PKEY_fromdata` is to take: a private key and its public half.
static const int lastcall_key_pair = EVP_PKEY_KEYPAIR;

/// The same, for a public key alone.
static const int lastcall_public_key = EVP_PKEY_PUBLIC_KEY;

/// Releases memory that OpenSSL allocated for its caller.
static inline void lastcall_openssl_free(void *memory) { OPENSSL_free(memory); }

// PKCS#11 by way of an engine: deprecated in OpenSSL 3.0, whose providers for it Debian 12 has none of.
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

/// The engine of this module, ready to be asked for keys, or null. It asks nobody for a PIN.
static inline ENGINE *lastcall_pkcs11_open(const char *module, const char *pin) {
    ENGINE_load_dynamic();
    ENGINE *engine = ENGINE_by_id("pkcs11");
    if (engine == NULL) return NULL;
    if (ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", module, 0) == 1
        && (pin == NULL || ENGINE_ctrl_cmd_string(engine, "PIN", pin, 0) == 1)
        && ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0) == 1 && ENGINE_init(engine) == 1)
        return engine;
    ENGINE_free(engine);
    return NULL;
}

/// The private key at this URI, or null.
static inline EVP_PKEY *lastcall_pkcs11_key(ENGINE *engine, const char *uri) {
    return ENGINE_load_private_key(engine, uri, (UI_METHOD *)UI_null(), NULL);
}

/// Ends all sessions of an engine whose keys have been released.
static inline void lastcall_pkcs11_close(ENGINE *engine) {
    ENGINE_finish(engine);
    ENGINE_free(engine);
}

#pragma clang diagnostic pop

/// The only TLS version that a server with this context speaks, however old it is.
static inline int lastcall_ssl_only_version(SSL_CTX *context, int version) {
    SSL_CTX_set_security_level(context, 0);
    return SSL_CTX_set_min_proto_version(context, version) == 1
        && SSL_CTX_set_max_proto_version(context, version) == 1;
}

/// A record is read with one call; a write may take a part, and be taken up again from another place in memory.
static inline void lastcall_ssl_few_calls(SSL_CTX *context) {
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

#endif
