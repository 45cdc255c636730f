/* 64-byte aligned blocks, and a small pool of freed ones.
 *
 * The pool exists because a fresh 4 MB block costs mmap, 1000 page faults and munmap: a student's
 * temporary array would be timed with the kernel's page zeroing. Every block carries its own
 * header, so a block is released rightly whether or not the pool is still open. */
#include "compiler.h"
#include "tito_kernels.h"

#include <stdlib.h>
#include <string.h>

#define ALIGNMENT ((size_t)64)
#define POOL_BLOCKS 64
#define POOL_BYTES ((size_t)256 << 20)

struct header {
    void *raw;       /* what malloc gave */
    size_t capacity; /* usable bytes, a multiple of ALIGNMENT */
};

static volatile long pool_locked;
static long pool_users;
static void *pool[POOL_BLOCKS]; /* the last freed is last: it is the warmest */
static size_t pool_count, pool_bytes;

static void lock(void) {
    while (TITO_EXCHANGE(&pool_locked, 1) != 0) {
    }
}

static void unlock(void) { (void)TITO_EXCHANGE(&pool_locked, 0); }

static struct header *header_of(void *block) {
    return (struct header *)((char *)block - ALIGNMENT);
}

static void *take_from_pool(size_t capacity) {
    void *found = NULL;
    lock();
    for (size_t i = pool_count; i > 0; --i) {
        if (header_of(pool[i - 1])->capacity == capacity) {
            found = pool[i - 1];
            memmove(&pool[i - 1], &pool[i], (pool_count - i) * sizeof pool[0]);
            --pool_count;
            pool_bytes -= capacity;
            break;
        }
    }
    unlock();
    return found;
}

static void release(void *const *blocks, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        free(header_of(blocks[i])->raw);
    }
}

/* The oldest make room: a size that is no longer asked for must not fill the pool. */
static int give_to_pool(void *block) {
    const size_t capacity = header_of(block)->capacity;
    void *oldest[POOL_BLOCKS];
    size_t count = 0;
    lock();
    const int kept = pool_users > 0 && capacity <= POOL_BYTES;
    if (kept) {
        size_t room = POOL_BYTES - pool_bytes;
        while (room < capacity || pool_count - count == POOL_BLOCKS) {
            room += header_of(pool[count])->capacity;
            oldest[count] = pool[count];
            ++count;
        }
        pool_count -= count;
        memmove(pool, pool + count, pool_count * sizeof pool[0]);
        pool[pool_count++] = block;
        pool_bytes = POOL_BYTES - room + capacity;
    }
    unlock();
    release(oldest, count);
    return kept;
}

/* Rounded up to the alignment; 0 when that overflows. */
static size_t capacity_for(size_t size) {
    if (size > SIZE_MAX - 3 * ALIGNMENT) {
        return 0;
    }
    const size_t whole = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return whole == 0 ? ALIGNMENT : whole;
}

static void *fresh(size_t capacity, int zeroed) {
    const size_t room = capacity + 2 * ALIGNMENT;
    char *raw = zeroed ? calloc(1, room) : malloc(room);
    if (raw == NULL) {
        return NULL;
    }
    char *block = raw + 2 * ALIGNMENT - (uintptr_t)raw % ALIGNMENT;
    header_of(block)->raw = raw;
    header_of(block)->capacity = capacity;
    return block;
}

void *tito_aligned_malloc(size_t size) {
    const size_t capacity = capacity_for(size);
    if (capacity == 0) {
        return NULL;
    }
    void *block = take_from_pool(capacity);
    return block != NULL ? block : fresh(capacity, 0);
}

void *tito_aligned_calloc(size_t count, size_t size) {
    if (size != 0 && count > SIZE_MAX / size) {
        return NULL;
    }
    const size_t capacity = capacity_for(count * size);
    if (capacity == 0) {
        return NULL;
    }
    void *block = take_from_pool(capacity);
    if (block != NULL) {
        memset(block, 0, capacity);
        return block;
    }
    return fresh(capacity, 1);
}

void tito_aligned_free(void *block) {
    if (block != NULL && !give_to_pool(block)) {
        free(header_of(block)->raw);
    }
}

void *tito_aligned_realloc(void *block, size_t size) {
    if (block == NULL) {
        return tito_aligned_malloc(size);
    }
    const size_t old = header_of(block)->capacity;
    if (capacity_for(size) == old) {
        return block;
    }
    void *moved = tito_aligned_malloc(size);
    if (moved != NULL) {
        memcpy(moved, block, old < size ? old : size);
        tito_aligned_free(block);
    }
    return moved;
}

void tito_aligned_pool_enter(void) {
    lock();
    ++pool_users;
    unlock();
}

void tito_aligned_pool_leave(void) {
    void *leftover[POOL_BLOCKS];
    size_t count = 0;
    lock();
    if (--pool_users == 0) {
        count = pool_count;
        memcpy(leftover, pool, count * sizeof pool[0]);
        pool_count = 0;
        pool_bytes = 0;
    }
    unlock();
    release(leftover, count);
}
