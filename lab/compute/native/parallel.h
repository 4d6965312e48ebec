// Loops over the groups of a batch, on the threads that PyTorch itself computes with or, where those cannot be reached
// (OWN_THREADS: build.py decides), on the engine's own.

#include <stdatomic.h>

typedef struct {  // what a loop works on
    Engine *e;
    Stage *stage, *before;  // the layer in hand, and the one that it reads; none before the first
    const float *x;         // the batch
    const int64_t *labels;
    float *scores;
    int images, training;
    int has_blank;  // whether it is known what the layers make of a blank picture: for images that are only read
    int thread;  // who works on it: less than the engine's threads
} Pass;

typedef void Group(const Pass *pass, int chunk);

typedef struct {
    Group *group;
    const Pass *pass;
    atomic_int next;
} Loop;

// What each thread of a loop does; `thread` is its number.
static void take_groups(Loop *loop, int thread) {
    Pass pass = *loop->pass;
    pass.thread = thread;
    for (int chunk; (chunk = atomic_fetch_add(&loop->next, 1)) < CHUNKS;) loop->group(&pass, chunk);
}

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
static void take_groups_here(void *loop) { take_groups(loop, omp_get_thread_num()); }
static void pool_run(Pool *pool, int threads, Loop *loop) {
    (void)pool;
    GOMP_parallel(take_groups_here, loop, threads, 0);
}
#endif

static void each_chunk(Group *group, const Pass *pass) {
    Loop loop = {.group = group, .pass = pass};
    pool_run(pass->e->pool, pass->e->wanted, &loop);
}

static float *own_scratch(const Pass *pass) { return pass->e->scratch + pass->thread * pass->e->scratch_size; }
