/* Vector registers in the state that code of before AVX is fast in. */
#include "compiler.h"
#include "tito_kernels.h"

#if TITO_X86

#include <immintrin.h>

TITO_FOR_AVX static void clear(void) { _mm256_zeroupper(); }

static volatile int known = -1;

/* Where a library has left the upper halves in use, as products of float64 of OpenBLAS do, each SSE
 * instruction has to keep them and takes up to four times as long (Intel, Optimization Reference
 * Manual, 15.3, "Mixing AVX code with SSE code"). Kept, since under a hypervisor CPUID takes
 * microseconds; threads that ask at once write the same. */
void tito_clear_upper_halves(void) {
    if (known < 0) {
        known = tito_has_avx();
    }
    if (known) {
        clear();
    }
}

#else

void tito_clear_upper_halves(void) {}

#endif
