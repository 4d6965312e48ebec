// Loops over the groups of a batch, on the threads that PyTorch itself computes with.
//
// The functions are those of the OpenMP runtime that PyTorch has loaded, called as compilers call them (GCC's manual of
// libgomp, "The libgomp ABI"; Clang's runtime has them too). So any C compiler will do, whether it knows OpenMP or not,
// and no second runtime comes along: its threads would take the cores from PyTorch's.

#include <stdatomic.h>

extern void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags);
extern int omp_get_max_threads(void), omp_get_thread_num(void);

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

// On as many threads as the calling one now asks for; there is scratch for `e->threads`.
static void each_chunk(Group *group, const Pass *pass) {
    Loop loop = {.group = group, .pass = pass};
    int wanted = omp_get_max_threads(), most = pass->e->threads;
    GOMP_parallel(take_groups, &loop, wanted < most ? wanted : most, 0);
}

static float *own_scratch(const Engine *e) { return e->scratch + omp_get_thread_num() * e->scratch_size; }
