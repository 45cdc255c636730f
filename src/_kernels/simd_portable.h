/* Plain C: a vector is four floats and a loop. Complete on its own, runs anywhere, and the twin
 * that every other target is tested against. Compilers turn these loops into whatever vectors the
 * machine has. */
#define VL 4
#define VREGISTERS 16
typedef struct {
    float lane[VL];
} vf;

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

/* The sum of each of four vectors. */
TITO_INLINE void v_sum_4(float sums[4], vf a, vf b, vf c, vf d) {
    const vf x[4] = {a, b, c, d};
    for (size_t j = 0; j < 4; ++j) {
        sums[j] = (x[j].lane[0] + x[j].lane[2]) + (x[j].lane[1] + x[j].lane[3]);
    }
}
