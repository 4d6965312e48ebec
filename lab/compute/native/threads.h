// Threads of the engine's own, for where PyTorch's cannot be reached: pool_new, pool_run and pool_free.
//
// They belong to one engine and end with it. Between two loops they look for the next one for a moment, since an iteration
// has some forty loops; then they sleep, so none is busy between iterations or at the end of the process.

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
typedef SRWLOCK Lock;
typedef CONDITION_VARIABLE Signal;
typedef HANDLE Thread;
#define THREAD_MAIN DWORD WINAPI
// What the C runtime's start-up code would bring: with Zig's that takes minutes to compile, without it seconds.
int _fltused;
BOOL WINAPI DllMainCRTStartup(HINSTANCE library, DWORD reason, LPVOID reserved) {
    return (void)library, (void)reason, (void)reserved, TRUE;
}
static void lock_new(Lock *lock) { InitializeSRWLock(lock); }
static void lock_free(Lock *lock) { (void)lock; }
static void lock_take(Lock *lock) { AcquireSRWLockExclusive(lock); }
static void lock_give(Lock *lock) { ReleaseSRWLockExclusive(lock); }
static void signal_new(Signal *signal) { InitializeConditionVariable(signal); }
static void signal_free(Signal *signal) { (void)signal; }
static void signal_all(Signal *signal) { WakeAllConditionVariable(signal); }
static void signal_wait(Signal *signal, Lock *lock) { SleepConditionVariableSRW(signal, lock, INFINITE, 0); }
static int thread_start(Thread *thread, LPTHREAD_START_ROUTINE run, void *data) {
    *thread = CreateThread(0, 0, run, data, 0, 0);
    return *thread != 0;
}
static void thread_join(Thread thread) {
    WaitForSingleObject(thread, INFINITE);
    CloseHandle(thread);
}
#else
#include <pthread.h>
#include <signal.h>
typedef pthread_mutex_t Lock;
typedef pthread_cond_t Signal;
typedef pthread_t Thread;
#define THREAD_MAIN void *
static void lock_new(Lock *lock) { pthread_mutex_init(lock, 0); }
static void lock_free(Lock *lock) { pthread_mutex_destroy(lock); }
static void lock_take(Lock *lock) { pthread_mutex_lock(lock); }
static void lock_give(Lock *lock) { pthread_mutex_unlock(lock); }
static void signal_new(Signal *signal) { pthread_cond_init(signal, 0); }
static void signal_free(Signal *signal) { pthread_cond_destroy(signal); }
static void signal_all(Signal *signal) { pthread_cond_broadcast(signal); }
static void signal_wait(Signal *signal, Lock *lock) { pthread_cond_wait(signal, lock); }
static int thread_start(Thread *thread, void *(*run)(void *), void *data) {
    sigset_t every, before;
    sigfillset(&every);
    pthread_sigmask(SIG_SETMASK, &every, &before);  // inherited: Ctrl-C is for Python's main thread
    int failed = pthread_create(thread, 0, run, data);
    pthread_sigmask(SIG_SETMASK, &before, 0);
    return !failed;
}
static void thread_join(Thread thread) { pthread_join(thread, 0); }
#endif

enum { SPINS = 5000 };  // looks before sleep: 50 to 250 microseconds

// The processor's way to compute, numbers below 1e-38 as zeros among it: a helper takes over that of the thread it
// helps, or bits would depend on who computed them.
#if defined(__x86_64__)
static uint64_t mode(void) { return __builtin_ia32_stmxcsr(); }
static void use_mode(uint64_t mode) { __builtin_ia32_ldmxcsr((unsigned)mode); }
static void relax(void) { __builtin_ia32_pause(); }
#elif defined(__aarch64__)
static uint64_t mode(void) {
    uint64_t mode;
    __asm__ volatile("mrs %0, fpcr" : "=r"(mode));
    return mode;
}
static void use_mode(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
static void relax(void) { __asm__ volatile("isb"); }
#else
static uint64_t mode(void) { return 0; }
static void use_mode(uint64_t mode) { (void)mode; }
static void relax(void) {}
#endif

typedef struct {
    Pool *pool;
    int number;
    Thread thread;
} Helper;

struct Pool {
    Lock lock;
    Signal begun, ended;
    atomic_uint round;         // counts the loops, and the end as one more
    atomic_int busy, asleep;   // helpers that have not ended the round; that wait for the next one
    Loop *loop;                // of this round; none: it is the end
    int threads, count;        // that take part, with the caller; helpers that there are
    uint64_t mode;
    Helper helpers[CHUNKS];
};

static void await_round(Pool *pool, unsigned last) {
    for (int i = 0; i < SPINS; i++, relax())
        if (atomic_load(&pool->round) != last) return;
    lock_take(&pool->lock);
    atomic_fetch_add(&pool->asleep, 1);
    while (atomic_load(&pool->round) == last) signal_wait(&pool->begun, &pool->lock);
    atomic_fetch_sub(&pool->asleep, 1);
    lock_give(&pool->lock);
}

// Either a helper sees the new round before it sleeps, or it is seen to be asleep here.
static void begin_round(Pool *pool) {
    atomic_fetch_add(&pool->round, 1);
    if (!atomic_load(&pool->asleep)) return;
    lock_take(&pool->lock);
    signal_all(&pool->begun);
    lock_give(&pool->lock);
}

static void end_round(Pool *pool) {
    if (atomic_fetch_sub(&pool->busy, 1) > 1) return;
    lock_take(&pool->lock);
    signal_all(&pool->ended);
    lock_give(&pool->lock);
}

static void await_end(Pool *pool) {
    for (int i = 0; i < SPINS; i++, relax())
        if (!atomic_load(&pool->busy)) return;
    lock_take(&pool->lock);
    while (atomic_load(&pool->busy)) signal_wait(&pool->ended, &pool->lock);
    lock_give(&pool->lock);
}

static THREAD_MAIN help(void *data) {
    const Helper *self = data;
    Pool *pool = self->pool;
    for (unsigned round = 0;; round++) {
        await_round(pool, round);
        if (!pool->loop) return 0;
        if (self->number < pool->threads) {
            use_mode(pool->mode);
            take_groups(pool->loop, self->number);
        }
        end_round(pool);
    }
}

// For loops on at most `threads` threads (CHUNKS or fewer), the caller's among them; none where memory is refused. With
// fewer where the system gives no more.
static Pool *pool_new(int threads) {
    Pool *pool = calloc(1, sizeof(Pool));
    if (!pool) return 0;
    lock_new(&pool->lock), signal_new(&pool->begun), signal_new(&pool->ended);
    for (; pool->count < threads - 1; pool->count++) {
        Helper *helper = pool->helpers + pool->count;
        *helper = (Helper){.pool = pool, .number = pool->count + 1};
        if (!thread_start(&helper->thread, help, helper)) break;
    }
    return pool;
}

// Has as many threads take the groups of a loop; returns when all are done. One caller at a time.
static void pool_run(Pool *pool, int threads, Loop *loop) {
    int alone = !pool || !pool->count || threads < 2;
    if (!alone) {
        pool->loop = loop, pool->threads = threads, pool->mode = mode();
        atomic_store(&pool->busy, pool->count);
        begin_round(pool);
    }
    take_groups(loop, 0);
    if (!alone) await_end(pool);
}

// Ends and joins the threads; nothing may be running.
static void pool_free(Pool *pool) {
    if (!pool) return;
    pool->loop = 0;
    begin_round(pool);
    for (int i = 0; i < pool->count; i++) thread_join(pool->helpers[i].thread);
    signal_free(&pool->begun), signal_free(&pool->ended), lock_free(&pool->lock);
    free(pool);
}
