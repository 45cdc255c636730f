# The C interface of tito_kernels.h, witness.h and numpy_allocator.h, as Cython sees it.
from cpython.object cimport PyObject
from libc.stdint cimport int8_t, int64_t, uint64_t, uintptr_t

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
        TITO_RELU
        TITO_GELU
        TITO_SOFTMAX
        TITO_LAYERNORM
        TITO_ATTENTION
        TITO_EMBEDDING
        TITO_CROSS_ENTROPY
        TITO_LINEAR_INT8
        TITO_CONV2D
        TITO_MAXPOOL2D
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
    struct tito_unary:
        size_t count
        const float *x
        float *out
    struct tito_softmax:
        size_t m, n
        const float *x
        float *out
    struct tito_layernorm:
        size_t m, n
        const float *x
        const float *gamma
        const float *beta
        float epsilon
        float *out
    struct tito_attention:
        size_t t, s, d, dv
        const float *q
        const float *k
        const float *v
        int causal
        float *out
        void *workspace
    struct tito_embedding:
        size_t count, rows, width
        const int64_t *indices
        const float *table
        float *out
    struct tito_cross_entropy:
        size_t m, n
        const float *logits
        const int64_t *labels
        float *out
    struct tito_linear_int8:
        size_t m, k, n
        const int8_t *x
        const int8_t *w
        const float *bias
        float scale
        float *out
        void *workspace
    struct tito_conv2d:
        size_t images, channels, height, width
        size_t filters, kernel_h, kernel_w, stride, padding
        size_t out_h, out_w
        const float *x
        const float *w
        const float *bias
        float *out
        void *workspace
    struct tito_maxpool2d:
        size_t planes, height, width
        size_t kernel, stride
        size_t out_h, out_w
        const float *x
        float *out
        void *workspace
    struct tito_cblas_sgemm:
        uintptr_t function
        int ilp64
        size_t m, k, n
        const float *a
        const float *b
        float *out
    void tito_run_cblas_sgemm(const void *) noexcept
    enum:
        TITO_PANEL
    struct tito_pack:
        size_t lanes, steps, lane_stride, step_stride, room
        const float *x
        float *panels
    void tito_run_pack(const void *) noexcept
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
    void tito_run_chain(const void *) noexcept

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
        size_t spread
        const float *pool
        size_t pool_size
    void tito_perturb_often(tito_perturbation *, size_t)
    void tito_perturb_timed(tito_perturbation *, tito_clock *)
    void tito_time_calls(const tito_chain *, size_t, tito_perturbation *, tito_clock *)

    void *tito_aligned_malloc(size_t)
    void tito_aligned_free(void *)
    void tito_aligned_pool_enter()
    void tito_aligned_pool_leave()

cdef extern from "witness.h":
    enum:
        TITO_WITNESSED
        TITO_MOST_WITNESSED_DIMS

    struct tito_witness:
        uint64_t state
        PyObject *array_type
        int ndim
        size_t *shape
        size_t call, count
        size_t *places
        double *values

    void tito_witness_result(tito_witness *, PyObject *, size_t)

cdef extern from "numpy_allocator.h":
    object tito_numpy_allocator_install()
    object tito_numpy_allocator_restore(object)

    enum:
        TITO_MOST_LOGGED

    struct tito_allocation_log:
        size_t sizes[4096]
        size_t count, bytes

    bint tito_allocation_log_start()
    void tito_allocation_log_stop()
    const tito_allocation_log *tito_allocation_log_read()
