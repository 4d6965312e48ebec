// The two inner loops that all of the engine is made of, on tiles that stay in registers.
//
//   rows:   out[p][c]  = start[c] + sum over t of a[p * a_step + offset[t]] * b[t][c]
//   outer:  sum[t][c] +=            sum over p of a[p * a_step + offset[t]] * d[p][c]
//
// `p` is a position in a row of a map, `c` a channel, `t` a term (for a convolution: kernel row, column and input
// channel). Channels are contiguous and padded to whole vectors, so nothing here has a remainder in `c`.

#include <stdint.h>

#if defined(__AVX512F__)
enum { LANES = 16, TILE = 24 };  // of 32 registers, 24 hold sums
#elif defined(__aarch64__)
enum { LANES = 4, TILE = 24 };
#else
enum { LANES = 8, TILE = 12 };  // of 16
#endif

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef int32_t mask __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
typedef uint32_t bits __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec value) { *(vec *)to = value; }
INLINE vec all(float value) { return (vec){0} + value; }
INLINE vec where(mask condition, vec value) { return (vec)(condition & (mask)value); }
INLINE vec larger(vec a, vec b) {
    mask first = (mask)(a > b);
    return (vec)((first & (mask)a) | (~first & (mask)b));
}

INLINE void rows_tile(const int P, const int V, long terms, const int *offset, const float *a, long a_step,
                      const float *b, long b_step, const float *start, float *out, long out_step) {
    vec sum[TILE];
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) sum[p * V + v] = start ? load(start + v * LANES) : (vec){0};
    for (long t = 0; t < terms; t++, b += b_step) {
        const float *at = a + offset[t];
        UNROLL for (int v = 0; v < V; v++) {
            vec weight = load(b + v * LANES);
            UNROLL for (int p = 0; p < P; p++) sum[p * V + v] += at[p * a_step] * weight;
        }
    }
    UNROLL for (int p = 0; p < P; p++)
        UNROLL for (int v = 0; v < V; v++) store(out + p * out_step + v * LANES, sum[p * V + v]);
}

INLINE void outer_tile(const int T, const int V, long n, const int *offset, const float *a, long a_step,
                       const float *d, long d_step, float *into, long into_step) {
    vec sum[TILE];
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) sum[t * V + v] = load(into + t * into_step + v * LANES);
    for (long p = 0; p < n; p++, a += a_step, d += d_step)
        UNROLL for (int v = 0; v < V; v++) {
            vec one = load(d + v * LANES);
            UNROLL for (int t = 0; t < T; t++) sum[t * V + v] += a[offset[t]] * one;
        }
    UNROLL for (int t = 0; t < T; t++)
        UNROLL for (int v = 0; v < V; v++) store(into + t * into_step + v * LANES, sum[t * V + v]);
}

// For V vectors of channels at a time, in tiles of as many positions (or terms) as the registers hold.
#define TILED(V, N)                                                                                                    \
    static void rows_##V(long n, long terms, const int *offset, const float *a, long a_step, const float *b,           \
                         long b_step, const float *start, float *out, long out_step) {                                 \
        long p = 0;                                                                                                    \
        for (; p + N <= n; p += N)                                                                                     \
            rows_tile(N, V, terms, offset, a + p * a_step, a_step, b, b_step, start, out + p * out_step, out_step);    \
        for (; p + 2 <= n; p += 2)                                                                                     \
            rows_tile(2, V, terms, offset, a + p * a_step, a_step, b, b_step, start, out + p * out_step, out_step);    \
        for (; p < n; p++)                                                                                             \
            rows_tile(1, V, terms, offset, a + p * a_step, a_step, b, b_step, start, out + p * out_step, out_step);    \
    }                                                                                                                  \
    static void outer_##V(long n, long terms, const int *offset, const float *a, long a_step, const float *d,          \
                          long d_step, float *into, long into_step) {                                                  \
        long t = 0;                                                                                                    \
        for (; t + N <= terms; t += N)                                                                                 \
            outer_tile(N, V, n, offset + t, a, a_step, d, d_step, into + t * into_step, into_step);                    \
        for (; t < terms; t++)                                                                                         \
            outer_tile(1, V, n, offset + t, a, a_step, d, d_step, into + t * into_step, into_step);                    \
    }

TILED(1, TILE / 2)
TILED(2, TILE / 2)
TILED(3, TILE / 3)

// Three vectors of channels at a time, then what is left.
INLINE void rows(long n, long channels, long terms, const int *offset, const float *a, long a_step, const float *b,
                 const float *start, float *out) {
    long c = 0;
    for (; c + 3 * LANES <= channels; c += 3 * LANES)
        rows_3(n, terms, offset, a, a_step, b + c, channels, start ? start + c : 0, out + c, channels);
    if (c + 2 * LANES == channels)
        rows_2(n, terms, offset, a, a_step, b + c, channels, start ? start + c : 0, out + c, channels);
    else if (c < channels)
        rows_1(n, terms, offset, a, a_step, b + c, channels, start ? start + c : 0, out + c, channels);
}

INLINE void outer(long n, long channels, long terms, const int *offset, const float *a, long a_step, const float *d,
                  float *into) {
    long c = 0;
    for (; c + 3 * LANES <= channels; c += 3 * LANES)
        outer_3(n, terms, offset, a, a_step, d + c, channels, into + c, channels);
    if (c + 2 * LANES == channels)
        outer_2(n, terms, offset, a, a_step, d + c, channels, into + c, channels);
    else if (c < channels)
        outer_1(n, terms, offset, a, a_step, d + c, channels, into + c, channels);
}
