/* What a BLAS does to an operand before it multiplies: it copies it into panels. */
#include "tito_kernels.h"

/* One step of a panel, element by element: a vector that gathers them would not be faster. */
static void copy_step(float *to, const float *from, size_t stride, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        to[i] = from[i * stride];
    }
}

void tito_run_pack(const void *arguments) {
    const struct tito_pack *t = arguments;
    const size_t panel = TITO_PANEL * t->steps, room = t->room / panel * panel;
    for (size_t lane = 0, used = 0; lane < t->lanes; lane += TITO_PANEL, used += panel) {
        const size_t there = t->lanes - lane < TITO_PANEL ? t->lanes - lane : TITO_PANEL;
        const float *from = t->x + lane * t->lane_stride;
        used = used == room ? 0 : used;
        float *to = t->panels + used;
        for (size_t step = 0; step < t->steps; ++step, from += t->step_stride, to += TITO_PANEL) {
            if (there == TITO_PANEL) { /* a constant: unrolled */
                copy_step(to, from, t->lane_stride, TITO_PANEL);
            } else {
                copy_step(to, from, t->lane_stride, there);
            }
        }
    }
}
