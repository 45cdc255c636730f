/* Plain C: a vector is four floats and a loop. Complete on its own, runs anywhere, and the reference
 * that every other target is tested against. Compilers turn these loops into whatever vectors the
 * machine has. */
#include <string.h>

#define VL ((size_t)4)
#define VREGISTERS 8 /* unknown */
#define V_MASKED 0
typedef struct {
    float lane[VL];
} vf;

#define V_IN_REGISTER(x) (void)(x)
#define V_LANES(i) for (size_t i = 0; i < VL; ++i)

TITO_INLINE vf v_set(float x) {
    vf r;
    V_LANES(i) r.lane[i] = x;
    return r;
}
TITO_INLINE vf v_zero(void) { return v_set(0.0f); }
TITO_INLINE vf v_load(const float *p) {
    vf r;
    V_LANES(i) r.lane[i] = p[i];
    return r;
}
TITO_INLINE void v_store(float *p, vf x) { V_LANES(i) p[i] = x.lane[i]; }
TITO_INLINE vf v_load_part(const float *p, size_t n) {
    vf r;
    V_LANES(i) r.lane[i] = i < n ? p[i] : 0.0f;
    return r;
}
TITO_INLINE void v_store_part(float *p, vf x, size_t n) {
    for (size_t i = 0; i < n; ++i) {
        p[i] = x.lane[i];
    }
}
TITO_INLINE vf v_add(vf a, vf b) {
    V_LANES(i) a.lane[i] += b.lane[i];
    return a;
}
TITO_INLINE vf v_mul(vf a, vf b) {
    V_LANES(i) a.lane[i] *= b.lane[i];
    return a;
}
TITO_INLINE vf v_fma(vf a, vf b, vf c) {
    V_LANES(i) c.lane[i] += a.lane[i] * b.lane[i];
    return c;
}
TITO_INLINE vf v_max(vf a, vf b) {
    V_LANES(i) b.lane[i] = a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i];
    return b;
}
TITO_INLINE vf v_sub(vf a, vf b) {
    V_LANES(i) a.lane[i] -= b.lane[i];
    return a;
}
TITO_INLINE vf v_div(vf a, vf b) {
    V_LANES(i) a.lane[i] /= b.lane[i];
    return a;
}
TITO_INLINE vf v_min(vf a, vf b) {
    V_LANES(i) b.lane[i] = a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i];
    return b;
}
TITO_INLINE vf v_larger(vf a, vf b) {
    V_LANES(i) b.lane[i] = a.lane[i] > b.lane[i] || a.lane[i] != a.lane[i] ? a.lane[i] : b.lane[i];
    return b;
}
TITO_INLINE vf v_round(vf x) { /* |x| < 2^22: adding 1.5 * 2^23 leaves no bit for a fraction */
    V_LANES(i) x.lane[i] = (x.lane[i] + 12582912.0f) - 12582912.0f;
    return x;
}
TITO_INLINE vf v_pow2(vf n) { /* n an integer of -126..127 */
    V_LANES(i) {
        const uint32_t bits = (uint32_t)((int32_t)n.lane[i] + 127) << 23;
        memcpy(&n.lane[i], &bits, sizeof bits);
    }
    return n;
}

typedef struct {
    int16_t lane[2 * VL];
} vi_pairs;
typedef struct {
    int32_t lane[VL];
} vi;
TITO_INLINE vi v_int_zero(void) {
    vi r;
    V_LANES(i) r.lane[i] = 0;
    return r;
}
TITO_INLINE vi_pairs v_int_set_pair(const int16_t *pair) {
    vi_pairs r;
    V_LANES(i) {
        r.lane[2 * i] = pair[0];
        r.lane[2 * i + 1] = pair[1];
    }
    return r;
}
TITO_INLINE vi_pairs v_int_load(const int16_t *p) {
    vi_pairs r;
    memcpy(r.lane, p, sizeof r.lane);
    return r;
}
TITO_INLINE vi v_int_dot(vi sum, vi_pairs a, vi_pairs b) {
    V_LANES(i) {
        sum.lane[i] += a.lane[2 * i] * b.lane[2 * i] + a.lane[2 * i + 1] * b.lane[2 * i + 1];
    }
    return sum;
}
TITO_INLINE vf v_from_int(vi x) {
    vf r;
    V_LANES(i) r.lane[i] = (float)x.lane[i];
    return r;
}

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf x[4] = {a, b, c, d};
    for (size_t j = 0; j < 4; ++j) {
        sums[j] = (x[j].lane[0] + x[j].lane[2]) + (x[j].lane[1] + x[j].lane[3]);
    }
}
