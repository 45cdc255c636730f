/* What differs between compilers. The only file that may mention _MSC_VER or GNU builtins. */
#ifndef TITO_COMPILER_H
#define TITO_COMPILER_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__) || defined(_M_X64)
#define TITO_X86 1
#else
#define TITO_X86 0
#endif

#if defined(__aarch64__) || defined(_M_ARM64)
#define TITO_ARM64 1
#else
#define TITO_ARM64 0
#endif

/* TITO_SUMS_UNROLLED: a register block of at most so many sums is quicker with two k in one turn
 * of its loop. With GCC that is every one (n of 16 to 31: 4%); Clang's larger ones were 2.5%
 * slower. */

#define TITO_TEXT(x) TITO_TEXT_OF(x)
#define TITO_TEXT_OF(x) #x

#if defined(_MSC_VER) && !defined(__clang__)

#include <intrin.h>
#define TITO_COMPILER "MSVC " TITO_TEXT(_MSC_FULL_VER)
#define TITO_INLINE static __forceinline
#define TITO_FOR_AVX
#define TITO_UNROLL
#define TITO_UNROLL_TWICE
#define TITO_SUMS_UNROLLED 0
#if TITO_X86
#define TITO_PREFETCH_ONCE(p) _mm_prefetch((const char *)(p), _MM_HINT_NTA)
#define TITO_PREFETCH_WRITE(p) _mm_prefetch((const char *)(p), _MM_HINT_T0)
#else
#define TITO_PREFETCH_ONCE(p) __prefetch((const void *)(p))
#define TITO_PREFETCH_WRITE(p) __prefetch((const void *)(p))
#endif
#define TITO_IN_REGISTER(x) (void)(x)
#define TITO_UNRELATED(p) (void)(p)
#define TITO_EXCHANGE(flag, value) _InterlockedExchange((flag), (value))

#else

#if defined(__clang__)
#define TITO_COMPILER "Clang " __clang_version__
#define TITO_UNROLL _Pragma("clang loop unroll(full)")
#define TITO_UNROLL_TWICE _Pragma("clang loop unroll_count(2)")
#define TITO_SUMS_UNROLLED 4
#else
#define TITO_COMPILER "GCC " __VERSION__
#define TITO_UNROLL _Pragma("GCC unroll 32")
#define TITO_UNROLL_TWICE _Pragma("GCC unroll 2")
#define TITO_SUMS_UNROLLED 28
#endif
#if defined(TITO_SANITIZE) /* every access is checked: unrolled, a block takes minutes to compile */
#undef TITO_UNROLL
#undef TITO_UNROLL_TWICE
#define TITO_UNROLL
#define TITO_UNROLL_TWICE
#endif
#define TITO_INLINE static inline __attribute__((always_inline))
/* A function that uses AVX, in a file that is compiled for every CPU. */
#define TITO_FOR_AVX __attribute__((target("avx")))
#define TITO_PREFETCH_ONCE(p) __builtin_prefetch((p), 0, 0)
#define TITO_PREFETCH_WRITE(p) __builtin_prefetch((p), 1)
/* Says that vector x is in a register now: the compiler must not load it a second time instead. */
#if defined(__AVX512F__)
#define TITO_IN_REGISTER(x) __asm__("" : "+v"(x))
#elif TITO_X86
#define TITO_IN_REGISTER(x) __asm__("" : "+x"(x))
#else
#define TITO_IN_REGISTER(x) __asm__("" : "+w"(x)) /* AArch64 */
#endif
/* Hides how pointer p was computed: the compiler must keep it, not an offset from another one. */
#define TITO_UNRELATED(p) __asm__("" : "+r"(p))
#define TITO_EXCHANGE(flag, value) __atomic_exchange_n((flag), (value), __ATOMIC_ACQ_REL)

#endif

#if TITO_X86

#if !defined(_MSC_VER)
#include <cpuid.h>
#endif

/* registers: eax, ebx, ecx, edx; all zero when the CPU has no such leaf. */
TITO_INLINE void tito_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t registers[4]) {
#if defined(_MSC_VER)
    int r[4] = {0, 0, 0, 0};
    __cpuid(r, (int)(leaf & 0x80000000u));
    if ((uint32_t)r[0] < leaf) {
        registers[0] = registers[1] = registers[2] = registers[3] = 0;
        return;
    }
    __cpuidex(r, (int)leaf, (int)subleaf);
    for (int i = 0; i < 4; ++i) {
        registers[i] = (uint32_t)r[i];
    }
#else
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid_count(leaf, subleaf, &a, &b, &c, &d)) {
        a = b = c = d = 0;
    }
    registers[0] = a;
    registers[1] = b;
    registers[2] = c;
    registers[3] = d;
#endif
}

/* Which register files the operating system saves; only legal when cpuid reports OSXSAVE. */
TITO_INLINE uint64_t tito_xgetbv(void) {
#if defined(_MSC_VER)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
#endif
}

#endif /* TITO_X86 */
#endif
