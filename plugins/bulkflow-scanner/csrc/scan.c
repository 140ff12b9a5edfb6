/* The kernels, and the code that they share. */

#include "scan.h"

#define ALL UINT64_MAX

static size_t count_words(size_t size)
{
    return (size + WORD - 1) / WORD;
}

/* Return the words per chunk: a value above the limit covers at least one whole chunk. */
static size_t get_chunk_words(const struct scan *scan)
{
    const int64_t words = scan->field_limit / (2 * WORD);
    if (words < 1)
        return 1;
    return (uint64_t)words < SIZE_MAX / WORD ? (size_t)words : SIZE_MAX / WORD;
}

/* Copy the bytes of a partial word and pad them with zeros; return the set of the copied bytes. */
INLINE uint64_t load_tail(const uint8_t *bytes, size_t size, uint8_t tail[WORD])
{
    memset(tail, 0, WORD);
    memcpy(tail, bytes, size);
    return ((uint64_t)1 << size) - 1;
}

/* Return the highest position in a set, or -1 if it is empty. */
static int64_t find_last(const uint64_t *set, size_t words)
{
    while (words--)
        if (set[words])
            return (int64_t)(WORD * words) + highest_bit(set[words]);
    return -1;
}

/* Return whether a value is too long. Exact for values that span more than one word. */
static bool has_long_value(const struct scan *scan, size_t size, int64_t last)
{
    const int64_t most = scan->field_limit;
    int64_t before = scan->last_separator - scan->offset;
    for (size_t index = 0; index < scan->words; index++) {
        const uint64_t closing = scan->closing[index];
        if (!closing)
            continue;
        const int64_t start = (int64_t)(WORD * index);
        if (start + lowest_bit(closing) - before - 1 > most)
            return true;
        before = start + highest_bit(closing);
    }
    return (int64_t)size - 1 - (last < 0 ? before : last) > most;
}

/* Check the lengths, and save the state for the next block. */
static void finish(struct scan *scan, size_t size, int64_t longest, bool wrong, bool doubt)
{
    scan->words = count_words(size);
    scan->last = find_last(scan->ends, scan->words);
    if (scan->last < 0) {
        wrong |= scan->offset + (int64_t)size - scan->last_end > scan->record_limit;
    } else {
        wrong |= longest > scan->record_limit;
        scan->last_end = scan->offset + scan->last + 1;
    }
    const int64_t separator = find_last(scan->closing, scan->words);
    wrong |= doubt && has_long_value(scan, size, separator);
    if (separator >= 0)
        scan->last_separator = scan->offset + separator;
    scan->suspect = wrong;
    scan->offset += (int64_t)size;
}

static bool always(void)
{
    return true;
}

/* Any CPU. */

#define TARGET
#define KERNEL(name) name##_portable
#define MATCH match_portable
#define HIGH high_portable
#define BETWEEN parity_portable
#define COUNT bits_set
#include "kernel.h"
#undef KERNEL
#undef MATCH
#undef HIGH

/* x86-64: every CPU has SSE2. */

#if defined(__x86_64__) || (defined(_M_X64) && !defined(_M_ARM64EC))
#define HAVE_SSE2
#include <emmintrin.h>

INLINE uint64_t join_sse2(__m128i a, __m128i b, __m128i c, __m128i d)
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(a) |
           (uint64_t)(uint32_t)_mm_movemask_epi8(b) << 16 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(c) << 32 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(d) << 48;
}

INLINE uint64_t match_sse2(const uint8_t *bytes, uint8_t byte)
{
    const __m128i *at = (const __m128i *)bytes;
    const __m128i wanted = _mm_set1_epi8((char)byte);
    return join_sse2(_mm_cmpeq_epi8(_mm_loadu_si128(at), wanted),
                       _mm_cmpeq_epi8(_mm_loadu_si128(at + 1), wanted),
                       _mm_cmpeq_epi8(_mm_loadu_si128(at + 2), wanted),
                       _mm_cmpeq_epi8(_mm_loadu_si128(at + 3), wanted));
}

INLINE uint64_t high_sse2(const uint8_t *bytes)
{
    const __m128i *at = (const __m128i *)bytes;
    return join_sse2(_mm_loadu_si128(at), _mm_loadu_si128(at + 1), _mm_loadu_si128(at + 2),
                       _mm_loadu_si128(at + 3));
}

#define KERNEL(name) name##_sse2
#define MATCH match_sse2
#define HIGH high_sse2
#include "kernel.h"
#undef KERNEL
#undef MATCH
#undef HIGH
#endif

/* 64-bit ARM: every CPU has NEON. */

#if defined(__aarch64__) && defined(__GNUC__) && !defined(__AARCH64EB__)
#define HAVE_NEON
#include <arm_neon.h>

/* Take one bit of each byte; every byte must be all ones or zero. */
INLINE uint64_t join_neon(uint8x16_t a, uint8x16_t b, uint8x16_t c, uint8x16_t d)
{
    const uint8x16_t bits = vreinterpretq_u8_u64(vdupq_n_u64(0x8040201008040201u));
    const uint8x16_t low = vpaddq_u8(vandq_u8(a, bits), vandq_u8(b, bits));
    const uint8x16_t high = vpaddq_u8(vandq_u8(c, bits), vandq_u8(d, bits));
    const uint8x16_t sums = vpaddq_u8(low, high);
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

INLINE uint64_t match_neon(const uint8_t *bytes, uint8_t byte)
{
    const uint8x16_t wanted = vdupq_n_u8(byte);
    return join_neon(vceqq_u8(vld1q_u8(bytes), wanted), vceqq_u8(vld1q_u8(bytes + 16), wanted),
                       vceqq_u8(vld1q_u8(bytes + 32), wanted),
                       vceqq_u8(vld1q_u8(bytes + 48), wanted));
}

INLINE uint64_t high_neon(const uint8_t *bytes)
{
    const uint8x16_t least = vdupq_n_u8(0x80);
    return join_neon(vcgeq_u8(vld1q_u8(bytes), least), vcgeq_u8(vld1q_u8(bytes + 16), least),
                       vcgeq_u8(vld1q_u8(bytes + 32), least),
                       vcgeq_u8(vld1q_u8(bytes + 48), least));
}

#define KERNEL(name) name##_neon
#define MATCH match_neon
#define HIGH high_neon
#include "kernel.h"
#undef KERNEL
#undef MATCH
#undef HIGH
#endif

#undef TARGET
#undef BETWEEN
#undef COUNT

/* x86-64 with AVX, which is detected when the module is imported. */

#if defined(__x86_64__) && defined(__GNUC__)
#define HAVE_AVX
#include <immintrin.h>

#define WITH_AVX2 __attribute__((target("avx2,bmi,popcnt,pclmul")))
#define WITH_AVX512 __attribute__((target("avx512f,avx512bw,avx2,bmi,popcnt,pclmul")))

static bool has_avx2(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
}

static bool has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw");
}

/* The carry-less product with a word of ones is the parity of the bits up to each bit. */
#define PRODUCT(word)                                                                          \
    ((uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(_mm_set_epi64x(0, (long long)(word)),      \
                                                      _mm_set1_epi8((char)0xFF), 0)))

WITH_AVX2 INLINE uint64_t match_avx2(const uint8_t *bytes, uint8_t byte)
{
    const __m256i *at = (const __m256i *)bytes;
    const __m256i wanted = _mm256_set1_epi8((char)byte);
    const __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256(at), wanted);
    const __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256(at + 1), wanted);
    return (uint32_t)_mm256_movemask_epi8(low) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

WITH_AVX2 INLINE uint64_t high_avx2(const uint8_t *bytes)
{
    const __m256i *at = (const __m256i *)bytes;
    return (uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256(at)) |
           (uint64_t)(uint32_t)_mm256_movemask_epi8(_mm256_loadu_si256(at + 1)) << 32;
}

#define BETWEEN PRODUCT
#define COUNT __builtin_popcountll
#define TARGET WITH_AVX2
#define KERNEL(name) name##_avx2
#define MATCH match_avx2
#define HIGH high_avx2
#include "kernel.h"
#undef TARGET
#undef KERNEL
#undef MATCH
#undef HIGH

WITH_AVX512 INLINE uint64_t match_avx512(const uint8_t *bytes, uint8_t byte)
{
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)byte));
}

WITH_AVX512 INLINE uint64_t high_avx512(const uint8_t *bytes)
{
    return _mm512_movepi8_mask(_mm512_loadu_si512(bytes));
}

#define TARGET WITH_AVX512
#define KERNEL(name) name##_avx512
#define MATCH match_avx512
#define HIGH high_avx512
#include "kernel.h"
#endif

#define ROW(name, present) {#name, present, read_##name, find_ends_##name, count_byte_##name}

const struct kernel kernels[] = {
#ifdef HAVE_AVX
    ROW(avx512, has_avx512),
    ROW(avx2, has_avx2),
#endif
#ifdef HAVE_SSE2
    ROW(sse2, always),
#endif
#ifdef HAVE_NEON
    ROW(neon, always),
#endif
    ROW(portable, always),
    {NULL, NULL, NULL, NULL, NULL},
};
