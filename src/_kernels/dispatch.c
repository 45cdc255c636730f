/* Which targets were built, and which of them this CPU can run. */
#include "compiler.h"
#include "tito_kernels.h"

#if !defined(NDEBUG) && !defined(TITO_SANITIZE)
#error "the kernels must be built in release mode: a debug build would be a false reference"
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "the kernels must be built without -ffast-math: NaN would not be NaN, nor results right"
#endif

#if TITO_X86
extern const struct tito_context tito_avx512_context, tito_avx2_context, tito_sse2_context;
#elif TITO_ARM64
extern const struct tito_context tito_neon_context;
#endif
extern const struct tito_context tito_portable_context;

static const struct tito_context *const contexts[] = {
#if TITO_X86
    &tito_avx512_context,
    &tito_avx2_context,
    &tito_sse2_context,
#elif TITO_ARM64
    &tito_neon_context,
#endif
    &tito_portable_context,
    NULL,
};

const char *const tito_operation_names[TITO_OPERATIONS] = {
#define NAME_OF(NAME, name, arguments, workspace) [TITO_##NAME] = TITO_TEXT(name),
    TITO_EACH_OPERATION(NAME_OF)
#undef NAME_OF
};

const struct tito_context *const *tito_contexts(void) { return contexts; }

#if TITO_X86

static int bit(uint32_t word, int index) { return (int)(word >> index & 1u); }

/* XCR0 must have `state` set: the operating system saves those registers on a context switch. */
static int os_saves(uint32_t leaf1_ecx, uint64_t state) {
    return bit(leaf1_ecx, 27) && (tito_xgetbv() & state) == state; /* 27: OSXSAVE */
}

int tito_has_avx(void) {
    uint32_t leaf1[4];
    tito_cpuid(1, 0, leaf1);
    return os_saves(leaf1[2], 0x6) && bit(leaf1[2], 28);
}

static int cpu_has_avx2(void) {
    uint32_t leaf1[4], leaf7[4];
    tito_cpuid(1, 0, leaf1);
    tito_cpuid(7, 0, leaf7);
    return tito_has_avx() && bit(leaf1[2], 12) && bit(leaf7[1], 5); /* FMA, AVX2 */
}

static int cpu_has_avx512(void) {
    uint32_t leaf1[4], leaf7[4];
    tito_cpuid(1, 0, leaf1);
    tito_cpuid(7, 0, leaf7);
    return cpu_has_avx2() && os_saves(leaf1[2], 0xe6) && bit(leaf7[1], 16) /* F */
           && bit(leaf7[1], 17) && bit(leaf7[1], 30) && bit(leaf7[1], 31); /* DQ, BW, VL */
}

#else

int tito_has_avx(void) { return 0; }

#endif

int tito_context_supported(const struct tito_context *context) {
#if TITO_X86
    if (context == &tito_avx512_context) {
        return cpu_has_avx512();
    }
    if (context == &tito_avx2_context) {
        return cpu_has_avx2();
    }
#endif
    (void)context; /* SSE2 is part of x86-64, NEON of AArch64 */
    return 1;
}
