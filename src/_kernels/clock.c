/* Clocks, and the timed loop. */
#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* RUSAGE_THREAD */
#endif
#include "tito_kernels.h"

#if defined(_WIN32)

#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#include <windows.h>

int64_t tito_wall_ns(void) {
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    const int64_t seconds = ticks.QuadPart / per_second.QuadPart;
    const int64_t rest = ticks.QuadPart % per_second.QuadPart;
    return seconds * 1000000000 + rest * 1000000000 / per_second.QuadPart;
}

static int64_t filetime_ns(FILETIME kernel, FILETIME user) {
    const uint64_t k = (uint64_t)kernel.dwHighDateTime << 32 | kernel.dwLowDateTime;
    const uint64_t u = (uint64_t)user.dwHighDateTime << 32 | user.dwLowDateTime;
    return (int64_t)((k + u) * 100);
}

/* Advances with the scheduler tick (15.6 ms as a rule): too coarse for one short sample. */
int64_t tito_thread_cpu_ns(void) {
    FILETIME created, ended, kernel, user;
    if (!GetThreadTimes(GetCurrentThread(), &created, &ended, &kernel, &user)) {
        return 0;
    }
    return filetime_ns(kernel, user);
}

int64_t tito_process_cpu_ns(void) {
    FILETIME created, ended, kernel, user;
    if (!GetProcessTimes(GetCurrentProcess(), &created, &ended, &kernel, &user)) {
        return 0;
    }
    return filetime_ns(kernel, user);
}

int64_t tito_waits(void) { return -1; }

static int64_t children_ns(void) { return 0; } /* the parent counts them */

#else

#include <sys/resource.h>
#include <time.h>

static int64_t clock_ns(clockid_t id) {
    struct timespec t;
    if (clock_gettime(id, &t) != 0) {
        return 0;
    }
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t tito_wall_ns(void) { return clock_ns(CLOCK_MONOTONIC); }
int64_t tito_thread_cpu_ns(void) { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

static int64_t usage_ns(int whose) {
    struct rusage usage;
    if (getrusage(whose, &usage) != 0) {
        return 0;
    }
    const int64_t seconds = (int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
    const int64_t microseconds = (int64_t)usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return seconds * 1000000000 + microseconds * 1000;
}

/* On Linux CLOCK_PROCESS_CPUTIME_ID moves in steps of 4 ms while the process has a limit of CPU time
 * (ulimit -t) or an ITIMER_PROF; what getrusage tells does not. It tells whole microseconds. */
int64_t tito_process_cpu_ns(void) {
#if defined(__linux__)
    return usage_ns(RUSAGE_SELF);
#else
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
#endif
}

static int64_t children_ns(void) { return usage_ns(RUSAGE_CHILDREN); }

int64_t tito_waits(void) {
#if defined(RUSAGE_THREAD)
    struct rusage usage;
    if (getrusage(RUSAGE_THREAD, &usage) == 0) {
        return (int64_t)usage.ru_nvcsw;
    }
#endif
    return -1;
}

#endif

#define PROCESS_STEP_NS 3000
#define MOST_TRIES 8

int64_t tito_other_threads_ns(void) {
    int64_t others = 0, narrowest = INT64_MAX;
    for (int i = 0; i < MOST_TRIES && narrowest > PROCESS_STEP_NS; ++i) {
        const int64_t before = tito_thread_cpu_ns();
        const int64_t process = tito_process_cpu_ns();
        const int64_t between = tito_thread_cpu_ns() - before;
        if (between < narrowest) {
            narrowest = between;
            others = process - before - between / 2;
        }
    }
    return others + children_ns();
}

/* The thread clock is read innermost: it is the one scores are made of. */
void tito_clock_start(struct tito_clock *clock) {
    tito_clear_upper_halves(); /* whoever ran before, what is timed runs as by itself */
    clock->waits = tito_waits();
    clock->process_cpu_ns = tito_process_cpu_ns();
    clock->wall_ns = tito_wall_ns();
    clock->cpu_ns = tito_thread_cpu_ns();
}

void tito_clock_stop(struct tito_clock *clock) {
    clock->cpu_ns = tito_thread_cpu_ns() - clock->cpu_ns;
    clock->wall_ns = tito_wall_ns() - clock->wall_ns;
    clock->process_cpu_ns = tito_process_cpu_ns() - clock->process_cpu_ns;
    clock->waits = clock->waits < 0 ? -1 : tito_waits() - clock->waits;
    const int64_t others = clock->process_cpu_ns - clock->cpu_ns;
    if (others < PROCESS_STEP_NS && others > -PROCESS_STEP_NS) {
        clock->process_cpu_ns = clock->cpu_ns; /* no more than the clock's own step */
    }
}

/* Goes on after a stop, as if the time in between had not been. */
void tito_clock_resume(struct tito_clock *clock) {
    clock->waits = clock->waits < 0 ? -1 : tito_waits() - clock->waits;
    clock->process_cpu_ns = tito_process_cpu_ns() - clock->process_cpu_ns;
    clock->wall_ns = tito_wall_ns() - clock->wall_ns;
    clock->cpu_ns = tito_thread_cpu_ns() - clock->cpu_ns;
}

void tito_run_chain(const void *arguments) {
    const struct tito_chain *chain = arguments;
    for (size_t i = 0; i < chain->count; ++i) {
        chain->calls[i].run(chain->calls[i].arguments);
    }
}

void tito_time_calls(const struct tito_chain *chain, size_t loops,
                     struct tito_perturbation *perturbation, struct tito_clock *elapsed) {
    tito_clock_start(elapsed);
    size_t next = 0;
    for (size_t i = 0; i < loops; ++i) {
        if (perturbation != NULL) {
            tito_perturb_timed(perturbation, elapsed);
        }
        chain->calls[next].run(chain->calls[next].arguments);
        next = next + 1 == chain->count ? 0 : next + 1;
    }
    tito_clock_stop(elapsed);
}
