/* Memory that ends, or begins, at a page that may not be touched. */
#ifndef TITO_GUARDED_H
#define TITO_GUARDED_H

#if !defined(_WIN32) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* MAP_ANONYMOUS */
#define _DARWIN_C_SOURCE
#endif

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#if defined(_WIN32)
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

#define GUARDED_MOST 16

static int guard_at_end = 1;
static size_t guard_slack; /* bytes left between an array and its guard, a multiple of 64 */
static struct {
    char *start;
    size_t size;
} guarded_blocks[GUARDED_MOST];
static int guarded_count;

static size_t page_size(void) {
#if defined(_WIN32)
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
#else
    return (size_t)sysconf(_SC_PAGESIZE);
#endif
}

/* `inside` usable bytes between two pages that fault; NULL when there is no memory. */
static char *map_between_guards(size_t inside, size_t page) {
#if defined(_WIN32)
    DWORD old;
    char *start = VirtualAlloc(NULL, inside + 2 * page, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    if (start == NULL || !VirtualProtect(start, page, PAGE_NOACCESS, &old) ||
        !VirtualProtect(start + page + inside, page, PAGE_NOACCESS, &old)) {
        return NULL;
    }
#else
    char *start = mmap(NULL, inside + 2 * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED || mprotect(start, page, PROT_NONE) != 0 ||
        mprotect(start + page + inside, page, PROT_NONE) != 0) {
        return NULL;
    }
#endif
    return start;
}

/* size bytes, aligned, against the one or the other guard; released by release_guarded(). */
static void *guarded(size_t size, size_t alignment) {
    const size_t page = page_size();
    const size_t inside = (size + 2 * guard_slack + page) / page * page;
    char *start = guarded_count < GUARDED_MOST ? map_between_guards(inside, page) : NULL;
    if (start == NULL) {
        puts("no guarded memory");
        exit(2);
    }
    guarded_blocks[guarded_count].start = start;
    guarded_blocks[guarded_count++].size = inside + 2 * page;
    const size_t offset = guard_at_end ? (inside - size - guard_slack) / alignment * alignment
                                       : guard_slack;
    return start + page + offset;
}

static void release_guarded(void) {
    while (guarded_count > 0) {
        --guarded_count;
#if defined(_WIN32)
        VirtualFree(guarded_blocks[guarded_count].start, 0, MEM_RELEASE);
#else
        munmap(guarded_blocks[guarded_count].start, guarded_blocks[guarded_count].size);
#endif
    }
}

#endif
