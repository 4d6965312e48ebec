// Loops over the groups of a batch, on the threads that PyTorch itself computes with or, where those cannot be reached
// (OWN_THREADS: build.py decides), on the engine's own.

#include <stdatomic.h>

#ifdef OWN_THREADS
#include "threads.h"
#else
// The functions are those of the OpenMP runtime that PyTorch has loaded, called as compilers call them (GCC's manual of
// libgomp, "The libgomp ABI"; Clang's runtime has them too). So any C compiler will do, whether it knows OpenMP or not,
// and no second runtime comes along: its threads would take the cores from PyTorch's.
extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_thread_num(void);

static Pool *pool_new(int threads) { return (void)threads, (Pool *)0; }
static void pool_free(Pool *pool) { (void)pool; }
static int thread_number(void) { return omp_get_thread_num(); }
static void pool_run(Pool *pool, int threads, void (*body)(void *), void *data) {
    (void)pool;
    GOMP_parallel(body, data, threads, 0);
}
#endif

typedef struct {  // what a loop works on
    Engine *e;
    Stage *stage, *before;  // the layer in hand, and the one that it reads; none before the first
    const float *x;         // the batch
    const int64_t *labels;
    float *scores;
    int images, training;
} Pass;

typedef void Group(const Pass *pass, int chunk);

typedef struct {
    Group *group;
    const Pass *pass;
    atomic_int next;
} Loop;

static void take_groups(void *data) {
    Loop *loop = data;
    for (int chunk; (chunk = atomic_fetch_add(&loop->next, 1)) < CHUNKS;) loop->group(loop->pass, chunk);
}

// On as many threads as are wanted now; there is scratch for `e->threads`.
static void each_chunk(Group *group, const Pass *pass) {
    Loop loop = {.group = group, .pass = pass};
    Engine *e = pass->e;
    pool_run(e->pool, e->wanted < e->threads ? e->wanted : e->threads, take_groups, &loop);
}

static float *own_scratch(const Engine *e) { return e->scratch + thread_number() * e->scratch_size; }
