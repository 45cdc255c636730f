/* How large the second cache is, as the CPU says. */
#include "compiler.h"
#include "tito_kernels.h"

#if TITO_X86

/* Sizes of caches, one a subleaf: Intel's leaf 4 and AMD's 0x8000001D have the same fields (Intel SDM
 * volume 2A, CPUID; AMD APM volume 3, E.4.15). */
static size_t second_cache(uint32_t leaf) {
    uint32_t r[4];
    for (uint32_t i = 0; i < 16; ++i) {
        tito_cpuid(leaf, i, r);
        const uint32_t type = r[0] & 31u, level = r[0] >> 5 & 7u; /* 0: no more; 2: instructions */
        if (type == 0) {
            return 0;
        }
        if (level == 2 && type != 2) {
            return (size_t)((r[1] >> 22) + 1) * ((r[1] >> 12 & 1023u) + 1) * ((r[1] & 4095u) + 1) *
                   ((size_t)r[2] + 1);
        }
    }
    return 0;
}

#else

static size_t second_cache(uint32_t leaf) {
    (void)leaf;
    return 0;
}

#endif

static volatile long known = -1;

/* Asked once: under a hypervisor CPUID takes microseconds. Threads that ask at once write the same. */
size_t tito_second_cache(void) {
    if (known < 0) {
        const size_t intel = second_cache(4);
        known = (long)(intel != 0 ? intel : second_cache(0x8000001Du));
    }
    return (size_t)known;
}

void tito_assume_second_cache(size_t bytes) { known = (long)bytes; }
