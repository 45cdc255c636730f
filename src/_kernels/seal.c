/* A short text that only who knows the key can put under a long one. */
#include <string.h>

#include "tito_kernels.h"

static uint64_t rotated(uint64_t x, int bits) { return (x << bits) | (x >> (64 - bits)); }

static void mix(uint64_t v[4], int rounds) {
    while (rounds-- > 0) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] = rotated(v[0], 32);
        v[2] += v[1];
        v[0] += v[3];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] = rotated(v[2], 32);
    }
}

/* SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012), with
 * words as this machine reads them: it never leaves the machine. */
uint64_t tito_seal(const uint64_t key[2], const void *text, size_t size) {
    uint64_t v[4] = {key[0] ^ UINT64_C(0x736f6d6570736575), key[1] ^ UINT64_C(0x646f72616e646f6d),
                     key[0] ^ UINT64_C(0x6c7967656e657261), key[1] ^ UINT64_C(0x7465646279746573)};
    const char *left = text;
    uint64_t word = 0;
    size_t whole = size / sizeof word;
    for (; whole > 0; --whole, left += sizeof word) {
        memcpy(&word, left, sizeof word);
        v[3] ^= word;
        mix(v, 2);
        v[0] ^= word;
    }
    word = 0;
    memcpy(&word, left, size % sizeof word);
    word ^= (uint64_t)size << 56;
    v[3] ^= word;
    mix(v, 2);
    v[0] ^= word;
    v[2] ^= 0xFF;
    mix(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
