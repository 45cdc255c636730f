# The C interface of tito_kernels.h and numpy_allocator.h, as Cython sees it.
from libc.stdint cimport int64_t, uint64_t

cdef extern from "compiler.h" nogil:
    const char *TITO_COMPILER

cdef extern from "tito_kernels.h" nogil:
    const char *TITO_KERNELS_VERSION
    enum:
        TITO_LINEAR
        TITO_MLP
        TITO_ADD
        TITO_MUL
        TITO_TRIAD
        TITO_FMA_PEAK

    ctypedef void tito_kernel(const void *) noexcept
    ctypedef size_t tito_workspace(const void *) noexcept

    struct tito_linear:
        size_t m, k, n
        const float *x
        const float *w
        const float *bias
        float *out
        void *workspace
    struct tito_mlp:
        size_t m, k, hidden, n
        const float *x
        const float *w1
        const float *b1
        const float *w2
        const float *b2
        float *out
        void *workspace
    struct tito_elementwise:
        size_t count
        const float *a
        const float *b
        float scalar
        float *out
    struct tito_fma_peak:
        size_t iterations

    struct tito_context:
        const char *name
        tito_kernel **run
        tito_workspace **workspace
        size_t fma_peak_flops
    const tito_context **tito_contexts()
    int tito_context_supported(const tito_context *)

    struct tito_call:
        tito_kernel *run
        const void *arguments
    struct tito_chain:
        size_t count
        const tito_call *calls
    void tito_run_chain(const void *)

    int64_t tito_wall_ns()
    int64_t tito_thread_cpu_ns()
    int64_t tito_process_cpu_ns()
    struct tito_clock:
        int64_t wall_ns, cpu_ns, process_cpu_ns, waits
    void tito_clock_start(tito_clock *)
    void tito_clock_stop(tito_clock *)
    enum:
        TITO_MOST_PERTURBED
    struct tito_perturbed:
        void *data
        size_t size
        int is_double
    struct tito_perturbation:
        uint64_t state
        size_t count, next
        tito_perturbed *arrays
    void tito_perturb(tito_perturbation *)
    void tito_time_calls(const tito_chain *, size_t, tito_perturbation *, tito_clock *)

    void *tito_aligned_malloc(size_t)
    void tito_aligned_free(void *)
    void tito_aligned_pool_enter()
    void tito_aligned_pool_leave()

cdef extern from "numpy_allocator.h":
    object tito_numpy_allocator_install()
    object tito_numpy_allocator_restore(object)
