# Binding operations to arrays. Included by _native.pyx.

# ---------------------------------------------------------------- their numbers and arguments in C

cdef extern from "tito_kernels.h" nogil:
    enum:
        TITO_LINEAR
    struct tito_linear:
        size_t m, k, n
        const float *x
        const float *w
        const float *bias
        float *out
        void *workspace
        tito_blas blas

    enum:
        TITO_MLP
    struct tito_mlp:
        size_t m, k, hidden, n
        const float *x
        const float *w1
        const float *b1
        const float *w2
        const float *b2
        float *out
        void *workspace
        tito_blas blas

    enum:
        TITO_ADD, TITO_MUL, TITO_TRIAD
    struct tito_elementwise:
        size_t count
        const float *a
        const float *b
        float scalar
        float *out

    enum:
        TITO_RELU, TITO_GELU
    struct tito_unary:
        size_t count
        const float *x
        float *out

    enum:
        TITO_SOFTMAX
    struct tito_softmax:
        size_t m, n
        const float *x
        float *out

    enum:
        TITO_LAYERNORM
    struct tito_layernorm:
        size_t m, n
        const float *x
        const float *gamma
        const float *beta
        float epsilon
        float *out

    enum:
        TITO_ATTENTION
    struct tito_attention:
        size_t t, s, d, dv
        const float *q
        const float *k
        const float *v
        int causal
        float *out
        void *workspace
        tito_blas blas

    enum:
        TITO_EMBEDDING
    struct tito_embedding:
        size_t count, rows, width
        const int64_t *indices
        const float *table
        float *out

    enum:
        TITO_CROSS_ENTROPY
    struct tito_cross_entropy:
        size_t m, n
        const float *logits
        const int64_t *labels
        float *out

    enum:
        TITO_LINEAR_INT8
    struct tito_linear_int8:
        size_t m, k, n
        const int8_t *x
        const int8_t *w
        const float *bias
        float scale
        float *out
        void *workspace

    enum:
        TITO_CONV2D
    struct tito_conv2d:
        size_t images, channels, height, width
        size_t filters, kernel_h, kernel_w, stride, padding
        size_t out_h, out_w
        const float *x
        const float *w
        const float *bias
        float *out
        void *workspace
        tito_blas blas

    enum:
        TITO_MAXPOOL2D
    struct tito_maxpool2d:
        size_t planes, height, width
        size_t kernel, stride
        size_t out_h, out_w
        const float *x
        float *out
        void *workspace

    enum:
        TITO_FMA_PEAK
    struct tito_fma_peak:
        size_t iterations


# ---------------------------------------------------------------- one method each

@cython.final
cdef class Kernels:
    """The kernels of one target."""

    cdef const tito_context *context
    cdef tito_blas blas

    def __cinit__(self, target=None, *, uintptr_t cblas_sgemm=0, bint ilp64=False):
        self.blas.sgemm, self.blas.ilp64 = cblas_sgemm, ilp64
        if target is None:
            self.context = _chosen_context()
        elif isinstance(target, str):
            self.context = _find_context(target, "target")
        else:
            raise TypeError(f"target: needs a str or None, got {type(target).__name__}")

    @property
    def target(self):
        return self.context.name.decode("ascii")

    @property
    def calls_blas(self):
        return self.blas.sgemm != 0

    def __repr__(self):
        return f"Kernels({self.target!r})"

    cdef Call _bind(self, Call call, int operation, void **workspace):
        if workspace != NULL and self.context.workspace[operation] != NULL:
            call.memory = _memory(self.context.workspace[operation](&call.arguments))
            workspace[0] = call.memory
        call.call.run = self.context.run[operation]
        return call

    cdef Call _linear(self, str name, _Array x, _Array w, _Array bias, _Array out):
        _need_ndim(x, 2, "rows, inputs")
        _need_ndim(w, 2, "inputs, outputs")
        m, k = x.shape
        _need_shape(w, (k, w.shape[1]), f"{x.name} has {k} columns")
        n = w.shape[1]
        if bias is not None:
            _need_shape(bias, (n,), "outputs")
        _need_shape(out, (m, n), "rows, outputs")
        inputs = (x, w) if bias is None else (x, w, bias)
        _need_apart(out, inputs, False)
        cdef Call call = _new_call(
            name, inputs + (out,), 2 * m * n * k + (0 if bias is None else m * n),
            _bytes_of(inputs + (out,)),
        )
        cdef tito_linear *arguments = <tito_linear *>&call.arguments
        arguments.m, arguments.k, arguments.n = m, k, n
        arguments.x, arguments.w = x.floats(), w.floats()
        arguments.bias = NULL if bias is None else bias.floats()
        arguments.out = out.floats()
        arguments.blas = self.blas
        return self._bind(call, TITO_LINEAR, &arguments.workspace)

    def sgemm(self, a, b, out):
        return self._linear("sgemm", _input("a", a), _input("b", b), None, _output("out", out))

    def linear(self, x, w, b, out):
        return self._linear(
            "linear", _input("x", x), _input("w", w), _input("b", b), _output("out", out)
        )

    def mlp(self, x, w1, b1, w2, b2, out):
        cdef _Array x_ = _input("x", x), w1_ = _input("w1", w1), b1_ = _input("b1", b1)
        cdef _Array w2_ = _input("w2", w2), b2_ = _input("b2", b2), out_ = _output("out", out)
        _need_ndim(x_, 2, "rows, inputs")
        _need_ndim(w1_, 2, "inputs, hidden")
        _need_ndim(w2_, 2, "hidden, outputs")
        m, k = x_.shape
        hidden, n = w1_.shape[1], w2_.shape[1]
        _need_shape(w1_, (k, hidden), f"x has {k} columns")
        _need_shape(b1_, (hidden,), "hidden")
        _need_shape(w2_, (hidden, n), f"w1 has {hidden} columns")
        _need_shape(b2_, (n,), "outputs")
        _need_shape(out_, (m, n), "rows, outputs")
        inputs = (x_, w1_, b1_, w2_, b2_)
        _need_apart(out_, inputs, False)
        _need_size("hidden activations", (m, hidden))
        cdef Call call = _new_call(
            "mlp", inputs + (out_,), 2 * m * hidden * (k + n) + m * (2 * hidden + n),
            _bytes_of(inputs + (out_,)),
        )
        cdef tito_mlp *arguments = <tito_mlp *>&call.arguments
        arguments.m, arguments.k, arguments.hidden, arguments.n = m, k, hidden, n
        arguments.x, arguments.out = x_.floats(), out_.floats()
        arguments.w1, arguments.b1 = w1_.floats(), b1_.floats()
        arguments.w2, arguments.b2 = w2_.floats(), b2_.floats()
        arguments.blas = self.blas
        return self._bind(call, TITO_MLP, &arguments.workspace)

    cdef Call _elementwise(
        self, str name, int operation, a, b, float scalar, out, int flops_each
    ):
        cdef _Array a_ = _input("a", a), b_ = _input("b", b), out_ = _output("out", out)
        _need_shape(b_, a_.shape, "the shape of a")
        _need_shape(out_, a_.shape, "the shape of a")
        _need_apart(out_, (a_, b_), True)
        count = a_.view.len // 4
        arrays = (a_, b_, out_)
        cdef Call call = _new_call(name, arrays, flops_each * count, _bytes_of(arrays))
        cdef tito_elementwise *arguments = <tito_elementwise *>&call.arguments
        arguments.count = count
        arguments.a, arguments.b, arguments.out = a_.floats(), b_.floats(), out_.floats()
        arguments.scalar = scalar
        return self._bind(call, operation, NULL)

    def add(self, a, b, out):
        return self._elementwise("add", TITO_ADD, a, b, 0.0, out, 1)

    def mul(self, a, b, out):
        return self._elementwise("mul", TITO_MUL, a, b, 0.0, out, 1)

    def triad(self, a, b, scalar, out):
        return self._elementwise("triad", TITO_TRIAD, a, b, scalar, out, 2)

    cdef Call _unary(self, str name, int operation, x, out, int flops_each):
        cdef _Array x_ = _input("x", x), out_ = _output("out", out)
        _need_shape(out_, x_.shape, "the shape of x")
        _need_apart(out_, (x_,), True)
        count = x_.view.len // 4
        cdef Call call = _new_call(name, (x_, out_), flops_each * count, _bytes_of((x_, out_)))
        cdef tito_unary *arguments = <tito_unary *>&call.arguments
        arguments.count, arguments.x, arguments.out = count, x_.floats(), out_.floats()
        return self._bind(call, operation, NULL)

    def relu(self, x, out):
        return self._unary("relu", TITO_RELU, x, out, 1)

    def gelu(self, x, out):
        return self._unary("gelu", TITO_GELU, x, out, 8)

    def softmax(self, x, out):
        cdef _Array x_ = _input("x", x), out_ = _output("out", out)
        _need_ndim(x_, 2, "rows, classes")
        _need_shape(out_, x_.shape, "the shape of x")
        _need_apart(out_, (x_,), True)
        m, n = x_.shape
        cdef Call call = _new_call("softmax", (x_, out_), 4 * m * n, _bytes_of((x_, out_)))
        cdef tito_softmax *arguments = <tito_softmax *>&call.arguments
        arguments.m, arguments.n = m, n
        arguments.x, arguments.out = x_.floats(), out_.floats()
        return self._bind(call, TITO_SOFTMAX, NULL)

    def layernorm(self, x, gamma, beta, out, float epsilon=1e-5):
        cdef _Array x_ = _input("x", x), out_ = _output("out", out)
        cdef _Array gamma_ = _input("gamma", gamma), beta_ = _input("beta", beta)
        _need_ndim(x_, 2, "rows, features")
        m, n = x_.shape
        _need_shape(gamma_, (n,), "features")
        _need_shape(beta_, (n,), "features")
        _need_shape(out_, x_.shape, "the shape of x")
        _need_apart(out_, (x_, gamma_, beta_), False)
        if not epsilon > 0:
            raise ValueError(f"epsilon: needs a number > 0, got {epsilon}")
        arrays = (x_, gamma_, beta_, out_)
        cdef Call call = _new_call("layernorm", arrays, 7 * m * n, _bytes_of(arrays))
        cdef tito_layernorm *arguments = <tito_layernorm *>&call.arguments
        arguments.m, arguments.n, arguments.epsilon = m, n, epsilon
        arguments.x, arguments.out = x_.floats(), out_.floats()
        arguments.gamma, arguments.beta = gamma_.floats(), beta_.floats()
        return self._bind(call, TITO_LAYERNORM, NULL)

    def attention(self, q, k, v, out, bint causal=False):
        cdef _Array q_ = _input("q", q), k_ = _input("k", k), v_ = _input("v", v)
        cdef _Array out_ = _output("out", out)
        _need_ndim(q_, 2, "queries, features")
        _need_ndim(k_, 2, "keys, features")
        _need_ndim(v_, 2, "keys, values")
        t, d = q_.shape
        s, dv = k_.shape[0], v_.shape[1]
        _need_shape(k_, (s, d), f"q has {d} columns")
        _need_shape(v_, (s, dv), f"k has {s} rows")
        _need_shape(out_, (t, dv), "queries, values")
        if t > 0 and (s == 0 or d == 0):
            raise ValueError(f"k: needs at least one key and one feature, got shape {k_.shape}")
        if causal and t != s:
            raise ValueError(f"k: causal attention needs as many keys as queries ({t}), got {s}")
        _need_apart(out_, (q_, k_, v_), False)
        _need_size("scores", (t, s))
        arrays = (q_, k_, v_, out_)
        cdef Call call = _new_call(
            "attention", arrays, 2 * t * s * (d + dv) + 4 * t * s, _bytes_of(arrays)
        )
        cdef tito_attention *arguments = <tito_attention *>&call.arguments
        arguments.t, arguments.s, arguments.d, arguments.dv = t, s, d, dv
        arguments.q, arguments.k, arguments.v = q_.floats(), k_.floats(), v_.floats()
        arguments.causal, arguments.out = causal, out_.floats()
        arguments.blas = self.blas
        return self._bind(call, TITO_ATTENTION, &arguments.workspace)

    def embedding(self, indices, table, out):
        cdef _Array indices_ = _array("indices", indices, _INT64, "int64", False)
        cdef _Array table_ = _input("table", table), out_ = _output("out", out)
        _need_ndim(table_, 2, "rows, features")
        _need_shape(out_, indices_.shape + (table_.shape[1],), "indices, features")
        _need_apart(out_, (indices_, table_), False)
        cdef Call call = _new_call(
            "embedding", (indices_, table_, out_), 0, indices_.view.len + 2 * out_.view.len
        )
        cdef tito_embedding *arguments = <tito_embedding *>&call.arguments
        arguments.count = indices_.view.len // 8
        arguments.rows, arguments.width = table_.shape
        arguments.indices = <const int64_t *>indices_.view.buf
        arguments.table, arguments.out = table_.floats(), out_.floats()
        return self._bind(call, TITO_EMBEDDING, NULL)

    def cross_entropy(self, logits, labels, out):
        cdef _Array logits_ = _input("logits", logits), out_ = _output("out", out)
        cdef _Array labels_ = _array("labels", labels, _INT64, "int64", False)
        _need_ndim(logits_, 2, "rows, classes")
        m, n = logits_.shape
        _need_shape(labels_, (m,), "rows")
        _need_shape(out_, (1,), "the mean loss")
        _need_apart(out_, (logits_, labels_), False)
        arrays = (logits_, labels_, out_)
        cdef Call call = _new_call("cross_entropy", arrays, 3 * m * n, _bytes_of(arrays))
        cdef tito_cross_entropy *arguments = <tito_cross_entropy *>&call.arguments
        arguments.m, arguments.n = m, n
        arguments.logits, arguments.out = logits_.floats(), out_.floats()
        arguments.labels = <const int64_t *>labels_.view.buf
        return self._bind(call, TITO_CROSS_ENTROPY, NULL)

    def linear_int8(self, x, w, b, float scale, out):
        cdef _Array x_ = _array("x", x, _INT8, "int8", False)
        cdef _Array w_ = _array("w", w, _INT8, "int8", False)
        cdef _Array b_ = _input("b", b), out_ = _output("out", out)
        _need_ndim(x_, 2, "rows, inputs")
        _need_ndim(w_, 2, "inputs, outputs")
        m, k = x_.shape
        n = w_.shape[1]
        _need_shape(w_, (k, n), f"x has {k} columns")
        _need_shape(b_, (n,), "outputs")
        _need_shape(out_, (m, n), "rows, outputs")
        if k >= 1 << 17:
            raise ValueError(f"x: needs fewer than {1 << 17} columns for exact sums, got {k}")
        _need_apart(out_, (x_, w_, b_), False)
        arrays = (x_, w_, b_, out_)
        cdef Call call = _new_call("linear_int8", arrays, 2 * m * n * (k + 1), _bytes_of(arrays))
        cdef tito_linear_int8 *arguments = <tito_linear_int8 *>&call.arguments
        arguments.m, arguments.k, arguments.n, arguments.scale = m, k, n, scale
        arguments.x, arguments.w = <const int8_t *>x_.view.buf, <const int8_t *>w_.view.buf
        arguments.bias, arguments.out = b_.floats(), out_.floats()
        return self._bind(call, TITO_LINEAR_INT8, &arguments.workspace)

    def conv2d(self, x, w, b, out, stride=1, padding=0):
        cdef _Array x_ = _input("x", x), w_ = _input("w", w), out_ = _output("out", out)
        cdef _Array b_ = None if b is None else _input("b", b)
        _need_ndim(x_, 4, "images, channels, height, width")
        _need_ndim(w_, 4, "filters, channels, kernel height, kernel width")
        images, channels, height, width = x_.shape
        filters, _, kernel_h, kernel_w = w_.shape
        _need_shape(w_, (filters, channels, kernel_h, kernel_w), f"x has {channels} channels")
        if b_ is not None:
            _need_shape(b_, (filters,), "filters")
        out_h = _windows("height", height, kernel_h, stride, padding)
        out_w = _windows("width", width, kernel_w, stride, padding)
        _need_shape(out_, (images, filters, out_h, out_w), "images, filters, height, width")
        inputs = (x_, w_) if b_ is None else (x_, w_, b_)
        _need_apart(out_, inputs, False)
        _need_size("patches", (channels, kernel_h, kernel_w, out_w))
        cdef Call call = _new_call(
            "conv2d", inputs + (out_,),
            images * filters * out_h * out_w * (2 * channels * kernel_h * kernel_w + 1),
            _bytes_of(inputs + (out_,)),
        )
        cdef tito_conv2d *arguments = <tito_conv2d *>&call.arguments
        arguments.images, arguments.channels, arguments.filters = images, channels, filters
        arguments.height, arguments.width = height, width
        arguments.kernel_h, arguments.kernel_w = kernel_h, kernel_w
        arguments.stride, arguments.padding = stride, padding
        arguments.out_h, arguments.out_w = out_h, out_w
        arguments.x, arguments.w, arguments.out = x_.floats(), w_.floats(), out_.floats()
        arguments.bias = NULL if b_ is None else b_.floats()
        arguments.blas = self.blas
        return self._bind(call, TITO_CONV2D, &arguments.workspace)

    def maxpool2d(self, x, out, kernel=2, stride=None):
        cdef _Array x_ = _input("x", x), out_ = _output("out", out)
        _need_ndim(x_, 4, "images, channels, height, width")
        stride = kernel if stride is None else stride
        images, channels, height, width = x_.shape
        out_h = _windows("height", height, kernel, stride, 0)
        out_w = _windows("width", width, kernel, stride, 0)
        _need_shape(out_, (images, channels, out_h, out_w), "images, channels, height, width")
        _need_apart(out_, (x_,), False)
        planes = images * channels
        cdef Call call = _new_call(
            "maxpool2d", (x_, out_), planes * out_h * out_w * (kernel * kernel - 1),
            _bytes_of((x_, out_)),
        )
        cdef tito_maxpool2d *arguments = <tito_maxpool2d *>&call.arguments
        arguments.planes, arguments.height, arguments.width = planes, height, width
        arguments.kernel, arguments.stride = kernel, stride
        arguments.out_h, arguments.out_w = out_h, out_w
        arguments.x, arguments.out = x_.floats(), out_.floats()
        return self._bind(call, TITO_MAXPOOL2D, &arguments.workspace)

    def fma_peak(self, iterations=10_000):
        if iterations < 0:
            raise ValueError(f"iterations: needs a number >= 0, got {iterations}")
        cdef Call call = _new_call(
            "fma_peak", None, self.context.fma_peak_flops * iterations, 0
        )
        (<tito_fma_peak *>&call.arguments).iterations = iterations
        return self._bind(call, TITO_FMA_PEAK, NULL)


cdef object _windows(str what, size, kernel, stride, padding):
    """How many windows fit along one dimension."""
    if not (isinstance(kernel, int) and kernel >= 1):
        raise ValueError(f"kernel: needs an integer >= 1, got {kernel!r}")
    if not (isinstance(stride, int) and stride >= 1):
        raise ValueError(f"stride: needs an integer >= 1, got {stride!r}")
    if not (isinstance(padding, int) and padding >= 0):
        raise ValueError(f"padding: needs an integer >= 0, got {padding!r}")
    if size + 2 * padding < kernel:
        raise ValueError(
            f"x: {what} {size} with padding {padding} is smaller than the kernel, {kernel}"
        )
    if size + 2 * padding > sys.maxsize or stride > sys.maxsize:
        raise ValueError(f"x: {what} {size} with padding {padding}, stride {stride} is too large")
    return (size + 2 * padding - kernel) // stride + 1


def pack(x, panels, *, bint columns=False):
    cdef _Array x_ = _input("x", x), panels_ = _output("panels", panels)
    _need_ndim(x_, 2, "rows, columns")
    _need_ndim(panels_, 1, "room")
    _need_apart(panels_, (x_,), False)
    m, n = x_.shape
    lanes, steps = (n, m) if columns else (m, n)
    room = panels_.shape[0]
    if room < TITO_PANEL * steps or steps == 0:
        raise ValueError(
            f"panels: needs room for one panel of {TITO_PANEL} x {max(1, steps)}, got {room}"
        )
    cdef Call call = _new_call("pack", (x_, panels_), 0, 0)
    cdef tito_pack *arguments = &call.arguments.pack
    arguments.lanes, arguments.steps, arguments.room = lanes, steps, room
    arguments.lane_stride, arguments.step_stride = (1, n) if columns else (n, 1)
    arguments.x, arguments.panels = x_.floats(), panels_.floats()
    call.call.run = tito_run_pack
    return call
