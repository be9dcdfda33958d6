import COpenSSL

/// The two primes of an RSA key and what the Chinese remainder theorem needs; all big-endian.
///
/// With them a signature costs a quarter of what it costs without.
struct RSAFactors {
    let p: [UInt8]
    let q: [UInt8]
    let dp: [UInt8]
    let dq: [UInt8]
    let qi: [UInt8]
}

extension RSAFactors {
    /// Finds the primes of a key that came without them.
    ///
    /// `e * d - 1` is a multiple of the order of the group, so some `base ^ (part of it)` is a square root of
    /// 1 other than 1 and -1, and shares one prime with `n`. Each base has at least an even chance; small
    /// primes are bases enough, and need no randomness.
    ///
    /// Source: NIST SP 800-56B Rev. 2, appendix C.1.
    init(n: [UInt8], e: [UInt8], d: [UInt8]) throws(KeyError) {
        // What one power costs grows with these lengths, and they are still unchecked.
        guard n.count <= 1_024 else { throw .rsaBits(n.count * 8) }
        guard e.count <= 4 else { throw .rsaExponent }
        guard d.count <= n.count else { throw .inconsistent }
        let context = try Scratch()
        let modulus = try BigNumber(n)
        let exponent = try BigNumber(d)
        let publicExponent = try BigNumber(e)
        let order = try BigNumber()
        unsafe try succeeded(
            BN_mul(order.handle, publicExponent.handle, exponent.handle, context.pointer),
            "BN_mul"
        )
        unsafe try succeeded(BN_sub_word(order.handle, 1), "BN_sub_word")
        guard
            unsafe BN_is_odd(modulus.handle) == 1, unsafe BN_is_zero(order.handle) == 0,
            unsafe BN_is_odd(order.handle) == 0
        else { throw .inconsistent }
        var halvings = 0
        let odd = try BigNumber()
        unsafe try succeeded(BN_rshift1(odd.handle, order.handle), "BN_rshift1")
        halvings += 1
        while unsafe BN_is_odd(odd.handle) == 0 {
            unsafe try succeeded(BN_rshift1(odd.handle, odd.handle), "BN_rshift1")
            halvings += 1
        }
        unsafe BN_set_flags(odd.handle, BN_FLG_CONSTTIME)
        for base in Self.bases {
            guard let p = try Self.divisor(of: modulus, base: base, odd: odd, halvings: halvings, context)
            else {
                continue
            }
            try self.init(p: p, modulus: modulus, exponent: exponent, context)
            return
        }
        throw .inconsistent
    }

    /// The primes below 100: a good key defeats all of them once in 2^25.
    private static let bases: [UInt] = [
        2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97,
    ]

    /// One prime of `modulus`, if this base finds it.
    private static func divisor(
        of modulus: borrowing BigNumber,
        base: UInt,
        odd: borrowing BigNumber,
        halvings: Int,
        _ context: Scratch
    ) throws(KeyError) -> BigNumber? {
        let power = try BigNumber()
        let start = try BigNumber()
        let square = try BigNumber()
        let below = try BigNumber()
        unsafe try succeeded(BN_set_word(start.handle, base), "BN_set_word")
        unsafe try succeeded(
            BN_mod_exp(power.handle, start.handle, odd.handle, modulus.handle, context.pointer),
            "BN_mod_exp"
        )
        unsafe try succeeded(BN_sub(below.handle, modulus.handle, BN_value_one()), "BN_sub")
        for _ in 0..<halvings {
            if unsafe BN_is_one(power.handle) == 1 || BN_cmp(power.handle, below.handle) == 0 { return nil }
            unsafe try succeeded(
                BN_mod_sqr(square.handle, power.handle, modulus.handle, context.pointer),
                "BN_mod_sqr"
            )
            if unsafe BN_is_one(square.handle) == 1 {
                let prime = try BigNumber()
                unsafe try succeeded(BN_sub_word(power.handle, 1), "BN_sub_word")
                unsafe try succeeded(
                    BN_gcd(prime.handle, power.handle, modulus.handle, context.pointer),
                    "BN_gcd"
                )
                return prime
            }
            unsafe BN_swap(power.handle, square.handle)
        }
        return nil
    }

    private init(
        p: consuming BigNumber,
        modulus: borrowing BigNumber,
        exponent: borrowing BigNumber,
        _ context: Scratch
    ) throws(KeyError) {
        let q = try BigNumber()
        let rest = try BigNumber()
        unsafe try succeeded(
            BN_div(q.handle, nil, modulus.handle, p.handle, context.pointer),
            "BN_div"
        )
        // The larger prime comes first, as everybody writes it: the same key gives the same bytes.
        if unsafe BN_cmp(p.handle, q.handle) < 0 { unsafe BN_swap(p.handle, q.handle) }
        let qi = try BigNumber()
        guard unsafe BN_mod_inverse(qi.handle, q.handle, p.handle, context.pointer) != nil else {
            ERR_clear_error()
            throw .inconsistent
        }
        self.p = try p.bytes()
        self.q = try q.bytes()
        self.qi = try qi.bytes()
        unsafe try succeeded(BN_sub(rest.handle, p.handle, BN_value_one()), "BN_sub")
        dp = try Self.remainder(of: exponent, by: rest, context)
        unsafe try succeeded(BN_sub(rest.handle, q.handle, BN_value_one()), "BN_sub")
        dq = try Self.remainder(of: exponent, by: rest, context)
    }

    private static func remainder(
        of number: borrowing BigNumber,
        by divisor: borrowing BigNumber,
        _ context: Scratch
    ) throws(KeyError) -> [UInt8] {
        let rest = try BigNumber()
        unsafe try succeeded(
            BN_div(nil, rest.handle, number.handle, divisor.handle, context.pointer),
            "BN_div"
        )
        return try rest.bytes()
    }

    /// The temporary numbers of OpenSSL's arithmetic.
    @safe
    private final class Scratch {
        let pointer: OpaquePointer

        init() throws(KeyError) {
            unsafe pointer = try present(BN_CTX_new(), "BN_CTX_new")
        }

        deinit {
            unsafe BN_CTX_free(pointer)
        }
    }
}
