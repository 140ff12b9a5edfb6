/* Words of 64 bits that represent sets of 64 bytes: bit i is set if byte i is in the set. */

#ifndef BULKFLOW_WORDS_H
#define BULKFLOW_WORDS_H

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
/* A function compiled for more instructions can only use them in code that is inlined into it. */
#define INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#include <intrin.h>
#define INLINE static __forceinline
#else
#define INLINE static inline
#endif

#define WORD 64

/* Count the bits that are set, on any CPU. */
INLINE int bits_set(uint64_t word)
{
    word -= (word >> 1) & 0x5555555555555555u;
    word = (word & 0x3333333333333333u) + ((word >> 2) & 0x3333333333333333u);
    word = (word + (word >> 4)) & 0x0F0F0F0F0F0F0F0Fu;
    return (int)((word * 0x0101010101010101u) >> 56);
}

/* Return the index of the lowest bit that is set; `word` must not be zero. */
INLINE int lowest_bit(uint64_t word)
{
#if defined(__GNUC__)
    return __builtin_ctzll(word);
#elif defined(_MSC_VER) && defined(_WIN64)
    unsigned long found;
    _BitScanForward64(&found, word);
    return (int)found;
#else
    return bits_set((word & (~word + 1)) - 1);
#endif
}

/* Return the index of the highest bit that is set; `word` must not be zero. */
INLINE int highest_bit(uint64_t word)
{
#if defined(__GNUC__)
    return 63 - __builtin_clzll(word);
#elif defined(_MSC_VER) && defined(_WIN64)
    unsigned long found;
    _BitScanReverse64(&found, word);
    return (int)found;
#else
    for (int shift = 1; shift < WORD; shift *= 2)
        word |= word >> shift;
    return bits_set(word) - 1;
#endif
}

/* Return a word whose bit i is the parity of the bits up to and including i: all bits from each odd
 * member up to, but excluding, the next even member. */
INLINE uint64_t parity_portable(uint64_t word)
{
    for (int shift = 1; shift < WORD; shift *= 2)
        word ^= word << shift;
    return word;
}

/* Load eight bytes, the first one into the lowest bits. */
INLINE uint64_t eight_bytes(const uint8_t *bytes)
{
    uint64_t found;
    memcpy(&found, bytes, sizeof found);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    found = __builtin_bswap64(found);
#endif
    return found;
}

/* Collect the highest bits of eight bytes in the lowest byte; all other bits of `marks` must be
 * zero. */
INLINE uint64_t gather(uint64_t marks)
{
    return ((marks >> 7) * 0x0102040810204080u) >> 56;
}

/* Return the set of the 64 bytes that equal `byte`. */
INLINE uint64_t match_portable(const uint8_t *bytes, uint8_t byte)
{
    const uint64_t low = 0x7F7F7F7F7F7F7F7Fu, wanted = byte * 0x0101010101010101u;
    uint64_t found = 0;
    for (int index = 0; index < 8; index++) {
        uint64_t differs = eight_bytes(bytes + 8 * index) ^ wanted;
        /* No carry crosses into the next byte. */
        uint64_t same = ~(((differs & low) + low) | differs | low);
        found |= gather(same) << (8 * index);
    }
    return found;
}

/* Return the set of the 64 bytes that are not ASCII. */
INLINE uint64_t high_portable(const uint8_t *bytes)
{
    uint64_t found = 0;
    for (int index = 0; index < 8; index++)
        found |= gather(eight_bytes(bytes + 8 * index) & 0x8080808080808080u) << (8 * index);
    return found;
}

#endif
