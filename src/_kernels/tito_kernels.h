/* Public C interface of the kernels. README.md in this folder states what holds for all of them. */
#ifndef TITO_KERNELS_H
#define TITO_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#define TITO_KERNELS_VERSION "1"

/* ---------------------------------------------------------------- operations
 *
 * One struct of arguments each. Its comment is the operation's contract beyond what README.md says
 * of all of them. */

/* Whose product of matrices is used inside an operation that has one: the target's own where sgemm
 * is 0, or else the C interface of somebody else's BLAS. Sizes that its integers cannot hold are
 * multiplied by the target. */
struct tito_blas {
    uintptr_t sgemm; /* address of cblas_sgemm */
    int ilp64;       /* its integers have 64 bits, else 32 */
};

/* Linear layer, and sgemm where bias is NULL: out (m, n) = x (m, k) * w (k, n) + bias (n) or 0.
 * The bias is what a sum starts from. */
struct tito_linear {
    size_t m, k, n;
    const float *x, *w, *bias;
    float *out;
    void *workspace;
    struct tito_blas blas;
};

/* out (m, n) = relu(x (m, k) * w1 (k, hidden) + b1) * w2 (hidden, n) + b2. ReLU is applied as the
 * hidden layer is stored; hidden activations live in the workspace. */
struct tito_mlp {
    size_t m, k, hidden, n;
    const float *x, *w1, *b1, *w2, *b2;
    float *out;
    void *workspace;
    struct tito_blas blas;
};

/* add, mul, triad: out = a + b, a * b, or a + scalar * b, over count elements; out may be exactly
 * a or b. add and mul are NumPy's results bit for bit. */
struct tito_elementwise {
    size_t count;
    const float *a, *b;
    float scalar;
    float *out;
};

/* relu: out = max(x, 0); gelu: out = x * Phi(x), its tanh form, where a result may be 0 below
 * 1e-36. out may be exactly x. */
struct tito_unary {
    size_t count;
    const float *x;
    float *out;
};

/* Each row of out (m, n): exp(x - max) / sum; out may be exactly x. An infinite or NaN element makes
 * NaN as it does in NumPy. */
struct tito_softmax {
    size_t m, n;
    const float *x;
    float *out;
};

/* Each row of out (m, n): (x - mean) / sqrt(variance + epsilon) * gamma (n) + beta (n), in two
 * passes: mean, then sum of squared distances. */
struct tito_layernorm {
    size_t m, n;
    const float *x, *gamma, *beta;
    float epsilon;
    float *out;
};

/* out (t, dv) = softmax(q (t, d) * k (s, d)^T / sqrt(d)) * v (s, dv), 64 queries at a time; causal:
 * row i sees 0..i, and a block multiplies no key beyond its last query. */
struct tito_attention {
    size_t t, s, d, dv;
    const float *q, *k, *v;
    int causal;
    float *out;
    void *workspace;
    struct tito_blas blas;
};

/* out (count, width) = rows of table (rows, width); an index outside it gives a row of NaN. */
struct tito_embedding {
    size_t count, rows, width;
    const int64_t *indices;
    const float *table;
    float *out;
};

/* *out = mean over rows of log(sum(exp(logits))) - logits[label]; NaN for a label outside the row
 * and for no rows. */
struct tito_cross_entropy {
    size_t m, n;
    const float *logits; /* (m, n) */
    const int64_t *labels;
    float *out;
};

/* out (m, n) = scale * (x (m, k) * w (k, n)) + bias (n) or 0. The sums have 32 bits and are exact:
 * k < 2^17. */
struct tito_linear_int8 {
    size_t m, k, n;
    const int8_t *x, *w;
    const float *bias;
    float scale;
    float *out;
    void *workspace;
};

/* out (images, filters, out_h, out_w) = x (images, channels, height, width), zero-padded, under
 * every w (filters, channels, kernel_h, kernel_w), + bias (filters) or 0. A few output rows at a
 * time are laid out in the workspace and multiplied. */
struct tito_conv2d {
    size_t images, channels, height, width;
    size_t filters, kernel_h, kernel_w, stride, padding;
    size_t out_h, out_w;
    const float *x, *w, *bias;
    float *out;
    void *workspace;
    struct tito_blas blas;
};

/* out (planes, out_h, out_w) = maximum of each kernel x kernel window, NaN if it holds one. */
struct tito_maxpool2d {
    size_t planes, height, width;
    size_t kernel, stride;
    size_t out_h, out_w;
    const float *x;
    float *out;
    void *workspace;
};

/* Register-only multiply-adds: the arithmetic peak. */
struct tito_fma_peak {
    size_t iterations;
};

/* Every operation, once. From this list are made: the enum, the names, the union of all arguments,
 * and each target's functions and table (per_target/target.h, context.c).
 *
 *     X(NAME, name, arguments, workspace)
 *
 * TITO_NAME is its number; a target's function is `name`, with struct tito_<arguments>; and
 * WITH_WORKSPACE says that there is a `name_workspace` too. */
#define TITO_EACH_OPERATION(X)                                        \
    X(LINEAR, linear, linear, WITH_WORKSPACE)                         \
    X(MLP, mlp, mlp, WITH_WORKSPACE)                                  \
    X(ADD, add, elementwise, WITHOUT_WORKSPACE)                       \
    X(MUL, mul, elementwise, WITHOUT_WORKSPACE)                       \
    X(TRIAD, triad, elementwise, WITHOUT_WORKSPACE)                   \
    X(RELU, relu, unary, WITHOUT_WORKSPACE)                           \
    X(GELU, gelu, unary, WITHOUT_WORKSPACE)                           \
    X(SOFTMAX, softmax, softmax, WITHOUT_WORKSPACE)                   \
    X(LAYERNORM, layernorm, layernorm, WITHOUT_WORKSPACE)             \
    X(ATTENTION, attention, attention, WITH_WORKSPACE)                \
    X(EMBEDDING, embedding, embedding, WITHOUT_WORKSPACE)             \
    X(CROSS_ENTROPY, cross_entropy, cross_entropy, WITHOUT_WORKSPACE) \
    X(LINEAR_INT8, linear_int8, linear_int8, WITH_WORKSPACE)          \
    X(CONV2D, conv2d, conv2d, WITH_WORKSPACE)                         \
    X(MAXPOOL2D, maxpool2d, maxpool2d, WITH_WORKSPACE)                \
    X(FMA_PEAK, fma_peak, fma_peak, WITHOUT_WORKSPACE)

enum tito_operation {
#define TITO_NUMBER(NAME, name, arguments, workspace) TITO_##NAME,
    TITO_EACH_OPERATION(TITO_NUMBER)
#undef TITO_NUMBER
    TITO_OPERATIONS
};
extern const char *const tito_operation_names[TITO_OPERATIONS];

/* ---------------------------------------------------------------- targets and calls */

/* Arguments point to the operation's struct above. Nothing is allocated and nothing can fail:
 * whoever fills the struct has checked it. workspace() says how many bytes, aligned to 64, the
 * struct's workspace must have. */
typedef void tito_kernel(const void *arguments);
typedef size_t tito_workspace(const void *arguments);

/* One instruction set: every operation's implementation. */
struct tito_context {
    const char *name;
    tito_kernel *run[TITO_OPERATIONS];
    tito_workspace *workspace[TITO_OPERATIONS]; /* NULL: needs none */
    size_t fma_peak_flops;                      /* arithmetic operations per iteration */
};

/* Targets built in, best first, NULL at the end; and whether this CPU and its operating system
 * can run one. The portable target is always there and always last. */
const struct tito_context *const *tito_contexts(void);
int tito_context_supported(const struct tito_context *context);

/* Bytes of this core's second cache; 0 where the CPU does not say. */
size_t tito_second_cache(void);
/* What it is from now on taken for: tests have one of any size. */
void tito_assume_second_cache(size_t bytes);

/* Whether this CPU and its operating system have AVX's registers. */
int tito_has_avx(void);
/* Has the vector registers as code without AVX is fast in, whatever another library left in them. */
void tito_clear_upper_halves(void);

/* A kernel bound to its arguments. */
struct tito_call {
    tito_kernel *run;
    const void *arguments;
};

/* A tito_kernel that runs several calls in order. */
struct tito_chain {
    size_t count;
    const struct tito_call *calls;
};
void tito_run_chain(const void *chain);

/* Copies x into panels of TITO_PANEL rows, or columns, each element beside its neighbours in the
 * other direction, as a BLAS does with both operands of a product: lanes are what a panel has
 * TITO_PANEL of, steps are how long it is, and element (lane, step) is
 * x[lane * lane_stride + step * step_stride]. After as many panels as fit into room floats, which
 * is at least one, the next ones take the place of the first. A last panel that is not full leaves
 * the rest of its room as it was. */
enum { TITO_PANEL = 8 };
struct tito_pack {
    size_t lanes, steps, lane_stride, step_stride, room;
    const float *x;
    float *panels;
};
void tito_run_pack(const void *arguments);

/* Room for the arguments of any call. */
union tito_arguments {
#define TITO_MEMBER(NAME, name, arguments, workspace) struct tito_##arguments name;
    TITO_EACH_OPERATION(TITO_MEMBER)
#undef TITO_MEMBER
    struct tito_pack pack;
    struct tito_chain chain;
};

/* ---------------------------------------------------------------- clocks and timed loops */

/* Nanoseconds. waits: voluntary context switches of this thread so far, -1 where unknown. */
int64_t tito_wall_ns(void);
int64_t tito_thread_cpu_ns(void);
int64_t tito_process_cpu_ns(void);
/* CPU time of all threads but this one, with both clocks read at nearly the same time, and of
 * child processes that have ended and were waited for. */
int64_t tito_other_threads_ns(void);
int64_t tito_waits(void);

struct tito_clock {
    int64_t wall_ns, cpu_ns, process_cpu_ns, waits;
};
void tito_clock_start(struct tito_clock *clock);
void tito_clock_stop(struct tito_clock *clock); /* turns the start into what has passed since */
void tito_clock_resume(struct tito_clock *clock); /* after a stop: goes on counting */

/* Changes one element of one of the arrays, in turn, each time it is asked: between the calls of
 * a timed loop, so that no result can be had from a memory of earlier inputs. The same state
 * gives the same changes. Arrays have fewer than 2^32 elements; count is at least 1. */
enum { TITO_MOST_PERTURBED = 8 };
struct tito_perturbed {
    void *data;
    size_t size;
    int is_double;
};
struct tito_perturbation {
    uint64_t state;
    size_t count, next;
    struct tito_perturbed arrays[TITO_MOST_PERTURBED];
    size_t spread;     /* at least 1: so many elements a step, one in each stretch of the array */
    const float *pool; /* not NULL: a step gives every array all new content, windows of these */
    size_t pool_size;  /* at least the size of every array */
};
void tito_perturb(struct tito_perturbation *perturbation);
/* What so many steps come to. */
void tito_perturb_often(struct tito_perturbation *perturbation, size_t steps);
/* A step inside a timed loop; all new content is not part of what is timed. */
void tito_perturb_timed(struct tito_perturbation *perturbation, struct tito_clock *clock);
uint64_t tito_next_random(uint64_t *state);

/* Runs calls[i % chain->count] for i < loops and times the whole; perturbs before each call
 * where perturbation is not NULL. */
void tito_time_calls(const struct tito_chain *chain, size_t loops,
                     struct tito_perturbation *perturbation, struct tito_clock *elapsed);

/* What only who knows the key can say of a text: SipHash-2-4. */
uint64_t tito_seal(const uint64_t key[2], const void *text, size_t size);

/* 64-byte aligned memory; size 0 gives a valid pointer, NULL means out of memory. The pool keeps
 * freed blocks by size while at least one user is in. */
void *tito_aligned_malloc(size_t size);
void *tito_aligned_calloc(size_t count, size_t size);
void *tito_aligned_realloc(void *block, size_t size);
void tito_aligned_free(void *block);
void tito_aligned_pool_enter(void);
void tito_aligned_pool_leave(void);

#endif
