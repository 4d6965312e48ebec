// The two inner loops that all of the engine is made of, on tiles that stay in registers.
//
//   rows:   out[p][c]  = start[c] + sum over t of a[p][t] * b[t][c]
//   outer:  sum[t][c] +=            sum over p of a[p][t] * d[p][c]
//
// `p` is a position in a row of a map, `c` a channel, `t` a term (for a convolution: kernel row, column and input
// channel). Channels are contiguous and padded to whole vectors, so nothing here has a remainder in `c`.

#include <stdint.h>

typedef int64_t i64;  // sizes, counts and distances: `long` has 32 bits on Windows

#if defined(__AVX512F__)
enum { LANES = 16, MOST_1 = 14, MOST_2 = 14, MOST_3 = 9 };  // positions or terms of a tile, for 1, 2 or 3 vectors of
#elif defined(__aarch64__)                                  // channels: of 32 registers at most 28 hold sums,
enum { LANES = 4, MOST_1 = 14, MOST_2 = 14, MOST_3 = 9 };
#else
enum { LANES = 8, MOST_1 = 12, MOST_2 = 6, MOST_3 = 4 };    // of 16 at most 12
#endif
enum { SUMS = 28 };

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec value) { *(vec *)to = value; }
INLINE vec all(float value) { return value - (vec){0}; }  // not 0 + value: that is computed, for the sake of a -0
INLINE vec where(mask condition, vec value) { return (vec)(condition & (mask)value); }
INLINE vec either(mask condition, vec a, vec b) { return (vec)((condition & (mask)a) | (~condition & (mask)b)); }

// What is no number stays none, here and in the poolings, as in torch: else a network that has diverged would seem sound.
INLINE vec floored(vec value) {
    vec none = {0};
    return either((mask)(none > value), none, value);
}

// The terms of a position, in runs of neighbours in memory; a run begins an offset away from the position. They may
// belong to the rows of a kernel, of which for a line of positions some lie in padding, all zeros, and are left out.
typedef struct {
    i64 count, run;
    i64 *offset;              // one a run
    i64 kernel;               // rows; 0: nothing is left out
    i64 top, step, limit;     // where the first one lies for line 0, and how much further down for each next line; rows
                              // from 0 up to `limit` are no padding
} Terms;

static i64 clamped(i64 value, i64 most) { return value < 0 ? 0 : value > most ? most : value; }

// Those of them that a line of positions adds up; `before` of all come before.
static Terms of_line(const Terms *t, i64 line, i64 *before) {
    Terms seen = *t;
    *before = 0;
    if (!t->kernel) return seen;
    i64 row = t->count / t->kernel, top = t->top + line * t->step;
    i64 begin = clamped(-top, t->kernel), end = clamped(t->limit - top, t->kernel);
    seen.count = end > begin ? (end - begin) * row : 0, seen.offset += begin * row / t->run;
    *before = begin * row;
    return seen;
}

// The first of `lines` lines for which kernel row `row` lies at `position` or below it.
static i64 line_from(const Terms *t, i64 row, i64 position, i64 lines) {
    i64 down = position - t->top - row;
    return down <= 0 ? 0 : clamped((down + t->step - 1) / t->step, lines);
}

typedef struct {
    i64 begin, count;
} Lines;

// Those of `lines` lines for which a run of terms does not lie in padding.
static Lines lines_of_run(const Terms *t, i64 run, i64 lines) {
    if (!t->kernel) return (Lines){0, lines};
    i64 row = run * t->run / (t->count / t->kernel), begin = line_from(t, row, 0, lines);
    return (Lines){begin, line_from(t, row, t->limit, lines) - begin};
}

// What becomes of the sums of `rows`: floored at 0 (ReLU), or kept only where `where` is positive (ReLU's gradient).
typedef struct {
    int floor;
    const float *where;
} Finish;
static const Finish AS_IT_IS = {0, 0}, FLOORED = {1, 0};

// Moves a pointer on; keeps the compiler from holding each place that it will come to in a register of its own.
#define ADVANCE(pointer, pitch)                                                                                        \
    pointer += pitch;                                                                                                  \
    __asm__("" : "+r"(pointer))

INLINE void rows_tile(const int P, const int V, i64 first, const Terms *terms, const float *a, i64 a_pitch,
                      const float *b, const float *start, Finish finish, float *out, i64 pitch) {
    vec sum[SUMS], none = {0};
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) sum[p * V + v] = start ? load(start + v * LANES) : none;
    a += first * a_pitch;
    for (i64 run = 0; run * terms->run < terms->count; run++) {
        const float *at = a + terms->offset[run];
        for (i64 t = 0; t < terms->run; t++, at++, b += pitch) {
            const float *from = at;
            vec weight[3];
            UNROLL for (int v = 0; v < V; v++) weight[v] = load(b + v * LANES);
            UNROLL for (int p = 0; p < P; p++) {
                vec value = all(*from);
                UNROLL for (int v = 0; v < V; v++) sum[p * V + v] += value * weight[v];
                ADVANCE(from, a_pitch);
            }
        }
    }
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) {
            vec value = sum[p * V + v];
            i64 to = (first + p) * pitch + v * LANES;
            if (finish.floor) value = floored(value);
            if (finish.where) value = where((mask)(load(finish.where + to) > none), value);
            store(out + to, value);
        }
}

INLINE void outer_tile(const int T, const int V, i64 lines, i64 n, const float *a, i64 a_pitch, i64 a_line,
                       const float *d, float *into, i64 pitch) {
    vec sum[SUMS];
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) sum[t * V + v] = load(into + t * pitch + v * LANES);
    for (i64 line = 0; line < lines; line++, a += a_line) {
        const float *at = a;
        for (i64 p = 0; p < n; p++, at += a_pitch, d += pitch) {
            vec one[3];
            UNROLL for (int v = 0; v < V; v++) one[v] = load(d + v * LANES);
            UNROLL for (int t = 0; t < T; t++) {
                vec value = all(at[t]);
                UNROLL for (int v = 0; v < V; v++) sum[t * V + v] += value * one[v];
            }
        }
    }
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) store(into + t * pitch + v * LANES, sum[t * V + v]);
}

#define EACH(CASE, V)                                                                                                  \
    CASE(1, V) CASE(2, V) CASE(3, V) CASE(4, V) CASE(5, V) CASE(6, V) CASE(7, V) CASE(8, V) CASE(9, V) CASE(10, V)     \
    CASE(11, V) CASE(12, V) CASE(13, V) CASE(14, V)
#define ROWS_CASE(P, V)                                                                                                \
    case P:                                                                                                            \
        if (P <= MOST_##V) rows_tile(P, V, first, terms, a, a_pitch, b, start, finish, out, pitch);                    \
        break;
#define OUTER_CASE(T, V)                                                                                               \
    case T:                                                                                                            \
        if (T <= MOST_##V)                                                                                             \
            outer_tile(T, V, seen.count, n, from + t, a_pitch, a_line, d + seen.begin * n * pitch, into, pitch);       \
        break;

// For V vectors of channels, in as few and as equal tiles of positions (or terms) as the registers allow.
#define TILED(V)                                                                                                       \
    static void rows_##V(i64 n, const Terms *terms, const float *a, i64 a_pitch, const float *b, const float *start,   \
                         Finish finish, float *out, i64 pitch) {                                                       \
        i64 tiles = (n + MOST_##V - 1) / MOST_##V;                                                                     \
        for (i64 i = 0, first = 0, next; i < tiles; i++, first = next) {                                               \
            next = n * (i + 1) / tiles;                                                                                \
            switch (next - first) { EACH(ROWS_CASE, V) }                                                               \
        }                                                                                                              \
    }                                                                                                                  \
    static void outer_##V(i64 lines, i64 n, const Terms *terms, const float *a, i64 a_pitch, i64 a_line,               \
                          const float *d, float *into, i64 pitch) {                                                    \
        i64 tiles = (terms->run + MOST_##V - 1) / MOST_##V;                                                            \
        for (i64 run = 0; run * terms->run < terms->count; run++) {                                                    \
            Lines seen = lines_of_run(terms, run, lines);                                                              \
            const float *from = a + terms->offset[run] + seen.begin * a_line;                                          \
            for (i64 i = 0, t = 0, next; i < tiles; i++, into += (next - t) * pitch, t = next) {                       \
                next = terms->run * (i + 1) / tiles;                                                                   \
                switch (next - t) { EACH(OUTER_CASE, V) }                                                              \
            }                                                                                                          \
        }                                                                                                              \
    }

TILED(1)
TILED(2)
TILED(3)

// Of `left` vectors of channels, how many to take next: up to three, in equal parts.
static i64 share(i64 left) {
    i64 parts = (left + 2) / 3;
    return (left + parts - 1) / parts;
}

// `lines` times `n` positions: in `a` steps of `a_pitch` and lines of `a_line`, in `out` one after the other. All lines go
// through some channels before the next ones are taken, so that their weights stay in the cache.
static void rows(i64 lines, i64 n, i64 channels, const Terms *terms, const float *a, i64 a_pitch, i64 a_line,
                 const float *b, const float *start, Finish finish, float *out) {
    for (i64 c = 0, vectors; c < channels; c += vectors * LANES) {
        vectors = share((channels - c) / LANES);
        for (i64 line = 0, before; line < lines; line++) {
            Terms seen = of_line(terms, line, &before);
            (vectors == 3 ? rows_3 : vectors == 2 ? rows_2 : rows_1)(
                n, &seen, a + line * a_line, a_pitch, b + before * channels + c, start ? start + c : 0, finish,
                out + line * n * channels + c, channels);
        }
        if (finish.where) finish.where += vectors * LANES;
    }
}

// The same positions of `d` for the channels from `first` up to `end` of `channels`.
static void outer(i64 lines, i64 n, i64 first, i64 end, i64 channels, const Terms *terms, const float *a, i64 a_pitch,
                  i64 a_line, const float *d, float *into) {
    for (i64 c = first, vectors; c < end; c += vectors * LANES) {
        vectors = share((end - c) / LANES);
        (vectors == 3 ? outer_3 : vectors == 2 ? outer_2 : outer_1)(lines, n, terms, a, a_pitch, a_line, d + c, into + c,
                                                                    channels);
    }
}

// Adds `n` positions of `channels` up.
static void add_up(i64 n, i64 channels, const float *d, float *into) {
    for (i64 c = 0; c < channels; c += LANES) {
        vec even = {0}, odd = {0};
        i64 p = 0;
        for (; p + 2 <= n; p += 2) even += load(d + p * channels + c), odd += load(d + (p + 1) * channels + c);
        if (p < n) even += load(d + p * channels + c);
        store(into + c, load(into + c) + even + odd);
    }
}
