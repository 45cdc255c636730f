# The C interface of the kernels, as Cython sees it, but for what belongs to one operation: that is
# in _operations.pxi.
from cpython.object cimport PyObject
from libc.stdint cimport int8_t, int64_t, uint64_t, uintptr_t

cdef extern from "compiler.h" nogil:
    const char *TITO_COMPILER

cdef extern from "tito_kernels.h" nogil:
    const char *TITO_KERNELS_VERSION
    enum:
        TITO_OPERATIONS
    const char **tito_operation_names

    ctypedef void tito_kernel(const void *) noexcept
    ctypedef size_t tito_workspace(const void *) noexcept

    struct tito_blas:
        uintptr_t sgemm
        int ilp64
    enum:
        TITO_PANEL
    struct tito_pack:
        size_t lanes, steps, lane_stride, step_stride, room
        const float *x
        float *panels
    void tito_run_pack(const void *) noexcept

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

    union tito_arguments:
        tito_pack pack
        tito_chain chain

    int64_t tito_wall_ns()
    int64_t tito_thread_cpu_ns()
    int64_t tito_process_cpu_ns()
    int64_t tito_other_threads_ns()
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

    uint64_t tito_seal(const uint64_t *, const void *, size_t)

    void *tito_aligned_malloc(size_t)
    void tito_aligned_free(void *)
    void tito_aligned_pool_enter()
    void tito_aligned_pool_leave()

cdef extern from "result_sampler.h":
    enum:
        TITO_SAMPLED_ELEMENTS
        TITO_MOST_SAMPLED_DIMS

    struct tito_result_sampler:
        uint64_t state
        PyObject *array_type
        int ndim
        size_t *shape
        size_t call, count
        size_t *places
        double *values

    void tito_sample_result(tito_result_sampler *, PyObject *, size_t)

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
